package codybatch

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// RetryJob queues the failed tasks of a job again, and the canceled ones too if
// asked. Finished results are never done again. A job whose cancel is still under
// way is a *JobStateError.
func (s *Service) RetryJob(ctx context.Context, id JobID, includeCanceled bool) (BulkResult, error) {
	if err := s.reopen(ctx, id); err != nil {
		return BulkResult{}, err
	}
	statuses := []TaskStatus{TaskFailed}
	if includeCanceled {
		statuses = append(statuses, TaskCanceled)
	}
	var tasks []Task
	for _, status := range statuses {
		some, err := s.allTasks(ctx, TaskQuery{JobID: id, Status: status})
		if err != nil {
			return BulkResult{}, err
		}
		tasks = append(tasks, some...)
	}
	return s.requeue(ctx, tasks, Task.Retried)
}

// RetryTasks queues the named tasks of a job again, if they are failed, canceled or
// rejected; the others are skipped. A job whose cancel is still under way is a
// *JobStateError.
func (s *Service) RetryTasks(ctx context.Context, id JobID, names []RepositoryName) (BulkResult, error) {
	return s.requeueNamed(ctx, id, names, Task.Retried)
}

// RetryTask queues one failed or canceled task again.
func (s *Service) RetryTask(ctx context.Context, key TaskKey) (Task, error) {
	task, err := s.store.Task(ctx, key)
	if err != nil {
		return Task{}, err
	}
	if _, err := task.Retried(s.Now()); err != nil {
		return task, err
	}
	if err := s.reopen(ctx, key.JobID); err != nil {
		return task, err
	}
	return s.requeueOne(ctx, key, Task.Retried)
}

// PublishJob queues tasks of a job to have their diffs published: those named, or
// all that can be. What can't be published is skipped, with the reason; of the
// tasks that were not named, only those with a diff are mentioned.
func (s *Service) PublishJob(ctx context.Context, id JobID, names []RepositoryName) (BulkResult, error) {
	if len(names) > 0 {
		return s.requeueNamed(ctx, id, names, Task.Publishing)
	}
	if err := s.reopen(ctx, id); err != nil {
		return BulkResult{}, err
	}
	tasks, err := s.allTasks(ctx, TaskQuery{JobID: id, Status: TaskSucceeded, Outcome: OutcomeChanged})
	if err != nil {
		return BulkResult{}, err
	}
	return s.requeue(ctx, tasks, Task.Publishing)
}

// PublishTask queues one succeeded task to have its diff published.
func (s *Service) PublishTask(ctx context.Context, key TaskKey) (Task, error) {
	task, err := s.store.Task(ctx, key)
	if err != nil {
		return Task{}, err
	}
	if _, err := task.Publishing(s.Now()); err != nil {
		return task, err
	}
	if err := s.reopen(ctx, key.JobID); err != nil {
		return task, err
	}
	return s.requeueOne(ctx, key, Task.Publishing)
}

// reopen clears the cancel flag of a job whose cancel is through, so that its
// tasks can be claimed again.
func (s *Service) reopen(ctx context.Context, id JobID) error {
	job, err := s.store.Job(ctx, id)
	if err != nil || !job.CancelRequested {
		return err
	}
	if !job.Finished() {
		return &JobStateError{JobID: id, Reason: fmt.Sprintf("its cancel is still under way, %d tasks are left; try again when it is canceled", job.Counts.Queued+job.Counts.Running)}
	}
	_, err = s.store.CancelJob(ctx, id, false)
	return err
}

func (s *Service) requeueNamed(ctx context.Context, id JobID, names []RepositoryName, change func(Task, time.Time) (Task, error)) (BulkResult, error) {
	if _, err := s.store.Job(ctx, id); err != nil {
		return BulkResult{}, err
	}
	tasks, unknown, err := s.named(ctx, id, names)
	if err != nil {
		return BulkResult{}, err
	}
	isPossible := func(t Task) bool {
		_, err := change(t, s.Now())
		return err == nil
	}
	if slices.ContainsFunc(tasks, isPossible) { // else a canceled job stays one
		if err := s.reopen(ctx, id); err != nil {
			return BulkResult{}, err
		}
	}
	result, err := s.requeue(ctx, tasks, change)
	result.Skipped = append(result.Skipped, unknown...)
	return result, err
}

func (s *Service) requeue(ctx context.Context, tasks []Task, change func(Task, time.Time) (Task, error)) (BulkResult, error) {
	var refs []TaskRef
	defer func() { _ = s.dispatch(context.WithoutCancel(ctx), refs) }()
	result, err := s.apply(ctx, tasks, func(t Task) (Task, error) { return change(t, s.Now()) }, func(t Task) error {
		refs = append(refs, t.Ref())
		return nil
	})
	result.Queued = result.Applied
	return result, err
}

func (s *Service) requeueOne(ctx context.Context, key TaskKey, change func(Task, time.Time) (Task, error)) (Task, error) {
	task, err := Update(ctx, s.store, key, func(t Task) (Task, error) { return change(t, s.Now()) })
	if err != nil {
		return task, err
	}
	_ = s.dispatch(ctx, []TaskRef{task.Ref()})
	return task, nil
}
