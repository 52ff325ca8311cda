package main

import (
	"context"
	"fmt"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// done makes a job and lets it run to its end.
func (w *world) done(ctx context.Context, rank int, name string, at time.Time, c campaign, repositories []codybatch.Repository, how func(i int, p *plot)) error {
	job, err := w.create(ctx, rank, name, at, c.spec(repositories))
	if err != nil {
		return err
	}
	var steps steps
	w.plays(&steps, job, c, repositories, 4, how)
	return steps.run(ctx)
}

// tryon is the first step of a larger job: three repositories, to see what comes.
func (w *world) tryon(ctx context.Context, s scene, at time.Time) error {
	repositories := append(w.forge.some("TypeScript", 40, 2), w.forge.some("TypeScript", 60, 1)...)
	return w.done(ctx, s.rank, s.name, at, w.campaigns["fetch"], repositories, func(int, *plot) {})
}

// emptyResult is a job that was not needed.
func (w *world) emptyResult(ctx context.Context, s scene, at time.Time) error {
	return w.done(ctx, s.rank, s.name, at, w.campaigns["utcnow"], w.forge.some("Python", 20, 20), func(_ int, p *plot) {
		p.outcome = codybatch.OutcomeNoChanges
	})
}

// script is a job without a model.
func (w *world) script(ctx context.Context, s scene, at time.Time) error {
	return w.done(ctx, s.rank, s.name, at, w.campaigns["license"], w.forge.some("Java", 40, 18), func(i int, p *plot) {
		if i%6 == 4 {
			p.outcome = codybatch.OutcomeNoChanges
		}
	})
}

// canceled is a job that a person stopped in the middle.
func (w *world) canceled(ctx context.Context, s scene, at time.Time) error {
	c := w.campaigns["log4j"]
	repositories := w.forge.some("Java", 60, 24)
	job, err := w.create(ctx, s.rank, s.name, at, c.spec(repositories))
	if err != nil {
		return err
	}
	var steps steps
	stories := w.plays(&steps, job, c, repositories[:9], 3, func(i int, p *plot) {
		if i > 6 {
			p.outcome = codybatch.OutcomeCanceled
		}
	})
	stop := endOf(stories).Add(time.Second)
	steps.add(stop, func(ctx context.Context) error {
		w.clock.set(stop)
		_, err := w.service.CancelJob(ctx, job.ID)
		return err
	})
	return steps.run(ctx)
}

// queued is a job that nobody has begun.
func (w *world) queued(ctx context.Context, s scene, at time.Time) error {
	_, err := w.create(ctx, s.rank, s.name, at, w.campaigns["security"].spec(w.forge.some("Python", 45, 12)))
	return err
}

// history is 40 small jobs over the last 30 days: what lists, sums and estimates go
// by.
func (w *world) history(ctx context.Context, s scene, at time.Time) error {
	const jobs = 40
	r := random("history")
	names := []string{"ioutil", "utcnow", "fetch", "log4j", "security", "bearer"}
	languages := map[string]string{"ioutil": "Go", "utcnow": "Python", "fetch": "TypeScript", "log4j": "Java", "security": "HCL", "bearer": "Go"}
	step := 25 * 24 * time.Hour / jobs // the days of the other scenes are left free
	for i := range jobs {
		name := names[r.IntN(len(names))]
		c := w.campaigns[name]
		team := domains[r.IntN(len(domains))]
		c.title = fmt.Sprintf("%s (%s)", c.title, team)
		repositories := w.forge.some(languages[name], r.IntN(30), 1+r.IntN(6))
		start := at.Add(step * time.Duration(i)).Add(time.Duration(r.IntN(14*3600)) * time.Second)
		if err := w.done(ctx, s.rank+i, fmt.Sprintf("history-%02d", i+1), start, c, repositories, func(n int, p *plot) {
			switch (i*7 + n) % 13 {
			case 0:
				p.outcome = codybatch.OutcomeNoChanges
			case 5:
				p.outcome = codybatch.OutcomeVerifyFailed
			case 9:
				p.outcome = codybatch.OutcomeAPIError
			}
		}); err != nil {
			return err
		}
	}
	return nil
}
