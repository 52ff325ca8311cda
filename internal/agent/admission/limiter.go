package admission

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/liamzdenek/cody-batch/internal/agent/apierror"
)

const (
	firstWindow  = 4   // calls at once, before anything is known
	widestWindow = 256 // more than a worker starts tasks
	longestHold  = apierror.LongestAsked
	// BytesPerFreshToken is about what English and code have. A call is held back
	// for its tokens only when they surely do not fit, so it is no upper bound.
	BytesPerFreshToken = 4
)

// Limiter says how many calls of one model with one key run at once, and when.
// Its methods may be called at once.
//
// The window starts at firstWindow. Only a success that used the whole window
// widens it: by one each until the first refusal, so that a generous limit is
// found in a few rounds, and by one for as many successes as the window is wide
// after it. A refusal (429, 529) halves it, down to 1; the refusals of calls that
// began before the last halving are of the same round and change nothing.
//
// A 429 also holds back all calls for as long as the API asks. An answer that
// says that the next call can't pass holds back the calls until the reset that it
// names. Calls wait in line: the first to come is the first to go.
type Limiter struct {
	now  func() time.Time
	most int // the window's upper bound

	mu      sync.Mutex
	window  int
	full    int  // successes that used the whole window, since it changed
	refused bool // at least once
	round   int  // how often the window was halved
	running int
	line    []*waiter

	held       hold // what a 429 asks for
	allowances [len(allowanceNames)]allowance
	// unanswered counts the calls of which no header has come, so that what the
	// API says is left may not count them; freshTokens is what they send.
	unanswered  int
	freshTokens int64

	blocked hold        // the last that kept the line waiting
	alarm   *time.Timer // goes off when it ends; set only while somebody waits
}

func newLimiter(now func() time.Time) *Limiter {
	return &Limiter{now: now, most: widestWindow, window: firstWindow}
}

// Standing is what a limiter stands at.
type Standing struct {
	Window  int // how many calls may run at once
	Running int
	Waiting int
}

// Standing tells how many calls may run, do, and wait.
func (l *Limiter) Standing() Standing {
	l.mu.Lock()
	defer l.mu.Unlock()
	return Standing{Window: l.window, Running: l.running, Waiting: len(l.line)}
}

// hold is a time before which no call begins.
type hold struct {
	until time.Time
	why   string
}

// allowance is what the API says is left of one of its limits. The zero allowance
// knows nothing.
type allowance struct {
	remaining int64
	until     time.Time // the limit is whole again
}

// The limits that the API's answers tell of: for each, the header
// anthropic-ratelimit-<name>-remaining, a number, and
// anthropic-ratelimit-<name>-reset, an RFC 3339 time
// (https://platform.claude.com/docs/en/api/rate-limits).
const (
	allowedRequests = iota
	allowedInput
	allowedOutput
)

var allowanceNames = [...]string{allowedRequests: "requests", allowedInput: "input-tokens", allowedOutput: "output-tokens"}

// waiter is a call that stands in line.
type waiter struct {
	since time.Time
	fresh int64
	ready chan struct{} // closed when place is set
	place *Place
}

// Place is one call's permission. Its methods may be called at once.
type Place struct {
	Waited   time.Duration
	Why      string // it waited, without a full stop
	limiter  *Limiter
	round    int
	fresh    int64
	answered bool
	left     bool
}

// noticeableWait is how long a call may wait without a word in the thread.
const noticeableWait = 2 * time.Second

// Notice tells people that call n of a run waited, and why, but for the time that a
// retry has announced; empty: there is nothing to tell.
func (p *Place) Notice(n int, announced time.Duration) string {
	if p.Waited-announced <= noticeableWait {
		return ""
	}
	return fmt.Sprintf("Call %d waited %s: %s.", n, p.Waited.Round(100*time.Millisecond), p.Why)
}

// Enter waits until a call may begin that sends about so many tokens which are in
// no cache. The caller leaves the place when the call is over. The error is the
// context's cause; then there is no place to leave.
func (l *Limiter) Enter(ctx context.Context, fresh int64) (*Place, error) {
	if ctx.Err() != nil {
		return nil, context.Cause(ctx)
	}
	w := &waiter{since: l.now(), fresh: fresh, ready: make(chan struct{})}
	l.mu.Lock()
	l.line = append(l.line, w)
	l.admit()
	l.mu.Unlock()
	select {
	case <-w.ready:
		return w.place, nil
	case <-ctx.Done():
	}
	l.mu.Lock()
	isIn := w.place != nil // in the same moment
	if !isIn {
		l.line = slices.DeleteFunc(l.line, func(other *waiter) bool { return other == w })
		l.admit()
	}
	l.mu.Unlock()
	if isIn {
		w.place.Leave(Unknown, 0)
	}
	return nil, context.Cause(ctx)
}

// admit lets in who may go, and sets the alarm if time alone will let in the next.
func (l *Limiter) admit() {
	if l.alarm != nil {
		l.alarm.Stop()
		l.alarm = nil
	}
	for len(l.line) > 0 && l.running < l.window {
		w, now := l.line[0], l.now()
		if held := l.holds(w.fresh); held.until.After(now) {
			l.blocked = held
			l.alarm = time.AfterFunc(held.until.Sub(now), l.wake)
			return
		}
		if l.blocked.until.After(now) {
			l.blocked.until = now // it was lifted early
		}
		l.line = slices.Delete(l.line, 0, 1)
		l.running++
		l.unanswered++
		l.freshTokens += w.fresh
		w.place = &Place{limiter: l, Waited: now.Sub(w.since), Why: l.reason(w.since), round: l.round, fresh: w.fresh}
		close(w.ready)
	}
}

func (l *Limiter) wake() {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.admit()
}

// holds returns the hold that ends last of those that keep a call back.
func (l *Limiter) holds(fresh int64) hold {
	last := l.held
	for i, a := range l.allowances {
		left, need := a.remaining, int64(1)
		switch i {
		case allowedRequests:
			left -= int64(l.unanswered)
		case allowedInput:
			left, need = left-l.freshTokens, max(1, fresh)
		}
		if left < need && a.until.After(last.until) {
			last = hold{until: a.until, why: fmt.Sprintf("the API's limit of %s was used up until its reset", allowanceNames[i])}
		}
	}
	return last
}

// reason says why a call waited that came at a time.
func (l *Limiter) reason(since time.Time) string {
	if l.blocked.until.After(since) {
		return l.blocked.why
	}
	return fmt.Sprintf("at most %d calls with this key and model were made at once", l.window)
}

// Heed reads what an answer's header says is left. A 429 that says how long to
// wait is taken at that word: the time until its limits are whole again is longer.
func (p *Place) Heed(status int, header http.Header) {
	l := p.limiter
	l.mu.Lock()
	defer l.mu.Unlock()
	p.countAnswered()
	now := l.now()
	isTold := status == http.StatusTooManyRequests && apierror.RetryAfter(header, now) > 0
	for i, name := range allowanceNames {
		if isTold {
			l.allowances[i] = allowance{}
		} else if a, ok := readAllowance(header, name, now); ok {
			l.allowances[i] = a
		}
	}
	if !isTold { // else once the call leaves, with the time that it was told
		l.admit()
	}
}

// countAnswered takes the call out of those that the API may not know yet.
func (p *Place) countAnswered() {
	if !p.answered {
		p.answered = true
		p.limiter.unanswered--
		p.limiter.freshTokens -= p.fresh
	}
}

// readAllowance reads one limit. Where the answer has a date, the time until the
// reset is taken by the API's own clock.
func readAllowance(header http.Header, name string, now time.Time) (allowance, bool) {
	const prefix = "Anthropic-Ratelimit-"
	remaining, err := strconv.ParseInt(header.Get(prefix+name+"-Remaining"), 10, 64)
	if err != nil {
		return allowance{}, false
	}
	reset, err := time.Parse(time.RFC3339, header.Get(prefix+name+"-Reset"))
	if err != nil {
		return allowance{}, false
	}
	there, err := http.ParseTime(header.Get("Date"))
	if err != nil {
		there = now
	}
	return allowance{remaining: remaining, until: now.Add(min(reset.Sub(there), longestHold))}, true
}

// CallEnd is what a call's end says about the limit.
type CallEnd int

const (
	Unknown CallEnd = iota // nothing
	Success
	Crowded // there were too many at once: a 429, or an overloaded API
)

// Leave gives the place back, once, and holds back every call for a while if the
// API asks for it.
func (p *Place) Leave(end CallEnd, pause time.Duration) {
	l := p.limiter
	l.mu.Lock()
	defer l.mu.Unlock()
	if p.left {
		return
	}
	p.left = true
	p.countAnswered()
	isWhole := l.running >= l.window
	l.running--
	if p.round == l.round {
		switch {
		case end == Crowded:
			l.window, l.full, l.refused = max(1, l.window/2), 0, true
			l.round++
		case end == Success && isWhole:
			l.grow()
		}
	}
	if pause > 0 {
		l.hold(pause)
	}
	l.admit()
}

func (l *Limiter) grow() {
	l.full++
	if !l.refused || l.full >= l.window {
		l.window, l.full = min(l.window+1, l.most), 0
	}
}

func (l *Limiter) hold(pause time.Duration) {
	if until := l.now().Add(min(pause, longestHold)); until.After(l.held.until) {
		l.held = hold{until: until, why: "the API answered 429, and every task with this key and model waited as long as it asked"}
	}
}
