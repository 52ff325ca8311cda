package cli

import (
	"cmp"
	"slices"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// board is what is known about a job while it is followed. The running tasks are
// kept, and of the others only that they were told of, so that it stays small.
type board struct {
	job       httpapi.Job
	running   map[string]httpapi.Task // by repository
	seen      map[string]time.Time    // when a repository was last heard of, by our clock
	ended     map[string]int          // the attempt whose end was told, by repository
	rehearsed bool
	problem   string // why nothing is heard at the moment; empty: all is well
	paused    string // what the repositories wait for that were put back; empty: for nothing
	since     int64  // events up to this one are no news
}

// newBoard starts with a job as it stands: what ended before is no news.
func newBoard(job httpapi.Job) *board {
	return &board{job: job, since: job.Seq, running: map[string]httpapi.Task{}, seen: map[string]time.Time{}, ended: map[string]int{}}
}

// take learns from an event. It returns the task if the event is its end, that is
// news, and nobody was told yet.
func (b *board) take(event httpapi.Event, now time.Time) *httpapi.Task {
	if event.Job != nil {
		b.job = *event.Job
	}
	task := event.Task
	if task == nil {
		return nil
	}
	if task.Engine == engineRehearsal {
		b.rehearsed = true
	}
	name := task.RepositoryName
	if task.Status == string(codybatch.TaskRunning) {
		b.running[name] = *task
		b.seen[name] = now
		b.paused = ""
		return nil
	}
	if task.WaitingFor != "" {
		b.paused = string(task.WaitingFor)
	}
	delete(b.running, name)
	delete(b.seen, name)
	if !codybatch.TaskStatus(task.Status).Final() || event.Seq <= b.since || b.ended[name] == task.Attempt {
		return nil
	}
	b.ended[name] = task.Attempt
	return task
}

// runners lists the running tasks, longest first.
func (b *board) runners() []httpapi.Task {
	list := make([]httpapi.Task, 0, len(b.running))
	for _, task := range b.running {
		list = append(list, task)
	}
	slices.SortFunc(list, func(x, y httpapi.Task) int {
		return cmp.Or(started(x).Compare(started(y)), cmp.Compare(x.RepositoryName, y.RepositoryName))
	})
	return list
}

// done counts the tasks that have ended.
func (b *board) done() int {
	c := b.job.Counts
	return c.Succeeded + c.Failed + c.Canceled
}

// elapsed is how long the job has been at work.
func (b *board) elapsed(now time.Time) time.Duration {
	if b.job.StartedAt == nil {
		return 0
	}
	if b.job.CompletedAt != nil {
		now = *b.job.CompletedAt
	}
	return max(0, now.Sub(*b.job.StartedAt))
}

// left estimates how long the job still takes, from what is done; false while
// there is nothing to go by.
func (b *board) left(now time.Time) (time.Duration, bool) {
	done, all := b.done(), b.job.RepositoryCount
	if done == 0 || done >= all {
		return 0, false
	}
	return time.Duration(float64(b.elapsed(now)) / float64(done) * float64(all-done)), true
}

func started(task httpapi.Task) time.Time {
	if task.StartedAt == nil {
		return task.QueuedAt
	}
	return *task.StartedAt
}
