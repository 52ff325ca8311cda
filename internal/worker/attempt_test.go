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

func TestAttempt(t *testing.T) {
	t.Parallel()

	t.Run("a change is kept as a diff and a thread", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.repository("site", map[string]string{"a.txt": "old\n", "b.txt": "same\n"})
		task := w.runOne(scriptJob("sed -i s/old/new/ a.txt", "site"))
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if task.DiffStat != (codybatch.DiffStat{Files: 1, Additions: 1, Deletions: 1}) || task.Engine != "script" || task.BaseCommit == "" || task.Fingerprint == "" {
			t.Errorf("got %+v", task)
		}
		if diff := w.diff(task); !strings.Contains(diff, "-old\n+new\n") {
			t.Errorf("diff:\n%s", diff)
		}
		if thread := w.thread(task); !strings.Contains(thread, `"type":"runStart"`) || !strings.Contains(thread, `"seq":1,`) {
			t.Errorf("thread:\n%s", thread)
		}
		job := w.job(task.JobID)
		if job.Status() != codybatch.JobSucceeded || job.Counts.Changed != 1 || job.Counts.Published != 0 {
			t.Errorf("job: %+v", job)
		}
		if left, _ := os.ReadDir(filepath.Join(filepath.Dir(w.forgeRoot), "workspaces")); len(left) != 0 {
			t.Errorf("workspaces are left: %v", left)
		}
	})

	t.Run("nothing to change is a success without a diff", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.repository("site", map[string]string{"a.txt": "x\n"})
		spec := scriptJob("sed -i s/old/new/ a.txt", "site")
		spec.CreatePullRequests = true
		task := w.runOne(spec)
		wantOutcome(t, task, codybatch.OutcomeNoChanges)
		if task.HasDiff || task.PullRequest != nil {
			t.Errorf("got %+v", task)
		}
		var missing *codybatch.MissingError
		if _, err := w.service.Diff(t.Context(), task.Key()); !errors.As(err, &missing) || missing.Reason != "no change was needed" {
			t.Errorf("got %v", err)
		}
	})

	t.Run("a script that fails blocks the task and keeps what it changed", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.repository("site", map[string]string{"a.txt": "x\n"})
		task := w.runOne(scriptJob("echo half >> a.txt; echo it broke >&2; exit 3", "site"))
		wantOutcome(t, task, codybatch.OutcomeBlocked)
		if !task.HasDiff || !strings.Contains(task.Error.Message, "it broke") || w.job(task.JobID).Counts.Changed != 0 {
			t.Errorf("got %+v", task)
		}
	})

	t.Run("a second worker leaves a claimed task alone", func(t *testing.T) {
		t.Parallel()
		started, goOn := make(chan struct{}), make(chan struct{})
		agent := &scripted{rounds: []func(context.Context, codybatch.AgentRun) (codybatch.AgentResult, error){
			func(context.Context, codybatch.AgentRun) (codybatch.AgentResult, error) {
				close(started)
				<-goOn
				return codybatch.AgentResult{Outcome: codybatch.OutcomeNoChanges}, nil
			},
		}}
		w := newWorld(t, withAgent(agent))
		w.repository("site", map[string]string{"a.txt": "x\n"})
		job := w.create(promptJob("site"))
		ref := w.sent.take()[0]
		first := make(chan error)
		go func() { first <- w.worker.Run(t.Context(), ref) }()
		<-started
		if err := w.worker.Run(t.Context(), ref); !errors.Is(err, codybatch.ErrConflict) {
			t.Errorf("the second worker got %v", err)
		}
		close(goOn)
		if err := <-first; err != nil {
			t.Error(err)
		}
		wantOutcome(t, w.task(job.ID, "site"), codybatch.OutcomeNoChanges)
		if agent.runs.Load() != 1 {
			t.Errorf("the agent ran %d times", agent.runs.Load())
		}
	})

	t.Run("the allow-list counts for the worker too", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, func(o *worker.Options) { o.Allow = codybatch.AllowList{} })
		w.repository("site", map[string]string{"a.txt": "x\n"})
		task := w.runOne(scriptJob("echo y > a.txt", "site"))
		wantOutcome(t, task, codybatch.OutcomeBlocked)
		if task.Error.Code != "repository_not_allowed" || task.HasDiff {
			t.Errorf("got %+v", task.Error)
		}
	})

	t.Run("a time limit is a failure that keeps the diff", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.repository("site", map[string]string{"a.txt": "x\n"})
		spec := scriptJob("echo y > a.txt; sleep 600", "site")
		spec.Agent.Timeout = time.Second
		task := w.runOne(spec)
		wantOutcome(t, task, codybatch.OutcomeTimeout)
		if !task.HasDiff || task.Error.Code != "timeout" {
			t.Errorf("got %+v", task)
		}
	})

	t.Run("secret values are stored nowhere", func(t *testing.T) {
		t.Parallel()
		const secret = "s3cr3t&value\\of<a>token"
		w := newWorld(t, func(o *worker.Options) { o.Secrets = []string{secret} })
		w.repository("site", map[string]string{"a.txt": "x\n"})
		// More than one buffer of the log, so that the secret stands across its end.
		spec := scriptJob("for i in $(seq 3000); do echo '"+secret+"'; done; exit 1", "site")
		task := w.runOne(spec)
		wantOutcome(t, task, codybatch.OutcomeBlocked)
		log, err := w.service.TaskLog(t.Context(), task.Key(), 0)
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close()
		text := make([]byte, log.Size)
		_, _ = log.Read(text)
		for what, stored := range map[string]string{"thread": w.thread(task), "log": string(text), "error": task.Error.Message} {
			if strings.Contains(stored, "s3cr3t") {
				t.Errorf("%s holds the secret: %s", what, stored)
			}
		}
	})

	t.Run("a diff with the server's own credential is kept nowhere", func(t *testing.T) {
		t.Parallel()
		const secret = "s3cr3t-value-of-a-token"
		w := newWorld(t, func(o *worker.Options) { o.Secrets = []string{secret} })
		w.repository("site", map[string]string{"a.txt": "x\n"})
		spec := publishJob("echo "+secret+" > a.txt", "site")
		task := w.runOne(spec)
		wantOutcome(t, task, codybatch.OutcomeGateBlocked)
		if task.HasDiff || task.PullRequest != nil || task.Error.Code != "secret_in_diff" {
			t.Errorf("got %+v", task)
		}
		if _, err := w.artifacts.Open(t.Context(), codybatch.DiffKey(task.Key(), 1)); !errors.Is(err, codybatch.ErrNotFound) {
			t.Errorf("the diff is there: %v", err)
		}
	})

	t.Run("a job without money left refuses the rest", func(t *testing.T) {
		t.Parallel()
		agent := &scripted{rounds: []func(context.Context, codybatch.AgentRun) (codybatch.AgentResult, error){edit(t, "a.txt", "y\n")}}
		w := newWorld(t, withAgent(agent))
		w.repository("one", map[string]string{"a.txt": "x\n"})
		w.repository("two", map[string]string{"a.txt": "x\n", "b.txt": "b\n"})
		spec := promptJob("one", "two")
		limit := codybatch.USD(0.25)
		spec.MaxCost = &limit
		job := w.run(spec)
		wantOutcome(t, w.task(job.ID, "one"), codybatch.OutcomeChanged)
		wantOutcome(t, w.task(job.ID, "two"), codybatch.OutcomeBudgetExhausted)
		if job.Usage.Cost != limit || agent.runs.Load() != 1 {
			t.Errorf("spent %s in %d runs", job.Usage.Cost, agent.runs.Load())
		}
	})
}

func TestEndingEarly(t *testing.T) {
	t.Parallel()
	// blocked is an agent that edits, tells that it has, and waits for its end.
	blocked := func(t *testing.T) (*scripted, chan struct{}) {
		started := make(chan struct{}, 1)
		return &scripted{rounds: []func(context.Context, codybatch.AgentRun) (codybatch.AgentResult, error){
			func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
				writeFile(t, filepath.Join(run.Dir, "a.txt"), "half\n")
				if err := run.Record(ctx, codybatch.ThreadEvent{Type: codybatch.EventNotice, Reason: "half"}); err != nil {
					return codybatch.AgentResult{}, err
				}
				started <- struct{}{}
				<-ctx.Done()
				return codybatch.AgentResult{Usage: codybatch.Usage{OutputTokens: 5, Cost: codybatch.USD(0.1)}}, context.Cause(ctx)
			},
			func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
				if err := run.Record(ctx, codybatch.ThreadEvent{Type: codybatch.EventNotice, Reason: "whole"}); err != nil {
					return codybatch.AgentResult{}, err
				}
				return edit(t, "a.txt", "whole\n")(ctx, run)
			},
		}}, started
	}
	start := func(t *testing.T, w *world) (codybatch.Job, codybatch.TaskRef, context.CancelCauseFunc, chan error) {
		t.Helper()
		w.repository("site", map[string]string{"a.txt": "x\n"})
		job := w.create(promptJob("site"))
		ref := w.sent.take()[0]
		ctx, cancel := context.WithCancelCause(t.Context())
		done := make(chan error, 1)
		go func() { done <- w.worker.Run(ctx, ref) }()
		return job, ref, cancel, done
	}

	t.Run("a person's cancel is final and keeps the diff", func(t *testing.T) {
		t.Parallel()
		agent, started := blocked(t)
		w := newWorld(t, withAgent(agent), func(o *worker.Options) { o.Lease = 300 * time.Millisecond })
		job, _, _, done := start(t, w)
		<-started
		// Only the row says so: the heartbeat's answer has to bring the news.
		if _, err := w.service.CancelJob(t.Context(), job.ID); err != nil {
			t.Fatal(err)
		}
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		task := w.task(job.ID, "site")
		wantOutcome(t, task, codybatch.OutcomeCanceled)
		if !task.HasDiff || w.job(job.ID).Usage.Cost != codybatch.USD(0.1) || w.job(job.ID).Status() != codybatch.JobCanceled {
			t.Errorf("got %+v", task)
		}
	})

	t.Run("a stop puts the task back and costs no attempt", func(t *testing.T) {
		t.Parallel()
		agent, started := blocked(t)
		w := newWorld(t, withAgent(agent))
		job, ref, cancel, done := start(t, w)
		<-started
		cancel(codybatch.ErrStopped)
		if err := <-done; err != nil {
			t.Fatal(err)
		}
		task := w.task(job.ID, "site")
		if task.Status != codybatch.TaskQueued || task.Attempt != 1 {
			t.Fatalf("got %+v", task)
		}
		if err := w.worker.Run(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		wantOutcome(t, w.task(job.ID, "site"), codybatch.OutcomeChanged)
		for i, line := range strings.Split(strings.TrimSpace(w.thread(w.task(job.ID, "site"))), "\n") {
			if !strings.HasPrefix(line, fmt.Sprintf(`{"seq":%d,`, i+1)) {
				t.Errorf("the thread does not go on where it stopped: %s", line)
			}
		}
		if cost := w.job(job.ID).Usage.Cost; cost != codybatch.USD(0.35) {
			t.Errorf("the job cost %s, want both runs", cost)
		}
	})

	t.Run("a lost lease makes the worker go away quietly", func(t *testing.T) {
		t.Parallel()
		agent, started := blocked(t)
		w := newWorld(t, withAgent(agent), func(o *worker.Options) { o.Lease = 300 * time.Millisecond })
		job, _, _, done := start(t, w)
		<-started
		// Somebody takes the task over, as reconcile does when a lease runs out.
		_, err := codybatch.Update(t.Context(), w.store, codybatch.TaskKey{JobID: job.ID, Repository: "acme/site"}, func(task codybatch.Task) (codybatch.Task, error) {
			return task.LeaseExpired(time.Now().Add(time.Hour))
		})
		if err != nil {
			t.Fatal(err)
		}
		if err := <-done; !errors.Is(err, codybatch.ErrConflict) {
			t.Fatalf("got %v", err)
		}
		if task := w.task(job.ID, "site"); task.Status != codybatch.TaskQueued || task.Attempt != 2 {
			t.Errorf("the loser wrote: %+v", task)
		}
	})
}

func TestKnownResults(t *testing.T) {
	t.Parallel()

	t.Run("the same spec on the same commit spends nothing", func(t *testing.T) {
		t.Parallel()
		agent := &scripted{rounds: []func(context.Context, codybatch.AgentRun) (codybatch.AgentResult, error){edit(t, "a.txt", "y\n")}}
		w := newWorld(t, withAgent(agent))
		w.repository("site", map[string]string{"a.txt": "x\n"})
		spec := promptJob("site")
		spec.Verify = []string{"cat a.txt"}
		first, second := w.runOne(spec), w.runOne(spec)
		wantOutcome(t, second, codybatch.OutcomeChanged)
		if agent.runs.Load() != 1 || second.Usage != (codybatch.Usage{}) || second.ReusedFrom != first.JobID || first.ReusedFrom != "" {
			t.Errorf("%d runs, spent %+v", agent.runs.Load(), second.Usage)
		}
		if log, err := w.service.TaskLog(t.Context(), second.Key(), 0); err != nil {
			t.Errorf("the log is missing: %v", err)
		} else {
			_ = log.Close()
		}
		if w.diff(first) != w.diff(second) || !strings.Contains(w.thread(second), "No token was spent") {
			t.Error("diff or thread are missing")
		}
	})

	t.Run("another commit is another question", func(t *testing.T) {
		t.Parallel()
		agent := &scripted{rounds: []func(context.Context, codybatch.AgentRun) (codybatch.AgentResult, error){edit(t, "a.txt", "y\n")}}
		w := newWorld(t, withAgent(agent))
		bare := w.repository("site", map[string]string{"a.txt": "x\n"})
		w.runOne(promptJob("site"))
		commitTo(t, bare, "main", map[string]string{"b.txt": "b\n"})
		w.runOne(promptJob("site"))
		if agent.runs.Load() != 2 {
			t.Errorf("%d runs", agent.runs.Load())
		}
	})

	t.Run("a rehearsal's result is never Claude's", func(t *testing.T) {
		t.Parallel()
		rehearsed := &scripted{rounds: []func(context.Context, codybatch.AgentRun) (codybatch.AgentResult, error){
			func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
				result, err := edit(t, "a.txt", "y\n")(ctx, run)
				result.Engine = "rehearsal"
				return result, err
			},
		}}
		w := newWorld(t, withAgent(rehearsed)) // and the worker does not know
		w.repository("site", map[string]string{"a.txt": "x\n"})
		w.runOne(promptJob("site"))
		task := w.runOne(promptJob("site"))
		if rehearsed.runs.Load() != 2 || task.Engine != "rehearsal" {
			t.Errorf("%d runs, engine %q", rehearsed.runs.Load(), task.Engine)
		}
	})
}
