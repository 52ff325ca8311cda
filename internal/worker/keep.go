package worker

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
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
