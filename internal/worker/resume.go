package worker

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// leftover is what an interrupted attempt left to go on with.
type leftover struct {
	events     []codybatch.ThreadEvent
	base       string // the commit that it worked on
	checkpoint checkpoint
	from       codybatch.JobID // the job whose change this is; empty: this one has added to it, or made it

	conversation []byte // in the agent's own form; nil: there is none
}

// whose is the job that a change is from, if that is another one and nothing was added.
func (l *leftover) whose(own codybatch.JobID) codybatch.JobID {
	if l == nil || l.from == own {
		return ""
	}
	return l.from
}

// findLeftover takes over the thread, the log and the checkpoint of the attempt
// that was interrupted, and books the calls that its worker was killed too early
// to report. It returns nil if there is nothing to go on with.
func (a *attempt) findLeftover(ctx context.Context) (*leftover, error) {
	interrupted := a.task.Interrupted
	switch {
	case a.publishesStored():
		return nil, nil
	case a.task.Feedback != nil:
		return a.takeUpFeedback(ctx, *a.task.Feedback)
	case interrupted == nil:
		return nil, nil
	}
	if err := a.copyLeftover(ctx, *interrupted); err != nil {
		return nil, err
	}
	events, err := a.readThread(ctx, a.task.Attempt)
	if err != nil || len(events) == 0 {
		return nil, err
	}
	left := &leftover{events: events}
	own := events // what this job paid for
	var judged judged
	for i, event := range events {
		judged.hear(event)
		switch {
		case event.Type == codybatch.EventRunStart:
			left.base = event.BaseCommit
		case event.ReusedFrom != "" && event.DiffSHA == "": // another job's result, taken as it is
			return nil, nil
		case event.ReusedFrom != "": // another job's change, to be checked
			own, left.from = events[i+1:], event.ReusedFrom
		}
	}
	if countAnswers(own) > 0 {
		left.from = ""
	}
	answers := countAnswers(events)
	a.spend(beyond(usageOf(own), interrupted.Usage))
	a.judged.answers = judged.answers // of the same diffs, whatever the agent does now
	if left.checkpoint, err = a.lastCheckpoint(ctx); err != nil {
		return nil, err
	}
	if left.conversation, err = a.readConversation(ctx); err != nil {
		return nil, err
	}
	isElsewhere := left.checkpoint.BaseCommit != "" && left.checkpoint.BaseCommit != left.base
	if answers == 0 || isElsewhere || a.task.Lost > 1 { // twice in a row: going on may be what kills the worker
		return nil, nil
	}
	a.judged = judged
	why := "was interrupted"
	if interrupted.Unjudged {
		why = "ended without its judge"
	}
	return left, a.record.event(ctx, codybatch.ThreadEvent{Type: codybatch.EventNotice, Reason: fmt.Sprintf(
		"Attempt %d %s. The conversation goes on: %d answers of the model are there and are not paid for again.", interrupted.Attempt, why, answers)})
}

// copyLeftover copies the newest thread of the conversation, with what belongs to
// it, to this attempt. The thread comes last: where it is, all is.
func (a *attempt) copyLeftover(ctx context.Context, interrupted codybatch.Interruption) error {
	key := a.task.Key()
	for n := a.task.Attempt; n >= interrupted.First; n-- {
		thread, err := a.Artifacts.Open(ctx, codybatch.ThreadKey(key, n))
		if errors.Is(err, codybatch.ErrNotFound) {
			continue
		}
		if err != nil {
			return fmt.Errorf("look for an interrupted conversation: %w", err)
		}
		_ = thread.Close() // nothing was read
		return a.copyConversation(ctx, n)
	}
	return nil
}

// copyConversation makes the thread of an earlier attempt this attempt's own, with
// what belongs to it.
func (a *attempt) copyConversation(ctx context.Context, from int) error {
	key := a.task.Key()
	for _, name := range []func(codybatch.TaskKey, int) codybatch.ArtifactKey{
		codybatch.CheckpointKey, codybatch.ConversationKey, codybatch.LogKey, codybatch.ThreadKey,
	} {
		if err := a.copyArtifact(ctx, name(key, from), name(key, a.task.Attempt)); err != nil && !errors.Is(err, codybatch.ErrNotFound) {
			return err
		}
	}
	return nil
}

// beyond is what was used and not booked yet. Less is never used: tokens are
// compared one by one, because a price may have become known in between.
func beyond(used, booked codybatch.Usage) codybatch.Usage {
	d := used.Sub(booked)
	return codybatch.Usage{
		InputTokens: max(0, d.InputTokens), OutputTokens: max(0, d.OutputTokens),
		CacheReadTokens: max(0, d.CacheReadTokens), CacheWriteTokens: max(0, d.CacheWriteTokens),
		Cost: max(0, d.Cost), CostUnknown: used.CostUnknown && !booked.CostUnknown,
	}
}

// putLeftover brings a fresh workspace to where the interrupted attempt was. What
// verification built there goes first: the agent may have made files of those names.
func (a *attempt) putLeftover(ctx context.Context, place *place, left *leftover) error {
	if len(left.checkpoint.Patch) == 0 {
		return nil
	}
	if err := place.clear(ctx, a.result.BaseCommit); err != nil {
		return err
	}
	if err := place.git.Apply(ctx, bytes.NewReader(left.checkpoint.Patch)); err != nil && ctx.Err() == nil {
		return fmt.Errorf("%w: %w", codybatch.ErrNotResumable, err)
	} else if err != nil {
		return err
	}
	return nil
}

// goOn tells the agent's run of what an interrupted attempt left, and puts it into
// the workspace. Where that can't be, it starts over.
func (a *attempt) goOn(ctx context.Context, place *place, left *leftover, run *codybatch.AgentRun) error {
	if left == nil {
		if a.task.Interrupted == nil {
			return nil
		}
		// What a checkpoint holds is not where the new conversation will be.
		return a.putCheckpoint(ctx, checkpoint{BaseCommit: a.result.BaseCommit})
	}
	err := a.putLeftover(ctx, place, left)
	if errors.Is(err, codybatch.ErrNotResumable) && a.task.Feedback != nil {
		return unheard(err)
	}
	if errors.Is(err, codybatch.ErrNotResumable) {
		return a.startOver(ctx, place, err)
	}
	if err != nil {
		return err
	}
	run.Earlier, run.Kept, run.Conversation = left.events, left.checkpoint.Answers, left.conversation
	return nil
}

// startOver puts the workspace back to the base commit, for a conversation that
// begins anew, and says why.
func (a *attempt) startOver(ctx context.Context, place *place, why error) error {
	a.result.ReusedFrom = ""
	a.Log.WarnContext(ctx, "an attempt starts over", "task", a.task.Key().String(), "error", why)
	if err := a.putCheckpoint(ctx, checkpoint{BaseCommit: a.result.BaseCommit}); err != nil {
		return err
	}
	if err := place.clear(ctx, a.result.BaseCommit); err != nil {
		return err
	}
	return a.record.event(ctx, codybatch.ThreadEvent{Type: codybatch.EventNotice, Reason: fmt.Sprintf("The attempt starts over: %s.", why)})
}

// readThread reads an attempt's thread so far; nothing if it has none. A line that can't be read is
// where a worker was killed.
func (a *attempt) readThread(ctx context.Context, attempt int) ([]codybatch.ThreadEvent, error) {
	return a.readEvents(ctx, codybatch.ThreadKey(a.task.Key(), attempt))
}

func (a *attempt) readEvents(ctx context.Context, key codybatch.ArtifactKey) ([]codybatch.ThreadEvent, error) {
	document, err := a.Artifacts.Open(ctx, key)
	if errors.Is(err, codybatch.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the thread so far: %w", err)
	}
	defer document.Close()
	var events []codybatch.ThreadEvent
	lines := bufio.NewReader(document)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return events, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read the thread so far: %w", err)
		}
		var event codybatch.ThreadEvent
		if json.Unmarshal(line, &event) == nil {
			events = append(events, event)
		}
	}
}
