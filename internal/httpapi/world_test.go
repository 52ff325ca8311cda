package httpapi_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/apispec"
	"github.com/liamzdenek/cody-batch/internal/artifacts/dir"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/forge/localgit"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
	"github.com/liamzdenek/cody-batch/internal/store/sqlite"
)

// world is a server with everything real but the workers: tests play those.
type world struct {
	store      *sqlite.Store
	artifacts  *dir.Dir
	dispatched *dispatched
	service    *codybatch.Service
	handler    http.Handler
	log        *logBook
	clock      *clock
}

// repositories that the forge of every world has; "private/plans" is not allowed.
var repositoryNames = []string{"acme/api", "acme/diff", "acme/site", "private/plans"}

func newWorld(t *testing.T, change ...func(*httpapi.Options)) *world {
	t.Helper()
	ctx := t.Context()
	folder := t.TempDir()
	w := &world{
		dispatched: &dispatched{}, log: &logBook{},
		clock: &clock{now: time.Date(2026, 5, 4, 10, 0, 0, 0, time.UTC)},
	}
	var err error
	if w.store, err = sqlite.Open(ctx, filepath.Join(folder, "jobs.db"), sqlite.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.store.Close() })
	if w.artifacts, err = dir.Open(filepath.Join(folder, "artifacts")); err != nil {
		t.Fatal(err)
	}
	forge, err := localgit.New(forgeRoot(t))
	if err != nil {
		t.Fatal(err)
	}
	allow, err := codybatch.ParseAllowList("local/acme/*")
	if err != nil {
		t.Fatal(err)
	}
	var ids int
	var mu sync.Mutex
	log := slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	w.service = codybatch.NewService(w.store, w.artifacts, w.dispatched, forge, codybatch.ServiceOptions{
		Allow: allow, Now: w.clock.Now, Log: log,
		NewID: func() codybatch.JobID {
			mu.Lock()
			defer mu.Unlock()
			ids++
			return codybatch.JobID(fmt.Sprintf("job-%04d", ids))
		},
	})
	options := httpapi.Options{
		Version: "1.2.3", BasePath: "/api", Loopback: true, Address: "127.0.0.1:8080", AgentStatus: "ready",
		LongEvents: true, EventInterval: time.Millisecond, Now: w.clock.Now, Log: log,
		RequestID: func() string { return "request-1" },
		Dashboard: http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "dashboard") }),
	}
	for _, c := range change {
		c(&options)
	}
	w.handler = httpapi.New(w.service, options)
	return w
}

// forgeRoot makes the folder of repositories once; tests only read it.
var forgeRoot = func() func(t *testing.T) string {
	var once sync.Once
	var root string
	return func(t *testing.T) string {
		t.Helper()
		once.Do(func() {
			root = filepath.Join(rootOfTests, "forge")
			for _, name := range repositoryNames {
				command := exec.Command("git", "init", "--quiet", "--bare", "--initial-branch=main", filepath.Join(root, name+".git"))
				if output, err := command.CombinedOutput(); err != nil {
					panic(fmt.Sprintf("git init: %v: %s", err, output))
				}
			}
		})
		return root
	}
}()

// dispatched is a Dispatcher without workers.
type dispatched struct {
	mu       sync.Mutex
	refs     []codybatch.TaskRef
	canceled []codybatch.TaskKey
	slow     func() // lets time pass until a cancel's request has none left; nil: it is quick
	err      error
}

// Ping is what the pool has, too.
func (d *dispatched) Ping(context.Context) error { return nil }

func (d *dispatched) Dispatch(_ context.Context, refs []codybatch.TaskRef) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.err != nil {
		return d.err
	}
	d.refs = append(d.refs, refs...)
	return nil
}

func (d *dispatched) Cancel(ctx context.Context, keys []codybatch.TaskKey) error {
	if d.slow != nil {
		d.slow()
		<-ctx.Done()
		return context.Cause(ctx)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.canceled = append(d.canceled, keys...)
	return nil
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

// logBook keeps what was logged.
type logBook struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (l *logBook) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.Write(p)
}

func (l *logBook) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.text.String()
}

// description is our own API description, which every answer is checked against.
var description = sync.OnceValue(func() *apispec.Description {
	document, err := httpapi.OpenAPI()
	if err != nil {
		panic(err)
	}
	d, err := apispec.Load(bytes.NewReader(document))
	if err != nil {
		panic(err)
	}
	return d
})

// ask sends a request to the API and checks the answer against the description.
func (w *world) ask(t *testing.T, method, path, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, "http://localhost/api"+path, strings.NewReader(body))
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer := httptest.NewRecorder()
	w.handler.ServeHTTP(answer, r)
	checked := answer.Body.Bytes()
	if method == http.MethodHead {
		checked = nil
	}
	if answer.Code == http.StatusNotFound || answer.Code == http.StatusMethodNotAllowed {
		if ct := answer.Header().Get("Content-Type"); ct != "application/problem+json" {
			t.Errorf("%s %s: %d comes as %q", method, path, answer.Code, ct)
		}
		return answer // of addresses that are not described, too
	}
	described := strings.NewReplacer("%2F", "/", "%2f", "/").Replace(path)
	if err := description().CheckResponse(method, described, answer.Code, answer.Header().Get("Content-Type"), checked); err != nil {
		t.Errorf("the answer is not as described: %v", err)
	}
	return answer
}

// get asks for JSON and wants the status 200.
func get[T any](t *testing.T, w *world, path string) T {
	t.Helper()
	return decode[T](t, w.ask(t, http.MethodGet, path, ""), http.StatusOK)
}

func decode[T any](t *testing.T, answer *httptest.ResponseRecorder, status int) T {
	t.Helper()
	var out T
	if answer.Code != status {
		t.Fatalf("status %d, want %d: %s", answer.Code, status, answer.Body)
	}
	if err := json.Unmarshal(answer.Body.Bytes(), &out); err != nil {
		t.Fatalf("%v: %s", err, answer.Body)
	}
	return out
}

const scriptJob = `{"name": "Tidy", "agent": {"type": "script", "script": "true"}, "repositories": ["acme/site", "acme/api", "acme/diff"]}`

// create makes a job by the API and returns its id.
func (w *world) create(t *testing.T, body string) codybatch.JobID {
	t.Helper()
	return codybatch.JobID(decode[httpapi.Job](t, w.ask(t, http.MethodPost, "/jobs", body), http.StatusCreated).JobID)
}

func key(id codybatch.JobID, name string) codybatch.TaskKey {
	return codybatch.TaskKey{JobID: id, Repository: codybatch.RepositoryName(name)}
}

// claim takes a task as a worker would.
func (w *world) claim(t *testing.T, k codybatch.TaskKey) codybatch.Task {
	t.Helper()
	before, err := w.store.Task(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	task, _, err := w.store.ClaimTask(t.Context(), codybatch.Claim{
		Key: k, Attempt: before.Attempt, Worker: "worker-" + string(k.Repository),
		Now: w.clock.Now(), LeaseUntil: w.clock.Now().Add(time.Minute),
	})
	if err != nil {
		t.Fatal(err)
	}
	return task
}

// finish claims a task and ends it with a result.
func (w *world) finish(t *testing.T, k codybatch.TaskKey, result codybatch.TaskResult) codybatch.Task {
	t.Helper()
	claimed := w.claim(t, k)
	w.clock.advance(time.Minute)
	task, err := codybatch.Update(t.Context(), w.store, k, func(task codybatch.Task) (codybatch.Task, error) {
		return task.Finished(claimed.Worker, claimed.Attempt, result, w.clock.Now())
	})
	if err != nil {
		t.Fatal(err)
	}
	return task
}

// change is a result with a diff, which it stores.
func (w *world) change(t *testing.T, k codybatch.TaskKey, patch string) codybatch.TaskResult {
	t.Helper()
	task, err := w.store.Task(t.Context(), k)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.artifacts.Put(t.Context(), codybatch.DiffKey(k, task.Attempt), strings.NewReader(patch)); err != nil {
		t.Fatal(err)
	}
	fingerprint, err := codybatch.Fingerprint(strings.NewReader(patch))
	if err != nil {
		t.Fatal(err)
	}
	return codybatch.TaskResult{
		Outcome: codybatch.OutcomeChanged, Engine: "script", Summary: "Replaced a line.",
		BaseCommit: strings.Repeat("ab", 20), HasDiff: true, DiffStat: codybatch.DiffStat{Files: 1, Additions: 1, Deletions: 1},
		Fingerprint: fingerprint,
		Verified:    []codybatch.VerificationResult{{Command: "true", Duration: 1500 * time.Millisecond, Tail: "ok\n"}},
		Gates:       []codybatch.GateFinding{{Rule: "large", Level: codybatch.GateWarn, Message: "is large", Paths: []string{"a"}}},
		Usage:       codybatch.Usage{InputTokens: 10, OutputTokens: 20, CacheReadTokens: 30, CacheWriteTokens: 40, Cost: codybatch.USD(0.0312)},
	}
}

const patch = "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-old\n+new\n"

// record writes a thread of an attempt.
func (w *world) record(t *testing.T, k codybatch.TaskKey, attempt int, events ...codybatch.ThreadEvent) {
	t.Helper()
	for i, event := range events {
		event.Seq, event.Attempt, event.Time = int64(i+1), attempt, w.clock.Now()
		line, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.artifacts.Append(t.Context(), codybatch.ThreadKey(k, attempt), append(line, '\n')); err != nil {
			t.Fatal(err)
		}
	}
}
