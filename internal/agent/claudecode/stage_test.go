package claudecode_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/agent/claudecode"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

const (
	testKey   = "sk-ant-the-real-key-that-no-program-may-see"
	testModel = "claude-sonnet-5-5"
	patience  = time.Minute
)

// program finds the Claude Code CLI that "make claude-code" installs. Without it the
// test is skipped, or fails where it is required.
func program(t *testing.T) string {
	t.Helper()
	_, file, _, _ := runtime.Caller(0)
	path, err := claudecode.Find(filepath.Join(filepath.Dir(file), "..", "..", "..", "tools", "claude-code", "node_modules", ".bin", "claude"))
	if err == nil {
		return path
	}
	if slices.Contains(strings.Split(os.Getenv("CODYBATCH_TEST_REQUIRE"), ","), "claude-code") {
		t.Fatalf("%v; run make claude-code", err)
	}
	t.Skipf("%v; run make claude-code", err)
	return ""
}

// stage is an API that a rehearsal, or a test's own handler, answers for, and all that
// a run told about itself.
type stage struct {
	program   string
	web       *httptest.Server
	options   claudecode.Options
	onRequest func()

	mu      sync.Mutex
	server  *rehearsal.Server
	handler http.Handler // in the rehearsal's place
	keys    []string     // that were sent
	events  []codybatch.ThreadEvent
	spent   []codybatch.Usage
	log     strings.Builder
}

func newStage(t *testing.T, program string) *stage {
	t.Helper()
	s := &stage{program: program}
	s.web = httptest.NewServer(s)
	t.Cleanup(s.web.Close)
	s.options = claudecode.Options{
		Program: program, BaseURL: s.web.URL, HTTPClient: s.web.Client(),
		APIKey: func(context.Context) (string, error) { return testKey, nil },
	}
	return s
}

func (s *stage) agent(t *testing.T) *claudecode.Agent {
	t.Helper()
	agent, err := claudecode.New(s.options)
	if err != nil {
		t.Fatal(err)
	}
	return agent
}

// bash is a turn that runs a command.
func bash(command string) rehearsal.Turn {
	return rehearsal.Call("Bash", map[string]string{"command": command})
}

// play has the turns answered to the next conversation.
func (s *stage) play(t *testing.T, turns ...rehearsal.Turn) codybatch.AgentRun {
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
	s.mu.Lock()
	defer s.mu.Unlock()
	s.server = server
	budget := codybatch.USD(2)
	return codybatch.AgentRun{
		Prompt: "Do it.", Budget: &budget,
		Spec: codybatch.AgentSpec{Type: codybatch.AgentClaudeCode, Model: testModel, MaxTurns: 10, MaxCost: &budget},
	}
}

func (s *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	handler, onRequest := s.handler, s.onRequest
	if handler == nil {
		handler = s.server
	}
	s.keys = append(s.keys, r.Header.Get("X-Api-Key"))
	s.mu.Unlock()
	if onRequest != nil {
		onRequest()
	}
	handler.ServeHTTP(w, r)
}

// fill completes a run with a workspace of its own.
func (s *stage) fill(t *testing.T, run codybatch.AgentRun) codybatch.AgentRun {
	t.Helper()
	root := t.TempDir()
	run.Dir, run.Home = filepath.Join(root, "workspace"), filepath.Join(root, "home")
	for _, dir := range []string{run.Dir, run.Home} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	write(t, filepath.Join(run.Dir, "README.md"), "# Site\n")
	run.Key = codybatch.TaskKey{JobID: "job", Repository: "acme/site"}
	run.BaseCommit = strings.Repeat("0123456789", 4)
	run.Record = func(_ context.Context, e codybatch.ThreadEvent) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.events = append(s.events, e)
		return nil
	}
	run.Spent = func(u codybatch.Usage) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.spent = append(s.spent, u)
	}
	run.Log = logWriter{s}
	return run
}

type logWriter struct{ *stage }

func (l logWriter) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.log.Write(p)
}

// ends runs the agent to its end and checks the outcome, and that the thread and the
// reports of what was spent agree with the result.
func (s *stage) ends(t *testing.T, run codybatch.AgentRun, want codybatch.Outcome, reason string) codybatch.AgentResult {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	s.events, s.spent = nil, nil
	result, err := s.agent(t).Run(ctx, run)
	if err != nil || result.Outcome != want || !strings.Contains(result.Reason, reason) {
		t.Fatalf("got outcome %q (%s), %v; want %q (%s)\n%s", result.Outcome, result.Reason, err, want, reason, s.told())
	}
	var sum codybatch.Usage
	for _, e := range s.events {
		if e.Type != codybatch.EventRunEnd && e.Usage != nil {
			sum = sum.Add(*e.Usage)
		}
	}
	if sum != result.Usage || len(s.spent) > 0 && s.spent[len(s.spent)-1] != result.Usage {
		t.Errorf("the thread's usage is %+v, last reported was %+v, the result's is %+v", sum, s.spent, result.Usage)
	}
	if strings.Contains(s.told()+s.log.String()+result.Reason+result.Summary, testKey) {
		t.Error("the key was told")
	}
	return result
}

// told is the thread, for reading.
func (s *stage) told() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	var b strings.Builder
	for _, e := range s.events {
		b.WriteString(string(e.Type) + " " + e.Name + " " + e.Reason + " " + string(e.Input) + string(e.Content) + "\n")
	}
	return b.String()
}

func (s *stage) of(kind codybatch.EventType) []codybatch.ThreadEvent {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.DeleteFunc(slices.Clone(s.events), func(e codybatch.ThreadEvent) bool { return e.Type != kind })
}

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(data)
}
