package codybatch

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
)

// maxFeedback bounds a remark, in bytes.
const maxFeedback = 8 << 10

// CodeConversationLost is the TaskError code of an attempt that could not go on
// with the conversation that a remark is about. The model did not hear it.
const CodeConversationLost = "conversation_lost"

// Feedback is a person's remark on a finished task. The next attempt goes on with
// the conversation, and says it to the model.
type Feedback struct {
	Message string    `json:"message"` // at most 8 KiB
	At      time.Time `json:"at"`
	About   int       `json:"about"` // the attempt whose conversation and diff are gone on with
	First   int       `json:"first"` // the first attempt that goes on with them
	Before  Ended     `json:"before"`
}

// Said names a remark, so that sending it twice counts once.
type Said struct {
	Key     string `json:"key"`     // the caller's, at most 255 bytes
	Message string `json:"message"` // its SHA-256 in hex
}

// errSaid ends a change that was made before, by the same request.
var errSaid = errors.New("the remark was sent already")

// said compares a remark with the last one: errSaid if it is the same request,
// ErrIdempotencyMismatch if it is another under the same name, else nil.
func (t Task) said(s *Said) error {
	switch {
	case s == nil || t.Said == nil || t.Said.Key != s.Key:
		return nil
	case *t.Said == *s:
		return errSaid
	default:
		return ErrIdempotencyMismatch
	}
}

// Ended is how a task stood before a remark: it is that again if the remark is
// taken back before anything came of it.
type Ended struct {
	Outcome          Outcome    `json:"outcome"`
	Error            *TaskError `json:"error,omitempty"`
	Review           *Review    `json:"review,omitempty"`
	Fresh            bool       `json:"fresh,omitempty"`
	PublishRequested bool       `json:"publishRequested,omitempty"`
}

// Steered is a finished task, queued to have its conversation gone on with: message
// is what a person has to say about its result. There will be another diff, so the
// verdict on this one goes, and so does a wish to publish it.
func (t Task) Steered(message string, now time.Time) (Task, error) {
	if why := t.whyNotFeedback(); why != "" {
		return t, &ActionError{Key: t.Key(), Action: ActionFeedback, Reason: why}
	}
	before := Ended{Outcome: t.Outcome, Error: t.Error, Review: t.Review, Fresh: t.Fresh, PublishRequested: t.PublishRequested}
	t.Attempt++
	t.queue(now)
	t.Lost, t.PublishRequested, t.Interrupted, t.Fresh = 0, false, nil, true // what a person is not content with is no known result
	t.Feedback = &Feedback{Message: message, At: now, About: t.DiffAttempt, First: t.Attempt, Before: before}
	return t, nil
}

func (t Task) whyNotFeedback() string {
	switch {
	case !t.Status.Final():
		return "it is still " + string(t.Status) + "; wait until it is finished, or cancel it"
	case t.Engine == string(AgentScript):
		return whyNoScriptFeedback
	case t.Feedback != nil:
		return "the last remark was not heard yet; retry passes it on"
	case t.Interrupted != nil && !t.Interrupted.Unjudged:
		return "its conversation was interrupted; retry goes on with it"
	case t.DiffAttempt == 0, t.Engine == "":
		return "there is no conversation to go on with; retry it"
	case t.Outcome == OutcomeRefused:
		return "the model refuses this task; a remark does not change that"
	case t.Error != nil && t.Error.Code == CodeSecretInDiff:
		return "its change was not kept, so there is nothing to go on with; retry it"
	default:
		return ""
	}
}

const whyNoScriptFeedback = "a script did the work, and takes no remarks; create a job with another script"

// isUnheard reports whether a remark failed to reach the model: the results are
// those from before it.
func (t Task) isUnheard() bool {
	if t.Status != TaskFailed || t.Feedback == nil {
		return false
	}
	review := t.Feedback.Before.Review
	return t.Feedback.Before.Outcome == OutcomeChanged && (review == nil || review.Decision != ReviewRejected)
}

// isAnsweredBy reports whether an attempt's result ends the task's remark: the model
// heard it, or can't hear it any more.
func (t Task) isAnsweredBy(r TaskResult) bool {
	return t.Feedback != nil && (!r.Untouched || r.Error != nil && r.Error.Code == CodeConversationLost)
}

// unsteered is a task whose remark was taken back before anything came of it: what
// it was before.
func (t Task) unsteered(now time.Time) Task {
	before := t.Feedback.Before
	t.Status, t.Outcome, t.Error, t.Review = before.Outcome.Status(), before.Outcome, before.Error, before.Review
	t.Fresh, t.PublishRequested, t.CancelRequested, t.Feedback = before.Fresh, before.PublishRequested, false, nil
	t.CompletedAt, t.UpdatedAt = now, now
	return t
}

// FeedbackTask has the agent go on with a finished task's conversation, after a
// person's remark. It returns a *ValidationError for a remark that is empty or too
// long, and an *ActionError where there is nothing to go on with. With the
// idempotency key of the task's last remark nothing is done, whatever has become of
// that: the task comes back as it is, or ErrIdempotencyMismatch if the remark is another.
func (s *Service) FeedbackTask(ctx context.Context, key TaskKey, message, idempotencyKey string) (Task, error) {
	if err := checkFeedback(message); err != nil {
		return Task{}, err
	}
	steer, err := s.steering(ctx, key.JobID, message, idempotencyKey)
	if err != nil {
		return Task{}, err
	}
	task, err := s.store.Task(ctx, key)
	if err != nil {
		return Task{}, err
	}
	switch _, err := steer(task, s.Now()); {
	case errors.Is(err, errSaid):
		return task, nil
	case err != nil:
		return task, err
	}
	if err := s.reopen(ctx, key.JobID); err != nil {
		return task, err
	}
	task, err = s.requeueOne(ctx, key, steer)
	if errors.Is(err, errSaid) { // at the same moment
		return task, nil
	}
	return task, err
}

// FeedbackTasks is FeedbackTask for the named tasks of a job, with one remark for
// all of them. Those that have nothing to go on with are skipped.
func (s *Service) FeedbackTasks(ctx context.Context, id JobID, message string, names []RepositoryName, idempotencyKey string) (BulkResult, error) {
	if err := checkFeedback(message); err != nil {
		return BulkResult{}, err
	}
	steer, err := s.steering(ctx, id, message, idempotencyKey)
	if err != nil {
		return BulkResult{}, err
	}
	return s.requeueNamed(ctx, id, names, steer)
}

// steering is the change that a remark makes to tasks of a job. Its error is errSaid
// for a task that has heard of it already.
func (s *Service) steering(ctx context.Context, id JobID, message, idempotencyKey string) (func(Task, time.Time) (Task, error), error) {
	job, err := s.store.Job(ctx, id)
	if err != nil {
		return nil, err
	}
	var said *Said
	if idempotencyKey != "" {
		sum := sha256.Sum256([]byte(message))
		said = &Said{Key: idempotencyKey, Message: hex.EncodeToString(sum[:])}
	}
	return func(t Task, now time.Time) (Task, error) {
		if err := t.said(said); err != nil {
			return t, err
		}
		left := job.Remaining()
		switch {
		case job.Agent.Type == AgentScript:
			return t, &ActionError{Key: t.Key(), Action: ActionFeedback, Reason: whyNoScriptFeedback}
		case left != nil && *left == 0 && job.Reserved == 0:
			return t, &ActionError{Key: t.Key(), Action: ActionFeedback, Reason: fmt.Sprintf("the job's maxCostUsd of %s is spent, so an answer can't be paid", *job.MaxCost)}
		}
		t, err := t.Steered(message, now)
		t.Said = said
		return t, err
	}, nil
}

func checkFeedback(message string) error {
	var v validator
	if v.text("message", message, maxFeedback); len(v.fields) == 0 && strings.TrimSpace(message) == "" {
		v.add("message", "must say something: what is to be different")
	}
	if len(v.fields) > 0 {
		return &ValidationError{Fields: v.fields}
	}
	return nil
}
