package codybatch

import (
	"context"
	"time"
)

// Store keeps jobs and tasks as rows. All methods may be called at once, from
// several processes. A failure of the store itself comes back as an error that
// is none of this package's; the caller may try again.
//
// The promises, each a test in storetest:
//
//   - A job becomes visible only after all its tasks exist.
//   - A task changes only by compare-and-set; the loser gets ErrConflict.
//   - A job's counts, usage and reservation move in the same write as the task
//     that moves them (Job.Apply), and are never counted again from rows.
//   - Every change of a task gets a number, Seq, larger than all numbers that the
//     job had before. A reader that follows Changes misses no task's latest state.
//   - Listing goes by index and by cursor. Cursors are opaque, and stay valid
//     while rows are added; one that is not of this store's making is ErrCursor.
type Store interface {
	// CreateJob stores a job with one queued task for each of names, in that
	// order, all or nothing. If key is not empty and was used in the last 24
	// hours, nothing is stored: with the same key.Request the earlier job comes
	// back and created is false, with another one the error is
	// ErrIdempotencyMismatch.
	CreateJob(ctx context.Context, job Job, names []RepositoryName, key IdempotencyKey) (stored Job, created bool, err error)

	// Job returns a job, or ErrNotFound.
	Job(ctx context.Context, id JobID) (Job, error)

	// Jobs lists jobs, newest first.
	Jobs(ctx context.Context, q JobQuery) (JobPage, error)

	// CancelJob sets or clears the job's cancel flag. While it is set, no
	// task of the job can be claimed; a retry of canceled tasks clears it. The
	// tasks themselves are moved by the caller. Doing it twice changes nothing.
	// ErrNotFound if there is no such job.
	CancelJob(ctx context.Context, id JobID, requested bool) (Job, error)

	// Task returns a task, or ErrNotFound.
	Task(ctx context.Context, key TaskKey) (Task, error)

	// Tasks lists the tasks of a job in the order of their Index. It is
	// ErrNotFound if there is no such job.
	Tasks(ctx context.Context, q TaskQuery) (TaskPage, error)

	// ClaimTask makes a queued task running with Task.Claimed. In the same write
	// it reserves the attempt's budget from what is left of the job's; see
	// Job.Reservation. ErrConflict if the task is not queued at that attempt,
	// ErrCanceled if the job's cancel flag is set, ErrNotNow if too little is left
	// while running tasks hold a reservation, and ErrBudgetExhausted if nothing is
	// left at all.
	ClaimTask(ctx context.Context, claim Claim) (Task, Job, error)

	// UpdateTask replaces prev by next if the row's Seq and LeaseUntil are still
	// those of prev, and returns next with its new Seq; else ErrConflict. It moves
	// the job with Job.Apply in the same write. See Update for the usual way to
	// call it.
	UpdateTask(ctx context.Context, prev, next Task) (Task, error)

	// ExtendLease applies Task.Beaten and returns the task, whose CancelRequested
	// (or the job's cancel flag, which it is joined with) tells the worker to
	// stop. ErrConflict if the attempt is not the worker's any more. A beat that is
	// no news (Beat.IsNewsTo) gets no new Seq.
	ExtendLease(ctx context.Context, key TaskKey, worker string, attempt int, beat Beat) (Task, error)

	// Changes lists the tasks of a job that changed after the given Seq, each
	// once, in its latest state, in the order of Seq, at most limit, together
	// with the job. Job and tasks are of one moment: what the job sums up is what
	// the tasks say, and a reader that has all tasks up to job.Seq has everything.
	// ErrNotFound if there is no such job; ErrCursor if after is a number that the
	// job has not reached.
	Changes(ctx context.Context, id JobID, after int64, limit int) (Job, []Task, error)

	// DueTasks lists tasks of any job in the given status whose DueAt is not
	// after before, longest due first.
	DueTasks(ctx context.Context, q DueQuery) (TaskPage, error)

	// Ping tells whether the store can be reached.
	Ping(ctx context.Context) error
}

// IdempotencyKey makes a request that is sent twice count once. The zero key
// means that the caller does not mind.
type IdempotencyKey struct {
	Key     string // the caller's, at most 255 bytes
	Request string // a digest of the request
	Now     time.Time
}

// JobQuery asks for a page of jobs.
type JobQuery struct {
	Status JobStatus // empty: all
	Limit  int       // from 1 to 1,000
	Cursor string    // empty: from the start
}

// JobPage is a page of jobs. An empty NextCursor ends the list.
type JobPage struct {
	Jobs       []Job
	NextCursor string
}

// TaskQuery asks for a page of a job's tasks.
type TaskQuery struct {
	JobID   JobID
	Status  TaskStatus // empty: all
	Outcome Outcome    // empty: all
	Limit   int        // from 1 to 1,000
	Cursor  string
}

// DueQuery asks for tasks that somebody should look after.
type DueQuery struct {
	Status TaskStatus // TaskQueued or TaskRunning
	Before time.Time
	Limit  int // from 1 to 1,000
	Cursor string
}

// TaskPage is a page of tasks. An empty NextCursor ends the list.
type TaskPage struct {
	Tasks      []Task
	NextCursor string
}
