package worker

import (
	"context"
	"errors"
	"fmt"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// takeOver makes a known result this attempt's own: diff, thread and log. No
// token is spent.
func (a *attempt) takeOver(ctx context.Context, known *knownResult) error {
	if known.Result.HasDiff {
		if err := a.copyArtifact(ctx, codybatch.DiffKey(known.task(), known.Attempt), codybatch.DiffKey(a.task.Key(), a.task.Attempt)); err != nil {
			return err
		}
	}
	if err := a.copyBeside(ctx, *known); err != nil {
		return err
	}
	err := a.record.adopt(ctx, codybatch.ThreadKey(known.task(), known.Attempt), codybatch.ThreadEvent{
		Type: codybatch.EventNotice, ReusedFrom: known.JobID, Reason: fmt.Sprintf(
			"This result comes from attempt %d of job %s, which asked for the same on the same commit. No token was spent.", known.Attempt, known.JobID)})
	if err != nil {
		return err
	}
	a.result = known.Result
	if known.JobID != a.task.JobID {
		a.result.ReusedFrom = known.JobID
	}
	a.result.Usage, a.result.PullRequest, a.result.HeadCommit, a.result.Branch = codybatch.Usage{}, nil, "", ""
	if known.JobID == a.task.JobID {
		return nil
	}
	for _, finding := range a.result.Gates { // with the levels of this job
		if err := a.recordFinding(ctx, finding); err != nil {
			return err
		}
	}
	return nil
}

// takeUp makes a change that the gates of another job stopped, and those of this one let
// pass, what this attempt goes on with, as if its own agent had just been done with it:
// all that is missing is what comes after. It returns nil where the work is done anew: a
// script runs again, which costs no token, and a large diff fits no checkpoint.
func (a *attempt) takeUp(ctx context.Context, known knownResult) (*leftover, error) {
	from := codybatch.ThreadKey(known.task(), known.Attempt)
	events, err := a.readEvents(ctx, from)
	answers := countAnswers(events)
	if err != nil || answers == 0 {
		return nil, err
	}
	patch, err := a.readPatch(ctx, codybatch.DiffKey(known.task(), known.Attempt))
	if errors.Is(err, codybatch.ErrNotResumable) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	kept := checkpoint{
		BaseCommit: a.result.BaseCommit, Answers: answers, Patch: patch, Made: &made{Engine: known.Result.Engine, Summary: known.Result.Summary},
	}
	if err := a.putCheckpoint(ctx, kept); err != nil {
		return nil, err
	}
	if err := a.copyBeside(ctx, known); err != nil {
		return nil, err
	}
	// The thread comes last: where it is, all is.
	err = a.record.adopt(ctx, from, codybatch.ThreadEvent{Type: codybatch.EventNotice, ReusedFrom: known.JobID, DiffSHA: known.DiffSHA, Reason: fmt.Sprintf(
		"This change comes from attempt %d of job %s, which asked for the same on the same commit, and whose gates stopped it. Those of this job let it pass. It is not made again, and is checked now.",
		known.Attempt, known.JobID)})
	if err != nil {
		return nil, err
	}
	if events, err = a.readThread(ctx, a.task.Attempt); err != nil {
		return nil, err
	}
	conversation, err := a.readConversation(ctx)
	if err != nil {
		return nil, err
	}
	for _, event := range events {
		a.judged.hear(event)
	}
	return &leftover{events: events, base: a.result.BaseCommit, checkpoint: kept, from: known.JobID, conversation: conversation}, nil
}

// copyBeside copies what the commands of a known result printed, if they did, and the
// agent's own conversation, if it has one.
func (a *attempt) copyBeside(ctx context.Context, known knownResult) error {
	for _, key := range []func(codybatch.TaskKey, int) codybatch.ArtifactKey{codybatch.LogKey, codybatch.ConversationKey} {
		err := a.copyArtifact(ctx, key(known.task(), known.Attempt), key(a.task.Key(), a.task.Attempt))
		if err != nil && !errors.Is(err, codybatch.ErrNotFound) {
			return err
		}
	}
	return nil
}

func (a *attempt) copyArtifact(ctx context.Context, from, to codybatch.ArtifactKey) error {
	if from == to {
		return nil
	}
	document, err := a.Artifacts.Open(ctx, from)
	if err != nil {
		return fmt.Errorf("read an earlier result: %w", err)
	}
	defer document.Close()
	if err := a.Artifacts.Put(ctx, to, document); err != nil {
		return fmt.Errorf("store an earlier result: %w", err)
	}
	return nil
}

// applyKnown puts a known result into the workspace, to be published.
func (a *attempt) applyKnown(ctx context.Context, place *place, known *knownResult) (string, error) {
	if err := a.takeOver(ctx, known); err != nil {
		return "", err
	}
	patch, err := a.Artifacts.Open(ctx, codybatch.DiffKey(a.task.Key(), a.task.Attempt))
	if err != nil {
		return "", fmt.Errorf("read the stored diff: %w", err)
	}
	defer patch.Close()
	if err := place.git.Apply(ctx, patch); err != nil {
		return "", fmt.Errorf("apply the stored diff to %s: %w", a.result.BaseCommit, err)
	}
	return place.git.Snapshot(ctx)
}
