package claude_test

import (
	"context"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/agent/agenttest"
	"github.com/liamzdenek/cody-batch/internal/agent/claude"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

func TestAgent_keeps_the_promises_of_the_port(t *testing.T) {
	t.Parallel()
	agenttest.Run(t, func(t *testing.T) agenttest.Fixture {
		s := &stage{}
		web := httptest.NewServer(s)
		t.Cleanup(web.Close)
		agent, err := claude.New(claude.Options{
			APIKey:     func(context.Context) (string, error) { return "test-key", nil },
			BaseURL:    web.URL,
			HTTPClient: web.Client(),
		})
		if err != nil {
			t.Fatal(err)
		}
		bash := func(script string) rehearsal.Turn {
			return rehearsal.Call("bash", map[string]string{"command": "set -eu\n" + script})
		}
		done := rehearsal.Finish("changed", "Done.", "", "")
		return agenttest.Fixture{
			Agent: agent,
			Shell: func(t *testing.T, script string) codybatch.AgentRun { return s.play(t, bash(script), done) },
			Limit: func(t *testing.T, script string) (codybatch.AgentRun, codybatch.Outcome) {
				run := s.play(t, bash(script), done)
				run.Spec.MaxTurns = 1
				return run, codybatch.OutcomeMaxTurns
			},
			Feedback: func(t *testing.T, first, second string) codybatch.AgentRun {
				return s.play(t, bash(first), done, bash(second), done)
			},
			OnRequest: func(f func()) { s.onRequest = f },
		}
	})
}

func TestAgent_survives_a_reset_connection(t *testing.T) {
	t.Parallel()
	s := &stage{}
	web := httptest.NewServer(s)
	t.Cleanup(web.Close)
	agent, err := claude.New(claude.Options{Rehearsal: true, BaseURL: web.URL, HTTPClient: web.Client()})
	if err != nil {
		t.Fatal(err)
	}
	run := s.play(t, rehearsal.Finish("no_change_needed", "Fine.", "", "").AndFail(rehearsal.Fault{Kind: rehearsal.FaultReset}))
	run.Dir, run.Home = t.TempDir(), t.TempDir()
	var retries []string
	run.Record = func(_ context.Context, e codybatch.ThreadEvent) error {
		if e.Type == codybatch.EventRetry {
			retries = append(retries, e.Reason)
		}
		return nil
	}
	result, err := agent.Run(t.Context(), run)
	if err != nil || result.Outcome != codybatch.OutcomeNoChanges || len(retries) != 1 || strings.Contains(retries[0], web.URL) {
		t.Errorf("got %+v, %v after %q", result, err, retries)
	}
}

// stage is the address that a test's rehearsal is served at.
type stage struct {
	mu        sync.Mutex
	server    *rehearsal.Server
	onRequest func()
}

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
		Spec: codybatch.AgentSpec{Type: codybatch.AgentClaude, Model: claude.DefaultModel, MaxTurns: 10, MaxCost: &budget},
	}
}

func (s *stage) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	server, onRequest := s.server, s.onRequest
	s.mu.Unlock()
	if onRequest != nil {
		onRequest()
	}
	server.ServeHTTP(w, r)
}
