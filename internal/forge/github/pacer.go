package github

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"sync"
	"time"
)

const (
	attemptTimeout = time.Minute      // for one try of one request, its answer's body included
	maxAnswer      = 64 << 20         // bytes of an answer's body
	maxRefusal     = 16 * time.Minute // what a growing wait grows to
	minRefusal     = time.Minute      // GitHub asks for that much when it names no time
	maxPause       = time.Minute      // between tries while GitHub is unwell
	unreachable    = 5                // tries before a host that can't be reached is given up
)

// pacer is the one door to a GitHub for all goroutines of a Forge.
//
// Requests that create content go one at a time and at GitHub's documented rate,
// not below it; no other request ever waits for them. A limit that an answer
// speaks of closes a gate, for creations only where the answer says so, and
// everybody waits before it. What GitHub refused because of a limit was not done,
// so it is sent again whatever it is. After a bad gateway or a broken connection
// only requests that may be repeated are. All waits end with the context, and by
// nothing else; only a host that can't be reached at all is given up.
type pacer struct {
	next   http.RoundTripper
	now    func() time.Time
	sleep  func(ctx context.Context, d time.Duration) error
	log    *slog.Logger
	onWait func(reason string, until time.Time)
	turn   chan struct{} // whose it is may create

	mu        sync.Mutex
	gates     map[string]gate // by the gate constants of limit.go
	told      time.Time       // the last end of a gate's wait that was announced
	creations window
	limited   bool // GitHub's limits are in force here
}

// gate holds requests back until a time.
type gate struct {
	until   time.Time
	reason  string
	strikes int // times in a row that it was closed without a time from GitHub
}

func newPacer(next http.RoundTripper, o Options, isLimited bool) *pacer {
	return &pacer{
		next: next, now: o.Now, sleep: o.Sleep, log: o.Log, onWait: o.OnWait,
		turn:      make(chan struct{}, 1),
		gates:     map[string]gate{},
		creations: window{quotas: creationQuotas()},
		limited:   isLimited,
	}
}

// RoundTrip sends the request when its time has come, and again until GitHub
// has dealt with it. The answer's body is in memory already.
func (p *pacer) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.Body != nil {
		defer req.Body.Close() // every try sends a copy
	}
	try := 1
	for {
		resp, body, err := p.attempt(req)
		switch {
		case req.Context().Err() != nil:
			return nil, errors.Join(err, context.Cause(req.Context()))
		case err == nil && p.refused(req, resp, body):
			continue // enter waits for as long as the limit wants
		case err == nil && !unwell(resp):
			return resp, nil
		case !repeatable(req) || err != nil && !worthAnotherTry(err, try):
			return resp, err
		}
		reason := "GitHub can't be reached"
		if err == nil {
			reason = "GitHub answers " + resp.Status
		}
		if err := p.pause(req.Context(), try, reason, retryAfter(resp, p.now())); err != nil {
			return nil, err
		}
		try++
	}
}

// attempt waits until the request may go, sends it once and reads the answer.
func (p *pacer) attempt(req *http.Request) (*http.Response, []byte, error) {
	leave, err := p.enter(req)
	if err != nil {
		return nil, nil, err
	}
	defer leave()
	ctx, cancel := context.WithTimeout(req.Context(), attemptTimeout)
	defer cancel()
	again := req.Clone(ctx)
	if req.GetBody != nil {
		if again.Body, err = req.GetBody(); err != nil {
			return nil, nil, fmt.Errorf("copy the request: %w", err)
		}
	}
	resp, err := p.next.RoundTrip(again)
	if err != nil {
		return nil, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(io.LimitReader(resp.Body, maxAnswer+1))
	if err != nil {
		return nil, nil, fmt.Errorf("read the answer: %w", err)
	}
	if len(body) > maxAnswer {
		return nil, nil, errTooLarge
	}
	resp.Body, resp.Request = io.NopCloser(bytes.NewReader(body)), req
	return resp, body, nil
}

// enter returns when the request may be sent. The caller calls leave after the
// answer.
func (p *pacer) enter(req *http.Request) (func(), error) {
	ctx, leave := req.Context(), func() {}
	if isCreation(req) {
		select {
		case p.turn <- struct{}{}:
			leave = func() { <-p.turn }
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	for {
		now := p.now()
		until := p.opens(req, now)
		if !until.After(now) {
			return leave, nil
		}
		if err := p.sleep(ctx, until.Sub(now)); err != nil {
			leave()
			return nil, err
		}
	}
}

// opens tells when the request may go, and counts it if that is now.
func (p *pacer) opens(req *http.Request, now time.Time) time.Time {
	p.mu.Lock()
	defer p.mu.Unlock()
	until := p.shut(now, gateAll, gateOf(req)).until
	if !isCreation(req) {
		return until
	}
	until = later(until, p.shut(now, gateCreation).until)
	if at := p.creations.next(); p.limited && at.After(until) {
		until = at
		if at.Sub(now) > 2*time.Second { // a second's pause is no news
			p.tell("keeping to GitHub's limit on creating content", at)
		}
	}
	if !until.After(now) {
		p.creations.add(now)
	}
	return until
}

// shut returns the gate that is closed for longest, and announces it once. The
// zero gate is open.
func (p *pacer) shut(now time.Time, names ...string) gate {
	var last gate
	for _, name := range names {
		if g := p.gates[name]; g.until.After(now) && g.until.After(last.until) {
			last = g
		}
	}
	if last.until.After(p.told) {
		p.told = last.until
		p.tell(last.reason, last.until)
	}
	return last
}

// refused looks whether a limit speaks from the answer, and closes its gate. It
// reports true if the request was refused for it.
func (p *pacer) refused(req *http.Request, resp *http.Response, body []byte) bool {
	now := p.now()
	v := readVerdict(req, resp, body, now)
	p.mu.Lock()
	defer p.mu.Unlock()
	p.limited = p.limited || resp.Header.Get(headerLimit) != ""
	if !v.refused {
		p.forgive(now, gateAll)
		if isCreation(req) {
			p.forgive(now, gateCreation)
		}
	}
	if v.gate == "" {
		return v.refused
	}
	g := p.gates[v.gate]
	until := v.until
	switch {
	case !until.IsZero():
	case g.until.After(now): // a straggler, sent before the gate was closed
		until = g.until
	default:
		until = now.Add(min(minRefusal<<min(g.strikes, 10), maxRefusal))
		g.strikes++
	}
	if until.After(g.until) {
		g.until, g.reason = until, v.reason
	}
	p.gates[v.gate] = g
	return v.refused
}

// forgive forgets strikes after a request that got through an open gate.
func (p *pacer) forgive(now time.Time, name string) {
	if g := p.gates[name]; !g.until.After(now) {
		g.strikes = 0
		p.gates[name] = g
	}
}

// waiting returns the reason and the end of the longest wait that there is now,
// for the errors of those whose time ran out in it.
func (p *pacer) waiting() (string, time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	var last gate
	for _, g := range p.gates {
		if g.until.After(last.until) {
			last = g
		}
	}
	if !last.until.After(p.now()) {
		return "", time.Time{}
	}
	return last.reason, last.until
}

// pause waits before another try, longer from try to try, and not the same time
// for everybody.
func (p *pacer) pause(ctx context.Context, try int, reason string, atLeast time.Duration) error {
	wait := min(time.Second<<min(try-1, 10), maxPause)
	wait = wait/2 + rand.N(wait/2)
	wait = max(wait, atLeast)
	until := p.now().Add(wait)
	p.tell(reason, until)
	if err := p.sleep(ctx, wait); err != nil {
		return fmt.Errorf("%s: %w", reason, err)
	}
	return nil
}

// tell makes a wait visible.
func (p *pacer) tell(reason string, until time.Time) {
	p.log.Info("waiting for GitHub", slog.String("reason", reason), slog.Time("until", until.UTC()))
	p.onWait(reason, until)
}

// sleep is the machine's clock.
func sleep(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
