package cli

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// TestWatchTellsThatTheServerIsOutOfReach loses the server for two requests.
func TestWatchTellsThatTheServerIsOutOfReach(t *testing.T) {
	t.Parallel()
	job := sampleJob()
	job.Status = "succeeded"
	var requests atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body any = job
		switch {
		case strings.HasSuffix(r.URL.Path, "/config.json"):
			http.NotFound(w, r)
			return
		case strings.HasSuffix(r.URL.Path, "/repositories"):
			body = httpapi.TaskPage{Repositories: []httpapi.Task{}}
		case strings.HasSuffix(r.URL.Path, "/events"):
			if requests.Add(1) <= 2 { // the first of them on a kept connection, which net/http tries again by itself
				panic(http.ErrAbortHandler)
			}
			w.WriteHeader(http.StatusNoContent)
			return
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(body)
	}))
	t.Cleanup(server.Close)
	var out, said strings.Builder
	address := strings.TrimPrefix(server.URL, "http://") // a scheme may be left out
	code := Main(t.Context(), []string{"job", "watch", "0192", "--server", address}, strings.NewReader(""), &out, &said,
		func(string) (string, bool) { return "", false })
	want := "can't reach " + server.URL + ", trying again\nthe server answers again\n"
	if code != exitSucceeded || !strings.HasPrefix(said.String(), want) || strings.Count(said.String(), "can't reach") != 1 {
		t.Errorf("exit code %d, said %q, want %q", code, said.String(), want)
	}
}

func TestLiveKeepsWhatFailed(t *testing.T) {
	t.Parallel()
	w := newWindow(60, 20)
	l := newLive(w, terminal{is: true, size: func() (int, int) { return 60, 20 }}, sampleJob(), func() time.Time { return noon })
	for i, task := range sampleTasks() {
		l.take(httpapi.Event{Seq: sampleJob().Seq + 1 + int64(i), Task: &task})
	}
	l.close()
	got := strings.Join(w.text(), "")
	if !strings.HasPrefix(got, "acme/broken: verify_failed, 2 files, +4 −4, $1.90, 1h01m, ") || strings.Contains(got, "acme/site") {
		t.Errorf("left standing: %q", w.text())
	}
}

func TestJobTable(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	for _, width := range []int{120, 80, 60} {
		jobs := []httpapi.Job{sampleJob(), sampleJob()}
		jobs[1].Name, jobs[1].Status, jobs[1].RepositoryCount = "A", "succeeded", 3
		jobs[1].Counts = httpapi.Counts{Succeeded: 3}
		p := &program{now: func() time.Time { return *at(7300) }}
		got.WriteString("== " + strings.Repeat("-", width-3) + "\n")
		if err := p.jobTable(jobs, true).write(&got, terminal{is: true, size: func() (int, int) { return width, 24 }}); err != nil {
			t.Fatal(err)
		}
	}
	golden(t, "jobs", got.String())
}
