package claude

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

func TestAgent_writes_the_prefix_of_a_job_once(t *testing.T) {
	t.Parallel()
	finish := rehearsal.Finish("no_change_needed", "Fine.", "", "")
	performWith(t, rehearsal.Play(finish), rehearsal.Options{Prefill: 3 * time.Second}, func(t *testing.T, first *stage) {
		agent, err := New(first.options)
		if err != nil {
			t.Fatal(err)
		}
		var stages []*stage
		var all sync.WaitGroup
		for i := range 50 {
			s := newStage(t, first.server)
			s.run.Key.Repository = codybatch.RepositoryName(fmt.Sprintf("acme/r%02d", i))
			stages = append(stages, s)
			all.Go(func() {
				result, err := agent.Run(t.Context(), s.run)
				if err != nil || result.Outcome != codybatch.OutcomeNoChanges {
					t.Errorf("%s: got %+v, %v", s.run.Key.Repository, result, err)
				}
			})
		}
		all.Wait()
		writers, told := 0, 0
		for _, s := range stages {
			for _, e := range s.of(codybatch.EventAssistant) {
				if e.Usage.CacheReadTokens == 0 {
					writers++
				}
			}
			told += len(s.of(codybatch.EventNotice)) - 1 // that it is a rehearsal
		}
		if writers != 1 {
			t.Errorf("%d of 50 tasks read nothing from the cache, want 1", writers)
		}
		if told == 0 {
			t.Error("nobody was told why it waits")
		}
	})
}

func TestWarmth(t *testing.T) {
	t.Parallel()
	// enter reports whether a call came in at once.
	enter := func(t *testing.T, w *warmth) (func(bool), bool) {
		t.Helper()
		in := make(chan func(bool), 1)
		go func() {
			leave, _, err := w.enter(t.Context())
			if err == nil {
				in <- leave
			}
		}()
		synctest.Wait()
		select {
		case leave := <-in:
			return leave, true
		default:
			return func(bool) { (<-in)(false) }, false
		}
	}
	for name, test := range map[string]func(t *testing.T, w *warmth){
		"others wait until the first answer begins, and then go all at once": func(t *testing.T, w *warmth) {
			first, _ := enter(t, w)
			second, isIn := enter(t, w)
			if isIn {
				t.Error("two write")
			}
			first(true)
			synctest.Wait()
			third, isIn := enter(t, w)
			if !isIn {
				t.Error("the cache has it, and a call waits")
			}
			second(false)
			third(false)
		},
		"if the first fails, one other writes": func(t *testing.T, w *warmth) {
			first, _ := enter(t, w)
			second, _ := enter(t, w)
			first(false)
			first(true) // is too late
			synctest.Wait()
			third, isIn := enter(t, w)
			if isIn {
				t.Error("two write")
			}
			second(false)
			third(false)
		},
		"it is written again when the cache has forgotten it": func(t *testing.T, w *warmth) {
			first, _ := enter(t, w)
			first(true)
			time.Sleep(prefixLife - time.Second)
			reader, isIn := enter(t, w)
			if !isIn {
				t.Error("the cache still had it")
			}
			reader(true) // it stays for as long again
			time.Sleep(prefixLife - time.Second)
			reader, isIn = enter(t, w)
			if !isIn {
				t.Error("a use did not prolong it")
			}
			reader(false)
			time.Sleep(2 * time.Second)
			again, _ := enter(t, w)
			other, isIn := enter(t, w)
			if isIn {
				t.Error("two write")
			}
			again(true)
			other(false)
		},
		"who is canceled does not wait on": func(t *testing.T, w *warmth) {
			first, _ := enter(t, w)
			ctx, cancel := context.WithCancelCause(t.Context())
			cancel(codybatch.ErrCanceled)
			if _, _, err := w.enter(ctx); !errors.Is(err, codybatch.ErrCanceled) {
				t.Errorf("got %v", err)
			}
			first(true)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) { test(t, newWarmth(time.Now)) })
		})
	}
}
