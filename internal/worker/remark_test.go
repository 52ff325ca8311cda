package worker_test

import (
	"context"
	"slices"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/worker"
)

// What a task offers is what the server does, also where a rehearsal answers for
// Claude Code.
func TestARemarkIsOfferedOnlyWhereItIsTaken(t *testing.T) {
	t.Parallel()
	for agent, want := range map[codybatch.AgentType]bool{codybatch.AgentClaude: true, codybatch.AgentClaudeCode: false} {
		t.Run(string(agent), func(t *testing.T) {
			t.Parallel()
			does := &scripted{rounds: []session{func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
				result, err := talks(t, "a.txt", "y\n", codybatch.USD(0.1))(ctx, run)
				result.Engine = "rehearsal"
				return result, err
			}}}
			w := newWorld(t, func(o *worker.Options) {
				o.Agents[agent] = does
				o.Engines = map[codybatch.AgentType]string{agent: "rehearsal"}
			})
			w.service.Engines = map[codybatch.AgentType]string{agent: "rehearsal"}
			w.repository("site", map[string]string{"a.txt": "x\n"})
			spec := promptJob("site")
			spec.Agent.Type = agent
			first := w.runOne(spec)
			for _, task := range []codybatch.Task{first, w.runOne(spec), w.publish(first)} { // made, taken over, published
				wantOutcome(t, task, codybatch.OutcomeChanged)
				if offered := slices.Contains(task.Actions(), codybatch.ActionFeedback); offered != want {
					t.Errorf("a remark is offered: %v; the task is %+v", offered, task)
				}
			}
			_, err := w.service.FeedbackTask(t.Context(), first.Key(), remark, "")
			if taken := err == nil; taken != want {
				t.Errorf("the remark is taken: %v (%v)", taken, err)
			}
		})
	}
}
