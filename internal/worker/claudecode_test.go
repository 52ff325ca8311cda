package worker_test

import (
	"context"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync/atomic"
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

// withClaudeCode has the program ask an API, with the worker's secret for a key.
func withClaudeCode(t *testing.T, api http.Handler) func(*worker.Options) {
	t.Helper()
	web := httptest.NewServer(api)
	t.Cleanup(web.Close)
	agent, err := claudecode.New(claudecode.Options{
		Program: claudeCode(t), BaseURL: web.URL, HTTPClient: web.Client(),
		APIKey: func(context.Context) (string, error) { return workersSecret, nil },
	})
	if err != nil {
		t.Fatal(err)
	}
	return func(o *worker.Options) {
		o.Agents[codybatch.AgentClaudeCode] = agent
		o.Secrets, o.Lease = []string{workersSecret}, time.Second
	}
}

// claudeCodeJob is a job for the program, with a dollar for each attempt.
func claudeCodeJob(names ...string) codybatch.JobSpec {
	spec, most := promptJob(names...), codybatch.USD(1)
	spec.Agent = codybatch.AgentSpec{Type: codybatch.AgentClaudeCode, Model: "claude-sonnet-5-5", MaxTurns: 10, MaxCost: &most}
	return spec
}

// priced is a turn of 1,000 tokens in and 100 out: $0.003.
func priced(turn rehearsal.Turn) rehearsal.Turn {
	count := func(n int64) *int64 { return &n }
	turn.Usage = &rehearsal.Usage{
		InputTokens: count(1_000), OutputTokens: count(100), CacheReadTokens: count(0), CacheWrite5m: count(0), CacheWrite1h: count(0),
	}
	return turn
}

func bash(command string) rehearsal.Turn {
	return priced(rehearsal.Call("Bash", map[string]string{"command": command}))
}

func rehearse(t *testing.T, turns ...rehearsal.Turn) *rehearsal.Server {
	t.Helper()
	server, err := rehearsal.New(rehearsal.Play(turns...), rehearsal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if broken := server.Violations(); len(broken) > 0 {
			t.Errorf("rules were broken:\n%s", strings.Join(broken, "\n"))
		}
	})
	return server
}

// A remark on what Claude Code did goes on with its own conversation, in another
// workspace, and where that is gone nothing is asked.
func TestClaudeCodeHearsARemark(t *testing.T) {
	t.Parallel()
	server := rehearse(t,
		bash("echo ignored.txt >.gitignore; echo x >ignored.txt; echo done >>a.txt; cat secret.txt"), priced(rehearsal.Say("Done.")),
		bash("grep done a.txt && test ! -e ignored.txt && echo alias >b.txt"), priced(rehearsal.Say("Kept the alias.")),
	)
	w := newWorld(t, withClaudeCode(t, server))
	w.repository("site", map[string]string{"a.txt": "x\n", "secret.txt": workersSecret})
	before := w.runOne(claudeCodeJob("site"))
	wantOutcome(t, before, codybatch.OutcomeChanged)
	task := w.send(before)
	wantOutcome(t, task, codybatch.OutcomeChanged)
	if diff := w.diff(task); strings.Count(diff, "+done") != 1 || !strings.Contains(diff, "+alias") || task.Summary != "Kept the alias." {
		t.Errorf("it says %q, and the diff is\n%s", task.Summary, diff)
	}
	body := string(server.Requests()[3].Body)
	if len(server.Requests()) != 4 || strings.Count(body, remark) != 1 || !strings.Contains(body, "echo done") || strings.Contains(body, workersSecret) || !strings.Contains(body, "[redacted]") {
		t.Errorf("%d calls were made; the last one is\n%s", len(server.Requests()), body)
	}
	if cost := task.Spent.Add(task.Usage).Cost; cost != codybatch.USD(0.012) || w.job(task.JobID).Usage.Cost != cost || task.Usage.Cost != codybatch.USD(0.006) {
		t.Errorf("the task cost %s, the job %s; want four answers of $0.003", cost, w.job(task.JobID).Usage.Cost)
	}
	thread, err := w.service.Thread(t.Context(), task.Key(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	said := 0
	for _, message := range thread.Messages {
		for _, block := range message.Blocks {
			said += strings.Count(block.Text, remark)
		}
	}
	if said != 1 || thread.Usage.Cost != codybatch.USD(0.006) {
		t.Errorf("the remark is told %d times in %+v", said, thread)
	}
	key := codybatch.ConversationKey(task.Key(), task.DiffAttempt)
	if err := w.artifacts.Put(t.Context(), key, strings.NewReader("")); err != nil {
		t.Fatal(err)
	}
	lost := w.send(task)
	wantOutcome(t, lost, codybatch.OutcomeInfraError)
	if lost.Error.Code != codybatch.CodeConversationLost || lost.Feedback != nil || w.diff(lost) != w.diff(task) || len(server.Requests()) != 4 || w.job(task.JobID).Usage.Cost != codybatch.USD(0.012) {
		t.Errorf("the task is %+v (%+v), after %d calls", lost, lost.Error, len(server.Requests()))
	}
}

// holding answers like a server, but for one call, which it never does: the worker is
// lost, or stopped, while that is under way.
type holding struct {
	*rehearsal.Server
	call  int64
	made  atomic.Int64
	waits chan string
}

func (h *holding) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if h.made.Add(1) != h.call {
		h.Server.ServeHTTP(w, r)
		return
	}
	_, _ = io.Copy(io.Discard, r.Body) // or the server does not hear that the caller is gone
	h.waits <- ""
	<-r.Context().Done()
}

// noResponse is what the program has the model say to what it was interrupted after.
func noResponse() rehearsal.Turn { return rehearsal.Say("No response requested.") }

// A worker that is lost with Claude Code leaves its conversation: the next attempt goes
// on with it, and asks for nothing that was answered.
func TestClaudeCodeThatIsInterruptedGoesOn(t *testing.T) {
	t.Parallel()
	api := &holding{call: 2, waits: make(chan string, 1), Server: rehearse(t,
		bash("test ! -e half.txt && echo half >half.txt && echo done >>a.txt"), noResponse(),
		bash("grep done a.txt && echo whole >whole.txt"), priced(rehearsal.Say("Done.")),
	)}
	w := newWorld(t, withClaudeCode(t, api))
	w.repository("site", map[string]string{"a.txt": "x\n"})
	waits := make(chan string)
	go func() {
		<-api.waits
		w.untilKept(t, codybatch.TaskKey{JobID: "job-001", Repository: "acme/site"}, 1) // the checkpoint is written while the model thinks
		waits <- ""
	}()
	job, key, _ := w.interrupt(claudeCodeJob("site"), waits)
	if err := w.worker.Run(t.Context(), codybatch.TaskRef{Key: key, Attempt: 2}); err != nil {
		t.Fatal(err)
	}
	task := w.task(job.ID, "site")
	wantOutcome(t, task, codybatch.OutcomeChanged)
	if diff := w.diff(task); strings.Count(diff, "+done") != 1 || strings.Count(diff, "+half") != 1 || strings.Count(diff, "+whole") != 1 {
		t.Errorf("the diff is\n%s", diff)
	}
	if thread := w.thread(task); !strings.Contains(thread, "The conversation goes on: 1 answers") || strings.Contains(thread, "starts over") || strings.Count(thread, `"type":"runStart"`) != 2 {
		t.Errorf("the thread is\n%s", thread)
	}
	w.wantThreePaid(t, task, api.Server)
	if task.Interrupted != nil || w.job(job.ID).Reserved != 0 {
		t.Errorf("the task is %+v", task)
	}
}

// untilKept waits until the first attempt's checkpoint is of so many answers.
func (w *world) untilKept(t *testing.T, key codybatch.TaskKey, answers int) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); ; time.Sleep(5 * time.Millisecond) {
		var kept struct{ Answers int }
		if document, err := w.artifacts.Open(t.Context(), codybatch.CheckpointKey(key, 1)); err == nil {
			_ = json.NewDecoder(document).Decode(&kept) // what is no checkpoint is of no answers
			_ = document.Close()
		}
		if kept.Answers == answers {
			return
		}
		if time.Now().After(end) {
			t.Errorf("the checkpoint is of %d answers, want %d", kept.Answers, answers)
			return
		}
	}
}

// wantThreePaid checks that three answers were asked for and are booked.
func (w *world) wantThreePaid(t *testing.T, task codybatch.Task, server *rehearsal.Server) {
	t.Helper()
	if n := len(server.Requests()); n != 3 {
		t.Errorf("%d calls were answered, want 3", n)
	}
	if cost := task.Spent.Add(task.Usage).Cost; cost != codybatch.USD(0.009) || w.job(task.JobID).Usage.Cost != cost {
		t.Errorf("the task cost %s, the job %s; want three answers of $0.003", cost, w.job(task.JobID).Usage.Cost)
	}
}

// A stop comes when a tool runs: what it had done by then is kept, and the model is told
// that nobody knows how it ended.
func TestClaudeCodeThatIsStoppedInATool(t *testing.T) {
	t.Parallel()
	server := rehearse(t, bash("mkfifo wait; echo began >began.txt; cat wait"), noResponse(), bash("cat began.txt >whole.txt"), priced(rehearsal.Say("Done.")))
	root := ""
	w := newWorld(t, withClaudeCode(t, server), func(o *worker.Options) { root = o.Root })
	w.repository("site", map[string]string{"a.txt": "x\n"})
	job := w.create(claudeCodeJob("site"))
	ref := w.sent.take()[0]
	ctx, stop := context.WithCancelCause(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.worker.Run(ctx, ref) }()
	for began := []string(nil); len(began) == 0; time.Sleep(5 * time.Millisecond) {
		select {
		case err := <-done:
			t.Fatalf("the attempt ended with %v, and the thread is\n%s", err, w.thread(w.task(job.ID, "site")))
		default:
			began, _ = filepath.Glob(filepath.Join(root, "*", "tree", "site", "began.txt")) // the pattern is good
		}
	}
	stop(codybatch.ErrStopped)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if err := w.worker.Run(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	task := w.task(job.ID, "site")
	wantOutcome(t, task, codybatch.OutcomeChanged)
	if diff := w.diff(task); strings.Count(diff, "+began") != 2 || !strings.Contains(w.thread(task), "The conversation goes on: 1 answers") {
		t.Errorf("the diff is\n%s\nthe thread\n%s", diff, w.thread(task))
	}
	// Or "Exit code 137", if the program lived to see its command killed.
	if body := string(server.Requests()[1].Body); !strings.Contains(body, "its outcome is unknown") && !strings.Contains(body, "Exit code 137") {
		t.Errorf("the model hears\n%s", body)
	}
	w.wantThreePaid(t, task, server)
}
