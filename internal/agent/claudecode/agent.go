package claudecode

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/liamzdenek/cody-batch/internal/agent/admission"
	"github.com/liamzdenek/cody-batch/internal/agent/apierror"
	"github.com/liamzdenek/cody-batch/internal/agent/prices"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

const (
	publicAPI       = "https://api.anthropic.com"
	defaultModel    = "claude-sonnet-5-5"
	defaultMaxTurns = 80
	defaultIdle     = 2 * time.Minute
	rehearsalKey    = "no-key-is-needed-here"
)

// Options say which program is run, and how the gateway reaches the model. Nothing is
// taken from the environment.
type Options struct {
	Program string // absolute; see Find

	// APIKey is asked once at the start of every run, so that a key can be changed
	// without a restart. It may be nil in a rehearsal only.
	APIKey func(ctx context.Context) (string, error)

	BaseURL     string           // empty: Anthropic's public API
	HTTPClient  *http.Client     // nil: http.DefaultTransport; redirects are never followed
	Now         func() time.Time // nil: time.Now
	Log         *slog.Logger     // nil: nothing is logged
	NewID       func() string    // of sessions, UUIDs; nil: random
	Prices      prices.List      // added to prices.Default, or in their place
	IdleTimeout time.Duration    // how long the model may be silent; 0: 2 minutes

	// Admission says when calls are made; nil: one of the agent's own, without a
	// pause.
	Admission *admission.Control

	// Rehearsal announces that BaseURL is a rehearsal server. Anything else that
	// answers there is not used.
	Rehearsal bool

	// Confinement is how far the program, and what it starts, is kept in.
	Confinement sandbox.Confinement
}

// Agent runs sessions with Claude Code. Its methods may be called at once; runs with the
// same key share a breaker, and those with the same model too a limiter. A session takes
// about 220 MB of memory.
type Agent struct {
	options Options
	http    *http.Client
	now     func() time.Time
	log     *slog.Logger
	prices  prices.List
	idle    time.Duration
}

var _ codybatch.Agent = (*Agent)(nil)

// New makes an Agent. It starts nothing.
func New(o Options) (*Agent, error) {
	if !filepath.IsAbs(o.Program) {
		return nil, fmt.Errorf("claude-code: %q is not an absolute path; set CLAUDE_CODE_PATH to the program", o.Program)
	}
	if o.APIKey == nil && !o.Rehearsal {
		return nil, errors.New("claude-code: an API key is needed; set CLAUDE_API_KEY or ANTHROPIC_API_KEY")
	}
	if o.BaseURL == "" {
		o.BaseURL = publicAPI
	}
	base, err := url.Parse(o.BaseURL)
	if err != nil || (base.Scheme != "https" && base.Scheme != "http") || base.Host == "" || base.User != nil || base.RawQuery != "" {
		return nil, errors.New("claude-code: ANTHROPIC_BASE_URL must be an http or https address without a user, a password or a query")
	}
	if o.NewID == nil {
		o.NewID = uuid.NewString
	}
	a := &Agent{options: o, now: o.Now, log: o.Log, prices: prices.Default(), idle: o.IdleTimeout}
	if a.now == nil {
		a.now = time.Now
	}
	if a.log == nil {
		a.log = slog.New(slog.DiscardHandler)
	}
	if a.idle == 0 {
		a.idle = defaultIdle
	}
	if a.options.Admission == nil {
		a.options.Admission = admission.NewControl(a.now, 0)
	}
	maps.Copy(a.prices, o.Prices)
	a.http = apierror.Client(o.HTTPClient)
	return a, nil
}

// conversation is what an agent remembers between two runs: the program keeps the
// rest in its home folder. That is gone with the attempt; see conversation.go for what is
// kept of it.
type conversation struct {
	id      string
	engine  string
	calls   int
	answers int
	booked  codybatch.Usage
	marks   []string // of the answer that an earlier attempt's conversation ends with
}

// Run makes one session, or goes on with one, also with that of an earlier attempt if its
// conversation was kept. See [codybatch.Agent].
func (a *Agent) Run(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
	if ctx.Err() != nil {
		return codybatch.AgentResult{}, context.Cause(ctx)
	}
	from := resumption{prompt: firstPrompt(run)}
	switch earlier := run.Session.(type) {
	case nil:
		from.talk.id = a.options.NewID()
	case *conversation:
		from.talk, from.prompt = *earlier, feedbackPrompt(run.Feedback)
	default:
		return codybatch.AgentResult{}, fmt.Errorf("go on with a session: it is another agent's: %T", earlier)
	}
	if len(run.Earlier) > 0 {
		var err error
		if from, err = takeUp(run); err != nil {
			return codybatch.AgentResult{}, err
		}
	}
	key, err := a.key(ctx)
	if err != nil {
		return codybatch.AgentResult{}, err
	}
	if key == "" {
		return codybatch.AgentResult{
			Outcome: codybatch.OutcomeAuthError,
			Reason:  "there is no API key. Set CLAUDE_API_KEY (or ANTHROPIC_API_KEY) and retry",
		}, nil
	}
	ctx, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	s := a.open(ctx, stop, run, from, key)
	var done func()
	s.gateway.breaker, done = a.options.Admission.Breaker(s.gateway.lane)
	defer done()
	end, err := s.work(ctx)
	return s.end(ctx, end, err)
}

func (a *Agent) key(ctx context.Context) (string, error) {
	if a.options.APIKey == nil {
		return rehearsalKey, nil
	}
	key, err := a.options.APIKey(ctx)
	if err != nil {
		return "", fmt.Errorf("read the API key: %w", err)
	}
	return strings.TrimSpace(key), nil
}

// session is one run.
type session struct {
	agent      *Agent
	run        codybatch.AgentRun
	talk       conversation
	goesOn     bool // with a session that is in the home folder
	model      string
	maxTurns   int
	prompt     string
	ended      *ending // it is known already, and nothing is asked; nil: it is not
	keeper     *keeper
	thread     *thread
	ledger     *ledger
	gateway    *gateway
	transcript *transcript
}

// open makes ready what a run needs. It starts nothing.
func (a *Agent) open(ctx context.Context, stop context.CancelCauseFunc, run codybatch.AgentRun, from resumption, key string) *session {
	limit := run.Budget
	if limit == nil {
		limit = run.Spec.MaxCost
	}
	if run.Spent == nil {
		run.Spent = func(codybatch.Usage) {}
	}
	s := &session{agent: a, run: run, talk: from.talk, prompt: from.prompt, ended: from.ended, goesOn: run.Session != nil || len(run.Earlier) > 0, model: run.Spec.Model, maxTurns: run.Spec.MaxTurns}
	if s.model == "" {
		s.model = defaultModel
	}
	if s.maxTurns <= 0 {
		s.maxTurns = defaultMaxTurns
	}
	s.maxTurns = max(1, s.maxTurns-from.inRun)
	s.thread = &thread{record: run.Record, engine: s.talk.engine}
	if a.options.Rehearsal {
		s.thread.must, s.thread.engine = EngineRehearsal, EngineRehearsal
	}
	s.ledger = &ledger{prices: a.prices, limit: limit, report: run.Spent}
	s.transcript = &transcript{
		ctx: ctx, thread: s.thread, log: run.Log, now: a.now, stop: stop,
		called: map[string]toolCall{}, told: make(chan struct{}), plain: sandbox.NewCapture(4<<10, 8<<10),
	}
	s.keeper = &keeper{run: run, session: s.talk.id, warn: func(ctx context.Context, err error) {
		a.log.WarnContext(ctx, "the workspace could not be kept for a run that goes on after an interruption", "repository", run.Key.Repository, "error", err)
	}}
	s.gateway = &gateway{
		agent: a, key: key, lane: admission.DigestKey(key), slots: make(chan struct{}, mostAtOnce), token: strings.ToLower("sk-run-" + rand.Text()), ledger: s.ledger, thread: s.thread, run: run,
		prompt: s.prompt, calls: s.talk.calls, before: s.talk.answers, mustCarry: s.talk.marks, keeper: s.keeper, heard: s.transcript.heard, await: s.transcript.await, stop: stop,
	}
	return s
}

// work runs the program to its end, behind the gateway.
func (s *session) work(ctx context.Context) (ending, error) {
	if err := s.thread.add(ctx, codybatch.ThreadEvent{
		Type: codybatch.EventRunStart, Model: s.model, PromptSHA: digest(s.run.Prompt),
		Limits:     &codybatch.RunLimits{MaxTurns: s.maxTurns, MaxCost: s.ledger.limit, TimeoutSeconds: int(s.run.Spec.Timeout.Seconds())},
		Repository: s.run.Key.Repository, BaseCommit: s.run.BaseCommit,
	}); err != nil {
		return ending{}, err
	}
	if s.ended != nil {
		return *s.ended, nil
	}
	if s.ledger.limit != nil && *s.ledger.limit <= 0 {
		return ending{outcome: codybatch.OutcomeBudgetExhausted, reason: "nothing is left of the money; no call was made"}, nil
	}
	if err := s.gateway.breaker.Refuses(); err != nil {
		_, end := s.gateway.turnedAway(ctx, err)
		return *end, context.Cause(ctx)
	}
	if s.run.Session != nil {
		if err := renewHome(s.run.Home); err != nil {
			return ending{}, err
		}
	}
	address, err := s.gateway.open(ctx)
	if err != nil {
		return ending{}, err
	}
	output := &lines{take: s.transcript.line, tooLong: s.transcript.tooLong}
	result, err := sandbox.Run(ctx, sandbox.Command{
		Args: append([]string{s.agent.options.Program}, arguments(s.model, s.maxTurns, s.ledger.limit, s.talk.id, s.goesOn)...),
		Dir:  s.run.Dir, Env: environment(sandbox.Environment(s.run.Home), address, s.gateway.token),
		Writable: []string{s.run.Dir, s.run.Home}, Readable: append(installation(s.agent.options.Program), s.run.Reads...),
		Confinement: s.agent.options.Confinement, Stdin: strings.NewReader(s.prompt), Output: output,
	})
	s.gateway.close()
	output.end()
	s.transcript.close(s.talk.booked.Add(s.ledger.total()))
	if cause := context.Cause(ctx); errors.Is(cause, codybatch.ErrStopped) || errors.Is(cause, codybatch.ErrNotNow) {
		s.keeper.last(ctx, s.gateway.answered())
	}
	switch {
	case ctx.Err() != nil:
		return ending{}, context.Cause(ctx)
	case err != nil:
		return ending{}, fmt.Errorf("run Claude Code: %w", err)
	case s.isTurnedDown():
		return ending{}, fmt.Errorf("%w: Claude Code does not take the conversation up: %s", codybatch.ErrNotResumable, s.transcript.complaint())
	}
	return s.judge(result), nil
}

// isTurnedDown reports whether the program ended with an error before it asked the model
// anything, in a session of an earlier attempt.
func (s *session) isTurnedDown() bool {
	last := s.transcript.result
	verdict, failure := s.gateway.verdicts()
	return len(s.run.Earlier) > 0 && last != nil && last.IsError && verdict == nil && failure == nil && s.gateway.made() == s.talk.calls
}

// keep reads what the program has of the conversation, for another attempt to go on with.
// That it can't is told, and not worth a run; nil: nothing was answered, or it can't.
func (s *session) keep(ctx context.Context) ([]byte, error) {
	if s.gateway.answered() == s.talk.answers {
		return nil, nil
	}
	records, err := readHome(s.run.Home, s.talk.id)
	if err != nil {
		s.agent.log.WarnContext(ctx, "a conversation of Claude Code could not be kept", "repository", s.run.Key.Repository, "error", err)
		return nil, s.thread.add(ctx, codybatch.ThreadEvent{
			Type: codybatch.EventNotice, Reason: fmt.Sprintf("No later attempt can go on with this conversation: %s.", apierror.Short(err.Error())),
		})
	}
	return encode(records), nil
}

// end records the run's end and makes its result. A run that an error ended can't be
// gone on with.
func (s *session) end(ctx context.Context, end ending, err error) (codybatch.AgentResult, error) {
	if err != nil {
		end = ending{outcome: codybatch.OutcomeOfAgentError(err), reason: err.Error()}
	}
	r := codybatch.AgentResult{
		Outcome: end.outcome, Reason: end.reason, Engine: s.thread.name(), Summary: end.summary, Usage: s.ledger.total(),
	}
	if err == nil {
		r.Session = &conversation{
			id: s.talk.id, engine: r.Engine, calls: s.gateway.made(), answers: s.gateway.answered(), booked: s.talk.booked.Add(r.Usage),
		}
	}
	if !isRecordError(err) && !errors.Is(err, codybatch.ErrNotResumable) {
		var keepErr error
		r.Conversation, keepErr = s.keep(ctx)
		err = errors.Join(err, keepErr)
	}
	if !isRecordError(err) {
		err = errors.Join(err, s.thread.close(ctx, codybatch.ThreadEvent{
			Type: codybatch.EventRunEnd, Outcome: r.Outcome, Reason: r.Reason, Usage: &r.Usage,
		}))
	}
	return r, err
}
