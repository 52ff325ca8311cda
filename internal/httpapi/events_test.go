package httpapi_test

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// summary is "task acme/site running" or "job running 1/2": what an event says.
func summary(e httpapi.Event) string {
	if e.Task != nil {
		return fmt.Sprintf("task %s %s", e.Task.RepositoryName, e.Task.Status)
	}
	return fmt.Sprintf("job %s %d", e.Job.Status, e.Job.Counts.Succeeded)
}

func summaries(events []httpapi.Event) string {
	var out []string
	for _, e := range events {
		out = append(out, summary(e))
	}
	return strings.Join(out, ", ")
}

func TestEventsByPolling(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *httpapi.Options) { o.LongEvents = false })
	id := w.create(t, `{"name":"x","agent":{"type":"script","script":"true"},"repositories":["acme/site","acme/api"]}`)
	path := "/jobs/" + string(id) + "/events"

	page := get[httpapi.EventPage](t, w, path+"?wait=20")
	start := get[httpapi.Job](t, w, "/jobs/"+string(id)).Seq
	if page.Next != start || page.RetryAfterMs != 2000 {
		t.Errorf("a snapshot ends at %d in %d ms, the job is at %d", page.Next, page.RetryAfterMs, start)
	}
	if idle := get[httpapi.EventPage](t, w, fmt.Sprintf("%s?after=%d", path, start)); len(idle.Events) != 0 || idle.Next != start {
		t.Errorf("without a change: %+v", idle)
	}

	w.claim(t, key(id, "acme/api"))
	w.finish(t, key(id, "acme/site"), codybatch.TaskResult{Outcome: codybatch.OutcomeNoChanges})
	page = get[httpapi.EventPage](t, w, fmt.Sprintf("%s?after=%d", path, start))
	if got, want := summaries(page.Events), "task acme/api running, task acme/site succeeded, job running 1"; got != want {
		t.Errorf("events %q, want each task's latest state, then the job: %q", got, want)
	}
	for i, e := range page.Events {
		if i > 0 && e.Seq <= page.Events[i-1].Seq {
			t.Errorf("event %d has number %d after %d", i, e.Seq, page.Events[i-1].Seq)
		}
		if e.Task != nil && e.Task.Seq != e.Seq || e.Job != nil && e.Job.Seq != e.Seq {
			t.Errorf("the number of %s is not %d", summary(e), e.Seq)
		}
	}

	// Somebody who lost the connection between a task and the job misses neither.
	last := page.Events[len(page.Events)-2].Seq
	if got := summaries(get[httpapi.EventPage](t, w, fmt.Sprintf("%s?after=%d", path, last)).Events); got != "job running 1" {
		t.Errorf("after the last task come %q", got)
	}
	if got := decode[httpapi.EventPage](t, w.ask(t, http.MethodGet, path, "", "Last-Event-ID", fmt.Sprint(page.Next)), 200); len(got.Events) != 0 {
		t.Errorf("Last-Event-ID is not heard: %q", summaries(got.Events))
	}

	if answer := w.ask(t, http.MethodPost, "/jobs/"+string(id)+"/repositories/acme/api/cancel", ""); answer.Code != http.StatusAccepted {
		t.Fatal(answer.Body)
	}
	claimed, err := w.store.Task(t.Context(), key(id, "acme/api"))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := codybatch.Update(t.Context(), w.store, key(id, "acme/api"), func(task codybatch.Task) (codybatch.Task, error) {
		return task.Finished(claimed.Worker, claimed.Attempt, codybatch.TaskResult{Outcome: codybatch.OutcomeCanceled}, w.clock.Now())
	}); err != nil {
		t.Fatal(err)
	}
	page = get[httpapi.EventPage](t, w, fmt.Sprintf("%s?after=%d", path, page.Next))
	if got := summaries(page.Events); got != "task acme/api canceled, job canceled 1" || page.RetryAfterMs != 0 {
		t.Errorf("the end is %q, next in %d ms", got, page.RetryAfterMs)
	}
	if answer := w.ask(t, http.MethodGet, fmt.Sprintf("%s?after=%d", path, page.Next), ""); answer.Code != http.StatusNoContent || answer.Body.Len() > 0 {
		t.Errorf("after the end: %d %s", answer.Code, answer.Body)
	}
}

func TestEventsOfALargeJobComeInPieces(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	const tasks = 1203
	names := make([]codybatch.RepositoryName, tasks)
	for i := range names {
		names[i] = codybatch.RepositoryName(fmt.Sprintf("acme/r%04d", i))
	}
	job := codybatch.Job{ID: "large", Name: "large", Agent: codybatch.AgentSpec{Type: codybatch.AgentScript}, CreatedAt: w.clock.Now(), RepositoryCount: tasks, Counts: codybatch.Counts{Queued: tasks}}
	if _, _, err := w.store.CreateJob(t.Context(), job, names, codybatch.IdempotencyKey{Now: w.clock.Now()}); err != nil {
		t.Fatal(err)
	}
	for i := range 600 {
		w.claim(t, codybatch.TaskKey{JobID: "large", Repository: names[i]})
	}
	// All rows of a new job have the same number or each its own: both must come whole.
	seen := map[string]bool{}
	after, jobs := int64(0), 0
	for range 10 {
		page := get[httpapi.EventPage](t, w, fmt.Sprintf("/jobs/large/events?after=%d", after))
		for _, e := range page.Events {
			if e.Task != nil {
				seen[e.Task.RepositoryName] = true
			} else {
				jobs++
			}
		}
		after = page.Next
		if page.RetryAfterMs > 0 {
			break
		}
	}
	if jobs != 1 {
		t.Errorf("%d events of the job, want 1 at the end", jobs)
	}
	for i := range 600 {
		if !seen[string(names[i])] {
			t.Fatalf("the change of %s is missing", names[i])
		}
	}
}

func TestEventsByLongPoll(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		w := newWorld(t, func(o *httpapi.Options) { o.EventInterval = 250 * time.Millisecond })
		id := w.create(t, scriptJob)
		path := fmt.Sprintf("/jobs/%s/events?wait=20&after=%d", id, get[httpapi.Job](t, w, "/jobs/"+string(id)).Seq)

		started := time.Now()
		if page := get[httpapi.EventPage](t, w, path); len(page.Events) != 0 || time.Since(started) != 20*time.Second {
			t.Errorf("without a change: %d events after %s", len(page.Events), time.Since(started))
		}
		time.AfterFunc(3*time.Second, func() { w.claim(t, key(id, "acme/site")) })
		started = time.Now()
		page := get[httpapi.EventPage](t, w, path)
		if took := time.Since(started); len(page.Events) != 2 || took > 3500*time.Millisecond || page.RetryAfterMs != 250 {
			t.Errorf("a change after 3 s: %d events after %s, next in %d ms", len(page.Events), took, page.RetryAfterMs)
		}
	})
}

func TestEventStream(t *testing.T) {
	t.Parallel()

	t.Run("is_what_the_standard_wants", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		id := w.create(t, `{"name":"x","agent":{"type":"script","script":"true"},"repositories":["acme/site"]}`)
		w.finish(t, key(id, "acme/site"), codybatch.TaskResult{Outcome: codybatch.OutcomeNoChanges})
		answer := w.ask(t, http.MethodGet, "/jobs/"+string(id)+"/events", "", "Accept", "text/event-stream, application/json;q=0.9")
		for name, want := range map[string]string{"Content-Type": "text/event-stream", "X-Accel-Buffering": "no", "Cache-Control": "no-cache"} {
			if got := answer.Header().Get(name); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
		}
		lines := strings.Split(answer.Body.String(), "\n")
		for i, prefix := range []string{":", "", "id: 6", "event: task", `data: {"seq":6,"type":"task","task":{"jobId":`, "", "id: 7", "event: job", `data: {"seq":7,"type":"job","job":{"jobId":`, "", ""} {
			if i >= len(lines) || !strings.HasPrefix(lines[i], prefix) || prefix == "" && lines[i] != "" {
				t.Fatalf("line %d is not %q:\n%s", i, prefix, answer.Body)
			}
		}
	})

	t.Run("follows_until_the_job_has_finished", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		server := httptest.NewServer(w.handler)
		defer server.Close() // waits for the streams
		client, err := httpapi.NewClient(server.URL+"/api", "", nil)
		if err != nil {
			t.Fatal(err)
		}
		id := w.create(t, `{"name":"x","agent":{"type":"script","script":"true"},"repositories":["acme/site","acme/api"]}`)
		var got []string
		steps := map[string]bool{} // a state can be seen twice, between the two writes of the last step
		for event, err := range client.Events(t.Context(), id, 0) {
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, summary(event))
			if steps[summary(event)] {
				continue
			}
			steps[summary(event)] = true
			switch summary(event) { // each step waits for the event of the one before
			case "job queued 0":
				w.claim(t, key(id, "acme/api"))
			case "job running 0":
				w.finish(t, key(id, "acme/site"), codybatch.TaskResult{Outcome: codybatch.OutcomeNoChanges})
			case "job running 1":
				if _, err := w.service.CancelTask(t.Context(), key(id, "acme/api")); err != nil {
					t.Fatal(err)
				}
				task, err := w.store.Task(t.Context(), key(id, "acme/api"))
				if err != nil {
					t.Fatal(err)
				}
				if _, err := codybatch.Update(t.Context(), w.store, task.Key(), func(task codybatch.Task) (codybatch.Task, error) {
					return task.Finished(task.Worker, task.Attempt, codybatch.TaskResult{Outcome: codybatch.OutcomeCanceled}, w.clock.Now())
				}); err != nil {
					t.Fatal(err)
				}
			}
		}
		if len(got) == 0 || got[len(got)-1] != "job canceled 1" {
			t.Errorf("events %q do not end with the end of the job", got)
		}
	})

	t.Run("has_a_heartbeat_and_ends_with_its_request", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, func(o *httpapi.Options) { o.EventInterval = time.Second })
			id := w.create(t, scriptJob)
			ctx, shutDown := context.WithCancel(t.Context()) // what a server does to its streams
			r := httptest.NewRequestWithContext(ctx, http.MethodGet, "http://localhost/api/jobs/"+string(id)+"/events?after=1", nil)
			r.Header.Set("Accept", "text/event-stream")
			answer := httptest.NewRecorder()
			time.AfterFunc(50*time.Second, shutDown)
			started := time.Now()
			w.handler.ServeHTTP(answer, r)
			if took := time.Since(started); took != 50*time.Second {
				t.Errorf("the stream ended after %s", took)
			}
			beats := 0
			for lines := bufio.NewScanner(answer.Body); lines.Scan(); {
				if lines.Text() == ":" {
					beats++
				}
			}
			if beats != 4 { // at once, and after 15, 30 and 45 seconds
				t.Errorf("%d heartbeats in 50 s", beats)
			}
		})
	})
}

// deaf is the connection of a client that does not read: every piece runs into
// the deadline that was set for it.
type deaf struct {
	http.ResponseWriter
	limit time.Duration
}

func (d *deaf) SetWriteDeadline(at time.Time) error {
	d.limit = time.Until(at)
	return nil
}

func (d *deaf) Write([]byte) (int, error) {
	if d.limit == 0 {
		return 0, errors.New("a piece was sent without a deadline")
	}
	return 0, os.ErrDeadlineExceeded
}

func TestEventStreamDropsAClientThatDoesNotRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(t, scriptJob)
	r := httptest.NewRequestWithContext(t.Context(), http.MethodGet, "http://localhost/api/jobs/"+string(id)+"/events", nil)
	r.Header.Set("Accept", "text/event-stream")
	connection := &deaf{ResponseWriter: httptest.NewRecorder()}
	w.handler.ServeHTTP(connection, r) // returns although the job goes on
	if connection.limit <= 0 || connection.limit > 31*time.Second || !strings.Contains(w.log.String(), "i/o timeout") {
		t.Errorf("the client has %s for a piece; log: %s", connection.limit, w.log)
	}
}
