package codybatch

import (
	"context"
	"fmt"
	"slices"
)

// codeNotAllowed is the code of refusals by the allow-list. Whether such a
// repository exists is nobody's business: the forge is not asked.
const codeNotAllowed = "repository_not_allowed"

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
		refused = append(refused, Refusal{Repository: name, Code: codeNotAllowed,
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

// maxExtraLookup is how many repositories of a request that is refused anyway are
// looked up, so that everything wrong with it is told at once.
const maxExtraLookup = 100

// refusal turns what admit refused into the error that creation ends with: a
// *NotAllowedError if the allow-list is the only trouble, else a *ValidationError.
func (s *Service) refusal(names []RepositoryName, refused []Refusal) error {
	var disallowed []RepositoryName
	for _, r := range refused {
		if r.Code == codeNotAllowed {
			disallowed = append(disallowed, r.Repository)
		}
	}
	if len(disallowed) == len(refused) {
		return &NotAllowedError{Host: s.forge.Host(), Repositories: disallowed}
	}
	return &ValidationError{Fields: refusedFields(names, refused)}
}

// refusedFields names refused repositories by their places in the request, in that
// order.
func refusedFields(names []RepositoryName, refused []Refusal) []FieldError {
	index := make(map[RepositoryName]int, len(names))
	for i, name := range names {
		index[name] = i
	}
	refused = slices.SortedStableFunc(slices.Values(refused), func(a, b Refusal) int { return index[a.Repository] - index[b.Repository] })
	fields := make([]FieldError, len(refused))
	for i, r := range refused {
		message := r.Reason // of a disallowed one, begins with its name
		if r.Code != codeNotAllowed {
			message = fmt.Sprintf("%s %s", r.Repository, r.Reason)
		}
		fields[i] = FieldError{Field: fmt.Sprintf("repositories[%d]", index[r.Repository]), Message: message}
	}
	return fields
}
