// Package storetest is the contract of codybatch.Store as a program. Every
// adapter runs it, against the real thing.
package storetest

import (
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// Run checks every promise of codybatch.Store, each in a subtest with a store of
// its own: open returns one that holds no rows, and closes it when the subtest
// ends. Subtests run at once, so open is called at once too.
//
// What the port's prose leaves open, Run settles:
//
//   - CreateJob does not believe the totals of the job that it is given; a new
//     job has the queued tasks and nothing else. Tasks are numbered from 1 in the
//     order of names, and have the job's CreatedAt as QueuedAt and UpdatedAt.
//   - All pages but the last are full, and no page but the only one is empty. A
//     limit that is not from 1 to 1,000 is an error. So is a cursor that was made
//     with another filter (ErrCursor).
//   - Changes shows job and tasks of one moment: who got fewer than limit tasks
//     may go on from the job's Seq, and who got limit from the last task's.
//   - Keys are exact: the case of a repository's name counts.
//   - Times come back in UTC, to the millisecond at least.
//   - A context that ends is never reported as one of this package's errors, even
//     when it ended with one of them as its cause.
func Run(t *testing.T, open func(t *testing.T) codybatch.Store) {
	t.Helper()
	for _, group := range []struct {
		name  string
		tests []test
	}{
		{"CreateJob", createTests()},
		{"reading", readTests()},
		{"Jobs", jobListTests()},
		{"Tasks", taskListTests()},
		{"cursors", cursorTests()},
		{"CancelJob", cancelTests()},
		{"ClaimTask", claimTests()},
		{"budget", budgetTests()},
		{"ExtendLease", leaseTests()},
		{"UpdateTask", updateTests()},
		{"totals", totalsTests()},
		{"Changes", changesTests()},
		{"DueTasks", dueTests()},
	} {
		t.Run(group.name, func(t *testing.T) {
			t.Parallel()
			for _, test := range group.tests {
				t.Run(test.promise, func(t *testing.T) {
					t.Parallel()
					test.check(t, fixture{Store: open(t)})
				})
			}
		})
	}
}

type test struct {
	promise string
	check   func(t *testing.T, f fixture)
}
