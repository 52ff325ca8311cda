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
}

// store keeps a success for everyone with the same spec and base commit. It is
// written before the task's row, so that a crash between the two costs nothing. That it
// can't be written costs others something, and this attempt nothing: it goes on.
func (a *attempt) store(ctx context.Context, ended codybatch.AgentResult) {
	if a.result.Outcome.Status() != codybatch.TaskSucceeded || a.task.Feedback != nil { // nobody else asked for it
		return
	}
	a.enter(codybatch.PhaseStoring)
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.Keep)
	defer cancel()
	document, err := json.Marshal(knownResult{
		JobID: a.task.JobID, Repository: a.task.Repository, Attempt: a.task.Attempt, DiffSHA: a.diffSHA, Result: a.result,
	})
	if err == nil {
		key := codybatch.ResultKey(a.job.Digest(ended.Engine), a.task.Repository, a.result.BaseCommit)
		err = a.Artifacts.Put(ctx, key, bytes.NewReader(document))
	}
	if err != nil {
		a.Log.WarnContext(ctx, "a result could not be kept for other jobs that ask for the same", "task", a.task.Key().String(), "error", err)
	}
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
	document, err := a.Artifacts.Open(ctx, codybatch.ResultKey(digest, a.task.Repository, base.Commit))
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
	if known.JobID == "" {
		return nil, nil // it was rejected
	}
	if !known.Result.HasDiff {
		return &known, nil
	}
	if a.holdUp(&known); known.Result.Outcome == codybatch.OutcomeGateBlocked && a.task.HasDiff {
		return nil, nil // whoever retries wants another diff than one that is blocked
	}
	sum, err := a.sumOf(ctx, codybatch.DiffKey(codybatch.TaskKey{JobID: known.JobID, Repository: known.Repository}, known.Attempt))
	if err != nil || sum != known.DiffSHA {
		return nil, err // its job was deleted, or the attempt ran again
	}
	return &known, nil
}

// holdUp judges a known result by the levels of this job's gates: what another job
// let pass may block here. The findings are all there, also those that were allowed.
func (a *attempt) holdUp(known *knownResult) {
	result := &known.Result
	result.Gates = a.job.Gates.Judged(result.Gates, a.job.Agent.Type)
	if blocked := blockedBy(result.Gates); blocked != nil {
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

// takeOver makes a known result this attempt's own: diff, thread and log. No
// token is spent.
func (a *attempt) takeOver(ctx context.Context, known *knownResult) error {
	from := codybatch.TaskKey{JobID: known.JobID, Repository: known.Repository}
	to := a.task.Key()
	if known.Result.HasDiff {
		if err := a.copyArtifact(ctx, codybatch.DiffKey(from, known.Attempt), codybatch.DiffKey(to, a.task.Attempt)); err != nil {
			return err
		}
	}
	for _, key := range []func(codybatch.TaskKey, int) codybatch.ArtifactKey{codybatch.LogKey, codybatch.ConversationKey, codybatch.ThreadKey} {
		err := a.copyArtifact(ctx, key(from, known.Attempt), key(to, a.task.Attempt))
		if err != nil && !errors.Is(err, codybatch.ErrNotFound) {
			return err
		}
	}
	a.result = known.Result
	if known.JobID != a.task.JobID {
		a.result.ReusedFrom = known.JobID
	}
	a.result.Usage, a.result.PullRequest, a.result.HeadCommit, a.result.Branch = codybatch.Usage{}, nil, "", ""
	err := a.record.event(ctx, codybatch.ThreadEvent{Type: codybatch.EventNotice, ReusedFrom: known.JobID, Reason: fmt.Sprintf(
		"This result comes from attempt %d of job %s, which asked for the same on the same commit. No token was spent.", known.Attempt, known.JobID)})
	if err != nil || known.JobID == a.task.JobID {
		return err
	}
	for _, finding := range a.result.Gates { // with the levels of this job
		if err := a.recordFinding(ctx, finding); err != nil {
			return err
		}
	}
	return nil
}

func (a *attempt) copyArtifact(ctx context.Context, from, to codybatch.ArtifactKey) error {
	if from == to {
		return nil
	}
	document, err := a.Artifacts.Open(ctx, from)
	if err != nil {
		return fmt.Errorf("read an earlier result: %w", err)
	}
	defer document.Close()
	if err := a.Artifacts.Put(ctx, to, document); err != nil {
		return fmt.Errorf("store an earlier result: %w", err)
	}
	return nil
}

// applyKnown puts a known result into the workspace, to be published.
func (a *attempt) applyKnown(ctx context.Context, place *place, known *knownResult) (string, error) {
	if err := a.takeOver(ctx, known); err != nil {
		return "", err
	}
	patch, err := a.Artifacts.Open(ctx, codybatch.DiffKey(a.task.Key(), a.task.Attempt))
	if err != nil {
		return "", fmt.Errorf("read the stored diff: %w", err)
	}
	defer patch.Close()
	if err := place.git.Apply(ctx, patch); err != nil {
		return "", fmt.Errorf("apply the stored diff to %s: %w", a.result.BaseCommit, err)
	}
	return place.git.Snapshot(ctx)
}
