package main

import (
	"context"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// longthread is conversations that try a viewer: one of 5,000 messages that still
// grows, and one whose tools have much to say.
func (w *world) longthread(ctx context.Context, s scene, at time.Time) error {
	c := w.campaigns["fetch"]
	c.title = "Conversations of every length"
	repositories := w.forge.some("TypeScript", 80, 3)
	spec := c.spec(repositories)
	most := codybatch.USD(60)
	spec.Agent.MaxTurns, spec.Agent.MaxCost = codybatch.MaxTurnsLimit, &most
	job, err := w.create(ctx, s.rank, s.name, at, spec)
	if err != nil {
		return err
	}
	for i, messages := range []int{5_000, 50} {
		repository := repositories[i]
		started := at.Add(time.Duration(i+1) * 2 * time.Second)
		task, err := w.claim(ctx, key(job, repository), started)
		if err != nil {
			return err
		}
		p := plot{job: job, repository: repository, change: c.on(repository), outcome: codybatch.OutcomeChanged, start: started}
		t := newTalk(string(repository.Name), started)
		t.begin(job, repository, job.Prompt, p.facts())
		for n := 0; 2*n+2 < messages; n++ { // each turn has an answer and what the tool says
			p.ramble(t, n)
			if i == 1 && n == 9 {
				t.turn(turn{tool: "bash", input: map[string]any{"command": "npm test -- --reporter=verbose"}, output: testLog(200 << 10), exit: new(int), cut: true})
			}
		}
		spread(t.events, started, w.now.Add(-10*time.Second))
		if err := w.keep(ctx, codybatch.ThreadKey(task.Key(), 1), lines(t.events, 1, 0)); err != nil {
			return err
		}
		if _, err := w.beat(ctx, task, w.now.Add(-10*time.Second), codybatch.PhaseAgent, "", t.usage); err != nil {
			return err
		}
	}
	return nil
}

// spread gives events the time between two moments.
func spread(events []codybatch.ThreadEvent, from, to time.Time) {
	for i := range events {
		events[i].Time = from.Add(to.Sub(from) / time.Duration(len(events)) * time.Duration(i+1))
	}
}
