package storetest

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func jobListTests() []test {
	return []test{
		{"jobs come newest first, on pages of any size", listJobsNewestFirst},
		{"jobs that are added while somebody pages do not disturb", listJobsWhileAdding},
		{"jobs are found by their status as it is now", listJobsByStatus},
	}
}

func taskListTests() []test {
	return []test{
		{"tasks come in the job's order, on pages of any size", listTasksInOrder},
		{"tasks are found by status and by outcome", listTasksFiltered},
		{"tasks that change while somebody pages are neither lost nor repeated", listTasksWhileChanging},
	}
}

// createAged stores jobs, the oldest first in the answer, in an order of their
// own. Two and two have the same age, as far as the clock can tell.
func (f fixture) createAged(t *testing.T, n int) []codybatch.JobID {
	t.Helper()
	aged := make([]codybatch.JobID, n)
	for i := range n {
		at := (i*5 + 3) % n // each once, if n is not a multiple of 5
		job := newJob(codybatch.JobID(fmt.Sprintf("job-%02d", at)))
		job.CreatedAt = start.Add(time.Duration(at/2) * time.Millisecond)
		f.create(t, job, repositories(1))
		aged[at] = job.ID
	}
	return aged
}

func listJobsNewestFirst(t *testing.T, f fixture) {
	want := f.createAged(t, 12)
	slices.Reverse(want)
	for _, limit := range []int{1, 2, 5, 6, 12, 1_000} {
		jobs := f.jobs(t, codybatch.JobQuery{Limit: limit})
		wantEqual(t, fmt.Sprintf("the list in pages of %d", limit), ids(jobs), want)
		queued := f.jobs(t, codybatch.JobQuery{Limit: limit, Status: codybatch.JobQueued})
		wantEqual(t, fmt.Sprintf("the list by status in pages of %d", limit), queued, jobs)
	}
}

func listJobsWhileAdding(t *testing.T, f fixture) {
	want := f.createAged(t, 8)
	slices.Reverse(want)
	for _, status := range []codybatch.JobStatus{"", codybatch.JobQueued} {
		added := 0
		all := walk(t, 3, func(cursor string) ([]codybatch.Job, string, error) {
			page, err := f.Jobs(t.Context(), codybatch.JobQuery{Status: status, Limit: 3, Cursor: cursor})
			job := newJob(codybatch.JobID(fmt.Sprintf("new-%s-%d", status, added)))
			job.CreatedAt = start.Add(time.Hour)
			f.create(t, job, repositories(1))
			added++
			return page.Jobs, page.NextCursor, err
		})
		all = slices.DeleteFunc(all, func(j codybatch.Job) bool { return !slices.Contains(want, j.ID) })
		wantEqual(t, "the list", ids(all), want)
	}
}

func listJobsByStatus(t *testing.T, f fixture) {
	wantStatuses := func(want map[codybatch.JobID]codybatch.JobStatus) {
		t.Helper()
		for _, status := range codybatch.JobStatuses() {
			for _, job := range f.jobs(t, codybatch.JobQuery{Status: status, Limit: 2}) {
				if want[job.ID] != status || job.Status() != status {
					t.Fatalf("job %s, which is %s, is listed as %s; want it as %s", job.ID, job.Status(), status, want[job.ID])
				}
				wantEqual(t, "a listed job", job, f.job(t, job.ID))
				delete(want, job.ID)
			}
		}
		if len(want) > 0 {
			t.Fatalf("jobs not listed by their status: %v", want)
		}
	}
	f.createOne(t, newJob("queued"))
	running := f.claim(t, f.createOne(t, newJob("running")))
	f.finish(t, f.claim(t, f.createOne(t, newJob("succeeded"))), codybatch.OutcomeNoChanges, 0)
	failed := f.finish(t, f.claim(t, f.createOne(t, newJob("failed"))), codybatch.OutcomeTimeout, 0)
	f.update(t, f.createOne(t, newJob("canceled")), func(task codybatch.Task) (codybatch.Task, error) { return task.CanceledBy(start) })
	f.createOne(t, newJob("flagged"))
	_, err := f.CancelJob(t.Context(), "flagged", true)
	wantError(t, "CancelJob", err, nil)
	wantStatuses(map[codybatch.JobID]codybatch.JobStatus{
		"queued": codybatch.JobQueued, "running": codybatch.JobRunning, "succeeded": codybatch.JobSucceeded,
		"failed": codybatch.JobFailed, "canceled": codybatch.JobCanceled, "flagged": codybatch.JobRunning,
	})

	f.finish(t, running, codybatch.OutcomeChanged, 0)
	f.update(t, failed, func(task codybatch.Task) (codybatch.Task, error) { return task.Retried(start) })
	_, err = f.CancelJob(t.Context(), "flagged", false)
	wantError(t, "CancelJob", err, nil)
	wantStatuses(map[codybatch.JobID]codybatch.JobStatus{
		"queued": codybatch.JobQueued, "running": codybatch.JobSucceeded, "succeeded": codybatch.JobSucceeded,
		"failed": codybatch.JobQueued, "canceled": codybatch.JobCanceled, "flagged": codybatch.JobQueued,
	})
}

func listTasksInOrder(t *testing.T, f fixture) {
	f.create(t, newJob("job-1"), repositories(3))
	f.create(t, newJob("job-2"), repositories(12))
	f.create(t, newJob("job-3"), repositories(3))
	var want []string
	for _, name := range repositories(12) {
		want = append(want, "job-2/"+string(name))
	}
	for _, limit := range []int{1, 2, 5, 6, 12, 1_000} {
		tasks := f.tasks(t, codybatch.TaskQuery{JobID: "job-2", Limit: limit})
		wantEqual(t, fmt.Sprintf("the list in pages of %d", limit), keys(tasks), want)
		queued := f.tasks(t, codybatch.TaskQuery{JobID: "job-2", Limit: limit, Status: codybatch.TaskQueued})
		wantEqual(t, fmt.Sprintf("the list by status in pages of %d", limit), queued, tasks)
	}
}

func listTasksFiltered(t *testing.T, f fixture) {
	f.create(t, newJob("job"), repositories(16))
	outcomes := []codybatch.Outcome{"", codybatch.OutcomeChanged, codybatch.OutcomeNoChanges, codybatch.OutcomeTimeout, codybatch.OutcomeStuck}
	var all []codybatch.Task
	for i, task := range f.tasks(t, codybatch.TaskQuery{JobID: "job", Limit: 100}) {
		if i%6 > 0 {
			task = f.claim(t, task)
		}
		if i%6 > 1 {
			task = f.finish(t, task, outcomes[i%6-1], 0)
		}
		all = append(all, task)
	}
	for _, status := range append(codybatch.TaskStatuses(), "") {
		for _, outcome := range outcomes {
			want := slices.DeleteFunc(slices.Clone(all), func(task codybatch.Task) bool {
				return status != "" && task.Status != status || outcome != "" && task.Outcome != outcome
			})
			for _, limit := range []int{1, 2, 100} {
				got := f.tasks(t, codybatch.TaskQuery{JobID: "job", Status: status, Outcome: outcome, Limit: limit})
				wantEqual(t, fmt.Sprintf("the tasks %q with outcome %q in pages of %d", status, outcome, limit), keys(got), keys(want))
			}
		}
	}
}

func listTasksWhileChanging(t *testing.T, f fixture) {
	f.create(t, newJob("job"), repositories(10))
	for _, status := range []codybatch.TaskStatus{"", codybatch.TaskQueued} {
		for _, task := range f.tasks(t, codybatch.TaskQuery{JobID: "job", Status: codybatch.TaskRunning, Limit: 100}) {
			f.update(t, task, func(task codybatch.Task) (codybatch.Task, error) {
				return task.Stopped(task.Worker, task.Attempt, task.Usage, start)
			})
		}
		all := walkTasks(t, 3, func(cursor string) (codybatch.TaskPage, error) {
			page, err := f.Tasks(t.Context(), codybatch.TaskQuery{JobID: "job", Status: status, Limit: 3, Cursor: cursor})
			if err == nil && len(page.Tasks) > 0 {
				f.claim(t, page.Tasks[0]) // it leaves the list of queued tasks behind the reader's back
			}
			return page, err
		})
		if len(all) != 10 || !slices.IsSortedFunc(all, func(a, b codybatch.Task) int { return a.Index - b.Index }) {
			t.Fatalf("paging through %q tasks that change gave %v; want all 10 in order", status, keys(all))
		}
	}
}
