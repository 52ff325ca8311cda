// Package worker runs attempts: it is the machine side. One attempt is told from
// top to bottom in attempt.go; the other files are its chapters.
package worker

import (
	"bytes"
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
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

// Options are what a Worker can't do without.
type Options struct {
	Store     codybatch.Store
	Artifacts codybatch.Artifacts
	Forge     codybatch.Forge
	Agents    map[codybatch.AgentType]codybatch.Agent
	// Judges take the second look that strict jobs ask for, by the agent whose model
	// they ask.
	Judges map[codybatch.AgentType]codybatch.Judge
	// Engines says what really answers for an agent, when that is not the agent
	// itself: "rehearsal". Results are never shared between engines.
	Engines map[codybatch.AgentType]string
	Allow   codybatch.AllowList
	Root    string        // the folder for workspaces; a worker removes what dead ones left there
	Lease   time.Duration // how long a silent worker keeps a task; it gives a sign of life three times as often
	// Keep is how long an attempt that was canceled, stopped or timed out may take to
	// keep what it has: a snapshot, a diff, a row. 0: 30 seconds.
	Keep    time.Duration
	Secrets []string // values that must not be stored, wherever they turn up
	// Confinement is how far verification is kept in.
	Confinement sandbox.Confinement

	Now      func() time.Time
	NewToken func() string // a string that was never used before
	Log      *slog.Logger
}

// Worker runs attempts. Run may be called any number of times at once.
type Worker struct {
	Options
	redact *strings.Replacer
}

const defaultKeep = 30 * time.Second

// throughOnly is the mode of a folder that the programs' user has to get through.
const throughOnly = 0o711

// New makes a worker, and clears away what workers of ended processes left in the
// folder for workspaces.
func New(options Options) (*Worker, error) {
	if options.Keep == 0 {
		options.Keep = defaultKeep
	}
	if err := os.MkdirAll(options.Root, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder for workspaces: %w", err)
	}
	root, err := filepath.EvalSymlinks(options.Root) // as the kernel names it
	if err != nil {
		return nil, fmt.Errorf("find the folder for workspaces: %w", err)
	}
	options.Root = root
	if options.Confinement.UID != 0 {
		if err := os.Chmod(root, throughOnly); err != nil {
			return nil, fmt.Errorf("open the folder for workspaces: %w", err)
		}
	}
	w := &Worker{Options: options, redact: redactor(options.Secrets)}
	w.clearLeftovers()
	return w, nil
}

// Run is one attempt of a task, from claim to finish. It is a codybatch.Runner:
// ErrConflict says that the attempt is somebody else's, ErrNotNow that it has to
// wait for the job's money or (HeldError) for a time, any other error that the end could not be recorded;
// the lease will run out then, and somebody else takes over.
func (w *Worker) Run(ctx context.Context, ref codybatch.TaskRef) error {
	job, err := w.Store.Job(ctx, ref.Key.JobID)
	if err != nil {
		return fmt.Errorf("read the job of %s: %w", ref.Key, err)
	}
	if err := w.checkEngine(ctx, job, ref.Key); err != nil {
		return err
	}
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

// checkEngine keeps a rehearsal from doing what Claude was asked for, and Claude
// from doing what was to be rehearsed. Publishing what is there needs no engine.
func (w *Worker) checkEngine(ctx context.Context, job codybatch.Job, key codybatch.TaskKey) error {
	engine := w.engine(job.Agent.Type)
	if job.Engine == engine {
		return nil
	}
	task, err := w.Store.Task(ctx, key)
	if err != nil {
		return fmt.Errorf("read %s: %w", key, err)
	}
	if task.PublishesStored(job) {
		return nil
	}
	w.Log.WarnContext(ctx, "a task stays queued: its job was made for another engine; start a server with that one, or cancel the job",
		"job", key.JobID, "repository", key.Repository, "wants", job.Engine, "here", engine)
	return fmt.Errorf("%s is for %q, and this worker has %q: %w", key, job.Engine, engine, codybatch.ErrConflict)
}

// engine is what really answers for an agent.
func (w *Worker) engine(agent codybatch.AgentType) string {
	if engine := w.Engines[agent]; engine != "" {
		return engine
	}
	return string(agent)
}

// clearLeftovers removes workspaces whose process is gone, and ends what still runs
// in them. Their names begin with the owner.
func (w *Worker) clearLeftovers() {
	entries, err := os.ReadDir(w.Root)
	if err != nil {
		w.Log.Warn("can't look for left-over workspaces", "error", err)
		return
	}
	for _, entry := range entries {
		name, _, _ := strings.Cut(entry.Name(), "-")
		id, _, _ := strings.Cut(name, ".")
		pid, err := strconv.Atoi(id)
		if err != nil || syscall.Kill(pid, 0) == nil && owner(pid) == name {
			continue
		}
		leftover := filepath.Join(w.Root, entry.Name())
		if killed := sandbox.KillIn(leftover); killed > 0 {
			w.Log.Warn("killed programs that an ended worker left running", "processes", killed)
		}
		if err := removeAll(leftover); err != nil {
			w.Log.Warn("can't remove a left-over workspace", "error", err)
		}
	}
}

// owner names a process by its id and, where proc(5) tells, by its start: in a
// container every process may have the same id.
func owner(pid int) string {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return strconv.Itoa(pid)
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	if len(fields) < 20 {
		return strconv.Itoa(pid)
	}
	return strconv.Itoa(pid) + "." + fields[19] // starttime, the 22nd of all
}
