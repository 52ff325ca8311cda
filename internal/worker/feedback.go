package worker

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// takeUpFeedback makes the conversation that a person's remark is about this
// attempt's own: its thread with the remark at the end, and its diff as the
// checkpoint. If that was done already and interrupted, what is there is gone on
// with.
func (a *attempt) takeUpFeedback(ctx context.Context, feedback codybatch.Feedback) (*leftover, error) {
	left, err := a.findHeard(ctx, feedback)
	if err != nil || left != nil {
		return left, err
	}
	events, err := a.readThread(ctx, feedback.About)
	if err != nil {
		return nil, err
	}
	answers := countAnswers(events)
	if answers == 0 {
		return nil, unheard(fmt.Errorf("%w: the thread of attempt %d has no answer of the model", codybatch.ErrNotResumable, feedback.About))
	}
	patch, err := a.readDiff(ctx)
	if err != nil {
		return nil, err
	}
	if err := a.putCheckpoint(ctx, checkpoint{BaseCommit: a.task.BaseCommit, Answers: answers, Patch: patch}); err != nil {
		return nil, err
	}
	key := a.task.Key()
	err = a.copyArtifact(ctx, codybatch.ConversationKey(key, feedback.About), codybatch.ConversationKey(key, a.task.Attempt))
	if err != nil && !errors.Is(err, codybatch.ErrNotFound) {
		return nil, err
	}
	if err := a.copyArtifact(ctx, codybatch.ThreadKey(key, feedback.About), codybatch.ThreadKey(key, a.task.Attempt)); err != nil {
		return nil, err
	}
	if err := a.record.event(ctx, codybatch.ThreadEvent{Type: codybatch.EventFeedback, Reason: feedback.Message}); err != nil {
		return nil, err
	}
	return a.readLeftover(ctx)
}

// findHeard finds the newest attempt that had taken up the remark, and books the
// calls that its worker was killed too early to report. It returns nil if there is
// none, or if two workers in a row were lost with it: going on may be what kills
// them.
func (a *attempt) findHeard(ctx context.Context, feedback codybatch.Feedback) (*leftover, error) {
	for n := a.task.Attempt; n >= feedback.First; n-- {
		events, err := a.readThread(ctx, n)
		if err != nil {
			return nil, err
		}
		heard := slices.IndexFunc(events, func(e codybatch.ThreadEvent) bool {
			return e.Type == codybatch.EventFeedback && e.Attempt >= feedback.First
		})
		if heard < 0 {
			continue
		}
		var booked codybatch.Usage
		if a.task.Interrupted != nil {
			booked = a.task.Interrupted.Usage
		}
		a.spend(beyond(usageOf(events[heard:]), booked))
		if n < a.task.Attempt && a.task.Lost > 1 {
			return nil, nil
		}
		if err := a.copyConversation(ctx, n); err != nil {
			return nil, err
		}
		answers := countAnswers(events[heard:])
		err = a.record.event(ctx, codybatch.ThreadEvent{Type: codybatch.EventNotice, Reason: fmt.Sprintf(
			"Attempt %d was interrupted. The conversation goes on: %d answers to the remark are there and are not paid for again.", n, answers)})
		if err != nil {
			return nil, err
		}
		return a.readLeftover(ctx)
	}
	return nil, nil
}

// readLeftover reads what this attempt goes on with.
func (a *attempt) readLeftover(ctx context.Context) (*leftover, error) {
	events, err := a.readThread(ctx, a.task.Attempt)
	if err != nil {
		return nil, err
	}
	kept, err := a.lastCheckpoint(ctx)
	if err != nil {
		return nil, err
	}
	conversation, err := a.readConversation(ctx)
	return &leftover{events: events, base: a.task.BaseCommit, checkpoint: kept, conversation: conversation}, err
}

// readDiff reads the task's diff; nil if it has none.
func (a *attempt) readDiff(ctx context.Context) ([]byte, error) {
	if !a.task.HasDiff {
		return nil, nil
	}
	patch, err := a.readPatch(ctx, codybatch.DiffKey(a.task.Key(), a.task.DiffAttempt))
	if errors.Is(err, codybatch.ErrNotResumable) {
		return nil, unheard(err)
	}
	return patch, err
}

// readPatch reads a diff that is to be a checkpoint. The error is ErrNotResumable where
// that can't be.
func (a *attempt) readPatch(ctx context.Context, key codybatch.ArtifactKey) ([]byte, error) {
	document, err := a.Artifacts.Open(ctx, key)
	if errors.Is(err, codybatch.ErrNotFound) {
		return nil, fmt.Errorf("%w: its diff is gone", codybatch.ErrNotResumable)
	}
	if err != nil {
		return nil, fmt.Errorf("read the stored diff: %w", err)
	}
	defer document.Close()
	var patch bytes.Buffer
	switch n, err := io.Copy(&patch, io.LimitReader(document, maxCheckpoint+1)); {
	case err != nil:
		return nil, fmt.Errorf("read the stored diff: %w", err)
	case n > maxCheckpoint:
		return nil, fmt.Errorf("%w: its diff is larger than %d MiB", codybatch.ErrNotResumable, maxCheckpoint>>20)
	default:
		return patch.Bytes(), nil
	}
}

// unheard tells a person that a remark did not reach the model.
func unheard(err error) error {
	return fmt.Errorf("the remark was not passed on: %w. Nothing was asked of the model, and the diff is kept; retry does the task anew, without the remark", err)
}

// isUnheard reports whether the agent's run ended before the model answered anything
// to a person's remark: the API was down, or the key was refused, or the money or
// the time was up. One that was broken off is none, also when it was paid for. Answers
// from before an interruption count, but for a refused key: that one is put right, and
// the conversation is gone on with.
func (a *attempt) isUnheard(left *leftover, ended codybatch.AgentResult, err error) bool {
	if a.task.Feedback == nil || a.record.isHeard() {
		return false
	}
	switch {
	case err == nil && ended.Outcome.Status() == codybatch.TaskSucceeded:
		return false
	case err == nil && ended.Outcome == codybatch.OutcomeAuthError:
		return true
	}
	last := len(left.events) - 1
	for last >= 0 && left.events[last].Type != codybatch.EventFeedback {
		last--
	}
	return countAnswers(left.events[last+1:]) == 0
}

// giveUpFeedback makes the attempt one that changed nothing, for its results are
// what the next remark is about.
func (a *attempt) giveUpFeedback() { a.result = codybatch.TaskResult{Untouched: true} }

func countAnswers(events []codybatch.ThreadEvent) int {
	answers := 0
	for _, event := range events {
		switch {
		case event.Type == codybatch.EventRequest && event.N == 1:
			answers = 0 // it started over
		case event.Type == codybatch.EventAssistant:
			answers++
		}
	}
	return answers
}

// usageOf is what the model's answers in a thread took.
func usageOf(events []codybatch.ThreadEvent) codybatch.Usage {
	var usage codybatch.Usage
	for _, event := range events {
		if event.Usage != nil && event.Type != codybatch.EventRunEnd { // that is the sum
			usage = usage.Add(*event.Usage)
		}
	}
	return usage
}
