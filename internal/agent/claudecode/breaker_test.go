package claudecode

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/agent/admission"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// Refusals count in a row only.
func TestGatewayForgetsRefusalsAfterAnAnswer(t *testing.T) {
	t.Parallel()
	control, asked := admission.NewControl(time.Now, 0), 0
	for n, status := range []int{401, 401, 200, 401, 401, 200} {
		s := newScene(t, nil, func(w http.ResponseWriter, r *http.Request) {
			asked++
			answerWith(status, messageOf(1, 1))(w, r)
		})
		s.gateway.breaker, _ = control.Breaker(s.gateway.lane)
		s.post(t, "/v1/messages", runToken, call)
		if asked != n+1 {
			t.Fatalf("call %d was not made", n)
		}
	}
}

// After a while one call is made for trial; whoever makes it is put off like the others
// if it is refused, and leaves the trial to the next if it shows nothing.
func TestGatewayTriesARefusedKeyWithOneCall(t *testing.T) {
	t.Parallel()
	var late time.Duration
	control := admission.NewControl(func() time.Time { return time.Now().Add(late) }, time.Hour)
	asked := 0
	post := func(status int) error {
		s := newScene(t, nil, func(w http.ResponseWriter, r *http.Request) {
			asked++
			answerWith(status, `{"type":"error","error":{"type":"authentication_error","message":"m"}}`)(w, r)
		})
		s.gateway.breaker, _ = control.Breaker(s.gateway.lane)
		var stopped error
		s.gateway.stop = func(err error) { stopped = err }
		s.post(t, "/v1/messages", runToken, call)
		return stopped
	}
	for range 3 {
		_ = post(http.StatusUnauthorized) // it opens
	}
	late = 2 * time.Minute
	if err := post(http.StatusInternalServerError); err != nil || asked != 4 {
		t.Errorf("a trial that shows nothing: %v after %d calls", err, asked)
	}
	if err := post(http.StatusUnauthorized); !errors.Is(err, codybatch.ErrNotNow) || asked != 5 {
		t.Errorf("a trial that is refused: %v after %d calls", err, asked)
	}
	if err := post(http.StatusOK); !errors.Is(err, codybatch.ErrNotNow) || asked != 5 {
		t.Errorf("after it: %v after %d calls", err, asked)
	}
}

// TestRunMakesNoCallWithAKeyThatWasRefused has a program that is not there: a run that
// started it would say so.
func TestRunMakesNoCallWithAKeyThatWasRefused(t *testing.T) {
	t.Parallel()
	for pause, isPutOff := range map[time.Duration]bool{0: false, time.Hour: true} {
		t.Run(pause.String(), func(t *testing.T) {
			t.Parallel()
			control := admission.NewControl(time.Now, pause)
			refuses := answerWith(http.StatusUnauthorized, `{"type":"error","error":{"type":"authentication_error","message":"invalid `+realKey+`"}}`)
			asked := 0
			post := func() (*scene, error) {
				s := newScene(t, nil, func(w http.ResponseWriter, r *http.Request) { asked++; refuses(w, r) })
				s.gateway.breaker, _ = control.Breaker(s.gateway.lane)
				s.gateway.agent.options.Admission = control
				var stopped error
				s.gateway.stop = func(err error) { stopped = err }
				s.post(t, "/v1/messages", runToken, call)
				return s, stopped
			}
			for range 3 {
				if s, stopped := post(); stopped != nil || s.gateway.verdict == nil || s.gateway.verdict.outcome != codybatch.OutcomeAuthError {
					t.Errorf("stopped with %v, concluded %+v", stopped, s.gateway.verdict)
				}
			}
			s, stopped := post()
			if asked != 3 || errors.Is(stopped, codybatch.ErrNotNow) != isPutOff || !strings.Contains(s.gateway.verdict.reason, "[redacted]") {
				t.Errorf("asked %d times, stopped with %v, concluded %+v", asked, stopped, s.gateway.verdict)
			}

			web := httptest.NewServer(refuses)
			t.Cleanup(web.Close)
			agent, err := New(Options{
				Program: "/nowhere/claude", BaseURL: web.URL, HTTPClient: web.Client(), Admission: control,
				APIKey: func(context.Context) (string, error) { return realKey, nil },
			})
			if err != nil {
				t.Fatal(err)
			}
			var last codybatch.ThreadEvent
			result, err := agent.Run(t.Context(), codybatch.AgentRun{
				Dir: t.TempDir(), Home: t.TempDir(), Log: io.Discard, Prompt: "Do it.",
				Record: func(_ context.Context, e codybatch.ThreadEvent) error { last = e; return nil },
			})
			var held *codybatch.HeldError
			switch {
			case isPutOff && (!errors.As(err, &held) || held.Until.Before(time.Now()) || result.Outcome != ""):
				t.Errorf("got %+v, %v", result, err)
			case !isPutOff && (err != nil || result.Outcome != codybatch.OutcomeAuthError || !strings.Contains(result.Reason, "no call was made")):
				t.Errorf("got %+v, %v", result, err)
			}
			if last.Type != codybatch.EventRunEnd || last.Reason != result.Reason || control.InUse() != 4 { // the scenes'
				t.Errorf("the thread ends with %+v; %d are in use", last, control.InUse())
			}
		})
	}
}

// Of one run, one refusal counts, however many calls are refused: with a model that the
// key may not use, what runs in a repository can't have the key held back from all.
func TestGatewayCountsOneRefusalOfARun(t *testing.T) {
	t.Parallel()
	var arrived sync.WaitGroup
	arrived.Add(4) // as many as the first window lets in
	s := newScene(t, nil, func(w http.ResponseWriter, r *http.Request) {
		arrived.Done()
		arrived.Wait()
		answerWith(http.StatusForbidden, `{"type":"error","error":{"type":"permission_error","message":"not this model"}}`)(w, r)
	})
	s.gateway.agent.idle = time.Minute // however slow the machine is
	var calls sync.WaitGroup
	for range 4 {
		calls.Go(func() { s.post(t, "/v1/messages", runToken, call) })
	}
	calls.Wait()
	if err := s.gateway.breaker.Refuses(); err != nil {
		t.Errorf("other runs are refused: %v", err)
	}
	if s.gateway.verdict == nil || s.gateway.verdict.outcome != codybatch.OutcomeAuthError {
		t.Errorf("the run ends with %+v", s.gateway.verdict)
	}
}

// Who asks for a prompt's size asks with the key: not with one that is held back, and
// what is refused counts. An answer shows nothing, for one that can't pay may count, too.
func TestCountsAskAndTellTheBreaker(t *testing.T) {
	t.Parallel()
	const counts = "/v1/messages/count_tokens"
	var late time.Duration
	control := admission.NewControl(func() time.Time { return time.Now().Add(late) }, time.Hour)
	asked := 0
	post := func(path string, status int) error {
		s := newScene(t, nil, func(w http.ResponseWriter, r *http.Request) {
			asked++
			answerWith(status, `{"type":"error","error":{"type":"authentication_error","message":"m"}}`)(w, r)
		})
		s.gateway.breaker, _ = control.Breaker(s.gateway.lane)
		var stopped error
		s.gateway.stop = func(err error) { stopped = err }
		s.post(t, path, runToken, call)
		return stopped
	}
	for n := range 3 {
		if err := post(counts, http.StatusUnauthorized); err != nil || asked != n+1 {
			t.Errorf("refusal %d: %v after %d questions", n+1, err, asked)
		}
	}
	if err := post(counts, http.StatusOK); !errors.Is(err, codybatch.ErrNotNow) || asked != 3 {
		t.Errorf("a key that is held back: %v after %d questions", err, asked)
	}
	late = 2 * time.Minute // one is let through for trial
	if err := post(counts, http.StatusOK); err != nil || asked != 4 {
		t.Errorf("counts for trial: %v after %d questions", err, asked)
	}
	if err := post("/v1/messages", http.StatusUnauthorized); !errors.Is(err, codybatch.ErrNotNow) || asked != 5 {
		t.Errorf("a call after them is the trial: %v after %d questions", err, asked)
	}
}
