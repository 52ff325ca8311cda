package claudecode

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/agent/admission"
)

// What ends with the run, or with who asked, says nothing of the API: it is not how the
// run ended, and other calls go on.
func TestGatewayDoesNotJudgeByWhatWasBrokenOff(t *testing.T) {
	t.Parallel()
	silent := func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		_, _ = io.WriteString(w, "event: ping\ndata: {\"type\":\"ping\"}\n\n")
		_ = http.NewResponseController(w).Flush()
	}
	stream := strings.Replace(call, `"messages"`, `"stream":true,"messages"`, 1)
	for name, c := range map[string]struct {
		path, body string
		answer     http.HandlerFunc // before the silence
		waits      bool             // for a place
		closes     bool             // the gateway; else who asked goes away
	}{
		"the size of a prompt":                   {path: "/v1/messages/count_tokens", body: call},
		"the size of a prompt, at the run's end": {path: "/v1/messages/count_tokens", body: call, closes: true},
		"a call in line":                         {path: "/v1/messages", body: call, waits: true},
		"a call in line, at the run's end":       {path: "/v1/messages", body: call, waits: true, closes: true},
		"a call, at the run's end":               {path: "/v1/messages", body: call, closes: true},
		"an answer that began":                   {path: "/v1/messages", body: stream, answer: silent},
		"an answer that began, at the run's end": {path: "/v1/messages", body: stream, answer: silent, closes: true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			began := make(chan struct{})
			s := newScene(t, nil, func(w http.ResponseWriter, r *http.Request) {
				if c.answer != nil {
					c.answer(w, r)
				}
				close(began)
				<-r.Context().Done()
			})
			s.gateway.agent.idle = time.Minute
			if c.waits {
				limiter, done := s.gateway.agent.options.Admission.Limiter(admission.Lane{Key: s.gateway.lane, Model: sonnet})
				defer done()
				for range limiter.Standing().Window {
					if _, err := limiter.Enter(t.Context(), 0); err != nil {
						t.Fatal(err)
					}
				}
			}
			ctx, hangUp := context.WithCancel(t.Context())
			defer hangUp()
			req, err := http.NewRequestWithContext(ctx, http.MethodPost, s.address+c.path, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("X-Api-Key", runToken)
			over := make(chan struct{})
			go func() {
				defer close(over)
				if res, err := http.DefaultClient.Do(req); err == nil {
					_, _ = io.Copy(io.Discard, res.Body)
					_ = res.Body.Close()
				}
			}()
			if c.waits {
				within(t, "the call waits", func() bool { return s.standing(t, sonnet).Waiting == 1 })
			} else {
				<-began
			}
			if c.closes {
				s.gateway.close()
			} else {
				hangUp()
			}
			<-over
			if c.answer != nil { // it is read on, for it is paid for
				s.gateway.cancel()
			}
			s.gateway.working.Wait()
			if verdict, failure := s.gateway.verdicts(); verdict != nil || failure != nil {
				t.Errorf("the run would end with %+v, %+v", verdict, failure)
			}
		})
	}
}

// A fault that was got over is not how a run ended that ends for another reason.
func TestGatewayForgetsAFaultAfterAnAnswer(t *testing.T) {
	t.Parallel()
	statuses := []int{529, http.StatusOK, 529}
	s := newScene(t, nil, func(w http.ResponseWriter, r *http.Request) {
		status := statuses[0]
		statuses = statuses[1:]
		answerWith(status, messageOf(1, 1))(w, r)
	})
	for i, fails := range []bool{true, false, true} {
		s.post(t, "/v1/messages", runToken, call)
		if _, failure := s.gateway.verdicts(); (failure != nil) != fails {
			t.Errorf("after call %d the last failure is %+v", i+1, failure)
		}
	}
}
