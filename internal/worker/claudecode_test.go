package worker_test

import (
	"context"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/agent/claudecode"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
	"github.com/liamzdenek/cody-batch/internal/worker"
)

// claudeCode is the program that make claude-code installs.
func claudeCode(t *testing.T) string {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	program, err := claudecode.Find(filepath.Join(filepath.Dir(file), "..", "..", "tools", "claude-code", "node_modules", ".bin", "claude"))
	if err == nil {
		return program
	}
	if slices.Contains(strings.Split(os.Getenv("CODYBATCH_TEST_REQUIRE"), ","), "claude-code") {
		t.Fatalf("%v; run make claude-code", err)
	}
	t.Skipf("%v; run make claude-code", err)
	return ""
}

// A worker that is lost with Claude Code takes its conversation along: the next attempt
// starts over on the base commit. What was answered is paid for once, and stays paid.
func TestClaudeCodeThatIsInterruptedStartsOver(t *testing.T) {
	t.Parallel()
	program := claudeCode(t)
	count := func(n int64) *int64 { return &n }
	priced := func(turn rehearsal.Turn) rehearsal.Turn { // 1,000 tokens in, 100 out: $0.003
		turn.Usage = &rehearsal.Usage{
			InputTokens: count(1_000), OutputTokens: count(100), CacheReadTokens: count(0), CacheWrite5m: count(0), CacheWrite1h: count(0),
		}
		return turn
	}
	bash := func(command string) rehearsal.Turn {
		return priced(rehearsal.Call("Bash", map[string]string{"command": command}))
	}
	server, err := rehearsal.New(rehearsal.Play(
		bash("test ! -e half.txt && echo half >half.txt && echo done >>a.txt"), priced(rehearsal.Say("Done.")),
	), rehearsal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	waits, calls := make(chan string, 1), 0
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if calls++; calls == 2 { // the worker is lost while this call is under way
			_, _ = io.Copy(io.Discard, r.Body) // or the server does not hear that the caller is gone
			waits <- ""
			<-r.Context().Done()
			return
		}
		server.ServeHTTP(w, r)
	}))
	t.Cleanup(web.Close)
	agent, err := claudecode.New(claudecode.Options{
		Program: program, BaseURL: web.URL, HTTPClient: web.Client(),
		APIKey: func(context.Context) (string, error) { return workersSecret, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t, func(o *worker.Options) {
		o.Agents[codybatch.AgentClaudeCode] = agent
		o.Secrets, o.Lease = []string{workersSecret}, time.Second
	})
	w.repository("site", map[string]string{"a.txt": "x\n"})
	spec := promptJob("site")
	most := codybatch.USD(1)
	spec.Agent = codybatch.AgentSpec{Type: codybatch.AgentClaudeCode, Model: "claude-sonnet-5-5", MaxTurns: 10, MaxCost: &most}
	job, key, _ := w.interrupt(spec, waits)
	if err := w.worker.Run(t.Context(), codybatch.TaskRef{Key: key, Attempt: 2}); err != nil {
		t.Fatal(err)
	}
	task := w.task(job.ID, "site")
	wantOutcome(t, task, codybatch.OutcomeChanged)
	if diff := w.diff(task); strings.Count(diff, "+done") != 1 || strings.Count(diff, "+half") != 1 {
		t.Errorf("the diff is\n%s", diff)
	}
	if thread := w.thread(task); !strings.Contains(thread, "The attempt starts over") || strings.Count(thread, `"type":"runStart"`) != 2 {
		t.Errorf("the thread is\n%s", thread)
	}
	if n := len(server.Requests()); n != 3 {
		t.Errorf("%d calls were answered, want 1 of the first attempt, and 2 of the second", n)
	}
	if cost := task.Spent.Add(task.Usage).Cost; cost != codybatch.USD(0.009) || w.job(job.ID).Usage.Cost != cost {
		t.Errorf("the task cost %s, the job %s; want three answers of $0.003", cost, w.job(job.ID).Usage.Cost)
	}
	if task.Interrupted != nil || w.job(job.ID).Reserved != 0 {
		t.Errorf("the task is %+v", task)
	}
}
