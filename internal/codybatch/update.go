package codybatch

import (
	"context"
	"errors"
)

// Update changes a task by a pure function: it reads, applies change and writes,
// and starts over when somebody else wrote in between. An error of change ends
// it and comes back as it is; nothing is written then.
func Update(ctx context.Context, store Store, key TaskKey, change func(Task) (Task, error)) (Task, error) {
	prev, err := store.Task(ctx, key)
	if err != nil {
		return Task{}, err
	}
	return updateRead(ctx, store, prev, change)
}

// updateRead is Update for who has read the task already: with many tasks, a page
// at a time. It reads again only when somebody wrote in between.
func updateRead(ctx context.Context, store Store, prev Task, change func(Task) (Task, error)) (Task, error) {
	for {
		next, err := change(prev)
		if err != nil {
			return prev, err
		}
		stored, err := store.UpdateTask(ctx, prev, next)
		if err == nil || !errors.Is(err, ErrConflict) {
			return stored, err
		}
		if ctx.Err() != nil {
			return prev, context.Cause(ctx)
		}
		if prev, err = store.Task(ctx, prev.Key()); err != nil {
			return Task{}, err
		}
	}
}
