package github

import (
	"context"
	"fmt"
	"sync"

	gh "github.com/google/go-github/v92/github"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// atOnce is how many requests one call makes at once. GitHub allows 100 for all
// of a token's; source: docs.github.com, "Rate limits for the REST API".
const atOnce = 8

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
