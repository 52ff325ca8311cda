package cli

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// hostile is what a repository, a model or a server may put into any text: a new
// title for the window, a clean screen by seven and by eight bits, a line over
// this one, and text from right to left.
const hostile = "a\x1b]0;owned\ab\x1b[2Jc\u009b2Jd\re\x7ff\u202eg"

// poison sets every text of a value to hostile, in lists and objects of one
// element each.
func poison(v reflect.Value) {
	switch v.Kind() {
	case reflect.String:
		v.SetString(hostile)
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		poison(v.Elem())
	case reflect.Slice:
		if v.Type() == reflect.TypeFor[json.RawMessage]() {
			v.SetBytes([]byte(`{"path":"a\u001b[2Jb` + "\u009b2J" + `"}`))
			return
		}
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		poison(v.Index(0))
	case reflect.Struct:
		if v.Type() == reflect.TypeFor[time.Time]() {
			return
		}
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				poison(v.Field(i))
			}
		}
	default: // numbers and the like
	}
}

func poisoned[T any](change func(*T)) T {
	var value T
	poison(reflect.ValueOf(&value).Elem())
	if change != nil {
		change(&value)
	}
	return value
}

// hostileServer answers every request with hostile texts.
func hostileServer(t *testing.T) string {
	t.Helper()
	var tasks []httpapi.Task
	for i, status := range []string{"running", "failed", "succeeded", "queued", hostile} {
		tasks = append(tasks, poisoned(func(task *httpapi.Task) {
			task.Status, task.Seq, task.Attempt = status, int64(i+1), i+1
			task.RepositoryName = fmt.Sprintf("acme/%d%s", i, hostile)
			task.DiffStat.Files = i
			if i == 2 {
				task.Error, task.Gates, task.PullRequest = nil, nil, nil
				task.Verification = append(task.Verification, task.Verification[0])
				task.Verification[0].Baseline, task.Verification[0].ExitCode = true, 1
			}
		}))
	}
	job := poisoned(func(job *httpapi.Job) { job.CompletedAt, job.RepositoryCount = nil, 5 })
	var polls atomic.Int32
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var body any
		switch path := strings.TrimSuffix(r.URL.Path, "/"); {
		case strings.HasSuffix(path, "/diff"), strings.HasSuffix(path, "/log"):
			_, _ = io.WriteString(w, "--- "+hostile+"\n+++ "+hostile+"\n@@\n+"+hostile+"\n")
			return
		case strings.HasSuffix(path, "/events"):
			events := []httpapi.Event{{Seq: 100, Type: "job", Job: &job}}
			switch polls.Add(1) % 3 {
			case 1: // and then a frame is drawn
				for i := range tasks {
					events = append(events, httpapi.Event{Seq: int64(101 + i), Type: "task", Task: &tasks[i]})
				}
			case 0:
				w.WriteHeader(http.StatusNoContent)
				return
			}
			body = httpapi.EventPage{Events: events, RetryAfterMs: 250}
		case strings.HasSuffix(path, "/refused"):
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusUnprocessableEntity)
			_ = json.NewEncoder(w).Encode(poisoned(func(p *httpapi.Problem) {
				p.Status = http.StatusUnprocessableEntity
				if r.URL.Query().Has("outcome") {
					p.Code = "validation_failed"
				}
			}))
			return
		case strings.HasSuffix(path, "/claude-thread"):
			thread := poisoned[httpapi.Thread](nil)
			for _, kind := range []string{"text", "thinking", "tool_use", "tool_result"} {
				thread.Messages = append(thread.Messages, poisoned(func(m *httpapi.Message) { m.Blocks[0].Type = kind }))
			}
			body = thread
		case strings.HasSuffix(path, "/health"):
			body = poisoned(func(h *httpapi.Health) { h.Dependencies.Agent.Detail = engineRehearsal + hostile })
		case path == "/repositories":
			body = poisoned(func(p *httpapi.RepositoryPage) { p.NextCursor = "" })
		case path == "/jobs" && r.Method == http.MethodGet:
			body = httpapi.JobPage{Jobs: []httpapi.Job{job}}
		case strings.HasPrefix(path, "/jobs/") && strings.HasSuffix(path, "/repositories"):
			body = httpapi.TaskPage{Repositories: tasks}
		case strings.Contains(path, "/repositories/"):
			body = tasks[2]
		case strings.HasSuffix(path, "/publish"), strings.HasSuffix(path, "/retry"), strings.HasSuffix(path, "/feedback"):
			body = poisoned[httpapi.BulkResult](nil)
		case path == "/config.json":
			http.NotFound(w, r)
			return
		default:
			body = job
		}
		w.Header().Set("Content-Type", "application/json")
		_ = json.NewEncoder(w).Encode(body)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

// ours are the sequences that the program itself writes.
var ours = regexp.MustCompile(`\x1b\[(\d*m|K|J|\d+A)`)

func TestNothingFromOutsideMovesTheCursor(t *testing.T) {
	t.Parallel()
	address := hostileServer(t)
	for _, command := range []string{
		"job list", "job view latest", "job watch latest", "job diff latest", "job diff latest acme/site", "job log latest acme/site",
		"job thread latest acme/site", "job thread latest acme/site --full", "job cancel latest", "job cancel latest acme/site",
		"job retry latest", "job retry latest acme/site", "job publish latest", "job review latest acme/site --approve", "job feedback latest acme/site -m More",
		"job create --name a --script true --repo acme/site", "job create --name a --script true --repo acme/site --watch",
		"job view refused", "repo list",
		"job list --json", "job view latest --json", "job thread latest acme/site --json", "repo list --json", "job watch latest --json",
	} {
		t.Run(command, func(t *testing.T) {
			t.Parallel()
			control, tty := openTerminal(t, 60, 20)
			shown := make(chan string)
			go func() {
				text, _ := io.ReadAll(control) // EIO when the terminal is closed
				shown <- string(text)
			}()
			Main(t.Context(), strings.Fields(command), strings.NewReader(""), tty, tty, func(name string) (string, bool) {
				value, ok := map[string]string{"CODYBATCH_SERVER": address, "TERM": "xterm"}[name]
				return value, ok
			})
			tty.Close()
			text := <-shown
			if len(text) == 0 {
				t.Fatal("nothing is shown")
			}
			rest := ours.ReplaceAllString(text, "")
			rest = strings.NewReplacer("\r\n", "\n", "\n\r", "\n", "\t", " ").Replace(rest)
			if strings.Contains(command, "watch") {
				rest = strings.ReplaceAll(rest, "\r", "") // the drawing starts at the first column
			}
			if visible := lines(rest); visible != rest || strings.Contains(rest, "owned\a") {
				t.Errorf("the terminal gets %q", text)
			}
		})
	}
}
