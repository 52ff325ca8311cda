// Package dispatchtest holds the promises of codybatch.Dispatcher as programs,
// to be run against every dispatcher.
package dispatchtest

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// Workers is how many runs a dispatcher under test does at once, so that the
// suite can keep all of them busy.
const Workers = 2

// patience is how long a test waits for something that does happen when all is
// well.
const patience = 30 * time.Second

// Run runs the suite. Open makes a dispatcher with room for exactly Workers runs
// at once, and closes it when the test is over; it is called once in each test.
// The delay after codybatch.ErrNotNow should be short. Tests run at once.
func Run(t *testing.T, open func(t *testing.T, run codybatch.Runner) codybatch.Dispatcher) {
	for name, test := range map[string]func(t *testing.T, s *stage){
		"runs_everything_that_it_accepted":          runsEverything,
		"takes_nothing_without_complaint":           takesNothing,
		"may_be_called_at_once":                     mayBeCalledAtOnce,
		"does_not_queue_a_waiting_task_twice":       doesNotQueueTwice,
		"runs_again_what_came_again_while_it_ran":   runsAgainWhatCameWhileItRan,
		"runs_again_what_came_again_after_it_ended": runsAgainWhatCameAfterItEnded,
		"runs_on_when_the_request_is_over":          runsOnAfterTheRequest,
		"cancel_ends_a_running_task":                cancelEndsRunning,
		"cancel_forgets_a_waiting_task":             cancelForgetsWaiting,
		"cancel_leaves_others_alone":                cancelLeavesOthersAlone,
		"cancel_of_a_stranger_is_no_error":          cancelOfAStranger,
		"runs_a_canceled_task_that_is_retried":      runsCanceledThatIsRetried,
		"failures_and_panics_stop_nobody_else":      failuresStopNobodyElse,
		"asks_again_after_not_now":                  asksAgainAfterNotNow,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := &stage{t: t, started: make(chan codybatch.TaskRef, 10_000)}
			s.dispatcher = open(t, s.run)
			// Before open's own cleanup, which may wait for the runs to end.
			t.Cleanup(s.finish)
			test(t, s)
		})
	}
}

// stage is a dispatcher whose runner does what a test says.
type stage struct {
	t          *testing.T
	dispatcher codybatch.Dispatcher
	started    chan codybatch.TaskRef // one for every start, in order

	mu    sync.Mutex
	does  map[codybatch.TaskKey]codybatch.Runner // nil: nothing
	gates []func()                               // open them all
}

func (s *stage) run(ctx context.Context, ref codybatch.TaskRef) error {
	s.started <- ref
	s.mu.Lock()
	does := s.does[ref.Key]
	s.mu.Unlock()
	if does == nil {
		return nil
	}
	return does(ctx, ref)
}

// script says what a task does when it runs.
func (s *stage) script(key codybatch.TaskKey, run codybatch.Runner) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.does == nil {
		s.does = map[codybatch.TaskKey]codybatch.Runner{}
	}
	s.does[key] = run
}

func (s *stage) finish() {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, open := range s.gates {
		open()
	}
}

// gate makes a task run until the returned function is called, or its context
// ends. The channel gets the context's cause, or nil for the function.
func (s *stage) gate(key codybatch.TaskKey) (func(), <-chan error) {
	wait, causes := make(chan struct{}), make(chan error, 100)
	s.script(key, func(ctx context.Context, _ codybatch.TaskRef) error {
		select {
		case <-wait:
			causes <- nil
			return nil
		case <-ctx.Done():
			causes <- context.Cause(ctx)
			return context.Cause(ctx)
		}
	})
	open := sync.OnceFunc(func() { close(wait) })
	s.mu.Lock()
	s.gates = append(s.gates, open)
	s.mu.Unlock()
	return open, causes
}

func (s *stage) dispatch(refs ...codybatch.TaskRef) {
	s.t.Helper()
	if err := s.dispatcher.Dispatch(s.t.Context(), refs); err != nil {
		s.t.Fatalf("dispatch: %v", err)
	}
}

func (s *stage) cancel(keys ...codybatch.TaskKey) {
	s.t.Helper()
	if err := s.dispatcher.Cancel(s.t.Context(), keys); err != nil {
		s.t.Fatalf("cancel: %v", err)
	}
}

// busy fills all workers and returns how to set them free.
func (s *stage) busy() func() {
	s.t.Helper()
	var opens []func()
	var refs []codybatch.TaskRef
	for i := range Workers {
		ref := task("busy", i)
		open, _ := s.gate(ref.Key)
		opens, refs = append(opens, open), append(refs, ref)
	}
	s.dispatch(refs...)
	s.awaitStarts(Workers)
	return func() {
		for _, open := range opens {
			open()
		}
	}
}

// awaitStarts returns the next n starts.
func (s *stage) awaitStarts(n int) []codybatch.TaskRef {
	s.t.Helper()
	refs := make([]codybatch.TaskRef, 0, n)
	for range n {
		select {
		case ref := <-s.started:
			refs = append(refs, ref)
		case <-time.After(patience):
			s.t.Fatalf("started %v, and then no more; want %d", refs, n)
		}
	}
	return refs
}

func (s *stage) awaitCause(ended <-chan error, want error) {
	s.t.Helper()
	select {
	case cause := <-ended:
		if !errors.Is(cause, want) {
			s.t.Errorf("the run ended with cause %v, want %v", cause, want)
		}
	case <-time.After(patience):
		s.t.Fatalf("the run did not end; want cause %v", want)
	}
}

// task is the first attempt of a job's i-th task.
func task(job codybatch.JobID, i int) codybatch.TaskRef {
	return codybatch.TaskRef{
		Key:     codybatch.TaskKey{JobID: job, Repository: codybatch.RepositoryName(fmt.Sprintf("acme/r%d", i))},
		Attempt: 1, Index: i,
	}
}
