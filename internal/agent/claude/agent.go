package claude

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"github.com/liamzdenek/cody-batch/internal/agent/admission"
	"github.com/liamzdenek/cody-batch/internal/agent/apierror"
	"github.com/liamzdenek/cody-batch/internal/agent/prices"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

const (
	publicAPI       = "https://api.anthropic.com/"
	defaultMaxTurns = 80
	defaultIdle     = 2 * time.Minute
	rehearsalKey    = "no-key-is-needed-here"
)

// Options say how the model is reached. Nothing is taken from the environment.
type Options struct {
	// APIKey is asked once at the start of every run, so that a key can be changed
	// without a restart. It may be nil in a rehearsal only.
	APIKey func(ctx context.Context) (string, error)

	BaseURL     string           // empty: Anthropic's public API
	HTTPClient  *http.Client     // nil: http.DefaultTransport; redirects are never followed
	Now         func() time.Time // nil: time.Now
	Log         *slog.Logger     // nil: nothing is logged
	Prices      prices.List      // added to prices.Default, or in their place
	IdleTimeout time.Duration    // how long the model may be silent; 0: 2 minutes

	// Admission says when calls are made; nil: one of the agent's own, without a
	// pause.
	Admission *admission.Control

	// Rehearsal announces that BaseURL is a rehearsal server. Anything else that
	// answers there is not used. A rehearsal that was not announced is recognised
	// by its answers, and named as what it is.
	Rehearsal bool

	// Confinement is how far the programs that Claude runs are kept in.
	Confinement sandbox.Confinement

	// IgnoreGuidance leaves AGENTS.md and CLAUDE.md of the repositories out of
	// the prompt.
	IgnoreGuidance bool
}

// Agent runs sessions with Claude. Its methods may be called at once; runs with
// the same key share a breaker, and those with the same model too a limiter.
type Agent struct {
	options Options
	http    *http.Client
	now     func() time.Time
	log     *slog.Logger
	prices  prices.List
	idle    time.Duration

	bedrock *anthropic.MessageService // nil: Anthropic's API
	warmths admission.Shelf[prefix, *warmth]
}

var _ codybatch.Agent = (*Agent)(nil)

// New makes an Agent. It makes no request.
func New(o Options) (*Agent, error) {
	a := &Agent{options: o, now: o.Now, log: o.Log, idle: o.IdleTimeout, prices: prices.Default()}
	if o.APIKey == nil && !o.Rehearsal {
		return nil, errors.New("claude: an API key is needed; set CLAUDE_API_KEY or ANTHROPIC_API_KEY")
	}
	if a.options.BaseURL == "" {
		a.options.BaseURL = publicAPI
	}
	base, err := url.Parse(a.options.BaseURL)
	if err != nil || (base.Scheme != "https" && base.Scheme != "http") || base.Host == "" || base.User != nil || base.RawQuery != "" {
		return nil, errors.New("claude: ANTHROPIC_BASE_URL must be an http or https address without a user, a password or a query")
	}
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
	if base.Scheme == "http" && base.Hostname() != "localhost" && !net.ParseIP(base.Hostname()).IsLoopback() {
		a.log.Warn("ANTHROPIC_BASE_URL is not https: the API key and the code travel in the clear", "host", base.Host)
	}
	maps.Copy(a.prices, o.Prices)
	a.http = apierror.Client(o.HTTPClient)
	return a, nil
}

// Run makes one session, or goes on with one. See [codybatch.Agent].
func (a *Agent) Run(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
	if ctx.Err() != nil {
		return codybatch.AgentResult{}, context.Cause(ctx)
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
	s, err := a.open(run, key)
	if err != nil {
		return codybatch.AgentResult{}, err
	}
	defer s.workspace.close()
	defer s.share()()
	end, err := s.begin(ctx)
	if err != nil || end != nil {
		return s.end(ctx, orZero(end), err)
	}
	last, err := s.loop(ctx)
	return s.end(ctx, last, err)
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
	agent       *Agent
	run         codybatch.AgentRun
	messages    *anthropic.MessageService
	key         string                     // to be kept out of what is told
	params      anthropic.MessageNewParams // all but the messages and max_tokens
	prefixSHA   string
	traits      modelTraits
	maxTurns    int
	tools       []tool
	workspace   *workspace
	environment []string // of programs; no secret is in it
	ledger      ledger
	limiter     *admission.Limiter
	breaker     *admission.Breaker
	warmth      *warmth
	announced   time.Duration // how long the thread says that the next try waits
	thread      thread
	talk        conversation
	habits      habits
	compactions int  // in this run: summaries that were asked for, and answered
	isLastTalk  bool // the model was told that there will be no other summary
	scale       scale
	touched     bool // a call may have changed the workspace since it was kept
	isAside     bool // it asks one question, which is no part of the task's conversation
}

// conversation is what an agent remembers between two runs.
type conversation struct {
	messages []anthropic.MessageParam           // sent, and answered
	pending  []anthropic.ContentBlockParamUnion // the next user message; answers to tool calls first
	calls    int                                // of the model, so far
	tokens   int64                              // of the last request that was answered
	engine   string
	remark   string // the last one of a person, as the model was told of it
}

// clone makes a copy that can grow by itself, so that a session can be gone on
// with more than once.
func (c conversation) clone() conversation {
	c.messages, c.pending = slices.Clone(c.messages), slices.Clone(c.pending)
	return c
}

// open makes ready what a run needs. The caller closes the workspace.
func (a *Agent) open(run codybatch.AgentRun, key string) (*session, error) {
	model := run.Spec.Model
	if model == "" {
		model = DefaultModel
	}
	limit := run.Budget
	if limit == nil {
		limit = run.Spec.MaxCost
	}
	if run.Spent == nil {
		run.Spent = func(codybatch.Usage) {}
	}
	s := &session{
		agent: a, run: run, key: key, traits: traitsOf(model), tools: tools(),
		maxTurns:    run.Spec.MaxTurns,
		environment: sandbox.Environment(run.Home),
		ledger:      ledger{prices: a.prices, model: model, limit: limit},
		messages:    a.bedrock,
	}
	if a.bedrock != nil {
		model = bedrockName(model)
	} else {
		client := anthropic.NewClient(option.WithoutEnvironmentDefaults(), option.WithAPIKey(key),
			option.WithBaseURL(a.options.BaseURL), option.WithHTTPClient(a.http), option.WithMaxRetries(0))
		s.messages = &client.Messages
	}
	if s.maxTurns <= 0 {
		s.maxTurns = defaultMaxTurns
	}
	s.params = anthropic.MessageNewParams{
		Model: model, System: []anthropic.TextBlockParam{{Text: systemPrompt}}, Tools: toolParams(s.tools),
		CacheControl: anthropic.NewCacheControlEphemeralParam(), // moves along with the end of the conversation
	}
	if s.traits.adaptive {
		s.params.Thinking.OfAdaptive = &anthropic.ThinkingConfigAdaptiveParam{Display: anthropic.ThinkingConfigAdaptiveDisplaySummarized}
	}
	if s.traits.effort {
		s.params.OutputConfig.Effort = anthropic.OutputConfigEffortMedium
	}
	s.thread = thread{record: run.Record}
	if a.options.Rehearsal {
		s.thread.must = EngineRehearsal
		s.thread.engine = EngineRehearsal
	}
	var err error
	if s.prefixSHA, err = prefixSHA(s.params, run.Prompt); err != nil {
		return nil, err
	}
	s.workspace, err = openWorkspace(run.Dir)
	return s, err
}

// share takes what the run has in common with others. The caller calls what it
// returns at the run's end.
func (s *session) share() func() {
	var doneLimiter, doneBreaker, doneWarmth func()
	own := admission.Lane{Key: admission.DigestKey(s.key), Model: s.params.Model}
	s.limiter, doneLimiter = s.agent.options.Admission.Limiter(own)
	s.breaker, doneBreaker = s.agent.options.Admission.Breaker(own.Key)
	s.warmth, doneWarmth = s.agent.warmths.Take(prefix{own, s.prefixSHA}, s.agent.now, newWarmth)
	return func() {
		doneLimiter()
		doneBreaker()
		doneWarmth()
	}
}

// begin writes the first user message, or the next one of a conversation that
// goes on. It returns the run's end if that has come already.
func (s *session) begin(ctx context.Context) (*ending, error) {
	s.thread.start = &codybatch.ThreadEvent{
		Type: codybatch.EventRunStart, Model: s.ledger.model, PromptSHA: digest([]byte(s.run.Prompt)),
		Limits:     &codybatch.RunLimits{MaxTurns: s.maxTurns, MaxCost: s.ledger.limit, TimeoutSeconds: int(s.run.Spec.Timeout.Seconds())},
		Repository: s.run.Key.Repository, BaseCommit: s.run.BaseCommit,
	}
	var end *ending
	switch earlier := s.run.Session.(type) {
	case nil:
		var err error
		if end, err = s.resume(ctx); err != nil {
			return nil, err
		}
	case *conversation:
		s.talk, s.touched = earlier.clone(), true // the end of a run is no checkpoint
		if s.thread.engine == "" {
			s.thread.engine = earlier.engine
		}
		text := nudgeResume
		if s.run.Feedback != "" {
			text = feedbackPrompt(s.run.Feedback)
		}
		s.talk.pending = append(s.talk.pending, anthropic.NewTextBlock(text))
	default:
		return nil, fmt.Errorf("go on with a session: it is another agent's: %T", earlier)
	}
	if s.thread.engine != "" { // announced, or known from the run before
		if err := s.thread.release(ctx); err != nil {
			return nil, err
		}
	}
	if s.ledger.unenforceable() {
		return end, s.notice(ctx, fmt.Sprintf("The price of %s is not known, so the limit of %s can't be kept. The run ends after %d turns at the latest.",
			s.ledger.model, s.ledger.limit, s.maxTurns))
	}
	return end, nil
}

// ending is how a run came to its end, without an error.
type ending struct {
	outcome codybatch.Outcome
	reason  string
	finish  *finishInput

	outgrown bool // the conversation was too long; a shorter one may go on
}

// end records the run's end and makes its result. A run that an error ended
// can't be gone on with.
func (s *session) end(ctx context.Context, end ending, err error) (codybatch.AgentResult, error) {
	if err != nil {
		end = ending{outcome: codybatch.OutcomeOfAgentError(err), reason: err.Error()}
	}
	r := codybatch.AgentResult{
		Outcome: end.outcome, Reason: end.reason, Engine: s.thread.engine, Usage: s.ledger.spent,
	}
	if end.finish != nil {
		r.Summary, r.PRTitle, r.PRBody = end.finish.Summary, end.finish.PRTitle, end.finish.PRBody
	}
	if err == nil {
		s.talk.engine = s.thread.engine
		r.Session = &s.talk
	}
	var unrecorded *recordError
	if !errors.As(err, &unrecorded) {
		err = errors.Join(err, s.thread.close(ctx, codybatch.ThreadEvent{
			Type: codybatch.EventRunEnd, Outcome: r.Outcome, Reason: r.Reason, Usage: &r.Usage,
		}))
	}
	return r, err
}

// notice tells people about the run; the model does not hear it.
func (s *session) notice(ctx context.Context, text string) error {
	return s.thread.add(ctx, codybatch.ThreadEvent{Type: codybatch.EventNotice, Reason: text})
}

// printLog writes to the run's log, which is not worth a run.
func (s *session) printLog(format string, args ...any) {
	if s.run.Log != nil {
		_, _ = fmt.Fprintf(io.Writer(s.run.Log), format, args...)
	}
}
