// Package storetest is the contract of codybatch.Store as a program. Every
// adapter runs it against the real thing.
package storetest

import (
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// Run checks every promise of codybatch.Store, each in a subtest with a store of
// its own: open returns one that holds no rows, and closes it when the test ends.
// The subtests run at once.
func Run(t *testing.T, open func(t *testing.T) codybatch.Store) {
	t.Helper()
	suites := []struct {
		name  string
		tests []test
	}{
		{"CreateJob", createTests()},
	}
	for _, suite := range suites {
		t.Run(suite.name, func(t *testing.T) {
			t.Parallel()
			for _, test := range suite.tests {
				t.Run(test.name, func(t *testing.T) {
					t.Parallel()
					test.run(t, fixture{Store: open(t)})
				})
			}
		})
	}
}

type test struct {
	name string // the promise, as a sentence
	run  func(t *testing.T, f fixture)
}

// start is when all the stories of the tests begin. A store need not keep more
// than milliseconds.
var start = time.Date(2026, time.March, 4, 5, 6, 7, 89_000_000, time.UTC)

// fixture is a store under test.
type fixture struct{ codybatch.Store }

// newJob is a job as a person would ask for it, without limits.
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

// create stores the job with a task for each of names.
func (f fixture) create(t *testing.T, job codybatch.Job, names []codybatch.RepositoryName) codybatch.Job {
	t.Helper()
	stored, created, err := f.CreateJob(t.Context(), job, names, codybatch.IdempotencyKey{})
	if err != nil || !created {
		t.Fatalf("CreateJob(%s) = created %t, %v; want a new job", job.ID, created, err)
	}
	return stored
}

// wantError fails the test unless err is want. A nil want wants no error.
func wantError(t *testing.T, doing string, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Fatalf("%s: error %v, want %v", doing, err, want)
	}
}
