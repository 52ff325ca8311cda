package worker_test

import (
	"context"
	"slices"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/worker"
)

// What a task offers is what the server does, also where a rehearsal answers for the
// engine.
func TestARemarkIsOfferedWhereItIsTaken(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, e engine) {
		does := &scripted{rounds: []session{func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
			result, err := talks(t, "a.txt", "y\n", codybatch.USD(0.1))(ctx, run)
			result.Engine = "rehearsal"
			return result, err
		}}}
		engines := map[codybatch.AgentType]string{codybatch.AgentType(e): "rehearsal"}
		w := newWorld(t, e.with(does), func(o *worker.Options) { o.Engines = engines })
		w.service.Engines = engines
		w.repository("site", map[string]string{"a.txt": "x\n"})
		first := w.runOne(e.job("site"))
		for _, task := range []codybatch.Task{first, w.runOne(e.job("site")), w.publish(first)} { // made, taken over, published
			wantOutcome(t, task, codybatch.OutcomeChanged)
			if !slices.Contains(task.Actions(), codybatch.ActionFeedback) {
				t.Errorf("no remark is offered; the task is %+v", task)
			}
		}
		if _, err := w.service.FeedbackTask(t.Context(), first.Key(), remark, ""); err != nil {
			t.Errorf("the remark is not taken: %v", err)
		}
	})
}
