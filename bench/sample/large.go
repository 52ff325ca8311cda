package main

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const (
	largeTasks = 10_000
	templates  = 7 // stories for each outcome, which the tasks share but for their names
)

// large is a job with as many repositories as a job may have, in every status and
// with every outcome.
//
// Each task is written once, from queued to where it is now, and not twice: that is
// within what UpdateTask promises, and halves the time. Documents are promised.
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
	l := &largeJob{world: w, job: job, campaign: c, told: map[string]story{}, random: random("large")}
	q := codybatch.TaskQuery{JobID: job.ID, Limit: 1_000}
	for {
		page, err := w.store.Tasks(ctx, q)
		if err != nil {
			return err
		}
		for _, task := range page.Tasks {
			if err := l.move(ctx, task, repositories[task.Index]); err != nil {
				return err
			}
		}
		if q.Cursor = page.NextCursor; q.Cursor == "" {
			return nil
		}
	}
}

type largeJob struct {
	*world
	job      codybatch.Job
	campaign campaign
	told     map[string]story
	random   *rand.Rand
}

// move takes a queued task to where it is now. The first one is claimed by itself,
// because that is when the job starts.
func (l *largeJob) move(ctx context.Context, task codybatch.Task, repository codybatch.Repository) error {
	start := l.job.CreatedAt.Add(time.Second + time.Duration(task.Index)*1_300*time.Millisecond)
	outcome := codybatch.OutcomeChanged
	n := l.random.IntN(100)
	switch failures := codybatch.Outcomes()[2:]; {
	case task.Index == 0:
		var err error
		if task, err = l.claim(ctx, task.Key(), start); err != nil {
			return err
		}
	case n < 62:
	case n < 71:
		outcome = codybatch.OutcomeNoChanges
	case n < 82:
		outcome = failures[l.random.IntN(len(failures))]
	case n < 83:
		_, err := l.claim(ctx, task.Key(), l.now.Add(-time.Duration(l.random.IntN(600))*time.Second))
		return err
	default:
		return nil
	}
	p := plot{job: l.job, repository: repository, outcome: outcome, start: start}
	told := l.template(p, task.Index)
	next, err := task, error(nil)
	if next.Status == codybatch.TaskQueued {
		next, err = next.Claimed(codybatch.Claim{Key: task.Key(), Attempt: task.Attempt, Worker: worker, Now: start, LeaseUntil: start.Add(farAway)}, 0)
	}
	if err == nil {
		next, err = next.Finished(worker, task.Attempt, told.result, start.Add(told.end.Sub(told.start)))
	}
	if err != nil {
		return err
	}
	l.promise(task, p)
	_, err = l.store.UpdateTask(ctx, task, next)
	return err
}

// template is a story with the plot's outcome, which another repository has had.
func (l *largeJob) template(p plot, index int) story {
	name := fmt.Sprint(p.outcome, index%templates)
	told, ok := l.told[name]
	if !ok {
		told = l.tell(p)
		l.told[name] = told
	}
	told.result.BaseCommit = commit(string(p.repository.Name))
	return told
}

func (l *largeJob) tell(p plot) story {
	p.change = l.campaign.on(p.repository)
	return tell(p)
}

func (l *largeJob) promise(task codybatch.Task, p plot) {
	k := task.Key()
	l.artifacts.promise(codybatch.ThreadKey(k, 1), func() []byte { return lines(l.tell(p).events, 1, 0) })
	l.artifacts.promise(codybatch.LogKey(k, 1), func() []byte { return []byte(l.tell(p).log) })
	if p.outcome.Status() == codybatch.TaskSucceeded || p.outcome == codybatch.OutcomeVerifyFailed || p.outcome == codybatch.OutcomeGateBlocked {
		l.artifacts.promise(codybatch.DiffKey(k, 1), func() []byte { return l.tell(p).patch })
	}
}
