package dynamo

import (
	"context"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// ClaimTask implements codybatch.Store.
func (s *Store) ClaimTask(ctx context.Context, claim codybatch.Claim) (codybatch.Task, codybatch.Job, error) {
	var task codybatch.Task
	var job codybatch.Job
	err := s.retry(ctx, claim.Key.JobID, func() (bool, error) {
		prev, whole, err := s.readClaimed(ctx, claim.Key)
		if err != nil {
			return false, err
		}
		// First of all the task: whose attempt it is not need not know why else.
		if _, err := prev.Claimed(claim, 0); err != nil {
			return false, err
		}
		budget, err := whole.Reservation(prev)
		if err != nil {
			return false, err
		}
		next, err := prev.Claimed(claim, budget)
		if err != nil {
			return false, err
		}
		var done bool
		task, job, done, err = s.moveTask(ctx, whole, prev, next)
		return done, err
	})
	if err != nil {
		return codybatch.Task{}, codybatch.Job{}, fmt.Errorf("claim task %s: %w", claim.Key, err)
	}
	return task, job, nil
}

// readClaimed returns a task and the whole of its job.
func (s *Store) readClaimed(ctx context.Context, key codybatch.TaskKey) (codybatch.Task, head, error) {
	if !isJobID(key.JobID) || !isTaskName(key.Repository) {
		return codybatch.Task{}, head{}, codybatch.ErrNotFound
	}
	headKey, specificationKey, taskKey := s.headKey(key.JobID), s.rowKey(key.JobID, specificationKey), s.rowKey(key.JobID, key.Repository)
	rows, err := s.get(ctx, headKey, specificationKey, taskKey)
	if err != nil {
		return codybatch.Task{}, head{}, err
	}
	job, err := s.job(rows[headKey], rows[specificationKey], key.JobID)
	if err != nil {
		return codybatch.Task{}, head{}, err
	}
	task, ok, err := rows[taskKey].task()
	if err == nil && !ok {
		err = codybatch.ErrNotFound
	}
	return task, job, err
}

// UpdateTask implements codybatch.Store.
func (s *Store) UpdateTask(ctx context.Context, prev, next codybatch.Task) (codybatch.Task, error) {
	if next.Key() != prev.Key() || next.Index != prev.Index {
		return codybatch.Task{}, fmt.Errorf("update task %s: it can't become task %s", prev.Key(), next.Key())
	}
	var stored codybatch.Task
	err := s.retry(ctx, prev.JobID, func() (bool, error) {
		found, job, err := s.readTask(ctx, prev.Key())
		if err != nil {
			return false, err
		}
		if found.Seq != prev.Seq {
			return false, fmt.Errorf("it was read at %d and is at %d: %w", prev.Seq, found.Seq, codybatch.ErrConflict)
		}
		if !found.LeaseUntil.Equal(prev.LeaseUntil) {
			return false, fmt.Errorf("its lease was extended meanwhile: %w", codybatch.ErrConflict)
		}
		var done bool
		stored, _, done, err = s.moveTask(ctx, job, found, next)
		return done, err
	})
	if err != nil {
		return codybatch.Task{}, fmt.Errorf("update task %s: %w", prev.Key(), err)
	}
	return stored, nil
}

// ExtendLease implements codybatch.Store.
func (s *Store) ExtendLease(ctx context.Context, key codybatch.TaskKey, worker string, attempt int, beat codybatch.Beat) (codybatch.Task, error) {
	var task codybatch.Task
	err := s.retry(ctx, key.JobID, func() (bool, error) {
		prev, job, err := s.readTask(ctx, key)
		if err != nil {
			return false, err
		}
		if task, err = prev.Beaten(worker, attempt, beat); err != nil {
			return false, err
		}
		var done bool
		if beat.IsNewsTo(prev) {
			task, _, done, err = s.moveTask(ctx, job, prev, task)
		} else {
			done, err = s.updateLease(ctx, task)
		}
		task.CancelRequested = task.CancelRequested || job.CancelRequested
		return done, err
	})
	if err != nil {
		return codybatch.Task{}, fmt.Errorf("extend lease of task %s: %w", key, err)
	}
	return task, nil
}

// retry calls change until it is done or fails. It is not done when somebody else
// was quicker; it reads again then.
func (s *Store) retry(ctx context.Context, id codybatch.JobID, change func() (bool, error)) error {
	for attempt := range changeAttempts {
		if done, err := change(); done || err != nil {
			return err
		}
		if err := s.wait(ctx, attempt); err != nil {
			return err
		}
	}
	return errBusy(id)
}

// moveTask writes next in the place of prev, under the job's next number, and moves
// the job with it. It is not done if either was changed since it was read.
func (s *Store) moveTask(ctx context.Context, from head, prev, next codybatch.Task) (codybatch.Task, codybatch.Job, bool, error) {
	to := from.moved(from.Apply(prev, next), next.Index)
	next.Seq = to.Seq
	head, err := s.updateHead(from, to)
	if err != nil {
		return next, to.Job, false, err
	}
	r, err := taskRow(next, to.ExpiresAt)
	if err != nil {
		return next, to.Job, false, err
	}
	writes := []types.TransactWriteItem{
		head,
		s.put(s.repositories, r, &condition{"seq = :seq AND leaseUntil = :lease", map[string]types.AttributeValue{
			":seq": number(prev.Seq), ":lease": text(timeKey(prev.LeaseUntil)),
		}}),
		s.put(s.repositories, changeRow(next, to.Job), nil),
	}
	if prev.Seq > int64(to.RepositoryCount) { // see change: the first one has no row
		writes = append(writes, s.remove(s.rowKey(prev.JobID, changeKey(prev.Seq))))
	}
	refusal, err := s.transact(ctx, writes...)
	if err != nil {
		return next, to.Job, false, err
	}
	return next, to.Job, refusal == nil, nil
}

// updateLease writes a task that differs only in its lease.
func (s *Store) updateLease(ctx context.Context, task codybatch.Task) (bool, error) {
	r, err := taskRow(task, time.Time{})
	if err != nil {
		return false, err
	}
	_, err = s.client.UpdateItem(ctx, &dynamodb.UpdateItemInput{
		TableName: aws.String(s.repositories), Key: s.rowKey(task.JobID, task.Repository).attributes(),
		UpdateExpression:         aws.String("SET #document = :document, leaseUntil = :lease, dueAt = :due"),
		ConditionExpression:      aws.String("seq = :seq"),
		ExpressionAttributeNames: map[string]string{"#document": attrDocument},
		ExpressionAttributeValues: map[string]types.AttributeValue{
			":document": r[attrDocument], ":lease": r[attrLeaseUntil], ":due": r[attrDueAt], ":seq": r[attrSeq],
		},
	})
	if isMoved(err) {
		return false, nil
	}
	return err == nil, failure(ctx, err, s.repositories)
}
