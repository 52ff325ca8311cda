package httpapi_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// TestClient goes through every method, over the network and inside the process.
func TestClient(t *testing.T) {
	t.Parallel()
	for name, connect := range map[string]func(*testing.T, http.Handler) *httpapi.Client{
		"over_the_network": func(t *testing.T, handler http.Handler) *httpapi.Client {
			server := httptest.NewServer(handler)
			t.Cleanup(server.Close)
			client, err := httpapi.NewClient(server.URL+"/api/", "sesame", nil)
			if err != nil {
				t.Fatal(err)
			}
			return client
		},
		"in_the_process": func(_ *testing.T, handler http.Handler) *httpapi.Client {
			return httpapi.NewInProcessClient(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				r.Header.Set("Authorization", "Bearer sesame")
				r.URL.Path = "/api" + r.URL.Path
				handler.ServeHTTP(w, r)
			}))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *httpapi.Options) { o.Token = "sesame" })
			everyMethod(t, w, connect(t, checkRequests(t, w.handler)))
		})
	}
}

// checkRequests compares what the client sends with the description.
func checkRequests(t *testing.T, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL.Path, err)
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		if err := description().CheckRequest(r.Method, strings.TrimPrefix(r.URL.Path, "/api"), r.URL.Query(), r.Header, body); err != nil {
			t.Errorf("the client's request is not as described: %v", err)
		}
		next.ServeHTTP(w, r)
	})
}

func everyMethod(t *testing.T, w *world, c *httpapi.Client) {
	t.Helper()
	ctx := t.Context()
	must := func(what string, isRight bool, err error) {
		t.Helper()
		if err != nil || !isRight {
			t.Fatalf("%s: right is %v, error %v", what, isRight, err)
		}
	}
	spec, err := httpapi.DecodeJob([]byte(scriptJob))
	must("DecodeJob", true, err)

	health, err := c.Health(ctx)
	must("Health", health.Status == "ok", err)
	repositories, err := c.Repositories(ctx, "SIT", httpapi.Page{Limit: 100})
	must("Repositories", len(repositories.Repositories) == 1 && repositories.Repositories[0].Name == "acme/site", err)
	estimate, err := c.EstimateJob(ctx, spec)
	must("EstimateJob", estimate.RepositoryCount == 3 && *estimate.MaxCostUSD == 0, err)
	job, err := c.CreateJob(ctx, spec, "once")
	must("CreateJob", job.RepositoryCount == 3, err)
	again, err := c.CreateJob(ctx, spec, "once")
	must("CreateJob again", again.JobID == job.JobID, err)
	id := codybatch.JobID(job.JobID)
	jobs, err := c.Jobs(ctx, codybatch.JobQueued, httpapi.Page{})
	must("Jobs", len(jobs.Jobs) == 1, err)

	site, api, diff := key(id, "acme/site"), key(id, "acme/api"), key(id, "acme/diff")
	w.record(t, site, 1, conversation()...)
	must("Append", true, w.artifacts.Append(ctx, codybatch.LogKey(site, 1), []byte("log\n")))
	w.finish(t, site, w.change(t, site, patch))
	w.finish(t, api, codybatch.TaskResult{Outcome: codybatch.OutcomeStuck})

	job, err = c.Job(ctx, id)
	must("Job", job.Counts.Failed == 1, err)
	tasks, err := c.Tasks(ctx, id, codybatch.TaskFailed, codybatch.OutcomeStuck, httpapi.Page{Limit: 5})
	must("Tasks", len(tasks.Repositories) == 1, err)
	task, err := c.Task(ctx, site)
	must("Task", task.Outcome == "changed" && task.Review == nil, err)
	timeline, err := c.Timeline(ctx, id, 7)
	must("Timeline", len(timeline.Points) == 7, err)
	groups, err := c.Groups(ctx, id)
	must("Groups", len(groups.Patches) == 1 && len(groups.Failures) == 1, err)
	thread, err := c.Thread(ctx, site, 0, 2)
	must("Thread", len(thread.Messages) == 4 && thread.Messages[0].Blocks[2].Name == "bash", err)

	read := func(body io.ReadCloser, err error) (string, error) {
		if err != nil {
			return "", err
		}
		defer body.Close()
		text, err := io.ReadAll(body)
		return string(text), err
	}
	text, err := read(c.Diff(ctx, site))
	must("Diff", text == patch, err)
	text, err = read(c.AttemptDiff(ctx, site, 1))
	must("AttemptDiff", text == patch, err)
	text, err = read(c.ThreadEvents(ctx, site, 1))
	must("ThreadEvents", strings.Count(text, "\n") == 6, err)
	text, err = read(c.Log(ctx, site, 0))
	must("Log", text == "log\n", err)

	task, err = c.ReviewTask(ctx, site, codybatch.ReviewApproved, "fine")
	must("ReviewTask", task.Review.Note == "fine", err)
	task, err = c.PublishTask(ctx, site)
	must("PublishTask", task.PublishRequested, err)
	task, err = c.RetryTask(ctx, api)
	must("RetryTask", task.Attempt == 2, err)
	task, err = c.CancelTask(ctx, diff)
	must("CancelTask", task.Status == "canceled", err)
	bulk, err := c.PublishJob(ctx, id, []codybatch.RepositoryName{"acme/diff"})
	must("PublishJob", len(bulk.Skipped) == 1, err)
	bulk, err = c.RetryJob(ctx, id, true)
	must("RetryJob", len(bulk.Queued) == 1 && bulk.Queued[0] == "acme/diff", err)
	bulk, err = c.CancelTasks(ctx, id, []codybatch.RepositoryName{"acme/diff"})
	must("CancelTasks", len(bulk.Applied) == 1, err)
	bulk, err = c.RetryTasks(ctx, id, []codybatch.RepositoryName{"acme/diff", "acme/none"})
	must("RetryTasks", len(bulk.Queued) == 1 && len(bulk.Skipped) == 1, err)
	bulk, err = c.ReviewTasks(ctx, id, codybatch.ReviewWithdrawn, "", []codybatch.RepositoryName{"acme/diff"})
	must("ReviewTasks", len(bulk.Skipped) == 1, err)
	_, err = c.FeedbackTask(ctx, site, "Mend it.", "")
	must("FeedbackTask", err != nil && strings.Contains(err.Error(), "takes no remarks"), nil)
	bulk, err = c.FeedbackTasks(ctx, id, "Mend it.", []codybatch.RepositoryName{"acme/diff"}, "")
	must("FeedbackTasks", len(bulk.Skipped) == 1, err)
	_, err = c.RetryTasks(ctx, id, nil)
	must("RetryTasks of none", err != nil, nil)
	job, err = c.CancelJob(ctx, id)
	must("CancelJob", job.Status == "canceled", err)

	_, err = c.Diff(ctx, diff)
	var problem *httpapi.Problem
	must("Diff that is missing", errors.As(err, &problem) && problem.Status == 404 && problem.RequestID == "request-1" && strings.Contains(err.Error(), "acme/diff"), nil)
	_, err = c.CreateJob(ctx, codybatch.JobSpec{Name: "\a"}, "")
	must("CreateJob that is refused", errors.As(err, &problem) && problem.Code == "validation_failed" &&
		strings.Contains(err.Error(), "name: must not contain control characters; prompt: must not be empty"), nil)
}

func TestClientAddress(t *testing.T) {
	t.Parallel()
	for _, bad := range []string{"", "localhost:8080", "ftp://x/", "http://", "http://a b/", "://"} {
		if _, err := httpapi.NewClient(bad, "", nil); err == nil {
			t.Errorf("%q is taken for an address", bad)
		}
	}
	if _, err := httpapi.NewClient("ftp://user:sesame@host/", "", nil); err == nil || strings.Contains(err.Error(), "sesame") {
		t.Errorf("the error %v tells a password", err)
	}
}

func TestDiscover(t *testing.T) {
	t.Parallel()
	serve := httptest.NewServer(newWorld(t).handler)
	t.Cleanup(serve.Close)
	stage := httptest.NewServer(http.StripPrefix("/prod", newWorld(t, func(o *httpapi.Options) { o.BasePath = "" }).handler))
	t.Cleanup(stage.Close)
	hotel := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>") }))
	t.Cleanup(hotel.Close)
	for address, want := range map[string]string{
		serve.URL: serve.URL + "/api", serve.URL + "/": serve.URL + "/api", hotel.URL: hotel.URL,
		serve.URL + "/api": serve.URL + "/api", stage.URL + "/prod": stage.URL + "/prod",
	} {
		if got, err := httpapi.Discover(t.Context(), address, nil); err != nil || got != want {
			t.Errorf("%s: %s, %v; want %s", address, got, err, want)
		}
	}
	if _, err := httpapi.Discover(t.Context(), "http://127.0.0.1:1", nil); err == nil {
		t.Error("a server that is not there was found")
	}
}

func TestInProcess(t *testing.T) {
	t.Parallel()

	t.Run("a_closed_answer_ends_its_handler", func(t *testing.T) {
		t.Parallel()
		ended := make(chan error, 1)
		client := httpapi.NewInProcessClient(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/x-diff")
			for {
				if _, err := w.Write(bytes.Repeat([]byte("x"), 1000)); err != nil {
					<-r.Context().Done()
					ended <- err
					return
				}
			}
		}))
		body, err := client.Diff(t.Context(), key("j", "a/b"))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadFull(body, make([]byte, 10)); err != nil {
			t.Fatal(err)
		}
		if err := body.Close(); err != nil {
			t.Fatal(err)
		}
		select {
		case <-ended: // Close has waited for it
		default:
			t.Error("the handler still runs")
		}
	})

	t.Run("half_an_answer_is_an_error", func(t *testing.T) {
		t.Parallel()
		client := httpapi.NewInProcessClient(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "half")
			panic(http.ErrAbortHandler)
		}))
		body, err := client.Diff(t.Context(), key("j", "a/b"))
		if err != nil {
			t.Fatal(err)
		}
		defer body.Close()
		if text, err := io.ReadAll(body); err == nil || string(text) != "half" {
			t.Errorf("got %q and error %v", text, err)
		}
	})

	t.Run("a_context_that_ends_ends_the_request", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancel(t.Context())
		client := httpapi.NewInProcessClient(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
			cancel()
			<-r.Context().Done()
		}))
		if _, err := client.Job(ctx, "x"); !errors.Is(err, context.Canceled) {
			t.Errorf("got %v", err)
		}
	})
}
