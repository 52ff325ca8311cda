package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

func TestCreateJob(t *testing.T) {
	t.Parallel()

	t.Run("answers_with_the_job_and_its_address", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		answer := w.ask(t, http.MethodPost, "/jobs", scriptJob)
		job := decode[httpapi.Job](t, answer, http.StatusCreated)
		if got := answer.Header().Get("Location"); got != "/api/jobs/"+job.JobID {
			t.Errorf("Location %q", got)
		}
		if job.Status != "queued" || job.Counts.Queued != 3 || job.PullRequest.Branch != "cody-batch/tidy" || len(w.dispatched.refs) != 3 {
			t.Errorf("job %+v, %d tasks dispatched", job, len(w.dispatched.refs))
		}
	})

	t.Run("counts_once_with_an_idempotency_key", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		first := w.ask(t, http.MethodPost, "/jobs", scriptJob, "Idempotency-Key", "a b-1")
		again := w.ask(t, http.MethodPost, "/jobs", " "+scriptJob, "Idempotency-Key", "a b-1")
		if again.Code != http.StatusCreated || again.Body.String() != first.Body.String() {
			t.Errorf("the repeat gives %d %s", again.Code, again.Body)
		}
		if got := again.Header().Get("Idempotency-Replayed"); got != "true" || first.Header().Get("Idempotency-Replayed") != "" {
			t.Errorf("Idempotency-Replayed %q", got)
		}
		if again.Header().Get("Location") != first.Header().Get("Location") || len(w.dispatched.refs) != 3 {
			t.Errorf("the repeat started something: %d tasks dispatched", len(w.dispatched.refs))
		}
		other := w.ask(t, http.MethodPost, "/jobs", job(`{}`), "Idempotency-Key", "a b-1")
		if problem := decode[httpapi.Problem](t, other, 422); problem.Code != "idempotency_key_reused" {
			t.Errorf("another request with the same key: %+v", problem)
		}
	})

	t.Run("refuses_keys_that_are_too_long_or_strange", func(t *testing.T) {
		t.Parallel()
		for _, bad := range []string{strings.Repeat("x", 256), "a\tb", "ä"} {
			w := newWorld(t)
			problem := decode[httpapi.Problem](t, w.ask(t, http.MethodPost, "/jobs", scriptJob, "Idempotency-Key", bad), 422)
			if len(problem.Errors) != 1 || problem.Errors[0].Field != "Idempotency-Key" {
				t.Errorf("got %+v", problem)
			}
			w.wantNothingStored(t)
		}
	})
}

func TestJobActions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(t, scriptJob)
	root := "/jobs/" + string(id)
	w.finish(t, key(id, "acme/site"), w.change(t, key(id, "acme/site"), patch))
	w.finish(t, key(id, "acme/api"), codybatch.TaskResult{Outcome: codybatch.OutcomeTimeout})

	published := decode[httpapi.BulkResult](t, w.ask(t, http.MethodPost, root+"/publish", "{}"), http.StatusAccepted)
	if strings.Join(published.Queued, " ") != "acme/site" || published.Job.Counts.Queued != 2 {
		t.Errorf("publish: %+v", published)
	}
	retried := decode[httpapi.BulkResult](t, w.ask(t, http.MethodPost, root+"/retry", ""), http.StatusAccepted)
	if strings.Join(retried.Queued, " ") != "acme/api" {
		t.Errorf("retry: %+v", retried)
	}
	for range 2 { // twice changes nothing
		canceled := decode[httpapi.Job](t, w.ask(t, http.MethodPost, root+"/cancel", ""), http.StatusAccepted)
		// acme/site only waited to be published, and is what it was before.
		if canceled.Status != "canceled" || canceled.Counts.Canceled != 2 || canceled.Counts.Succeeded != 1 || !canceled.CancelRequested {
			t.Errorf("cancel: %+v", canceled)
		}
	}
	again := decode[httpapi.BulkResult](t, w.ask(t, http.MethodPost, root+"/retry", `{"include":["canceled"]}`), http.StatusAccepted)
	if len(again.Queued) != 2 || again.Job.CancelRequested {
		t.Errorf("retry of canceled: %+v", again)
	}

	done := w.create(t, job(`{"repositories":["acme/api"]}`))
	w.finish(t, key(done, "acme/api"), codybatch.TaskResult{Outcome: codybatch.OutcomeNoChanges})
	problem := decode[httpapi.Problem](t, w.ask(t, http.MethodPost, "/jobs/"+string(done)+"/cancel", ""), http.StatusConflict)
	if !strings.Contains(problem.Detail, "finished already") {
		t.Errorf("cancel of a finished job: %s", problem.Detail)
	}
	if page := get[httpapi.JobPage](t, w, "/jobs?status=succeeded"); len(page.Jobs) != 1 || page.Jobs[0].JobID != string(done) {
		t.Errorf("succeeded jobs: %+v", page)
	}
	if page := get[httpapi.JobPage](t, w, "/jobs?limit=1"); len(page.Jobs) != 1 || page.Jobs[0].JobID != string(done) || page.NextCursor == "" {
		t.Errorf("newest job: %+v", page)
	}
}
