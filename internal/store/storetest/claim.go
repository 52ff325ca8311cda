package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func claimTests() []test {
	return []test{
		{"a claimed task runs, and its job with it", claimStartsTask},
		{"of claims at once exactly one wins", claimAtOnce},
		{"what is not queued at that attempt can't be claimed", claimRefused},
		{"no task can be claimed while the job's cancel flag is set", claimUnderCancel},
		{"a second attempt can be claimed, and the first no more", claimSecondAttempt},
	}
}

func claimStartsTask(t *testing.T, f fixture) {
	before := f.create(t, newJob("job"), repositories(2))
	queued := f.tasks(t, codybatch.TaskQuery{JobID: "job", Limit: 2})[1]
	claim := claimOf(queued, "worker")
	task, job, err := f.ClaimTask(t.Context(), claim)
	wantError(t, "ClaimTask", err, nil)

	want, err := queued.Claimed(claim, 0)
	wantError(t, "Claimed", err, nil)
	want.Seq = task.Seq
	wantEqual(t, "the claimed task", task, want)
	wantEqual(t, "the task", f.task(t, queued.Key()), want)
	wantJob := before.Apply(queued, want)
	wantJob.Seq = task.Seq
	wantEqual(t, "the job that ClaimTask returned", job, wantJob)
	wantEqual(t, "the job", f.job(t, "job"), wantJob)
	if task.Seq <= before.Seq {
		t.Errorf("the claimed task has Seq %d, and its job had %d before", task.Seq, before.Seq)
	}
}

func claimAtOnce(t *testing.T, f fixture) {
	const workers = 8
	queued := f.createOne(t, newJob("job"))
	var won [workers]codybatch.Task
	wins := 0
	for i, err := range atOnce(workers, func(i int) error {
		var err error
		won[i], _, err = f.ClaimTask(t.Context(), claimOf(queued, fmt.Sprintf("worker-%d", i)))
		return err
	}) {
		if err == nil {
			wins++
			wantEqual(t, "the task", f.task(t, queued.Key()), won[i])
			wantEqual(t, "the worker", won[i].Worker, fmt.Sprintf("worker-%d", i))
			continue
		}
		wantError(t, "the loser's claim", err, codybatch.ErrConflict)
	}
	if wins != 1 {
		t.Errorf("%d claims won, want 1", wins)
	}
	wantEqual(t, "the counts", f.job(t, "job").Counts, codybatch.Counts{Running: 1})
}

// wantRefused checks that a claim fails with want and changes nothing.
func (f fixture) wantRefused(t *testing.T, claim codybatch.Claim, want error) {
	t.Helper()
	task, job := f.task(t, claim.Key), f.job(t, claim.Key.JobID)
	_, _, err := f.ClaimTask(t.Context(), claim)
	wantError(t, "ClaimTask", err, want)
	for _, other := range []error{codybatch.ErrConflict, codybatch.ErrCanceled, codybatch.ErrNotNow, codybatch.ErrBudgetExhausted} {
		if !errors.Is(want, other) && errors.Is(err, other) {
			t.Errorf("the error %v is also %v", err, other)
		}
	}
	wantEqual(t, "the task after a refused claim", f.task(t, claim.Key), task)
	wantEqual(t, "the job after a refused claim", f.job(t, claim.Key.JobID), job)
}

func claimRefused(t *testing.T, f fixture) {
	task := f.createOne(t, newJob("job"))
	for _, attempt := range []int{0, 2} {
		claim := claimOf(task, "worker")
		claim.Attempt = attempt
		f.wantRefused(t, claim, codybatch.ErrConflict)
	}
	task = f.claim(t, task)
	f.wantRefused(t, claimOf(task, "worker"), codybatch.ErrConflict)
	f.wantRefused(t, claimOf(task, "another"), codybatch.ErrConflict)
	task = f.finish(t, task, codybatch.OutcomeChanged, 0)
	f.wantRefused(t, claimOf(task, "worker"), codybatch.ErrConflict)
}

func claimUnderCancel(t *testing.T, f fixture) {
	task := f.createOne(t, newJob("job"))
	_, err := f.CancelJob(t.Context(), "job", true)
	wantError(t, "CancelJob", err, nil)
	f.wantRefused(t, claimOf(task, "worker"), codybatch.ErrCanceled)
	_, err = f.CancelJob(t.Context(), "job", false)
	wantError(t, "CancelJob", err, nil)
	f.claim(t, task)
}

func claimSecondAttempt(t *testing.T, f fixture) {
	first := f.claim(t, f.createOne(t, newJob("job")))
	queued := f.update(t, first, func(task codybatch.Task) (codybatch.Task, error) {
		return task.LeaseExpired(task.LeaseUntil.Add(time.Second))
	})
	f.wantRefused(t, claimOf(first, "worker"), codybatch.ErrConflict)
	second := f.claim(t, queued)
	if second.Attempt != 2 || second.Lost != 1 {
		t.Errorf("attempt %d after %d lost leases, want 2 after 1", second.Attempt, second.Lost)
	}
}
