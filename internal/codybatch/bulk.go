package codybatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
)

// BulkResult tells what a request over many tasks did.
type BulkResult struct {
	Applied []RepositoryName // what was asked for was done to them
	Queued  []RepositoryName // those of Applied that now wait for a worker
	Skipped []Refusal
}

// fewNames is up to how many tasks are read one by one. Above, it is cheaper to
// read all of the job, a page at a time.
const fewNames = 25

// named reads the tasks of a job with the given names, in their order and each
// once. Names that the job does not have come back as refusals.
func (s *Service) named(ctx context.Context, id JobID, names []RepositoryName) ([]Task, []Refusal, error) {
	names = distinct(names)
	find := func(name RepositoryName) (Task, error) {
		return s.store.Task(ctx, TaskKey{JobID: id, Repository: name})
	}
	if len(names) > fewNames {
		all, err := s.allTasks(ctx, TaskQuery{JobID: id})
		if err != nil {
			return nil, nil, err
		}
		byName := make(map[RepositoryName]Task, len(all))
		for _, task := range all {
			byName[task.Repository] = task
		}
		find = func(name RepositoryName) (Task, error) {
			task, ok := byName[name]
			if !ok {
				return Task{}, ErrNotFound
			}
			return task, nil
		}
	}
	var tasks []Task
	var unknown []Refusal
	for _, name := range names {
		task, err := find(name)
		switch {
		case errors.Is(err, ErrNotFound):
			unknown = append(unknown, Refusal{Repository: name, Code: "not_found", Reason: "is not a repository of this job"})
		case err != nil:
			return nil, nil, err
		default:
			tasks = append(tasks, task)
		}
	}
	return tasks, unknown, nil
}

func distinct(names []RepositoryName) []RepositoryName {
	seen := make(map[RepositoryName]bool, len(names))
	return slices.DeleteFunc(slices.Clone(names), func(name RepositoryName) bool {
		isKnown := seen[name]
		seen[name] = true
		return isKnown
	})
}

// apply changes tasks one after the other, and calls then, unless it is nil, for
// each that was changed. Tasks that change refuses are skipped; those that it was
// made to before (errSaid) count as changed, and nothing is done. After an error the
// result tells what was done before it.
func (s *Service) apply(ctx context.Context, tasks []Task, change func(Task) (Task, error), then func(Task) error) (BulkResult, error) {
	var result BulkResult
	for _, read := range tasks {
		task, err := updateRead(ctx, s.store, read, change)
		var refused *ActionError
		switch {
		case errors.As(err, &refused):
			result.Skipped = append(result.Skipped, Refusal{Repository: read.Repository, Code: "conflict", Reason: refused.Reason})
			continue
		case errors.Is(err, errSaid):
			result.Applied = append(result.Applied, read.Repository)
			continue
		case err != nil:
			return result, fmt.Errorf("change %s: %w", read.Key(), err)
		}
		result.Applied = append(result.Applied, task.Repository)
		if then == nil {
			continue
		}
		if err := then(task); err != nil {
			return result, err
		}
	}
	return result, nil
}
