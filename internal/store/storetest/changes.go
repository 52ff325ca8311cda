package storetest

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func changesTests() []test {
	return []test{
		{"a new reader gets every task once, in pages of any size", changesFromTheStart},
		{"a changed task moves to the end, in its latest state", changesMoveToTheEnd},
		{"nothing new is an empty answer with the job", changesNothingNew},
		{"a number that the job has not reached is ErrCursor", changesBeyondTheEnd},
		{"a reader that follows writers misses no task's last state", changesFollowed},
	}
}

func changesFromTheStart(t *testing.T, f fixture) {
	f.create(t, newJob("other"), repositories(3))
	want := f.create(t, newJob("job"), repositories(10))
	for _, limit := range []int{1, 3, 5, 10, 100} {
		reader := follower{id: "job", limit: limit, last: map[codybatch.RepositoryName]codybatch.Task{}}
		for more := true; more; {
			var err error
			more, err = reader.step(t.Context(), f)
			wantError(t, "follow", err, nil)
		}
		if len(reader.last) != 10 || reader.seen != 10 {
			t.Errorf("in pages of %d: %d tasks in %d rows, want 10 of both", limit, len(reader.last), reader.seen)
		}
		wantEqual(t, "the job", reader.job, want)
	}
}

func changesMoveToTheEnd(t *testing.T, f fixture) {
	created := f.create(t, newJob("job"), repositories(4))
	tasks := f.tasks(t, codybatch.TaskQuery{JobID: "job", Limit: 4})
	first := f.claim(t, tasks[0])
	second := f.finish(t, f.claim(t, tasks[2]), codybatch.OutcomeChanged, 0)
	job, changed, err := f.Changes(t.Context(), "job", created.Seq, 10)
	wantError(t, "Changes", err, nil)
	wantEqual(t, "the changes", changed, []codybatch.Task{first, second})
	wantEqual(t, "the job", job, f.job(t, "job"))
	_, all, err := f.Changes(t.Context(), "job", 0, 10)
	wantError(t, "Changes", err, nil)
	wantEqual(t, "all tasks in the order of their change", all, []codybatch.Task{tasks[1], tasks[3], first, second})
}

func changesNothingNew(t *testing.T, f fixture) {
	task := f.claim(t, f.createOne(t, newJob("job")))
	f.beat(t, task, beatOf(task)) // a plain one is nothing new
	want, err := f.CancelJob(t.Context(), "job", true)
	wantError(t, "CancelJob", err, nil)
	for _, after := range []int64{task.Seq, want.Seq} {
		job, tasks, err := f.Changes(t.Context(), "job", after, 10)
		wantError(t, "Changes", err, nil)
		wantEqual(t, "the job", job, want)
		if len(tasks) > 0 {
			t.Errorf("%d tasks changed after %d, want none", len(tasks), after)
		}
	}
}

func changesBeyondTheEnd(t *testing.T, f fixture) {
	job := f.create(t, newJob("job"), repositories(2))
	_, _, err := f.Changes(t.Context(), "job", job.Seq+1, 10)
	wantError(t, "Changes", err, codybatch.ErrCursor)
	_, _, err = f.Changes(t.Context(), "job", 1<<62, 10)
	wantError(t, "Changes", err, codybatch.ErrCursor)
}

// follower reads the changes of a job as the dashboard does.
type follower struct {
	id    codybatch.JobID
	limit int
	after int64
	seen  int
	job   codybatch.Job
	last  map[codybatch.RepositoryName]codybatch.Task // what it saw last
}

// step reads one page, and reports whether there may be another one now.
func (w *follower) step(ctx context.Context, f fixture) (bool, error) {
	job, tasks, err := f.Changes(ctx, w.id, w.after, w.limit)
	if err != nil {
		return false, err
	}
	if len(tasks) > w.limit {
		return false, fmt.Errorf("%d changes, more than the limit %d", len(tasks), w.limit)
	}
	if job.Seq < w.job.Seq {
		return false, fmt.Errorf("the job went back from Seq %d to %d", w.job.Seq, job.Seq)
	}
	last := w.after
	for _, task := range tasks {
		if task.Seq <= last || task.Seq > job.Seq {
			return false, fmt.Errorf("a task with Seq %d after %d, in a job with Seq %d", task.Seq, last, job.Seq)
		}
		last = task.Seq
		w.last[task.Repository] = task
	}
	w.job, w.after, w.seen = job, job.Seq, w.seen+len(tasks)
	if len(tasks) == w.limit {
		w.after = last
	}
	return len(tasks) == w.limit, nil
}

func changesFollowed(t *testing.T, f fixture) {
	const tasks, writers, rounds = 24, 3, 30
	f.create(t, newJob("job"), repositories(tasks))
	stop := make(chan struct{})
	followed := make(chan error, 1)
	reader := &follower{id: "job", limit: 5, last: map[codybatch.RepositoryName]codybatch.Task{}}
	go func() { followed <- reader.follow(t.Context(), f, stop) }()
	for _, err := range atOnce(writers, func(i int) error {
		for round := range rounds {
			key := codybatch.TaskKey{JobID: "job", Repository: repositories(tasks)[(round*writers+i)*7%tasks]}
			if _, err := codybatch.Update(t.Context(), f, key, func(task codybatch.Task) (codybatch.Task, error) {
				task.Summary = fmt.Sprintf("written by %d in round %d", i, round)
				task.UpdatedAt = task.UpdatedAt.Add(time.Millisecond)
				return task, nil
			}); err != nil {
				return err
			}
		}
		return nil
	}) {
		wantError(t, "Update", err, nil)
	}
	close(stop)
	wantError(t, "follow", <-followed, nil)
	for _, want := range f.tasks(t, codybatch.TaskQuery{JobID: "job", Limit: 100}) {
		wantEqual(t, "the state that the reader saw last", reader.last[want.Repository], want)
	}
	wantEqual(t, "the job that the reader saw last", reader.job, f.job(t, "job"))
}

// follow reads until stop, and then to the end.
func (w *follower) follow(ctx context.Context, f fixture, stop <-chan struct{}) error {
	for stopped := false; ; {
		select {
		case <-stop:
			stopped = true
		default:
		}
		more, err := w.step(ctx, f)
		if err != nil || stopped && !more {
			return err
		}
	}
}
