package claudecode

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync/atomic"
	"time"

	"github.com/anthropics/anthropic-sdk-go/shared"

	"github.com/liamzdenek/cody-batch/internal/agent/apierror"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const (
	maxWaits     = 8               // of one call, for a rate limit
	firstWait    = time.Second     // doubled from wait to wait
	longestAsked = 2 * time.Minute // the most that a server's Retry-After gets
	maxErrorBody = 64 << 10        // bytes of an error that are read

	// wholeAnswer is how many times longer than between two pieces of a stream the API
	// may be silent before an answer that comes in one piece: 10 minutes by default,
	// which is the most that the API takes for one. One that is given up is paid for.
	wholeAnswer = 5
)

// Ways in which a call ends without an answer.
var (
	errIdle     = errors.New("the model fell silent")
	errRedirect = errors.New("the API's address answers with a redirect, which is not followed because the key would go with it; check ANTHROPIC_BASE_URL")
)

// response is the API's answer, before its body is read.
type response struct {
	status int
	header http.Header
	body   io.ReadCloser
	idle   *atomic.Bool
}

func (r *response) isIdle() bool { return r.idle != nil && r.idle.Load() }

// passHeader gives the program the header that it needs.
func (r *response) passHeader(w http.ResponseWriter) {
	for _, name := range []string{"Content-Type", "Request-Id", "Cache-Control"} {
		if value := r.header.Get(name); value != "" {
			w.Header().Set(name, value)
		}
	}
	w.WriteHeader(r.status)
}

func (r *response) passOn(w http.ResponseWriter) {
	r.passHeader(w)
	_, _ = io.Copy(w, io.LimitReader(r.body, maxErrorBody)) // whoever went away needs no answer
}

// send makes a call with the real key, for as long as ctx says; it makes no other try
// for a request that nobody waits for any more. It waits where the API asks for that, and
// gives the run's end where nothing can come of the call, nor of another one. n is
// the call's number for the thread; 0: it is not told of.
func (g *gateway) send(ctx context.Context, from *http.Request, r *request, body []byte, n int) (*response, *ending) {
	silence := g.agent.idle
	if !r.stream {
		silence *= wholeAnswer
	}
	for try := 1; ; try++ {
		res, err := g.ask(ctx, from, body, silence)
		if err != nil {
			end := ending{outcome: codybatch.OutcomeAPIError, reason: short(strings.ReplaceAll(err.Error(), g.key, redacted))}
			if ctx.Err() != nil || errors.Is(err, errRedirect) {
				return nil, &end
			}
			g.note(end)
			return unreachable(end.reason), nil
		}
		if err := g.thread.answered(ctx, res.status, res.header); err != nil {
			_ = res.body.Close()
			if isRecordError(err) {
				g.stop(err)
			}
			return nil, &ending{outcome: codybatch.OutcomeAPIError, reason: err.Error()}
		}
		if res.status == http.StatusOK {
			return res, nil
		}
		said, _ := io.ReadAll(io.LimitReader(res.body, maxErrorBody)) // what could be read is judged
		_ = res.body.Close()
		v := classify(res.status, said, g.key)
		res.body = io.NopCloser(strings.NewReader(strings.ReplaceAll(string(said), g.key, redacted)))
		switch {
		case v.isFinal:
			return nil, &v.ending
		case !v.isLimited:
			g.note(v.ending)
			return res, nil
		case try > maxWaits:
			return nil, &ending{outcome: codybatch.OutcomeAPIError, reason: fmt.Sprintf("the API did not take the call in %d tries; the last one: %s", try, v.ending.reason)}
		}
		wait := retryAfter(res.header, firstWait<<(try-1), g.agent.now())
		if n != 0 && !g.keep(ctx, codybatch.ThreadEvent{
			Type: codybatch.EventRetry, N: n, RequestID: res.header.Get("Request-Id"),
			Reason: fmt.Sprintf("%s. Try %d of %d in %s.", v.ending.reason, try+1, maxWaits+1, wait.Round(10*time.Millisecond)),
		}) {
			return nil, &ending{outcome: codybatch.OutcomeInfraError, reason: "the run's thread can't be kept"}
		}
		if !sleep(from.Context(), wait) { // ctx ends no later
			if ctx.Err() == nil {
				return unreachable("nobody waits for the answer any more"), nil
			}
			return nil, &ending{outcome: codybatch.OutcomeAPIError, reason: "the run ended while a call waited"}
		}
	}
}

// ask makes one try. The body of its answer ends when the API is silent for too
// long.
func (g *gateway) ask(parent context.Context, from *http.Request, body []byte, silence time.Duration) (*response, error) {
	ctx, cancel := context.WithCancel(parent)
	address := strings.TrimRight(g.agent.options.BaseURL, "/") + from.URL.Path
	if from.URL.Query().Get("beta") == "true" {
		address += "?beta=true"
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(body))
	if err != nil {
		cancel()
		return nil, err
	}
	for _, name := range []string{"Anthropic-Version", "Anthropic-Beta", "User-Agent"} {
		if value := from.Header.Get(name); value != "" {
			req.Header.Set(name, value)
		}
	}
	req.Header.Set("Content-Type", "application/json")
	req.Header.Set("X-Api-Key", g.key)
	idle := new(atomic.Bool)
	watchdog := time.AfterFunc(silence, func() { idle.Store(true); cancel() })
	res, err := g.agent.http.Do(req) //nolint:bodyclose // the caller of send closes it
	if err != nil {
		watchdog.Stop()
		cancel()
		var network *url.Error
		if errors.As(err, &network) {
			err = network.Err // without the address
		}
		if idle.Load() {
			err = errIdle
		}
		return nil, err
	}
	watchdog.Reset(g.agent.idle)
	return &response{status: res.StatusCode, header: res.Header, idle: idle, body: &watchedBody{
		ReadCloser: res.Body, alive: func() { watchdog.Reset(g.agent.idle) }, over: func() { watchdog.Stop(); cancel() },
	}}, nil
}

// watchedBody tells of every sign of life.
type watchedBody struct {
	io.ReadCloser
	alive, over func()
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.alive()
	}
	return n, err
}

func (b *watchedBody) Close() error {
	b.over()
	return b.ReadCloser.Close()
}

// unreachable is what the program gets when the API can't be reached: it tries again.
func unreachable(reason string) *response {
	body, _ := json.Marshal(map[string]any{"type": "error", "error": map[string]string{"type": "api_error", "message": reason}}) // strings always become JSON
	return &response{
		status: http.StatusBadGateway, header: http.Header{"Content-Type": {"application/json"}}, body: io.NopCloser(bytes.NewReader(body)),
	}
}

// redacted stands where a key was.
const redacted = "[redacted]"

// verdict is what an error of the API means.
type verdict struct {
	ending    ending
	isFinal   bool // no other call will fare better
	isLimited bool // a rate limit: the same call may fare better later
}

// classify judges an error by its status and body.
func classify(status int, body []byte, key string) verdict {
	parsed := apierror.Read(string(body))
	said := fmt.Sprintf("%d %s", status, parsed.Error.Type)
	if parsed.Error.Message != "" {
		said += ": " + short(strings.ReplaceAll(parsed.Error.Message, key, redacted))
	}
	v := verdict{ending: ending{outcome: codybatch.OutcomeAPIError, reason: said}}
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		v.isFinal, v.ending.outcome = true, codybatch.OutcomeAuthError
		v.ending.reason = fmt.Sprintf("the API refuses the key: %s. Check CLAUDE_API_KEY (or ANTHROPIC_API_KEY), that the key may use this model, and ANTHROPIC_BASE_URL; then retry", said)
	case status == http.StatusPaymentRequired, parsed.Error.Type == string(shared.ErrorTypeBillingError):
		v.isFinal = true
		v.ending.reason = fmt.Sprintf("the account can't pay: %s. Add credit or mend the billing of the account, then retry", said)
	case parsed.Error.Details.ErrorCode == "enforced_spend_limit_reached":
		v.isFinal = true
		v.ending.reason = fmt.Sprintf("the account's own spend limit is reached: %s. Raise it or wait for the next period, then retry", said)
	case status == http.StatusTooManyRequests:
		v.isLimited = true
	case status == http.StatusBadRequest && strings.Contains(parsed.Error.Message, "prompt is too long"), status == http.StatusRequestEntityTooLarge:
		v.ending.outcome = codybatch.OutcomeBlocked
		v.ending.reason = "the conversation no longer fits into the model's context; what was done is kept. Ask for less in one job, or take a model with a larger context"
	}
	return v
}

// retryAfter reads how long a server wants to be left alone, in seconds or as a date;
// otherwise where it does not say.
func retryAfter(header http.Header, otherwise time.Duration, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds > 0 {
		return time.Duration(min(seconds, longestAsked.Seconds()) * float64(time.Second))
	}
	if date, err := http.ParseTime(value); err == nil {
		return min(max(0, date.Sub(now)), longestAsked)
	}
	return min(otherwise, longestAsked)
}

// sleep waits, and reports whether the time passed before ctx ended.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
