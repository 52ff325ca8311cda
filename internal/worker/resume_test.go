package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/worker"
)

type session = func(context.Context, codybatch.AgentRun) (codybatch.AgentResult, error)

// answered is an event of an answer that cost so much.
func answered(cost codybatch.Money) codybatch.ThreadEvent {
	return codybatch.ThreadEvent{
		Type: codybatch.EventAssistant, MessageID: "msg_1", Content: json.RawMessage(`[]`),
		Usage: &codybatch.Usage{InputTokens: 100, OutputTokens: 10, Cost: cost},
	}
}

// interruptedAgent begins like an agent, is interrupted after one answer, which
// nobody has booked yet, and goes on in its second round.
func interruptedAgent(t *testing.T, waits chan string, second session) *scripted {
	return &scripted{rounds: []session{
		func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
			start := codybatch.ThreadEvent{Type: codybatch.EventRunStart, Engine: "claude", BaseCommit: run.BaseCommit}
			writeFile(t, filepath.Join(run.Dir, "a.txt"), "half\n")
			writeFile(t, filepath.Join(run.Dir, "new.txt"), "new\n")
			err := errors.Join(run.Record(ctx, start), run.Record(ctx, answered(codybatch.USD(0.1))), run.Checkpoint(ctx, 1, nil))
			writeFile(t, filepath.Join(run.Dir, "lost.txt"), "after the checkpoint\n")
			if err != nil {
				t.Error(err)
			}
			waits <- run.BaseCommit
			<-ctx.Done()
			return codybatch.AgentResult{}, context.Cause(ctx)
		},
		second,
	}}
}

// lose takes the task from its worker, as reconcile does when a lease runs out.
func (w *world) lose(id codybatch.JobID) codybatch.Task {
	w.t.Helper()
	task, err := codybatch.Update(w.t.Context(), w.store, codybatch.TaskKey{JobID: id, Repository: "acme/site"}, func(task codybatch.Task) (codybatch.Task, error) {
		return task.LeaseExpired(time.Now().Add(time.Hour))
	})
	if err != nil {
		w.t.Fatal(err)
	}
	return task
}

// interrupt starts the job in acme/site, and takes it from its worker as soon as
// the agent says that it waits. It returns the commit that the agent worked on.
func (w *world) interrupt(spec codybatch.JobSpec, waits chan string) (codybatch.Job, codybatch.TaskKey, string) {
	w.t.Helper()
	job := w.create(spec)
	ref := w.sent.take()[0]
	done := make(chan error, 1)
	go func() { done <- w.worker.Run(w.t.Context(), ref) }()
	base := <-waits
	w.lose(job.ID)
	if err := <-done; !errors.Is(err, codybatch.ErrConflict) {
		w.t.Fatalf("the worker that lost its lease says %v", err)
	}
	return job, ref.Key, base
}

func TestAnInterruptedAttemptIsGoneOnWith(t *testing.T) {
	t.Parallel()
	var got codybatch.AgentRun
	var seen string
	waits := make(chan string, 1)
	agent := interruptedAgent(t, waits, func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
		got = run
		for _, name := range []string{"a.txt", "new.txt", "lost.txt"} {
			text, _ := os.ReadFile(filepath.Join(run.Dir, name)) // none is what is looked for
			seen += string(text)
		}
		return codybatch.AgentResult{Outcome: codybatch.OutcomeChanged, Usage: codybatch.Usage{OutputTokens: 5, Cost: codybatch.USD(0.05)}}, nil
	})
	w := newWorld(t, withAgent(agent), func(o *worker.Options) { o.Lease = 300 * time.Millisecond })
	bare := w.repository("site", map[string]string{"a.txt": "x\n"})
	spec := promptJob("site")
	most := codybatch.USD(1)
	spec.Agent.MaxCost = &most
	job, key, base := w.interrupt(spec, waits)
	if lost := w.task(job.ID, "site"); lost.Attempt != 2 || lost.Interrupted == nil || lost.Interrupted.Attempt != 1 {
		t.Fatalf("the task is %+v", lost)
	}
	// The branch moves on: what was answered is about the commit before.
	clone := t.TempDir()
	git(t, clone, "clone", "-q", bare, ".")
	writeFile(t, filepath.Join(clone, "a.txt"), "elsewhere\n")
	git(t, clone, "commit", "-q", "-a", "-m", "later")
	git(t, clone, "push", "-q", "origin", "main")
	if err := w.worker.Run(t.Context(), codybatch.TaskRef{Key: key, Attempt: 2}); err != nil {
		t.Fatal(err)
	}

	task := w.task(job.ID, "site")
	wantOutcome(t, task, codybatch.OutcomeChanged)
	if seen != "half\nnew\n" {
		t.Errorf("the workspace held %q", seen)
	}
	if got.Kept != 1 || len(got.Earlier) < 2 || got.BaseCommit != base {
		t.Errorf("the agent was told of %d answers, %d events and commit %s", got.Kept, len(got.Earlier), got.BaseCommit)
	}
	// The answer that the killed worker never reported is booked once.
	if cost := task.Spent.Add(task.Usage).Cost; cost != codybatch.USD(0.15) || w.job(job.ID).Usage.Cost != cost {
		t.Errorf("the task cost %s, the job %s", cost, w.job(job.ID).Usage.Cost)
	}
	if *got.Budget != codybatch.USD(0.9) {
		t.Errorf("the agent may spend %s", got.Budget)
	}
	if task.Interrupted != nil {
		t.Errorf("the task is still interrupted: %+v", task.Interrupted)
	}
	if thread := w.thread(task); !strings.Contains(thread, `"attempt":1`) || !strings.Contains(thread, "Attempt 1 was interrupted") {
		t.Errorf("the thread is\n%s", thread)
	}
}

func TestAnInterruptedAttemptStartsOverWhenNothingWasAnswered(t *testing.T) {
	t.Parallel()
	waits := make(chan string, 1)
	agent := &scripted{rounds: []session{
		func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
			writeFile(t, filepath.Join(run.Dir, "a.txt"), "half\n")
			if err := run.Record(ctx, codybatch.ThreadEvent{Type: codybatch.EventRunStart, BaseCommit: run.BaseCommit}); err != nil {
				t.Error(err)
			}
			waits <- run.BaseCommit
			<-ctx.Done()
			return codybatch.AgentResult{}, context.Cause(ctx)
		},
		func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
			if len(run.Earlier) > 0 || run.Kept != 0 {
				t.Errorf("the agent was told of %d events", len(run.Earlier))
			}
			return edit(t, "b.txt", "new\n")(ctx, run)
		},
	}}
	w := newWorld(t, withAgent(agent), func(o *worker.Options) { o.Lease = 300 * time.Millisecond })
	w.repository("site", map[string]string{"a.txt": "x\n"})
	job, key, _ := w.interrupt(promptJob("site"), waits)
	if err := w.worker.Run(t.Context(), codybatch.TaskRef{Key: key, Attempt: 2}); err != nil {
		t.Fatal(err)
	}
	task := w.task(job.ID, "site")
	wantOutcome(t, task, codybatch.OutcomeChanged)
	if diff := w.diff(task); strings.Contains(diff, "half") {
		t.Errorf("what the first attempt left is in the diff:\n%s", diff)
	}
}

func TestAnotherJobsConversationIsNotPaidForAgain(t *testing.T) {
	t.Parallel()
	agent := &scripted{rounds: []session{func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
		if len(run.Earlier) > 0 {
			t.Errorf("the agent was told of %d events", len(run.Earlier))
		}
		return edit(t, "a.txt", "y\n")(ctx, run)
	}}}
	w := newWorld(t, withAgent(agent))
	w.repository("site", map[string]string{"a.txt": "x\n"})
	job := w.create(promptJob("site"))
	key := w.sent.take()[0].Key
	// A worker took over a result with its thread, and was killed before it could say so.
	now := time.Now()
	if _, _, err := w.store.ClaimTask(t.Context(), codybatch.Claim{Key: key, Attempt: 1, Worker: "dead", Now: now, LeaseUntil: now}); err != nil {
		t.Fatal(err)
	}
	for _, event := range []codybatch.ThreadEvent{
		{Type: codybatch.EventRunStart, BaseCommit: "0123"}, answered(codybatch.USD(1.5)), {Type: codybatch.EventNotice, ReusedFrom: "job-of-long-ago", Reason: "This result comes from another job."},
	} {
		line, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		if err := w.artifacts.Append(t.Context(), codybatch.ThreadKey(key, 1), append(line, '\n')); err != nil {
			t.Fatal(err)
		}
	}
	w.lose(job.ID)
	if err := w.worker.Run(t.Context(), codybatch.TaskRef{Key: key, Attempt: 2}); err != nil {
		t.Fatal(err)
	}
	task := w.task(job.ID, "site")
	wantOutcome(t, task, codybatch.OutcomeChanged)
	if cost := task.Spent.Add(task.Usage).Cost; cost >= codybatch.USD(1.5) {
		t.Errorf("the task cost %s", cost)
	}
}

// Whatever keeps an agent from going on, the task is not stuck with it.
func TestAnInterruptedAttemptStartsOverWhenItCanNotGoOn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		lost    int // leases in a row
		refuses bool
		want    []bool // whether each later session was told of the earlier one
	}{
		"the agent refuses the thread": {1, true, []bool{true, false}},
		"two workers in a row died":    {2, false, []bool{false}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var told []bool
			waits := make(chan string, 1)
			agent := interruptedAgent(t, waits, func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
				told = append(told, len(run.Earlier) > 0)
				if test.refuses && len(run.Earlier) > 0 {
					return codybatch.AgentResult{}, fmt.Errorf("%w: it is torn", codybatch.ErrNotResumable)
				}
				if _, err := os.Stat(filepath.Join(run.Dir, "new.txt")); !errors.Is(err, os.ErrNotExist) {
					t.Error("the workspace is not the base commit's")
				}
				return edit(t, "a.txt", "anew\n")(ctx, run)
			})
			w := newWorld(t, withAgent(agent), func(o *worker.Options) { o.Lease = 300 * time.Millisecond })
			w.repository("site", map[string]string{"a.txt": "x\n"})
			job, key, _ := w.interrupt(promptJob("site"), waits)
			for n := 2; n <= test.lost; n++ {
				now := time.Now()
				if _, _, err := w.store.ClaimTask(t.Context(), codybatch.Claim{Key: key, Attempt: n, Worker: fmt.Sprint("dead", n), Now: now, LeaseUntil: now}); err != nil {
					t.Fatal(err)
				}
				w.lose(job.ID)
			}
			if err := w.worker.Run(t.Context(), codybatch.TaskRef{Key: key, Attempt: 1 + test.lost}); err != nil {
				t.Fatal(err)
			}
			task := w.task(job.ID, "site")
			wantOutcome(t, task, codybatch.OutcomeChanged)
			if !slices.Equal(told, test.want) {
				t.Errorf("the sessions were told of the earlier one: %v, want %v", told, test.want)
			}
			if diff := w.diff(task); strings.Contains(diff, "half") || strings.Contains(diff, "new.txt") {
				t.Errorf("what was given up is in the diff:\n%s", diff)
			}
		})
	}
}

func TestAnAttemptThatHasToWaitGoesOnLater(t *testing.T) {
	t.Parallel()
	const reason = "paused: the account can't pay"
	var got codybatch.AgentRun
	agent := &scripted{rounds: []session{
		func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
			start := codybatch.ThreadEvent{Type: codybatch.EventRunStart, Engine: "claude", BaseCommit: run.BaseCommit}
			if err := errors.Join(run.Record(ctx, start), run.Record(ctx, answered(codybatch.USD(0.1))), run.Checkpoint(ctx, 1, nil)); err != nil {
				t.Error(err)
			}
			return codybatch.AgentResult{Usage: codybatch.Usage{InputTokens: 100, OutputTokens: 10, Cost: codybatch.USD(0.1)}},
				&codybatch.HeldError{Until: time.Now().Add(time.Hour), Reason: reason + strings.Repeat("!", 400)}
		},
		func(_ context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
			got = run
			return codybatch.AgentResult{Outcome: codybatch.OutcomeNoChanges, Usage: codybatch.Usage{OutputTokens: 5, Cost: codybatch.USD(0.05)}}, nil
		},
	}}
	w := newWorld(t, withAgent(agent))
	w.repository("site", map[string]string{"a.txt": "x\n"})
	job := w.create(promptJob("site"))
	ref := w.sent.take()[0]
	var held *codybatch.HeldError
	if err := w.worker.Run(t.Context(), ref); !errors.As(err, &held) || !errors.Is(err, codybatch.ErrNotNow) {
		t.Fatalf("the run ended with %v", err)
	}
	task := w.task(job.ID, "site")
	if task.Status != codybatch.TaskQueued || task.Attempt != 1 || task.Outcome != "" || task.Error != nil ||
		!strings.HasPrefix(task.WaitingFor, reason) || len(task.WaitingFor) > 300 || w.job(job.ID).Reserved != 0 {
		t.Fatalf("the task is %+v", task)
	}
	if err := w.worker.Run(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	task = w.task(job.ID, "site")
	wantOutcome(t, task, codybatch.OutcomeNoChanges)
	if len(got.Earlier) < 2 || got.Kept != 1 || task.WaitingFor != "" {
		t.Errorf("the agent was told of %d events and %d answers; the task waits for %q", len(got.Earlier), got.Kept, task.WaitingFor)
	}
	if cost := task.Spent.Add(task.Usage).Cost; cost != codybatch.USD(0.15) || w.job(job.ID).Usage.Cost != cost {
		t.Errorf("the task cost %s, the job %s", cost, w.job(job.ID).Usage.Cost)
	}
}
