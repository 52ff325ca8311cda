package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// mostPerQuery is how many repositories one query asks for. A query of so many
// costs one of the 5,000 points that a token has in an hour; a request for each
// would use them up with the second half of a job of 10,000.
const mostPerQuery = 100

// repositoryFields are those that codybatch.Repository needs.
const repositoryFields = `fragment fields on Repository {
  nameWithOwner description url isPrivate isArchived isFork pushedAt
  defaultBranchRef { name } primaryLanguage { name }
}`

// graphAnswer is an answer of the GraphQL API.
type graphAnswer struct {
	Data   map[string]*graphRepository `json:"data"` // by alias; nil: not found
	Errors []graphError                `json:"errors"`
}

type graphError struct {
	Type    string `json:"type"`
	Message string `json:"message"`
}

type graphRepository struct {
	NameWithOwner    string
	Description      string
	URL              string
	IsPrivate        bool
	IsArchived       bool
	IsFork           bool
	PushedAt         time.Time
	DefaultBranchRef struct{ Name string }
	PrimaryLanguage  struct{ Name string }
}

// Lookup asks for a hundred names with one GraphQL query, a few queries at once,
// and for a name that is given twice once. A repository that has been renamed or
// transferred since is left out: its new name is another one, which the
// allow-list has not seen.
func (f *Forge) Lookup(ctx context.Context, names []codybatch.RepositoryName) ([]codybatch.Repository, error) {
	seen := map[string]bool{}
	var wanted []codybatch.RepositoryName
	for _, name := range names {
		if name.Valid() && !seen[name.Fold()] {
			seen[name.Fold()] = true
			wanted = append(wanted, name)
		}
	}
	queries := (len(wanted) + mostPerQuery - 1) / mostPerQuery
	found := make([][]codybatch.Repository, queries)
	err := inParallel(ctx, queries, func(ctx context.Context, i int) error {
		var err error
		part := wanted[i*mostPerQuery : min((i+1)*mostPerQuery, len(wanted))]
		found[i], err = f.query(ctx, part)
		return err
	})
	if err != nil {
		return nil, f.failure(ctx, fmt.Sprintf("look up %d repositories", len(wanted)), err)
	}
	repositories := make([]codybatch.Repository, 0, len(wanted))
	for _, part := range found {
		repositories = append(repositories, part...)
	}
	return repositories, nil
}

// query asks for some repositories, and returns those that there are.
func (f *Forge) query(ctx context.Context, names []codybatch.RepositoryName) ([]codybatch.Repository, error) {
	var parameters, selections strings.Builder
	variables := map[string]string{}
	for i, name := range names {
		fmt.Fprintf(&parameters, "$o%d: String!, $n%d: String!, ", i, i)
		fmt.Fprintf(&selections, "  r%d: repository(owner: $o%d, name: $n%d, followRenames: false) { ...fields }\n", i, i, i)
		variables[fmt.Sprintf("o%d", i)], variables[fmt.Sprintf("n%d", i)] = name.Owner(), name.Name()
	}
	body := map[string]any{
		"query":     fmt.Sprintf("query Lookup(%s) {\n%s}\n%s", strings.TrimSuffix(parameters.String(), ", "), &selections, repositoryFields),
		"variables": variables,
	}
	req, err := f.client.NewRequest(ctx, http.MethodPost, f.address.graphQL, body)
	if err != nil {
		return nil, err
	}
	var answer graphAnswer
	if _, err := f.client.Do(req, &answer); err != nil {
		return nil, err
	}
	for _, e := range answer.Errors {
		if e.Type != "NOT_FOUND" {
			return nil, errors.New("GitHub answers " + f.token.redact(fmt.Sprintf("%q", strings.TrimSpace(e.Type+" "+e.Message))))
		}
	}
	var repositories []codybatch.Repository
	for i, name := range names {
		if r := answer.Data[fmt.Sprintf("r%d", i)]; r != nil && strings.EqualFold(r.NameWithOwner, string(name)) {
			repositories = append(repositories, r.repository())
		}
	}
	return repositories, nil
}

func (r *graphRepository) repository() codybatch.Repository {
	return codybatch.Repository{
		Name:          codybatch.RepositoryName(r.NameWithOwner),
		Description:   r.Description,
		URL:           r.URL,
		DefaultBranch: r.DefaultBranchRef.Name,
		Language:      r.PrimaryLanguage.Name,
		Private:       r.IsPrivate,
		Archived:      r.IsArchived,
		Fork:          r.IsFork,
		PushedAt:      r.PushedAt.UTC(),
	}
}
