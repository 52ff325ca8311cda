package httpapi_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// skipped is "acme/site conflict, …".
func skipped(result httpapi.BulkResult) string {
	var texts []string
	for _, refusal := range result.Skipped {
		texts = append(texts, refusal.RepositoryName+" "+refusal.Code)
	}
	return strings.Join(texts, ", ")
}

func bulk(t *testing.T, w *world, path, body string, status int) httpapi.BulkResult {
	t.Helper()
	return decode[httpapi.BulkResult](t, w.ask(t, http.MethodPost, path, body), status)
}

func TestRetryByName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(t, scriptJob)
	path := "/jobs/" + string(id) + "/retry"
	w.finish(t, key(id, "acme/site"), codybatch.TaskResult{Outcome: codybatch.OutcomeTimeout})
	w.finish(t, key(id, "acme/api"), codybatch.TaskResult{Outcome: codybatch.OutcomeTimeout})
	w.ask(t, http.MethodPost, "/jobs/"+string(id)+"/repositories/acme/diff/cancel", "")

	got := bulk(t, w, path, `{"repositories":["acme/diff","acme/site","acme/none","acme/site"]}`, http.StatusAccepted)
	if strings.Join(got.Queued, " ") != "acme/diff acme/site" || strings.Join(got.Applied, " ") != "acme/diff acme/site" || skipped(got) != "acme/none not_found" || got.Job.Counts.Failed != 1 {
		t.Errorf("named: %+v", got)
	}
	got = bulk(t, w, path, `{"repositories":["acme/site"],"include":["canceled"]}`, http.StatusAccepted)
	if len(got.Queued) != 0 || skipped(got) != "acme/site conflict" || !strings.Contains(got.Skipped[0].Reason, "it is queued") {
		t.Errorf("a queued one: %+v", got)
	}
	if got = bulk(t, w, path, `{"repositories":[]}`, http.StatusAccepted); strings.Join(got.Queued, " ") != "acme/api" {
		t.Errorf("none named: %+v", got)
	}

	w.ask(t, http.MethodPost, "/jobs/"+string(id)+"/cancel", "")
	if got = bulk(t, w, path, `{"repositories":["acme/none"]}`, http.StatusAccepted); !got.Job.CancelRequested {
		t.Errorf("a canceled job was opened again for nothing: %+v", got)
	}
	if got = bulk(t, w, path, `{"repositories":["acme/site"]}`, http.StatusAccepted); got.Job.CancelRequested || got.Job.Counts.Queued != 1 {
		t.Errorf("a task of a canceled job: %+v", got)
	}
}

// limited is a context whose deadline passes when the test says so.
type limited struct {
	context.Context
	over chan struct{}
}

func (l limited) Done() <-chan struct{} { return l.over }

func (l limited) Err() error {
	select {
	case <-l.over:
		return context.DeadlineExceeded
	default:
		return nil
	}
}

// To end 10,000 tasks takes longer than a Lambda function has.
func TestACancelThatTakesTooLongGoesOn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(t, scriptJob)
	ctx := limited{t.Context(), make(chan struct{})}
	w.dispatched.slow = func() { close(ctx.over) }
	job, err := w.service.CancelJob(ctx, id)
	if err != nil || !job.CancelRequested || job.Finished() {
		t.Fatalf("got %+v, %v", job, err)
	}
	w.clock.advance(time.Hour)
	if _, err := w.service.Reconcile(t.Context(), time.Minute); err != nil {
		t.Fatal(err)
	}
	if job, err = w.service.Job(t.Context(), id); err != nil || job.Counts.Canceled != 3 {
		t.Errorf("nobody went on with it: %+v, %v", job.Counts, err)
	}

	id = w.create(t, scriptJob)
	gone, leave := context.WithCancel(t.Context())
	w.dispatched.slow = leave
	if _, err := w.service.CancelJob(gone, id); err == nil {
		t.Error("a client that is gone was answered")
	}
}

// Whoever looks after lost work has to hear that nothing can be sent, and of every job
// that could be.
func TestReconcileTellsThatNothingCouldBeSent(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.dispatched.err = errors.New("the queue is gone")
	w.create(t, scriptJob) // it is there all the same
	w.create(t, scriptJob)
	w.clock.advance(time.Hour)
	sent, err := w.service.Reconcile(t.Context(), time.Minute)
	if sent != 0 || !errors.Is(err, codybatch.ErrNotSent) || !errors.Is(err, w.dispatched.err) || strings.Count(err.Error(), "the queue is gone") != 2 {
		t.Errorf("got %d, %v", sent, err)
	}
	w.dispatched.err = nil
	if sent, err = w.service.Reconcile(t.Context(), time.Minute); sent != 6 || err != nil {
		t.Errorf("got %d, %v", sent, err)
	}
}

func TestCancelByName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(t, scriptJob)
	path := "/jobs/" + string(id) + "/repositories/cancel"
	w.claim(t, key(id, "acme/site"))
	w.finish(t, key(id, "acme/api"), codybatch.TaskResult{Outcome: codybatch.OutcomeNoChanges})

	got := bulk(t, w, path, `{"repositories":["acme/site","acme/api","acme/none"]}`, http.StatusAccepted)
	if strings.Join(got.Applied, " ") != "acme/site" || len(got.Queued) != 0 || skipped(got) != "acme/api conflict, acme/none not_found" {
		t.Errorf("canceled: %+v", got)
	}
	if got.Job.CancelRequested || got.Job.Counts.Queued != 1 || fmt.Sprint(w.dispatched.canceled) != fmt.Sprint([]codybatch.TaskKey{key(id, "acme/site")}) {
		t.Errorf("the job is %+v, the dispatcher canceled %v", got.Job, w.dispatched.canceled)
	}
	if task := get[httpapi.Task](t, w, "/jobs/"+string(id)+"/repositories/acme/site"); !task.CancelRequested {
		t.Errorf("the running one is %+v", task)
	}
}

func TestReviewByName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(t, scriptJob)
	path := "/jobs/" + string(id) + "/review"
	for _, name := range []string{"acme/site", "acme/api"} {
		w.finish(t, key(id, name), w.change(t, key(id, name), patch))
	}
	review := func(name string) *httpapi.Review {
		t.Helper()
		return get[httpapi.Task](t, w, "/jobs/"+string(id)+"/repositories/"+name).Review
	}

	got := bulk(t, w, path, `{"decision":"rejected","note":"No.","repositories":["acme/site","acme/api","acme/diff","acme/none"]}`, http.StatusOK)
	if strings.Join(got.Applied, " ") != "acme/site acme/api" || len(got.Queued) != 0 || skipped(got) != "acme/diff conflict, acme/none not_found" {
		t.Errorf("reviewed: %+v", got)
	}
	if r := review("acme/api"); r == nil || r.Decision != "rejected" || r.Note != "No." {
		t.Errorf("the review is %+v", r)
	}
	got = bulk(t, w, path, `{"decision":"withdrawn","repositories":["acme/site"]}`, http.StatusOK)
	if len(got.Applied) != 1 || review("acme/site") != nil || review("acme/api") == nil {
		t.Errorf("withdrawn: %+v, reviews %+v and %+v", got, review("acme/site"), review("acme/api"))
	}
	task := decode[httpapi.Task](t, w.ask(t, http.MethodPost, "/jobs/"+string(id)+"/repositories/acme/api/review", `{"decision":"withdrawn"}`), http.StatusOK)
	if task.Review != nil || strings.Join(task.AvailableActions, " ") != "publish review" {
		t.Errorf("a task whose review is withdrawn: %+v", task)
	}
}

func TestBulkRefusals(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(t, scriptJob)
	tooMany, err := json.Marshal(make([]string, 10_001))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		action, body string
		status       int
		field        string
	}{
		{"/repositories/cancel", `{}`, 422, "repositories"},
		{"/repositories/cancel", `{"repositories":["nobody"]}`, 422, "repositories[0]"},
		{"/repositories/cancel", `{"repositories":` + string(tooMany) + `}`, 422, "repositories"},
		{"/repositories/cancel", ``, 415, ""},
		{"/review", `{"decision":"approved","repositories":[]}`, 422, "repositories"},
		{"/review", `{"decision":"undo","repositories":["acme/site"]}`, 422, "decision"},
		{"/review", `{"decision":"approved","repositories":"acme/site"}`, 422, "repositories"},
		{"/retry", `{"repositories":` + string(tooMany) + `}`, 422, "repositories"},
		{"/retry", `{"include":["queued"],"repositories":["a"]}`, 422, "include[0] repositories[0]"},
		{"/publish", `{"repositories":` + string(tooMany) + `}`, 422, "repositories"},
	} {
		problem := decode[httpapi.Problem](t, w.ask(t, http.MethodPost, "/jobs/"+string(id)+c.action, c.body), c.status)
		var fields []string
		for _, e := range problem.Errors {
			fields = append(fields, e.Field)
		}
		if got := strings.Join(fields, " "); got != c.field {
			t.Errorf("%s %.60s blames %q, want %q", c.action, c.body, got, c.field)
		}
	}
	for action, more := range map[string]string{"/repositories/cancel": "", "/review": `"decision":"approved",`, "/retry": "", "/publish": ""} {
		answer := w.ask(t, http.MethodPost, "/jobs/nope"+action, `{`+more+`"repositories":["acme/site"]}`)
		if problem := decode[httpapi.Problem](t, answer, http.StatusNotFound); !strings.Contains(problem.Detail, `no job "nope"`) {
			t.Errorf("%s of a job that is not there: %s", action, problem.Detail)
		}
	}
}

// countingStore counts how often a single task is read.
type countingStore struct {
	codybatch.Store
	reads atomic.Int64
}

func (s *countingStore) Task(ctx context.Context, key codybatch.TaskKey) (codybatch.Task, error) {
	s.reads.Add(1)
	return s.Store.Task(ctx, key)
}

func TestManyNamesAreReadByThePage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	store := &countingStore{Store: w.store}
	service := codybatch.NewService(store, w.artifacts, w.dispatched, nil, codybatch.ServiceOptions{Now: w.clock.Now, Log: slog.New(slog.DiscardHandler)})
	names := make([]codybatch.RepositoryName, 1_500)
	for i := range names {
		names[i] = codybatch.RepositoryName(fmt.Sprintf("acme/r%04d", i))
	}
	job := codybatch.Job{ID: "many", Name: "Many", RepositoryCount: len(names), Counts: codybatch.Counts{Queued: len(names)}}
	if _, _, err := w.store.CreateJob(t.Context(), job, names, codybatch.IdempotencyKey{}); err != nil {
		t.Fatal(err)
	}

	asked := append(slices.Clone(names[500:]), "acme/none", names[500])
	result, err := service.CancelTasks(t.Context(), "many", asked)
	if err != nil || !slices.Equal(result.Applied, names[500:]) || len(result.Skipped) != 1 || store.reads.Load() != 0 {
		t.Errorf("%d canceled, skipped %v, %d single reads, error %v", len(result.Applied), result.Skipped, store.reads.Load(), err)
	}
	if after, err := w.store.Job(t.Context(), "many"); err != nil || after.Counts.Canceled != 1_000 || after.Counts.Queued != 500 || after.CancelRequested {
		t.Errorf("afterwards %+v, %v", after, err)
	}
	result, err = service.RetryTasks(t.Context(), "many", asked)
	if err != nil || len(result.Queued) != 1_000 || len(w.dispatched.refs) != 1_000 || store.reads.Load() != 0 {
		t.Errorf("%d queued, %d dispatched, %d single reads, error %v", len(result.Queued), len(w.dispatched.refs), store.reads.Load(), err)
	}
}
