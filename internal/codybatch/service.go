package codybatch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"time"
)

// ServiceOptions are the facts that a Service can't do without.
type ServiceOptions struct {
	Allow AllowList
	// Unavailable says, for agents that this installation can't run, why.
	Unavailable map[AgentType]string
	// Engines says what really answers for an agent, when that is not the agent
	// itself: "rehearsal".
	Engines map[AgentType]string
	// HasPrice tells whether a model's tokens have a known price; without one no
	// budget can be kept. Nil: every model has.
	HasPrice  func(model string) bool
	Retention time.Duration // how long finished jobs are kept; 0: until somebody deletes them
	Now       func() time.Time
	NewID     func() JobID
	Log       *slog.Logger
}

// Service is what people ask for: it creates, lists, cancels, retries and
// publishes. All its methods may be called at once.
type Service struct {
	store      Store
	artifacts  Artifacts
	dispatcher Dispatcher
	forge      Forge
	ServiceOptions
}

// NewService puts the ports together.
func NewService(store Store, artifacts Artifacts, dispatcher Dispatcher, forge Forge, options ServiceOptions) *Service {
	return &Service{store: store, artifacts: artifacts, dispatcher: dispatcher, forge: forge, ServiceOptions: options}
}

// CreateJob checks everything, stores the job with a queued task for each
// repository, and dispatches them. Its errors are a *ValidationError, a
// *NotAllowedError, ErrIdempotencyMismatch, or a failure of a port; nothing is
// stored then. With an idempotency key that was used in the last 24 hours the
// earlier job comes back, and created is false.
//
// If dispatching fails the job is there all the same: Reconcile sends its tasks
// again.
func (s *Service) CreateJob(ctx context.Context, spec JobSpec, idempotencyKey string) (job Job, created bool, err error) { //nolint:nonamedreturns // the names tell the two results apart
	spec = spec.WithDefaults()
	names, err := s.check(ctx, spec)
	if err != nil {
		return Job{}, false, err
	}
	digest, err := requestDigest(spec)
	if err != nil {
		return Job{}, false, err
	}
	now := s.Now()
	job, created, err = s.store.CreateJob(ctx, s.newJob(spec, now), names, IdempotencyKey{Key: idempotencyKey, Request: digest, Now: now})
	if err != nil {
		return Job{}, false, fmt.Errorf("store job %q: %w", spec.Name, err)
	}
	if created {
		refs := make([]TaskRef, len(names))
		for i, name := range names {
			refs[i] = TaskRef{Key: TaskKey{JobID: job.ID, Repository: name}, Attempt: 1, Index: i}
		}
		_ = s.dispatch(context.WithoutCancel(ctx), refs) // the job is there, whether the caller still is or not
	}
	return job, created, nil
}

// Job returns a job, or ErrNotFound.
func (s *Service) Job(ctx context.Context, id JobID) (Job, error) { return s.store.Job(ctx, id) }

// Jobs lists jobs, newest first.
func (s *Service) Jobs(ctx context.Context, q JobQuery) (JobPage, error) { return s.store.Jobs(ctx, q) }

// Task returns a task, or ErrNotFound. The name counts to the letter.
func (s *Service) Task(ctx context.Context, key TaskKey) (Task, error) {
	return s.store.Task(ctx, key)
}

// Tasks lists the tasks of a job in the order in which they were given.
func (s *Service) Tasks(ctx context.Context, q TaskQuery) (TaskPage, error) {
	return s.store.Tasks(ctx, q)
}

// Changes lists what changed in a job after a Seq; see Store.Changes.
func (s *Service) Changes(ctx context.Context, id JobID, after int64, limit int) (Job, []Task, error) {
	return s.store.Changes(ctx, id, after, limit)
}

// Repositories lists a page of what the forge shows and the allow-list admits. A
// page can be shorter than its limit, or empty, although more follow.
func (s *Service) Repositories(ctx context.Context, q RepositoryQuery) (RepositoryPage, error) {
	page, err := s.forge.Repositories(ctx, q)
	if err != nil {
		return RepositoryPage{}, fmt.Errorf("list repositories: %w", err)
	}
	admitted := page.Repositories[:0]
	for _, repository := range page.Repositories {
		if s.Allow.Admits(s.forge.Host(), repository.Name) {
			admitted = append(admitted, repository)
		}
	}
	page.Repositories = admitted
	return page, nil
}

// Health tells how the parts are, by name. A nil error means that a part is
// well; a dispatcher that can't be asked is left out. The agent is never asked,
// because asking costs money.
func (s *Service) Health(ctx context.Context) map[string]error {
	health := map[string]error{
		"store":     s.store.Ping(ctx),
		"artifacts": s.artifacts.Ping(ctx),
		"forge":     s.forge.Ping(ctx),
	}
	if dispatcher, ok := s.dispatcher.(interface {
		Ping(ctx context.Context) error
	}); ok {
		health["dispatcher"] = dispatcher.Ping(ctx)
	}
	return health
}

// check returns the repositories of a job, in the forge's spelling, or everything
// that keeps it from being created. What a spec alone tells is said together with
// what the forge knows, as long as asking for that is cheap.
func (s *Service) check(ctx context.Context, spec JobSpec) ([]RepositoryName, error) {
	invalid := &ValidationError{}
	if errors.As(spec.Validate(), &invalid) {
		if names := spec.validNames(); len(names) <= maxExtraLookup {
			// If the forge can't be asked, what is known is said without it.
			if _, refused, err := s.admit(ctx, names); err == nil {
				invalid.Fields = append(invalid.Fields, refusedFields(spec.Repositories, refused)...)
			}
		}
		return nil, invalid
	}
	names, refused, err := s.admit(ctx, spec.Repositories)
	switch {
	case err != nil:
		return nil, err
	case len(refused) > 0:
		return nil, s.refusal(spec.Repositories, refused)
	}
	return names, s.available(spec.Agent)
}

// available says why an agent can't be had here. That is for whoever runs the
// server to mend, and so only said when the request is fine.
func (s *Service) available(agent AgentSpec) error {
	if reason := s.Unavailable[agent.Type]; reason != "" {
		return &ValidationError{Fields: []FieldError{{Field: "agent.type", Message: reason}}}
	}
	if agent.Type.AsksModel() && s.HasPrice != nil && !s.HasPrice(agent.Model) {
		return &ValidationError{Fields: []FieldError{{Field: "agent.model", Message: fmt.Sprintf(
			"%q has no known price, so that no budget could be kept; use a model of the price list, such as %q", agent.Model, DefaultModel)}}}
	}
	return nil
}

func (s *Service) newJob(spec JobSpec, now time.Time) Job {
	engine := s.Engines[spec.Agent.Type]
	if engine == "" {
		engine = string(spec.Agent.Type)
	}
	job := Job{
		ID: s.NewID(), Engine: engine, Name: spec.Name, Description: spec.Description, Prompt: spec.Prompt,
		Agent: spec.Agent, Verify: spec.Verify, Gates: spec.Gates, Judge: spec.Judge, MaxCost: spec.MaxCost,
		CreatePullRequests: spec.CreatePullRequests, PullRequest: spec.PullRequest,
		CreatedAt: now, RepositoryCount: len(spec.Repositories),
		Counts: Counts{Queued: len(spec.Repositories)},
	}
	if s.Retention > 0 {
		job.ExpiresAt = now.Add(s.Retention)
	}
	return job
}

// dispatch hands tasks over. A failure is logged, and to most callers no more than
// that: the rows say queued, and Reconcile goes by the rows. It is an ErrNotSent.
func (s *Service) dispatch(ctx context.Context, refs []TaskRef) error {
	if len(refs) == 0 {
		return nil
	}
	if err := s.dispatcher.Dispatch(ctx, refs); err != nil {
		s.Log.WarnContext(ctx, "dispatch did not take all tasks; reconcile will send them again",
			"job", refs[0].Key.JobID, "tasks", len(refs), "error", err)
		return fmt.Errorf("%w: %w", ErrNotSent, err)
	}
	return nil
}

func requestDigest(spec JobSpec) (string, error) {
	document, err := json.Marshal(spec)
	if err != nil {
		return "", fmt.Errorf("digest request: %w", err)
	}
	sum := sha256.Sum256(document)
	return hex.EncodeToString(sum[:]), nil
}
