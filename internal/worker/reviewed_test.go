package worker_test

import (
	"context"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func TestOnlyWhatWasReviewedIsPublished(t *testing.T) {
	t.Parallel()

	t.Run("a publish that fails early keeps the diff, and a retry publishes that one", func(t *testing.T) {
		t.Parallel()
		agent := &scripted{rounds: []round{edit(t, "a.txt", "reviewed\n"), edit(t, "a.txt", "never seen by anyone\n")}}
		forge := &failingForge{}
		w := newWorld(t, withAgent(agent), withForge(forge))
		bare := w.repository("site", map[string]string{"a.txt": "x\n"})
		task := w.runOne(promptJob("site"))
		reviewed := w.diff(task)
		forge.resolve = errGateway
		task = w.publish(task)
		wantOutcome(t, task, codybatch.OutcomeInfraError)
		if !task.HasDiff || w.diff(task) != reviewed {
			t.Fatal("the reviewed diff is lost")
		}
		forge.resolve = nil
		commitTo(t, bare, "main", map[string]string{"b.txt": "b\n"})
		task = w.retry(task)
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if agent.runs.Load() != 1 || task.PullRequest == nil || w.diff(task) != reviewed {
			t.Errorf("%d runs, diff:\n%s", agent.runs.Load(), w.diff(task))
		}
	})

	t.Run("what was rejected is not published by a retry, but done anew", func(t *testing.T) {
		t.Parallel()
		agent := &scripted{rounds: []round{edit(t, "a.txt", "rejected\n"), edit(t, "a.txt", "better\n")}}
		forge := &failingForge{ensure: errGateway}
		w := newWorld(t, withAgent(agent), withForge(forge))
		w.repository("site", map[string]string{"a.txt": "x\n"})
		task := w.publish(w.runOne(promptJob("site")))
		forge.ensure = nil
		if _, err := w.service.ReviewTask(t.Context(), task.Key(), codybatch.ReviewRejected, "no"); err != nil {
			t.Fatal(err)
		}
		task = w.retry(w.task(task.JobID, "site"))
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if task.PullRequest != nil || !strings.Contains(w.diff(task), "better") {
			t.Errorf("published %v, diff:\n%s", task.PullRequest, w.diff(task))
		}
	})

	t.Run("what was rejected does not come back, however often it is tried, and for no job", func(t *testing.T) {
		t.Parallel()
		agent := &scripted{rounds: []round{edit(t, "a.txt", "rejected\n"), func(context.Context, codybatch.AgentRun) (codybatch.AgentResult, error) {
			return codybatch.AgentResult{Outcome: codybatch.OutcomeMaxTurns, Reason: "out of turns"}, nil
		}}}
		forge := &failingForge{ensure: errGateway}
		w := newWorld(t, withAgent(agent), withForge(forge))
		w.repository("site", map[string]string{"a.txt": "x\n"})
		spec := promptJob("site")
		spec.CreatePullRequests = true
		task := w.runOne(spec)
		forge.ensure = nil
		if _, err := w.service.ReviewTask(t.Context(), task.Key(), codybatch.ReviewRejected, "no"); err != nil {
			t.Fatal(err)
		}
		for range 2 {
			if task = w.retry(task); task.PullRequest != nil {
				t.Fatalf("it was published: %s", w.diff(task))
			}
		}
		if other := w.runOne(spec); other.PullRequest != nil || other.ReusedFrom != "" {
			t.Errorf("another job took it over: %+v", other)
		}
	})

	t.Run("a diff that the gates blocked is never published", func(t *testing.T) {
		t.Parallel()
		agent := &scripted{rounds: []round{edit(t, ".github/workflows/x.yml", "on: push\n")}}
		w := newWorld(t, withAgent(agent))
		bare := w.repository("site", map[string]string{"a.txt": "x\n"})
		spec := promptJob("site")
		spec.CreatePullRequests = true
		task := w.runOne(spec)
		wantOutcome(t, task, codybatch.OutcomeGateBlocked)
		task = w.retry(task)
		wantOutcome(t, task, codybatch.OutcomeGateBlocked)
		if out, err := tryGit(t, bare, "rev-parse", "cody-batch/change-it"); err == nil {
			t.Errorf("it was pushed: %s", out)
		}
	})

	t.Run("an approval stays when the diff is published", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.repository("site", map[string]string{"a.txt": "x\n"})
		task := w.runOne(scriptJob("echo y > a.txt", "site"))
		if _, err := w.service.ReviewTask(t.Context(), task.Key(), codybatch.ReviewApproved, "good"); err != nil {
			t.Fatal(err)
		}
		if task = w.publish(task); task.Review == nil || task.Review.Note != "good" {
			t.Errorf("got %+v", task.Review)
		}
	})

	t.Run("a publish that is canceled while it runs leaves the success as it was", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancelCause(t.Context())
		t.Cleanup(func() { cancel(nil) })
		forge := &failingForge{}
		w := newWorld(t, withForge(forge))
		w.repository("site", map[string]string{"a.txt": "x\n"})
		task := w.runOne(scriptJob("echo y > a.txt", "site"))
		if _, err := w.service.PublishTask(t.Context(), task.Key()); err != nil {
			t.Fatal(err)
		}
		forge.ensure, forge.onEnsure = errGateway, func() { cancel(codybatch.ErrCanceled) }
		if err := w.worker.Run(ctx, w.sent.take()[0]); err != nil {
			t.Fatal(err)
		}
		task = w.task(task.JobID, "site")
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if task.Error != nil || task.PublishRequested || w.job(task.JobID).Counts.Changed != 1 {
			t.Errorf("got %+v", task)
		}
	})

	t.Run("a reused result stays one when it is published", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.repository("site", map[string]string{"a.txt": "x\n"})
		first := w.runOne(scriptJob("echo y > a.txt", "site"))
		if task := w.publish(w.runOne(scriptJob("echo y > a.txt", "site"))); task.ReusedFrom != first.JobID {
			t.Errorf("got %q", task.ReusedFrom)
		}
	})

	t.Run("a publish that is canceled while it waits leaves the success as it was", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.repository("site", map[string]string{"a.txt": "x\n"})
		task := w.runOne(scriptJob("echo y > a.txt", "site"))
		if _, err := w.service.PublishTask(t.Context(), task.Key()); err != nil {
			t.Fatal(err)
		}
		task, err := w.service.CancelTask(t.Context(), task.Key())
		if err != nil {
			t.Fatal(err)
		}
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if task.PublishRequested || !task.HasDiff {
			t.Errorf("got %+v", task)
		}
	})
}
