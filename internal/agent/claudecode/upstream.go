package claudecode

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"sync/atomic"
	"time"

	"github.com/liamzdenek/cody-batch/internal/agent/apierror"
)

// wholeAnswer is how many times longer than between two pieces of a stream the API
// may be silent before an answer that comes in one piece: 10 minutes by default,
// which is the most that the API takes for one. One that is given up is paid for.
const wholeAnswer = 5

// response is the API's answer, before its body is read.
type response struct {
	status int
	header http.Header
	body   io.ReadCloser
	idle   *atomic.Bool

	context context.Context //nolint:containedctx // the call's: it ends when the body is closed, or the API falls silent
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
	for _, name := range []string{"Anthropic-Version", "User-Agent"} {
		if value := from.Header.Get(name); value != "" {
			req.Header.Set(name, value)
		}
	}
	if betas := passedBetas(from.Header); betas != "" {
		req.Header.Set("Anthropic-Beta", betas)
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
			err = apierror.ErrIdle
		}
		return nil, err
	}
	watchdog.Reset(g.agent.idle)
	return &response{status: res.StatusCode, header: res.Header, idle: idle, context: ctx, body: &watchedBody{
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
