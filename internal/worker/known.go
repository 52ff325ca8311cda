package worker

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// knownResult is a result that another attempt can use again: same spec, same
// base commit.
type knownResult struct {
	JobID      codybatch.JobID          `json:"jobId"`
	Repository codybatch.RepositoryName `json:"repository"`
	Attempt    int                      `json:"attempt"`
	DiffSHA    string                   `json:"diffSha,omitempty"` // SHA-256 of diff.patch, which a later run of the attempt may have replaced
	Result     codybatch.TaskResult     `json:"result"`

	// unchecked says that the gates of another job stopped the change, and that those of
	// this one let it pass: verification and judge have not seen it.
	unchecked bool
}

// task is whose result it is.
func (k knownResult) task() codybatch.TaskKey {
	return codybatch.TaskKey{JobID: k.JobID, Repository: k.Repository}
}

// isResult reports whether whoever asks for the same is answered by what an attempt
// came to: a success, and a change that the gates or the judge stopped. A job with
// milder gates may let that pass. Where verification failed, the machine may be to
// blame; where a limit was reached, or nobody could ask the judge, something is missing.
func isResult(result codybatch.TaskResult) bool {
	if result.Outcome == codybatch.OutcomeGateBlocked {
		return isStoppedByGates(result) || isStoppedByJudge(result)
	}
	return result.Outcome.Status() == codybatch.TaskSucceeded
}

func isStoppedByGates(result codybatch.TaskResult) bool {
	return result.Error != nil && result.Error.Code == codeGateBlocked
}

func isStoppedByJudge(result codybatch.TaskResult) bool {
	return result.Error != nil && result.Error.Code == codeJudgeRejected
}

// store keeps a result for everyone with the same spec and base commit. It is
// written before the task's row, so that a crash between the two costs nothing. That it
// can't be written costs others something, and this attempt nothing: it goes on.
func (a *attempt) store(ctx context.Context, ended codybatch.AgentResult) {
	if !isResult(a.result) || a.task.Feedback != nil { // nobody else asked for it
		return
	}
	a.enter(codybatch.PhaseStoring)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.Keep)
	defer cancel()
	key := codybatch.ResultKey(a.job.Digest(ended.Engine), a.task.Repository, a.result.BaseCommit)
	isWanted, err := a.isWanted(ctx, key)
	var document []byte
	if err == nil && isWanted {
		document, err = json.Marshal(knownResult{
			JobID: a.task.JobID, Repository: a.task.Repository, Attempt: a.task.Attempt, DiffSHA: a.diffSHA, Result: a.result,
		})
	}
	if err == nil && isWanted {
		err = a.Artifacts.Put(ctx, key, bytes.NewReader(document))
	}
	if err != nil {
		a.Log.WarnContext(ctx, "a result could not be kept for other jobs that ask for the same", "task", a.task.Key().String(), "error", err)
	}
}

// isWanted reports whether this attempt's result is to stand for the question from now
// on. One that was stopped does not replace a success that is there: who sets gates that
// let both pass would have to check it, and who sets others holds up the success. One that
// was taken over to be checked is not wanted if a person has rejected it meanwhile.
func (a *attempt) isWanted(ctx context.Context, key codybatch.ArtifactKey) (bool, error) {
	isStopped := a.result.Outcome.Status() != codybatch.TaskSucceeded
	if !isStopped && a.result.ReusedFrom == "" {
		return true, nil
	}
	found, err := a.readResult(ctx, key)
	switch {
	case err != nil || found == nil:
		return true, err
	case found.JobID == "":
		return a.result.ReusedFrom == "", nil
	case !isStopped || found.Result.Outcome.Status() != codybatch.TaskSucceeded:
		return true, nil
	}
	isThere, err := a.isThere(ctx, *found)
	return !isThere, err
}

// readResult reads the record of a result; nil: there is none.
func (a *attempt) readResult(ctx context.Context, key codybatch.ArtifactKey) (*knownResult, error) {
	document, err := a.Artifacts.Open(ctx, key)
	if errors.Is(err, codybatch.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("look for an earlier result: %w", err)
	}
	defer document.Close()
	var known knownResult
	if err := json.NewDecoder(document).Decode(&known); err != nil {
		return nil, fmt.Errorf("read an earlier result: %w", err)
	}
	return &known, nil
}

// isThere reports whether the diff of a result still is what it was: its job may have
// been deleted, or the attempt ran again.
func (a *attempt) isThere(ctx context.Context, known knownResult) (bool, error) {
	if !known.Result.HasDiff {
		return true, nil
	}
	sum, err := a.sumOf(ctx, codybatch.DiffKey(known.task(), known.Attempt))
	return err == nil && sum == known.DiffSHA, err
}

// knownResult finds a result that makes the agent unnecessary, or nil: the task's
// own diff when it is to be published, or what the same spec gave on the same
// commit before.
func (a *attempt) knownResult(ctx context.Context, base codybatch.Base) (*knownResult, error) {
	if a.publishesStored() {
		return &knownResult{JobID: a.task.JobID, Repository: a.task.Repository, Attempt: a.task.DiffAttempt, Result: a.storedResult()}, nil
	}
	if a.task.Fresh || a.task.Feedback != nil {
		return nil, nil
	}
	digest := a.job.Digest(a.engine(a.job.Agent.Type))
	known, err := a.readResult(ctx, codybatch.ResultKey(digest, a.task.Repository, base.Commit))
	if err != nil || known == nil || known.JobID == "" { // it was rejected
		return nil, err
	}
	if known.Result.HasDiff {
		a.holdUp(known)
	}
	if known.Result.Outcome == codybatch.OutcomeGateBlocked && a.task.HasDiff {
		return nil, nil // whoever retries wants another diff than one that is blocked
	}
	isThere, err := a.isThere(ctx, *known)
	if !isThere {
		return nil, err
	}
	return known, nil
}

// holdUp judges a known result by the levels of this job's gates: what another job
// let pass may block here, and what was blocked there may pass. The findings are all
// there, also those that were allowed.
func (a *attempt) holdUp(known *knownResult) {
	result := &known.Result
	result.Gates = a.job.Gates.Judged(result.Gates, a.job.Agent.Type)
	if isStoppedByJudge(*result) { // by the judge that this job asks for, too
		return
	}
	blocked := blockedBy(result.Gates)
	known.unchecked = blocked == nil && result.Outcome == codybatch.OutcomeGateBlocked
	if blocked != nil {
		result.Outcome, result.Error, result.Accepted = codybatch.OutcomeGateBlocked, blocked, false
	}
}

// sumOf is the SHA-256 of a document, "" if there is none.
func (a *attempt) sumOf(ctx context.Context, key codybatch.ArtifactKey) (string, error) {
	document, err := a.Artifacts.Open(ctx, key)
	if errors.Is(err, codybatch.ErrNotFound) {
		return "", nil
	}
	if err != nil {
		return "", fmt.Errorf("read an earlier result: %w", err)
	}
	defer document.Close()
	sum := sha256.New()
	if _, err := io.Copy(sum, document); err != nil {
		return "", fmt.Errorf("read an earlier result: %w", err)
	}
	return hex.EncodeToString(sum.Sum(nil)), nil
}

// storedResult is the change that the task has already.
func (a *attempt) storedResult() codybatch.TaskResult {
	return codybatch.TaskResult{
		Outcome: codybatch.OutcomeChanged, Engine: a.task.Engine, Agent: a.task.Agent, Summary: a.task.Summary, BaseCommit: a.task.BaseCommit,
		ReusedFrom: a.task.ReusedFrom, HasDiff: true, Accepted: true, DiffStat: a.task.DiffStat, Fingerprint: a.task.Fingerprint,
		Verified: a.task.Verified, Gates: a.task.Gates, Judgement: a.task.Judgement,
	}
}
