package codybatch

import (
	"context"
	"fmt"
	"strings"
)

// ReviewTask records a person's verdict on a diff, or takes it back. Note: at most
// 4 KiB.
func (s *Service) ReviewTask(ctx context.Context, key TaskKey, decision ReviewDecision, note string) (Task, error) {
	if err := checkReview(decision, note); err != nil {
		return Task{}, err
	}
	task, err := Update(ctx, s.store, key, s.verdict(decision, note))
	if err != nil || decision != ReviewRejected {
		return task, err
	}
	job, err := s.store.Job(ctx, key.JobID)
	if err != nil {
		return task, err
	}
	return task, s.forgetResult(ctx, job, task)
}

// ReviewTasks records one verdict on the diffs of all named tasks of a job, or
// takes back those that there are. What has no finished diff is skipped.
func (s *Service) ReviewTasks(ctx context.Context, id JobID, decision ReviewDecision, note string, names []RepositoryName) (BulkResult, error) {
	if err := checkReview(decision, note); err != nil {
		return BulkResult{}, err
	}
	job, err := s.store.Job(ctx, id)
	if err != nil {
		return BulkResult{}, err
	}
	tasks, unknown, err := s.named(ctx, id, names)
	if err != nil {
		return BulkResult{}, err
	}
	result, err := s.apply(ctx, tasks, s.verdict(decision, note), func(t Task) error {
		if decision != ReviewRejected {
			return nil
		}
		return s.forgetResult(ctx, job, t)
	})
	result.Skipped = append(result.Skipped, unknown...)
	return result, err
}

func checkReview(decision ReviewDecision, note string) error {
	var v validator
	if decision != ReviewApproved && decision != ReviewRejected && decision != ReviewWithdrawn {
		v.add("decision", "%.40q is unknown; use %q, %q or %q", decision, ReviewApproved, ReviewRejected, ReviewWithdrawn)
	}
	v.text("note", note, 4<<10)
	if len(v.fields) > 0 {
		return &ValidationError{Fields: v.fields}
	}
	return nil
}

func (s *Service) verdict(decision ReviewDecision, note string) func(Task) (Task, error) {
	return func(t Task) (Task, error) { return t.Reviewed(Review{Decision: decision, Note: note, At: s.Now()}) }
}

// forgetResult keeps a rejected diff from being anybody's known result: an empty
// record counts as none. It stays forgotten when the verdict is withdrawn.
func (s *Service) forgetResult(ctx context.Context, job Job, task Task) error {
	record := ResultKey(job.Digest(task.Engine), task.Repository, task.BaseCommit)
	if err := s.artifacts.Put(ctx, record, strings.NewReader("{}\n")); err != nil {
		return fmt.Errorf("forget the rejected result of %s: %w", task.Key(), err)
	}
	return nil
}
