package claudecode

import (
	"bytes"
	"context"
	"crypto/subtle"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"strings"
	"sync"
	"time"

	"github.com/liamzdenek/cody-batch/internal/agent/admission"
	"github.com/liamzdenek/cody-batch/internal/agent/apierror"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// maxRequestBytes is the API's own limit of a request
// (https://platform.claude.com/docs/en/api/errors).
const maxRequestBytes = 32 << 20

// gateway is a server on this machine for one run: the API as the program sees it. It
// holds the key, which the program never has, and the run's money. Whoever knows the
// run's token may ask it, the program's children too; they are no better off for it,
// since every call is counted.
type gateway struct {
	agent  *Agent
	key    string
	lane   admission.KeyDigest
	token  string
	ledger *ledger
	thread *thread
	run    codybatch.AgentRun
	prompt string // for the thread, with the first call

	// before is how many answers the conversation had when the run began.
	before int
	keeper *keeper
	// mustCarry tells the answer that the first call has to go on from.
	mustCarry []string
	// heard is told of every answer before the program gets its end.
	heard func(content json.RawMessage)
	// await returns when what the tools of these ids said is in the thread.
	await func(ctx context.Context, ids []string)
	// stop ends the run.
	stop context.CancelCauseFunc

	breaker *admission.Breaker
	slots   chan struct{} // of the requests that are worked on at once

	server *http.Server
	served chan error
	life   context.Context //nolint:containedctx // the run's, or shorter: a call outlives the request that asked for it
	cancel context.CancelFunc
	ended  sync.Once

	mu      sync.Mutex
	calls   int
	answers int // that came whole in this run
	closed  bool
	refused bool    // with its key or account
	verdict *ending // why no call is let through any more
	failure *ending // what the last call said, if it failed
	working sync.WaitGroup
}

// open starts to serve on a free port of 127.0.0.1, and gives its address. The caller
// closes it.
func (g *gateway) open(ctx context.Context) (string, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", fmt.Errorf("open the gateway of Claude Code: %w", err)
	}
	g.life, g.cancel = context.WithCancel(ctx)
	g.served = make(chan error, 1)
	g.server = &http.Server{
		Handler: g, ReadHeaderTimeout: 10 * time.Second, BaseContext: func(net.Listener) context.Context { return g.life },
		ErrorLog: slog.NewLogLogger(g.agent.log.Handler(), slog.LevelDebug),
	}
	go func() { g.served <- g.server.Serve(listener) }()
	return "http://" + listener.Addr().String(), nil
}

// close ends every call that is under way, books it, and returns when nothing of the
// gateway is left. It may be called again.
func (g *gateway) close() {
	g.ended.Do(func() {
		g.mu.Lock()
		g.closed = true
		g.mu.Unlock()
		g.cancel()
		_ = g.server.Close() // with the connections: nobody is waited for who sends a body and does not end it
		g.working.Wait()
		if err := <-g.served; !errors.Is(err, http.ErrServerClosed) {
			g.agent.log.Warn("the gateway of Claude Code ended by itself", "error", err)
		}
	})
}

// ServeHTTP answers one request of the program, or of whoever has its token.
func (g *gateway) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	if !g.begin() {
		refuse(w, http.StatusForbidden, "permission_error", "the run is over")
		return
	}
	defer g.working.Done()
	isCall, isCount := req.URL.Path == "/v1/messages", req.URL.Path == "/v1/messages/count_tokens"
	switch {
	case !g.knows(req.Header):
		refuse(w, http.StatusForbidden, "permission_error", "this gateway is another run's")
		return
	case req.Method != http.MethodPost || !isCall && !isCount:
		refuse(w, http.StatusNotFound, "not_found_error", "the gateway passes on POST /v1/messages and nothing else")
		return
	}
	select {
	case g.slots <- struct{}{}:
		defer func() { <-g.slots }()
	case <-req.Context().Done(): // the run is over
		return
	}
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxRequestBytes))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			refuse(w, http.StatusRequestEntityTooLarge, "invalid_request_error", "the request is larger than the API takes")
		}
		return // otherwise nobody is there to read an answer
	}
	parsed, err := parseRequest(body)
	if err != nil {
		refuse(w, http.StatusBadRequest, "invalid_request_error", apierror.Short(err.Error()))
		return
	}
	if isCount {
		g.count(w, req, parsed)
		return
	}
	g.call(w, req, parsed)
}

// begin counts a request in, unless the run is over.
func (g *gateway) begin() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.closed {
		g.working.Add(1)
	}
	return !g.closed
}

func (g *gateway) knows(header http.Header) bool {
	given := header.Get("X-Api-Key")
	if given == "" {
		given = strings.TrimPrefix(header.Get("Authorization"), "Bearer ")
	}
	return subtle.ConstantTimeCompare([]byte(given), []byte(g.token)) == 1
}

// admit sets money aside for a call, or says why it is not made. It waits while other
// calls hold money that may come back.
func (g *gateway) admit(ctx context.Context, r *request) (reservation, int, *ending) {
	size := int64(len(r.body(0)))
	for {
		money, n, freed, end := g.tryAdmit(r, size)
		if freed == nil {
			return money, n, end
		}
		select {
		case <-freed:
		case <-ctx.Done():
			return reservation{}, 0, &ending{outcome: codybatch.OutcomeAPIError, reason: "nobody waits for the answer any more"}
		}
	}
}

func (g *gateway) tryAdmit(r *request, size int64) (reservation, int, <-chan struct{}, *ending) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.verdict != nil {
		return reservation{}, 0, nil, g.verdict
	}
	if g.ledger.limit != nil && !g.ledger.prices.Has(r.model) {
		g.verdict = &ending{outcome: codybatch.OutcomeAPIError, reason: fmt.Sprintf(
			"Claude Code asked for model %q, whose price is not known, so that the limit of %s could not be kept; the call was not made", apierror.Short(r.model), g.ledger.limit)}
		return reservation{}, 0, nil, g.verdict
	}
	money, freed, ok := g.ledger.reserve(r.model, size, r.maxTokens, r.thinking+1) // the API refuses an answer without room for its thinking
	switch {
	case freed != nil:
		return reservation{}, 0, freed, nil
	case !ok:
		g.verdict = &ending{outcome: codybatch.OutcomeBudgetExhausted, reason: fmt.Sprintf(
			"what is left of %s does not pay for another call; %s are spent", g.ledger.limit, g.ledger.total().Cost)}
		return reservation{}, 0, nil, g.verdict
	}
	g.calls++
	return money, g.calls, nil, nil
}

// call makes one call of the model.
func (g *gateway) call(w http.ResponseWriter, req *http.Request, r *request) {
	if g.goesAstray(r) {
		g.stop(fmt.Errorf("%w: Claude Code does not go on from the last answer", codybatch.ErrNotResumable))
		refuse(w, http.StatusForbidden, "permission_error", "the run goes on with another conversation")
		return
	}
	money, n, end := g.admit(req.Context(), r)
	if end != nil {
		refuse(w, http.StatusPaymentRequired, "billing_error", end.reason)
		return
	}
	usage, complete := codybatch.Usage{}, false
	settled := false
	settle := func() {
		if !settled {
			g.ledger.settle(money, usage, complete)
			settled = true
		}
	}
	defer settle()
	ctx := g.life // whoever hangs up is not spared what the answer costs
	g.await(ctx, r.results())
	event, prompt := g.requestEvent(n, money.maxTokens)
	if !g.keep(ctx, event) {
		refuse(w, http.StatusForbidden, "permission_error", "the run's thread can't be kept")
		return
	}
	kept := sync.OnceFunc(g.keeper.begin(ctx, g.answered(), r.results(), prompt))
	defer kept()
	started := g.agent.now()
	elapsed := func() time.Duration { return g.agent.now().Sub(started) }
	res, turn, end := g.send(ctx, req, r, r.body(money.maxTokens), n)
	if end != nil {
		g.fail(w, *end)
		return
	}
	defer func() { _ = res.body.Close() }() // what there was to read was read
	if res.status != http.StatusOK {
		res.passOn(w)
		return
	}
	kept()
	defer turn.leave(admission.Unknown, 0)
	context.AfterFunc(res.context, func() { turn.leave(admission.Unknown, 0) }) // also when the program does not read
	var a answer
	whole := func() error {
		usage, complete = g.agent.prices.Usage(r.model, a.usage()), true
		settle()
		g.mu.Lock()
		g.answers++
		g.mu.Unlock()
		turn.leave(admission.Success, 0)
		g.note(nil)
		if !g.keep(ctx, codybatch.ThreadEvent{
			Type: codybatch.EventAssistant, MessageID: a.message.ID, RequestID: res.header.Get("Request-Id"), Model: a.message.Model,
			StopReason: string(a.message.StopReason), Content: a.content(), Usage: &usage, CostUSD: codybatch.CostUSD(usage),
			DurationMs: elapsed().Milliseconds(), TTFTMs: a.ttft.Milliseconds(),
		}) {
			return errTruncated
		}
		g.heard(a.content()) // after it: results that wait for it are told at once
		return nil
	}
	err := g.copyAnswer(w, r, res, turn, &a, elapsed, whole)
	if complete {
		return
	}
	usage = g.agent.prices.Usage(r.model, a.usage())
	settle()
	if usage != (codybatch.Usage{}) {
		g.keep(ctx, codybatch.ThreadEvent{
			Type: codybatch.EventNotice, Reason: "An answer was broken off. What came of it is paid for, and thrown away.",
			RequestID: res.header.Get("Request-Id"), Usage: &usage, CostUSD: codybatch.CostUSD(usage),
		})
	}
	if err != nil {
		if req.Context().Err() == nil { // else it is who asked that is gone, or the run
			g.note(&ending{outcome: codybatch.OutcomeAPIError, reason: apierror.Short(err.Error())})
		}
		panic(http.ErrAbortHandler) // the program sees a broken connection, and tries again
	}
}

// copyAnswer passes on a good answer. An answer that breaks off is an error.
func (g *gateway) copyAnswer(w http.ResponseWriter, r *request, res *response, t *turn, a *answer, elapsed func() time.Duration, whole func() error) error {
	if !r.stream {
		body, err := io.ReadAll(io.LimitReader(res.body, maxAnswerBytes))
		if err == nil {
			err = a.readWhole(body)
		}
		if err == nil && a.isWhole {
			err = whole()
		}
		if err != nil {
			return err
		}
		res.passHeader(w)
		_, err = w.Write(body)
		return err
	}
	res.passHeader(w)
	flush := func() { _ = http.NewResponseController(w).Flush() } // the next write tells
	err := a.copyStream(&io.LimitedReader{R: res.body, N: r.maxTokens*mostBytesPerToken + 1<<20}, w, flush, elapsed, whole)
	if a.failure != "" { // it was passed on, and is the program's to judge
		v := apierror.Judge(http.StatusOK, res.header, apierror.Read(a.failure, g.key), apierror.KeyAdvice, g.agent.now())
		t.failed(v, v.Backoff(1))
		end := ending{outcome: v.Outcome, reason: v.Reason}
		if v.Refused != "" { // so would the next call be
			g.conclude(end)
		}
		g.note(&end)
		return nil
	}
	if res.isIdle() {
		return apierror.ErrIdle
	}
	return err
}

// requestEvent tells that a call is made; the first one with what the run asks.
func (g *gateway) requestEvent(n int, maxTokens int64) (codybatch.ThreadEvent, string) {
	event := codybatch.ThreadEvent{Type: codybatch.EventRequest, N: n, MaxTokens: maxTokens}
	g.mu.Lock()
	defer g.mu.Unlock()
	prompt := g.prompt
	if prompt != "" {
		event.Content, _ = json.Marshal([]map[string]string{{"type": "text", "text": prompt}}) // strings always become JSON
		g.prompt = ""
	}
	return event, prompt
}

// keep records an event. A thread that can't be kept ends the run.
func (g *gateway) keep(ctx context.Context, event codybatch.ThreadEvent) bool {
	err := g.thread.add(ctx, event)
	if err != nil {
		g.stop(err)
	}
	return err == nil
}

// note remembers what went wrong with a call, for a program that ends with it; nil: it
// went well.
func (g *gateway) note(failure *ending) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.failure = failure
}

// conclude lets no call through any more.
func (g *gateway) conclude(end ending) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.verdict == nil {
		g.verdict = &end
	}
}

// verdicts are why no call was let through any more, and what the last call said, if it
// failed; nil: neither.
func (g *gateway) verdicts() (*ending, *ending) {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.verdict, g.failure
}

// made is how many calls were made in the conversation.
func (g *gateway) made() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.calls
}

// fail answers a call that nothing comes of, in a way that the program does not try
// again: it would for minutes after 401 and 429.
func (g *gateway) fail(w http.ResponseWriter, end ending) {
	if !end.isOver {
		g.conclude(end)
	}
	refuse(w, http.StatusForbidden, "permission_error", end.reason)
}

// refuse answers with an error as the API has them.
func refuse(w http.ResponseWriter, status int, kind, message string) {
	body, _ := json.Marshal(map[string]any{"type": "error", "error": map[string]string{"type": kind, "message": message}}) // strings always become JSON
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_, _ = io.Copy(w, bytes.NewReader(body)) // whoever went away needs no answer
}
