package sqlite

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func repositories(n int) []codybatch.RepositoryName {
	names := make([]codybatch.RepositoryName, n)
	for i := range names {
		names[i] = codybatch.RepositoryName(fmt.Sprintf("acme/site-%d", i))
	}
	return names
}

func TestFullDiskIsAnErrorAndStoresNothing(t *testing.T) {
	t.Parallel()
	store := openTemporary(t, Options{})
	job := codybatch.Job{ID: "job", CreatedAt: time.Unix(0, 0)}
	if _, err := store.writer.ExecContext(t.Context(), "PRAGMA max_page_count = 100"); err != nil {
		t.Fatal(err)
	}
	_, _, err := store.CreateJob(t.Context(), job, repositories(5_000), codybatch.IdempotencyKey{})
	if err == nil || !strings.Contains(err.Error(), "create job job") || !strings.Contains(err.Error(), "full") {
		t.Errorf("error %v, want one that says that the disk is full while creating the job", err)
	}
	if _, err := store.Job(t.Context(), "job"); !errors.Is(err, codybatch.ErrNotFound) {
		t.Errorf("after that the job is there: %v", err)
	}
	if _, _, err := store.CreateJob(t.Context(), job, repositories(5), codybatch.IdempotencyKey{}); err != nil {
		t.Errorf("a smaller job does not fit either: %v", err)
	}
}

func TestLockedDatabase(t *testing.T) {
	t.Parallel()
	store := openTemporary(t, Options{BusyTimeout: time.Millisecond})
	if _, _, err := store.CreateJob(t.Context(), codybatch.Job{ID: "job", CreatedAt: time.Unix(0, 0)}, repositories(1), codybatch.IdempotencyKey{}); err != nil {
		t.Fatal(err)
	}
	other, err := openPool(store.path, time.Second, forWriting)
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	lock, err := other.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	task, err := store.Task(t.Context(), codybatch.TaskKey{JobID: "job", Repository: repositories(1)[0]})
	if err != nil {
		t.Errorf("reading waits for another process's writer: %v", err)
	}
	claim := codybatch.Claim{Key: task.Key(), Attempt: 1, Worker: "worker", Now: time.Unix(1, 0), LeaseUntil: time.Unix(2, 0)}
	_, _, err = store.ClaimTask(t.Context(), claim)
	if err == nil || !strings.Contains(err.Error(), "claim task job/acme/site-0") || !strings.Contains(err.Error(), "locked") {
		t.Errorf("error %v, want one that says that the database is locked", err)
	}
	if errors.Is(err, codybatch.ErrConflict) || errors.Is(err, codybatch.ErrNotNow) {
		t.Errorf("the error %v is taken for an answer of the store", err)
	}
	if err := lock.Rollback(); err != nil {
		t.Fatal(err)
	}
	if _, _, err := store.ClaimTask(t.Context(), claim); err != nil {
		t.Errorf("after the lock is gone: %v", err)
	}
}

func TestWaitForLockEndsWithItsContext(t *testing.T) {
	t.Parallel()
	store := openTemporary(t, Options{BusyTimeout: time.Hour})
	lock, err := store.writer.BeginTx(t.Context(), nil) // in this process
	if err != nil {
		t.Fatal(err)
	}
	other, err := Open(t.Context(), store.path+".2", Options{BusyTimeout: time.Hour})
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	foreign, err := openPool(other.path, time.Second, forWriting) // as in another process
	if err != nil {
		t.Fatal(err)
	}
	defer foreign.Close()
	foreignLock, err := foreign.BeginTx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, waiting := range []*Store{store, other} {
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Millisecond)
		_, err := waiting.CancelJob(ctx, "job", true)
		cancel()
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("error %v, want the context's", err)
		}
	}
	if err := errors.Join(lock.Rollback(), foreignLock.Rollback()); err != nil {
		t.Error(err)
	}
}
