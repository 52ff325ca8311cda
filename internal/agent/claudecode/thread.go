package claudecode

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"sync"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// Engines, as results and threads name them.
const (
	EngineClaudeCode = "claude-code"
	EngineRehearsal  = "rehearsal" // a server that plays a script and says so
)

// RehearsalHeader is set to "true" in every response of a rehearsal server.
const RehearsalHeader = "X-Cody-Batch-Rehearsal"

const rehearsalNotice = "This is a rehearsal: Claude Code is the real program, but the server that it asks plays a script. Nothing here was done by Claude."

// errNotRehearsal means that a run that was announced as a rehearsal reached
// something else, which may cost money.
var errNotRehearsal = fmt.Errorf("this run is announced as a rehearsal, but the server's answer has no %s header; it was not used", RehearsalHeader)

// thread records a run. The gateway and the program's output write to it at once.
// Nothing is written before it is known who answers: no line of a rehearsal's thread
// says "claude-code".
type thread struct {
	record func(context.Context, codybatch.ThreadEvent) error
	must   string // the engine that was announced; empty: whatever comes

	mu     sync.Mutex
	engine string // empty: not known yet
	held   []codybatch.ThreadEvent
	failed error // what record said first: the thread ends there
}

// add records an event, now or as soon as the engine is known.
func (t *thread) add(ctx context.Context, events ...codybatch.ThreadEvent) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held = append(t.held, events...)
	if t.engine == "" {
		return t.failed
	}
	return t.release(ctx)
}

// answered learns from a response's header who does the work.
func (t *thread) answered(ctx context.Context, status int, header http.Header) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	rehearsal := header.Get(RehearsalHeader) == "true"
	switch {
	case !rehearsal && t.must == EngineRehearsal && status == http.StatusOK:
		return errNotRehearsal
	case rehearsal && t.engine != EngineRehearsal:
		t.engine = EngineRehearsal // also when an earlier answer was Claude's
		notice := codybatch.ThreadEvent{Type: codybatch.EventNotice, Reason: rehearsalNotice}
		if len(t.held) == 0 {
			t.held = append(t.held, notice)
			break
		}
		t.held = append(t.held[:1:1], append([]codybatch.ThreadEvent{notice}, t.held[1:]...)...) // after the run's start
	case t.engine == "":
		t.engine = EngineClaudeCode
	}
	return t.release(ctx)
}

// close writes what is still held back, and the last event.
func (t *thread) close(ctx context.Context, last codybatch.ThreadEvent) error {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.held = append(t.held, last)
	return t.release(ctx)
}

// name is the engine as far as it is known.
func (t *thread) name() string {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.engine
}

// release writes what is held, even when the run was canceled: what was paid for is
// kept. The caller holds mu.
func (t *thread) release(ctx context.Context) error {
	for len(t.held) > 0 && t.failed == nil {
		event := t.held[0]
		t.held = t.held[1:]
		if event.Type == codybatch.EventRunStart {
			event.Engine = t.engine
		}
		if err := t.record(context.WithoutCancel(ctx), event); err != nil {
			t.failed = &recordError{err}
		}
	}
	return t.failed
}

// recordError ends a run: its thread can't be kept.
type recordError struct{ err error }

func (e *recordError) Error() string { return "record the thread: " + e.err.Error() }
func (e *recordError) Unwrap() error { return e.err }

func isRecordError(err error) bool {
	var unrecorded *recordError
	return errors.As(err, &unrecorded)
}
