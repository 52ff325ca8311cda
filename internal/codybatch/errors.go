package codybatch

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Errors that ports and the service return, wrapped with what was being done.
var (
	ErrNotFound = errors.New("not found")
	// ErrConflict means that a row is no longer what the caller read. Workers
	// take it as "not mine any more" and go away; the service reads again.
	ErrConflict = errors.New("changed meanwhile")
	// ErrNotNow means that a task can't be run yet, because running tasks hold
	// what is left of the job's budget, or see HeldError. It stays queued.
	ErrNotNow = errors.New("not now")
	// ErrBudgetExhausted means that a job's money is gone.
	ErrBudgetExhausted = errors.New("budget exhausted")
	// ErrNotResumable means that an agent can't go on with an interrupted
	// conversation. Nothing was asked for; it starts over.
	ErrNotResumable = errors.New("the conversation can't be gone on with")
	// ErrNotSent means that a dispatcher did not take tasks. They stay queued, and
	// Reconcile sends them again.
	ErrNotSent = errors.New("tasks could not be sent to workers")
	// ErrUnauthorized means that a forge or a model refuses the credentials.
	ErrUnauthorized = errors.New("credentials refused")
	// ErrNoLink means that documents can only be had from the service itself.
	ErrNoLink = errors.New("documents have no addresses of their own here")
	// ErrIdempotencyMismatch means that an idempotency key was used before with
	// another request.
	ErrIdempotencyMismatch = errors.New("idempotency key was used with a different request")
	// ErrCursor means that a cursor was not made by this store.
	ErrCursor = errors.New("cursor is not valid")
)

// The three causes of a canceled context. They are never mixed up: a person's
// cancel is final, a stop puts the task back in line and costs no attempt, a
// time-out is a failure.
var (
	ErrCanceled = errors.New("canceled by a person")
	ErrStopped  = errors.New("worker is shutting down")
	ErrTimeout  = errors.New("time limit reached")
)

// CodeSecretInDiff is the TaskError code of an attempt whose change held one of the
// server's own credentials, and was not kept.
const CodeSecretInDiff = "secret_in_diff"

// FieldError is one field of a request that can't be accepted, by its place in
// the JSON document ("repositories[3]", "pullRequest.branch").
type FieldError struct {
	Field   string
	Message string
}

// ValidationError lists everything that is wrong with a request, so that a
// person mends it once.
type ValidationError struct{ Fields []FieldError }

// Error names the first few fields.
func (e *ValidationError) Error() string {
	var parts []string
	for i, f := range e.Fields {
		if i == 5 {
			parts = append(parts, fmt.Sprintf("and %d more", len(e.Fields)-i))
			break
		}
		parts = append(parts, f.Field+": "+f.Message)
	}
	return strings.Join(parts, "; ")
}

// NotAllowedError lists repositories that the allow-list does not admit.
type NotAllowedError struct {
	Host         string
	Repositories []RepositoryName
}

// Error says how to admit them.
func (e *NotAllowedError) Error() string {
	shown := e.Repositories
	more := ""
	if len(shown) > 5 {
		more = fmt.Sprintf(" and %d more", len(shown)-5)
		shown = shown[:5]
	}
	names := make([]string, len(shown))
	for i, n := range shown {
		names[i] = string(n)
	}
	return fmt.Sprintf("%s%s: not in ALLOWED_REPOSITORIES; add a pattern such as %s/%s/* to it and start again",
		strings.Join(names, ", "), more, e.Host, shown[0].Owner())
}

// ActionError says why something can't be done to a task in its present state.
type ActionError struct {
	Key    TaskKey
	Action Action
	Reason string
}

// Error names action, task and reason.
func (e *ActionError) Error() string {
	return fmt.Sprintf("%s %s: %s", e.Action, e.Key.Repository, e.Reason)
}

// MissingError says why a document of a task is not there (yet).
type MissingError struct {
	What   string // "diff", "thread", "log"
	Key    TaskKey
	Reason string
}

// Error names document, task and reason.
func (e *MissingError) Error() string {
	return fmt.Sprintf("%s of %s: %s", e.What, e.Key.Repository, e.Reason)
}

// Is makes every MissingError an ErrNotFound.
func (e *MissingError) Is(target error) bool { return target == ErrNotFound }

// JobStateError says why something can't be done to a job in its present state.
type JobStateError struct {
	JobID  JobID
	Reason string
}

// Error names the job and the reason.
func (e *JobStateError) Error() string { return fmt.Sprintf("job %s: %s", e.JobID, e.Reason) }

// Is makes every JobStateError an ErrConflict.
func (e *JobStateError) Is(target error) bool { return target == ErrConflict }

// Is makes every ActionError an ErrConflict: the request does not fit the state.
func (e *ActionError) Is(target error) bool { return target == ErrConflict }

// HeldError is an ErrNotNow with a time: whatever a task asks for is refused until
// then, whoever asks. An agent that ends a run with it has kept what was paid for.
type HeldError struct {
	Until  time.Time
	Reason string // for people, with what they can do
}

func (e *HeldError) Error() string { return e.Reason }

// Is makes it an ErrNotNow.
func (e *HeldError) Is(target error) bool { return target == ErrNotNow }

// OutcomeOfAgentError names the outcome of a run that an error ended. A worker that
// shuts down, and a run that is put off, have none: the attempt is made again.
func OutcomeOfAgentError(err error) Outcome {
	switch {
	case errors.Is(err, ErrCanceled):
		return OutcomeCanceled
	case errors.Is(err, ErrTimeout):
		return OutcomeTimeout
	case errors.Is(err, ErrStopped), errors.Is(err, ErrNotNow):
		return ""
	default:
		return OutcomeInfraError
	}
}
