package codybatch

import (
	"context"
	"fmt"
)

// Refusal says why a job can't have a repository.
type Refusal struct {
	Repository RepositoryName
	Code       string // "repository_not_allowed", "repository_not_found", "repository_archived"
	Reason     string
}

// admit splits names into those that a job may have, in the forge's spelling, and
// those that it may not, with the reason.
func (s *Service) admit(ctx context.Context, names []RepositoryName) ([]RepositoryName, []Refusal, error) {
	var asked []RepositoryName
	var refused []Refusal
	for _, name := range names {
		if s.Allow.Admits(s.forge.Host(), name) {
			asked = append(asked, name)
			continue
		}
		refused = append(refused, Refusal{Repository: name, Code: "repository_not_allowed",
			Reason: (&NotAllowedError{Host: s.forge.Host(), Repositories: []RepositoryName{name}}).Error()})
	}
	found, err := s.forge.Lookup(ctx, asked)
	if err != nil {
		return nil, nil, fmt.Errorf("look up %d repositories on %s: %w", len(asked), s.forge.Host(), err)
	}
	byName := make(map[string]Repository, len(found))
	for _, repository := range found {
		byName[repository.Name.Fold()] = repository
	}
	admitted := make([]RepositoryName, 0, len(asked))
	for _, name := range asked {
		repository, ok := byName[name.Fold()]
		switch {
		case !ok:
			refused = append(refused, Refusal{Repository: name, Code: "repository_not_found",
				Reason: "does not exist on " + s.forge.Host() + ", or the service account can't see it"})
		case repository.Archived:
			refused = append(refused, Refusal{Repository: name, Code: "repository_archived",
				Reason: "is archived, and so read-only"})
		default:
			admitted = append(admitted, repository.Name)
		}
	}
	return admitted, refused, nil
}

// refusal turns what admit refused into the error that creation ends with.
// Disallowed repositories come first: whether they exist is nobody's business.
func (s *Service) refusal(names []RepositoryName, refused []Refusal) error {
	index := make(map[RepositoryName]int, len(names))
	for i, name := range names {
		index[name] = i
	}
	var disallowed []RepositoryName
	invalid := &ValidationError{}
	for _, r := range refused {
		if r.Code == "repository_not_allowed" {
			disallowed = append(disallowed, r.Repository)
		}
		invalid.Fields = append(invalid.Fields, FieldError{
			Field:   fmt.Sprintf("repositories[%d]", index[r.Repository]),
			Message: fmt.Sprintf("%s %s", r.Repository, r.Reason),
		})
	}
	if len(disallowed) > 0 {
		return &NotAllowedError{Host: s.forge.Host(), Repositories: disallowed}
	}
	return invalid
}
