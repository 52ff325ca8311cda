package dispatchtest

import (
	"context"
	"errors"
	"sync"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func runsEverything(t *testing.T, s *stage) {
	want := map[codybatch.TaskRef]bool{}
	var refs []codybatch.TaskRef
	for i := range 25 {
		ref := task("job", i)
		ref.Attempt = 1 + i%3
		refs, want[ref] = append(refs, ref), true
	}
	s.dispatch(refs...)
	for _, ref := range s.awaitStarts(len(refs)) {
		if !want[ref] {
			t.Errorf("%+v ran twice, or was never dispatched", ref)
		}
		delete(want, ref)
	}
}

func takesNothing(_ *testing.T, s *stage) {
	s.dispatch()
	s.cancel()
}

func mayBeCalledAtOnce(t *testing.T, s *stage) {
	var group sync.WaitGroup
	for i := range 20 {
		group.Go(func() {
			if err := s.dispatcher.Dispatch(t.Context(), []codybatch.TaskRef{task("job", i)}); err != nil {
				t.Error(err)
			}
			if err := s.dispatcher.Cancel(t.Context(), []codybatch.TaskKey{task("other", i).Key}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	seen := map[codybatch.TaskRef]bool{}
	for len(seen) < 20 {
		seen[s.awaitStarts(1)[0]] = true
	}
}

func doesNotQueueTwice(t *testing.T, s *stage) {
	free := s.busy()
	twice, last := task("job", 1), task("job", 2)
	s.dispatch(twice, twice)
	s.dispatch(twice)
	s.dispatch(last)
	free()
	// A second run of the first could start at any time, so others follow it.
	s.dispatch(task("job", 3), task("job", 4), task("job", 5))
	count := 0
	for _, ref := range s.awaitStarts(5) {
		if ref == twice {
			count++
		}
	}
	if count != 1 {
		t.Errorf("it ran %d times", count)
	}
}

func runsAgainWhatCameWhileItRan(t *testing.T, s *stage) {
	ref := task("job", 1)
	open, _ := s.gate(ref.Key)
	s.dispatch(ref)
	s.awaitStarts(1)
	s.dispatch(ref) // its row may have been queued again meanwhile
	open()
	if again := s.awaitStarts(1)[0]; again != ref {
		t.Errorf("%+v ran", again)
	}
}

func runsAgainWhatCameAfterItEnded(t *testing.T, s *stage) {
	ref := task("job", 1)
	open, ended := s.gate(ref.Key)
	open()
	for attempt := 1; attempt <= 3; attempt++ {
		ref.Attempt = attempt
		s.dispatch(ref)
		if got := s.awaitStarts(1)[0]; got != ref {
			t.Errorf("%+v ran, want %+v", got, ref)
		}
		s.awaitCause(ended, nil)
	}
}

func runsOnAfterTheRequest(_ *testing.T, s *stage) {
	ref := task("job", 1)
	open, ended := s.gate(ref.Key)
	ctx, cancel := context.WithCancel(context.Background())
	if err := s.dispatcher.Dispatch(ctx, []codybatch.TaskRef{ref}); err != nil {
		s.t.Fatal(err)
	}
	s.awaitStarts(1)
	cancel()
	open()
	s.awaitCause(ended, nil)
}

func cancelEndsRunning(_ *testing.T, s *stage) {
	ref := task("job", 1)
	ref.Attempt = 7 // cancel names no attempt
	_, ended := s.gate(ref.Key)
	s.dispatch(ref)
	s.awaitStarts(1)
	s.cancel(ref.Key)
	s.awaitCause(ended, codybatch.ErrCanceled)
	s.cancel(ref.Key) // twice is no error
}

func cancelForgetsWaiting(t *testing.T, s *stage) {
	free := s.busy()
	var refs []codybatch.TaskRef
	for i := range 6 {
		refs = append(refs, task("job", i))
	}
	s.dispatch(refs...)
	s.cancel(refs[0].Key, refs[1].Key, refs[3].Key)
	free()
	for _, ref := range s.awaitStarts(3) {
		if ref.Index == 0 || ref.Index == 1 || ref.Index == 3 {
			t.Errorf("%+v ran after it was canceled", ref)
		}
	}
}

func cancelLeavesOthersAlone(_ *testing.T, s *stage) {
	victim, other := task("job", 1), task("job", 2)
	_, victimEnded := s.gate(victim.Key)
	open, otherEnded := s.gate(other.Key)
	s.dispatch(victim, other)
	s.awaitStarts(2)
	s.cancel(victim.Key)
	s.awaitCause(victimEnded, codybatch.ErrCanceled)
	open()
	s.awaitCause(otherEnded, nil)
}

func cancelOfAStranger(_ *testing.T, s *stage) {
	s.cancel(task("no-such-job", 1).Key)
	ref := task("job", 1)
	s.cancel(ref.Key)
	s.dispatch(ref) // a cancel is not remembered
	s.awaitStarts(1)
}

func runsCanceledThatIsRetried(t *testing.T, s *stage) {
	ref := task("job", 1)
	_, ended := s.gate(ref.Key)
	s.dispatch(ref)
	s.awaitStarts(1)
	s.cancel(ref.Key)
	s.awaitCause(ended, codybatch.ErrCanceled)
	ref.Attempt = 2
	s.dispatch(ref)
	if got := s.awaitStarts(1)[0]; got != ref {
		t.Errorf("%+v ran, want %+v", got, ref)
	}
	s.cancel(ref.Key)
	s.awaitCause(ended, codybatch.ErrCanceled)
}

func failuresStopNobodyElse(_ *testing.T, s *stage) {
	var refs []codybatch.TaskRef
	for i := range 10 {
		ref := task("job", i)
		switch i % 3 {
		case 0:
			s.script(ref.Key, func(context.Context, codybatch.TaskRef) error { return errors.New("no disk") })
		case 1:
			s.script(ref.Key, func(context.Context, codybatch.TaskRef) error { panic("a bug") })
		}
		refs = append(refs, ref)
	}
	s.dispatch(refs...)
	s.awaitStarts(len(refs))
}

func asksAgainAfterNotNow(t *testing.T, s *stage) {
	ref := task("job", 1)
	var once sync.Once
	s.script(ref.Key, func(context.Context, codybatch.TaskRef) error {
		err := error(nil)
		once.Do(func() { err = codybatch.ErrNotNow })
		return err
	})
	s.dispatch(ref)
	for i, got := range s.awaitStarts(2) {
		if got != ref {
			t.Errorf("start %d is %+v, want %+v", i+1, got, ref)
		}
	}
}
