package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	gh "github.com/google/go-github/v92/github"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// atOnce is how many requests one call makes at once. GitHub allows 100 for all
// of a token's; source: docs.github.com, "Rate limits for the REST API".
const atOnce = 8

// Lookup asks for each name by itself, a few at once, and for a name that is
// given twice once. A repository that has been renamed or transferred since is
// left out: its new name is another one.
func (f *Forge) Lookup(ctx context.Context, names []codybatch.RepositoryName) ([]codybatch.Repository, error) {
	places := map[string]int{}
	var wanted []codybatch.RepositoryName
	for _, name := range names {
		if _, ok := places[name.Fold()]; !ok && name.Valid() {
			places[name.Fold()] = len(wanted)
			wanted = append(wanted, name)
		}
	}
	found := make([]*codybatch.Repository, len(wanted))
	err := inParallel(ctx, len(wanted), func(ctx context.Context, i int) error {
		repository, err := f.get(ctx, wanted[i])
		if isMissing(err) {
			return nil
		}
		if err != nil {
			return f.failure(ctx, "look up "+string(wanted[i]), err)
		}
		if r := repositoryOf(repository); r.Name.Fold() == wanted[i].Fold() {
			found[i] = &r
		}
		return nil
	})
	if err != nil {
		return nil, err
	}
	repositories := make([]codybatch.Repository, 0, len(wanted))
	for _, r := range found {
		if r != nil {
			repositories = append(repositories, *r)
		}
	}
	return repositories, nil
}

// isMissing reports whether there is no repository by the name that was asked
// for, as far as the token sees. 451 is GitHub's for one taken down.
func isMissing(err error) bool {
	if _, moved := errors.AsType[*gh.RedirectionError](err); moved {
		return true
	}
	switch status(err) {
	case http.StatusNotFound, http.StatusGone, http.StatusUnavailableForLegalReasons:
		return true
	default:
		return false
	}
}

func repositoryOf(r *gh.Repository) codybatch.Repository {
	return codybatch.Repository{
		Name:          codybatch.RepositoryName(r.GetFullName()),
		Description:   r.GetDescription(),
		URL:           r.GetHTMLURL(),
		DefaultBranch: r.GetDefaultBranch(),
		Language:      r.GetLanguage(),
		Private:       r.GetPrivate(),
		Archived:      r.GetArchived(),
		Fork:          r.GetFork(),
		PushedAt:      r.GetPushedAt().UTC(),
	}
}

// inParallel calls do for 0 to n-1, at most atOnce at a time, waits for all, and
// returns the first error. An error ends the context of the others.
func inParallel(ctx context.Context, n int, do func(ctx context.Context, i int) error) error {
	if err := ctx.Err(); err != nil {
		return context.Cause(ctx)
	}
	inner, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	var (
		wait  sync.WaitGroup
		once  sync.Once
		first error
		next  = make(chan int)
	)
	for range min(n, atOnce) {
		wait.Go(func() {
			for i := range next {
				if err := do(inner, i); err != nil {
					once.Do(func() { first = err; cancel(err) })
				}
			}
		})
	}
	for i := range n {
		select {
		case next <- i:
			continue
		case <-inner.Done():
		}
		break
	}
	close(next)
	wait.Wait()
	if first == nil && ctx.Err() != nil {
		return fmt.Errorf("ask GitHub: %w", context.Cause(ctx))
	}
	return first
}
