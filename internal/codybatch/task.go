package codybatch

import "time"

// TaskKey names a task: a job in a repository.
type TaskKey struct {
	JobID      JobID
	Repository RepositoryName
}

// String is "job/owner/name", for logs and error texts.
func (k TaskKey) String() string { return string(k.JobID) + "/" + string(k.Repository) }

// TaskStatus is where a task stands.
type TaskStatus string

// The statuses of a task; doc.go shows the ways between them.
const (
	TaskQueued    TaskStatus = "queued"
	TaskRunning   TaskStatus = "running"
	TaskSucceeded TaskStatus = "succeeded"
	TaskFailed    TaskStatus = "failed"
	TaskCanceled  TaskStatus = "canceled"
)

// TaskStatuses lists every status of a task.
func TaskStatuses() []TaskStatus {
	return []TaskStatus{TaskQueued, TaskRunning, TaskSucceeded, TaskFailed, TaskCanceled}
}

// Final reports whether the status only changes when a person asks for it.
func (s TaskStatus) Final() bool {
	return s == TaskSucceeded || s == TaskFailed || s == TaskCanceled
}

// Outcome says why a task ended as it did.
type Outcome string

// The outcomes. The first two belong to succeeded tasks, OutcomeCanceled to
// canceled ones, all others to failed ones.
const (
	OutcomeChanged         Outcome = "changed"
	OutcomeNoChanges       Outcome = "no_changes"
	OutcomeBlocked         Outcome = "blocked"          // the agent or the repository says that it can't be done
	OutcomeVerifyFailed    Outcome = "verify_failed"    // a command that passed before fails after the change
	OutcomeGateBlocked     Outcome = "gate_blocked"     // the diff breaks a rule, see Task.Gates
	OutcomeBudgetExhausted Outcome = "budget_exhausted" // the task's or the job's money is gone
	OutcomeMaxTurns        Outcome = "max_turns"
	OutcomeTimeout         Outcome = "timeout"
	OutcomeStuck           Outcome = "stuck" // the agent repeats itself
	OutcomeRefused         Outcome = "refused"
	OutcomeConflict        Outcome = "conflict" // the branch holds somebody else's commits
	OutcomeCanceled        Outcome = "canceled"
	OutcomeAuthError       Outcome = "auth_error"
	OutcomeAPIError        Outcome = "api_error"
	OutcomeInfraError      Outcome = "infra_error"
)

// Outcomes lists every outcome.
func Outcomes() []Outcome {
	return []Outcome{
		OutcomeChanged, OutcomeNoChanges, OutcomeBlocked, OutcomeVerifyFailed, OutcomeGateBlocked,
		OutcomeBudgetExhausted, OutcomeMaxTurns, OutcomeTimeout, OutcomeStuck, OutcomeRefused,
		OutcomeConflict, OutcomeCanceled, OutcomeAuthError, OutcomeAPIError, OutcomeInfraError,
	}
}

// Status is the final status that goes with the outcome.
func (o Outcome) Status() TaskStatus {
	switch o {
	case OutcomeChanged, OutcomeNoChanges:
		return TaskSucceeded
	case OutcomeCanceled:
		return TaskCanceled
	default:
		return TaskFailed
	}
}

// Phase is what a running task is doing at the moment.
type Phase string

// The phases, in the order of an attempt.
const (
	PhaseResolving  Phase = "resolving"
	PhaseCloning    Phase = "cloning"
	PhaseBaseline   Phase = "baseline"
	PhaseAgent      Phase = "agent"
	PhaseGates      Phase = "gates"
	PhaseVerifying  Phase = "verifying"
	PhaseJudging    Phase = "judging"
	PhaseStoring    Phase = "storing"
	PhasePublishing Phase = "publishing"
)

// Phases lists every phase, in the order of an attempt.
func Phases() []Phase {
	return []Phase{
		PhaseResolving, PhaseCloning, PhaseBaseline, PhaseAgent, PhaseGates, PhaseVerifying, PhaseJudging, PhaseStoring, PhasePublishing,
	}
}

// TaskError is the reason that a person reads. Code is stable, Message is prose
// without secrets that says what to do next.
type TaskError struct {
	Code    string `json:"code"`
	Message string `json:"message"`
}

// ReviewDecision is a person's verdict on a diff.
type ReviewDecision string

// The decisions of a review.
const (
	ReviewApproved ReviewDecision = "approved"
	ReviewRejected ReviewDecision = "rejected"

	// ReviewWithdrawn takes a verdict back. No Review holds it: there is none then.
	ReviewWithdrawn ReviewDecision = "withdrawn"
)

// Review is a person's verdict on the diff of an attempt.
type Review struct {
	Decision ReviewDecision `json:"decision"`
	Note     string         `json:"note"` // at most 4 KiB
	At       time.Time      `json:"at"`
}

// Task is the job in one repository.
type Task struct {
	JobID      JobID          `json:"jobId"`
	Repository RepositoryName `json:"repository"`
	Index      int            `json:"index"` // place in the job's list, from 0

	Status     TaskStatus `json:"status"`
	Outcome    Outcome    `json:"outcome,omitempty"`    // empty until final
	Phase      Phase      `json:"phase,omitempty"`      // empty unless running
	Attempt    int        `json:"attempt"`              // from 1; of a queued task, the one to come
	WaitingFor string     `json:"waitingFor,omitempty"` // of a running or queued task: why it has to wait before it tries again, at most 300 bytes

	// PublishRequested makes the next attempt publish the stored diff, even if the
	// job would not. Fresh makes it do the work anew, although a result is known.
	PublishRequested bool `json:"publishRequested,omitempty"`
	Fresh            bool `json:"fresh,omitempty"`
	CancelRequested  bool `json:"cancelRequested,omitempty"`

	// Worker and LeaseUntil say who runs the attempt and until when others must
	// leave it alone. Lost counts leases that ran out since a person last queued
	// the task.
	Worker     string    `json:"worker,omitempty"`
	LeaseUntil time.Time `json:"leaseUntil,omitzero"`
	Lost       int       `json:"lost,omitempty"`
	Reserved   Money     `json:"reserved,omitempty"` // what this attempt may spend, while running

	ReusedFrom  JobID                `json:"reusedFrom,omitempty"` // the job whose result this is; empty: its own
	Engine      string               `json:"engine,omitempty"`     // what really did the work: "claude", "rehearsal", "script"
	Agent       AgentType            `json:"agent,omitempty"`      // whose work that was, or was rehearsed; empty in old rows
	Summary     string               `json:"summary,omitempty"`
	BaseCommit  string               `json:"baseCommit,omitempty"`
	Branch      string               `json:"branch,omitempty"`     // the pushed branch
	HeadCommit  string               `json:"headCommit,omitempty"` // the pushed commit
	HasDiff     bool                 `json:"hasDiff,omitempty"`    // Artifacts holds diff.patch of DiffAttempt
	DiffAttempt int                  `json:"diffAttempt,omitempty"`
	DiffStat    DiffStat             `json:"diffStat"`
	Accepted    bool                 `json:"accepted,omitempty"` // the diff passed gates, verification and judge
	Fingerprint string               `json:"fingerprint,omitempty"`
	Verified    []VerificationResult `json:"verified,omitempty"`
	Gates       []GateFinding        `json:"gates,omitempty"` // also what the job allows
	Judgement   *Judgement           `json:"judgement,omitempty"`
	Review      *Review              `json:"review,omitempty"`
	PullRequest *PullRequest         `json:"pullRequest,omitempty"`
	Feedback    *Feedback            `json:"feedback,omitempty"` // a remark that the next attempt, or this one, goes on with
	Said        *Said                `json:"said,omitempty"`     // the last remark, if its caller named it
	Error       *TaskError           `json:"error,omitempty"`

	Usage   Usage `json:"usage"`             // of this attempt
	Spent   Usage `json:"spent"`             // of all that ran before it
	Carried Money `json:"carried,omitempty"` // the part of Spent that counts against this attempt's limit

	// Interrupted is the attempt whose conversation the next one goes on with; nil:
	// it starts over. It stays until an attempt ends by itself.
	Interrupted *Interruption `json:"interrupted,omitempty"`

	QueuedAt    time.Time `json:"queuedAt"`
	StartedAt   time.Time `json:"startedAt,omitzero"`
	CompletedAt time.Time `json:"completedAt,omitzero"`
	UpdatedAt   time.Time `json:"updatedAt"`
	Seq         int64     `json:"seq"` // the job's Seq at the last change; see Store.Changes
}

// Key names the task.
func (t Task) Key() TaskKey { return TaskKey{JobID: t.JobID, Repository: t.Repository} }

// Changed reports whether the task has a diff that is not empty.
func (t Task) Changed() bool { return t.HasDiff && !t.DiffStat.Empty() }

// DueAt is when somebody should look after the task: a queued one from the
// moment that it was queued, a running one when its lease runs out, a final one
// never (the zero time).
func (t Task) DueAt() time.Time {
	switch t.Status {
	case TaskQueued:
		return t.QueuedAt
	case TaskRunning:
		return t.LeaseUntil
	default:
		return time.Time{}
	}
}

// Action is something that a person can do to a task now.
type Action string

// The actions on a task.
const (
	ActionCancel  Action = "cancel"
	ActionRetry   Action = "retry"
	ActionPublish Action = "publish"
	ActionReview  Action = "review"

	ActionFeedback Action = "feedback"
)

// AllActions lists every action, in the order of Task.Actions.
func AllActions() []Action {
	return []Action{ActionCancel, ActionRetry, ActionPublish, ActionReview, ActionFeedback}
}

// Actions lists what can be done to the task now, in a fixed order.
func (t Task) Actions() []Action {
	var actions []Action
	if !t.Status.Final() && !t.CancelRequested {
		actions = append(actions, ActionCancel)
	}
	if t.canRetry() {
		actions = append(actions, ActionRetry)
	}
	if t.canPublish() {
		actions = append(actions, ActionPublish)
	}
	if t.Status.Final() && t.Changed() {
		actions = append(actions, ActionReview)
	}
	if t.whyNotFeedback() == "" {
		actions = append(actions, ActionFeedback)
	}
	return actions
}

func (t Task) canRetry() bool {
	return t.Status == TaskFailed || t.Status == TaskCanceled || t.Status == TaskSucceeded && t.rejected()
}

func (t Task) canPublish() bool {
	isDone := t.Status == TaskSucceeded || t.isUnheard()
	return isDone && t.Accepted && t.Changed() && !t.rejected() && (t.PullRequest == nil || t.PullRequest.Outdated)
}

func (t Task) rejected() bool { return t.Review != nil && t.Review.Decision == ReviewRejected }

// PublishesStored reports whether the next attempt of the task is there to
// publish the diff that it has: no agent runs then, and nothing is spent.
func (t Task) PublishesStored(j Job) bool {
	return t.isReady() && (t.PublishRequested || j.CreatePullRequests)
}

// isReady reports whether the task has a diff that may be published as it is, and for
// which nothing else is to be made.
func (t Task) isReady() bool {
	return t.Accepted && t.Changed() && !t.Fresh && t.Feedback == nil && !t.rejected()
}

// contribution is a task's share in the totals of its job.
type contribution struct {
	counts   Counts
	usage    Usage
	reserved Money
}

func (t Task) contribution() contribution {
	share := contribution{usage: t.Spent.Add(t.Usage), reserved: t.Reserved}
	switch t.Status {
	case TaskQueued:
		share.counts.Queued = 1
	case TaskRunning:
		share.counts.Running = 1
	case TaskSucceeded:
		share.counts.Succeeded = 1
	case TaskFailed:
		share.counts.Failed = 1
	case TaskCanceled:
		share.counts.Canceled = 1
	}
	if t.Changed() && t.Status != TaskFailed && t.Status != TaskCanceled {
		share.counts.Changed = 1
	}
	if t.PullRequest != nil {
		share.counts.Published = 1
	}
	return share
}
