package claudecode

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"github.com/liamzdenek/cody-batch/internal/agent/admission"
	"github.com/liamzdenek/cody-batch/internal/agent/apierror"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const (
	maxWaits     = 8        // of one call, for a rate limit
	maxErrorBody = 64 << 10 // bytes of an error that are read
)

// send makes a call with the real key when it is its turn, for as long as ctx says; it
// waits where the API asks for that. No other try is made for a request that nobody
// waits for any more. It gives the run's end where nothing can come of the call, nor of
// another one. n is the call's number for the thread. The caller leaves the turn of a
// good answer.
func (g *gateway) send(ctx context.Context, from *http.Request, r *request, body []byte, n int) (*response, *turn, *ending) {
	announced := time.Duration(0)
	for try := 1; ; try++ {
		t, err := g.turn(from.Context(), r.model, g.ledger.fresh(r.model, int64(len(body)))) // it ends no later than ctx
		if err != nil {
			res, end := g.turnedAway(ctx, err)
			return res, nil, end
		}
		if text := t.place.Notice(n, announced); text != "" && !g.keep(ctx, codybatch.ThreadEvent{Type: codybatch.EventNotice, Reason: text}) {
			t.leave(admission.Unknown, 0)
			return nil, nil, unkept()
		}
		res, v, end := g.try(ctx, from, r, body)
		if end == nil {
			end = g.hear(t, res, v)
		}
		switch {
		case end != nil:
			t.leave(admission.Unknown, 0)
			return nil, nil, end
		case res.status == http.StatusOK:
			return res, t, nil
		}
		wait := v.Backoff(try)
		t.failed(v, wait)
		switch {
		case !v.Limited: // the program tries again, or gives up
			g.note(&ending{outcome: v.Outcome, reason: v.Reason})
			return res, nil, nil
		case try > maxWaits:
			return nil, nil, &ending{outcome: codybatch.OutcomeAPIError, reason: fmt.Sprintf("the API did not take the call in %d tries; the last one: %s", try, v.Reason)}
		}
		if !g.keep(ctx, codybatch.ThreadEvent{
			Type: codybatch.EventRetry, N: n, RequestID: res.header.Get("Request-Id"),
			Reason: fmt.Sprintf("%s. Try %d of %d in %s.", v.Reason, try+1, maxWaits+1, wait.Round(10*time.Millisecond)),
		}) {
			return nil, nil, unkept()
		}
		announced = wait // the next turn comes no earlier
	}
}

// unkept ends a run whose thread can't be kept; the gateway has stopped it.
func unkept() *ending {
	return &ending{outcome: codybatch.OutcomeInfraError, reason: "the run's thread can't be kept"}
}

// try asks once. An answer with an error is read to its end and judged, the key is
// taken out of it; what can't be reached is such an answer, too.
func (g *gateway) try(ctx context.Context, from *http.Request, r *request, body []byte) (*response, apierror.Verdict, *ending) {
	silence := g.agent.idle
	if !r.stream {
		silence *= wholeAnswer
	}
	res, err := g.ask(ctx, from, body, silence)
	if err != nil {
		reason := apierror.Short(apierror.Redact(err.Error(), g.key))
		if ctx.Err() != nil || errors.Is(err, apierror.ErrRedirect) {
			return nil, apierror.Verdict{}, &ending{outcome: codybatch.OutcomeAPIError, reason: reason, isOver: ctx.Err() != nil}
		}
		return unreachable(reason), apierror.Verdict{Retry: true, Outcome: codybatch.OutcomeAPIError, Reason: reason}, nil
	}
	apierror.RedactHeader(res.header, g.key)
	if err := g.thread.answered(ctx, res.status, res.header); err != nil {
		_ = res.body.Close()
		if isRecordError(err) {
			g.stop(err)
		}
		return nil, apierror.Verdict{}, &ending{outcome: codybatch.OutcomeAPIError, reason: err.Error()}
	}
	if res.status == http.StatusOK {
		return res, apierror.Verdict{}, nil
	}
	data, _ := io.ReadAll(io.LimitReader(res.body, maxErrorBody)) // what could be read is judged
	_ = res.body.Close()
	redact := apierror.Redact
	if len(data) == maxErrorBody {
		redact = apierror.RedactCut
	}
	said := redact(string(data), g.key)
	res.body = io.NopCloser(strings.NewReader(said))
	return res, apierror.Judge(res.status, res.header, apierror.Read(said, g.key), apierror.KeyAdvice, g.agent.now()), nil
}
