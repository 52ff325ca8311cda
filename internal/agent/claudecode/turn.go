package claudecode

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"time"

	"github.com/liamzdenek/cody-batch/internal/agent/admission"
	"github.com/liamzdenek/cody-batch/internal/agent/apierror"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// mostAtOnce is how many requests of one run are worked on at once: more than the program
// makes, and few enough that what runs in a repository takes neither all places of the
// others nor, with bodies of maxRequestBytes, the memory.
const mostAtOnce = 10

// turn is one call's permission to be made. Its methods may be called at once.
type turn struct {
	place *admission.Place
	pass  *admission.Pass
	done  func()
	once  sync.Once
}

// turn waits until it is a call's turn among all of the process with the same key and
// model. The caller leaves it. The error is a RefusedError, a HeldError or the context's
// cause.
func (g *gateway) turn(ctx context.Context, model string, fresh int64) (*turn, error) {
	limiter, done := g.agent.options.Admission.Limiter(admission.Lane{Key: g.lane, Model: model})
	place, err := limiter.Enter(ctx, fresh)
	if err != nil {
		done()
		return nil, err
	}
	pass, err := g.breaker.Enter(ctx)
	if err != nil {
		place.Leave(admission.Unknown, 0)
		done()
		return nil, err
	}
	return &turn{place: place, pass: pass, done: done}, nil
}

// leave ends the turn, once, and holds back all calls for a while where the API asks
// for that.
func (t *turn) leave(end admission.CallEnd, pause time.Duration) {
	t.once.Do(func() {
		t.place.Leave(end, pause)
		t.pass.Leave()
		t.done()
	})
}

// failed ends the turn of a call that failed. The wait is how long others are held
// back too, if it is a limit that they meet.
func (t *turn) failed(v apierror.Verdict, wait time.Duration) {
	switch {
	case v.Limited:
		t.leave(admission.Crowded, wait)
	case v.Crowded:
		t.leave(admission.Crowded, 0)
	default:
		t.leave(admission.Unknown, 0)
	}
}

// turnedAway is what becomes of a call that got no turn.
func (g *gateway) turnedAway(ctx context.Context, err error) (*response, *ending) {
	var refused *admission.RefusedError
	switch {
	case errors.As(err, &refused):
		return nil, &ending{outcome: refused.Outcome, reason: refused.Reason}
	case errors.Is(err, codybatch.ErrNotNow):
		g.stop(err)
		return nil, &ending{outcome: codybatch.OutcomeAPIError, reason: err.Error()}
	case ctx.Err() == nil:
		return unreachable("nobody waits for the answer any more"), nil
	default:
		return nil, &ending{outcome: codybatch.OutcomeAPIError, reason: "the run ended while a call waited", isOver: true}
	}
}

// hear tells the others of the process what the API said, and gives the run's end if
// it refuses the key or its account.
func (g *gateway) hear(t *turn, res *response, v apierror.Verdict) *ending {
	t.place.Heed(res.status, res.header)
	switch {
	case res.status == http.StatusOK:
		t.pass.Accepted()
		return nil
	case v.Refused == "":
		return nil
	}
	return g.tellRefusal(t.pass, v)
}

// tellRefusal tells the others that the API refuses the key or its account, and gives the
// run's end.
func (g *gateway) tellRefusal(pass *admission.Pass, v apierror.Verdict) *ending {
	if g.isFirstRefusal() && pass.Refused(admission.Refusal{Outcome: v.Outcome, Said: v.Refused, Advice: apierror.KeyAdvice}) {
		g.agent.log.Error("API key held back: it was refused again and again", "repository", g.run.Key.Repository, "outcome", v.Outcome)
		if held := pass.Held(); held != nil {
			g.stop(held)
		}
	}
	return &ending{outcome: v.Outcome, reason: v.Reason}
}

// isFirstRefusal reports, once, that no call of the run was refused before. The others
// show nothing: they may be for a model that the key may not use.
func (g *gateway) isFirstRefusal() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	isFirst := !g.refused
	g.refused = true
	return isFirst
}
