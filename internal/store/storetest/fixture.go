package storetest

import (
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"sync"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// start is when the stories of the tests begin. A store need not keep more than
// milliseconds.
var start = time.Date(2026, time.March, 4, 5, 6, 7, 89_000_000, time.UTC)

const lease = time.Minute

// fixture is a store under test, with the steps that most stories share. A step
// that goes wrong ends the test.
type fixture struct{ codybatch.Store }

// newJob is a job without any limit of money.
func newJob(id codybatch.JobID) codybatch.Job {
	return codybatch.Job{
		ID: id, Name: "Job " + string(id), Prompt: "Replace io/ioutil.",
		Agent:       codybatch.AgentSpec{Type: codybatch.AgentClaude, Model: "claude-sonnet-5-5", Timeout: time.Hour},
		PullRequest: codybatch.PullRequestSpec{Title: "Replace io/ioutil", Branch: "cody-batch/io-ioutil"},
		CreatedAt:   start,
	}
}

// repositories are n names in an order that is not the alphabet's.
func repositories(n int) []codybatch.RepositoryName {
	names := make([]codybatch.RepositoryName, n)
	for i := range names {
		names[i] = codybatch.RepositoryName(fmt.Sprintf("acme/site-%d", n-i))
	}
	return names
}

func (f fixture) create(t *testing.T, job codybatch.Job, names []codybatch.RepositoryName) codybatch.Job {
	t.Helper()
	stored, created, err := f.CreateJob(t.Context(), job, names, codybatch.IdempotencyKey{})
	if err != nil || !created {
		t.Fatalf("CreateJob(%s): created %t, error %v; want a new job", job.ID, created, err)
	}
	return stored
}

// createOne is create for a job with one task.
func (f fixture) createOne(t *testing.T, job codybatch.Job) codybatch.Task {
	t.Helper()
	f.create(t, job, repositories(1))
	return f.task(t, codybatch.TaskKey{JobID: job.ID, Repository: repositories(1)[0]})
}

func (f fixture) job(t *testing.T, id codybatch.JobID) codybatch.Job {
	t.Helper()
	job, err := f.Job(t.Context(), id)
	wantError(t, "Job", err, nil)
	return job
}

func (f fixture) task(t *testing.T, key codybatch.TaskKey) codybatch.Task {
	t.Helper()
	task, err := f.Task(t.Context(), key)
	wantError(t, "Task", err, nil)
	return task
}

// claimOf is a claim of the task's coming attempt by a worker of the name.
func claimOf(task codybatch.Task, worker string) codybatch.Claim {
	now := start.Add(time.Second)
	return codybatch.Claim{Key: task.Key(), Attempt: task.Attempt, Worker: worker, Now: now, LeaseUntil: now.Add(lease)}
}

func (f fixture) claim(t *testing.T, task codybatch.Task) codybatch.Task {
	t.Helper()
	claimed, _, err := f.ClaimTask(t.Context(), claimOf(task, "worker"))
	wantError(t, "ClaimTask", err, nil)
	return claimed
}

// finish ends a running task with the outcome, having spent the cost in all.
func (f fixture) finish(t *testing.T, task codybatch.Task, outcome codybatch.Outcome, cost codybatch.Money) codybatch.Task {
	t.Helper()
	result := codybatch.TaskResult{Outcome: outcome, Engine: "script", Usage: codybatch.Usage{Cost: cost}}
	return f.update(t, task, func(task codybatch.Task) (codybatch.Task, error) {
		return task.Finished(task.Worker, task.Attempt, result, start.Add(time.Minute))
	})
}

func (f fixture) update(t *testing.T, prev codybatch.Task, change func(codybatch.Task) (codybatch.Task, error)) codybatch.Task {
	t.Helper()
	next, err := change(prev)
	wantError(t, "change task", err, nil)
	stored, err := f.UpdateTask(t.Context(), prev, next)
	wantError(t, "UpdateTask", err, nil)
	return stored
}

// walkTasks reads all pages of a list of tasks.
func walkTasks(t *testing.T, limit int, list func(cursor string) (codybatch.TaskPage, error)) []codybatch.Task {
	t.Helper()
	return walk(t, limit, func(cursor string) ([]codybatch.Task, string, error) {
		page, err := list(cursor)
		return page.Tasks, page.NextCursor, err
	})
}

func (f fixture) tasks(t *testing.T, q codybatch.TaskQuery) []codybatch.Task {
	t.Helper()
	return walkTasks(t, q.Limit, func(cursor string) (codybatch.TaskPage, error) {
		q.Cursor = cursor
		return f.Tasks(t.Context(), q)
	})
}

func (f fixture) due(t *testing.T, q codybatch.DueQuery) []codybatch.Task {
	t.Helper()
	return walkTasks(t, q.Limit, func(cursor string) (codybatch.TaskPage, error) {
		q.Cursor = cursor
		return f.DueTasks(t.Context(), q)
	})
}

func (f fixture) jobs(t *testing.T, q codybatch.JobQuery) []codybatch.Job {
	t.Helper()
	return walk(t, q.Limit, func(cursor string) ([]codybatch.Job, string, error) {
		q.Cursor = cursor
		page, err := f.Jobs(t.Context(), q)
		return page.Jobs, page.NextCursor, err
	})
}

// walk follows a list to its end and checks the shape of its pages.
func walk[Row any](t *testing.T, limit int, list func(cursor string) ([]Row, string, error)) []Row {
	t.Helper()
	var all []Row
	for cursor := ""; ; {
		rows, next, err := list(cursor)
		wantError(t, "list a page", err, nil)
		all = append(all, rows...)
		switch {
		case len(rows) > limit:
			t.Fatalf("a page of %d rows, more than its limit %d", len(rows), limit)
		case next != "" && len(rows) < limit:
			t.Fatalf("a page of %d rows that is not the last; want %d", len(rows), limit)
		case len(rows) == 0 && cursor != "":
			t.Fatal("an empty page after a full one")
		case next == "":
			return all
		case next == cursor:
			t.Fatal("a page leads to itself")
		}
		cursor = next
	}
}

// atOnce runs f n times at once and returns the errors in the order of i.
func atOnce(n int, f func(i int) error) []error {
	errs := make([]error, n)
	var group sync.WaitGroup
	for i := range n {
		group.Go(func() { errs[i] = f(i) })
	}
	group.Wait()
	return errs
}

// wantError ends the test unless err is want. A nil want wants no error.
func wantError(t *testing.T, doing string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: error %v, want %v", doing, err, want)
	}
}

// wantEqual ends the test unless both are the same in every field, times in UTC.
func wantEqual(t *testing.T, what string, got, want any) {
	t.Helper()
	if reflect.DeepEqual(got, want) {
		return
	}
	gotText, _ := json.MarshalIndent(got, "", " ") // for people only
	wantText, _ := json.MarshalIndent(want, "", " ")
	t.Fatalf("%s is not what it should be\ngot:  %s\n%+v\nwant: %s\n%+v", what, gotText, got, wantText, want)
}

// ids are what tells jobs apart, for comparing lists.
func ids(jobs []codybatch.Job) []codybatch.JobID {
	list := make([]codybatch.JobID, 0, len(jobs))
	for _, job := range jobs {
		list = append(list, job.ID)
	}
	return list
}

// keys are what tells tasks apart, for comparing lists.
func keys(tasks []codybatch.Task) []string {
	list := make([]string, 0, len(tasks))
	for _, task := range tasks {
		list = append(list, task.Key().String())
	}
	return list
}
