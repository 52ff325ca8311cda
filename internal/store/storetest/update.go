package storetest

import (
	"errors"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func updateTests() []test {
	return []test{
		{"every field of a task is kept, and its job moves with it", updateKeepsEveryField},
		{"fields that are emptied stay empty", updateEmptiesFields},
		{"a task that was changed meanwhile is a conflict, and nothing is written", updateStale},
		{"a lease that was extended meanwhile is a conflict, too", updateAfterBeat},
		{"of updates at once from the same reading exactly one wins", updateAtOnce},
		{"no update is lost when many read, change and write at once", updateLosesNothing},
		{"a task can't become another one", updateToAnotherTask},
	}
}

func updateKeepsEveryField(t *testing.T, f fixture) {
	before := f.create(t, newJob("job"), repositories(2))
	prev := f.task(t, codybatch.TaskKey{JobID: "job", Repository: repositories(2)[1]})
	for _, status := range []codybatch.TaskStatus{codybatch.TaskRunning, codybatch.TaskFailed, codybatch.TaskQueued} {
		next := prev
		fill(t, &next)
		next.JobID, next.Repository, next.Index, next.Status = prev.JobID, prev.Repository, prev.Index, status
		got, err := f.UpdateTask(t.Context(), prev, next)
		wantError(t, "UpdateTask", err, nil)
		if got.Seq <= before.Seq {
			t.Errorf("the task has Seq %d, and its job had %d before", got.Seq, before.Seq)
		}
		next.Seq = got.Seq
		wantEqual(t, "the task that UpdateTask returned", got, next)
		wantEqual(t, "the task", f.task(t, prev.Key()), next)
		wantEqual(t, "the list of tasks", f.tasks(t, codybatch.TaskQuery{JobID: "job", Status: status, Outcome: next.Outcome, Limit: 10}), []codybatch.Task{next})

		want := before.Apply(prev, next)
		want.Seq = next.Seq
		wantEqual(t, "the job", f.job(t, "job"), want)
		prev, before = next, want
	}
}

// A quiet beat changes no Seq, and still: whoever read the lease before it must
// not take the task away.
func updateAfterBeat(t *testing.T, f fixture) {
	read := f.claim(t, f.createOne(t, newJob("job")))
	late := read.LeaseUntil.Add(time.Second)
	beat := codybatch.Beat{Now: start.Add(lease), LeaseUntil: read.LeaseUntil.Add(lease), Phase: read.Phase, Usage: read.Usage}
	_, err := f.ExtendLease(t.Context(), read.Key(), read.Worker, read.Attempt, beat)
	wantError(t, "ExtendLease", err, nil)
	taken, err := read.LeaseExpired(late)
	wantError(t, "LeaseExpired of what was read", err, nil)
	_, err = f.UpdateTask(t.Context(), read, taken)
	wantError(t, "UpdateTask", err, codybatch.ErrConflict)
	if task := f.task(t, read.Key()); task.Status != codybatch.TaskRunning || task.Attempt != read.Attempt {
		t.Errorf("the task is %s at attempt %d", task.Status, task.Attempt)
	}
}

func updateEmptiesFields(t *testing.T, f fixture) {
	empty := f.createOne(t, newJob("job"))
	full := empty
	fill(t, &full)
	full.JobID, full.Repository, full.Index, full.Status = empty.JobID, empty.Repository, empty.Index, codybatch.TaskFailed
	full, err := f.UpdateTask(t.Context(), empty, full)
	wantError(t, "fill the task", err, nil)
	got, err := f.UpdateTask(t.Context(), full, empty)
	wantError(t, "empty the task", err, nil)
	empty.Seq = got.Seq
	wantEqual(t, "the emptied task", f.task(t, empty.Key()), empty)
	job := f.job(t, "job")
	if job.Counts != (codybatch.Counts{Queued: 1}) || job.Reserved != 0 || !job.CompletedAt.IsZero() {
		t.Errorf("the job's totals do not follow: %+v, reserved %s, completed %s", job.Counts, job.Reserved, job.CompletedAt)
	}
}

func updateStale(t *testing.T, f fixture) {
	stale := f.createOne(t, newJob("job"))
	task := f.claim(t, stale)
	job := f.job(t, "job")
	next, err := stale.CanceledBy(start)
	wantError(t, "CanceledBy", err, nil)
	_, err = f.UpdateTask(t.Context(), stale, next)
	wantError(t, "UpdateTask from a stale reading", err, codybatch.ErrConflict)
	wantEqual(t, "the task", f.task(t, task.Key()), task)
	wantEqual(t, "the job", f.job(t, "job"), job)
}

func updateAtOnce(t *testing.T, f fixture) {
	prev := f.claim(t, f.createOne(t, newJob("job")))
	outcomes := codybatch.Outcomes()[:6]
	wins := 0
	for i, err := range atOnce(len(outcomes), func(i int) error {
		next, err := prev.Finished(prev.Worker, prev.Attempt, codybatch.TaskResult{Outcome: outcomes[i]}, start)
		if err != nil {
			return err
		}
		_, err = f.UpdateTask(t.Context(), prev, next)
		return err
	}) {
		if errors.Is(err, codybatch.ErrConflict) {
			continue
		}
		wantError(t, "UpdateTask", err, nil)
		wins++
		wantEqual(t, "the outcome", f.task(t, prev.Key()).Outcome, outcomes[i])
	}
	if wins != 1 {
		t.Errorf("%d updates won, want 1", wins)
	}
	if job := f.job(t, "job"); job.Counts.Succeeded+job.Counts.Failed != 1 || job.Counts.Running != 0 {
		t.Errorf("the job counts %+v, want one final task", job.Counts)
	}
}

func updateLosesNothing(t *testing.T, f fixture) {
	const writers, rounds = 6, 8
	task := f.createOne(t, newJob("job"))
	for _, err := range atOnce(writers, func(int) error {
		for range rounds {
			if _, err := codybatch.Update(t.Context(), f, task.Key(), func(task codybatch.Task) (codybatch.Task, error) {
				task.Spent.InputTokens++
				task.UpdatedAt = task.UpdatedAt.Add(time.Millisecond)
				return task, nil
			}); err != nil {
				return err
			}
		}
		return nil
	}) {
		wantError(t, "Update", err, nil)
	}
	got, job := f.task(t, task.Key()).Spent.InputTokens, f.job(t, "job").Usage.InputTokens
	if got != writers*rounds || job != writers*rounds {
		t.Errorf("of %d updates the task saw %d and the job %d", writers*rounds, got, job)
	}
}

func updateToAnotherTask(t *testing.T, f fixture) {
	f.create(t, newJob("job"), repositories(2))
	tasks := f.tasks(t, codybatch.TaskQuery{JobID: "job", Limit: 2})
	if _, err := f.UpdateTask(t.Context(), tasks[0], tasks[1]); err == nil {
		t.Error("one task became another")
	}
	wantEqual(t, "the tasks", f.tasks(t, codybatch.TaskQuery{JobID: "job", Limit: 2}), tasks)
}
