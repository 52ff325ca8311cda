// Package worker runs attempts: it is the machine side. One attempt is told from
// top to bottom in attempt.go; the other files are its chapters.
package worker

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// Options are what a Worker can't do without.
type Options struct {
	Store     codybatch.Store
	Artifacts codybatch.Artifacts
	Forge     codybatch.Forge
	Agents    map[codybatch.AgentType]codybatch.Agent
	// Engines says what really answers for an agent, when that is not the agent
	// itself: "rehearsal". Results are never shared between engines.
	Engines map[codybatch.AgentType]string
	Allow   codybatch.AllowList
	Root    string        // the folder for workspaces; a worker removes what dead ones left there
	Lease   time.Duration // how long a silent worker keeps a task; it gives a sign of life three times as often
	Secrets []string      // values that must not be stored, wherever they turn up

	Now      func() time.Time
	NewToken func() string // a string that was never used before
	Log      *slog.Logger
}

// Worker runs attempts. Run may be called any number of times at once.
type Worker struct {
	Options
	redact *strings.Replacer
}

// New makes a worker, and clears away what workers of ended processes left in the
// folder for workspaces.
func New(options Options) (*Worker, error) {
	if err := os.MkdirAll(options.Root, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder for workspaces: %w", err)
	}
	w := &Worker{Options: options, redact: redactor(options.Secrets)}
	w.clearLeftovers()
	return w, nil
}

// Run is one attempt of a task, from claim to finish. It is a codybatch.Runner:
// ErrConflict says that the attempt is somebody else's, ErrNotNow that it has to
// wait for the job's money, any other error that the end could not be recorded;
// the lease will run out then, and somebody else takes over.
func (w *Worker) Run(ctx context.Context, ref codybatch.TaskRef) error {
	now := w.Now()
	task, job, err := w.Store.ClaimTask(ctx, codybatch.Claim{
		Key: ref.Key, Attempt: ref.Attempt, Worker: w.NewToken(), Now: now, LeaseUntil: now.Add(w.Lease),
	})
	switch {
	case errors.Is(err, codybatch.ErrCanceled):
		return w.end(ctx, ref, func(t codybatch.Task) (codybatch.Task, error) { return t.CanceledBy(w.Now()) })
	case errors.Is(err, codybatch.ErrBudgetExhausted):
		return w.end(ctx, ref, func(t codybatch.Task) (codybatch.Task, error) {
			return t.Refused(ref.Attempt, codybatch.OutcomeBudgetExhausted, codybatch.TaskError{Code: "job_budget_exhausted",
				Message: "the job's maxCostUsd is spent; start another job for what is left, with a budget of its own"}, w.Now())
		})
	case err != nil:
		return fmt.Errorf("claim %s: %w", ref.Key, err)
	}
	return w.newAttempt(job, task).run(ctx)
}

// end finishes a task that was never claimed. Whoever was quicker is right.
func (w *Worker) end(ctx context.Context, ref codybatch.TaskRef, change func(codybatch.Task) (codybatch.Task, error)) error {
	_, err := codybatch.Update(ctx, w.Store, ref.Key, change)
	if errors.Is(err, codybatch.ErrConflict) {
		return nil
	}
	return err
}

// clearLeftovers removes workspaces whose process is gone. Their names begin with
// the id of the process.
func (w *Worker) clearLeftovers() {
	entries, err := os.ReadDir(w.Root)
	if err != nil {
		w.Log.Warn("can't look for left-over workspaces", "error", err)
		return
	}
	for _, entry := range entries {
		owner, _, _ := strings.Cut(entry.Name(), "-")
		pid, err := strconv.Atoi(owner)
		if err != nil || syscall.Kill(pid, 0) == nil {
			continue
		}
		if err := removeAll(filepath.Join(w.Root, entry.Name())); err != nil {
			w.Log.Warn("can't remove a left-over workspace", "error", err)
		}
	}
}
