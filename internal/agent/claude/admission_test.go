package claude

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/agent/admission"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

const (
	testPause      = 3 * time.Hour
	firstCoolDown  = time.Minute
	enoughRefusals = 3
)

// office is one agent that many runs share, and an API that refuses keys.
type office struct {
	stage *stage
	agent *Agent

	mu      sync.Mutex
	key     string         // of the next runs
	refused map[string]int // status by key; 0 or none: it is good
	calls   map[string]int // by key
}

func newOffice(t *testing.T, s *stage) *office {
	t.Helper()
	o := &office{stage: s, key: testKey, refused: map[string]int{}, calls: map[string]int{}}
	s.handler = o
	s.options.APIKey = func(context.Context) (string, error) { return o.key, nil }
	agent, err := New(s.options)
	if err != nil {
		t.Fatal(err)
	}
	o.agent = agent
	return o
}

func (o *office) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("X-Api-Key")
	o.mu.Lock()
	o.calls[key]++
	status := o.refused[key]
	o.mu.Unlock()
	if status == 0 {
		o.stage.server.ServeHTTP(w, r)
		return
	}
	kind, details := map[int]string{401: "authentication_error", 402: "billing_error", 403: "permission_error", 429: "rate_limit_error", 500: "api_error"}[status], ""
	if status == http.StatusTooManyRequests {
		details = `,"details":{"error_code":"enforced_spend_limit_reached"}`
	}
	w.Header().Set(RehearsalHeader, "true")
	w.WriteHeader(status)
	_, _ = fmt.Fprintf(w, `{"type":"error","error":{"type":%q,"message":"refused %s"%s}}`, kind, key, details)
}

// run makes one run on a repository of its own.
func (o *office) run(t *testing.T, repository codybatch.RepositoryName) codybatch.AgentResult {
	t.Helper()
	s := newStage(t, o.stage.server)
	s.run.Key.Repository, s.run.Spec = repository, o.stage.run.Spec
	result, err := o.agent.Run(t.Context(), s.run)
	if err != nil {
		t.Errorf("%s: %v", repository, err)
	}
	if strings.Contains(fmt.Sprintf("%+v %+v", s.events, result), testKey) {
		t.Errorf("%s: the key was told", repository)
	}
	if last := s.events[len(s.events)-1]; last.Type != codybatch.EventRunEnd || last.Reason != result.Reason {
		t.Errorf("%s: the thread ends with %+v", repository, last)
	}
	return result
}

func TestRun_makes_no_call_with_a_key_that_was_refused_three_times(t *testing.T) {
	t.Parallel()
	for status, want := range map[int]codybatch.Outcome{
		401: codybatch.OutcomeAuthError, 402: codybatch.OutcomeAPIError, 403: codybatch.OutcomeAuthError, 429: codybatch.OutcomeAPIError,
	} {
		t.Run(fmt.Sprint(status), func(t *testing.T) {
			t.Parallel()
			play(t, func(t *testing.T, s *stage) {
				o := newOffice(t, s)
				o.refused[testKey] = status
				for range enoughRefusals {
					if r := o.run(t, "acme/early"); r.Outcome != want || strings.Contains(r.Reason, "no call was made") {
						t.Errorf("got %+v", r)
					}
				}
				for range 2 {
					r := o.run(t, "acme/late")
					if r.Outcome != want || o.calls[testKey] != enoughRefusals {
						t.Errorf("got %+v after %d calls", r, o.calls[testKey])
					}
					for _, says := range []string{"no call was made", "since 2000-01-01T00:00:00Z", fmt.Sprint(status), "[redacted]", "billing", "retry the failed", "after 2000-01-01T00:01:00Z"} {
						if !strings.Contains(r.Reason, says) {
							t.Errorf("%q is not in %q", says, r.Reason)
						}
					}
				}
				o.key = "another-key"
				if r := o.run(t, "acme/new-key"); r.Outcome != codybatch.OutcomeNoChanges {
					t.Errorf("a new key is held back: %+v", r)
				}
			}, rehearsal.Finish("no_change_needed", "Fine.", "", ""))
		})
	}
}

func TestRun_tries_a_refused_key_with_one_call_and_goes_on_when_it_is_good_again(t *testing.T) {
	t.Parallel()
	play(t, func(t *testing.T, s *stage) {
		o := newOffice(t, s)
		o.refused[testKey] = http.StatusUnauthorized
		for range enoughRefusals {
			o.run(t, "acme/early")
		}
		together := func(want codybatch.Outcome, calls int) {
			t.Helper()
			o.calls[testKey] = 0
			var runs sync.WaitGroup
			for i := range 10 {
				runs.Go(func() {
					if r := o.run(t, codybatch.RepositoryName(fmt.Sprintf("acme/r%d", i))); r.Outcome != want {
						t.Errorf("got %+v", r)
					}
				})
			}
			runs.Wait()
			if o.calls[testKey] != calls {
				t.Errorf("%d calls, want %d", o.calls[testKey], calls)
			}
		}
		together(codybatch.OutcomeAuthError, 0)
		_ = sleep(t.Context(), firstCoolDown)
		together(codybatch.OutcomeAuthError, 1)
		o.refused[testKey] = 0
		_ = sleep(t.Context(), firstCoolDown)
		together(codybatch.OutcomeAuthError, 0) // twice as long
		_ = sleep(t.Context(), firstCoolDown)
		together(codybatch.OutcomeNoChanges, 10)
		for _, status := range []int{401, 401, 0, 401, 401} { // no three in a row
			o.refused[testKey] = status
			o.run(t, "acme/late")
		}
		if o.calls[testKey] != 15 {
			t.Errorf("%d calls, want 15: it counts on over a success", o.calls[testKey])
		}
	}, rehearsal.Finish("no_change_needed", "Fine.", "", ""))
}

func TestRun_is_put_off_while_the_key_is_refused_and_goes_on_where_it_was(t *testing.T) {
	t.Parallel()
	play(t, func(t *testing.T, s *stage) {
		s.options.Admission = admission.NewControl(time.Now, testPause)
		o := newOffice(t, s)
		agent := o.agent
		// The run has an answer when the account runs dry.
		mid := newStage(t, s.server)
		mid.run.Spec = s.run.Spec
		record := mid.run.Record
		mid.run.Record = func(ctx context.Context, event codybatch.ThreadEvent) error {
			if event.Type == codybatch.EventTool {
				o.refused[testKey] = http.StatusPaymentRequired
				for range enoughRefusals {
					if r := o.run(t, "acme/other"); r.Outcome != codybatch.OutcomeAPIError {
						t.Errorf("got %+v", r)
					}
				}
				o.calls[testKey] = 0
			}
			return record(ctx, event)
		}
		result, err := agent.Run(t.Context(), mid.run)
		var held *codybatch.HeldError
		if !errors.As(err, &held) || !held.Until.Equal(time.Now().Add(firstCoolDown)) || result.Usage.OutputTokens == 0 {
			t.Fatalf("got %+v, %v", result, err)
		}
		for _, says := range []string{"paused until 2000-01-01T00:01:00Z", "402", "[redacted]", "billing"} {
			if !strings.Contains(held.Reason, says) {
				t.Errorf("%q is not in %q", says, held.Reason)
			}
		}
		if strings.Contains(held.Reason, testKey) || o.calls[testKey] != 0 {
			t.Errorf("%d calls; the reason is %q", o.calls[testKey], held.Reason)
		}
		_ = sleep(t.Context(), firstCoolDown)
		o.refused[testKey] = 0
		spent := result.Usage
		mid.run.Record, mid.run.Earlier = record, mid.events
		result, err = agent.Run(t.Context(), mid.run)
		if err != nil || result.Outcome != codybatch.OutcomeNoChanges || o.calls[testKey] != 1 || result.Usage.OutputTokens == 0 || spent.OutputTokens == 0 {
			t.Errorf("got %+v, %v after %d calls", result, err, o.calls[testKey])
		}
	}, rehearsal.Call("glob", map[string]string{"pattern": "*"}), rehearsal.Finish("no_change_needed", "Fine.", "", ""))
}

func TestRun_gives_the_place_back_that_it_did_not_use(t *testing.T) {
	t.Parallel()
	play(t, func(t *testing.T, s *stage) {
		o := newOffice(t, s)
		for _, status := range []int{401, 500, 401, 401, 401} {
			o.refused[testKey] = status
			o.run(t, "acme/site")
		}
		_ = sleep(t.Context(), firstCoolDown)
		o.refused[testKey] = http.StatusInternalServerError // a trial that shows nothing, tried again
		if r := o.run(t, "acme/site"); !strings.Contains(r.Reason, "in 9 tries") {
			t.Errorf("got %+v", r)
		}
		control, lane := o.agent.options.Admission, admission.Lane{Key: admission.DigestKey(testKey), Model: DefaultModel}
		if n := control.InUse(); n != 0 {
			t.Errorf("%d are in use", n)
		}
		limiter, done := control.Limiter(lane)
		defer done()
		if l := limiter.Standing(); l.Running != 0 || l.Waiting != 0 {
			t.Errorf("left behind: %+v", l)
		}
		breaker, done := control.Breaker(lane.Key)
		defer done()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if _, err := breaker.Enter(ctx); err != nil {
			t.Errorf("the trial is another's: %v", err)
		}
	}, done())
}

func TestRun_says_how_long_a_call_waited_and_why(t *testing.T) {
	t.Parallel()
	for reset, want := range map[time.Duration]int{30 * time.Second: 1, time.Second: 0} {
		t.Run(reset.String(), func(t *testing.T) {
			t.Parallel()
			play(t, func(t *testing.T, s *stage) {
				s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					w.Header().Set("Anthropic-Ratelimit-Requests-Remaining", "0")
					w.Header().Set("Anthropic-Ratelimit-Requests-Reset", time.Now().Add(reset).UTC().Format(time.RFC3339))
					s.server.ServeHTTP(w, r)
				})
				started := time.Now()
				s.ends(t, codybatch.OutcomeChanged, "")
				if time.Since(started) != reset {
					t.Errorf("waited %s", time.Since(started))
				}
				notices := slices.DeleteFunc(s.of(codybatch.EventNotice), func(e codybatch.ThreadEvent) bool { return e.Reason == rehearsalNotice })
				if len(notices) != want || (want == 1 && notices[0].Reason != "Call 2 waited 30s: the API's limit of requests was used up until its reset.") {
					t.Errorf("got %+v", notices)
				}
			}, writeHello(), done())
		})
	}
	t.Run("but_not_what_a_retry_announced", func(t *testing.T) {
		t.Parallel()
		play(t, func(t *testing.T, s *stage) {
			s.ends(t, codybatch.OutcomeChanged, "")
			if notices := s.of(codybatch.EventNotice); len(notices) != 1 || notices[0].Reason != rehearsalNotice {
				t.Errorf("got %+v", notices)
			}
		}, done().AndFail(rehearsal.Fault{Kind: rehearsal.FaultRateLimit, RetryAfterSeconds: 7}))
	})
}

func TestRun_narrows_the_window_of_its_key_and_model_alone(t *testing.T) {
	t.Parallel()
	for _, fault := range []rehearsal.FaultKind{rehearsal.FaultRateLimit, rehearsal.FaultOverloaded, rehearsal.FaultStreamError} {
		t.Run(string(fault), func(t *testing.T) {
			t.Parallel()
			play(t, func(t *testing.T, s *stage) {
				o := newOffice(t, s)
				models := []string{DefaultModel, "claude-haiku-4-5"}
				for _, model := range models { // each of them meets the fault once
					s.run.Spec.Model = model
					o.run(t, "acme/site")
				}
				for _, model := range models {
					limiter, done := o.agent.options.Admission.Limiter(admission.Lane{Key: admission.DigestKey(testKey), Model: model})
					if at := limiter.Standing(); at.Window != 2 { // half of the first
						t.Errorf("%s: got %+v", model, at)
					}
					done()
				}
			}, done().AndFail(rehearsal.Fault{Kind: fault}))
		})
	}
}
