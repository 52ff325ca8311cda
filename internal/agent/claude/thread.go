package claude

import (
	"context"
	"fmt"
	"net/http"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// Engines, as results and threads name them.
const (
	EngineClaude    = "claude"
	EngineRehearsal = "rehearsal" // a server that plays a script and says so
)

// RehearsalHeader is set to "true" in every response of a rehearsal server.
const RehearsalHeader = "X-Cody-Batch-Rehearsal"

const rehearsalNotice = "This is a rehearsal: the server that ANTHROPIC_BASE_URL names plays a script. Nothing here was done by Claude."

// errNotRehearsal means that a run that was announced as a rehearsal reached
// something else, which may cost money.
var errNotRehearsal = fmt.Errorf("this run is announced as a rehearsal, but the server's answer has no %s header; it was not used", RehearsalHeader)

// thread records a run. Who does the work is known only when the first response
// begins, and nothing is written before it: no line of a rehearsal's thread ever
// said "claude".
type thread struct {
	record func(context.Context, codybatch.ThreadEvent) error
	start  *codybatch.ThreadEvent // runStart, until it is written
	engine string                 // empty: not known yet
	must   string                 // the engine that was announced; empty: whatever comes
	held   []codybatch.ThreadEvent
}

// add records an event, now or as soon as the engine is known.
func (t *thread) add(ctx context.Context, event codybatch.ThreadEvent) error {
	if t.engine == "" {
		t.held = append(t.held, event)
		return nil
	}
	return t.write(ctx, event)
}

// answered learns from a response's header who does the work.
func (t *thread) answered(ctx context.Context, status int, header http.Header) error {
	rehearsal := header.Get(RehearsalHeader) == "true"
	switch {
	case !rehearsal && t.must == EngineRehearsal && status == http.StatusOK:
		return errNotRehearsal
	case rehearsal && t.engine != EngineRehearsal:
		t.engine = EngineRehearsal // also when an earlier answer was Claude's
		if err := t.release(ctx); err != nil {
			return err
		}
		return t.write(ctx, codybatch.ThreadEvent{Type: codybatch.EventNotice, Reason: rehearsalNotice})
	case t.engine == "":
		t.engine = EngineClaude
	}
	return t.release(ctx)
}

// close writes what is still held back, and the last event. If nothing ever
// answered, the run's start names no engine.
func (t *thread) close(ctx context.Context, last codybatch.ThreadEvent) error {
	if err := t.release(ctx); err != nil {
		return err
	}
	return t.write(ctx, last)
}

// release writes the run's start and what was held back.
func (t *thread) release(ctx context.Context) error {
	if t.start != nil {
		start := *t.start
		start.Engine = t.engine
		t.start = nil
		if err := t.write(ctx, start); err != nil {
			return err
		}
	}
	for len(t.held) > 0 {
		event := t.held[0]
		t.held = t.held[1:]
		if err := t.write(ctx, event); err != nil {
			return err
		}
	}
	return nil
}

// write records an event even when the run was canceled: what was paid for is
// kept.
func (t *thread) write(ctx context.Context, event codybatch.ThreadEvent) error {
	if err := t.record(context.WithoutCancel(ctx), event); err != nil {
		return &recordError{err}
	}
	return nil
}

// recordError ends a run: its thread can't be kept.
type recordError struct{ err error }

func (e *recordError) Error() string { return "record the thread: " + e.err.Error() }
func (e *recordError) Unwrap() error { return e.err }
