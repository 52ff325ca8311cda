package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// plotOf makes up what a task is about: the campaign of its job, or any.
func (w *world) plotOf(job codybatch.Job, task codybatch.Task, outcome codybatch.Outcome) (plot, error) {
	repository, err := w.forge.find(task.Repository)
	if err != nil {
		return plot{}, err
	}
	c := w.campaigns["bearer"]
	for _, other := range w.campaigns {
		if job.Prompt == other.prompt && job.Agent.Script == strings.TrimSpace(other.script) {
			c = other
		}
	}
	return plot{job: job, repository: repository, change: c.on(repository), outcome: outcome, start: w.clock.Now()}, nil
}

// start lets a worker take a task and say what it is told.
func (w *world) start(ctx context.Context, job codybatch.Job, task codybatch.Task) (codybatch.Task, error) {
	p, err := w.plotOf(job, task, codybatch.OutcomeChanged)
	if err != nil {
		return task, err
	}
	if task, err = w.claim(ctx, task.Key(), w.clock.Now()); err != nil {
		return task, err
	}
	t := newTalk(string(task.Repository), w.clock.Now())
	t.begin(job, p.repository, job.Prompt, p.facts())
	if _, err := w.append(ctx, task, t.events); err != nil {
		return task, err
	}
	return w.beat(ctx, task, w.clock.Now(), codybatch.PhaseAgent, "", task.Usage)
}

// wind brings a running task to its end.
func (w *world) wind(ctx context.Context, job codybatch.Job, task codybatch.Task, outcome codybatch.Outcome) (codybatch.Task, error) {
	now := w.clock.Now()
	if task.PublishesStored(job) && outcome == codybatch.OutcomeChanged {
		return w.publishStored(ctx, task.Key(), now, codybatch.PullRequestOpen)
	}
	p, err := w.plotOf(job, task, outcome)
	if err != nil {
		return task, err
	}
	whole := tell(p)
	rest := whole.events[whole.last:]
	last, err := w.append(ctx, task, nil)
	if err != nil {
		return task, err
	}
	if last == 0 {
		rest = whole.events
	}
	for i := range rest {
		rest[i].Time = now
	}
	if _, err := w.append(ctx, task, rest); err != nil {
		return task, err
	}
	if err := errors.Join(w.keep(ctx, codybatch.DiffKey(task.Key(), task.Attempt), whole.patch),
		w.keep(ctx, codybatch.LogKey(task.Key(), task.Attempt), []byte(whole.log))); err != nil {
		return task, err
	}
	whole.result.Usage = task.Usage.Add(usageOf(rest))
	return w.finish(ctx, task.Key(), whole.result, now)
}

// grow adds messages to a thread as the model would.
func (w *world) grow(ctx context.Context, job codybatch.Job, task codybatch.Task, count int) (answer, error) {
	p, err := w.plotOf(job, task, codybatch.OutcomeChanged)
	if err != nil {
		return answer{}, err
	}
	last, err := w.append(ctx, task, nil)
	if err != nil {
		return answer{}, err
	}
	t := newTalk(fmt.Sprint(task.Repository, last), w.clock.Now())
	t.cached = prefixTokens
	t.request()
	for n := int(last); len(t.events) < count; n++ {
		p.ramble(t, n)
	}
	events := t.events[:count]
	for i := range events {
		events[i].Time = w.clock.Now()
	}
	if last, err = w.append(ctx, task, events); err != nil {
		return answer{}, err
	}
	task, err = w.beat(ctx, task, w.clock.Now(), codybatch.PhaseAgent, "", task.Usage.Add(usageOf(events)))
	a, err := told(task, err)
	a.Count, a.Event = count, last
	return a, err
}

// append adds events to the thread of a task's attempt, and returns the number of
// its last one.
func (w *world) append(ctx context.Context, task codybatch.Task, events []codybatch.ThreadEvent) (int64, error) {
	name := codybatch.ThreadKey(task.Key(), task.Attempt)
	var last int64
	document, err := w.artifacts.Open(ctx, name)
	switch {
	case err == nil:
		data, err := io.ReadAll(document)
		document.Close()
		if err != nil {
			return 0, err
		}
		last = int64(bytes.Count(data, []byte("\n")))
	case !errors.Is(err, codybatch.ErrNotFound):
		return 0, err
	}
	return last + int64(len(events)), w.keep(ctx, name, lines(events, task.Attempt, last))
}

// storm moves task after task one step on: queued ones start, running ones take
// the next phase, and end after the last.
func (w *world) storm(ctx context.Context, job codybatch.Job, count int) (answer, error) {
	phases := []codybatch.Phase{codybatch.PhaseAgent, codybatch.PhaseVerifying, codybatch.PhaseStoring}
	changed := 0
	for changed < count {
		before := changed
		for _, status := range []codybatch.TaskStatus{codybatch.TaskRunning, codybatch.TaskQueued} {
			page, err := w.store.Tasks(ctx, codybatch.TaskQuery{JobID: job.ID, Status: status, Limit: min(1_000, count-changed+1)})
			if err != nil {
				return answer{}, err
			}
			for _, task := range page.Tasks {
				if changed == count {
					break
				}
				if err := w.nudge(ctx, job, task, phases); err != nil {
					return answer{}, err
				}
				changed++
			}
		}
		if before == changed { // all have ended
			break
		}
	}
	job, err := w.store.Job(ctx, job.ID)
	return answer{Count: changed, Seq: 2*job.Seq + 1}, err
}

func (w *world) nudge(ctx context.Context, job codybatch.Job, task codybatch.Task, phases []codybatch.Phase) error {
	if task.Status == codybatch.TaskQueued {
		_, err := w.claim(ctx, task.Key(), w.clock.Now())
		return err
	}
	for i, phase := range phases[:len(phases)-1] {
		if task.Phase == phase {
			_, err := w.beat(ctx, task, w.clock.Now(), phases[i+1], "", task.Usage)
			return err
		}
	}
	if task.Phase != phases[len(phases)-1] {
		_, err := w.beat(ctx, task, w.clock.Now(), phases[0], "", task.Usage)
		return err
	}
	_, err := w.wind(ctx, job, task, codybatch.OutcomeChanged)
	return err
}

// settle does what workers would soon do when a person has asked for something.
func (w *world) settle(ctx context.Context, job codybatch.Job) (answer, error) {
	settled := 0
	for _, status := range []codybatch.TaskStatus{codybatch.TaskRunning, codybatch.TaskQueued} {
		q := codybatch.TaskQuery{JobID: job.ID, Status: status, Limit: 1_000}
		for {
			page, err := w.store.Tasks(ctx, q)
			if err != nil {
				return answer{}, err
			}
			for _, task := range page.Tasks {
				done, err := w.settleTask(ctx, job, task)
				if err != nil {
					return answer{}, err
				}
				if done {
					settled++
				}
			}
			if q.Cursor = page.NextCursor; q.Cursor == "" {
				break
			}
		}
	}
	job, err := w.store.Job(ctx, job.ID)
	return answer{Count: settled, Seq: 2*job.Seq + 1}, err
}

func (w *world) settleTask(ctx context.Context, job codybatch.Job, task codybatch.Task) (bool, error) {
	now := w.clock.Now()
	switch {
	case task.Status == codybatch.TaskRunning && (task.CancelRequested || job.CancelRequested):
		result := codybatch.TaskResult{Outcome: codybatch.OutcomeCanceled, Engine: job.Engine, Usage: task.Usage}
		_, err := w.finish(ctx, task.Key(), result, now)
		return true, err
	case task.Status == codybatch.TaskQueued && task.PublishesStored(job):
		if _, err := w.claim(ctx, task.Key(), now); err != nil {
			return false, err
		}
		_, err := w.publishStored(ctx, task.Key(), now, codybatch.PullRequestOpen)
		return true, err
	default:
		return false, nil
	}
}
