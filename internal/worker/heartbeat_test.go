package worker_test

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/worker"
)

// silentStore takes signs of life and does not answer.
type silentStore struct{ codybatch.Store }

func (silentStore) ExtendLease(ctx context.Context, _ codybatch.TaskKey, _ string, _ int, _ codybatch.Beat) (codybatch.Task, error) {
	<-ctx.Done()
	return codybatch.Task{}, context.Cause(ctx)
}

// A worker whose store does not answer can't know that the task is still its own. It
// goes away when its lease is over, since somebody else has begun then.
func TestAWorkerOfASilentStoreGoesAway(t *testing.T) {
	t.Parallel()
	agent := &scripted{rounds: []session{func(ctx context.Context, _ codybatch.AgentRun) (codybatch.AgentResult, error) {
		select {
		case <-ctx.Done():
			return codybatch.AgentResult{}, context.Cause(ctx)
		case <-time.After(20 * time.Second):
			return codybatch.AgentResult{Outcome: codybatch.OutcomeNoChanges}, nil
		}
	}}}
	w := newWorld(t, withAgent(agent), func(o *worker.Options) {
		o.Lease = 300 * time.Millisecond
		o.Store = silentStore{o.Store}
	})
	w.repository("site", map[string]string{"a.txt": "x\n"})
	w.create(promptJob("site"))
	if err := w.worker.Run(t.Context(), w.sent.take()[0]); !errors.Is(err, codybatch.ErrConflict) {
		t.Errorf("it ended with %v", err)
	}
}
