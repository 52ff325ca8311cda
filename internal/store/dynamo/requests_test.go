package dynamo_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/awstest"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/store/dynamo"
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

// Rows that do not count lie between those that do: of jobs that have expired, and of
// creations that were cut off. However many there are, they are not read one by one.
func TestRowsThatDoNotCountTakeFewRequests(t *testing.T) {
	t.Parallel()
	const counting, others = 5, 90
	var counted wire
	own := newTables(t, awstest.Dynoxide(t))
	early := own.store(t, begun, nil)
	for i := range counting + others {
		job := newJob(codybatch.JobID(fmt.Sprintf("job-%d", i)))
		job.CreatedAt = begun.Add(-time.Duration(i) * time.Minute)
		if i >= counting {
			job.ExpiresAt = begun.Add(time.Hour)
		}
		if _, _, err := early.CreateJob(t.Context(), job, names(1), codybatch.IdempotencyKey{}); err != nil {
			t.Fatal(err)
		}
		if i >= counting { // it is due after the others
			task, err := early.Task(t.Context(), codybatch.TaskKey{JobID: job.ID, Repository: names(1)[0]})
			if err != nil {
				t.Fatal(err)
			}
			later := task
			later.QueuedAt = begun.Add(time.Minute)
			if _, err := early.UpdateTask(t.Context(), task, later); err != nil {
				t.Fatal(err)
			}
		}
	}
	store := own.store(t, begun.Add(2*time.Hour), &counted)
	for _, status := range []codybatch.JobStatus{"", codybatch.JobQueued} {
		page, err := store.Jobs(t.Context(), codybatch.JobQuery{Status: status, Limit: counting})
		if err != nil || len(page.Jobs) != counting || page.NextCursor != "" {
			t.Errorf("%d jobs and the cursor %q, error %v; want %d and none", len(page.Jobs), page.NextCursor, err, counting)
		}
		if n := reads(counted.take()); n > 24 {
			t.Errorf("a list of %d jobs took %d requests", counting, n)
		}
	}
	page, err := store.DueTasks(t.Context(), codybatch.DueQuery{Status: codybatch.TaskQueued, Before: begun.Add(time.Hour), Limit: counting})
	if err != nil || len(page.Tasks) != counting || page.NextCursor != "" {
		t.Errorf("%d due tasks and the cursor %q, error %v; want %d and none", len(page.Tasks), page.NextCursor, err, counting)
	}
	if n := reads(counted.take()); n > 30 {
		t.Errorf("a list of %d due tasks took %d requests", counting, n)
	}
}

// Of a job of which every task has changed, none is looked for that has not.
func TestFollowingAFinishedJobFromTheStartReadsItsChangesOnly(t *testing.T) {
	t.Parallel()
	const tasks, limit = 250, 50
	var counted wire
	own := newTables(t, awstest.Dynoxide(t))
	store, reader := own.store(t, begun, nil), own.store(t, begun, &counted)
	create(t, store, "job", tasks)
	for _, name := range names(tasks) {
		if _, err := codybatch.Update(t.Context(), store, codybatch.TaskKey{JobID: "job", Repository: name}, func(task codybatch.Task) (codybatch.Task, error) {
			return task.CanceledBy(begun)
		}); err != nil {
			t.Fatal(err)
		}
	}
	_, changed, err := reader.Changes(t.Context(), "job", 0, limit)
	if err != nil || len(changed) != limit {
		t.Fatalf("%d changes, error %v", len(changed), err)
	}
	if counts := counted.take(); reads(counts) > 3 {
		t.Errorf("the first page took %v; want the job, its changes and their tasks", counts)
	}
}

// A worker reads its job and task, claims, beats and finishes, or takes over from an
// earlier try.
func TestWorkerNeedsFewRights(t *testing.T) {
	t.Parallel()
	own := newTables(t, awstest.Dynoxide(t))
	create(t, own.store(t, begun, nil), "job", 2)
	var counted wire
	store, ctx := own.store(t, begun, &counted), t.Context()
	key := codybatch.TaskKey{JobID: "job", Repository: names(1)[0]}
	if _, err := store.Job(ctx, "job"); err != nil {
		t.Fatal(err)
	}
	task, _, err := store.ClaimTask(ctx, claimOf(key))
	if err != nil {
		t.Fatal(err)
	}
	for _, phase := range []codybatch.Phase{task.Phase, codybatch.PhaseAgent} {
		beat := codybatch.Beat{Now: begun, LeaseUntil: begun.Add(time.Hour), Phase: phase}
		if task, err = store.ExtendLease(ctx, key, task.Worker, 1, beat); err != nil {
			t.Fatal(err)
		}
	}
	for _, change := range []func(codybatch.Task) (codybatch.Task, error){
		func(task codybatch.Task) (codybatch.Task, error) { return task.WorkerLost(task.Worker, 1, begun) },
		func(task codybatch.Task) (codybatch.Task, error) { return task.Claimed(codybatch.Claim{Attempt: 2}, 0) },
		finished,
	} {
		if _, err := codybatch.Update(ctx, store, key, change); err != nil {
			t.Fatal(err)
		}
	}
	wantActions(t, counted.actions, dynamo.WorkerActions())
}
