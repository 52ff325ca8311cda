package inproc

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// running is one call of the runner.
type running struct {
	ref         codybatch.TaskRef
	cancel      context.CancelCauseFunc
	endsAtStart int  // Pool.ends when it started
	canceled    bool // by Cancel
	again       bool // dispatched while it ran
}

// fill starts runs while there is room. The lock is held.
func (p *Pool) fill() {
	for !p.closed && len(p.running) < p.workers {
		ref, ok := p.line.next()
		if !ok {
			return
		}
		// Runs belong to the pool: the context of Dispatch is over with its request.
		ctx, cancel := context.WithCancelCause(context.Background())
		r := &running{ref: ref, cancel: cancel, endsAtStart: p.ends}
		p.running[attemptOf(ref)] = r
		p.idle.Go(func() {
			defer cancel(nil)
			err := errEndedEarly
			defer func() { p.ended(r, err) }() // whatever the runner does
			err = p.call(ctx, ref)
		})
	}
}

// errEndedEarly stands for a runner that ended its goroutine.
var errEndedEarly = errors.New("the run did not return")

// call keeps a panic to its task. The panic's value may hold anything, so it is
// only told if the Go runtime made it.
func (p *Pool) call(ctx context.Context, ref codybatch.TaskRef) (err error) {
	defer func() {
		value := recover()
		if value == nil {
			return
		}
		what := fmt.Sprintf("%T", value)
		if fault, ok := value.(runtime.Error); ok {
			what = fault.Error()
		}
		p.log.Error("task panicked", "job", ref.Key.JobID, "repository", ref.Key.Repository, "attempt", ref.Attempt,
			"panic", what, "stack", string(debug.Stack()))
		err = errors.New("panic")
	}()
	err = p.runner(ctx, ref)
	if err != nil && ctx.Err() == nil && !errors.Is(err, codybatch.ErrNotNow) && !errors.Is(err, codybatch.ErrConflict) {
		p.log.Warn("task was not run to its end", "job", ref.Key.JobID, "repository", ref.Key.Repository, "attempt", ref.Attempt, "error", err)
	}
	return err
}

// ended makes room for the next run.
func (p *Pool) ended(r *running, err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.running, attemptOf(r.ref))
	if p.closed {
		return
	}
	var held *codybatch.HeldError
	switch notNow := errors.Is(err, codybatch.ErrNotNow); {
	case notNow && !r.canceled:
		p.line.pushFront(r.ref)
		if errors.As(err, &held) {
			p.hold(laneOf(r.ref), time.Until(held.Until), true)
		} else if r.endsAtStart == p.ends { // else a run ended since it asked, and it may ask again
			p.hold(laneOf(r.ref), p.parkDelay, false)
		}
	case !notNow:
		p.ends++
		p.line.releaseAll()
		fallthrough
	default:
		if r.again {
			p.line.push(r.ref)
		}
	}
	p.fill()
}

// hold keeps a lane from running until the delay is over, or, if the hold is not
// firm, until releaseAll.
func (p *Pool) hold(id lane, delay time.Duration, firm bool) {
	var timer *time.Timer
	timer = time.AfterFunc(max(0, delay), func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		if job := p.line.lanes[id]; job != nil && job.held == timer {
			p.line.release(id)
			p.fill()
		}
	})
	p.line.hold(id, timer, firm)
}
