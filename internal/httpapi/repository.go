package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func (a *api) registerRepositories(h huma.API) {
	register(a, h, operation("listRepositories", http.MethodGet, "/repositories", tagRepositories,
		"List repositories", "Those that the service account sees and the allow-list admits, by name. A page can be shorter than its limit, or empty, although more follow.",
		http.StatusBadRequest, http.StatusBadGateway), a.listRepositories)
}

type listRepositoriesInput struct {
	Filter string `query:"filter" doc:"Only repositories whose name contains this, whatever its case." maxLength:"200"`
	Paging
}

func (a *api) listRepositories(ctx context.Context, in *listRepositoriesInput) (*answer[RepositoryPage], error) {
	page, err := a.service.Repositories(ctx, codybatch.RepositoryQuery{Filter: in.Filter, Limit: in.Limit, Cursor: in.Cursor})
	if err != nil {
		return nil, forgeError{err}
	}
	return reply(RepositoryPage{Repositories: mapped(page.Repositories, newRepository), NextCursor: Text(page.NextCursor)}, nil)
}
