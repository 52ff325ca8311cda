package dynamo_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"math/rand/v2"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/awstest"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/store/dynamo"
)

// wantPlain checks that an error is none of the domain's, and says all of texts.
func wantPlain(t *testing.T, err error, texts ...string) {
	t.Helper()
	if err == nil {
		t.Fatal("no error")
	}
	for _, answer := range []error{codybatch.ErrConflict, codybatch.ErrNotFound, codybatch.ErrNotNow, codybatch.ErrCanceled, codybatch.ErrCursor} {
		if errors.Is(err, answer) {
			t.Errorf("the error %v is taken for an answer of the store: %v", err, answer)
		}
	}
	for _, text := range texts {
		if !strings.Contains(err.Error(), text) {
			t.Errorf("the error %q does not say %q", err, text)
		}
	}
}

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

func TestMissingTableIsNamed(t *testing.T) {
	t.Parallel()
	store, err := dynamo.New(awstest.Dynoxide(t).Config(nil), dynamo.Options{JobsTable: "cody-batch-jobs", RepositoriesTable: "cody-batch-repositories"})
	if err != nil {
		t.Fatal(err)
	}
	_, err = store.Job(t.Context(), "job")
	wantPlain(t, err, "read job job", "cody-batch-jobs or cody-batch-repositories", "deploy the stack", "DYNAMODB_JOBS_TABLE")
	wantPlain(t, store.Ping(t.Context()), "cody-batch-jobs")
	_, err = store.Jobs(t.Context(), codybatch.JobQuery{Limit: 1})
	wantPlain(t, err, "list jobs", "no table cody-batch-jobs in this account")
	for _, opts := range []dynamo.Options{{RepositoriesTable: "r"}, {JobsTable: "j"}} {
		if _, err := dynamo.New(awstest.Cloud{Endpoint: "http://127.0.0.1:1", Account: "1"}.Config(nil), opts); err == nil || !strings.Contains(err.Error(), "DYNAMODB_") {
			t.Errorf("error %v, want one that names the variable", err)
		}
	}
}

func TestMissingRightIsNamed(t *testing.T) {
	t.Parallel()
	denied := &wire{answer: func(string, int, []byte) (*http.Response, error) { return refusal("AccessDeniedException", nil), nil }}
	store, err := dynamo.New(awstest.Cloud{Endpoint: "http://127.0.0.1:1", Account: "1"}.Config(denied), dynamo.Options{JobsTable: "j", RepositoriesTable: "r"})
	if err != nil {
		t.Fatal(err)
	}
	wantPlain(t, store.Ping(t.Context()), "may not use table j or r", "docs/adr/0019-dynamodb.md")
}

// Eight requests of a creation are under way at once, and fail for the same reason.
func TestReasonIsGivenOnce(t *testing.T) {
	t.Parallel()
	store := open(t, awstest.Dynoxide(t), &wire{answer: func(operation string, _ int, _ []byte) (*http.Response, error) {
		if operation == "BatchWriteItem" {
			return refusal("AccessDeniedException", nil), nil
		}
		return nil, nil
	}})
	_, _, err := store.CreateJob(t.Context(), newJob("job"), names(400), codybatch.IdempotencyKey{})
	if err == nil || strings.Count(err.Error(), "may not use") != 1 {
		t.Errorf("error %v; want the reason once", err)
	}
}

func TestWhatDoesNotFitARowIsAClearError(t *testing.T) {
	t.Parallel()
	store, task := openTask(t, nil)
	next, err := finished(task)
	if err != nil {
		t.Fatal(err)
	}
	dice := rand.New(rand.NewPCG(1, 2))
	noise := make([]byte, 600_000) // letters that do not pack well
	for i := range noise {
		noise[i] = byte('!' + dice.IntN(90))
	}
	next.Summary = string(noise)
	_, err = store.UpdateTask(t.Context(), task, next)
	wantPlain(t, err, "update task job/some-organization/repository-0", "a row of DynamoDB holds 390000", "make it shorter")
	job := newJob("other")
	job.Prompt = string(noise)
	_, _, err = store.CreateJob(t.Context(), job, names(1), codybatch.IdempotencyKey{})
	wantPlain(t, err, "encode job other", "a row of DynamoDB holds 390000")
	if now, err := store.Task(t.Context(), task.Key()); err != nil || now.Seq != task.Seq {
		t.Errorf("the task is at %d, error %v; want %d", now.Seq, err, task.Seq)
	}

	// The most that a worker leaves behind: 20 commands, run twice, each with 8 KiB.
	next.Summary = ""
	for i := range 40 {
		next.Verified = append(next.Verified, codybatch.VerificationResult{Command: fmt.Sprintf("make check-%d", i), Tail: string(noise[i*8<<10:][:8<<10])})
	}
	if _, err := store.UpdateTask(t.Context(), task, next); err != nil {
		t.Errorf("the most that a worker leaves behind: %v", err)
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
