package claudecode

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/anthropics/anthropic-sdk-go"

	"github.com/liamzdenek/cody-batch/internal/agent/admission"
	"github.com/liamzdenek/cody-batch/internal/agent/prices"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func TestGatewayAnswersForTheAPI(t *testing.T) {
	t.Parallel()
	failure := func(kind, message string) string {
		return fmt.Sprintf(`{"type":"error","error":{"type":%q,"message":%q}}`, kind, message)
	}
	for name, c := range map[string]struct {
		api     http.HandlerFunc
		status  int
		says    string
		outcome codybatch.Outcome // of what lets no call through any more; empty: another may fare better
	}{
		"a key that is refused, and quoted": {
			answerWith(http.StatusUnauthorized, failure("authentication_error", "invalid key "+realKey)), http.StatusForbidden, "invalid key [redacted]", codybatch.OutcomeAuthError,
		},
		"an account that can't pay": {answerWith(http.StatusPaymentRequired, failure("billing_error", "no credit")), http.StatusForbidden, "can't pay", codybatch.OutcomeAPIError},
		"an account that can't pay any more": {func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, "event: error\ndata: "+failure("billing_error", "no credit")+"\n\n")
		}, http.StatusOK, "no credit", codybatch.OutcomeAPIError},
		"an overload":   {answerWith(529, failure("overloaded_error", "busy "+realKey)), 529, "busy [redacted]", ""},
		"a bad request": {answerWith(http.StatusBadRequest, failure("invalid_request_error", "no")), http.StatusBadRequest, "no", ""},
		"a redirect": {func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://thief.example/", http.StatusTemporaryRedirect)
		}, http.StatusForbidden, "redirect", codybatch.OutcomeAPIError},
		"a key that is quoted where the body is cut": {
			answerWith(529, strings.Repeat("x", maxErrorBody-len(realKey)+1)+realKey+"x"), 529, "x", "",
		},
		"a key that is quoted in a header": {func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Request-Id", "req of "+realKey)
			answerWith(529, failure("overloaded_error", "busy"))(w, r)
		}, 529, "busy", ""},
		"silence": {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, http.StatusBadGateway, "silent", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, nil, c.api)
			body := call
			if c.status == http.StatusOK {
				body = strings.Replace(call, `"messages"`, `"stream":true,"messages"`, 1)
			}
			status, answer := s.post(t, "/v1/messages", runToken, body)
			if status != c.status || !strings.Contains(answer, c.says) || strings.Contains(answer, realKey[:8]) {
				t.Errorf("got %d %.200s", status, answer)
			}
			verdict, failure := s.gateway.verdicts()
			switch {
			case c.outcome == "" && (verdict != nil || failure == nil):
				t.Errorf("the gateway ended with %+v, %+v", verdict, failure)
			case c.outcome != "" && (verdict == nil || verdict.outcome != c.outcome):
				t.Errorf("the gateway ended with %+v", verdict)
			}
			if told, _ := json.Marshal(s.events); bytes.Contains(told, []byte(realKey)) || failure != nil && strings.Contains(failure.reason, realKey) {
				t.Error("the key was told")
			}
		})
	}
}

// The program would try a rate limit for minutes by itself, so that the gateway waits
// in its place, as long as the API asks for.
func TestGatewayWaitsForRateLimits(t *testing.T) {
	t.Parallel()
	first := true
	s := newScene(t, nil, func(w http.ResponseWriter, r *http.Request) {
		if first {
			first = false
			w.Header().Set("Retry-After", "0.05")
			answerWith(http.StatusTooManyRequests, `{"type":"error","error":{"type":"rate_limit_error","message":"slow"}}`)(w, r)
			return
		}
		answerWith(http.StatusOK, messageOf(1, 1))(w, r)
	})
	started := time.Now()
	if status, answer := s.post(t, "/v1/messages", runToken, call); status != http.StatusOK || time.Since(started) < 50*time.Millisecond {
		t.Errorf("got %d %s after %s", status, answer, time.Since(started))
	}
	if at := s.standing(t, sonnet); at != (admission.Standing{Window: 2}) {
		t.Errorf("the limiter is %+v", at)
	}
	if !slices.ContainsFunc(s.events, func(e codybatch.ThreadEvent) bool {
		return e.Type == codybatch.EventRetry && strings.Contains(e.Reason, "Try 2 of 9 in 50ms")
	}) {
		t.Errorf("the wait is not told: %+v", s.events)
	}
}

// What a broken stream cost is booked: the prompt as it was counted, and the answer as
// far as it came.
func TestGatewayBooksBrokenStreams(t *testing.T) {
	t.Parallel()
	const start = `event: message_start
data: {"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5-5","content":[],"stop_reason":null,"stop_sequence":null,"usage":{"input_tokens":100,"output_tokens":1}}}

event: content_block_start
data: {"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}

event: content_block_delta
data: {"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"Twenty bytes of text"}}

`
	s := newScene(t, nil, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, start) // and it ends, cleanly
	})
	_, answer := s.post(t, "/v1/messages", runToken, strings.Replace(call, `"messages"`, `"stream":true,"messages"`, 1))
	if !strings.HasPrefix(answer, "broken: ") {
		t.Errorf("the program takes this for an answer: %q", answer)
	}
	s.gateway.cancel()
	s.gateway.working.Wait()
	want := prices.Default().Usage("claude-sonnet-5-5", anthropic.Usage{InputTokens: 100, OutputTokens: 10})
	if got := s.gateway.ledger.total(); got != want {
		t.Errorf("booked are %+v, want %+v", got, want)
	}
	if last := s.events[len(s.events)-1]; last.Type != codybatch.EventNotice || last.Usage == nil || *last.Usage != want {
		t.Errorf("told is %+v", last)
	}
}
