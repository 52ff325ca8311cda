package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// maxSendBacks is how often an agent hears that verification fails, before that
// is the outcome.
const maxSendBacks = 3

// change lets the agent edit the workspace, judges what it did, and keeps it. The
// tree that it returns is what the diff leads to.
//
// Whatever ends it, a change that was made is kept: it is paid for. What an
// interrupted attempt left is gone on with; nil: there is nothing.
func (a *attempt) change(ctx context.Context, place *place, left *leftover) (string, error) {
	agent, ok := a.Agents[a.job.Agent.Type]
	if !ok {
		return "", fmt.Errorf("run agent %q: this worker has no such agent", a.job.Agent.Type)
	}
	if err := a.baseline(ctx, place); err != nil {
		return "", err
	}
	run := codybatch.AgentRun{
		Key: a.task.Key(), BaseCommit: a.result.BaseCommit, Prompt: a.job.Prompt, Spec: a.job.Agent,
		Dir: place.tree, Home: place.home, Reads: place.reads(),
		Verify:  func(ctx context.Context) ([]codybatch.VerificationResult, error) { return a.tryVerify(ctx, place) },
		Changes: func(ctx context.Context) ([]codybatch.FileChange, error) { return listChanges(ctx, place) },
		Checkpoint: func(ctx context.Context, answers int, conversation []byte) error {
			return a.checkpoint(ctx, place, answers, conversation)
		},
		Record: a.event,
		Log:    a.record,
	}
	a.result.ReusedFrom = left.whose(a.task.JobID)
	if err := a.goOn(ctx, place, left, &run); err != nil {
		return "", err
	}
	fromVerify, fromJudge := maxSendBacks, maxJudgeSendBacks // that are left
	if a.judged.isBack {
		fromJudge = 0
	}
	for {
		ended, err := a.runAgent(ctx, agent, run)
		run.Earlier, run.Kept, run.Conversation = nil, 0, nil
		if errors.Is(err, codybatch.ErrNotResumable) {
			if made := left.made(); made != nil {
				ended, err = a.takeMade(ctx, made)
			}
		}
		if errors.Is(err, codybatch.ErrNotResumable) && a.task.Feedback != nil {
			a.giveUpFeedback()
			return "", unheard(err)
		}
		if errors.Is(err, codybatch.ErrNotResumable) {
			if err := a.startOver(ctx, place, err); err != nil {
				return "", err
			}
			fromJudge = maxJudgeSendBacks
			ended, err = a.runAgent(ctx, agent, run)
		}
		if a.isUnheard(left, ended, err) {
			a.giveUpFeedback()
			a.decide(ended)
			return "", err
		}
		tree, keepErr := a.keep(ctx, place, err)
		if err != nil || keepErr != nil {
			return tree, errors.Join(err, keepErr)
		}
		a.decide(ended)
		if a.result.Outcome != codybatch.OutcomeChanged {
			a.store(ctx, ended)
			return tree, nil
		}
		a.keepMade(ctx, place, ended)
		failures, err := a.check(ctx, place, tree)
		if err != nil {
			return tree, err
		}
		complaint, room := "", &fromVerify
		switch {
		case len(failures) > 0:
			complaint = feedback(failures)
		case a.result.Outcome == codybatch.OutcomeChanged:
			room = &fromJudge
			if complaint, err = a.consult(ctx); err != nil {
				return tree, err
			}
		}
		a.result.Accepted = a.result.Outcome == codybatch.OutcomeChanged
		isStrange := ended.Session == nil && a.result.ReusedFrom != "" // another job's change, about which nobody can be sent back
		if complaint == "" || ended.Session == nil && !isStrange || *room == 0 {
			a.store(ctx, ended)
			return tree, nil
		}
		if isStrange {
			if err := a.startOver(ctx, place, fmt.Errorf("the change of job %s does not pass here", a.result.ReusedFrom)); err != nil {
				return tree, err
			}
			continue
		}
		*room--
		a.unmake(ctx)
		run.Session, run.Feedback = ended.Session, complaint
	}
}

// runAgent is one session. What it spends is added to what the attempt spent
// before.
func (a *attempt) runAgent(ctx context.Context, agent codybatch.Agent, run codybatch.AgentRun) (codybatch.AgentResult, error) {
	a.enter(codybatch.PhaseAgent)
	a.result.Untouched, a.result.Agent = false, a.job.Agent.Type
	before := a.spent()
	if a.job.Agent.MaxCost != nil || a.job.MaxCost != nil {
		budget := max(0, a.task.Reserved-before.Cost)
		run.Budget = &budget
	}
	run.Spent = func(u codybatch.Usage) { a.spend(before.Add(u)) }
	ended, err := agent.Run(ctx, run)
	a.spend(before.Add(ended.Usage))
	if ended.Usage != (codybatch.Usage{}) {
		a.result.ReusedFrom = "" // from here on it is this job's
	}
	a.result.Engine, a.result.Summary = ended.Engine, a.redact.Replace(ended.Summary)
	a.keepConversation(ctx, ended.Conversation)
	if err != nil {
		return ended, fmt.Errorf("run the agent: %w", err)
	}
	return ended, nil
}

// decide turns how the agent ended, and whether there is a diff, into the
// outcome. The diff has the last word on whether anything was changed.
func (a *attempt) decide(ended codybatch.AgentResult) {
	a.result.Outcome, a.result.Error = ended.Outcome, nil
	if ended.Outcome.Status() == codybatch.TaskSucceeded {
		a.result.Outcome = codybatch.OutcomeNoChanges
		if a.result.HasDiff {
			a.result.Outcome = codybatch.OutcomeChanged
		}
		return
	}
	a.result.Error = &codybatch.TaskError{Code: string(ended.Outcome), Message: a.redact.Replace(ended.Reason)}
}

// check applies the gates and the verification to a changed tree. It returns the
// commands that the change broke, for the agent to hear about; the outcome in
// a.result already counts them.
func (a *attempt) check(ctx context.Context, place *place, tree string) ([]codybatch.VerificationResult, error) {
	a.enter(codybatch.PhaseGates)
	findings, err := a.gates(ctx, place, tree)
	if err != nil {
		return nil, err
	}
	a.result.Gates, a.result.Verified = findings, baselineOf(a.result.Verified) // the rest is about an earlier diff
	if blocked := blockedBy(findings); blocked != nil {
		a.result.Outcome, a.result.Error = codybatch.OutcomeGateBlocked, blocked
		return nil, nil
	}
	if len(a.commands) == 0 {
		return nil, nil
	}
	a.enter(codybatch.PhaseVerifying)
	if err := place.clear(ctx, tree); err != nil {
		return nil, err
	}
	results, err := a.verify(ctx, place, false)
	if err != nil {
		return nil, err
	}
	a.result.Verified = append(a.result.Verified, results...)
	if err := place.restore(ctx, tree); err != nil {
		return nil, err
	}
	failures := brokenBy(a.result.Verified)
	if len(failures) > 0 {
		a.result.Outcome = codybatch.OutcomeVerifyFailed
		a.result.Error = &codybatch.TaskError{Code: "verify_failed", Message: describeFailures(failures)}
	}
	return failures, nil
}

func feedback(failures []codybatch.VerificationResult) string {
	var text strings.Builder
	text.WriteString("Verification of your change failed. These commands passed before it:\n")
	for _, failure := range failures {
		fmt.Fprintf(&text, "\n$ %s\nexit code %d\n%s\n", failure.Command, failure.ExitCode, failure.Tail)
	}
	text.WriteString("\nMend the change, without weakening the checks, and finish again.")
	return text.String()
}
