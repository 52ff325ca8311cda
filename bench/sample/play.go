package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// farAway is when leases run out: nobody looks for lost work here, and nothing is
// to look lost.
const farAway = 365 * 24 * time.Hour

const worker = "sample-worker"

// claim takes a task as a worker would.
func (w *world) claim(ctx context.Context, key codybatch.TaskKey, at time.Time) (codybatch.Task, error) {
	task, err := w.store.Task(ctx, key)
	if err != nil {
		return task, err
	}
	task, _, err = w.store.ClaimTask(ctx, codybatch.Claim{Key: key, Attempt: task.Attempt, Worker: worker, Now: at, LeaseUntil: at.Add(farAway)})
	return task, err
}

// beat tells what a running task is doing.
func (w *world) beat(ctx context.Context, task codybatch.Task, at time.Time, phase codybatch.Phase, waitingFor string, usage codybatch.Usage) (codybatch.Task, error) {
	return w.store.ExtendLease(ctx, task.Key(), worker, task.Attempt, codybatch.Beat{
		Now: at, LeaseUntil: at.Add(farAway), Phase: phase, WaitingFor: waitingFor, Usage: usage,
	})
}

// store keeps the documents of a story, which come before the row.
func (w *world) keepStory(ctx context.Context, key codybatch.TaskKey, attempt int, s story) error {
	return errors.Join(
		w.keep(ctx, codybatch.ThreadKey(key, attempt), lines(s.events, attempt, 0)),
		w.keep(ctx, codybatch.LogKey(key, attempt), []byte(s.log)),
		w.keep(ctx, codybatch.DiffKey(key, attempt), s.patch),
	)
}

// finish ends a running task.
func (w *world) finish(ctx context.Context, key codybatch.TaskKey, result codybatch.TaskResult, at time.Time) (codybatch.Task, error) {
	return codybatch.Update(ctx, w.store, key, func(t codybatch.Task) (codybatch.Task, error) {
		return t.Finished(worker, t.Attempt, result, at)
	})
}

// publish lets a diff be published: a person asks for it, and an attempt does it.
func (w *world) publish(ctx context.Context, key codybatch.TaskKey, at time.Time, state codybatch.PullRequestState) error {
	_, err := codybatch.Update(ctx, w.store, key, func(t codybatch.Task) (codybatch.Task, error) { return t.Publishing(at) })
	if err != nil {
		return err
	}
	if _, err := w.claim(ctx, key, at.Add(2*time.Second)); err != nil {
		return err
	}
	_, err = w.publishStored(ctx, key, at.Add(9*time.Second), state)
	return err
}

// publishStored ends a running attempt that is there to publish what is stored.
func (w *world) publishStored(ctx context.Context, key codybatch.TaskKey, at time.Time, state codybatch.PullRequestState) (codybatch.Task, error) {
	task, err := w.store.Task(ctx, key)
	if err != nil {
		return task, err
	}
	for _, name := range []func(codybatch.TaskKey, int) codybatch.ArtifactKey{codybatch.DiffKey, codybatch.ThreadKey, codybatch.LogKey} {
		if err := w.copyDocument(ctx, name(key, task.DiffAttempt), name(key, task.Attempt)); err != nil {
			return task, err
		}
	}
	job, err := w.store.Job(ctx, key.JobID)
	if err != nil {
		return task, err
	}
	pr, _, err := w.forge.EnsurePullRequest(ctx, key.Repository, job.PullRequest)
	if err != nil {
		return task, err
	}
	pr.State = state
	return w.finish(ctx, key, codybatch.TaskResult{
		Outcome: codybatch.OutcomeChanged, Engine: task.Engine, Summary: task.Summary, BaseCommit: task.BaseCommit, ReusedFrom: task.ReusedFrom,
		HasDiff: true, Accepted: true, DiffStat: task.DiffStat, Fingerprint: task.Fingerprint, Verified: task.Verified, Gates: task.Gates,
		Branch: job.PullRequest.Branch, HeadCommit: commit("head of " + string(key.Repository)), PullRequest: &pr,
	}, at)
}

func (w *world) copyDocument(ctx context.Context, from, to codybatch.ArtifactKey) error {
	if from == to {
		return nil
	}
	document, err := w.artifacts.Open(ctx, from)
	if errors.Is(err, codybatch.ErrNotFound) {
		return nil
	}
	if err != nil {
		return err
	}
	defer document.Close()
	data, err := io.ReadAll(document)
	if err != nil {
		return err
	}
	return w.keep(ctx, to, data)
}

// review records a verdict at some time.
func (w *world) review(ctx context.Context, key codybatch.TaskKey, at time.Time, decision codybatch.ReviewDecision, note string) error {
	w.clock.set(at)
	_, err := w.service.ReviewTask(ctx, key, decision, note)
	return err
}

// steps are what happened in a job. They are done in the order of their times,
// whatever the order in which they are told: that decides what comes last, and Seq.
type steps []step

type step struct {
	at time.Time
	do func(ctx context.Context) error
}

func (s *steps) add(at time.Time, do func(ctx context.Context) error) { *s = append(*s, step{at, do}) }

func (s *steps) run(ctx context.Context) error {
	slices.SortStableFunc(*s, func(a, b step) int { return a.at.Compare(b.at) })
	for _, step := range *s {
		if err := step.do(ctx); err != nil {
			return fmt.Errorf("at %s: %w", step.at.Format(time.DateTime), err)
		}
	}
	return nil
}

// attempt plans an attempt from claim to finish.
func (w *world) attempt(s *steps, key codybatch.TaskKey, told story) {
	s.add(told.start, func(ctx context.Context) error {
		_, err := w.claim(ctx, key, told.start)
		return err
	})
	s.add(told.end, func(ctx context.Context) error {
		task, err := w.store.Task(ctx, key)
		if err != nil {
			return err
		}
		if err := w.keepStory(ctx, key, task.Attempt, told); err != nil {
			return err
		}
		_, err = w.finish(ctx, key, told.result, told.end)
		return err
	})
}

// lanes are workers: each takes the next task when it is free.
type lanes []time.Time

func newLanes(count int, start time.Time) lanes {
	l := make(lanes, count)
	for i := range l {
		l[i] = start.Add(time.Duration(i) * 130 * time.Millisecond)
	}
	return l
}

// next is the lane that is free first.
func (l lanes) next() *time.Time {
	first := 0
	for i := range l {
		if l[i].Before(l[first]) {
			first = i
		}
	}
	return &l[first]
}
