package claudecode

import (
	"context"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/anthropics/anthropic-sdk-go"

	"github.com/liamzdenek/cody-batch/internal/agent/prices"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// A call whose answer may have more tokens than any model gives would make the sum of
// what is set aside negative, and so buy money for the calls beside it.
func TestGatewayRefusesAnswersThatNoModelGives(t *testing.T) {
	t.Parallel()
	limit := codybatch.USD(0.01)
	for _, tokens := range []string{"1000001", "1000000000000", "9223372036854775807"} {
		t.Run(tokens, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, &limit, answerWith(http.StatusBadRequest, "{}"))
			status, answer := s.post(t, "/v1/messages", runToken, strings.Replace(call, "1000", tokens, 1))
			if status != http.StatusBadRequest || !strings.Contains(answer, "max_tokens") || len(s.asked) != 0 {
				t.Errorf("got %d %s, and the API was asked %d times", status, answer, len(s.asked))
			}
		})
	}
}

// What the API would fetch has a size that nobody here knows: it can't be paid for in
// advance, and it is a way to any address.
func TestGatewayRefusesWhatTheAPIWouldFetch(t *testing.T) {
	t.Parallel()
	for name, content := range map[string]string{
		"a document by its address":  `[{"type":"document","source":{"type":"url","url":"https://thief.example/?what=we+know"}}]`,
		"a file of the account":      `[{"type":"image","source":{"type":"file","file_id":"file_1"}}]`,
		"in what a tool said":        `[{"type":"tool_result","tool_use_id":"t","content":[{"type":"image","source":{"type":"url","url":"https://thief.example"}}]}]`,
		"behind another spelling":    `[{"type":"image","source":{"t\u0079pe":"\u0075rl"},"Source":{"type":"base64"}}]`,
		"before another of its name": `[{"type":"image","source":{"type":"url"},"source":{"type":"base64"}}]`,
		"a container's upload":       `[{"type":"container_upload","file_id":"file_1"}]`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, nil, answerWith(http.StatusOK, messageOf(1, 1)))
			for _, path := range []string{"/v1/messages", "/v1/messages/count_tokens"} {
				status, answer := s.post(t, path, runToken, strings.Replace(call, `"Hi"`, content, 1))
				if status != http.StatusBadRequest || !strings.Contains(answer, "messages") || len(s.asked) != 0 {
					t.Errorf("%s: got %d %s, and the API was asked %d times", path, status, answer, len(s.asked))
				}
			}
		})
	}
	t.Run("but not what comes with the request", func(t *testing.T) {
		t.Parallel()
		s := newScene(t, nil, answerWith(http.StatusOK, messageOf(1, 1)))
		content := `[{"type":"image","source":{"type":"base64","media_type":"image/png","data":"AA=="}},{"type":"document","source":{"type":"text","media_type":"text/plain","data":"x"}},` +
			`{"type":"tool_use","id":"t","name":"fetch","input":{"source":{"type":"url","url":"https://example.com"},"type":"container_upload"}}]`
		if status, answer := s.post(t, "/v1/messages", runToken, strings.Replace(call, `"Hi"`, content, 1)); status != http.StatusOK {
			t.Errorf("got %d %s", status, answer)
		}
	})
}

// Who hangs up before the answer has begun is not spared what it costs.
func TestGatewayBooksAnswersThatNobodyWaitsFor(t *testing.T) {
	t.Parallel()
	ctx, hangUp := context.WithCancel(t.Context())
	s := newScene(t, nil, func(w http.ResponseWriter, r *http.Request) {
		hangUp()
		answerWith(http.StatusOK, messageOf(1_000, 100))(w, r)
	})
	req := httptest.NewRequestWithContext(ctx, http.MethodPost, "/v1/messages", strings.NewReader(call))
	req.Header.Set("X-Api-Key", runToken)
	s.gateway.ServeHTTP(httptest.NewRecorder(), req)
	want := prices.Default().Usage("claude-sonnet-5-5", anthropic.Usage{InputTokens: 1_000, OutputTokens: 100})
	if got := s.gateway.ledger.total(); got != want {
		t.Errorf("booked are %+v, want %+v", got, want)
	}
}

// A body that never ends, of somebody who outlives the program, does not keep the run
// from its end.
func TestGatewayClosesWhileABodyIsSent(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil, answerWith(http.StatusOK, messageOf(1, 1)))
	conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.address, "http://"))
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	// "Expect" has the gateway say when it reads the body.
	if _, err := fmt.Fprintf(conn, "POST /v1/messages HTTP/1.1\r\nHost: gateway\r\nX-Api-Key: %s\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n", runToken); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, len("HTTP/1.1 100"))); err != nil {
		t.Fatal(err)
	}
	stuck := time.AfterFunc(5*time.Second, func() {
		t.Error("the gateway waits for the body")
		_ = conn.Close() // lets it go
	})
	s.gateway.close()
	stuck.Stop()
}

// An answer that does not end is broken off before it fills the memory.
func TestGatewayBreaksOffEndlessAnswers(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "event: message_start\ndata: "+`{"type":"message_start","message":{"id":"msg_1","type":"message","role":"assistant","model":"claude-sonnet-5-5","content":[],"usage":{"input_tokens":100,"output_tokens":1}}}`+"\n\n")
		_, _ = io.WriteString(w, "event: content_block_start\ndata: "+`{"type":"content_block_start","index":0,"content_block":{"type":"text","text":""}}`+"\n\n")
		piece := "event: content_block_delta\ndata: " + `{"type":"content_block_delta","index":0,"delta":{"type":"text_delta","text":"` + strings.Repeat("x", 512<<10) + `"}}` + "\n\n"
		for range 64 { // 32 MB; 1,000 tokens were asked for
			if _, err := io.WriteString(w, piece); err != nil || r.Context().Err() != nil {
				return
			}
		}
	})
	s.gateway.agent.idle = time.Minute // on a machine that is slow
	_, answer := s.post(t, "/v1/messages", runToken, strings.Replace(call, `"messages"`, `"stream":true,"messages"`, 1))
	if !strings.HasPrefix(answer, "broken: ") {
		t.Errorf("the program got %d bytes as a whole answer", len(answer))
	}
	s.gateway.working.Wait()
	if _, failure := s.gateway.verdicts(); failure == nil || !strings.Contains(failure.reason, "does not end") {
		t.Errorf("the gateway noted %+v", failure)
	}
}

// Where the money buys fewer tokens than the request wants to think, the API would
// refuse the call for that, and the run would end with the wrong reason.
func TestGatewayKnowsWhenTheMoneyDoesNotBuyTheThinking(t *testing.T) {
	t.Parallel()
	limit := codybatch.USD(0.05) // less than 5,000 tokens
	s := newScene(t, &limit, answerWith(http.StatusBadRequest, `{"type":"error","error":{"type":"invalid_request_error","message":"max_tokens must be greater than thinking.budget_tokens"}}`))
	status, answer := s.post(t, "/v1/messages", runToken, strings.Replace(call, `"max_tokens":1000`, `"max_tokens":32000,"thinking":{"type":"enabled","budget_tokens":10000}`, 1))
	if verdict, _ := s.gateway.verdicts(); status != http.StatusPaymentRequired || verdict == nil || verdict.outcome != codybatch.OutcomeBudgetExhausted || len(s.asked) != 0 {
		t.Errorf("got %d %s; the gateway ended with %+v", status, answer, verdict)
	}
	if reserved := s.gateway.ledger.reserved; reserved != 0 {
		t.Errorf("%s are still set aside", reserved)
	}
}
