package claude

import (
	"context"
	"fmt"
	"sync"
	"time"
)

const (
	enoughRefusals  = 3 // in a row
	firstCoolDown   = time.Minute
	longestCoolDown = 15 * time.Minute
)

// breaker keeps a key that the API refuses, or whose account can't pay, from
// being tried by task after task. After enoughRefusals in a row it is open: runs
// end without a call. When it has cooled down, one call is made for trial, and
// those that come meanwhile wait for what becomes of it: an accepted call closes
// the breaker, a refused one opens it for twice as long. Its methods may be called
// at once; every run in the process that has the same key shares it.
type breaker struct {
	now func() time.Time

	mu       sync.Mutex
	refusals int // in a row
	since    time.Time
	last     verdict
	until    time.Time // zero: it is closed
	coolDown time.Duration
	trial    chan struct{} // closed at its end; nil: there is none
}

func newBreaker(now func() time.Time) *breaker { return &breaker{now: now} }

// pass is one call's permission to use the key.
type pass struct {
	breaker *breaker
	trial   chan struct{} // nil: it is a call like any other
}

// refuses gives the end of a run that would wait for nothing, else nil.
func (b *breaker) refuses() *ending {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.ending()
}

// ending is the end of a run while the breaker is open and hot, else nil.
func (b *breaker) ending() *ending {
	if b.trial != nil || !b.until.After(b.now()) {
		return nil
	}
	return &ending{outcome: b.last.outcome, reason: fmt.Sprintf(
		"no call was made: the API has refused this key, or its account, since %s, the last time with %s. "+
			"Check CLAUDE_API_KEY (or ANTHROPIC_API_KEY) and the billing of its account, then retry the failed repositories. One call is tried again after %s",
		b.since.UTC().Format(time.RFC3339), b.last.refused, b.until.UTC().Format(time.RFC3339))}
}

// enter lets a call use the key, or gives the run's end. The caller calls leave
// when the call is over. The error is the context's cause.
func (b *breaker) enter(ctx context.Context) (*pass, *ending, error) {
	for {
		p, trial, end := b.ask()
		if p != nil || end != nil {
			return p, end, nil
		}
		select {
		case <-trial:
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
	}
}

// ask gives a pass, a trial to wait for, or a run's end.
func (b *breaker) ask() (*pass, <-chan struct{}, *ending) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until.IsZero() {
		return &pass{breaker: b}, nil, nil
	}
	if end := b.ending(); end != nil {
		return nil, nil, end
	}
	if b.trial != nil {
		return nil, b.trial, nil
	}
	b.trial = make(chan struct{})
	return &pass{breaker: b, trial: b.trial}, nil, nil
}

// accepted says that an answer has begun: the key is good, and the account pays.
func (p *pass) accepted() {
	b := p.breaker
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refusals, b.until, b.coolDown = 0, time.Time{}, 0
	b.endTrial()
}

// refused says that the key or its account was refused, and reports whether that
// opens the breaker. What is not the trial's changes nothing once it is open.
func (p *pass) refused(v verdict) bool {
	b := p.breaker
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.until.IsZero():
		if b.refusals == 0 {
			b.since = b.now()
		}
		b.refusals++
		b.last = v
		if b.refusals < enoughRefusals {
			return false
		}
		b.coolDown = firstCoolDown
	case p.isTrial():
		b.last = v
		b.coolDown = min(2*b.coolDown, longestCoolDown)
	default:
		return false
	}
	b.until = b.now().Add(b.coolDown)
	b.endTrial()
	return true
}

// leave ends the call. A trial that showed nothing is left to the next.
func (p *pass) leave() {
	p.breaker.mu.Lock()
	defer p.breaker.mu.Unlock()
	if p.isTrial() {
		p.breaker.endTrial()
	}
}

func (p *pass) isTrial() bool { return p.trial != nil && p.trial == p.breaker.trial }

func (b *breaker) endTrial() {
	if b.trial != nil {
		close(b.trial)
		b.trial = nil
	}
}
