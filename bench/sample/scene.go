package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// A scene is one job, or a few that belong together.
type scene struct {
	name string
	rank int           // of its first job; ids sort by it
	age  time.Duration // of that job at the start of the server
	seed func(w *world, ctx context.Context, s scene, at time.Time) error
}

// scenes are in the order of their ages, oldest first.
func scenes() []scene {
	const day = 24 * time.Hour
	return []scene{
		{"history", 1, 30 * day, (*world).history},
		{"canceled", 101, 4 * day, (*world).canceled},
		{"empty-result", 102, 3 * day, (*world).emptyResult},
		{"script", 103, 2 * day, (*world).script},
		{"fleet", 104, 27 * time.Hour, (*world).fleet},
		{"hostile", 105, 7 * time.Hour, (*world).hostile},
		{"bigdiff", 106, 6 * time.Hour, (*world).bigdiff},
		{"large", 107, 4 * time.Hour, (*world).large},
		{"tryon", 108, 2 * time.Hour, (*world).tryon},
		{"longthread", 109, 50 * time.Minute, (*world).longthread},
		{"running", 110, 19 * time.Minute, (*world).running},
		{"queued", 111, 2 * time.Minute, (*world).queued},
	}
}

func sceneNames() []string {
	var names []string
	for _, s := range scenes() {
		names = append(names, s.name)
	}
	return names
}

// seed makes the scenes that are named, separated by commas, or all.
func (w *world) seed(ctx context.Context, names string) error {
	asked := strings.Split(names, ",")
	for _, name := range asked {
		if name != "all" && !slices.Contains(sceneNames(), name) {
			return fmt.Errorf("there is no scene %q; there are %s", name, strings.Join(sceneNames(), ", "))
		}
	}
	for _, s := range scenes() {
		if !slices.Contains(asked, "all") && !slices.Contains(asked, s.name) {
			continue
		}
		if err := s.seed(w, ctx, s, w.now.Add(-s.age)); err != nil {
			return fmt.Errorf("seed %s: %w", s.name, err)
		}
	}
	w.clock.goOn(w.now)
	return nil
}

// key names a task of a job.
func key(job codybatch.Job, repository codybatch.Repository) codybatch.TaskKey {
	return codybatch.TaskKey{JobID: job.ID, Repository: repository.Name}
}

// plays lets workers do a job from its beginning: outcome says how each repository
// ends, with what there is to add to its plot.
func (w *world) plays(s *steps, job codybatch.Job, c campaign, repositories []codybatch.Repository, workers int, how func(i int, p *plot)) []story {
	lanes := newLanes(workers, job.CreatedAt.Add(3*time.Second))
	stories := make([]story, len(repositories))
	for i, repository := range repositories {
		lane := lanes.next()
		p := plot{job: job, repository: repository, change: c.on(repository), outcome: codybatch.OutcomeChanged, start: *lane}
		how(i, &p)
		if p.again {
			p.start = w.failFirst(s, p)
		}
		stories[i] = tell(p)
		w.attempt(s, p.key(), stories[i])
		*lane = stories[i].end.Add(time.Second)
	}
	return stories
}

// failFirst adds an attempt that the API was too busy for, and returns when the next
// one begins.
func (w *world) failFirst(s *steps, p plot) time.Time {
	p.outcome, p.gates = codybatch.OutcomeAPIError, nil
	failed := tell(p)
	w.attempt(s, p.key(), failed)
	retried := failed.end.Add(90 * time.Second)
	s.add(retried, func(ctx context.Context) error {
		_, err := codybatch.Update(ctx, w.store, p.key(), func(t codybatch.Task) (codybatch.Task, error) { return t.Retried(retried) })
		return err
	})
	return retried.Add(2 * time.Second)
}

// endOf is when the last of the stories ends.
func endOf(stories []story) time.Time {
	var last time.Time
	for _, s := range stories {
		if s.end.After(last) {
			last = s.end
		}
	}
	return last
}
