package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// keyLifetime is how long an idempotency key is remembered.
const keyLifetime = 24 * time.Hour

// CreateJob implements codybatch.Store. The job's totals are the store's: what
// job holds there is not looked at.
func (s *Store) CreateJob(ctx context.Context, job codybatch.Job, names []codybatch.RepositoryName, key codybatch.IdempotencyKey) (codybatch.Job, bool, error) {
	created := false
	stored := totals{
		RepositoryCount: len(names), Counts: codybatch.Counts{Queued: len(names)}, Seq: int64(len(names)),
	}.in(job)
	err := s.write(ctx, func(tx transaction) error {
		if key.Key != "" {
			earlier, err := tx.useKey(key)
			if err != nil || earlier != "" {
				if err == nil {
					stored, err = scanJob(tx.row(selectJob, earlier), earlier)
				}
				return err
			}
		}
		created = true
		if err := tx.insertJob(stored, names); err != nil || key.Key == "" {
			return err
		}
		return tx.exec(insertIdempotencyKey, key.Key, key.Request, job.ID, key.Now.UnixNano())
	})
	if err != nil {
		return codybatch.Job{}, false, fmt.Errorf("create job %s: %w", job.ID, err)
	}
	return stored, created, nil
}

// useKey returns the job that the key stands for, or none, and forgets the keys
// that are too old.
func (t transaction) useKey(key codybatch.IdempotencyKey) (codybatch.JobID, error) {
	oldest := key.Now.Add(-keyLifetime).UnixNano()
	var request string
	var id codybatch.JobID
	err := t.row(selectIdempotencyKey, key.Key, oldest).Scan(&request, &id)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return "", t.exec(deleteIdempotencyKeys, oldest)
	case err != nil:
		return "", err
	case request != key.Request:
		return "", codybatch.ErrIdempotencyMismatch
	default:
		return id, nil
	}
}

func (t transaction) insertJob(job codybatch.Job, names []codybatch.RepositoryName) error {
	document, err := json.Marshal(totals{}.in(job))
	if err != nil {
		return err
	}
	sums, err := json.Marshal(totalsOf(job))
	if err != nil {
		return err
	}
	if err := t.exec(insertJob, job.ID, job.CreatedAt.UnixNano(), job.Status(), string(sums)); err != nil {
		return err
	}
	if err := t.exec(insertJobDocument, job.ID, string(document)); err != nil {
		return err
	}
	for i, name := range names {
		task := codybatch.Task{
			JobID: job.ID, Repository: name, Index: i, Status: codybatch.TaskQueued, Attempt: 1,
			QueuedAt: job.CreatedAt, UpdatedAt: job.CreatedAt,
			Seq: int64(i) + 1, // each its own, so that Changes can stop after any of them
		}
		if err := t.insertTask(task); err != nil {
			return fmt.Errorf("task for %s: %w", name, err)
		}
	}
	return nil
}

func (t transaction) insertTask(task codybatch.Task) error {
	document, err := json.Marshal(task)
	if err != nil {
		return err
	}
	return t.exec(insertTask, task.JobID, task.Repository, task.Index, task.Status, task.Outcome, task.Seq, dueAt(task), string(document))
}
