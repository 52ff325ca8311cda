package dynamo_test

import (
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"sync/atomic"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/awstest"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/store/dynamo"
)

// useAll calls every method once, of a job of 30 tasks.
func useAll(t *testing.T, store *dynamo.Store) {
	t.Helper()
	ctx := t.Context()
	create(t, store, "job", 30)
	key := codybatch.TaskKey{JobID: "job", Repository: names(1)[0]}
	task, _, err := store.ClaimTask(ctx, claimOf(key))
	if err != nil {
		t.Fatal(err)
	}
	if _, err = store.ExtendLease(ctx, key, task.Worker, 1, codybatch.Beat{Now: begun, LeaseUntil: begun.Add(time.Hour), Phase: task.Phase}); err != nil {
		t.Fatal(err)
	}
	if _, err = codybatch.Update(ctx, store, key, finished); err != nil {
		t.Fatal(err)
	}
	if _, err := store.CancelJob(ctx, "job", true); err != nil {
		t.Fatal(err)
	}
	job, changed, err := store.Changes(ctx, "job", 0, 100)
	if err != nil || len(changed) != 30 || job.Counts != (codybatch.Counts{Queued: 29, Succeeded: 1}) {
		t.Fatalf("%d changes of %+v, error %v", len(changed), job.Counts, err)
	}
	jobs, err := store.Jobs(ctx, codybatch.JobQuery{Limit: 10})
	if err != nil || len(jobs.Jobs) != 1 {
		t.Fatalf("%d jobs, error %v", len(jobs.Jobs), err)
	}
	due, err := store.DueTasks(ctx, codybatch.DueQuery{Status: codybatch.TaskQueued, Before: begun.Add(time.Hour), Limit: 100})
	if err != nil || len(due.Tasks) != 29 {
		t.Fatalf("%d tasks are due, error %v", len(due.Tasks), err)
	}
}

func TestThrottledRequestsAreSentAgain(t *testing.T) {
	t.Parallel()
	for _, code := range []string{"ProvisionedThroughputExceededException", "ThrottlingException", "RequestLimitExceeded"} {
		t.Run(code, func(t *testing.T) {
			t.Parallel()
			throttled := &wire{perBody: true, answer: func(_ string, n int, _ []byte) (*http.Response, error) {
				if n%4 != 0 { // three of four
					return refusal(code, nil), nil
				}
				return nil, nil
			}}
			useAll(t, dynamo.WithoutPauses(open(t, awstest.Dynoxide(t), throttled)))
		})
	}
}

func TestThrottlingWithoutEndIsAClearError(t *testing.T) {
	t.Parallel()
	var full atomic.Bool
	throttled := &wire{answer: func(string, int, []byte) (*http.Response, error) {
		if full.Load() {
			return refusal("ProvisionedThroughputExceededException", nil), nil
		}
		return nil, nil
	}}
	store, task := openTask(t, throttled)
	dynamo.WithoutPauses(store)
	full.Store(true)
	throttled.take()
	_, err := codybatch.Update(t.Context(), store, task.Key(), finished)
	wantPlain(t, err, "read task job/some-organization/repository-0", "DynamoDB throttles table", "-Repositories", "try again later")
	_, _, err = store.CreateJob(t.Context(), newJob("other"), names(2), codybatch.IdempotencyKey{})
	wantPlain(t, err, "create job other", "DynamoDB throttles table", "-Jobs")
	if counts := throttled.take(); counts["BatchGetItem"] != 8 {
		t.Errorf("%d attempts, want 8", counts["BatchGetItem"])
	}
}

// split answers a BatchWriteItem as a busy DynamoDB does: it takes one row of it and
// leaves the rest, or takes none if one is false.
func split(t *testing.T, body []byte, one bool) ([]byte, *http.Response) {
	t.Helper()
	var request struct{ RequestItems map[string][]json.RawMessage }
	if err := json.Unmarshal(body, &request); err != nil {
		t.Error(err)
	}
	for table, rows := range request.RequestItems {
		if !one || len(rows) == 1 {
			return nil, answer(http.StatusOK, map[string]any{"UnprocessedItems": map[string]any{table: rows}})
		}
		taken, err := json.Marshal(map[string]any{"RequestItems": map[string]any{table: rows[:1]}})
		if err != nil {
			t.Error(err)
		}
		return taken, answer(http.StatusOK, map[string]any{"UnprocessedItems": map[string]any{table: rows[1:]}})
	}
	return nil, nil
}

// busy is a wire on which two of three BatchWriteItem get one row done.
type busy struct {
	*testing.T
	calls atomic.Int64
}

func (b *busy) RoundTrip(request *http.Request) (*http.Response, error) {
	var through wire
	var whole *http.Response
	through.answer = func(operation string, _ int, body []byte) (*http.Response, error) {
		if operation != "BatchWriteItem" || b.calls.Add(1)%3 == 0 {
			return nil, nil
		}
		var taken []byte
		if taken, whole = split(b.T, body, true); taken == nil {
			return whole, nil
		}
		response, err := send(request, taken)
		if err != nil || response.StatusCode != http.StatusOK {
			return response, err
		}
		response.Body.Close()
		return whole, nil
	}
	return through.RoundTrip(request)
}

func TestUnprocessedRowsAreSentAgain(t *testing.T) {
	t.Parallel()
	unreliable := &busy{T: t}
	store := dynamo.WithoutPauses(open(t, awstest.Dynoxide(t), unreliable))
	create(t, store, "job", 200)
	page, err := store.Tasks(t.Context(), codybatch.TaskQuery{JobID: "job", Limit: 1_000})
	if err != nil || len(page.Tasks) != 200 {
		t.Errorf("%d tasks, error %v; want all 200", len(page.Tasks), err)
	}
	if unreliable.calls.Load() < 18 {
		t.Errorf("%d writes, and two of three should have been cut short", unreliable.calls.Load())
	}
}

func TestRowsThatStayUnprocessedAreAClearError(t *testing.T) {
	t.Parallel()
	stuck := &wire{answer: func(operation string, _ int, body []byte) (*http.Response, error) {
		if operation == "BatchWriteItem" {
			_, unprocessed := split(t, body, false)
			return unprocessed, nil
		}
		return nil, nil
	}}
	store := dynamo.WithoutPauses(open(t, awstest.Dynoxide(t), stuck))
	_, _, err := store.CreateJob(t.Context(), newJob("job"), names(5), codybatch.IdempotencyKey{})
	wantPlain(t, err, "create job job", "DynamoDB throttles table", "took nothing in 8 attempts")
	if _, err := store.Job(t.Context(), "job"); !errors.Is(err, codybatch.ErrNotFound) {
		t.Errorf("after that the job is there: %v", err)
	}
}

func TestTransactionsThatMeetAreTriedAgain(t *testing.T) {
	t.Parallel()
	meet := &wire{answer: func(operation string, n int, _ []byte) (*http.Response, error) {
		if operation == "TransactWriteItems" && n%3 != 0 {
			return canceled("TransactionConflict", "None", "ThrottlingError"), nil
		}
		if operation == "UpdateItem" && n == 1 {
			return refusal("TransactionConflictException", nil), nil
		}
		return nil, nil
	}}
	useAll(t, dynamo.WithoutPauses(open(t, awstest.Dynoxide(t), meet)))
}

func TestTransactionsThatMeetWithoutEndAreAClearError(t *testing.T) {
	t.Parallel()
	var always atomic.Bool
	store, task := openTask(t, &wire{answer: func(operation string, _ int, _ []byte) (*http.Response, error) {
		if operation == "TransactWriteItems" && always.Load() {
			return canceled("TransactionConflict", "None"), nil
		}
		return nil, nil
	}})
	dynamo.WithoutPauses(store)
	always.Store(true)
	_, err := codybatch.Update(t.Context(), store, task.Key(), finished)
	wantPlain(t, err, "update task job/", "changed by others", "try again later")
	_, err = store.CancelJob(t.Context(), "job", true)
	wantPlain(t, err, "set cancel flag of job job", "changed by others")
}

func TestRefusalThatTryingAgainDoesNotMendIsAnErrorAtOnce(t *testing.T) {
	t.Parallel()
	var refuse atomic.Bool
	count := &wire{}
	count.answer = func(operation string, _ int, _ []byte) (*http.Response, error) {
		if operation == "TransactWriteItems" && refuse.Load() {
			return canceled("None", "ValidationError"), nil
		}
		return nil, nil
	}
	store, task := openTask(t, count)
	refuse.Store(true)
	count.take()
	_, err := codybatch.Update(t.Context(), store, task.Key(), finished)
	wantPlain(t, err, "update task job/", "ValidationError")
	if n := count.take()["TransactWriteItems"]; n != 1 {
		t.Errorf("%d attempts, want 1", n)
	}
}

// The answer to a write may get lost on its way. The write must count once.
func TestLostAnswers(t *testing.T) {
	t.Parallel()
	for _, operation := range []string{"PutItem", "BatchWriteItem", "TransactWriteItems", "UpdateItem", "BatchGetItem", "Query"} {
		t.Run(operation, func(t *testing.T) {
			t.Parallel()
			lossy := &wire{perBody: true, lose: func(op string, n int) bool { return op == operation && n%2 == 1 }}
			useAll(t, dynamo.WithoutPauses(open(t, awstest.Dynoxide(t), lossy)))
		})
	}
}

// An index moves an entry in two steps, between which a query finds it twice.
func TestDueTaskThatTheIndexHasTwice(t *testing.T) {
	t.Parallel()
	own := newTables(t, awstest.Dynoxide(t))
	create(t, own.store(t, begun, nil), "job", 1)
	doubled := false
	reader := own.store(t, begun, &late{change: func(operation string, answer map[string]json.RawMessage) bool {
		var items []map[string]map[string]string
		if operation != "Query" || json.Unmarshal(answer["Items"], &items) != nil || len(items) == 0 {
			return false
		}
		doubled = true
		old := maps.Clone(items[0])
		old["dueAt"] = map[string]string{"S": "2026" + items[0]["dueAt"]["S"][4:len(items[0]["dueAt"]["S"])-1] + "9"}
		var err error
		if answer["Items"], err = json.Marshal(append(items, old)); err != nil {
			t.Error(err)
		}
		answer["Count"] = json.RawMessage("2")
		return true
	}})
	page, err := reader.DueTasks(t.Context(), codybatch.DueQuery{Status: codybatch.TaskQueued, Before: begun.Add(time.Hour), Limit: 10})
	if err != nil || len(page.Tasks) != 1 || !doubled {
		t.Errorf("%d tasks are due, error %v, doubled %t; want the one", len(page.Tasks), err, doubled)
	}
}

// The index of due tasks lags behind. A task that beats between its reading and that
// of the row is not lost.
func TestDueTaskThatBeatsMeanwhile(t *testing.T) {
	t.Parallel()
	own := newTables(t, awstest.Dynoxide(t))
	store := own.store(t, begun, nil)
	create(t, store, "job", 1)
	task, _, err := store.ClaimTask(t.Context(), claimOf(codybatch.TaskKey{JobID: "job", Repository: names(1)[0]}))
	if err != nil {
		t.Fatal(err)
	}
	reader := own.store(t, begun, &wire{answer: func(operation string, n int, _ []byte) (*http.Response, error) {
		if operation == "BatchGetItem" && n == 1 {
			beat := codybatch.Beat{Now: begun, LeaseUntil: task.LeaseUntil.Add(time.Hour), Phase: task.Phase}
			if _, err := store.ExtendLease(t.Context(), task.Key(), task.Worker, 1, beat); err != nil {
				t.Error(err)
			}
		}
		return nil, nil
	}})
	page, err := reader.DueTasks(t.Context(), codybatch.DueQuery{Status: codybatch.TaskRunning, Before: task.LeaseUntil, Limit: 10})
	if err != nil || len(page.Tasks) != 0 {
		t.Errorf("%d tasks are due, error %v; want none", len(page.Tasks), err)
	}
}

// DynamoDB deletes expired rows days late.
func TestExpiredRowsAreNotThere(t *testing.T) {
	t.Parallel()
	own := newTables(t, awstest.Dynoxide(t))
	early := own.store(t, begun, nil)
	job := create(t, early, "job", 3)
	late := own.store(t, job.ExpiresAt, nil)
	key := codybatch.TaskKey{JobID: "job", Repository: names(1)[0]}
	_, errJob := late.Job(t.Context(), "job")
	_, errTask := late.Task(t.Context(), key)
	_, errTasks := late.Tasks(t.Context(), codybatch.TaskQuery{JobID: "job", Limit: 1})
	_, errFiltered := late.Tasks(t.Context(), codybatch.TaskQuery{JobID: "job", Status: codybatch.TaskQueued, Limit: 1})
	_, _, errClaim := late.ClaimTask(t.Context(), claimOf(key))
	_, errCancel := late.CancelJob(t.Context(), "job", true)
	_, _, errChanges := late.Changes(t.Context(), "job", 0, 1)
	for i, err := range []error{errJob, errTask, errTasks, errFiltered, errClaim, errCancel, errChanges} {
		if !errors.Is(err, codybatch.ErrNotFound) {
			t.Errorf("reader %d: error %v", i, err)
		}
	}
	jobs, err := late.Jobs(t.Context(), codybatch.JobQuery{Limit: 1})
	if err != nil || len(jobs.Jobs) != 0 {
		t.Errorf("%d jobs, error %v", len(jobs.Jobs), err)
	}
	due, err := late.DueTasks(t.Context(), codybatch.DueQuery{Status: codybatch.TaskQueued, Before: job.ExpiresAt, Limit: 1})
	if err != nil || len(due.Tasks) != 0 {
		t.Errorf("%d due tasks, error %v", len(due.Tasks), err)
	}
	if _, err := own.store(t, job.ExpiresAt.Add(-time.Second), nil).Job(t.Context(), "job"); err != nil {
		t.Errorf("a second earlier: %v", err)
	}
}

// A beat changes no Seq. One that comes between the reading of an update and its
// write must make the update fail all the same.
func TestBeatInTheMiddleOfAnUpdate(t *testing.T) {
	t.Parallel()
	own := newTables(t, awstest.Dynoxide(t))
	store := own.store(t, begun, nil)
	create(t, store, "job", 1)
	task, _, err := store.ClaimTask(t.Context(), claimOf(codybatch.TaskKey{JobID: "job", Repository: names(1)[0]}))
	if err != nil {
		t.Fatal(err)
	}
	beaten := own.store(t, begun, &wire{answer: func(operation string, n int, _ []byte) (*http.Response, error) {
		if operation == "TransactWriteItems" && n == 1 {
			beat := codybatch.Beat{Now: begun, LeaseUntil: task.LeaseUntil.Add(time.Minute), Phase: task.Phase}
			if _, err := store.ExtendLease(t.Context(), task.Key(), task.Worker, 1, beat); err != nil {
				t.Error(err)
			}
		}
		return nil, nil
	}})
	taken, err := task.LeaseExpired(task.LeaseUntil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := beaten.UpdateTask(t.Context(), task, taken); !errors.Is(err, codybatch.ErrConflict) {
		t.Errorf("error %v, want a conflict", err)
	}
}

// Sixty-four workers, each a process of its own, end their tasks of one job at once.
func TestManyProcessesChangeOneJob(t *testing.T) {
	t.Parallel()
	const workers = 64
	own := newTables(t, awstest.Dynoxide(t))
	create(t, own.store(t, begun, nil), "job", workers)
	errs := make(chan error, workers)
	for _, name := range names(workers) {
		store := own.store(t, begun, nil)
		go func() {
			key := codybatch.TaskKey{JobID: "job", Repository: name}
			_, _, err := store.ClaimTask(t.Context(), claimOf(key))
			if err == nil {
				_, err = codybatch.Update(t.Context(), store, key, finished)
			}
			errs <- err
		}()
	}
	for range workers {
		if err := <-errs; err != nil {
			t.Error(err)
		}
	}
	job, err := own.store(t, begun, nil).Job(t.Context(), "job")
	if err != nil || job.Counts != (codybatch.Counts{Succeeded: workers}) || job.Seq != 3*workers {
		t.Errorf("the job counts %+v at %d, error %v", job.Counts, job.Seq, err)
	}
}
