package worker

import (
	"errors"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/git"
)

// outcomeOf says what an error means for the task, and tells a person about it.
func outcomeOf(err error) (codybatch.Outcome, *codybatch.TaskError) {
	var (
		notAllowed *codybatch.NotAllowedError
		noBase     *codybatch.BaseError
		conflict   *conflictError
	)
	tell := func(outcome codybatch.Outcome, code string) (codybatch.Outcome, *codybatch.TaskError) {
		return outcome, &codybatch.TaskError{Code: code, Message: err.Error()}
	}
	switch {
	case errors.Is(err, codybatch.ErrCanceled):
		return codybatch.OutcomeCanceled, &codybatch.TaskError{Code: "canceled", Message: "canceled by a person while it was running"}
	case errors.Is(err, codybatch.ErrTimeout):
		return codybatch.OutcomeTimeout, &codybatch.TaskError{Code: "timeout", Message: "the attempt took longer than agent.timeoutSeconds; what it had changed by then is kept"}
	case errors.Is(err, errSecretInDiff):
		return tell(codybatch.OutcomeGateBlocked, codybatch.CodeSecretInDiff)
	case errors.Is(err, codybatch.ErrNotResumable):
		return tell(codybatch.OutcomeInfraError, codybatch.CodeConversationLost)
	case errors.As(err, &notAllowed):
		return tell(codybatch.OutcomeBlocked, "repository_not_allowed")
	case errors.As(err, &noBase):
		return tell(codybatch.OutcomeBlocked, noBase.Code)
	case errors.As(err, &conflict):
		return tell(codybatch.OutcomeConflict, "branch_conflict")
	case errors.Is(err, codybatch.ErrUnauthorized), errors.Is(err, git.ErrUnauthorized):
		return tell(codybatch.OutcomeAuthError, "credentials_refused")
	case errors.Is(err, codybatch.ErrNotFound), errors.Is(err, git.ErrNotFound):
		return tell(codybatch.OutcomeInfraError, "repository_not_found")
	default:
		return tell(codybatch.OutcomeInfraError, "infra_error")
	}
}
