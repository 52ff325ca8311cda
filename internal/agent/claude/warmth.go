package claude

import (
	"context"
	"sync"
	"time"

	"github.com/liamzdenek/cody-batch/internal/agent/admission"
)

// prefixLife is how long the API keeps what a one-hour breakpoint ends, from its
// last use: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
const prefixLife = time.Hour

// prefix is what the tasks of a job send alike, in one lane.
type prefix struct {
	lane admission.Lane
	sha  string
}

// warmth keeps tasks that begin at once from all writing the same prefix into the
// API's cache, at twice the price of input that is not cached: one writes it, the
// others wait until its answer begins, which is when the cache has it, and read
// it. Its methods may be called at once.
type warmth struct {
	now func() time.Time

	mu      sync.Mutex
	until   time.Time     // the cache has the prefix
	writing chan struct{} // closed when the run that writes it is through; nil: none does
}

func newWarmth(now func() time.Time) *warmth { return &warmth{now: now} }

// enter waits while another run writes the prefix, and tells how long. The caller
// calls what it returns as soon as an answer begins (true), and when the call is
// over; after the first time that does nothing. The error is the context's cause.
func (w *warmth) enter(ctx context.Context) (func(answered bool), time.Duration, error) {
	started := w.now()
	for {
		w.mu.Lock()
		writing := w.writing
		isWriter := writing == nil && !w.now().Before(w.until)
		if isWriter {
			w.writing = make(chan struct{})
		}
		isWarm := w.now().Before(w.until)
		w.mu.Unlock()
		if isWriter || isWarm {
			return w.leaver(isWriter), w.now().Sub(started), nil
		}
		select {
		case <-writing:
		case <-ctx.Done():
			return nil, 0, context.Cause(ctx)
		}
	}
}

func (w *warmth) leaver(isWriter bool) func(answered bool) {
	var once sync.Once
	return func(answered bool) {
		once.Do(func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			if answered {
				w.until = w.now().Add(prefixLife)
			}
			if isWriter { // if it failed, the next one writes
				close(w.writing)
				w.writing = nil
			}
		})
	}
}
