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
	"os"
	"path/filepath"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// keep takes a snapshot of the workspace and stores the diff, also when the
// context has ended or ends meanwhile, because the change is paid for. It is skipped
// when nobody wants it: after a lost lease, and after a stop, which a checkpoint is
// there for.
func (a *attempt) keep(ctx context.Context, place *place, ended error) (string, error) {
	if errors.Is(ended, errLost) || errors.Is(ended, codybatch.ErrStopped) {
		return "", nil
	}
	if ctx.Err() == nil {
		tree, err := a.keepNow(ctx, place)
		if cause := context.Cause(ctx); err == nil || cause == nil || errors.Is(cause, errLost) || errors.Is(cause, codybatch.ErrStopped) {
			return tree, err
		}
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.Keep)
	defer cancel()
	return a.keepNow(ctx, place)
}

func (a *attempt) keepNow(ctx context.Context, place *place) (string, error) {
	tree, err := place.git.Snapshot(ctx)
	if err != nil {
		return "", fmt.Errorf("take a snapshot of the workspace: %w", err)
	}
	changes, err := place.git.Changes(ctx, tree)
	if err != nil {
		return "", fmt.Errorf("list the changes: %w", err)
	}
	var stat codybatch.DiffStat
	for _, change := range changes {
		stat.Files++
		stat.Additions += change.Additions
		stat.Deletions += change.Deletions
	}
	a.result.DiffStat, a.result.HasDiff, a.result.Accepted, a.result.Fingerprint = stat, false, false, ""
	a.result.Gates, a.result.Judgement, a.result.Unjudged = nil, nil, false // of the diff before
	if stat.Empty() {
		return tree, nil
	}
	if err := a.keepDiff(ctx, place, tree); err != nil {
		return tree, err
	}
	a.result.HasDiff = true // not before it is there
	return tree, nil
}

// listChanges tells an agent that is not done yet what it has changed so far.
func listChanges(ctx context.Context, place *place) ([]codybatch.FileChange, error) {
	tree, err := place.git.Snapshot(ctx)
	if err != nil {
		return nil, fmt.Errorf("take a snapshot of the workspace: %w", err)
	}
	changes, err := place.git.Changes(ctx, tree)
	if err != nil {
		return nil, fmt.Errorf("list the changes: %w", err)
	}
	list := make([]codybatch.FileChange, len(changes))
	for i, c := range changes {
		list[i] = codybatch.FileChange{
			Path: c.Path, OldPath: c.OldPath, Status: c.Status, Additions: c.Additions, Deletions: c.Deletions, Binary: c.Binary,
		}
	}
	return list, nil
}

// errSecretInDiff ends an attempt whose diff would carry the server's own
// credentials to wherever diffs go. It is the one change that is not kept.
var errSecretInDiff = errors.New("the change holds one of this server's own credentials, and so its diff is not kept; find out how the agent came by it, and renew that credential")

// patchFile is where a place holds its diff for the gates to read.
func (p *place) patchFile() string { return filepath.Join(p.root, "diff.patch") }

func (a *attempt) keepDiff(ctx context.Context, place *place, tree string) error {
	file, err := os.Create(place.patchFile())
	if err != nil {
		return fmt.Errorf("write the diff: %w", err)
	}
	defer file.Close()
	if err := place.git.Diff(ctx, tree, file); err != nil {
		return fmt.Errorf("write the diff: %w", err)
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read the diff back: %w", err)
	}
	if err := a.refuseSecrets(ctx, place, tree); err != nil {
		return err
	}
	if a.result.Fingerprint, err = codybatch.Fingerprint(file); err != nil {
		return err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("read the diff back: %w", err)
	}
	sum := sha256.New()
	if err := a.Artifacts.Put(ctx, codybatch.DiffKey(a.task.Key(), a.task.Attempt), io.TeeReader(file, sum)); err != nil {
		return fmt.Errorf("store the diff: %w", err)
	}
	a.diffSHA = hex.EncodeToString(sum.Sum(nil))
	return nil
}

// refuseSecrets looks for the server's own credentials in the diff, and in the
// binary files that it carries in a form that nobody can read.
func (a *attempt) refuseSecrets(ctx context.Context, place *place, tree string) error {
	holds, err := holdsSecrets(place.patchFile(), a.Secrets)
	if err != nil {
		return err
	}
	changes, err := place.git.Changes(ctx, tree)
	if err != nil {
		return fmt.Errorf("list the changes: %w", err)
	}
	binaries, _, err := scanBinaries(ctx, place.git, tree, changes, newKnownValues(a.Secrets))
	if err != nil {
		return err
	}
	if holds || len(binaries) > 0 {
		return errSecretInDiff
	}
	return nil
}

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
