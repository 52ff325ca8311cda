package admission

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// enter is for a test that knows that there is room.
func enter(t *testing.T, l *Limiter) *Place {
	t.Helper()
	ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, errors.New("there was no room"))
	defer cancel()
	p, err := l.Enter(ctx, 0)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func TestLimiter_widens_and_halves_its_window(t *testing.T) {
	t.Parallel()
	// Each letter ends the oldest call, after the window was filled up: s with
	// success, r refused, u unknown. L is a success that was alone.
	for _, test := range []struct {
		ends string
		want int
	}{
		{"", 4},
		{"s", 5},
		{"ssss", 8},
		{"uuuuuuuu", 4},
		{"LLLLLLLL", 4},
		{strings.Repeat("s", 500), 256},
		{"r", 2},
		{"rrrr", 2}, // all of one round
		{"rrrrr", 1},
		{"rrrrrrrrrrrr", 1},
		{"rsss", 2}, // successes of the round before
		{"rrrrs", 2},
		{"rrrrss", 3},
		{"rrrrssss", 3},
		{"rrrrsssss", 4},
		{"rrrrusus", 3},
		{"rrrrsLs", 3},
		{strings.Repeat("s", 500) + "r", 128},
		{strings.Repeat("s", 500) + strings.Repeat("r", 129), 128}, // 128 that were more than the window, one of the rest
		{strings.Repeat("s", 500) + strings.Repeat("r", 256), 128},
		{strings.Repeat("s", 500) + strings.Repeat("r", 257), 64},
	} {
		t.Run(fmt.Sprintf("%.20s_%d", test.ends, len(test.ends)), func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				l := newLimiter(time.Now)
				var calls []*Place
				for _, end := range test.ends {
					if end == 'L' {
						for _, p := range calls {
							p.Leave(Unknown, 0)
						}
						calls = []*Place{enter(t, l)}
					}
					for end != 'L' && l.running < l.window {
						calls = append(calls, enter(t, l))
					}
					calls[0].Leave(map[rune]CallEnd{'s': Success, 'L': Success, 'r': Crowded, 'u': Unknown}[end], 0)
					calls = calls[1:]
				}
				if l.window != test.want {
					t.Errorf("the window is %d, want %d", l.window, test.want)
				}
			})
		})
	}
}

func TestLimiter_lets_calls_in_as_they_come_and_no_more_than_the_window(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(time.Now)
		var order []int
		most := 0
		var calls sync.WaitGroup
		for i := range 64 {
			calls.Go(func() {
				p, err := l.Enter(t.Context(), 0)
				if err != nil {
					t.Errorf("%d: %v", i, err)
					return
				}
				l.mu.Lock()
				order, most = append(order, i), max(most, l.running)
				l.mu.Unlock()
				time.Sleep(time.Second + time.Duration(i)) // one after the other
				p.Leave(Unknown, 0)
				p.Leave(Unknown, 0) // changes nothing
			})
			synctest.Wait()
		}
		calls.Wait()
		if most != firstWindow || len(order) != 64 || !slices.IsSorted(order) || l.running != 0 || l.unanswered != 0 || len(l.line) != 0 {
			t.Errorf("at most %d at once, in order %v; left behind: %+v", most, order, l)
		}
	})
}

func TestLimiter_gives_the_cause_at_once_and_the_place_to_the_next(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(time.Now)
		var calls []*Place
		for range firstWindow {
			calls = append(calls, enter(t, l))
		}
		start := time.Now()
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, codybatch.ErrTimeout)
		defer cancel()
		gone, next := make(chan error, 1), make(chan error, 1)
		go func() { _, err := l.Enter(ctx, 0); gone <- err }()
		synctest.Wait()
		go func() { _, err := l.Enter(t.Context(), 0); next <- err }()
		if err := <-gone; !errors.Is(err, codybatch.ErrTimeout) || time.Since(start) != time.Second {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
		calls[0].Leave(Unknown, 0)
		if err := <-next; err != nil || time.Since(start) != time.Second || l.running != firstWindow {
			t.Errorf("the next got %v after %s; %d run", err, time.Since(start), l.running)
		}
		if _, err := l.Enter(ctx, 0); !errors.Is(err, codybatch.ErrTimeout) {
			t.Errorf("a call that is over before it begins: %v", err)
		}
		// Canceled during a hold, with the place already free: the alarm goes too.
		calls[1].Leave(Unknown, time.Hour)
		ctx, cancel = context.WithTimeoutCause(t.Context(), time.Second, codybatch.ErrCanceled)
		defer cancel()
		if _, err := l.Enter(ctx, 0); !errors.Is(err, codybatch.ErrCanceled) || l.alarm != nil || len(l.line) != 0 {
			t.Errorf("got %v; left behind: %+v", err, l)
		}
	})
}

func TestLimiter_holds_every_call_until_the_last_that_was_asked_for(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		l := newLimiter(time.Now)
		start := time.Now()
		late := enter(t, l)
		enter(t, l).Leave(Crowded, 10*time.Second)
		enterAt := make(chan time.Duration, 1)
		go func() {
			p, err := l.Enter(t.Context(), 0)
			if err != nil || !strings.Contains(p.Why, "429") || p.Waited != 20*time.Second {
				t.Errorf("got %+v, %v", p, err)
			}
			enterAt <- time.Since(start)
		}()
		time.Sleep(5 * time.Second)
		late.Leave(Crowded, time.Second) // shortens nothing
		time.Sleep(3 * time.Second)
		l.mu.Lock()
		l.hold(12 * time.Second)
		l.mu.Unlock()
		if got := <-enterAt; got != 20*time.Second {
			t.Errorf("held for %s", got)
		}
	})
}

func TestLimiter_waits_for_the_reset_of_a_limit_that_is_used_up(t *testing.T) {
	t.Parallel()
	const in30, in1h, past, ahead = "2000-01-01T00:00:30Z", "2000-01-01T01:00:00Z", "1999-12-31T23:59:59Z", "2000-01-01T02:00:45+02:00"
	for _, test := range []struct {
		name, limit, remaining, reset string
		status                        int
		fresh                         int64
		others                        int // calls that have no answer yet
		want                          time.Duration
	}{
		{"requests", "requests", "0", in30, 200, 0, 0, 30 * time.Second},
		{"one request is left", "requests", "1", in30, 200, 0, 0, 0},
		{"and another call has it", "requests", "1", in30, 200, 0, 1, 30 * time.Second},
		{"the reset is bounded", "requests", "0", in1h, 200, 0, 0, longestHold},
		{"the reset is over", "requests", "0", past, 200, 0, 0, 0},
		{"another time zone", "requests", "0", ahead, 200, 0, 0, 45 * time.Second},
		{"input", "input-tokens", "0", in30, 200, 0, 0, 30 * time.Second},
		{"input that fits", "input-tokens", "1000", in30, 200, 1000, 0, 0},
		{"input that does not", "input-tokens", "1000", in30, 200, 1001, 0, 30 * time.Second},
		{"input that another has", "input-tokens", "1000", in30, 200, 501, 1, 30 * time.Second},
		{"output", "output-tokens", "0", in30, 200, 0, 0, 30 * time.Second},
		{"some output", "output-tokens", "1", in30, 200, 0, 1, 0},
		{"a failure tells it too", "requests", "0", in30, 500, 0, 0, 30 * time.Second},
		{"a 429 says itself how long", "requests", "0", in30, 429, 0, 0, 0},
		{"no number", "requests", "none", in30, 200, 0, 0, 0},
		{"no time", "requests", "0", "30s", 200, 0, 0, 0},
		{"another limit", "tokens", "0", in30, 200, 0, 0, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { // the clock begins at midnight of 2000-01-01
				l := newLimiter(func() time.Time { return time.Now().Add(7 * time.Hour) }) // wrong by hours
				first := enter(t, l)
				for range test.others {
					if _, err := l.Enter(t.Context(), test.fresh); err != nil {
						t.Fatal(err)
					}
				}
				header := http.Header{}
				header.Set("Date", "Sat, 01 Jan 2000 00:00:00 GMT")
				header.Set("anthropic-ratelimit-"+test.limit+"-remaining", test.remaining)
				header.Set("anthropic-ratelimit-"+test.limit+"-reset", test.reset)
				if test.status == http.StatusTooManyRequests {
					header.Set("Retry-After", "1")
				}
				first.Heed(test.status, header)
				first.Leave(Unknown, 0)
				start := time.Now()
				p, err := l.Enter(t.Context(), test.fresh)
				if err != nil || time.Since(start) != test.want || (test.want > 0 && !strings.Contains(p.Why, test.limit)) {
					t.Errorf("waited %s, want %s: %+v, %v", time.Since(start), test.want, p, err)
				}
			})
		})
	}
	t.Run("or for better news", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			l := newLimiter(time.Now)
			first, second := enter(t, l), enter(t, l)
			header := http.Header{}
			header.Set("anthropic-ratelimit-requests-remaining", "1")
			header.Set("anthropic-ratelimit-requests-reset", in30)
			first.Heed(http.StatusOK, header) // the second may not be counted yet
			start := time.Now()
			time.AfterFunc(3*time.Second, func() { second.Heed(http.StatusOK, header) })
			if enter(t, l); time.Since(start) != 3*time.Second {
				t.Errorf("waited %s", time.Since(start))
			}
		})
	})
}
