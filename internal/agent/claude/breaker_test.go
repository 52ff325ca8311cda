package claude

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

// refusal401 is a verdict on a key.
func refusal401() verdict {
	return verdict{outcome: codybatch.OutcomeAuthError, refused: "401 authentication_error: invalid x-api-key", advice: keyAdvice}
}

// mustPass is for a test that knows that a call may be made.
func mustPass(t *testing.T, b *breaker) *pass {
	t.Helper()
	p, end, err := b.enter(t.Context())
	if end != nil || err != nil {
		t.Fatalf("got %+v, %v", end, err)
	}
	return p
}

func isOpen(b *breaker) bool {
	end, err := b.refuses()
	return end != nil || err != nil
}

const testPause = 3 * time.Hour

func TestBreaker_opens_after_three_refusals_in_a_row(t *testing.T) {
	t.Parallel()
	// x is a refused call, s an accepted one, u one that says nothing.
	for calls, want := range map[string]bool{
		"": false, "x": false, "xx": false, "xxx": true, "xxsx": false, "xxsxx": false, "xxsxxx": true, "xuxux": true, "uuuu": false,
	} {
		t.Run(calls, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBreaker(testPause)(time.Now)
				for i, call := range calls {
					p := mustPass(t, b)
					switch call {
					case 's':
						p.accepted()
					case 'x':
						if p.refused(refusal401()) {
							t.Errorf("call %d is put off: nothing is told of why it was refused", i)
						}
					}
					p.leave()
				}
				if isOpen(b) != want {
					t.Errorf("it is open: %t", !want)
				}
			})
		})
	}
}

func TestBreaker_cools_down_twice_as_long_after_every_trial_that_is_refused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBreaker(testPause)(time.Now)
		late, open := mustPass(t, b), func() {
			for range enoughRefusals {
				mustPass(t, b).refused(refusal401())
			}
		}
		since := time.Now()
		open()
		if !late.refused(refusal401()) {
			t.Error("a call of before is not put off")
		}
		for _, coolDown := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute, 15 * time.Minute} {
			_ = sleep(t.Context(), coolDown-1)
			var held *codybatch.HeldError
			if end, err := b.refuses(); end != nil || !errors.As(err, &held) || !held.Until.Equal(time.Now().Add(1)) ||
				!strings.Contains(held.Reason, "since "+since.UTC().Format(time.RFC3339)) {
				t.Fatalf("shortly before %s: %+v, %v", coolDown, end, err)
			}
			_ = sleep(t.Context(), 1)
			if isOpen(b) {
				t.Fatalf("it is open after %s", coolDown)
			}
			if trial := mustPass(t, b); !trial.refused(refusal401()) {
				t.Fatal("the trial's refusal does not open it")
			} else {
				trial.leave()
			}
		}
		_ = sleep(t.Context(), longestCoolDown)
		mustPass(t, b).accepted()
		mustPass(t, b).refused(refusal401())
		mustPass(t, b).refused(refusal401())
		if isOpen(b) {
			t.Error("the refusals of before still count")
		}
		mustPass(t, b).refused(refusal401())
		_ = sleep(t.Context(), firstCoolDown)
		if isOpen(b) {
			t.Error("the cool-down of before still counts")
		}
	})
}

func TestBreaker_lets_one_trial_through_and_the_others_wait_for_it(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end    func(*pass)
		passes int // of three that wait
		held   int
	}{
		"accepted":       {func(p *pass) { p.accepted() }, 3, 0},
		"refused":        {func(p *pass) { p.refused(refusal401()) }, 0, 3},
		"showed nothing": {func(*pass) {}, 1, 0}, // the next trial, which the others wait for
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBreaker(testPause)(time.Now)
				for range enoughRefusals {
					mustPass(t, b).refused(refusal401())
				}
				_ = sleep(t.Context(), firstCoolDown)
				trial := mustPass(t, b)
				ctx, cancel := context.WithCancelCause(t.Context())
				var mu sync.Mutex
				passes, held, canceled := 0, 0, 0
				for range 3 {
					go func() {
						p, _, err := b.enter(ctx)
						mu.Lock()
						defer mu.Unlock()
						switch {
						case errors.Is(err, codybatch.ErrCanceled):
							canceled++
						case errors.Is(err, codybatch.ErrNotNow):
							held++
						case p != nil:
							passes++
						}
					}()
				}
				synctest.Wait()
				if passes+held+canceled != 0 {
					t.Error("they did not wait")
				}
				test.end(trial)
				trial.leave()
				synctest.Wait()
				if passes != test.passes || held != test.held {
					t.Errorf("%d passed and %d were put off, want %d and %d", passes, held, test.passes, test.held)
				}
				cancel(codybatch.ErrCanceled)
				synctest.Wait()
				if passes+held+canceled != 3 {
					t.Error("one of them does not hear its context")
				}
			})
		})
	}
}

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

func TestBreaker_puts_off_what_was_under_way_whenever_it_is_refused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBreaker(testPause)(time.Now)
		slow, slower := mustPass(t, b), mustPass(t, b)
		for range enoughRefusals {
			mustPass(t, b).refused(refusal401())
		}
		_ = sleep(t.Context(), firstCoolDown) // a trial is due
		var held *codybatch.HeldError
		if !slow.refused(refusal401()) || !errors.As(slow.held(), &held) {
			t.Errorf("before the trial: %v", slow.held())
		}
		trial := mustPass(t, b)
		if !slower.refused(refusal401()) || !errors.As(slower.held(), &held) {
			t.Errorf("during the trial: %v", slower.held())
		}
		trial.accepted()
		if err := slower.held(); err != nil {
			t.Errorf("after a trial that was accepted: %v", err)
		}
	})
}

func TestBreaker_puts_nobody_off_for_longer_than_its_pause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBreaker(testPause)(time.Now)
		for range enoughRefusals {
			mustPass(t, b).refused(refusal401())
		}
		started := time.Now()
		for {
			end, err := b.refuses()
			if end != nil {
				if paused := time.Since(started); paused < testPause || paused > testPause+longestCoolDown || !strings.Contains(end.reason, "no call was made") {
					t.Errorf("after %s: %+v", paused, end)
				}
				return
			}
			var held *codybatch.HeldError
			if !errors.As(err, &held) {
				t.Fatalf("after %s: %v", time.Since(started), err)
			}
			_ = sleep(t.Context(), time.Until(held.Until))
			mustPass(t, b).refused(refusal401())
		}
	})
}

func TestRun_is_put_off_while_the_key_is_refused_and_goes_on_where_it_was(t *testing.T) {
	t.Parallel()
	play(t, func(t *testing.T, s *stage) {
		s.options.Pause = testPause
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
		for _, i := range o.agent.limiters.items {
			if l := i.value; i.users != 0 || l.running != 0 || l.unanswered != 0 || l.freshTokens != 0 || len(l.line) != 0 || l.alarm != nil {
				t.Errorf("left behind: %+v", l)
			}
		}
		for _, i := range o.agent.breakers.items {
			if i.users != 0 || i.value.trial != nil {
				t.Errorf("left behind: %+v", i)
			}
		}
	}, done())
}
