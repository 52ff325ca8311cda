package claude

import (
	"bytes"
	"context"
	"encoding/json"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

const testKey = "sk-ant-test-key-that-nobody-may-see"

// stage is a run against a rehearsal, and all that it told about itself.
type stage struct {
	server  *rehearsal.Server
	handler http.Handler // what really answers
	options Options
	run     codybatch.AgentRun
	events  []codybatch.ThreadEvent
	spent   []codybatch.Usage
	log     bytes.Buffer
}

// play rehearses in a bubble of time: waiting costs none. The connection is a
// pipe in memory, since a bubble's clock stands still for a network.
func play(t *testing.T, test func(t *testing.T, s *stage), turns ...rehearsal.Turn) {
	t.Helper()
	perform(t, rehearsal.Play(turns...), test)
}

// perform is play with a scenario of several acts.
func perform(t *testing.T, scenario rehearsal.Scenario, test func(t *testing.T, s *stage)) {
	t.Helper()
	performWith(t, scenario, rehearsal.Options{}, test)
}

// performWith is perform on a server with options of its own.
func performWith(t *testing.T, scenario rehearsal.Scenario, options rehearsal.Options, test func(t *testing.T, s *stage)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		server, err := rehearsal.New(scenario, options)
		if err != nil {
			t.Fatal(err)
		}
		s := newStage(t, server)
		listener := &pipeListener{conns: make(chan net.Conn), closed: make(chan struct{})}
		transport := &http.Transport{DialContext: listener.dial}
		s.options.BaseURL, s.options.HTTPClient = "http://rehearsal.example", &http.Client{Transport: transport}
		web := &http.Server{
			Handler:           http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }),
			ReadHeaderTimeout: time.Minute,
		}
		go func() { _ = web.Serve(listener) }()
		t.Cleanup(func() {
			transport.CloseIdleConnections()
			_ = web.Close()
			if broken := server.Violations(); len(broken) > 0 {
				t.Errorf("rules were broken:\n%s", strings.Join(broken, "\n"))
			}
		})
		test(t, s)
	})
}

func newStage(t *testing.T, server *rehearsal.Server) *stage {
	t.Helper()
	s := &stage{server: server, handler: server}
	root := t.TempDir()
	dir, home := filepath.Join(root, "workspace"), filepath.Join(root, "home")
	for _, folder := range []string{dir, home} {
		if err := os.Mkdir(folder, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	budget := codybatch.USD(2)
	s.options.APIKey = func(context.Context) (string, error) { return testKey, nil }
	s.run = codybatch.AgentRun{
		Key: codybatch.TaskKey{JobID: "job", Repository: "acme/site"}, BaseCommit: strings.Repeat("0123456789", 4),
		Prompt: "Greet the world.", Budget: &budget, Dir: dir, Home: home,
		Spec: codybatch.AgentSpec{Type: codybatch.AgentClaude, Model: DefaultModel, MaxTurns: 20},
		Verify: func(context.Context) ([]codybatch.VerificationResult, error) {
			return []codybatch.VerificationResult{{Command: "true"}}, nil
		},
		Record: func(_ context.Context, e codybatch.ThreadEvent) error { s.events = append(s.events, e); return nil },
		Spent:  func(u codybatch.Usage) { s.spent = append(s.spent, u) },
		Log:    &s.log,
	}
	return s
}

// start runs the agent to its end.
func (s *stage) start(ctx context.Context, t *testing.T) (codybatch.AgentResult, error) {
	t.Helper()
	agent, err := New(s.options)
	if err != nil {
		t.Fatal(err)
	}
	result, err := agent.Run(ctx, s.run)
	if thread, _ := json.Marshal(s.events); bytes.Contains(thread, []byte(testKey)) || strings.Contains(s.log.String()+result.Reason, testKey) {
		t.Error("the key was told")
	}
	return result, err
}

// ends runs the agent to its end and checks the outcome, and that the thread and
// the reports of what was spent agree with the result.
func (s *stage) ends(t *testing.T, want codybatch.Outcome, reason string) codybatch.AgentResult {
	t.Helper()
	result, err := s.start(t.Context(), t)
	if err != nil || result.Outcome != want || !strings.Contains(result.Reason, reason) {
		t.Fatalf("got outcome %q (%s), %v; want %q (%s)", result.Outcome, result.Reason, err, want, reason)
	}
	s.agrees(t, result)
	return result
}

func (s *stage) agrees(t *testing.T, result codybatch.AgentResult) {
	t.Helper()
	var sum codybatch.Usage
	for _, e := range s.events {
		if e.Type != codybatch.EventRunEnd && e.Usage != nil {
			sum = sum.Add(*e.Usage)
		}
	}
	if sum != result.Usage {
		t.Errorf("the thread's usage is %+v, the result's %+v", sum, result.Usage)
	}
	if n := len(s.spent); n > 0 && s.spent[n-1] != result.Usage {
		t.Errorf("last reported: %+v, result: %+v", s.spent[n-1], result.Usage)
	}
	if result.Engine != EngineRehearsal || s.events[0].Type != codybatch.EventRunStart {
		t.Errorf("engine %q, first event %+v", result.Engine, s.events[0])
	}
	for _, e := range s.events {
		if e.Engine != "" && e.Engine != EngineRehearsal {
			t.Errorf("an event says engine %q", e.Engine)
		}
	}
	last := s.events[len(s.events)-1]
	if last.Type != codybatch.EventRunEnd || last.Outcome != result.Outcome || *last.Usage != result.Usage {
		t.Errorf("the last event is %+v", last)
	}
}

func (s *stage) of(kind codybatch.EventType) []codybatch.ThreadEvent {
	return slices.DeleteFunc(slices.Clone(s.events), func(e codybatch.ThreadEvent) bool { return e.Type != kind })
}

func (s *stage) file(t *testing.T, name string) string {
	t.Helper()
	data, err := os.ReadFile(filepath.Join(s.run.Dir, name))
	if err != nil && !os.IsNotExist(err) {
		t.Fatal(err)
	}
	return string(data)
}

// asked lists the requests' bodies.
func (s *stage) asked(t *testing.T) []requestBody {
	t.Helper()
	var all []requestBody
	for _, r := range s.server.Requests() {
		var body requestBody
		if err := json.Unmarshal(r.Body, &body); err != nil {
			t.Fatal(err)
		}
		all = append(all, body)
	}
	return all
}

type requestBody struct {
	MaxTokens int64             `json:"max_tokens"`
	System    json.RawMessage   `json:"system"`
	Tools     json.RawMessage   `json:"tools"`
	Messages  []json.RawMessage `json:"messages"`
}

// pipeListener is a network in memory.
type pipeListener struct {
	conns  chan net.Conn
	closed chan struct{}
	once   sync.Once
}

func (l *pipeListener) dial(ctx context.Context, _, _ string) (net.Conn, error) {
	client, server := net.Pipe()
	select {
	case l.conns <- server:
		return client, nil
	case <-l.closed:
		return nil, net.ErrClosed
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (l *pipeListener) Accept() (net.Conn, error) {
	select {
	case c := <-l.conns:
		return c, nil
	case <-l.closed:
		return nil, net.ErrClosed
	}
}

func (l *pipeListener) Close() error {
	l.once.Do(func() { close(l.closed) })
	return nil
}

func (l *pipeListener) Addr() net.Addr { return &net.UnixAddr{Name: "memory"} }
