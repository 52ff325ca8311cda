package worker

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// maxCheckpoint bounds the patch of a checkpoint, in bytes. Beyond it, an attempt
// that is interrupted starts over.
const maxCheckpoint = 16 << 20

// checkpoint is a workspace in the middle of an attempt: what it differs by from
// the base commit after so many answers of the model. It has no file that git
// ignores.
type checkpoint struct {
	BaseCommit string `json:"baseCommit"`
	Answers    int    `json:"answers"`
	Patch      []byte `json:"patch,omitempty"`
	Made       *made  `json:"made,omitempty"` // nil: the agent was not done
}

// checkpoint keeps the workspace as it is now, and the agent's conversation. It must not run at once with
// anything else that looks at the workspace with git.
func (a *attempt) checkpoint(ctx context.Context, place *place, answers int, conversation []byte) error {
	tree, err := place.git.Snapshot(ctx)
	if err != nil {
		return fmt.Errorf("take a snapshot of the workspace: %w", err)
	}
	file, err := os.Create(place.patchFile())
	if err != nil {
		return fmt.Errorf("write a checkpoint: %w", err)
	}
	err = errors.Join(place.git.Diff(ctx, tree, file), file.Close())
	if err != nil {
		return fmt.Errorf("write a checkpoint: %w", err)
	}
	if info, err := os.Stat(place.patchFile()); err != nil || info.Size() > maxCheckpoint {
		return errors.Join(err, fmt.Errorf("write a checkpoint: the change is larger than %d MiB", maxCheckpoint>>20))
	}
	if err := a.refuseSecrets(ctx, place, tree); err != nil {
		return err
	}
	patch, err := os.ReadFile(place.patchFile())
	if err != nil {
		return fmt.Errorf("write a checkpoint: %w", err)
	}
	if conversation != nil { // before the workspace: an agent can cut it shorter, and not make it longer
		if err := a.putConversation(ctx, conversation); err != nil {
			return err
		}
	}
	return a.putCheckpoint(ctx, checkpoint{BaseCommit: a.result.BaseCommit, Answers: answers, Patch: patch})
}

func (a *attempt) putCheckpoint(ctx context.Context, c checkpoint) error {
	document, err := json.Marshal(c)
	if err != nil {
		return fmt.Errorf("write a checkpoint: %w", err)
	}
	if err := a.Artifacts.Put(ctx, codybatch.CheckpointKey(a.task.Key(), a.task.Attempt), bytes.NewReader(document)); err != nil {
		return fmt.Errorf("store a checkpoint: %w", err)
	}
	return nil
}

// lastCheckpoint reads the attempt's checkpoint; the zero value if there is none.
func (a *attempt) lastCheckpoint(ctx context.Context) (checkpoint, error) {
	document, err := a.Artifacts.Open(ctx, codybatch.CheckpointKey(a.task.Key(), a.task.Attempt))
	if errors.Is(err, codybatch.ErrNotFound) {
		return checkpoint{}, nil
	}
	if err != nil {
		return checkpoint{}, fmt.Errorf("read a checkpoint: %w", err)
	}
	defer document.Close()
	var c checkpoint
	if err := json.NewDecoder(document).Decode(&c); err != nil {
		return checkpoint{}, fmt.Errorf("read a checkpoint: %w", err)
	}
	return c, nil
}
