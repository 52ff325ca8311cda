package codybatch

import (
	"testing"
	"time"
)

func TestGroupTasks(t *testing.T) {
	t.Parallel()
	task := func(name RepositoryName, mark string) Task {
		return Task{Repository: name, Status: TaskSucceeded, HasDiff: true, Fingerprint: mark, DiffStat: DiffStat{Files: 1}}
	}
	failed := func(name RepositoryName, message string) Task {
		return Task{Repository: name, Status: TaskFailed, Outcome: OutcomeVerifyFailed, Error: &TaskError{Code: "verify_failed", Message: message}}
	}
	patches, failures := groupTasks([]Task{
		task("a/1", "x"), task("a/2", "y"), task("a/3", "y"),
		failed("a/4", `"go test ./..." exits with 1 at /tmp/a`), failed("a/5", `"npm test" exits with 2 at /tmp/b`), failed("a/6", "out of memory"),
		{Repository: "a/7", Status: TaskSucceeded},
	})
	if len(patches) != 2 || len(patches[0].Repositories) != 2 || patches[1].Repositories[0] != "a/1" {
		t.Errorf("patches: %+v", patches)
	}
	if len(failures) != 2 || len(failures[0].Repositories) != 2 || failures[1].Message != "out of memory" {
		t.Errorf("failures: %+v", failures)
	}
}

func TestTimeline(t *testing.T) {
	t.Parallel()
	start := time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)
	at := func(seconds int) time.Time { return start.Add(time.Duration(seconds) * time.Second) }
	points := timeline(start, at(100), []Task{
		{Status: TaskSucceeded, StartedAt: at(5), CompletedAt: at(15), Usage: Usage{Cost: 3}},
		{Status: TaskFailed, StartedAt: at(25), CompletedAt: at(95), Spent: Usage{Cost: 2}, Usage: Usage{Cost: 5}},
		{Status: TaskRunning, StartedAt: at(55)},
	}, 10)
	want := map[int]TimelinePoint{
		0: {Time: at(10), Queued: 2, Running: 1},
		1: {Time: at(20), Queued: 2, Succeeded: 1, Cost: 3},
		5: {Time: at(60), Succeeded: 1, Running: 2, Cost: 3},
		9: {Time: at(100), Succeeded: 1, Failed: 1, Running: 1, Cost: 10},
	}
	for i, point := range want {
		if points[i] != point {
			t.Errorf("point %d: got %+v, want %+v", i, points[i], point)
		}
	}
}
