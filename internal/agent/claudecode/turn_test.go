package claudecode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/agent/admission"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const sonnet = "claude-sonnet-5-5"

// standing is what the limiter of a scene's key stands at, for a model.
func (s *scene) standing(t *testing.T, model string) admission.Standing {
	t.Helper()
	limiter, done := s.gateway.agent.options.Admission.Limiter(admission.Lane{Key: s.gateway.lane, Model: model})
	defer done()
	return limiter.Standing()
}

// within waits until something holds.
func within(t *testing.T, what string, holds func() bool) {
	t.Helper()
	for end := time.Now().Add(10 * time.Second); !holds(); time.Sleep(time.Millisecond) {
		if time.Now().After(end) {
			t.Fatalf("it never came to be: %s", what)
		}
	}
}

// Whatever becomes of a call, others of its key and model hear of it, and it leaves its
// place to them.
func TestGatewayTellsTheOthers(t *testing.T) {
	t.Parallel()
	failure := func(kind string) string {
		return fmt.Sprintf(`{"type":"error","error":{"type":%q,"message":"m"}}`, kind)
	}
	broken := strings.Replace(call, `"messages"`, `"stream":true,"messages"`, 1)
	stream := func(events string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", "text/event-stream")
			_, _ = io.WriteString(w, events)
		}
	}
	for name, c := range map[string]struct {
		api    http.HandlerFunc
		body   string
		window int
	}{
		"an answer":             {answerWith(http.StatusOK, messageOf(1, 1)), call, 4},
		"an overload":           {answerWith(529, failure("overloaded_error")), call, 2},
		"a fault of the server": {answerWith(http.StatusInternalServerError, failure("api_error")), call, 4},
		"a refused key":         {answerWith(http.StatusUnauthorized, failure("authentication_error")), call, 4},
		"an overload in a stream": {
			stream("event: error\ndata: " + failure("overloaded_error") + "\n\n"), broken, 2,
		},
		"a stream that breaks off": {stream("event: ping\ndata: {\"type\":\"ping\"}\n\n"), broken, 4},
		"silence":                  {func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }, broken, 4},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, nil, c.api)
			s.post(t, "/v1/messages", runToken, c.body)
			if at := s.standing(t, sonnet); at != (admission.Standing{Window: c.window}) {
				t.Errorf("the limiter is %+v", at)
			}
			if at := s.standing(t, "claude-haiku-4-5"); at != (admission.Standing{Window: 4}) {
				t.Errorf("another model's limiter is %+v", at)
			}
		})
	}
}

func TestGatewayWaitsForAPlace(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil, answerWith(http.StatusOK, messageOf(1, 1)))
	var late atomic.Int64
	noon := time.Now()
	s.gateway.agent.options.Admission = admission.NewControl(func() time.Time { return noon.Add(time.Duration(late.Load())) }, 0)
	limiter, done := s.gateway.agent.options.Admission.Limiter(admission.Lane{Key: s.gateway.lane, Model: sonnet})
	defer done()
	var others []*admission.Place
	for range limiter.Standing().Window {
		place, err := limiter.Enter(t.Context(), 0)
		if err != nil {
			t.Fatal(err)
		}
		others = append(others, place)
	}
	answered := make(chan int)
	go func() {
		status, _ := s.post(t, "/v1/messages", runToken, call)
		answered <- status
	}()
	within(t, "the call waits", func() bool { return limiter.Standing().Waiting == 1 })
	s.mu.Lock()
	if len(s.asked) != 0 {
		t.Error("the API was asked")
	}
	s.mu.Unlock()
	late.Store(int64(5 * time.Second))
	others[0].Leave(admission.Unknown, 0)
	if status := <-answered; status != http.StatusOK {
		t.Errorf("got %d", status)
	}
	if at := limiter.Standing(); at != (admission.Standing{Window: 5, Running: 3}) { // a success in a window that was full
		t.Errorf("the limiter is %+v", at)
	}
	if !slices.ContainsFunc(s.events, func(e codybatch.ThreadEvent) bool {
		return e.Type == codybatch.EventNotice && strings.HasPrefix(e.Reason, "Call 1 waited 5s:") && strings.Contains(e.Reason, "at most 4 calls with this key and model")
	}) {
		t.Errorf("the wait is not told: %+v", s.events)
	}
}

// A call is held back whose new tokens surely do not fit into what the API says is left.
func TestGatewayHeedsWhatTheAPISaysIsLeft(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		left, waiting int
	}{"enough": {1_000_000, 0}, "too little": {100, 1}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newScene(t, nil, func(w http.ResponseWriter, r *http.Request) {
				w.Header().Set("Anthropic-Ratelimit-Input-Tokens-Remaining", fmt.Sprint(c.left))
				w.Header().Set("Anthropic-Ratelimit-Input-Tokens-Reset", time.Now().Add(time.Hour).Format(time.RFC3339))
				answerWith(http.StatusOK, messageOf(1, 1))(w, r)
			})
			s.post(t, "/v1/messages", runToken, call)
			over := make(chan struct{})
			go func() {
				defer close(over)
				s.post(t, "/v1/messages", runToken, strings.Replace(call, "Hi", strings.Repeat("Hi ", 1_000), 1))
			}()
			if c.waiting == 0 {
				<-over
				return
			}
			within(t, "the call waits", func() bool { return s.standing(t, sonnet).Waiting == c.waiting })
			s.gateway.close()
			<-over
			if len(s.asked) != 1 {
				t.Errorf("the API was asked %d times", len(s.asked))
			}
		})
	}
}

// What the program, or whoever it started, does not read takes no place from others for
// longer than the API may be silent.
func TestGatewayGivesUpThePlaceOfWhoeverDoesNotRead(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/event-stream")
		for r.Context().Err() == nil {
			if _, err := io.WriteString(w, ": "+strings.Repeat("x", 1<<16)+"\n\n"); err != nil {
				return
			}
		}
	})
	body := strings.Replace(strings.Replace(call, "1000", "100000", 1), `"messages"`, `"stream":true,"messages"`, 1)
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, s.address+"/v1/messages", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("X-Api-Key", runToken)
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close() // and it is never read
	within(t, "the place is free", func() bool { return s.standing(t, sonnet).Running == 0 })
}

// A run does not take all places, however many calls are made in it at once.
func TestGatewayMakesSoManyCallsAtOnce(t *testing.T) {
	t.Parallel()
	goOn := make(chan struct{})
	s := newScene(t, nil, func(w http.ResponseWriter, r *http.Request) {
		<-goOn
		answerWith(http.StatusOK, messageOf(1, 1))(w, r)
	})
	s.gateway.agent.idle = time.Minute                              // however slow the machine is
	models := []string{sonnet, "claude-haiku-4-5", "claude-opus-5"} // each has a window of 4
	var calls sync.WaitGroup
	for i := range mostAtOnce + 2 {
		calls.Go(func() {
			if status, answer := s.post(t, "/v1/messages", runToken, strings.Replace(call, sonnet, models[i%len(models)], 1)); status != http.StatusOK {
				t.Errorf("got %d %s", status, answer)
			}
		})
	}
	asked := func() int {
		s.mu.Lock()
		defer s.mu.Unlock()
		return len(s.asked)
	}
	within(t, "ten are under way", func() bool { return asked() == mostAtOnce && len(s.gateway.slots) == mostAtOnce })
	for range 50 { // the other two had time to come
		if asked() > mostAtOnce {
			t.Fatalf("%d are under way", asked())
		}
		time.Sleep(time.Millisecond)
	}
	close(goOn)
	calls.Wait()
	s.gateway.close()
	if asked() != mostAtOnce+2 || len(s.gateway.slots) != 0 {
		t.Errorf("%d were made, %d are under way", asked(), len(s.gateway.slots))
	}
}

// No more bodies are read than calls are made at once: what sends them does not fill the
// memory that all runs share.
func TestGatewayReadsSoManyBodiesAtOnce(t *testing.T) {
	t.Parallel()
	s := newScene(t, nil, answerWith(http.StatusOK, messageOf(1, 1)))
	for i, path := range slices.Repeat([]string{"/v1/messages", "/v1/messages/count_tokens"}, (mostAtOnce+2)/2) {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", strings.TrimPrefix(s.address, "http://"))
		if err != nil {
			t.Fatal(err)
		}
		defer conn.Close()
		// "Expect" has the gateway say when it reads the body.
		if _, err := fmt.Fprintf(conn, "POST %s HTTP/1.1\r\nHost: gateway\r\nX-Api-Key: %s\r\nContent-Length: 1000\r\nExpect: 100-continue\r\n\r\n", path, runToken); err != nil {
			t.Fatal(err)
		}
		if i >= mostAtOnce {
			_ = conn.SetReadDeadline(time.Now().Add(50 * time.Millisecond)) // it had time to be read
		}
		if _, err := io.ReadFull(conn, make([]byte, len("HTTP/1.1 100"))); (err == nil) != (i < mostAtOnce) {
			t.Errorf("body %d: %v", i+1, err)
		}
	}
}

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
