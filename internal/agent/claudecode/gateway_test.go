package claudecode

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const (
	realKey  = "sk-ant-the-real-key"
	runToken = "sk-run-token"
)

// scene is a gateway by itself, and the API behind it.
type scene struct {
	gateway *gateway
	address string

	mu     sync.Mutex
	asked  []*http.Request
	bodies []string
	events []codybatch.ThreadEvent
	spent  []codybatch.Usage
}

// newScene opens a gateway in front of an API that answers as it is told.
func newScene(t *testing.T, limit *codybatch.Money, api http.HandlerFunc) *scene {
	t.Helper()
	s := &scene{}
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		s.mu.Lock()
		s.asked, s.bodies = append(s.asked, r), append(s.bodies, string(body))
		s.mu.Unlock()
		api(w, r)
	}))
	t.Cleanup(web.Close)
	agent, err := New(Options{
		Program: "/nowhere/claude", APIKey: func(context.Context) (string, error) { return realKey, nil }, BaseURL: web.URL, HTTPClient: web.Client(),
		IdleTimeout: time.Second,
	})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancelCause(t.Context())
	run := codybatch.AgentRun{
		Record: func(_ context.Context, e codybatch.ThreadEvent) error {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.events = append(s.events, e)
			return nil
		},
		Spent:  func(u codybatch.Usage) { s.spent = append(s.spent, u) }, // under the ledger's lock
		Budget: limit,
	}
	s.gateway = agent.open(ctx, stop, run, resumption{}, realKey).gateway
	s.gateway.token = runToken
	s.gateway.breaker, _ = agent.options.Admission.Breaker(s.gateway.lane)
	if s.address, err = s.gateway.open(ctx); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		s.gateway.close()
		stop(nil)
	})
	return s
}

// post asks the gateway as the program does.
func (s *scene) post(t *testing.T, path, token, body string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.address+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", token)
	req.Header.Set("Anthropic-Version", "2023-06-01")
	req.Header.Set("X-Secret-Of-The-Program", "1")
	req.Header.Add("Anthropic-Beta", "claude-code-20250219,context-1m-2025-08-07, effort-2025-11-24,fallback-credit-2026-06-01")
	req.Header.Add("Anthropic-Beta", "files-api-2025-04-14,interleaved-thinking-2025-05-14,,effort,-2025-11-24")
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, err.Error()
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	if err != nil {
		return res.StatusCode, "broken: " + err.Error()
	}
	return res.StatusCode, string(answer)
}

func messageOf(inputTokens, outputTokens int64) string {
	return fmt.Sprintf(`{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5-5","content":[{"type":"text","text":"Hi"}],`+
		`"stop_reason":"end_turn","stop_sequence":null,"usage":{"input_tokens":%d,"output_tokens":%d}}`, inputTokens, outputTokens)
}

func answerWith(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

const call = `{"model":"claude-sonnet-5-5","max_tokens":1000,"messages":[{"role":"user","content":"Hi"}]}`

func TestGatewayPassesOn(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil, answerWith(http.StatusOK, messageOf(1_000_000, 0)))
	body := `{"model":"claude-sonnet-5-5", "max_tokens":1000,"mcp_servers":[{"url":"https://thief.example"}],"service_tier":"auto","speed":"fast",` +
		`"container":"c","inference_geo":"us","messages":[{"role":"user", "content":"Hi"}],"next_thing":1}`
	status, answer := s.post(t, "/v1/messages?beta=true&other=1", runToken, body)
	if status != http.StatusOK || answer != messageOf(1_000_000, 0) {
		t.Errorf("got %d %s", status, answer)
	}
	if want := `{"model":"claude-sonnet-5-5","max_tokens":1000,"messages":[{"role":"user", "content":"Hi"}]}`; s.bodies[0] != want {
		t.Errorf("the API got %s, want %s", s.bodies[0], want)
	}
	asked := s.asked[0]
	if asked.URL.RequestURI() != "/v1/messages?beta=true" || asked.Header.Get("X-Api-Key") != realKey || asked.Header.Get("Anthropic-Version") == "" || asked.Header.Get("X-Secret-Of-The-Program") != "" {
		t.Errorf("the API was asked %s with %v", asked.URL.RequestURI(), asked.Header)
	}
	if got := asked.Header.Values("Anthropic-Beta"); !slices.Equal(got, []string{"claude-code-20250219,effort-2025-11-24,interleaved-thinking-2025-05-14"}) {
		t.Errorf("the API was asked for %q", got)
	}
	if got := s.gateway.ledger.total(); got.Cost != codybatch.USD(2) || len(s.spent) != 1 || s.spent[0] != got {
		t.Errorf("booked are %+v, reported %+v", got, s.spent)
	}
	if status, _ := s.post(t, "/v1/messages/count_tokens", runToken, call); status != http.StatusOK || s.gateway.ledger.total().Cost != codybatch.USD(2) {
		t.Errorf("counting tokens gave %d", status)
	}
}

func TestGatewayWaitsForTheResultsOfACall(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil, answerWith(http.StatusOK, messageOf(1, 1)))
	var waitedFor []string
	s.gateway.await = func(_ context.Context, ids []string) {
		s.mu.Lock()
		defer s.mu.Unlock()
		waitedFor = ids
		if len(s.asked) > 0 {
			t.Error("the API was asked before")
		}
	}
	// Results can come before the answer's end: what waits for it comes after it.
	heard := false
	s.gateway.heard = func(json.RawMessage) {
		s.mu.Lock()
		defer s.mu.Unlock()
		heard = true
		if n := len(s.events); n == 0 || s.events[n-1].Type != codybatch.EventAssistant {
			t.Errorf("the thread is %+v when the results of the answer are told", s.events)
		}
	}
	status, answer := s.post(t, "/v1/messages", runToken, `{"model":"claude-sonnet-5-5","max_tokens":1000,"messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"one","content":"said"}]}]}`)
	if status != http.StatusOK || !slices.Equal(waitedFor, []string{"one"}) || !heard {
		t.Errorf("got %d %s; it waited for %q; heard: %t", status, answer, waitedFor, heard)
	}
}

func TestGatewayRefuses(t *testing.T) {
	t.Parallel()
	limit := codybatch.USD(1)
	for name, c := range map[string]struct {
		path, token, body string
		status            int
		says              string
	}{
		"another run's token":          {"/v1/messages", "sk-run-other", call, http.StatusForbidden, "another run"},
		"no token":                     {"/v1/messages", "", call, http.StatusForbidden, "another run"},
		"another path":                 {"/v1/files", runToken, call, http.StatusNotFound, "nothing else"},
		"a path that leads to another": {"/v1/messages/../files", runToken, call, http.StatusNotFound, ""},
		"what is no JSON":              {"/v1/messages", runToken, "{", http.StatusBadRequest, "no JSON object"},
		"a name that is there twice":   {"/v1/messages", runToken, `{"model":"claude-haiku-4-5","model":"claude-opus-5"}`, http.StatusBadRequest, "there twice"},
		"a body without a model":       {"/v1/messages", runToken, `{"max_tokens":1}`, http.StatusBadRequest, "names no model"},
		"tools that the API runs":      {"/v1/messages", runToken, `{"model":"claude-sonnet-5-5","max_tokens":1,"tools":[{"type":"web_search_20250305","name":"web_search"}]}`, http.StatusBadRequest, "does not pass on"},
		"a model without a price":      {"/v1/messages", runToken, strings.Replace(call, "sonnet-5-5", "mystery-9", 1), http.StatusPaymentRequired, "not known"},
		"more than the API takes":      {"/v1/messages", runToken, call + strings.Repeat(" ", maxRequestBytes), http.StatusRequestEntityTooLarge, "larger"},
		"what can't be paid":           {"/v1/messages", runToken, strings.Replace(call, "Hi", strings.Repeat("x", 1<<20), 1), http.StatusPaymentRequired, "does not pay"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, &limit, answerWith(http.StatusOK, messageOf(1, 1)))
			status, answer := s.post(t, c.path, c.token, c.body)
			if status != c.status || !strings.Contains(answer, c.says) || len(s.asked) != 0 {
				t.Errorf("got %d %s, and the API was asked %d times", status, answer, len(s.asked))
			}
		})
	}
}

func TestGatewayTakesNoCallWhenTheRunIsOver(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil, answerWith(http.StatusOK, messageOf(1, 1)))
	s.gateway.mu.Lock()
	s.gateway.closed = true
	s.gateway.mu.Unlock()
	if status, _ := s.post(t, "/v1/messages", runToken, call); status != http.StatusForbidden || len(s.asked) != 0 {
		t.Errorf("got %d", status)
	}
}

// Calls that come at once do not spend the same money. One that what is left does not
// pay for waits for what the others give back.
func TestGatewaySetsMoneyAside(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		output int64 // tokens of each answer, of 1,000 that are paid for in advance
		fourth int
	}{
		"answers as long as they may be": {1_000, http.StatusPaymentRequired},
		"short answers":                  {10, http.StatusOK},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			limit := codybatch.USD(0.035) // three calls of 1,000 tokens, at 10 dollars for a million, and their prompts
			arrived, goOn := make(chan struct{}, 10), make(chan struct{})
			s := newScene(t, &limit, func(w http.ResponseWriter, r *http.Request) {
				arrived <- struct{}{}
				<-goOn
				answerWith(http.StatusOK, messageOf(10, c.output))(w, r)
			})
			s.gateway.agent.idle = time.Minute // however slow the machine is
			post := func() <-chan int {
				status := make(chan int, 1)
				go func() {
					got, _ := s.post(t, "/v1/messages", runToken, call)
					status <- got
				}()
				return status
			}
			var first []<-chan int
			for range 3 {
				first = append(first, post())
				<-arrived
			}
			fourth := post()
			within(t, "the fourth waits for money", func() bool {
				s.gateway.ledger.mu.Lock()
				defer s.gateway.ledger.mu.Unlock()
				return s.gateway.ledger.freed != nil
			})
			close(goOn)
			for _, status := range first {
				if got := <-status; got != http.StatusOK {
					t.Errorf("a call got %d", got)
				}
			}
			if got := <-fourth; got != c.fourth {
				t.Errorf("the fourth call got %d", got)
			}
			if got := s.gateway.ledger.total().Cost; got > limit || s.gateway.ledger.reserved != 0 || len(s.bodies) == 4 && s.bodies[3] != s.bodies[0] {
				t.Errorf("%s are spent, %s still set aside; the last request is %s", got, s.gateway.ledger.reserved, s.bodies[len(s.bodies)-1])
			}
		})
	}
}

// A call that waits for money hears when nobody waits for it, or the run is over.
func TestGatewayThatWaitsForMoneyIsLeft(t *testing.T) {
	t.Parallel()
	limit := codybatch.USD(0.015)
	s := newScene(t, &limit, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	s.gateway.agent.idle = time.Minute
	over := make(chan struct{}, 2)
	post := func(ctx context.Context) {
		req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address+"/v1/messages", strings.NewReader(call))
		if err != nil {
			t.Error(err)
			return
		}
		req.Header.Set("X-Api-Key", runToken)
		if res, err := http.DefaultClient.Do(req); err == nil {
			_ = res.Body.Close()
		}
		over <- struct{}{}
	}
	go post(t.Context())
	within(t, "one is made", func() bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.asked) == 1
	})
	ctx, hangUp := context.WithCancel(t.Context())
	go post(ctx)
	within(t, "the other waits for money", func() bool {
		s.gateway.ledger.mu.Lock()
		defer s.gateway.ledger.mu.Unlock()
		return s.gateway.ledger.freed != nil
	})
	hangUp()
	<-over
	within(t, "it waits no more", func() bool { return len(s.gateway.slots) == 1 })
	s.gateway.close()
	<-over
	if len(s.asked) != 1 || s.gateway.ledger.reserved != 0 {
		t.Errorf("%d calls were made, %s are set aside", len(s.asked), s.gateway.ledger.reserved)
	}
}
