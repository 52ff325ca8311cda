package worker_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/worker"
)

func (w *world) publish(task codybatch.Task) codybatch.Task {
	w.t.Helper()
	if _, err := w.service.PublishTask(w.t.Context(), task.Key()); err != nil {
		w.t.Fatal(err)
	}
	w.drain()
	return w.task(task.JobID, task.Repository.Name())
}

func (w *world) retry(task codybatch.Task) codybatch.Task {
	w.t.Helper()
	if _, err := w.service.RetryTask(w.t.Context(), task.Key()); err != nil {
		w.t.Fatal(err)
	}
	w.drain()
	return w.task(task.JobID, task.Repository.Name())
}

func TestNothingIsPaidTwice(t *testing.T) {
	t.Parallel()

	t.Run("a pull request that can't be opened costs no second run, though the base moves", func(t *testing.T) {
		t.Parallel()
		agent := &scripted{rounds: []round{edit(t, "a.txt", "y\n")}}
		forge := &failingForge{ensure: errGateway}
		w := newWorld(t, withAgent(agent), withForge(forge))
		bare := w.repository("site", map[string]string{"a.txt": "x\n"})
		spec := promptJob("site")
		spec.CreatePullRequests = true
		task := w.runOne(spec)
		wantOutcome(t, task, codybatch.OutcomeInfraError)
		forge.ensure = nil
		commitTo(t, bare, "main", map[string]string{"b.txt": "moved\n"})
		task = w.retry(task)
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if agent.runs.Load() != 1 || task.PullRequest == nil {
			t.Errorf("%d runs, %+v", agent.runs.Load(), task)
		}
	})

	t.Run("a store that fails at the end is asked again", func(t *testing.T) {
		t.Parallel()
		agent := &scripted{rounds: []round{edit(t, "a.txt", "y\n")}}
		w := newWorld(t, withAgent(agent), func(o *worker.Options) { o.Store = &failingStore{Store: o.Store, left: 2} })
		w.repository("site", map[string]string{"a.txt": "x\n"})
		wantOutcome(t, w.runOne(promptJob("site")), codybatch.OutcomeChanged)
		if agent.runs.Load() != 1 {
			t.Errorf("%d runs", agent.runs.Load())
		}
	})

	t.Run("a conflict that is known from the start comes before the agent", func(t *testing.T) {
		t.Parallel()
		agent := &scripted{rounds: []round{edit(t, "a.txt", "y\n")}}
		w := newWorld(t, withAgent(agent))
		w.repository("site", map[string]string{"a.txt": "x\n"})
		spec := promptJob("site")
		spec.CreatePullRequests, spec.PullRequest.Branch = true, "main"
		wantOutcome(t, w.runOne(spec), codybatch.OutcomeConflict)
		if agent.runs.Load() != 0 {
			t.Errorf("%d runs", agent.runs.Load())
		}
	})

	t.Run("stops do not give an attempt its money again", func(t *testing.T) {
		t.Parallel()
		var stop context.CancelCauseFunc
		var budgets []codybatch.Money
		agent := &scripted{rounds: []round{func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
			budgets = append(budgets, *run.Budget)
			stop(codybatch.ErrStopped)
			<-ctx.Done()
			return codybatch.AgentResult{Usage: codybatch.Usage{Cost: *run.Budget / 2}}, context.Cause(ctx)
		}}}
		w := newWorld(t, withAgent(agent))
		w.repository("site", map[string]string{"a.txt": "x\n"})
		job := w.create(promptJob("site"))
		ref := w.sent.take()[0]
		for range 4 {
			var ctx context.Context
			ctx, stop = context.WithCancelCause(t.Context())
			err := w.worker.Run(ctx, ref)
			stop(nil)
			if err != nil {
				t.Fatal(err)
			}
		}
		if cost := w.job(job.ID).Usage.Cost; cost > codybatch.USD(2) || budgets[1] != codybatch.USD(1) {
			t.Errorf("an attempt with a limit of $2 cost %s; it was given %v", cost, budgets)
		}
	})

	t.Run("a result is not known when its attempt ran again on another commit", func(t *testing.T) {
		t.Parallel()
		forge := &failingForge{}
		agent := &scripted{rounds: []round{edit(t, "a.txt", "first\n"), edit(t, "a.txt", "second\n"), edit(t, "a.txt", "third\n")}}
		w := newWorld(t, withAgent(agent), withForge(forge))
		bare := w.repository("site", map[string]string{"a.txt": "x\n"})
		before := git(t, bare, "rev-parse", "main")
		spec := promptJob("site")
		spec.CreatePullRequests = true
		w.create(spec)
		ref := w.sent.take()[0]
		ctx, stop := context.WithCancelCause(t.Context())
		t.Cleanup(func() { stop(nil) })
		forge.ensure, forge.onEnsure = errGateway, func() { stop(codybatch.ErrStopped) }
		if err := w.worker.Run(ctx, ref); err != nil {
			t.Fatal(err)
		}
		forge.ensure, forge.onEnsure = nil, nil
		commitTo(t, bare, "main", map[string]string{"a.txt": "moved\n"})
		if err := w.worker.Run(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		git(t, bare, "update-ref", "refs/heads/main", before) // somebody takes the commit back
		if diff := w.diff(w.runOne(promptJob("site"))); strings.Contains(diff, "-moved") {
			t.Errorf("the diff of another base was taken over:\n%s", diff)
		}
	})
}

func TestAStopKeepsAPersonsCancel(t *testing.T) {
	t.Parallel()
	started := make(chan struct{}, 1)
	agent := &scripted{rounds: []round{func(ctx context.Context, _ codybatch.AgentRun) (codybatch.AgentResult, error) {
		started <- struct{}{}
		<-ctx.Done()
		return codybatch.AgentResult{}, context.Cause(ctx)
	}}}
	w := newWorld(t, withAgent(agent))
	w.repository("site", map[string]string{"a.txt": "x\n"})
	job := w.create(promptJob("site"))
	ref := w.sent.take()[0]
	ctx, stop := context.WithCancelCause(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.worker.Run(ctx, ref) }()
	<-started
	if _, err := w.service.CancelTask(t.Context(), ref.Key); err != nil {
		t.Fatal(err)
	}
	stop(codybatch.ErrStopped) // before the heartbeat hears of the cancel
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	wantOutcome(t, w.task(job.ID, "site"), codybatch.OutcomeCanceled)
}

func TestCancelOfAJobThatWaits(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	names := []string{"one", "two", "three"}
	for _, name := range names {
		w.repository(name, map[string]string{"a.txt": "x\n"})
	}
	job := w.create(scriptJob("echo y > a.txt", names...))
	refs := w.sent.take()
	if err := w.worker.Run(t.Context(), refs[0]); err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time changes nothing
		canceled, err := w.service.CancelJob(t.Context(), job.ID)
		if err != nil || canceled.Counts.Canceled != 2 || canceled.Counts.Succeeded != 1 || canceled.Status() != codybatch.JobCanceled {
			t.Fatalf("got %+v, %v", canceled, err)
		}
	}
	if err := w.worker.Run(t.Context(), refs[1]); !errors.Is(err, codybatch.ErrConflict) {
		t.Errorf("a canceled task was claimed: %v", err)
	}
	// Somebody changes their mind: only what was canceled is done.
	result, err := w.service.RetryJob(t.Context(), job.ID, true)
	if err != nil || len(result.Queued) != 2 {
		t.Fatalf("got %+v, %v", result, err)
	}
	w.drain()
	if job = w.job(job.ID); job.Counts.Succeeded != 3 || job.Status() != codybatch.JobSucceeded {
		t.Errorf("got %+v", job)
	}
	var finished *codybatch.JobStateError
	if _, err := w.service.CancelJob(t.Context(), job.ID); !errors.As(err, &finished) {
		t.Errorf("a finished job was canceled: %v", err)
	}
}

func TestPublishingNeedsNoEngine(t *testing.T) {
	t.Parallel()
	agent := &scripted{rounds: []round{edit(t, "a.txt", "y\n")}}
	var options worker.Options
	w := newWorld(t, withAgent(agent), func(o *worker.Options) { options = *o })
	w.repository("site", map[string]string{"a.txt": "x\n"})
	task := w.runOne(promptJob("site"))
	options.Engines = map[codybatch.AgentType]string{codybatch.AgentClaude: "rehearsal"}
	var err error
	if w.worker, err = worker.New(options); err != nil {
		t.Fatal(err)
	}
	if task = w.publish(task); task.PullRequest == nil || agent.runs.Load() != 1 {
		t.Errorf("got %+v", task)
	}
}

func TestTheLeaseHoldsWhileACanceledAttemptKeepsItsDiff(t *testing.T) {
	t.Parallel()
	started := make(chan struct{}, 1)
	var w *world
	agent := &scripted{rounds: []round{func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
		writeFile(t, filepath.Join(run.Dir, "a.txt"), "paid\n")
		started <- struct{}{}
		<-ctx.Done()
		before := w.task("job-001", "site").LeaseUntil
		for look := time.NewTicker(10 * time.Millisecond); !w.task("job-001", "site").LeaseUntil.After(before); <-look.C {
			// What follows may take longer than the lease: somebody has to extend it.
		}
		return codybatch.AgentResult{Usage: codybatch.Usage{Cost: codybatch.USD(1)}}, context.Cause(ctx)
	}}}
	w = newWorld(t, withAgent(agent), func(o *worker.Options) { o.Lease = 500 * time.Millisecond })
	w.repository("site", map[string]string{"a.txt": "x\n"})
	job := w.create(promptJob("site"))
	ctx, cancel := context.WithCancelCause(t.Context())
	done := make(chan error, 1)
	go func() { done <- w.worker.Run(ctx, w.sent.take()[0]) }()
	<-started
	cancel(codybatch.ErrCanceled)
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if task := w.task(job.ID, "site"); task.Outcome != codybatch.OutcomeCanceled || !task.HasDiff {
		t.Errorf("got %+v", task)
	}
}

func TestWhoseCommitOnABranchIsReplaced(t *testing.T) {
	t.Parallel()
	const branch = "cody-batch/change"
	for name, change := range map[string]func(t *testing.T, w *world, bare string){
		"amended by a person, who stays its committer": func(t *testing.T, _ *world, bare string) {
			tree := filepath.Join(t.TempDir(), "tree")
			git(t, bare, "clone", "-q", "--branch", branch, bare, tree)
			writeFile(t, filepath.Join(tree, "fix.txt"), "by hand\n")
			git(t, tree, "add", "-A")
			git(t, tree, "commit", "-q", "--amend", "--no-edit")
			git(t, tree, "push", "-q", "--force", "origin", branch)
		},
		"ours, on top of a person's": func(t *testing.T, _ *world, bare string) {
			ours := git(t, bare, "log", "-1", "--format=%B", branch)
			tree := git(t, bare, "rev-parse", branch+"^{tree}")
			person := git(t, bare, "commit-tree", "-p", "main", "-m", "by hand", "main^{tree}")
			mine := git(t, bare, "-c", "user.name=Cody Batch", "commit-tree", "-p", person, "-m", ours, tree)
			// Author and committer as ours; only the base in the message is another commit.
			raw := strings.ReplaceAll(git(t, bare, "cat-file", "commit", mine), "Ann <ann@example.com>", "Cody Batch <cody-batch@noreply.invalid>")
			file := filepath.Join(t.TempDir(), "commit")
			writeFile(t, file, raw+"\n")
			git(t, bare, "update-ref", "refs/heads/"+branch, git(t, bare, "hash-object", "-t", "commit", "-w", file))
		},
		"ours, merged with a person's": func(t *testing.T, _ *world, bare string) {
			raw := git(t, bare, "cat-file", "commit", branch)
			person := git(t, bare, "commit-tree", "-p", "main", "-m", "by hand", "main^{tree}")
			at := strings.Index(raw, "author ")
			file := filepath.Join(t.TempDir(), "commit")
			writeFile(t, file, raw[:at]+"parent "+person+"\n"+raw[at:]+"\n")
			git(t, bare, "update-ref", "refs/heads/"+branch, git(t, bare, "hash-object", "-t", "commit", "-w", file))
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			bare := w.repository("site", map[string]string{"a.txt": "x\n"})
			wantOutcome(t, w.runOne(publishJob("echo y > a.txt", "site")), codybatch.OutcomeChanged)
			change(t, w, bare)
			before := git(t, bare, "rev-parse", branch)
			wantOutcome(t, w.runOne(publishJob("echo z > a.txt", "site")), codybatch.OutcomeConflict)
			if git(t, bare, "rev-parse", branch) != before {
				t.Error("the branch was moved")
			}
		})
	}
}

func TestWorkspacesOfEndedProcessesAreCleared(t *testing.T) {
	t.Parallel()
	var root string
	newWorld(t, func(o *worker.Options) {
		root = o.Root
		for _, name := range []string{fmt.Sprintf("%d-site-1", os.Getpid()), fmt.Sprintf("%d.1-site-2", os.Getpid()), "999999999.7-site-3"} {
			closed := filepath.Join(root, name, "closed")
			if err := os.MkdirAll(filepath.Join(closed, "deep"), 0o700); err != nil {
				t.Fatal(err)
			}
			if err := os.Chmod(closed, 0o500); err != nil {
				t.Fatal(err)
			}
		}
	})
	if left, _ := os.ReadDir(root); len(left) != 0 {
		t.Errorf("left: %v", left)
	}
}
