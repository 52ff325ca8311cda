package storetest

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func createTests() []test {
	return []test{
		{"a new job has one queued task for each repository, in their order", createMakesTasks},
		{"every field of a job is kept, but for the totals, which start anew", createKeepsEveryField},
		{"a job is seen only with all its tasks", createIsSeenWhole},
		{"a job of 10,000 tasks is stored", createManyTasks},
		{"names that differ in case are different tasks", createKeepsCase},
		{"a repository that is named twice stores nothing", createAllOrNothing},
		{"an id that is taken is refused, and the first job stays", createRefusesTakenID},
		{"a context that has ended stores nothing and is no person's cancel", createUnderEndedContext},
		{"the same key and request give the earlier job", createTwice},
		{"the same key with another request is a mismatch", createMismatch},
		{"a key is free again after 24 hours", createAfterKeyExpired},
		{"a failed creation does not use up its key", createFailedKeepsKeyFree},
		{"of creations with one key at once, one creates and all get its job", createOnceAtOnce},
	}
}

func createMakesTasks(t *testing.T, f fixture) {
	want := newJob("job")
	stored := f.create(t, want, repositories(3))
	want.RepositoryCount, want.Counts.Queued, want.Seq = 3, 3, 3
	wantEqual(t, "the job that CreateJob returned", stored, want)
	wantEqual(t, "the job", f.job(t, "job"), want)
	for i, task := range f.tasks(t, codybatch.TaskQuery{JobID: "job", Limit: 10}) {
		wantTask := codybatch.Task{
			JobID: "job", Repository: repositories(3)[i], Index: i, Status: codybatch.TaskQueued, Attempt: 1,
			QueuedAt: start, UpdatedAt: start, Seq: int64(i) + 1,
		}
		wantEqual(t, "a listed task", task, wantTask)
		wantEqual(t, "a task", f.task(t, wantTask.Key()), wantTask)
	}
}

func createKeepsEveryField(t *testing.T, f fixture) {
	var job codybatch.Job
	fill(t, &job)
	job.ID = "job"
	stored := f.create(t, job, repositories(2))

	want := job
	want.StartedAt, want.CompletedAt, want.CancelRequested = time.Time{}, time.Time{}, false
	want.RepositoryCount, want.Counts, want.Seq = 2, codybatch.Counts{Queued: 2}, 2
	want.Usage, want.Reserved = codybatch.Usage{}, 0
	wantEqual(t, "the job that CreateJob returned", stored, want)
	wantEqual(t, "the job", f.job(t, "job"), want)
	wantEqual(t, "the list of jobs", f.jobs(t, codybatch.JobQuery{Limit: 10}), []codybatch.Job{want})
}

func createIsSeenWhole(t *testing.T, f fixture) {
	const jobs, tasks = 4, 250
	stop := make(chan struct{})
	watched := make(chan error, 1)
	go func() { watched <- watchJobs(t.Context(), f, tasks, stop) }()
	for i := range jobs {
		f.create(t, newJob(codybatch.JobID(fmt.Sprintf("job-%d", i))), repositories(tasks))
	}
	close(stop)
	if err := <-watched; err != nil {
		t.Fatal(err)
	}
}

// watchJobs reads until stop, and once after it, and returns an error if it sees
// a job that lacks tasks.
func watchJobs(ctx context.Context, f fixture, tasks int, stop <-chan struct{}) error {
	last := repositories(tasks)[tasks-1]
	for stopped := false; ; {
		page, err := f.Jobs(ctx, codybatch.JobQuery{Limit: 10})
		if err != nil {
			return err
		}
		for _, job := range page.Jobs {
			list, err := f.Tasks(ctx, codybatch.TaskQuery{JobID: job.ID, Limit: 1_000})
			if err != nil {
				return err
			}
			if len(list.Tasks) != tasks || job.RepositoryCount != tasks {
				return fmt.Errorf("job %s is listed as one of %d tasks, and has %d; want %d", job.ID, job.RepositoryCount, len(list.Tasks), tasks)
			}
		}
		next := codybatch.JobID(fmt.Sprintf("job-%d", len(page.Jobs)))
		if _, err := f.Job(ctx, next); err == nil {
			if _, err := f.Task(ctx, codybatch.TaskKey{JobID: next, Repository: last}); err != nil {
				return fmt.Errorf("job %s is there, and its last task is not: %w", next, err)
			}
		}
		if stopped {
			return nil
		}
		select {
		case <-stop:
			stopped = true
		default:
		}
	}
}

func createManyTasks(t *testing.T, f fixture) {
	names := repositories(10_000)
	job := f.create(t, newJob("job"), names)
	wantEqual(t, "the counts", job.Counts, codybatch.Counts{Queued: len(names)})
	var listed []codybatch.RepositoryName
	for _, task := range f.tasks(t, codybatch.TaskQuery{JobID: "job", Limit: 1_000}) {
		listed = append(listed, task.Repository)
	}
	if !slices.Equal(listed, names) {
		t.Fatalf("%d tasks listed; want the 10,000 in their order", len(listed))
	}
}

func createKeepsCase(t *testing.T, f fixture) {
	f.create(t, newJob("job"), []codybatch.RepositoryName{"acme/Site", "acme/site"})
	for i, name := range []codybatch.RepositoryName{"acme/Site", "acme/site"} {
		if task := f.task(t, codybatch.TaskKey{JobID: "job", Repository: name}); task.Index != i || task.Repository != name {
			t.Errorf("task %s is %s at %d, want it at %d", name, task.Repository, task.Index, i)
		}
	}
	_, err := f.Task(t.Context(), codybatch.TaskKey{JobID: "job", Repository: "ACME/site"})
	wantError(t, "read a task in another case", err, codybatch.ErrNotFound)
}

func createAllOrNothing(t *testing.T, f fixture) {
	names := append(repositories(120), repositories(1)[0]) // site-1 twice
	if _, created, err := f.CreateJob(t.Context(), newJob("job"), names, codybatch.IdempotencyKey{}); err == nil || created {
		t.Fatalf("created %t, error %v; want an error", created, err)
	}
	f.wantNothing(t)
}

// wantNothing checks that there is no trace of a job "job".
func (f fixture) wantNothing(t *testing.T) {
	t.Helper()
	_, err := f.Job(t.Context(), "job")
	wantError(t, "read the job", err, codybatch.ErrNotFound)
	_, err = f.Task(t.Context(), codybatch.TaskKey{JobID: "job", Repository: repositories(1)[0]})
	wantError(t, "read a task", err, codybatch.ErrNotFound)
	if jobs := f.jobs(t, codybatch.JobQuery{Limit: 10}); len(jobs) > 0 {
		t.Fatalf("%d jobs are listed", len(jobs))
	}
	if due := f.due(t, codybatch.DueQuery{Status: codybatch.TaskQueued, Before: start.Add(time.Hour), Limit: 10}); len(due) > 0 {
		t.Fatalf("%d tasks are due", len(due))
	}
}

func createRefusesTakenID(t *testing.T, f fixture) {
	first := f.create(t, newJob("job"), repositories(2))
	second := newJob("job")
	second.Name = "Another"
	if _, created, err := f.CreateJob(t.Context(), second, repositories(5), codybatch.IdempotencyKey{}); err == nil || created {
		t.Fatalf("created %t, error %v; want an error", created, err)
	}
	wantEqual(t, "the first job", f.job(t, "job"), first)
	if tasks := f.tasks(t, codybatch.TaskQuery{JobID: "job", Limit: 10}); len(tasks) != 2 {
		t.Fatalf("the first job has %d tasks now, want 2", len(tasks))
	}
}

func createUnderEndedContext(t *testing.T, f fixture) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(codybatch.ErrCanceled)
	_, _, err := f.CreateJob(ctx, newJob("job"), repositories(2), codybatch.IdempotencyKey{})
	wantError(t, "CreateJob", err, context.Canceled)
	if errors.Is(err, codybatch.ErrCanceled) {
		t.Errorf("the error %v says that a person canceled the job", err)
	}
	f.wantNothing(t)
}

func keyAt(now time.Time) codybatch.IdempotencyKey {
	return codybatch.IdempotencyKey{Key: "key " + nasty, Request: "digest", Now: now}
}

func createTwice(t *testing.T, f fixture) {
	_, created, err := f.CreateJob(t.Context(), newJob("job"), repositories(2), keyAt(start))
	if err != nil || !created {
		t.Fatalf("created %t, error %v; want a new job", created, err)
	}
	claimed := f.claim(t, f.task(t, codybatch.TaskKey{JobID: "job", Repository: repositories(2)[0]}))
	again, created, err := f.CreateJob(t.Context(), newJob("other"), repositories(2), keyAt(start.Add(23*time.Hour+59*time.Minute)))
	if err != nil || created {
		t.Fatalf("created %t, error %v; want the earlier job", created, err)
	}
	wantEqual(t, "the earlier job, as it is now", again, f.job(t, claimed.JobID))
	_, err = f.Job(t.Context(), "other")
	wantError(t, "read the second job", err, codybatch.ErrNotFound)
}

func createMismatch(t *testing.T, f fixture) {
	_, _, err := f.CreateJob(t.Context(), newJob("job"), repositories(2), keyAt(start))
	wantError(t, "CreateJob", err, nil)
	other := keyAt(start.Add(time.Hour))
	other.Request = "another digest"
	_, created, err := f.CreateJob(t.Context(), newJob("other"), repositories(2), other)
	wantError(t, "CreateJob with another request", err, codybatch.ErrIdempotencyMismatch)
	_, readErr := f.Job(t.Context(), "other")
	wantError(t, "read the second job", readErr, codybatch.ErrNotFound)
	if created {
		t.Error("it says that it created a job")
	}
}

func createAfterKeyExpired(t *testing.T, f fixture) {
	for i, now := range []time.Time{start, start.Add(24*time.Hour + time.Minute)} {
		id := codybatch.JobID(fmt.Sprintf("job-%d", i))
		stored, created, err := f.CreateJob(t.Context(), newJob(id), repositories(1), keyAt(now))
		if err != nil || !created || stored.ID != id {
			t.Fatalf("created %t job %s, error %v; want job %s", created, stored.ID, err, id)
		}
	}
	again, created, err := f.CreateJob(t.Context(), newJob("job-2"), repositories(1), keyAt(start.Add(25*time.Hour)))
	if err != nil || created || again.ID != "job-1" {
		t.Fatalf("created %t job %s, error %v; want job-1, which the key stands for now", created, again.ID, err)
	}
}

func createFailedKeepsKeyFree(t *testing.T, f fixture) {
	if _, _, err := f.CreateJob(t.Context(), newJob("job"), []codybatch.RepositoryName{"a/b", "a/b"}, keyAt(start)); err == nil {
		t.Fatal("a repository that is named twice is no error")
	}
	if _, created, err := f.CreateJob(t.Context(), newJob("job"), repositories(1), keyAt(start)); err != nil || !created {
		t.Fatalf("created %t, error %v; want a new job", created, err)
	}
}

func createOnceAtOnce(t *testing.T, f fixture) {
	const callers = 6
	var made [callers]bool
	var got [callers]codybatch.JobID
	for _, err := range atOnce(callers, func(i int) error {
		job, created, err := f.CreateJob(t.Context(), newJob(codybatch.JobID(fmt.Sprintf("job-%d", i))), repositories(30), keyAt(start))
		made[i], got[i] = created, job.ID
		return err
	}) {
		wantError(t, "CreateJob", err, nil)
	}
	winner := slices.Index(made[:], true)
	if winner < 0 || slices.Contains(made[winner+1:], true) {
		t.Fatalf("created: %v; want one", made)
	}
	for _, id := range got {
		wantEqual(t, "the job that a caller got", id, got[winner])
	}
	wantEqual(t, "the list of jobs", ids(f.jobs(t, codybatch.JobQuery{Limit: 10})), []codybatch.JobID{got[winner]})
}
