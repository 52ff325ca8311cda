package main

import (
	"context"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// now of a running repository: how long it has been running, and what it does.
var underWay = []struct {
	since      time.Duration
	phase      codybatch.Phase
	waitingFor string
	part       float64 // of its story, that has been told
}{
	{4 * time.Second, codybatch.PhaseResolving, "", 0},
	{11 * time.Second, codybatch.PhaseCloning, "", 0},
	{38 * time.Second, codybatch.PhaseBaseline, "", 0.08},
	{2*time.Minute + 10*time.Second, codybatch.PhaseAgent, "", 0.5},
	{3*time.Minute + 41*time.Second, codybatch.PhaseAgent, "", 0.75},
	{5*time.Minute + 2*time.Second, codybatch.PhaseAgent, "429 rate_limit_error: This request would exceed your organization's rate limit of 2,000,000 input tokens per minute. Try 3 of 11 in 42s.", 0.6},
	{6*time.Minute + 20*time.Second, codybatch.PhaseVerifying, "", 0.97},
	{7*time.Minute + 55*time.Second, codybatch.PhaseStoring, "", 1},
}

const runningDone, runningFailed, runningAll = 22, 2, 60

// running is a job in the middle of its work.
func (w *world) running(ctx context.Context, s scene, at time.Time) error {
	c := w.campaigns["ioutil"]
	repositories := w.forge.some("Go", 120, runningAll)
	spec := c.spec(repositories)
	budget := codybatch.USD(130)
	spec.MaxCost = &budget
	job, err := w.create(ctx, s.rank, s.name, at, spec)
	if err != nil {
		return err
	}
	var steps steps
	done := repositories[:runningDone+runningFailed]
	w.plays(&steps, job, c, done, 8, func(i int, p *plot) {
		switch {
		case i == 5 || i == 17:
			p.outcome, p.change.files = codybatch.OutcomeVerifyFailed, p.change.files[:1]
		case i%9 == 7:
			p.outcome = codybatch.OutcomeNoChanges
		}
	})
	for i, doing := range underWay {
		repository := repositories[len(done)+i]
		started := w.now.Add(-doing.since)
		told := tell(plot{job: job, repository: repository, change: c.on(repository), outcome: codybatch.OutcomeChanged, start: started})
		steps.add(started, func(ctx context.Context) error {
			task, err := w.claim(ctx, key(job, repository), started)
			if err != nil {
				return err
			}
			events := shorten(told, doing.part, started, w.now.Add(-9*time.Second))
			if doing.waitingFor != "" {
				events = append(events, codybatch.ThreadEvent{Type: codybatch.EventRetry, Time: w.now.Add(-8 * time.Second), Reason: doing.waitingFor})
			}
			if err := w.keep(ctx, codybatch.ThreadKey(task.Key(), task.Attempt), lines(events, task.Attempt, 0)); err != nil {
				return err
			}
			_, err = w.beat(ctx, task, w.now.Add(-8*time.Second), doing.phase, doing.waitingFor, usageOf(events))
			return err
		})
	}
	return steps.run(ctx)
}

// shorten is the first part of a story, spread over the time that it has had.
func shorten(s story, part float64, from, to time.Time) []codybatch.ThreadEvent {
	n := int(part * float64(len(s.events)))
	events := make([]codybatch.ThreadEvent, n)
	for i := range events {
		events[i] = s.events[i]
		events[i].Time = from.Add(to.Sub(from) / time.Duration(n) * time.Duration(i+1))
	}
	return events
}

// usageOf sums up what the model took in a thread.
func usageOf(events []codybatch.ThreadEvent) codybatch.Usage {
	var sum codybatch.Usage
	for _, event := range events {
		if event.Type == codybatch.EventAssistant && event.Usage != nil {
			sum = sum.Add(*event.Usage)
		}
	}
	return sum
}
