package admission

import (
	"context"
	"errors"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// refusal401 is what is said of a key.
func refusal401() Refusal {
	return Refusal{Outcome: codybatch.OutcomeAuthError, Said: "401 authentication_error: invalid x-api-key", Advice: "Check CLAUDE_API_KEY"}
}

// mustPass is for a test that knows that a call may be made.
func mustPass(t *testing.T, b *Breaker) *Pass {
	t.Helper()
	p, err := b.Enter(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func isOpen(b *Breaker) bool { return b.Refuses() != nil }

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
				b := newBreaker(time.Now, testPause)
				for i, call := range calls {
					p := mustPass(t, b)
					switch call {
					case 's':
						p.Accepted()
					case 'x':
						if p.Refused(refusal401()) {
							t.Errorf("call %d is put off: nothing is told of why it was refused", i)
						}
					}
					p.Leave()
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
		b := newBreaker(time.Now, testPause)
		late, open := mustPass(t, b), func() {
			for range enoughRefusals {
				mustPass(t, b).Refused(refusal401())
			}
		}
		since := time.Now()
		open()
		if !late.Refused(refusal401()) {
			t.Error("a call of before is not put off")
		}
		for _, coolDown := range []time.Duration{time.Minute, 2 * time.Minute, 4 * time.Minute, 8 * time.Minute, 15 * time.Minute, 15 * time.Minute} {
			time.Sleep(coolDown - 1)
			var held *codybatch.HeldError
			if err := b.Refuses(); !errors.As(err, &held) || !held.Until.Equal(time.Now().Add(1)) ||
				!strings.Contains(held.Reason, "since "+since.UTC().Format(time.RFC3339)) {
				t.Fatalf("shortly before %s: %v", coolDown, err)
			}
			time.Sleep(1)
			if isOpen(b) {
				t.Fatalf("it is open after %s", coolDown)
			}
			if trial := mustPass(t, b); !trial.Refused(refusal401()) {
				t.Fatal("the trial's refusal does not open it")
			} else {
				trial.Leave()
			}
		}
		time.Sleep(longestCoolDown)
		mustPass(t, b).Accepted()
		mustPass(t, b).Refused(refusal401())
		mustPass(t, b).Refused(refusal401())
		if isOpen(b) {
			t.Error("the refusals of before still count")
		}
		mustPass(t, b).Refused(refusal401())
		time.Sleep(firstCoolDown)
		if isOpen(b) {
			t.Error("the cool-down of before still counts")
		}
	})
}

func TestBreaker_lets_one_trial_through_and_the_others_wait_for_it(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		end    func(*Pass)
		passes int // of three that wait
		held   int
	}{
		"accepted":       {func(p *Pass) { p.Accepted() }, 3, 0},
		"refused":        {func(p *Pass) { p.Refused(refusal401()) }, 0, 3},
		"showed nothing": {func(*Pass) {}, 1, 0}, // the next trial, which the others wait for
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				b := newBreaker(time.Now, testPause)
				for range enoughRefusals {
					mustPass(t, b).Refused(refusal401())
				}
				time.Sleep(firstCoolDown)
				trial := mustPass(t, b)
				ctx, cancel := context.WithCancelCause(t.Context())
				var mu sync.Mutex
				passes, held, canceled := 0, 0, 0
				for range 3 {
					go func() {
						p, err := b.Enter(ctx)
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
				trial.Leave()
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

func TestBreaker_puts_off_what_was_under_way_whenever_it_is_refused(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBreaker(time.Now, testPause)
		slow, slower := mustPass(t, b), mustPass(t, b)
		for range enoughRefusals {
			mustPass(t, b).Refused(refusal401())
		}
		time.Sleep(firstCoolDown) // a trial is due
		var held *codybatch.HeldError
		if !slow.Refused(refusal401()) || !errors.As(slow.Held(), &held) {
			t.Errorf("before the trial: %v", slow.Held())
		}
		trial := mustPass(t, b)
		if !slower.Refused(refusal401()) || !errors.As(slower.Held(), &held) {
			t.Errorf("during the trial: %v", slower.Held())
		}
		trial.Accepted()
		if err := slower.Held(); err != nil {
			t.Errorf("after a trial that was accepted: %v", err)
		}
	})
}

func TestBreaker_puts_nobody_off_for_longer_than_its_pause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		b := newBreaker(time.Now, testPause)
		for range enoughRefusals {
			mustPass(t, b).Refused(refusal401())
		}
		started := time.Now()
		for {
			err := b.Refuses()
			var refused *RefusedError
			if errors.As(err, &refused) {
				if paused := time.Since(started); paused < testPause || paused > testPause+longestCoolDown ||
					refused.Outcome != codybatch.OutcomeAuthError || !strings.Contains(refused.Error(), "no call was made") {
					t.Errorf("after %s: %+v", paused, refused)
				}
				return
			}
			var held *codybatch.HeldError
			if !errors.As(err, &held) {
				t.Fatalf("after %s: %v", time.Since(started), err)
			}
			time.Sleep(time.Until(held.Until))
			mustPass(t, b).Refused(refusal401())
		}
	})
}
