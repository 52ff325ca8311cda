package codybatch

import (
	"context"
	"errors"
	"fmt"
	"time"
)

// Reconcile picks up lost work: running tasks whose lease ran out are queued
// again (or given up, see Task.LeaseExpired), and tasks that have been queued for
// longer than patience are dispatched again, or canceled with their job. It is safe to run at any time, in
// several processes at once, and after every kind of crash. It returns how many
// queued tasks it sent. An ErrNotSent says of which jobs a dispatcher did not take
// tasks; all else was done.
func (s *Service) Reconcile(ctx context.Context, patience time.Duration) (int, error) {
	if err := s.recoverLost(ctx); err != nil {
		return 0, fmt.Errorf("recover tasks whose lease ran out: %w", err)
	}
	sent := 0
	var refused []error
	q := DueQuery{Status: TaskQueued, Before: s.Now().Add(-patience), Limit: 1_000}
	for {
		page, err := s.store.DueTasks(ctx, q)
		if err != nil {
			return sent, fmt.Errorf("find queued tasks: %w", err)
		}
		for jobRefs := range refsByJob(page.Tasks) {
			n, err := s.sendAgain(ctx, jobRefs)
			sent += n
			switch {
			case errors.Is(err, ErrNotSent):
				refused = append(refused, err)
			case err != nil:
				return sent, err
			}
		}
		if page.NextCursor == "" {
			return sent, errors.Join(refused...)
		}
		q.Cursor = page.NextCursor
	}
}

// sendAgain dispatches queued tasks of a job, and returns how many. Those of a canceled
// job it cancels: whoever canceled it had no time to finish with that.
func (s *Service) sendAgain(ctx context.Context, refs []TaskRef) (int, error) {
	job, err := s.store.Job(ctx, refs[0].Key.JobID)
	switch {
	case errors.Is(err, ErrNotFound): // it is no longer kept
		return 0, nil
	case err != nil:
		return 0, fmt.Errorf("read job %s: %w", refs[0].Key.JobID, err)
	case !job.CancelRequested:
		if err := s.dispatch(ctx, refs); err != nil {
			return 0, err
		}
		return len(refs), nil
	}
	for _, ref := range refs {
		_, err := Update(ctx, s.store, ref.Key, func(t Task) (Task, error) {
			if t.Status != TaskQueued {
				return t, ErrConflict // somebody was quicker
			}
			return t.CanceledBy(s.Now())
		})
		if err != nil && !errors.Is(err, ErrConflict) {
			return 0, fmt.Errorf("cancel %s: %w", ref.Key, err)
		}
	}
	return 0, nil
}

func (s *Service) recoverLost(ctx context.Context) error {
	now := s.Now()
	for {
		// No cursor: what was recovered has left the list.
		page, err := s.store.DueTasks(ctx, DueQuery{Status: TaskRunning, Before: now, Limit: 100})
		if err != nil {
			return err
		}
		if len(page.Tasks) == 0 {
			return nil
		}
		for _, lost := range page.Tasks {
			task, err := Update(ctx, s.store, lost.Key(), func(t Task) (Task, error) { return t.LeaseExpired(now) })
			switch {
			case errors.Is(err, ErrConflict): // its worker, or another reconciler, was quicker
			case err != nil:
				return err
			default:
				s.Log.WarnContext(ctx, "a worker fell silent", "job", task.JobID, "repository", task.Repository,
					"attempt", lost.Attempt, "status", task.Status)
				if task.Status == TaskQueued {
					_ = s.dispatch(ctx, []TaskRef{task.Ref()}) // else as a queued one, when it has waited
				}
			}
		}
	}
}

// WorkerGone queues a running task again, as Reconcile does when a lease has run out,
// if its worker is one of those that the caller knows to be gone. It is no error if
// the task is not, or no longer, theirs.
func (s *Service) WorkerGone(ctx context.Context, key TaskKey, isGone func(worker string) bool) error {
	task, err := s.store.Task(ctx, key)
	switch {
	case errors.Is(err, ErrNotFound): // its job is older than its rows are kept
		return nil
	case err != nil:
		return fmt.Errorf("read %s: %w", key, err)
	case task.Status != TaskRunning || !isGone(task.Worker):
		return nil
	}
	attempt, worker, now := task.Attempt, task.Worker, s.Now()
	task, err = Update(ctx, s.store, key, func(t Task) (Task, error) { return t.WorkerLost(worker, attempt, now) })
	switch {
	case errors.Is(err, ErrConflict): // it ended after all, or somebody else was quicker
		return nil
	case err != nil:
		return fmt.Errorf("take %s from its worker: %w", key, err)
	}
	s.Log.WarnContext(ctx, "a worker is gone", "job", key.JobID, "repository", key.Repository, "attempt", attempt, "status", task.Status)
	if task.Status == TaskQueued {
		_ = s.dispatch(ctx, []TaskRef{task.Ref()}) // else by Reconcile
	}
	return nil
}

// refsByJob yields the references of tasks, one slice a job, in order.
func refsByJob(tasks []Task) func(yield func([]TaskRef) bool) {
	return func(yield func([]TaskRef) bool) {
		var order []JobID
		refs := map[JobID][]TaskRef{}
		for _, task := range tasks {
			if refs[task.JobID] == nil {
				order = append(order, task.JobID)
			}
			refs[task.JobID] = append(refs[task.JobID], task.Ref())
		}
		for _, id := range order {
			if !yield(refs[id]) {
				return
			}
		}
	}
}
