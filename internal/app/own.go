package app

import (
	"context"
	"fmt"
	"sync"

	"github.com/google/uuid"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// jobSet is the jobs that this process runs when it is not to run all.
type jobSet struct {
	mu  sync.Mutex
	ids map[codybatch.JobID]bool
}

func (s *jobSet) add(id codybatch.JobID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.ids == nil {
		s.ids = map[codybatch.JobID]bool{}
	}
	s.ids[id] = true
}

func (s *jobSet) has(id codybatch.JobID) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ids[id]
}

// Adopt lets a job of an earlier process run in this one. It matters with
// Options.OwnJobsOnly, and before Start.
func (a *App) Adopt(id codybatch.JobID) { a.mine.add(id) }

// newID makes the id of a job. Version 7 ids sort by time (RFC 9562 §5.7).
func (a *App) newID() codybatch.JobID {
	id := codybatch.JobID(uuid.Must(uuid.NewV7()).String()) // fails only without randomness, and then nothing works
	a.mine.add(id)
	return id
}

// own keeps run from the tasks of other jobs, if that was asked for.
func (a *App) own(run codybatch.Runner) codybatch.Runner {
	if !a.options.OwnJobsOnly {
		return run
	}
	return func(ctx context.Context, ref codybatch.TaskRef) error {
		if !a.mine.has(ref.Key.JobID) {
			return fmt.Errorf("run %s, which another process will do: %w", ref.Key, codybatch.ErrConflict)
		}
		return run(ctx, ref)
	}
}
