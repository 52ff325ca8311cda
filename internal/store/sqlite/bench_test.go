package sqlite_test

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/store/sqlite"
)

// The goals, on two cores: CreateJob < 3 s, Job < 20 ms, Tasks < 30 ms, a write
// well under 1 ms.

const manyTasks = 10_000

func manyRepositories() []codybatch.RepositoryName {
	names := make([]codybatch.RepositoryName, manyTasks)
	for i := range names {
		names[i] = codybatch.RepositoryName(fmt.Sprintf("some-organization/repository-%d", i))
	}
	return names
}

func openBench(b *testing.B) *sqlite.Store {
	b.Helper()
	store, err := sqlite.Open(b.Context(), filepath.Join(b.TempDir(), "codybatch.db"), sqlite.Options{})
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { store.Close() })
	return store
}

func benchJob(id codybatch.JobID) codybatch.Job {
	job := newJob(id)
	job.Prompt = strings.Repeat("Replace every use of io/ioutil. ", 64) // 2 KiB
	return job
}

func createBench(b *testing.B, store *sqlite.Store, id codybatch.JobID) {
	b.Helper()
	if _, _, err := store.CreateJob(b.Context(), benchJob(id), manyRepositories(), codybatch.IdempotencyKey{}); err != nil {
		b.Fatal(err)
	}
}

func BenchmarkCreateJobOf10000Tasks(b *testing.B) {
	store := openBench(b)
	for n := 0; b.Loop(); n++ {
		createBench(b, store, codybatch.JobID(fmt.Sprintf("01JOB%021d", n)))
	}
}

func BenchmarkJobOf10000Tasks(b *testing.B) {
	store := openBench(b)
	createBench(b, store, "job")
	for b.Loop() {
		if _, err := store.Job(b.Context(), "job"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkPageOf100Tasks(b *testing.B) {
	store := openBench(b)
	createBench(b, store, "job")
	for name, q := range map[string]codybatch.TaskQuery{
		"all":    {JobID: "job", Limit: 100},
		"queued": {JobID: "job", Limit: 100, Status: codybatch.TaskQueued},
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				page, err := store.Tasks(b.Context(), q)
				if err != nil || len(page.Tasks) != q.Limit {
					b.Fatal(len(page.Tasks), err)
				}
				q.Cursor = page.NextCursor // to the job's end, and again from its start
			}
		})
	}
}

func BenchmarkPageOf100Jobs(b *testing.B) {
	store := openBench(b)
	for n := range 1_000 {
		if _, _, err := store.CreateJob(b.Context(), benchJob(codybatch.JobID(fmt.Sprintf("01JOB%021d", n))), manyRepositories()[:1], codybatch.IdempotencyKey{}); err != nil {
			b.Fatal(err)
		}
	}
	q := codybatch.JobQuery{Limit: 100}
	for b.Loop() {
		page, err := store.Jobs(b.Context(), q)
		if err != nil || len(page.Jobs) != q.Limit {
			b.Fatal(len(page.Jobs), err)
		}
		q.Cursor = page.NextCursor
	}
}

// BenchmarkTask is what one small task costs: claim, two beats, finish; and a retry, so
// that it can be had again.
func BenchmarkTask(b *testing.B) {
	for _, workers := range []int{1, 8} {
		b.Run(fmt.Sprintf("%d workers", workers), func(b *testing.B) {
			store := openBench(b)
			createBench(b, store, "job")
			tasks := make(chan codybatch.Task)
			failed := make(chan error, workers)
			for i := range workers {
				go func() { failed <- runTasks(b, store, fmt.Sprintf("worker-%d", i), tasks) }()
			}
			names := manyRepositories()
			for n := 0; b.Loop(); n++ {
				attempt := n/manyTasks + 1
				tasks <- codybatch.Task{JobID: "job", Repository: names[n%manyTasks], Attempt: attempt}
			}
			close(tasks)
			for range workers {
				if err := <-failed; err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.Elapsed().Microseconds())/float64(b.N)/5, "µs/write")
		})
	}
}

func runTasks(b *testing.B, store *sqlite.Store, worker string, tasks <-chan codybatch.Task) error {
	ctx := b.Context()
	for queued := range tasks {
		now := created
		claim := codybatch.Claim{Key: queued.Key(), Attempt: queued.Attempt, Worker: worker, Now: now, LeaseUntil: now.Add(time.Minute)}
		task, _, err := store.ClaimTask(ctx, claim)
		if err != nil {
			return err
		}
		for _, phase := range []codybatch.Phase{codybatch.PhaseAgent, codybatch.PhaseStoring} {
			beat := codybatch.Beat{Now: now, LeaseUntil: now.Add(time.Minute), Phase: phase}
			if task, err = store.ExtendLease(ctx, task.Key(), worker, task.Attempt, beat); err != nil {
				return err
			}
		}
		for _, change := range []func(codybatch.Task) (codybatch.Task, error){
			func(task codybatch.Task) (codybatch.Task, error) {
				return task.Finished(worker, task.Attempt, codybatch.TaskResult{Outcome: codybatch.OutcomeTimeout}, now)
			},
			func(task codybatch.Task) (codybatch.Task, error) { return task.Retried(now) },
		} {
			next, err := change(task)
			if err != nil {
				return err
			}
			if task, err = store.UpdateTask(ctx, task, next); err != nil {
				return err
			}
		}
	}
	return nil
}
