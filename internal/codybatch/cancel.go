package codybatch

import (
	"context"
	"errors"
	"fmt"
)

// CancelJob cancels what is not finished; what is finished stays. It returns when
// the queued tasks are canceled and the running ones have been told, or at the
// deadline of ctx, after which Reconcile goes on with it. Doing it twice changes
// nothing; a job that finished by itself is a *JobStateError.
func (s *Service) CancelJob(ctx context.Context, id JobID) (Job, error) {
	job, err := s.store.Job(ctx, id)
	if err != nil {
		return Job{}, err
	}
	if job.Finished() && !job.CancelRequested {
		return job, &JobStateError{JobID: id, Reason: "it is finished already (" + string(job.Status()) + ")"}
	}
	if job, err = s.store.CancelJob(ctx, id, true); err != nil {
		return Job{}, fmt.Errorf("cancel job %s: %w", id, err)
	}
	// The running ones first: they cost money.
	for _, status := range []TaskStatus{TaskRunning, TaskQueued} {
		err := s.cancelAll(ctx, id, status)
		switch {
		case errors.Is(ctx.Err(), context.DeadlineExceeded):
			// The flag is what counts: workers see it, and Reconcile cancels what is queued.
			s.Log.InfoContext(ctx, "a cancel takes longer than its request may; reconcile goes on with it", "job", id)
			return s.store.Job(context.WithoutCancel(ctx), id)
		case err != nil:
			return job, fmt.Errorf("cancel %s tasks of job %s: %w", status, id, err)
		}
	}
	return s.store.Job(ctx, id)
}

// CancelTask cancels one task that is queued or running.
func (s *Service) CancelTask(ctx context.Context, key TaskKey) (Task, error) {
	task, err := Update(ctx, s.store, key, func(t Task) (Task, error) { return t.CanceledBy(s.Now()) })
	if err != nil {
		return task, err
	}
	return task, s.dispatcher.Cancel(ctx, []TaskKey{key})
}

// CancelTasks cancels the named tasks of a job; the job's own cancel flag stays as
// it is. What is finished is skipped.
func (s *Service) CancelTasks(ctx context.Context, id JobID, names []RepositoryName) (BulkResult, error) {
	if _, err := s.store.Job(ctx, id); err != nil {
		return BulkResult{}, err
	}
	tasks, unknown, err := s.named(ctx, id, names)
	if err != nil {
		return BulkResult{}, err
	}
	result, err := s.apply(ctx, tasks, func(t Task) (Task, error) { return t.CanceledBy(s.Now()) }, nil)
	result.Skipped = append(result.Skipped, unknown...)
	keys := make([]TaskKey, len(result.Applied))
	for i, name := range result.Applied {
		keys[i] = TaskKey{JobID: id, Repository: name}
	}
	if len(keys) == 0 {
		return result, err
	}
	// Those that are marked have to be told, whatever became of the others.
	return result, errors.Join(err, s.dispatcher.Cancel(context.WithoutCancel(ctx), keys))
}

func (s *Service) cancelAll(ctx context.Context, id JobID, status TaskStatus) error {
	tasks, err := s.allTasks(ctx, TaskQuery{JobID: id, Status: status})
	if err != nil || len(tasks) == 0 {
		return err
	}
	keys := make([]TaskKey, len(tasks))
	for i, task := range tasks {
		keys[i] = task.Key()
	}
	if err := s.dispatcher.Cancel(ctx, keys); err != nil {
		return err
	}
	for _, task := range tasks {
		_, err := updateRead(ctx, s.store, task, func(t Task) (Task, error) { return t.CanceledBy(s.Now()) })
		if err != nil && !errors.Is(err, ErrConflict) { // it ended meanwhile
			return err
		}
	}
	return nil
}

// allTasks reads every task that fits, page by page. Callers hold at most a job's
// 10,000 rows.
func (s *Service) allTasks(ctx context.Context, q TaskQuery) ([]Task, error) {
	var tasks []Task
	q.Limit = 1_000
	for {
		page, err := s.store.Tasks(ctx, q)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, page.Tasks...)
		if page.NextCursor == "" {
			return tasks, nil
		}
		q.Cursor = page.NextCursor
	}
}
