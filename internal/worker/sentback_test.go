package worker_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// An agent is sent back, and put off at its first call. Later its conversation can't be
// gone on with: it starts over, for the change that it was done with is known not to pass.
func TestASendBackThatIsPutOffIsNotForgotten(t *testing.T) {
	t.Parallel()
	held := &codybatch.HeldError{Until: time.Now().Add(time.Minute), Reason: "the key is refused"}
	makes := func(name string) session {
		return func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
			result, err := talks(t, name, "y\n", 1)(ctx, run)
			result.Session = "a session"
			return result, err
		}
	}
	agent := &scripted{rounds: []session{
		makes("broken"),
		func(context.Context, codybatch.AgentRun) (codybatch.AgentResult, error) {
			return codybatch.AgentResult{}, held
		},
		func(_ context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
			if len(run.Earlier) == 0 {
				t.Error("it does not go on")
			}
			return codybatch.AgentResult{}, codybatch.ErrNotResumable
		},
		makes("good"),
	}}
	w := newWorld(t, withAgent(agent))
	w.repository("site", map[string]string{"a.txt": "x\n"})
	spec := promptJob("site")
	spec.Verify = []string{"test ! -e broken"}
	job := w.create(spec)
	ref := w.sent.take()[0]
	if err := w.worker.Run(t.Context(), ref); !errors.As(err, &held) {
		t.Fatalf("the first run ends with %v", err)
	}
	if err := w.worker.Run(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	task := w.task(job.ID, "site")
	wantOutcome(t, task, codybatch.OutcomeChanged)
	if diff := w.diff(task); !strings.Contains(diff, "good") || strings.Contains(diff, "broken") || paid(task) != 2 {
		t.Errorf("%d are paid, and the diff is\n%s", paid(task), diff)
	}
}
