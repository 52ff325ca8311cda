package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

func TestRequestID(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for given, want := range map[string]string{
		"abc-DEF_1.2": "abc-DEF_1.2", "": "request-1", "two words": "request-1", strings.Repeat("x", 65): "request-1",
	} {
		answer := w.ask(t, http.MethodGet, "/jobs/nope", "", "X-Request-Id", given)
		problem := decode[httpapi.Problem](t, answer, http.StatusNotFound)
		if got := answer.Header().Get("X-Request-Id"); got != want || problem.RequestID != want {
			t.Errorf("%q becomes %q and %q, want %q", given, got, problem.RequestID, want)
		}
	}
	other := newWorld(t, func(o *httpapi.Options) { o.RequestID = nil })
	first, second := other.ask(t, "GET", "/jobs", ""), other.ask(t, "GET", "/jobs", "")
	if a, b := first.Header().Get("X-Request-Id"), second.Header().Get("X-Request-Id"); a == "" || a == b {
		t.Errorf("ids %q and %q", a, b)
	}
}

func TestStoreThatIsDown(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	if err := w.store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, path := range []string{"/jobs", "/jobs/job-1", "/jobs/job-1/repositories/acme/site/diff", "/jobs/job-1/events"} {
		answer := w.ask(t, http.MethodGet, path, "")
		problem := decode[httpapi.Problem](t, answer, http.StatusServiceUnavailable)
		if problem.Code != "store_unreachable" || answer.Header().Get("Retry-After") != "5" || strings.Contains(problem.Detail, "sql") {
			t.Errorf("%s: %+v", path, problem)
		}
	}
	health := decode[httpapi.Health](t, w.ask(t, http.MethodGet, "/health", ""), http.StatusServiceUnavailable)
	if health.Status != "down" || health.Dependencies.Store.Status != "down" || health.Dependencies.Artifacts.Status != "ok" {
		t.Errorf("health %+v", health)
	}
	if log := w.log.String(); !strings.Contains(log, "database is closed") || !strings.Contains(log, `"request":"request-1"`) {
		t.Errorf("the log does not say what is wrong: %s", log)
	}
}

func TestHealthOfTheAgent(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]string{"ready": "ok", "rehearsal": "ok", "CLAUDE_API_KEY is not set": "degraded", "": "degraded"} {
		w := newWorld(t, func(o *httpapi.Options) { o.AgentStatus = status })
		health := get[httpapi.Health](t, w, "/health")
		if health.Status != want || status != "ready" && health.Dependencies.Agent.Detail == "" {
			t.Errorf("%q: %+v", status, health)
		}
	}
}

func TestPanic(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *httpapi.Options) {
		o.Dashboard = http.HandlerFunc(func(http.ResponseWriter, *http.Request) { panic("a secret of the inside") })
	})
	answer := w.knock(t, http.MethodGet, "http://localhost/")
	if problem := decode[httpapi.Problem](t, answer, 500); problem.Code != "internal_error" || strings.Contains(answer.Body.String(), "secret") {
		t.Errorf("got %s", answer.Body)
	}
	if log := w.log.String(); !strings.Contains(log, "a secret of the inside") || !strings.Contains(log, "failure_test.go") {
		t.Errorf("the log does not say what happened: %s", log)
	}
}

func TestLogKeepsSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.ask(t, http.MethodGet, "/jobs?status=queued&access_token=sesame", "", "Authorization", "Bearer sesame")
	w.ask(t, http.MethodPost, "/jobs", job(`{"prompt":"sesame"}`))
	w.ask(t, http.MethodPost, "/jobs", job(`{"prompt":"sesame","maxCostUsd":-1}`))
	if log := w.log.String(); strings.Contains(log, "sesame") || !strings.Contains(log, `"path":"/api/jobs"`) {
		t.Errorf("log: %s", log)
	}
}
