package worker

import (
	"context"
	"fmt"
	"os"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// made is what an agent said of a change that it was done with. It stands in the
// checkpoint, for conversations that can't be gone on with: they need not, if all that is
// missing comes after them.
type made struct {
	Engine  string `json:"engine"`
	Summary string `json:"summary,omitempty"`
}

// keepMade keeps the change that an agent is done with, as it was kept last, until
// verification, judge and publishing are done with it, too. It is not worth an attempt.
func (a *attempt) keepMade(ctx context.Context, place *place, ended codybatch.AgentResult) {
	events, err := a.readThread(ctx, a.task.Attempt)
	answers := countAnswers(events)
	if err == nil && answers == 0 { // nothing that could be gone on with
		return
	}
	var patch []byte
	if err == nil {
		patch, err = os.ReadFile(place.patchFile())
	}
	if err == nil && len(patch) > maxCheckpoint {
		err = fmt.Errorf("the change is larger than %d MiB", maxCheckpoint>>20)
	}
	if err == nil {
		err = a.putCheckpoint(ctx, checkpoint{
			BaseCommit: a.result.BaseCommit, Answers: answers, Patch: patch, Made: &made{Engine: ended.Engine, Summary: a.result.Summary},
		})
	}
	if err != nil && ctx.Err() == nil {
		a.Log.WarnContext(ctx, "a change could not be kept for an attempt that goes on after an interruption", "task", a.task.Key().String(), "error", err)
	}
}

// unmake takes back that an agent is done with its change, before it is sent back: without
// its conversation, it is not the change that is verified again. It is not worth an attempt.
func (a *attempt) unmake(ctx context.Context) {
	kept, err := a.lastCheckpoint(ctx)
	if err == nil && kept.Made != nil {
		kept.Made = nil
		err = a.putCheckpoint(ctx, kept)
	}
	if err != nil && ctx.Err() == nil {
		a.Log.WarnContext(ctx, "that an agent is sent back could not be kept for an attempt that goes on after an interruption", "task", a.task.Key().String(), "error", err)
	}
}

// made is the change that the interrupted attempt's agent was done with; nil: it was
// not, or went on after that.
func (l *leftover) made() *made {
	if l == nil || l.checkpoint.Made == nil || l.checkpoint.Answers != countAnswers(l.events) {
		return nil
	}
	return l.checkpoint.Made
}

// takeMade takes the change, which is in the workspace already, for this attempt's. No
// agent can be sent back about it.
func (a *attempt) takeMade(ctx context.Context, m *made) (codybatch.AgentResult, error) {
	a.result.Engine, a.result.Summary = m.Engine, m.Summary
	return codybatch.AgentResult{Outcome: codybatch.OutcomeChanged, Engine: m.Engine, Summary: m.Summary},
		a.record.event(ctx, codybatch.ThreadEvent{Type: codybatch.EventNotice, Reason: "The agent was done with its change before the interruption. It is not made again."})
}
