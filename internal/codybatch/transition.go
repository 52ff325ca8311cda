package codybatch

import (
	"fmt"
	"time"
)

// MaxLost is how many leases in a row may run out before a task is given up.
const MaxLost = 3

// Claim says which attempt of a task a worker takes, and until when.
type Claim struct {
	Key        TaskKey
	Attempt    int
	Worker     string // unique for every claim ever made
	Now        time.Time
	LeaseUntil time.Time
}

// Claimed is the task after a worker took it. Budget is what the attempt may
// spend. Results of the attempt before stay visible until new ones replace them.
func (t Task) Claimed(c Claim, budget Money) (Task, error) {
	if t.Status != TaskQueued || t.Attempt != c.Attempt {
		return t, fmt.Errorf("claim attempt %d of %s, which is %s at attempt %d: %w", c.Attempt, t.Key(), t.Status, t.Attempt, ErrConflict)
	}
	t.Status, t.Phase, t.WaitingFor, t.Outcome, t.Error = TaskRunning, PhaseResolving, "", "", nil
	t.Worker, t.LeaseUntil, t.Reserved = c.Worker, c.LeaseUntil, budget
	t.StartedAt, t.CompletedAt, t.UpdatedAt = c.Now, time.Time{}, c.Now
	return t, nil
}

// Beat is what a worker says while it works.
type Beat struct {
	Now        time.Time
	LeaseUntil time.Time
	Phase      Phase
	WaitingFor string // why nothing happens at the moment; see Task.WaitingFor
	Usage      Usage  // of the attempt so far
}

// IsNewsTo reports whether the beat says more of a task than that its worker is
// alive.
func (b Beat) IsNewsTo(t Task) bool {
	return t.Phase != b.Phase || t.Usage != b.Usage || t.WaitingFor != b.WaitingFor
}

// Beaten is the task after a sign of life of its worker.
func (t Task) Beaten(worker string, attempt int, b Beat) (Task, error) {
	if err := t.heldBy(worker, attempt); err != nil {
		return t, err
	}
	if b.IsNewsTo(t) {
		t.UpdatedAt = b.Now
	}
	t.LeaseUntil, t.Phase, t.WaitingFor = b.LeaseUntil, b.Phase, b.WaitingFor
	t.setUsage(b.Usage)
	return t, nil
}

// TaskResult is what an attempt leaves behind. Artifacts are written before it.
type TaskResult struct {
	Outcome Outcome
	Error   *TaskError
	// Untouched says that the attempt ended before the agent was asked: what
	// earlier attempts made stays, and all but Outcome, Error and Usage counts for
	// nothing.
	Untouched bool

	ReusedFrom  JobID // the job that made the result; empty: this attempt did
	Engine      string
	Agent       AgentType
	Summary     string
	BaseCommit  string
	Branch      string
	HeadCommit  string
	HasDiff     bool
	Accepted    bool // the diff passed gates, verification and judge; implied by OutcomeChanged
	DiffStat    DiffStat
	Fingerprint string
	Verified    []VerificationResult
	Gates       []GateFinding
	Judgement   *Judgement
	Unjudged    bool // the judge could not be asked: only that is missing
	PullRequest *PullRequest
	Usage       Usage
}

// Interruption is what is known of an attempt that its worker did not end.
type Interruption struct {
	First   int `json:"first"`   // the attempt that began the conversation
	Attempt int `json:"attempt"` // the last one that was interrupted
	// Usage is what was booked for the conversation by then. Its thread may tell of
	// more: of calls whose worker was killed before it could report them.
	Usage Usage `json:"usage"`

	// Unjudged says that the attempt did end, and that only the judge, whom nobody
	// could ask, is missing: a retry asks it about the same change.
	Unjudged bool `json:"unjudged,omitempty"`
}

// Finished is the task with the result of its attempt. A pull request that was
// opened before is kept: it is still there.
func (t Task) Finished(worker string, attempt int, r TaskResult, now time.Time) (Task, error) {
	if err := t.heldBy(worker, attempt); err != nil {
		return t, err
	}
	t.Outcome, t.Status, t.Error = r.Outcome, r.Outcome.Status(), r.Error
	if t.Feedback != nil && r.Outcome == OutcomeCanceled && r.HeadCommit == "" {
		r.Untouched = true // taken back with the remark
	}
	isAnswered := t.isAnsweredBy(r)
	if isAnswered {
		t.Feedback = nil
	}
	if !r.Untouched {
		t.ReusedFrom, t.Engine, t.Agent, t.Summary, t.BaseCommit = r.ReusedFrom, r.Engine, r.Agent, r.Summary, r.BaseCommit
		t.HasDiff, t.DiffAttempt, t.DiffStat, t.Fingerprint = r.HasDiff, attempt, r.DiffStat, r.Fingerprint
		t.Verified, t.Gates, t.Judgement = r.Verified, r.Gates, r.Judgement
		t.Accepted = r.Accepted || r.Outcome == OutcomeChanged
		t.Fresh = t.Fresh && !t.Accepted && t.Status != TaskSucceeded // until there is another result
	}
	if r.HeadCommit != "" {
		t.Branch, t.HeadCommit = r.Branch, r.HeadCommit
	}
	switch {
	case r.PullRequest != nil:
		t.PullRequest = r.PullRequest
	case t.PullRequest != nil && !r.Untouched:
		outdated := *t.PullRequest
		outdated.Outdated = true
		t.PullRequest = &outdated
	}
	t.setUsage(r.Usage)
	if r.Outcome == OutcomeCanceled {
		return t.canceled(now), nil
	}
	t.release()
	if t.Status == TaskSucceeded { // after a failure, a retry still owes the pull request
		t.PublishRequested = false
	}
	t.Interrupted = t.unanswered(r, isAnswered)
	t.CancelRequested, t.Lost = false, 0
	t.CompletedAt, t.UpdatedAt = now, now
	return t, nil
}

// unanswered keeps an interruption whose attempt ended before the model could be
// asked, or because it may not be, and makes one of an attempt whose judge could not be
// asked, or whose remark waits, so that what it cost is not booked again: a retry goes on.
func (t Task) unanswered(r TaskResult, isAnswered bool) *Interruption {
	switch {
	case r.Unjudged:
		i := t.interruption()
		i.Unjudged = true
		return i
	case t.Feedback != nil:
		return t.interruption()
	case t.Interrupted == nil, isAnswered, !r.Untouched && r.Outcome != OutcomeAuthError:
		return nil
	default:
		return t.interruption()
	}
}

// Stopped is the task after its worker was told to shut down: the same attempt
// waits for the next worker, and what it has spent counts against its limit. A
// person's cancel that came before is kept.
func (t Task) Stopped(worker string, attempt int, usage Usage, now time.Time) (Task, error) {
	if err := t.heldBy(worker, attempt); err != nil {
		return t, err
	}
	t.setUsage(usage)
	if t.CancelRequested {
		return t.canceled(now), nil
	}
	t.interrupt(now)
	return t, nil
}

// Held is the task after its worker found that it has to wait, and for what: the
// same attempt goes on later, as after Stopped.
func (t Task) Held(worker string, attempt int, usage Usage, reason string, now time.Time) (Task, error) {
	t, err := t.Stopped(worker, attempt, usage, now)
	if err == nil && t.Status == TaskQueued {
		t.WaitingFor = reason
	}
	return t, err
}

// LeaseExpired is the task after its worker fell silent: queued for the next
// attempt, which goes on with what this one left, or failed when that happened
// MaxLost times in a row.
func (t Task) LeaseExpired(now time.Time) (Task, error) {
	if t.Status != TaskRunning || now.Before(t.LeaseUntil) {
		return t, fmt.Errorf("take %s from its worker, whose lease holds: %w", t.Key(), ErrConflict)
	}
	return t.lost(now), nil
}

// WorkerLost is LeaseExpired for who knows that the worker is no more, before its lease
// has run out.
func (t Task) WorkerLost(worker string, attempt int, now time.Time) (Task, error) {
	if err := t.heldBy(worker, attempt); err != nil {
		return t, err
	}
	return t.lost(now), nil
}

// lost takes a running task from its worker.
func (t Task) lost(now time.Time) Task {
	if t.CancelRequested {
		return t.canceled(now)
	}
	t.Lost++
	if t.Lost >= MaxLost {
		t.release()
		again := "retry"
		if t.Feedback != nil {
			again = "send the remark again"
		}
		t.Interrupted, t.Feedback = nil, nil // going on with it may be what ends them
		t.Status, t.Outcome, t.CompletedAt, t.UpdatedAt = TaskFailed, OutcomeInfraError, now, now
		t.Error = &TaskError{Code: "worker_lost", Message: fmt.Sprintf(
			"%d workers in a row fell silent while they ran this task; look for workers that were killed or ran out of memory, then %s", t.Lost, again)}
		return t
	}
	t.interrupt(now)
	t.Attempt++
	return t
}

// Refused is a queued task that ends before a worker touches it, because there
// is no money for it for example.
func (t Task) Refused(attempt int, outcome Outcome, reason TaskError, now time.Time) (Task, error) {
	if t.Status != TaskQueued || t.Attempt != attempt {
		return t, fmt.Errorf("refuse attempt %d of %s, which is %s at attempt %d: %w", attempt, t.Key(), t.Status, t.Attempt, ErrConflict)
	}
	t.Status, t.WaitingFor, t.Outcome, t.Error = outcome.Status(), "", outcome, &reason
	t.CompletedAt, t.UpdatedAt = now, now
	return t, nil
}

// Retried is a failed, canceled or rejected task, queued again because a person
// said so. What was rejected is done anew.
func (t Task) Retried(now time.Time) (Task, error) {
	if !t.canRetry() {
		return t, &ActionError{Key: t.Key(), Action: ActionRetry, Reason: "only failed, canceled and rejected tasks can be retried; it is " + string(t.Status)}
	}
	isUnjudged := t.Interrupted != nil && t.Interrupted.Unjudged && !t.rejected()
	t.Fresh = t.Fresh || t.rejected()
	t.Attempt++
	t.Lost = 0
	if t.Fresh && t.Feedback == nil && !isUnjudged {
		t.Interrupted = nil
	}
	t.queue(now)
	return t, nil
}

// Publishing is a succeeded task, queued to have its stored diff published. A remark
// that was not heard is given up for it.
func (t Task) Publishing(now time.Time) (Task, error) {
	if !t.canPublish() {
		return t, &ActionError{Key: t.Key(), Action: ActionPublish, Reason: t.whyNotPublish()}
	}
	review := t.Review
	if t.Feedback != nil {
		if review == nil {
			review = t.Feedback.Before.Review
		}
		t.Fresh, t.Feedback = t.Feedback.Before.Fresh, nil
	}
	t.Attempt++
	t.Lost, t.Interrupted, t.PublishRequested = 0, nil, true
	t.queue(now)
	t.Review = review // it is this diff that was reviewed
	return t, nil
}

// CanceledBy is the task after a person's cancel. A queued one ends at once; a
// running one is marked, and its worker ends it.
func (t Task) CanceledBy(now time.Time) (Task, error) {
	switch t.Status {
	case TaskQueued:
		return t.canceled(now), nil
	case TaskRunning:
		t.CancelRequested, t.UpdatedAt = true, now
		return t, nil
	default:
		return t, &ActionError{Key: t.Key(), Action: ActionCancel, Reason: "it is already " + string(t.Status)}
	}
}

// Reviewed is the task with a person's verdict on its diff, or without one if that
// is withdrawn.
func (t Task) Reviewed(review Review) (Task, error) {
	if !t.Status.Final() || !t.Changed() {
		return t, &ActionError{Key: t.Key(), Action: ActionReview, Reason: "there is no finished diff to review"}
	}
	t.Review, t.UpdatedAt = &review, review.At
	if review.Decision == ReviewWithdrawn {
		t.Review = nil
	}
	if t.rejected() {
		t.PublishRequested = false
	}
	return t, nil
}

func (t Task) heldBy(worker string, attempt int) error {
	if t.Status != TaskRunning || t.Attempt != attempt || t.Worker != worker {
		return fmt.Errorf("change attempt %d of %s, which is %s at attempt %d: %w", attempt, t.Key(), t.Status, t.Attempt, ErrConflict)
	}
	return nil
}

func (t Task) whyNotPublish() string {
	switch {
	case t.PullRequest != nil && !t.PullRequest.Outdated:
		return "it is published already: " + t.PullRequest.URL
	case t.Status == TaskSucceeded && !t.Changed():
		return "nothing was changed"
	case t.rejected():
		return "its diff was rejected in review"
	default:
		return "only succeeded tasks can be published; it is " + string(t.Status)
	}
}

// interrupt puts a running task in line again. What it has spent counts against
// the limit of the attempt that goes on with it.
func (t *Task) interrupt(now time.Time) {
	carried, interruption := t.Carried+t.Usage.Cost, t.interruption()
	t.queue(now)
	t.Carried, t.Interrupted = carried, interruption
}

func (t Task) interruption() *Interruption {
	i := Interruption{First: t.Attempt, Attempt: t.Attempt, Usage: t.Usage}
	if t.Interrupted != nil {
		i.First, i.Usage = t.Interrupted.First, t.Interrupted.Usage.Add(t.Usage)
	}
	return &i
}

// queue puts the task in line. The money of the attempt that ended, if one did,
// moves to what was spent before.
func (t *Task) queue(now time.Time) {
	t.Spent, t.Usage = t.Spent.Add(t.Usage), Usage{}
	t.release()
	t.Status, t.Outcome, t.Error, t.Review = TaskQueued, "", nil, nil
	t.CancelRequested, t.Carried = false, 0
	t.QueuedAt, t.StartedAt, t.CompletedAt, t.UpdatedAt = now, time.Time{}, time.Time{}, now
}

// canceled ends a task for good. One whose stored diff was to be published, or whose
// remark nothing came of, is what it was before.
func (t Task) canceled(now time.Time) Task {
	t.release()
	t.Lost, t.Interrupted = 0, nil
	if t.Feedback != nil {
		return t.unsteered(now)
	}
	if t.PublishRequested && t.Accepted && t.Changed() {
		t.Status, t.Outcome, t.Error, t.PublishRequested, t.CancelRequested = TaskSucceeded, OutcomeChanged, nil, false, false
		t.CompletedAt, t.UpdatedAt = now, now
		return t
	}
	t.Status, t.Outcome, t.PublishRequested, t.CancelRequested = TaskCanceled, OutcomeCanceled, false, false
	t.CompletedAt, t.UpdatedAt = now, now
	return t
}

func (t *Task) release() {
	t.Phase, t.WaitingFor, t.Worker, t.LeaseUntil, t.Reserved = "", "", "", time.Time{}, 0
}

// setUsage records what the attempt spent so far. What was reserved for it
// shrinks by the same amount, so that the job does not count it twice.
func (t *Task) setUsage(u Usage) {
	t.Reserved = max(0, t.Reserved-(u.Cost-t.Usage.Cost))
	t.Usage = u
}
