package admission

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

// Breaker keeps a key that the API refuses, or whose account can't pay, from
// being tried by task after task. After enoughRefusals in a row it is open: runs
// are put off (codybatch.HeldError) without a call, and when there was nothing but
// refusals for the time of the pause, they fail without one (RefusedError). When it
// has cooled down, one call is made for trial, and those that come meanwhile wait for
// what becomes of it: an accepted call closes the breaker, a refused one opens it for
// twice as long. Its methods may be called at once.
type Breaker struct {
	now   func() time.Time
	pause time.Duration

	mu       sync.Mutex
	refusals int // in a row
	since    time.Time
	last     Refusal
	until    time.Time // zero: it is closed
	coolDown time.Duration
	trial    chan struct{} // closed at its end; nil: there is none
}

func newBreaker(now func() time.Time, pause time.Duration) *Breaker {
	return &Breaker{now: now, pause: pause}
}

// Refusal is what the API said when it refused a key or its account, for people.
type Refusal struct {
	Outcome codybatch.Outcome
	Said    string // without the key
	Advice  string // where to look, a sentence without its end
}

// RefusedError ends a run that would wait for nothing: no call was made.
type RefusedError struct {
	Outcome codybatch.Outcome
	Reason  string
}

// Error is the reason.
func (e *RefusedError) Error() string { return e.Reason }

// Pass is one call's permission to use the key. Its methods may be called at once.
type Pass struct {
	breaker *Breaker
	trial   chan struct{} // nil: it is a call like any other
}

// Refuses gives the RefusedError that ends a run, or the codybatch.HeldError that puts
// it off; nil: a call may be tried.
func (b *Breaker) Refuses() error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.refusal()
}

// refusal is what a run gets while the breaker is open and hot.
func (b *Breaker) refusal() error {
	now := b.now()
	if b.trial != nil || !b.until.After(now) {
		return nil
	}
	if held := b.held(now); held != nil {
		return held
	}
	since, again := b.since.UTC().Format(time.RFC3339), b.until.UTC().Format(time.RFC3339)
	return &RefusedError{Outcome: b.last.Outcome, Reason: fmt.Sprintf(
		"no call was made: the API has refused this key, or its account, since %s, the last time with %s. "+
			"%s, and the billing of its account, then retry the failed repositories. One call is tried again after %s",
		since, b.last.Said, b.last.Advice, again)}
}

// held is what puts a run off while the breaker is open, hot or not; nil: there is
// no pause, or it is over.
func (b *Breaker) held(now time.Time) error {
	if b.until.IsZero() || now.Sub(b.since) >= b.pause {
		return nil
	}
	return &codybatch.HeldError{Until: b.until, Reason: fmt.Sprintf(
		"paused until %s: the API refuses the key or its account since %s, the last time with %s. %s, and the billing",
		b.until.UTC().Format(time.RFC3339), b.since.UTC().Format(time.RFC3339), b.last.Said, b.last.Advice)}
}

// Enter lets a call use the key, or gives what Refuses gives. The caller calls
// Leave when the call is over. The error may also be the context's cause.
func (b *Breaker) Enter(ctx context.Context) (*Pass, error) {
	for {
		p, trial, err := b.ask()
		if p != nil || err != nil {
			return p, err
		}
		select {
		case <-trial:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// ask gives a pass, or a trial to wait for, or what Refuses gives.
func (b *Breaker) ask() (*Pass, <-chan struct{}, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.until.IsZero() {
		return &Pass{breaker: b}, nil, nil
	}
	if err := b.refusal(); err != nil {
		return nil, nil, err
	}
	if b.trial != nil {
		return nil, b.trial, nil
	}
	b.trial = make(chan struct{})
	return &Pass{breaker: b, trial: b.trial}, nil, nil
}

// Accepted says that an answer has begun: the key is good, and the account pays.
func (p *Pass) Accepted() {
	b := p.breaker
	b.mu.Lock()
	defer b.mu.Unlock()
	b.refusals, b.until, b.coolDown = 0, time.Time{}, 0
	b.endTrial()
}

// Refused says that the key or its account was refused, and reports whether the
// call's run is put off for that, as all others are then: it was a trial, or it was
// under way when the breaker opened. The refusals that open it are told as what
// they are. What is not the trial's changes nothing once it is open.
func (p *Pass) Refused(r Refusal) bool {
	b := p.breaker
	b.mu.Lock()
	defer b.mu.Unlock()
	switch {
	case b.until.IsZero():
		if b.refusals == 0 {
			b.since = b.now()
		}
		b.refusals++
		b.last = r
		if b.refusals == enoughRefusals {
			b.open(firstCoolDown)
		}
		return false
	case p.isTrial():
		b.last = r
		b.open(min(2*b.coolDown, longestCoolDown))
	}
	return true
}

// Held puts the call's run off after a refusal, also while another call is the
// trial, or one is due; nil: the run fails with what its call was told.
func (p *Pass) Held() error {
	p.breaker.mu.Lock()
	defer p.breaker.mu.Unlock()
	return p.breaker.held(p.breaker.now())
}

func (b *Breaker) open(coolDown time.Duration) {
	b.coolDown, b.until = coolDown, b.now().Add(coolDown)
	b.endTrial()
}

// Leave ends the call. A trial that showed nothing is left to the next.
func (p *Pass) Leave() {
	p.breaker.mu.Lock()
	defer p.breaker.mu.Unlock()
	if p.isTrial() {
		p.breaker.endTrial()
	}
}

func (p *Pass) isTrial() bool { return p.trial != nil && p.trial == p.breaker.trial }

func (b *Breaker) endTrial() {
	if b.trial != nil {
		close(b.trial)
		b.trial = nil
	}
}
