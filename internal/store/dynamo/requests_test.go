package dynamo_test

import (
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/awstest"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// make bench-aws prints the table. What it counts is what AWS bills; the times are an
// emulator's.
func TestRequestsOfEachOperation(t *testing.T) {
	t.Parallel()
	var counted wire
	store := open(t, awstest.Dynoxide(t), &counted)
	ctx, list := t.Context(), names(10_000)
	first, second := codybatch.TaskKey{JobID: "job", Repository: list[0]}, codybatch.TaskKey{JobID: "job", Repository: list[1]}
	beat := codybatch.Beat{Now: begun, LeaseUntil: begun.Add(time.Hour), Phase: codybatch.PhaseResolving}
	news := beat
	news.Phase = codybatch.PhaseAgent
	var task codybatch.Task
	var job codybatch.Job

	t.Logf("%-45s %6s %6s %9s", "operation", "reads", "writes", "ms")
	for _, operation := range []struct {
		name          string
		reads, writes int // at most
		run           func() error
	}{
		{"create a job of 10,000 tasks, with a key", 1, 420, func() error {
			_, _, err := store.CreateJob(ctx, newJob("job"), list, codybatch.IdempotencyKey{Key: "key", Request: "digest", Now: begun})
			return err
		}},
		{"create it again with the same key", 2, 0, func() error {
			_, _, err := store.CreateJob(ctx, newJob("other"), list, codybatch.IdempotencyKey{Key: "key", Request: "digest", Now: begun})
			return err
		}},
		{"read the job", 1, 0, func() error { _, err := store.Job(ctx, "job"); return err }},
		{"read a task", 1, 0, func() error { _, err := store.Task(ctx, first); return err }},
		{"list 100 tasks", 3, 0, func() error { _, err := store.Tasks(ctx, codybatch.TaskQuery{JobID: "job", Limit: 100}); return err }},
		{"list 1,000 tasks", 12, 0, func() error { _, err := store.Tasks(ctx, codybatch.TaskQuery{JobID: "job", Limit: 1_000}); return err }},
		{"list 100 queued tasks", 4, 0, func() error {
			_, err := store.Tasks(ctx, codybatch.TaskQuery{JobID: "job", Status: codybatch.TaskQueued, Limit: 100})
			return err
		}},
		{"list jobs", 6, 0, func() error { _, err := store.Jobs(ctx, codybatch.JobQuery{Limit: 50}); return err }},
		{"claim a task", 1, 1, func() error { var err error; task, _, err = store.ClaimTask(ctx, claimOf(first)); return err }},
		{"a heartbeat", 1, 1, func() error {
			var err error
			task, err = store.ExtendLease(ctx, first, task.Worker, 1, beat)
			return err
		}},
		{"a heartbeat with news", 1, 1, func() error {
			var err error
			task, err = store.ExtendLease(ctx, first, task.Worker, 1, news)
			return err
		}},
		{"finish a task", 1, 1, func() error {
			next, err := finished(task)
			if err != nil {
				return err
			}
			_, err = store.UpdateTask(ctx, task, next)
			return err
		}},
		{"read and change a task (Update)", 2, 1, func() error {
			_, err := codybatch.Update(ctx, store, second, func(t codybatch.Task) (codybatch.Task, error) { return t.CanceledBy(begun) })
			return err
		}},
		{"set the cancel flag", 1, 1, func() error { var err error; job, err = store.CancelJob(ctx, "job", true); return err }},
		{"follow the changes: nothing new", 1, 0, func() error { _, _, err := store.Changes(ctx, "job", job.Seq, 500); return err }},
		{"follow the changes: two tasks", 3, 0, func() error { _, _, err := store.Changes(ctx, "job", 10_000, 500); return err }},
		{"100 tasks that are due", 10, 0, func() error {
			_, err := store.DueTasks(ctx, codybatch.DueQuery{Status: codybatch.TaskQueued, Before: begun.Add(time.Hour), Limit: 100})
			return err
		}},
		{"ping", 1, 0, func() error { return store.Ping(ctx) }},
	} {
		start := time.Now()
		if err := operation.run(); err != nil {
			t.Fatalf("%s: %v", operation.name, err)
		}
		counts := counted.take()
		took := time.Since(start)
		t.Logf("%-45s %6d %6d %9.1f", operation.name, reads(counts), writes(counts), float64(took.Microseconds())/1_000)
		if reads(counts) > operation.reads || writes(counts) > operation.writes {
			t.Errorf("%s takes %d reads and %d writes, want at most %d and %d: %v",
				operation.name, reads(counts), writes(counts), operation.reads, operation.writes, counts)
		}
	}
}
