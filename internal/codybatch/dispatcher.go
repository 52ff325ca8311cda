package codybatch

import "context"

// Dispatcher gets tasks to workers. All methods may be called at once.
//
// The promises, each a test in dispatchtest:
//
//   - Dispatch is at-least-once: what it accepted is run at some time, maybe more
//     than once. Workers guard themselves with Store.ClaimTask.
//   - A reference that is waiting already is not queued a second time.
//   - Cancel is a hint that makes haste: the worker's context ends with
//     ErrCanceled as its cause. A task that is not there is no error.
//   - One task's failure, or panic, does not stop another.
type Dispatcher interface {
	// Dispatch hands over tasks of one job, in order. An error means that some
	// may not have been taken; they stay queued and reconcile sends them again.
	Dispatch(ctx context.Context, refs []TaskRef) error

	// Cancel stops running tasks and forgets waiting ones, whatever their
	// attempt.
	Cancel(ctx context.Context, keys []TaskKey) error
}

// TaskRef names an attempt of a task that is to be run.
type TaskRef struct {
	Key     TaskKey
	Attempt int
	Index   int // place in the job's list of repositories

	// Publishes says that all there is to do is to publish the diff that is there: no
	// model is asked, so that what holds up those who ask one is of no matter. It is not
	// kept with the reference; who does not know leaves it out.
	Publishes bool
}

// Ref is the reference to the task's coming attempt.
func (t Task) Ref() TaskRef {
	return TaskRef{Key: t.Key(), Attempt: t.Attempt, Index: t.Index, Publishes: t.isReady()}
}

// Runner runs one attempt to its end; dispatchers call it. An error is a failure
// of the machinery, already recorded where a person sees it; ErrNotNow asks to
// be called again later (HeldError: not before its time), and ErrConflict says that the attempt is somebody
// else's.
type Runner func(ctx context.Context, ref TaskRef) error
