package claudecode

import (
	"fmt"
	"io"
	"net"
	"net/http"
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
