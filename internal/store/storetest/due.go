package storetest

import (
	"fmt"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func dueTests() []test {
	return []test{
		{"tasks of all jobs come longest due first, on pages of any size", dueInOrder},
		{"a task is due from its moment on, and not before", dueAtItsMoment},
		{"a task is due by its status: queued, lease run out, or never", dueByStatus},
		{"tasks that leave the list while somebody pages do not disturb", dueWhileLeaving},
	}
}

// createDue stores three jobs of four tasks that were queued a second apart, the
// oldest not first.
func (f fixture) createDue(t *testing.T) []string {
	t.Helper()
	for i, id := range []codybatch.JobID{"job-1", "job-2", "job-0"} {
		job := newJob(id)
		job.CreatedAt = start.Add(time.Duration((i+1)%3) * time.Second)
		f.create(t, job, repositories(4))
	}
	var oldestFirst []string
	for _, id := range []codybatch.JobID{"job-0", "job-1", "job-2"} {
		for _, name := range repositories(4) {
			oldestFirst = append(oldestFirst, string(id)+"/"+string(name))
		}
	}
	return oldestFirst
}

func dueInOrder(t *testing.T, f fixture) {
	want := f.createDue(t)
	for _, limit := range []int{1, 3, 4, 12, 1_000} {
		due := f.due(t, codybatch.DueQuery{Status: codybatch.TaskQueued, Before: start.Add(time.Hour), Limit: limit})
		if len(due) != len(want) {
			t.Fatalf("in pages of %d: %v are due, want %v", limit, keys(due), want)
		}
		seen := map[string]bool{}
		for i, task := range due {
			seen[task.Key().String()] = true
			if i > 0 && task.DueAt().Before(due[i-1].DueAt()) {
				t.Errorf("in pages of %d: %s comes after %s, which is due later", limit, task.Key(), due[i-1].Key())
			}
			wantEqual(t, "a due task", task, f.task(t, task.Key()))
		}
		if len(seen) != len(want) {
			t.Errorf("in pages of %d: tasks are repeated: %v", limit, keys(due))
		}
	}
}

func dueAtItsMoment(t *testing.T, f fixture) {
	f.createDue(t)
	for _, tt := range []struct {
		before time.Duration
		want   int
	}{
		{-time.Millisecond, 0},
		{0, 4},
		{time.Second - time.Millisecond, 4},
		{time.Second, 8},
		{2 * time.Second, 12},
	} {
		due := f.due(t, codybatch.DueQuery{Status: codybatch.TaskQueued, Before: start.Add(tt.before), Limit: 3})
		if len(due) != tt.want {
			t.Errorf("%d tasks are due at %s, want %d", len(due), tt.before, tt.want)
		}
	}
}

func dueByStatus(t *testing.T, f fixture) {
	f.create(t, newJob("job"), repositories(3))
	tasks := f.tasks(t, codybatch.TaskQuery{JobID: "job", Limit: 3})
	running := f.claim(t, tasks[0])
	finished := f.finish(t, f.claim(t, tasks[1]), codybatch.OutcomeTimeout, 0)
	wantDue := func(status codybatch.TaskStatus, before time.Time, want ...codybatch.Task) {
		t.Helper()
		due := f.due(t, codybatch.DueQuery{Status: status, Before: before, Limit: 10})
		wantEqual(t, fmt.Sprintf("the tasks %s that are due at %s", status, before.Sub(start)), keys(due), keys(want))
	}
	wantDue(codybatch.TaskQueued, start, tasks[2])
	wantDue(codybatch.TaskRunning, running.LeaseUntil.Add(-time.Millisecond))
	wantDue(codybatch.TaskRunning, running.LeaseUntil, running)

	later := start.Add(time.Hour)
	f.update(t, running, func(task codybatch.Task) (codybatch.Task, error) { return task.LeaseExpired(later) })
	f.update(t, finished, func(task codybatch.Task) (codybatch.Task, error) { return task.Retried(later.Add(time.Second)) })
	wantDue(codybatch.TaskRunning, later)
	wantDue(codybatch.TaskQueued, later, tasks[2], running)
	wantDue(codybatch.TaskQueued, later.Add(time.Second), tasks[2], running, finished)
}

func dueWhileLeaving(t *testing.T, f fixture) {
	want := f.createDue(t)
	due := walkTasks(t, 5, func(cursor string) (codybatch.TaskPage, error) {
		page, err := f.DueTasks(t.Context(), codybatch.DueQuery{Status: codybatch.TaskQueued, Before: start.Add(time.Hour), Limit: 5, Cursor: cursor})
		for _, task := range page.Tasks {
			f.claim(t, task)
		}
		return page, err
	})
	if len(due) != len(want) {
		t.Errorf("%d tasks were seen, want %d: %v", len(due), len(want), keys(due))
	}
}
