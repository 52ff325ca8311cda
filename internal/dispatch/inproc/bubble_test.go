package inproc_test

import (
	"context"
	"fmt"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/dispatch/inproc"
)

func shut(t *testing.T, pool *inproc.Pool) {
	t.Helper()
	if err := pool.Close(context.Background()); err != nil {
		t.Error(err)
	}
}

func ref(job codybatch.JobID, i int) codybatch.TaskRef {
	return codybatch.TaskRef{
		Key: codybatch.TaskKey{JobID: job, Repository: codybatch.RepositoryName(fmt.Sprintf("acme/r%d", i))}, Attempt: 1, Index: i,
	}
}

func refs(job codybatch.JobID, n int) []codybatch.TaskRef {
	var all []codybatch.TaskRef
	for i := range n {
		all = append(all, ref(job, i))
	}
	return all
}

func dispatch(t *testing.T, pool *inproc.Pool, refs ...codybatch.TaskRef) {
	t.Helper()
	if err := pool.Dispatch(t.Context(), refs); err != nil {
		t.Fatal(err)
	}
}

// inBubble runs a test on a clock of its own, see testing/synctest.
func inBubble(name string, t *testing.T, test func(t *testing.T)) {
	t.Run(name, func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, test)
	})
}

// budget is a runner whose job "poor" has money for one task at a time.
type budget struct {
	pool *inproc.Pool

	mu    sync.Mutex
	asked int // how often the poor job did
	done  []int
	spent bool
}

func openBudget(workers int, spent bool) *budget {
	b := &budget{spent: spent}
	b.pool = inproc.New(func(_ context.Context, r codybatch.TaskRef) error {
		b.mu.Lock()
		defer b.mu.Unlock()
		if r.Key.JobID == "poor" {
			b.asked++
			if b.spent {
				return fmt.Errorf("claim: %w", codybatch.ErrNotNow)
			}
			b.spent = true
			defer func() { b.spent = false }()
		}
		b.mu.Unlock()
		time.Sleep(time.Second)
		b.mu.Lock()
		b.done = append(b.done, r.Index)
		return nil
	}, inproc.Options{Workers: workers})
	return b
}

// look tells how often the poor job asked, and what was done.
func (b *budget) look() (int, []int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.asked, slices.Clone(b.done)
}
