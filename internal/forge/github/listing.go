package github

import (
	"context"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"

	gh "github.com/google/go-github/v92/github"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const (
	mostPerPage = 100 // GitHub's limit
	listingAge  = time.Minute
)

// listing is all that the account sees, kept for a minute for those who filter
// it: GitHub can't, and a person who types asks many times.
type listing struct {
	mu  sync.Mutex
	at  time.Time
	all []codybatch.Repository
}

// Repositories asks GitHub for one page. With a filter it reads all pages, a few
// at once, at most once a minute. A cursor is a place in GitHub's own list, so a
// repository that is created meanwhile can shift the pages by one.
func (f *Forge) Repositories(ctx context.Context, q codybatch.RepositoryQuery) (codybatch.RepositoryPage, error) {
	q.Limit = min(max(q.Limit, 1), mostPerPage)
	offset := 0
	if q.Cursor != "" {
		var err error
		if offset, err = strconv.Atoi(q.Cursor); err != nil || offset < 0 || strconv.Itoa(offset) != q.Cursor {
			return codybatch.RepositoryPage{}, fmt.Errorf("list repositories: %w", codybatch.ErrCursor)
		}
	}
	if q.Filter != "" {
		return f.filtered(ctx, q, offset)
	}
	// Pages of GitHub begin at multiples of their size. When the limit has
	// changed between two calls, two pages cover what is asked for.
	first, skip := offset/q.Limit+1, offset%q.Limit
	repositories, last, err := f.page(ctx, first, q.Limit)
	if err == nil && skip > 0 && first < last {
		var more []codybatch.Repository
		more, last, err = f.page(ctx, first+1, q.Limit)
		repositories, first = append(repositories, more...), first+1
	}
	if err != nil {
		return codybatch.RepositoryPage{}, f.failure(ctx, "list repositories", err)
	}
	repositories = repositories[min(skip, len(repositories)):]
	isMore := first < last || len(repositories) > q.Limit
	repositories = repositories[:min(q.Limit, len(repositories))]
	page := codybatch.RepositoryPage{Repositories: repositories}
	if isMore && len(repositories) > 0 {
		page.NextCursor = strconv.Itoa(offset + len(repositories))
	}
	return page, nil
}

// filtered returns a page of the names that contain the filter. Its cursors
// count in the whole list.
func (f *Forge) filtered(ctx context.Context, q codybatch.RepositoryQuery, offset int) (codybatch.RepositoryPage, error) {
	all, err := f.everything(ctx)
	if err != nil {
		return codybatch.RepositoryPage{}, f.failure(ctx, "list repositories", err)
	}
	page := codybatch.RepositoryPage{Repositories: []codybatch.Repository{}}
	for i := offset; i < len(all); i++ {
		if !strings.Contains(all[i].Name.Fold(), strings.ToLower(q.Filter)) {
			continue
		}
		if len(page.Repositories) == q.Limit {
			page.NextCursor = strconv.Itoa(i)
			break
		}
		page.Repositories = append(page.Repositories, all[i])
	}
	return page, nil
}

// everything is the whole list. Who comes while it is being read waits for it.
func (f *Forge) everything(ctx context.Context) ([]codybatch.Repository, error) {
	f.listing.mu.Lock()
	defer f.listing.mu.Unlock()
	if now := f.now(); f.listing.at.IsZero() || now.Sub(f.listing.at) >= listingAge {
		all, last, err := f.page(ctx, 1, mostPerPage)
		if err != nil {
			return nil, err
		}
		rest := make([][]codybatch.Repository, max(0, last-1))
		err = inParallel(ctx, len(rest), func(ctx context.Context, i int) error {
			var err error
			rest[i], _, err = f.page(ctx, i+2, mostPerPage)
			return err
		})
		if err != nil {
			return nil, err
		}
		for _, page := range rest {
			all = append(all, page...)
		}
		f.listing.all, f.listing.at = all, now
	}
	return f.listing.all, nil
}

// page fetches one page of the list, and tells which page is the last one.
func (f *Forge) page(ctx context.Context, number, size int) ([]codybatch.Repository, int, error) {
	found, resp, err := f.client.Repositories.ListByAuthenticatedUser(ctx, &gh.RepositoryListByAuthenticatedUserOptions{
		Sort:        "full_name",
		ListOptions: gh.ListOptions{Page: number, PerPage: size},
	})
	if status(err) == http.StatusNotFound { // past the end
		return nil, number, nil
	}
	if err != nil {
		return nil, 0, err
	}
	repositories := make([]codybatch.Repository, 0, len(found))
	for _, r := range found {
		repositories = append(repositories, repositoryOf(r))
	}
	return repositories, max(number, resp.LastPage, resp.NextPage), nil
}
