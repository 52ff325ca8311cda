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
}

// findLeftover takes over the thread, the log and the checkpoint of the attempt
// that was interrupted, and books the calls that its worker was killed too early
// to report. It returns nil if there is nothing to go on with.
func (a *attempt) findLeftover(ctx context.Context) (*leftover, error) {
	interrupted := a.task.Interrupted
	if interrupted == nil || a.publishesStored() {
		return nil, nil
	}
	if interrupted.Attempt != a.task.Attempt {
		for _, key := range []func(codybatch.TaskKey, int) codybatch.ArtifactKey{codybatch.CheckpointKey, codybatch.LogKey, codybatch.ThreadKey} {
			err := a.copyArtifact(ctx, key(a.task.Key(), interrupted.Attempt), key(a.task.Key(), a.task.Attempt))
			if err != nil && !errors.Is(err, codybatch.ErrNotFound) {
				return nil, err
			}
		}
	}
	events, err := a.readThread(ctx)
	if err != nil || len(events) == 0 {
		return nil, err
	}
	left := &leftover{events: events}
	var booked codybatch.Usage
	answers := 0
	for _, event := range events {
		switch {
		case event.Type == codybatch.EventRunStart:
			left.base = event.BaseCommit
		case event.ReusedFrom != "": // another job's conversation, which it paid for
			return nil, nil
		case event.Usage != nil && event.Type != codybatch.EventRunEnd: // that is the sum
			booked = booked.Add(*event.Usage)
		}
		if event.Type == codybatch.EventAssistant {
			answers++
		}
	}
	a.spend(beyond(booked, interrupted.Usage))
	if left.checkpoint, err = a.lastCheckpoint(ctx); err != nil {
		return nil, err
	}
	if answers == 0 || left.checkpoint.BaseCommit != "" && left.checkpoint.BaseCommit != left.base {
		return nil, nil
	}
	return left, a.record.event(ctx, codybatch.ThreadEvent{Type: codybatch.EventNotice, Reason: fmt.Sprintf(
		"Attempt %d was interrupted. The conversation goes on: %d answers of the model are there and are not paid for again.", interrupted.Attempt, answers)})
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

// putLeftover brings a fresh workspace to where the interrupted attempt was.
func (a *attempt) putLeftover(ctx context.Context, place *place, left *leftover) error {
	if len(left.checkpoint.Patch) == 0 {
		return nil
	}
	if err := place.git.Apply(ctx, bytes.NewReader(left.checkpoint.Patch)); err != nil {
		return fmt.Errorf("go on with an attempt that was interrupted: %w. Retry the task to start over", err)
	}
	return nil
}

// readThread reads the attempt's thread so far. A line that can't be read is
// where a worker was killed.
func (a *attempt) readThread(ctx context.Context) ([]codybatch.ThreadEvent, error) {
	document, err := a.Artifacts.Open(ctx, codybatch.ThreadKey(a.task.Key(), a.task.Attempt))
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
