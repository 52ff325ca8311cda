package sqlite

import (
	"context"
	"encoding/json"
	"fmt"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// ClaimTask implements codybatch.Store.
func (s *Store) ClaimTask(ctx context.Context, claim codybatch.Claim) (codybatch.Task, codybatch.Job, error) {
	var task codybatch.Task
	var job codybatch.Job
	err := s.write(ctx, func(tx transaction) error {
		prev, _, err := tx.selectTask(claim.Key)
		if err != nil {
			return err
		}
		if job, err = scanJob(tx.row(selectJob, claim.Key.JobID), claim.Key.JobID); err != nil {
			return err
		}
		// First of all the task: whose attempt it is not need not know why else.
		if _, err := prev.Claimed(claim, 0); err != nil {
			return err
		}
		budget, err := job.Reservation(prev)
		if err != nil {
			return err
		}
		next, err := prev.Claimed(claim, budget)
		if err != nil {
			return err
		}
		task, job, err = tx.moveTask(job, prev, next)
		return err
	})
	if err != nil {
		return codybatch.Task{}, codybatch.Job{}, fmt.Errorf("claim task %s: %w", claim.Key, err)
	}
	return task, job, nil
}

// UpdateTask implements codybatch.Store.
func (s *Store) UpdateTask(ctx context.Context, prev, next codybatch.Task) (codybatch.Task, error) {
	if next.Key() != prev.Key() || next.Index != prev.Index {
		return codybatch.Task{}, fmt.Errorf("update task %s: it can't become task %s", prev.Key(), next.Key())
	}
	var stored codybatch.Task
	err := s.write(ctx, func(tx transaction) error {
		row, job, err := tx.selectTask(prev.Key())
		if err != nil {
			return err
		}
		if row.Seq != prev.Seq {
			return fmt.Errorf("it was read at %d and is at %d: %w", prev.Seq, row.Seq, codybatch.ErrConflict)
		}
		if !row.LeaseUntil.Equal(prev.LeaseUntil) {
			return fmt.Errorf("its lease was extended meanwhile: %w", codybatch.ErrConflict)
		}
		stored, _, err = tx.moveTask(job, row, next)
		return err
	})
	if err != nil {
		return codybatch.Task{}, fmt.Errorf("update task %s: %w", prev.Key(), err)
	}
	return stored, nil
}

// ExtendLease implements codybatch.Store.
func (s *Store) ExtendLease(ctx context.Context, key codybatch.TaskKey, worker string, attempt int, beat codybatch.Beat) (codybatch.Task, error) {
	var task codybatch.Task
	err := s.write(ctx, func(tx transaction) error {
		prev, job, err := tx.selectTask(key)
		if err != nil {
			return err
		}
		if task, err = prev.Beaten(worker, attempt, beat); err != nil {
			return err
		}
		if beat.IsNewsTo(prev) {
			task, job, err = tx.moveTask(job, prev, task)
		} else {
			err = tx.updateLease(task)
		}
		task.CancelRequested = task.CancelRequested || job.CancelRequested
		return err
	})
	if err != nil {
		return codybatch.Task{}, fmt.Errorf("extend lease of task %s: %w", key, err)
	}
	return task, nil
}

// selectTask returns a task and its job, of which only the id and the totals are
// filled.
func (t transaction) selectTask(key codybatch.TaskKey) (codybatch.Task, codybatch.Job, error) {
	var document, sums string
	if err := t.row(selectTaskAndTotals, key.JobID, key.Repository).Scan(&document, &sums); err != nil {
		return codybatch.Task{}, codybatch.Job{}, notFound(err)
	}
	task, err := decodeTask(document)
	if err != nil {
		return codybatch.Task{}, codybatch.Job{}, err
	}
	job, err := decodeTotals(sums, codybatch.Job{ID: key.JobID})
	return task, job, err
}

// moveTask writes next in the place of prev, under the job's next number, and
// moves the job with it.
func (t transaction) moveTask(job codybatch.Job, prev, next codybatch.Task) (codybatch.Task, codybatch.Job, error) {
	job = job.Apply(prev, next)
	job.Seq++
	next.Seq = job.Seq
	document, err := json.Marshal(next)
	if err != nil {
		return next, job, err
	}
	if err := t.exec(updateTask, next.Status, next.Outcome, next.Seq, dueAt(next), string(document), next.JobID, next.Repository); err != nil {
		return next, job, err
	}
	return next, job, t.updateTotals(job)
}

// updateLease writes a task that differs only in its lease.
func (t transaction) updateLease(task codybatch.Task) error {
	document, err := json.Marshal(task)
	if err != nil {
		return err
	}
	return t.exec(updateLease, dueAt(task), string(document), task.JobID, task.Repository)
}
