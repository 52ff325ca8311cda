package dynamo_test

import (
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/awstest"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/store/dynamo"
)

// A process that dies in the middle of a creation leaves rows that nobody sees, and
// the request can be sent again. An hour later the rows are deleted.
func TestCreationThatIsCutOff(t *testing.T) {
	t.Parallel()
	const tasks = 120
	for name, dies := range map[string]func(operation string, n int) bool{
		"after the head":                 func(op string, _ int) bool { return op == "BatchWriteItem" },
		"in the middle of the rows":      func(op string, n int) bool { return op == "BatchWriteItem" && n > 2 },
		"before the job becomes visible": func(op string, _ int) bool { return op == "TransactWriteItems" },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			own := newTables(t, awstest.Dynoxide(t))
			var dead atomic.Bool
			dying := own.store(t, begun, &wire{answer: func(operation string, n int, _ []byte) (*http.Response, error) {
				if dead.Load() || dies(operation, n) {
					dead.Store(true)
					return nil, errCut
				}
				return nil, nil
			}})
			key := codybatch.IdempotencyKey{Key: "key", Request: "digest", Now: begun}
			_, created, err := dynamo.WithoutPauses(dying).CreateJob(t.Context(), newJob("cut-off"), names(tasks), key)
			if err == nil || created {
				t.Fatalf("created %t, error %v", created, err)
			}

			store := own.store(t, begun.Add(time.Minute), nil)
			wantOnly := func(store *dynamo.Store, ids ...codybatch.JobID) {
				t.Helper()
				due := codybatch.DueQuery{Status: codybatch.TaskQueued, Before: begun.Add(time.Hour), Limit: 1_000}
				page, err := store.DueTasks(t.Context(), due)
				if err != nil || len(page.Tasks) != len(ids)*tasks {
					t.Errorf("%d tasks are due, error %v; want those of %v", len(page.Tasks), err, ids)
				}
				jobs, err := store.Jobs(t.Context(), codybatch.JobQuery{Limit: 10})
				if err != nil || len(jobs.Jobs) != len(ids) {
					t.Errorf("%d jobs, error %v; want %v", len(jobs.Jobs), err, ids)
				}
			}
			wantOnly(store)
			if _, err := store.Job(t.Context(), "cut-off"); !errors.Is(err, codybatch.ErrNotFound) {
				t.Errorf("the job: error %v", err)
			}
			if _, err := store.Task(t.Context(), codybatch.TaskKey{JobID: "cut-off", Repository: names(1)[0]}); !errors.Is(err, codybatch.ErrNotFound) {
				t.Errorf("a task: error %v", err)
			}
			if _, created, err := store.CreateJob(t.Context(), newJob("again"), names(tasks), key); err != nil || !created {
				t.Fatalf("with the same key again: created %t, error %v", created, err)
			}
			wantOnly(store, "again")
			before := own.rows(t, "cut-off")
			if name != "after the head" && before == 0 {
				t.Error("there are no rows of the creation that was cut off; the test tests nothing")
			}

			wantOnly(own.store(t, begun.Add(59*time.Minute), nil), "again") // it may still be under way
			if after := own.rows(t, "cut-off"); after != before {
				t.Errorf("%d of %d rows are left while the creation may still be under way", after, before)
			}
			wantOnly(own.store(t, begun.Add(2*time.Hour), nil), "again")
			if after := own.rows(t, "cut-off"); after != 0 {
				t.Errorf("%d of %d rows are left after two hours", after, before)
			}
			wantOnly(own.store(t, begun.Add(2*time.Hour), nil), "again")
		})
	}
}

// A creation that is slower than all patience must not become visible with rows that
// were deleted meanwhile.
func TestCreationThatWasGivenUpStaysInvisible(t *testing.T) {
	t.Parallel()
	own := newTables(t, awstest.Dynoxide(t))
	sweeper := own.store(t, begun.Add(2*time.Hour), nil)
	slow := own.store(t, begun, &wire{answer: func(operation string, _ int, _ []byte) (*http.Response, error) {
		if operation == "TransactWriteItems" {
			if _, err := sweeper.DueTasks(t.Context(), codybatch.DueQuery{Status: codybatch.TaskQueued, Before: begun.Add(time.Hour), Limit: 100}); err != nil {
				t.Error(err)
			}
		}
		return nil, nil
	}})
	_, _, err := slow.CreateJob(t.Context(), newJob("job"), names(3), codybatch.IdempotencyKey{})
	wantPlain(t, err, "create job job", "given up", "send it again")
	if _, err := slow.Job(t.Context(), "job"); !errors.Is(err, codybatch.ErrNotFound) {
		t.Errorf("the job: error %v", err)
	}
	if left := own.rows(t, "job"); left != 0 {
		t.Errorf("%d rows are left", left)
	}
}

// The sweep meets a creation that becomes a job's at that moment.
func TestCreationThatEndsWhileItIsSweptIsWhole(t *testing.T) {
	t.Parallel()
	own := newTables(t, awstest.Dynoxide(t))
	written, goOn, created := make(chan struct{}), make(chan struct{}), make(chan error, 1)
	slow := own.store(t, begun, &wire{answer: func(operation string, _ int, _ []byte) (*http.Response, error) {
		if operation == "TransactWriteItems" {
			close(written)
			<-goOn
		}
		return nil, nil
	}})
	go func() {
		_, _, err := slow.CreateJob(t.Context(), newJob("job"), names(3), codybatch.IdempotencyKey{})
		created <- err
	}()
	<-written
	sweeper := own.store(t, begun.Add(2*time.Hour), &wire{answer: func(operation string, n int, _ []byte) (*http.Response, error) {
		if operation == "DeleteItem" && n == 1 {
			close(goOn)
			if err := <-created; err != nil {
				t.Error(err)
			}
		}
		return nil, nil
	}})
	due := codybatch.DueQuery{Status: codybatch.TaskQueued, Before: begun.Add(time.Hour), Limit: 100}
	if _, err := sweeper.DueTasks(t.Context(), due); err != nil {
		t.Errorf("the sweep: %v", err)
	}
	if page, err := sweeper.DueTasks(t.Context(), due); err != nil || len(page.Tasks) != 3 {
		t.Errorf("%d tasks are due, error %v; want all 3", len(page.Tasks), err)
	}
}

// A key and its job are used in one transaction, of which a reader may see the key
// first.
func TestKeyThatIsSeenBeforeItsJob(t *testing.T) {
	t.Parallel()
	own := newTables(t, awstest.Dynoxide(t))
	key := codybatch.IdempotencyKey{Key: "key", Request: "digest", Now: begun}
	first, _, err := own.store(t, begun, nil).CreateJob(t.Context(), newJob("job"), names(2), key)
	if err != nil {
		t.Fatal(err)
	}
	late := own.store(t, begun, &wire{answer: func(operation string, n int, _ []byte) (*http.Response, error) {
		if operation == "BatchGetItem" && (n == 2 || n == 3) { // of the job
			return answer(http.StatusOK, map[string]any{"Responses": map[string]any{}, "UnprocessedKeys": map[string]any{}}), nil
		}
		return nil, nil
	}})
	again, created, err := late.CreateJob(t.Context(), newJob("other"), names(2), key)
	if err != nil || created || again.ID != first.ID {
		t.Errorf("created %t job %s, error %v; want the earlier job", created, again.ID, err)
	}
}

// The transaction that makes a job visible is made, its answer is lost, and the next
// attempt is refused: the key stands for this very job, not for an earlier one.
func TestCreationThatMeetsItself(t *testing.T) {
	t.Parallel()
	store := open(t, awstest.Dynoxide(t), &wire{
		lose: func(operation string, n int) bool { return operation == "TransactWriteItems" && n == 1 },
		answer: func(operation string, n int, _ []byte) (*http.Response, error) {
			if operation == "TransactWriteItems" && n == 2 {
				return canceled("TransactionConflict", "None"), nil
			}
			return nil, nil
		},
	})
	key := codybatch.IdempotencyKey{Key: "key", Request: "digest", Now: begun}
	job, created, err := dynamo.WithoutPauses(store).CreateJob(t.Context(), newJob("job"), names(2), key)
	if err != nil || !created || job.ID != "job" {
		t.Errorf("created %t job %q, error %v; want the new job", created, job.ID, err)
	}
}
