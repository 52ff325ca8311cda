package storetest

import (
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func readTests() []test {
	return []test{
		{"an empty store answers", readEmptyStore},
		{"what is not there is ErrNotFound, whoever asks", readWhatIsNotThere},
	}
}

func readEmptyStore(t *testing.T, f fixture) {
	wantError(t, "Ping", f.Ping(t.Context()), nil)
	if jobs := f.jobs(t, codybatch.JobQuery{Limit: 1}); len(jobs) != 0 {
		t.Errorf("%d jobs in an empty store", len(jobs))
	}
	if due := f.due(t, codybatch.DueQuery{Status: codybatch.TaskRunning, Before: start, Limit: 1}); len(due) != 0 {
		t.Errorf("%d tasks due in an empty store", len(due))
	}
}

func readWhatIsNotThere(t *testing.T, f fixture) {
	f.create(t, newJob("job"), repositories(1))
	ctx := t.Context()
	_, err := f.Job(ctx, "none")
	wantError(t, "Job", err, codybatch.ErrNotFound)
	_, err = f.CancelJob(ctx, "none", true)
	wantError(t, "CancelJob", err, codybatch.ErrNotFound)
	_, err = f.Tasks(ctx, codybatch.TaskQuery{JobID: "none", Limit: 1})
	wantError(t, "Tasks", err, codybatch.ErrNotFound)
	_, err = f.Tasks(ctx, codybatch.TaskQuery{JobID: "none", Status: codybatch.TaskQueued, Outcome: codybatch.OutcomeChanged, Limit: 1})
	wantError(t, "Tasks with filters", err, codybatch.ErrNotFound)
	_, _, err = f.Changes(ctx, "none", 0, 1)
	wantError(t, "Changes", err, codybatch.ErrNotFound)
	for _, key := range []codybatch.TaskKey{
		{JobID: "none", Repository: repositories(1)[0]},
		{JobID: "job", Repository: "acme/none"},
	} {
		task := codybatch.Task{JobID: key.JobID, Repository: key.Repository, Attempt: 1, Status: codybatch.TaskQueued, Seq: 1}
		_, err = f.Task(ctx, key)
		wantError(t, "Task", err, codybatch.ErrNotFound)
		_, _, err = f.ClaimTask(ctx, claimOf(task, "worker"))
		wantError(t, "ClaimTask", err, codybatch.ErrNotFound)
		_, err = f.UpdateTask(ctx, task, task)
		wantError(t, "UpdateTask", err, codybatch.ErrNotFound)
		_, err = f.ExtendLease(ctx, key, "worker", 1, codybatch.Beat{Now: start, LeaseUntil: start.Add(lease)})
		wantError(t, "ExtendLease", err, codybatch.ErrNotFound)
	}
}
