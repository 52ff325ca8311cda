// Package rehearsal is a scripted Messages API server. It drives the real agent
// loop in tests and in the demo, and checks both sides of the conversation
// against the API's published description and against the rules that no schema
// can say. Every answer says what it is: the header X-Cody-Batch-Rehearsal, and
// ids that begin with msg_rehearsal_ and req_rehearsal_.
package rehearsal

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/liamzdenek/cody-batch/internal/apispec"
)

// Header is set to "true" on every response of a rehearsal, errors included.
const Header = "X-Cody-Batch-Rehearsal"

const (
	// maxBody is the API's limit of a request, in bytes.
	maxBody = 32 << 20
	// These bound what is kept for a look afterwards: requests, bytes of their
	// bodies, and violations.
	maxRecorded      = 512
	maxRecordedBytes = 16 << 20
	maxViolations    = 200
)

// Options are what a server may be given; the zero Options are good.
type Options struct {
	Log   *slog.Logger     // nil: nothing is logged
	Now   func() time.Time // nil: time.Now; the cache ages by it
	NewID func() string    // nil: random; letters, digits, "_" and "-"
	// Prefill is how long a prompt is read before its answer begins. What it writes
	// can be read from the cache only then, as with the API.
	Prefill time.Duration
}

// Server answers POST /v1/messages and /v1/messages/count_tokens. All methods
// may be called at once.
type Server struct {
	scenario    Scenario
	description *apispec.Description
	verifier    verifier
	log         *slog.Logger
	now         func() time.Time
	newID       func() string
	prefill     time.Duration

	mu         sync.Mutex
	memory     *memory
	cache      *cache
	violations []string
	requests   []RecordedRequest
	recorded   int // bytes of their bodies
}

// RecordedRequest is one request and what became of it.
type RecordedRequest struct {
	At        time.Time
	RequestID string
	Path      string
	Header    http.Header // without credentials
	Body      []byte
	Act       string // name; empty: the scenario had nothing for it
	Turn      int    // from 0
	Fault     FaultKind
	Status    int
	Violation string
}

// New makes a server that plays the scenario.
func New(s Scenario, opts Options) (*Server, error) {
	if err := s.validate(); err != nil {
		return nil, fmt.Errorf("read scenario: %w", err)
	}
	description, err := apispec.Anthropic()
	if err != nil {
		return nil, err
	}
	server := &Server{
		scenario: s, description: description, verifier: verifier{description: description}, memory: newMemory(), cache: newCache(),
		log: opts.Log, now: opts.Now, newID: opts.NewID, prefill: opts.Prefill,
	}
	if server.log == nil {
		server.log = slog.New(slog.DiscardHandler)
	}
	if server.now == nil {
		server.now = time.Now
	}
	if server.newID == nil {
		server.newID = func() string { return strings.ToLower(rand.Text()[:16]) }
	}
	return server, nil
}

// Violations lists every rule that was broken so far, by a client or by the
// rehearsal itself, oldest first, at most 200.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.violations)
}

// Requests lists the latest requests, oldest first, at most 512 and about 16 MB
// of them.
func (s *Server) Requests() []RecordedRequest {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.requests)
}

// ServeHTTP answers one request.
func (s *Server) ServeHTTP(w http.ResponseWriter, req *http.Request) {
	record := RecordedRequest{At: s.now(), RequestID: "req_rehearsal_" + s.newID(), Path: req.URL.RequestURI(), Header: redact(req.Header)}
	w.Header().Set(Header, "true")
	w.Header().Set("Request-Id", record.RequestID)
	body, err := io.ReadAll(http.MaxBytesReader(w, req.Body, maxBody))
	if err != nil {
		var tooLarge *http.MaxBytesError
		if errors.As(err, &tooLarge) {
			s.fail(w, record, failure{status: http.StatusRequestEntityTooLarge, kind: "invalid_request_error", message: "Request exceeds the maximum size"})
		}
		return // otherwise nobody is there to read an answer
	}
	record.Body = body
	isCount := req.URL.Path == "/v1/messages/count_tokens"
	if req.Method != http.MethodPost || req.URL.Path != "/v1/messages" && !isCount {
		s.fail(w, record, failure{status: http.StatusNotFound, kind: "not_found_error", message: "the rehearsal has no " + req.Method + " " + req.URL.Path})
		return
	}
	parsed, err := s.parse(req, body)
	if err != nil {
		s.refuse(w, record, err)
		return
	}
	if isCount {
		_, _, total := parsed.chain("")
		s.respond(w, record, req.URL.RequestURI(), map[string]int64{"input_tokens": total})
		return
	}
	s.play(w, req, record, parsed)
}

// parse checks a request by itself.
func (s *Server) parse(req *http.Request, body []byte) (*request, error) {
	if err := checkHeaders(req.Header); err != nil {
		return nil, err
	}
	if err := s.verifier.check(req, body); err != nil {
		return nil, err
	}
	parsed, err := parseRequest(body)
	if err != nil {
		return nil, fmt.Errorf("parse request: %w", err)
	}
	parsed.isProgram = strings.HasPrefix(req.UserAgent(), "claude-cli/")
	if strings.HasSuffix(req.URL.Path, "/count_tokens") {
		return parsed, nil
	}
	return parsed, parsed.check()
}

// play finds the turn and answers with it, or with its fault.
func (s *Server) play(w http.ResponseWriter, req *http.Request, record RecordedRequest, r *request) {
	scene, err := s.stage(req, r)
	if err != nil {
		s.refuse(w, record, err)
		return
	}
	record.Act, record.Turn, record.Fault = scene.name, scene.index, scene.fault.Kind
	if failure, ok := scene.fault.failure(); ok {
		s.fail(w, record, failure)
		return
	}
	if !wait(req.Context(), int(s.prefill.Milliseconds())) {
		return
	}
	a := scene.answer
	a.beta = req.URL.Query().Get("beta") == "true"
	if !r.Stream {
		if wait(req.Context(), scene.turn.DelayMS) && !s.breakBody(w, req, record, scene.fault) {
			s.keep(scene)
			s.respond(w, record, req.URL.RequestURI(), a.message(false))
		}
		return
	}
	events := a.events()
	if err := s.checkEvents(events, a.beta); err != nil {
		s.confess(w, record, err)
		return
	}
	s.keep(scene)
	record.Status = http.StatusOK
	s.record(record)
	s.stream(w, req, scene, events)
}

// scene is everything that is decided about one answer.
type scene struct {
	name     string
	index    int
	turn     Turn
	fault    Fault
	answer   answer
	exchange *exchange
}

// stage decides what is played, in one go, so that requests that come at the
// same time do not get into each other's way.
func (s *Server) stage(req *http.Request, r *request) (scene, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if err := s.memory.check(r); err != nil {
		return scene{}, err
	}
	prompt := promptDigest(r.preamble, r.hashes)
	account := account(req.Header)
	if r.MaxTokens == 0 { // only fills the cache, and takes part in no conversation
		a := answer{id: "msg_rehearsal_" + s.newID(), model: r.Model, stop: "max_tokens"}
		a.count(s.cache.prompt(account, r, s.now(), s.prefill), nil)
		a.usage.OutputTokens = 0
		return scene{answer: a}, nil
	}
	act, start := s.scenario.choose(r)
	e, at := s.memory.last(r)
	act, start = s.scenario.stay(act, start, e)
	next := scene{index: s.scenario.turn(r, act, start, e, at)}
	switch {
	case act == noAct:
		next.turn = unscripted(r, "no act of its scenario matches this conversation")
	case next.index >= len(s.scenario.Acts[act].Turns):
		next.name = s.scenario.Acts[act].Name
		next.turn = unscripted(r, fmt.Sprintf("act %q of its scenario has no more turns", next.name))
	default:
		next.name = s.scenario.Acts[act].Name
		next.turn = s.scenario.Acts[act].Turns[next.index].pick(r)
	}
	next.turn = next.turn.inToolsOf(r)
	talk := s.memory.conversation(r, prompt)
	place := [2]int{act, next.index}
	next.fault = next.turn.due(talk.asked[place])
	talk.asked[place]++
	next.exchange = &exchange{conversation: talk, preamble: r.preamble, hashes: r.hashes, prompt: prompt, act: act, next: next.index + 1, faulty: next.fault.Kind != ""}
	if next.fault.repeatsTurn() {
		next.exchange.next = next.index
	}
	s.memory.remember(next.exchange)
	if _, ok := next.fault.failure(); !ok {
		next.answer = compose(next.turn, next.fault, r, s.cache.prompt(account, r, s.now(), s.prefill), s.newID)
	}
	return next, nil
}

// keep remembers an answer that the client gets whole.
func (s *Server) keep(next scene) {
	isWhole := !slices.Contains([]FaultKind{FaultStreamError, FaultTruncated, FaultReset, FaultSilence}, next.fault.Kind)
	if next.exchange == nil || !isWhole {
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.memory.answer(next.exchange, next.answer)
}

// respond sends a good answer, if it is what the description promises.
func (s *Server) respond(w http.ResponseWriter, record RecordedRequest, path string, answer any) {
	data, err := json.Marshal(answer)
	if err == nil {
		err = s.description.CheckResponse(http.MethodPost, path, http.StatusOK, "application/json", data)
	}
	if err != nil {
		s.confess(w, record, err)
		return
	}
	record.Status = http.StatusOK
	s.record(record)
	w.Header().Set("Content-Type", "application/json")
	_, _ = w.Write(data) // a client that has gone away needs no answer
}

// refuse answers a request that breaks a rule.
func (s *Server) refuse(w http.ResponseWriter, record RecordedRequest, broken error) {
	record.Violation = strings.ReplaceAll(broken.Error(), "\n", "; ")
	s.log.Warn("rehearsal refused a request", "request", record.RequestID, "error", record.Violation)
	s.fail(w, record, failure{status: http.StatusBadRequest, kind: "invalid_request_error", message: record.Violation})
}

// confess answers when the rehearsal itself breaks the description.
func (s *Server) confess(w http.ResponseWriter, record RecordedRequest, broken error) {
	record.Violation = "the rehearsal's own answer: " + broken.Error()
	s.log.Error("rehearsal broke the description", "request", record.RequestID, "error", broken)
	s.fail(w, record, failure{status: http.StatusInternalServerError, kind: "api_error", message: record.Violation})
}

// fail sends an error answer.
func (s *Server) fail(w http.ResponseWriter, record RecordedRequest, f failure) {
	record.Status = f.status
	if f.kind == "" { // a proxy's answer, which the description knows nothing of
		s.record(record)
		w.Header().Set("Content-Type", "text/html")
		w.WriteHeader(f.status)
		_, _ = io.WriteString(w, "<html><body><h1>"+http.StatusText(f.status)+"</h1></body></html>")
		return
	}
	data := errorBody(f.kind, f.message, f.details, record.RequestID)
	if err := s.description.CheckResponse(http.MethodPost, "/v1/messages", f.status, "application/json", data); err != nil && record.Violation == "" {
		record.Violation = "the rehearsal's own answer: " + err.Error()
	}
	s.record(record)
	w.Header().Set("Content-Type", "application/json")
	if f.retryAfter > 0 {
		w.Header().Set("Retry-After", strconv.Itoa(f.retryAfter))
	}
	w.WriteHeader(f.status)
	_, _ = w.Write(data)
}

func errorBody(kind, message string, details any, requestID string) []byte {
	inner := map[string]any{"type": kind, "message": message}
	if details != nil {
		inner["details"] = details
	}
	data, err := json.Marshal(map[string]any{"type": "error", "error": inner, "request_id": requestID})
	if err != nil {
		panic(fmt.Sprintf("rehearsal: error body: %v", err)) // all fields are made here
	}
	return data
}

func (s *Server) record(r RecordedRequest) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
	s.recorded += len(r.Body)
	for len(s.requests) > maxRecorded || s.recorded > maxRecordedBytes && len(s.requests) > 1 {
		s.recorded -= len(s.requests[0].Body)
		s.requests = slices.Delete(s.requests, 0, 1)
	}
	if r.Violation != "" && len(s.violations) < maxViolations {
		s.violations = append(s.violations, r.RequestID+": "+r.Violation)
	}
}

func redact(header http.Header) http.Header {
	header = header.Clone()
	for _, name := range []string{"X-Api-Key", "Authorization"} {
		if header.Get(name) != "" {
			header.Set(name, "[redacted]")
		}
	}
	return header
}

// account tells callers apart whose caches are not shared, without keeping
// their key.
func account(header http.Header) string {
	sum := digestOf([]byte(header.Get("X-Api-Key") + header.Get("Authorization")))
	return string(sum[:])
}

// wait waits, and reports whether the time passed before the client went away.
func wait(ctx context.Context, ms int) bool {
	if ms <= 0 {
		return ctx.Err() == nil
	}
	timer := time.NewTimer(time.Duration(ms) * time.Millisecond)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}
