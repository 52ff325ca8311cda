package main

import (
	"context"
	"fmt"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const largeTasks = 10_000

// large is a job with as many repositories as a job may have, in every status and
// with every outcome. Only each hundredth has a thread; all that changed something
// have a diff.
//
// A finished task is written once, from queued to its end, instead of twice: that
// is within what UpdateTask promises, and halves the time.
func (w *world) large(ctx context.Context, s scene, at time.Time) error {
	c := w.campaigns["ioutil"]
	repositories := make([]codybatch.Repository, largeTasks)
	for i := range repositories {
		name := fmt.Sprintf("%s/%s-%s-%04d", wideOwner, domains[i*37%len(domains)], kinds[i*11%len(kinds)].suffix, i)
		repositories[i] = codybatch.Repository{Name: codybatch.RepositoryName(name), Language: "Go"}
	}
	job, err := w.create(ctx, s.rank, s.name, at, c.spec(repositories))
	if err != nil {
		return err
	}
	r := random("large")
	for i, repository := range repositories {
		start := at.Add(time.Duration(i) * 1_300 * time.Millisecond)
		p := plot{job: job, repository: repository, change: c.on(repository), outcome: codybatch.OutcomeChanged, start: start}
		switch n := r.IntN(100); {
		case i == 0: // the first claim is when the job starts
			_, err = w.claim(ctx, key(job, repository), start)
			if err == nil {
				err = w.leap(ctx, p, 0)
			}
		case n < 62:
			err = w.leap(ctx, p, i)
		case n < 71:
			p.outcome = codybatch.OutcomeNoChanges
			err = w.leap(ctx, p, i)
		case n < 82:
			failures := codybatch.Outcomes()[2:]
			p.outcome = failures[r.IntN(len(failures))]
			err = w.leap(ctx, p, i)
		case n < 83:
			_, err = w.claim(ctx, key(job, repository), w.now.Add(-time.Duration(r.IntN(600))*time.Second))
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// leap takes a task from wherever it is to the end of its plot.
func (w *world) leap(ctx context.Context, p plot, i int) error {
	k := key(p.job, p.repository)
	told := tell(p)
	if i%100 != 0 {
		told.events, told.log = nil, ""
	}
	_, err := codybatch.Update(ctx, w.store, k, func(t codybatch.Task) (codybatch.Task, error) {
		if t.Status == codybatch.TaskQueued {
			var err error
			if t, err = t.Claimed(codybatch.Claim{Key: k, Attempt: t.Attempt, Worker: worker, Now: told.start}, 0); err != nil {
				return t, err
			}
		}
		if err := w.keepStory(ctx, k, t.Attempt, told); err != nil {
			return t, err
		}
		return t.Finished(worker, t.Attempt, told.result, told.end)
	})
	return err
}
