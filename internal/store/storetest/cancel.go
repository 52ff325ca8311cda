package storetest

import (
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func cancelTests() []test {
	return []test{
		{"the flag is set and cleared, each with a new number", cancelSetsAndClears},
		{"setting the flag twice changes nothing", cancelTwice},
		{"the flag and the moves of tasks do not overwrite each other", cancelWhileTasksMove},
	}
}

func cancelSetsAndClears(t *testing.T, f fixture) {
	want := f.create(t, newJob("job"), repositories(2))
	for _, requested := range []bool{true, false} {
		got, err := f.CancelJob(t.Context(), "job", requested)
		wantError(t, "CancelJob", err, nil)
		if got.Seq <= want.Seq {
			t.Errorf("the job's Seq went from %d to %d", want.Seq, got.Seq)
		}
		want.CancelRequested, want.Seq = requested, got.Seq
		wantEqual(t, "the job that CancelJob returned", got, want)
		wantEqual(t, "the job", f.job(t, "job"), want)
	}
	counts := codybatch.Counts{Queued: 2}
	wantEqual(t, "the counts, which the caller moves", f.job(t, "job").Counts, counts)
}

func cancelTwice(t *testing.T, f fixture) {
	created := f.create(t, newJob("job"), repositories(2))
	same, err := f.CancelJob(t.Context(), "job", false)
	wantError(t, "CancelJob", err, nil)
	wantEqual(t, "a job whose flag was clear", same, created)
	first, err := f.CancelJob(t.Context(), "job", true)
	wantError(t, "CancelJob", err, nil)
	second, err := f.CancelJob(t.Context(), "job", true)
	wantError(t, "CancelJob", err, nil)
	wantEqual(t, "a job whose flag was set", second, first)
	wantEqual(t, "the job", f.job(t, "job"), first)
}

func cancelWhileTasksMove(t *testing.T, f fixture) {
	const tasks = 12
	f.create(t, newJob("job"), repositories(tasks))
	list := f.tasks(t, codybatch.TaskQuery{JobID: "job", Limit: 100})
	for _, err := range atOnce(tasks+1, func(i int) error {
		if i == tasks {
			_, err := f.CancelJob(t.Context(), "job", true)
			return err
		}
		_, err := codybatch.Update(t.Context(), f, list[i].Key(), func(task codybatch.Task) (codybatch.Task, error) {
			return task.CanceledBy(start)
		})
		return err
	}) {
		wantError(t, "change the job", err, nil)
	}
	job := f.job(t, "job")
	if want := (codybatch.Counts{Canceled: tasks}); job.Counts != want || !job.CancelRequested {
		t.Errorf("the job has %+v, flag %t; want %+v and the flag", job.Counts, job.CancelRequested, want)
	}
}
