package claude

import (
	"context"
	"fmt"
	"sync"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const (
	enoughRefusals  = 3 // in a row
	firstCoolDown   = time.Minute
	longestCoolDown = 15 * time.Minute
)

// breaker keeps a key that the API refuses, or whose account can't pay, from
// being tried by task after task. After enoughRefusals in a row it is open: runs
// are put off (codybatch.HeldError) without a call, and when there was nothing but
// refusals for the time of the pause, they fail without one. When it has cooled
// down, one call is made for trial, and those that come meanwhile wait for what
// becomes of it: an accepted call closes the breaker, a refused one opens it for
// twice as long. Its methods may be called at once; every run in the process that
// has the same key shares it.
type breaker struct {
	now   func() time.Time
	pause time.Duration

	mu       sync.Mutex
	refusals int // in a row
	since    time.Time
	last     verdict
	until    time.Time // zero: it is closed
	coolDown time.Duration
	trial    chan struct{} // closed at its end; nil: there is none
}

// newBreaker makes what a shelf takes: a closed breaker.
func newBreaker(pause time.Duration) func(now func() time.Time) *breaker {
	return func(now func() time.Time) *breaker { return &breaker{now: now, pause: pause} }
}

// pass is one call's permission to use the key.
type pass struct {
	breaker *breaker
	trial   chan struct{} // nil: it is a call like any other
}

// refuses gives the end of a run that would wait for nothing, or the
// codybatch.HeldError that puts it off, or neither.
func (b *breaker) refuses() (*ending, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.refusal()
}

// refusal is what a run gets while the breaker is open and hot.
func (b *breaker) refusal() (*ending, error) {
	now := b.now()
	if b.trial != nil || !b.until.After(now) {
		return nil, nil
	}
	if held := b.held(now); held != nil {
		return nil, held
	}
	since, again := b.since.UTC().Format(time.RFC3339), b.until.UTC().Format(time.RFC3339)
	return &ending{outcome: b.last.outcome, reason: fmt.Sprintf(
		"no call was made: the API has refused this key, or its account, since %s, the last time with %s. "+
			"%s, and the billing of its account, then retry the failed repositories. One call is tried again after %s",
		since, b.last.refused, b.last.advice, again)}, nil
}

// held is what puts a run off while the breaker is open, hot or not; nil: there is
// no pause, or it is over.
func (b *breaker) held(now time.Time) error {
	if b.until.IsZero() || now.Sub(b.since) >= b.pause {
		return nil
	}
	return &codybatch.HeldError{Until: b.until, Reason: fmt.Sprintf(
		"paused until %s: the API refuses the key or its account since %s, the last time with %s. %s, and the billing",
		b.until.UTC().Format(time.RFC3339), b.since.UTC().Format(time.RFC3339), b.last.refused, b.last.advice)}
}

// enter lets a call use the key, or gives what refuses gives. The caller calls
// leave when the call is over. The error may also be the context's cause.
func (b *breaker) enter(ctx context.Context) (*pass, *ending, error) {
	for {
		p, trial, end, err := b.ask()
		if p != nil || end != nil || err != nil {
			return p, end, err
		}
		select {
		case <-trial:
		case <-ctx.Done():
			return nil, nil, context.Cause(ctx)
		}
	}
}

// ask gives a pass, or a trial to wait for, or what refuses gives.
func (b *breaker) ask() (*pass, <-chan struct{}, *ending, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until.IsZero() {
		return &pass{breaker: b}, nil, nil, nil
	}
	if end, err := b.refusal(); end != nil || err != nil {
		return nil, nil, end, err
	}
	if b.trial != nil {
		return nil, b.trial, nil, nil
	}
	b.trial = make(chan struct{})
	return &pass{breaker: b, trial: b.trial}, nil, nil, nil
}

// accepted says that an answer has begun: the key is good, and the account pays.
func (p *pass) accepted() {
	b := p.breaker
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refusals, b.until, b.coolDown = 0, time.Time{}, 0
	b.endTrial()
}

// refused says that the key or its account was refused, and reports whether the
// call's run is put off for that, as all others are then: it was a trial, or it was
// under way when the breaker opened. The refusals that open it are told as what
// they are. What is not the trial's changes nothing once it is open.
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
		if b.refusals == enoughRefusals {
			b.open(firstCoolDown)
		}
		return false
	case p.isTrial():
		b.last = v
		b.open(min(2*b.coolDown, longestCoolDown))
	}
	return true
}

// held puts the call's run off after a refusal, also while another call is the
// trial, or one is due; nil: the run fails with what its call was told.
func (p *pass) held() error {
	p.breaker.mu.Lock()
	defer p.breaker.mu.Unlock()
	return p.breaker.held(p.breaker.now())
}

func (b *breaker) open(coolDown time.Duration) {
	b.coolDown, b.until = coolDown, b.now().Add(coolDown)
	b.endTrial()
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
