package inproc_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/dispatch/dispatchtest"
	"github.com/liamzdenek/cody-batch/internal/dispatch/inproc"
)

func TestPoolKeepsThePromises(t *testing.T) {
	t.Parallel()
	dispatchtest.Run(t, func(t *testing.T, run codybatch.Runner) codybatch.Dispatcher {
		pool := inproc.New(run, inproc.Options{Workers: dispatchtest.Workers, ParkDelay: 10 * time.Millisecond})
		t.Cleanup(func() { shut(t, pool) })
		return pool
	})
}

func TestPool(t *testing.T) {
	t.Parallel()

	inBubble("runs_no_more_at_once_than_it_has_workers", t, func(t *testing.T) {
		var mu sync.Mutex
		var now, most int
		pool := inproc.New(func(context.Context, codybatch.TaskRef) error {
			mu.Lock()
			now++
			most = max(most, now)
			mu.Unlock()
			time.Sleep(time.Second) // of the bubble
			mu.Lock()
			now--
			mu.Unlock()
			return nil
		}, inproc.Options{Workers: 3})
		started := time.Now()
		dispatch(t, pool, refs("job", 30)...)
		synctest.Wait()
		if running, waiting := pool.Running(), pool.Waiting(); len(running) != 3 || running[0] != ref("job", 0).Key || waiting != 27 {
			t.Errorf("%v run and %d wait; want 3 and 27", running, waiting)
		}
		for len(pool.Running()) > 0 {
			time.Sleep(time.Second)
			synctest.Wait()
		}
		mu.Lock()
		defer mu.Unlock()
		if took := time.Since(started); most != 3 || took != 10*time.Second {
			t.Errorf("at most %d ran at once, for %s; want 3, and 10s", most, took)
		}
		shut(t, pool)
	})

	inBubble("takes_the_tasks_of_a_job_in_order_and_jobs_in_turn", t, func(t *testing.T) {
		order := make(chan string, 200)
		pool := inproc.New(func(_ context.Context, r codybatch.TaskRef) error {
			order <- fmt.Sprintf("%s%d", r.Key.JobID, r.Index)
			time.Sleep(time.Second)
			return nil
		}, inproc.Options{Workers: 1})
		dispatch(t, pool, refs("large", 100)...)
		dispatch(t, pool, refs("small", 2)...)
		dispatch(t, pool, refs("other", 1)...)
		for _, want := range []string{"large0", "large1", "small0", "other0", "large2", "small1", "large3"} {
			if got := <-order; got != want {
				t.Errorf("%s ran, want %s", got, want)
			}
		}
		shut(t, pool)
	})

	inBubble("closes_with_the_cause_stopped_and_waits", t, func(t *testing.T) {
		var cause error
		pool := inproc.New(func(ctx context.Context, _ codybatch.TaskRef) error {
			<-ctx.Done()
			time.Sleep(3 * time.Second) // tidying up
			cause = context.Cause(ctx)
			return cause
		}, inproc.Options{Workers: 1})
		dispatch(t, pool, refs("job", 2)...)
		synctest.Wait()
		started := time.Now()
		impatient, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		if err := pool.Close(impatient); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("closed in a second: %v", err)
		}
		shut(t, pool)
		if took := time.Since(started); !errors.Is(cause, codybatch.ErrStopped) || took != 3*time.Second {
			t.Errorf("got cause %v after %s", cause, took)
		}
		if len(pool.Running()) != 0 || pool.Waiting() != 0 {
			t.Errorf("%v run and %d wait", pool.Running(), pool.Waiting())
		}
		if err := pool.Dispatch(t.Context(), refs("job", 1)); err == nil {
			t.Error("a closed pool took a task")
		}
	})
}

func TestPoolParks(t *testing.T) {
	t.Parallel()

	inBubble("until_another_run_ends", t, func(t *testing.T) {
		b := openBudget(2, false)
		started := time.Now()
		dispatch(t, b.pool, refs("poor", 100)...)
		asked, done := b.look()
		for ; len(done) < 100; asked, done = b.look() {
			time.Sleep(time.Second)
			synctest.Wait()
		}
		if took := time.Since(started); took != 100*time.Second {
			t.Errorf("it took %s; one after the other takes 100s", took)
		}
		if asked > 300 {
			t.Errorf("it asked %d times for 100 tasks", asked)
		}
		slices.Sort(done)
		if len(slices.Compact(done)) != 100 {
			t.Errorf("a task ran twice: %v", done)
		}
		shut(t, b.pool)
	})

	inBubble("for_the_delay_when_nothing_else_runs", t, func(t *testing.T) {
		b := openBudget(4, true) // by another process
		dispatch(t, b.pool, refs("poor", 10)...)
		synctest.Wait()
		if asked, _ := b.look(); asked != 4 || b.pool.Waiting() != 10 || len(b.pool.Running()) != 0 {
			t.Errorf("asked %d times, %d wait, %v run", asked, b.pool.Waiting(), b.pool.Running())
		}
		time.Sleep(5*time.Second - time.Nanosecond)
		synctest.Wait()
		if asked, _ := b.look(); asked != 4 {
			t.Errorf("asked %d times before the delay was over", asked)
		}
		time.Sleep(time.Nanosecond)
		synctest.Wait()
		if asked, _ := b.look(); asked != 8 {
			t.Errorf("asked %d times after the delay", asked)
		}
		shut(t, b.pool)
	})

	inBubble("without_holding_up_other_jobs", t, func(t *testing.T) {
		b := openBudget(1, true)
		dispatch(t, b.pool, refs("poor", 10)...)
		dispatch(t, b.pool, refs("rich", 3)...)
		time.Sleep(3 * time.Second)
		synctest.Wait()
		if asked, done := b.look(); !slices.Equal(done, []int{0, 1, 2}) || asked > 5 {
			t.Errorf("%v are done, and the poor job asked %d times", done, asked)
		}
		shut(t, b.pool)
	})

	inBubble("until_a_time_that_is_named_whatever_ends_meanwhile", t, func(t *testing.T) {
		var asked atomic.Int64
		pool := inproc.New(func(_ context.Context, r codybatch.TaskRef) error {
			time.Sleep(time.Second)
			if r.Key.JobID != "held" {
				return nil
			}
			asked.Add(1)
			return fmt.Errorf("run: %w", &codybatch.HeldError{Until: time.Now().Add(10 * time.Minute), Reason: "the key is refused"})
		}, inproc.Options{Workers: 2})
		dispatch(t, pool, refs("held", 10)...)
		time.Sleep(time.Second)
		synctest.Wait()
		dispatch(t, pool, refs("free", 20)...)
		dispatch(t, pool, ref("held", 11))
		time.Sleep(10*time.Minute - time.Nanosecond)
		synctest.Wait()
		if asked.Load() != 2 || pool.Waiting() != 11 {
			t.Errorf("asked %d times, %d wait", asked.Load(), pool.Waiting())
		}
		time.Sleep(time.Second + time.Nanosecond)
		synctest.Wait()
		if asked.Load() != 4 {
			t.Errorf("asked %d times when the time had come", asked.Load())
		}
		shut(t, pool)
	})

	inBubble("until_the_time_that_is_named_also_if_it_was_held_before", t, func(t *testing.T) {
		var asked atomic.Int64
		pool := inproc.New(func(_ context.Context, r codybatch.TaskRef) error {
			asked.Add(1)
			if r.Index == 0 {
				return codybatch.ErrNotNow // at once: it parks the job for five seconds
			}
			time.Sleep(time.Second)
			return &codybatch.HeldError{Until: time.Now().Add(time.Hour), Reason: "the key is refused"}
		}, inproc.Options{Workers: 2})
		dispatch(t, pool, refs("job", 2)...)
		time.Sleep(time.Hour)
		synctest.Wait()
		if asked.Load() != 2 {
			t.Errorf("asked %d times", asked.Load())
		}
		shut(t, pool)
	})

	for name, wait := range map[string]func() error{
		"but_nothing_that_is_only_to_be_published": func() error {
			return &codybatch.HeldError{Until: time.Now().Add(time.Hour), Reason: "the key is refused"}
		},
		"nor_while_there_is_no_money": func() error { return codybatch.ErrNotNow },
	} {
		inBubble(name, t, func(t *testing.T) {
			var asked, published atomic.Int64
			pool := inproc.New(func(_ context.Context, r codybatch.TaskRef) error {
				if r.Publishes {
					time.Sleep(time.Second)
					published.Add(1)
					return nil
				}
				asked.Add(1)
				return wait()
			}, inproc.Options{Workers: 1, ParkDelay: time.Hour})
			publishes := func(i int) codybatch.TaskRef {
				r := ref("job", i)
				r.Publishes = true
				return r
			}
			dispatch(t, pool, refs("job", 3)...)
			synctest.Wait()
			dispatch(t, pool, publishes(10), publishes(11), publishes(12))
			if err := pool.Cancel(t.Context(), []codybatch.TaskKey{publishes(12).Key}); err != nil {
				t.Fatal(err)
			}
			time.Sleep(10 * time.Second)
			synctest.Wait()
			if published.Load() != 2 || asked.Load() == 0 || pool.Waiting() != 3 {
				t.Errorf("%d were published, it asked %d times, %d wait", published.Load(), asked.Load(), pool.Waiting())
			}
			shut(t, pool)
		})
	}

	inBubble("and_forgets_what_is_canceled_meanwhile", t, func(t *testing.T) {
		b := openBudget(1, true)
		dispatch(t, b.pool, ref("poor", 1))
		synctest.Wait()
		if err := b.pool.Cancel(t.Context(), []codybatch.TaskKey{ref("poor", 1).Key}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if asked, _ := b.look(); asked != 1 || b.pool.Waiting() != 0 {
			t.Errorf("asked %d times, %d wait", asked, b.pool.Waiting())
		}
		shut(t, b.pool)
	})

	inBubble("nothing_that_was_canceled_while_it_asked", t, func(t *testing.T) {
		var asked atomic.Int64
		pool := inproc.New(func(ctx context.Context, _ codybatch.TaskRef) error {
			asked.Add(1)
			<-ctx.Done()
			return codybatch.ErrNotNow
		}, inproc.Options{Workers: 1})
		dispatch(t, pool, ref("job", 1))
		synctest.Wait()
		if err := pool.Cancel(t.Context(), []codybatch.TaskKey{ref("job", 1).Key}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		synctest.Wait()
		if asked.Load() != 1 || pool.Waiting() != 0 {
			t.Errorf("asked %d times, %d wait", asked.Load(), pool.Waiting())
		}
		shut(t, pool)
	})
}

func TestPoolLogsAPanicWithoutItsWords(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		pool := inproc.New(func(_ context.Context, r codybatch.TaskRef) error {
			if r.Index == 0 {
				panic("the prompt: do this and that")
			}
			if r.Index == 1 {
				runtime.Goexit()
			}
			var none []int
			_ = none[r.Index]
			return nil
		}, inproc.Options{Workers: 1, Log: slog.New(slog.NewTextHandler(&log, nil))})
		dispatch(t, pool, refs("job", 3)...)
		synctest.Wait()
		shut(t, pool)
		text := log.String()
		if strings.Contains(text, "do this") || !strings.Contains(text, "panic=string") || !strings.Contains(text, "index out of range") ||
			!strings.Contains(text, "pool_test.go") || !strings.Contains(text, "repository=acme/r2") {
			t.Errorf("the log is %s", text)
		}
	})
}

// BenchmarkPool10000Waiting tells what 10,000 waiting references take.
func BenchmarkPool10000Waiting(b *testing.B) {
	b.ReportAllocs()
	all := refs("job", 10_000)
	for b.Loop() {
		pool := inproc.New(func(ctx context.Context, _ codybatch.TaskRef) error {
			<-ctx.Done()
			return context.Cause(ctx)
		}, inproc.Options{Workers: 2})
		if err := pool.Dispatch(b.Context(), all); err != nil {
			b.Fatal(err)
		}
		if err := pool.Close(b.Context()); err != nil {
			b.Fatal(err)
		}
	}
}

func TestPoolTellsWhetherItTakesTasks(t *testing.T) {
	t.Parallel()
	pool := inproc.New(func(context.Context, codybatch.TaskRef) error { return nil }, inproc.Options{Workers: 1, Log: slog.New(slog.DiscardHandler)})
	if err := pool.Ping(t.Context()); err != nil {
		t.Error(err)
	}
	if err := pool.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if pool.Ping(t.Context()) == nil {
		t.Error("a closed pool says that it is well")
	}
}
