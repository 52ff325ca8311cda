package codybatch_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// changedTask is what an agent finished, with a review.
func changedTask() codybatch.Task {
	return codybatch.Task{
		JobID: "j1", Repository: "acme/site", Status: codybatch.TaskSucceeded, Outcome: codybatch.OutcomeChanged, Attempt: 1,
		Engine: "claude", HasDiff: true, DiffAttempt: 1, DiffStat: codybatch.DiffStat{Files: 1}, Accepted: true,
		Review: &codybatch.Review{Decision: codybatch.ReviewRejected, Note: "no"}, Usage: codybatch.Usage{Cost: 5},
		CompletedAt: noon, UpdatedAt: noon,
	}
}

func TestSteered(t *testing.T) {
	t.Parallel()
	job := codybatch.Job{RepositoryCount: 1, CreatePullRequests: true, Counts: codybatch.Counts{Succeeded: 1, Changed: 1}, Usage: codybatch.Usage{Cost: 5}, CompletedAt: noon}
	before := changedTask()
	steer := func(tk codybatch.Task) (codybatch.Task, error) { return tk.Steered("Mend it.", noon.Add(time.Hour)) }
	task := step(t, &job, before, steer)
	f := task.Feedback
	if task.Status != codybatch.TaskQueued || task.Attempt != 2 || task.Review != nil || f == nil || f.Message != "Mend it." || f.About != 1 || f.First != 2 {
		t.Fatalf("got %+v, %+v", task, f)
	}
	if task.PublishesStored(job) || job.Usage.Cost != 5 || job.Counts.Queued != 1 {
		t.Errorf("publishes what was remarked on: %v, the job is %+v", task.PublishesStored(job), job)
	}

	t.Run("a cancel takes it back", func(t *testing.T) {
		t.Parallel()
		got, err := task.CanceledBy(noon.Add(2 * time.Hour))
		want := before
		want.Attempt, want.Usage, want.Spent = 2, codybatch.Usage{}, before.Usage
		want.QueuedAt, want.CompletedAt, want.UpdatedAt = got.QueuedAt, got.CompletedAt, got.UpdatedAt
		if err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v, %v", got, err)
		}
	})

	t.Run("an interruption keeps it, an answer ends it", func(t *testing.T) {
		t.Parallel()
		now := job
		running := step(t, &now, task, claimed(0))
		lost := step(t, &now, running, func(tk codybatch.Task) (codybatch.Task, error) { return tk.LeaseExpired(noon.Add(time.Hour)) })
		if lost.Feedback == nil || lost.Interrupted == nil || lost.Attempt != 3 {
			t.Fatalf("after a lost lease: %+v", lost)
		}
		running = step(t, &now, lost, claimed(0))
		failed := step(t, &now, running, finished(codybatch.TaskResult{Outcome: codybatch.OutcomeInfraError, Untouched: true}))
		if failed.Feedback == nil || failed.Interrupted == nil || failed.DiffAttempt != 1 {
			t.Fatalf("after a failure before the agent was asked: %+v", failed)
		}
		again := step(t, &now, failed, func(tk codybatch.Task) (codybatch.Task, error) { return tk.Retried(noon) })
		if again.Feedback == nil || again.Interrupted == nil {
			t.Fatalf("after a retry: %+v", again)
		}
		running = step(t, &now, again, claimed(0))
		ended := step(t, &now, running, finished(codybatch.TaskResult{Outcome: codybatch.OutcomeStuck, Engine: "claude"}))
		if ended.Feedback != nil || ended.Interrupted != nil || ended.DiffAttempt != 4 || !slices.Contains(ended.Actions(), codybatch.ActionFeedback) {
			t.Fatalf("after an answer: %+v", ended)
		}
	})

	t.Run("workers that die of it end it", func(t *testing.T) {
		t.Parallel()
		now, dying := job, task
		for range codybatch.MaxLost {
			dying = step(t, &now, dying, claimed(0))
			dying = step(t, &now, dying, func(tk codybatch.Task) (codybatch.Task, error) { return tk.LeaseExpired(noon.Add(time.Hour)) })
		}
		if dying.Feedback != nil || !strings.Contains(dying.Error.Message, "send the remark again") || dying.DiffAttempt != 1 {
			t.Errorf("got %+v: %+v", dying, dying.Error)
		}
	})

	t.Run("what it was about can be published if it was not heard", func(t *testing.T) {
		t.Parallel()
		now, accepted := job, changedTask()
		accepted.Review = nil
		running := step(t, &now, step(t, &now, accepted, steer), claimed(0))
		failed := step(t, &now, running, finished(codybatch.TaskResult{Outcome: codybatch.OutcomeInfraError, Untouched: true}))
		published, err := failed.Publishing(noon)
		if err != nil || published.Feedback != nil || !published.PublishesStored(job) {
			t.Errorf("got %+v, %v", published, err)
		}
		failed.Feedback.Before.Review = &codybatch.Review{Decision: codybatch.ReviewApproved}
		if published, err := failed.Publishing(noon); err != nil || published.Review == nil || published.Review.Decision != codybatch.ReviewApproved {
			t.Errorf("what was approved before is published as %+v, %v", published.Review, err)
		}
		failed.Feedback.Before.Review = &codybatch.Review{Decision: codybatch.ReviewRejected}
		if _, err := failed.Publishing(noon); !errors.Is(err, codybatch.ErrConflict) {
			t.Errorf("what was rejected before is published: %v", err)
		}
	})
}

func TestWhatCanNotBeRemarkedOn(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(*codybatch.Task)
		want   string // part of the reason; empty: it can
	}{
		"a change":              {func(*codybatch.Task) {}, ""},
		"a failed verification": {func(tk *codybatch.Task) { tk.Status, tk.Outcome = codybatch.TaskFailed, codybatch.OutcomeVerifyFailed }, ""},
		"a published one":       {func(tk *codybatch.Task) { tk.PullRequest = &codybatch.PullRequest{Number: 1} }, ""},
		"a canceled one":        {func(tk *codybatch.Task) { tk.Status, tk.Outcome = codybatch.TaskCanceled, codybatch.OutcomeCanceled }, ""},
		"no change":             {func(tk *codybatch.Task) { tk.Outcome, tk.HasDiff = codybatch.OutcomeNoChanges, false }, ""},
		"a running one":         {func(tk *codybatch.Task) { tk.Status = codybatch.TaskRunning }, "still running"},
		"a script's":            {func(tk *codybatch.Task) { tk.Engine = "script" }, "takes no remarks"},
		"Claude Code's":         {func(tk *codybatch.Task) { tk.Engine = "claude-code" }, ""},
		"one that never began":  {func(tk *codybatch.Task) { tk.Engine = "" }, "no conversation"},
		"a refusal":             {func(tk *codybatch.Task) { tk.Status, tk.Outcome = codybatch.TaskFailed, codybatch.OutcomeRefused }, "refuses"},
		"an interrupted one":    {func(tk *codybatch.Task) { tk.Interrupted = &codybatch.Interruption{First: 1} }, "retry goes on"},
		"one with a remark":     {func(tk *codybatch.Task) { tk.Feedback = &codybatch.Feedback{} }, "retry passes it on"},
		"a change that was not kept": {func(tk *codybatch.Task) {
			tk.Status, tk.Error = codybatch.TaskFailed, &codybatch.TaskError{Code: codybatch.CodeSecretInDiff}
		}, "was not kept"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			task := changedTask()
			test.change(&task)
			_, err := task.Steered("Mend it.", noon)
			if isListed := slices.Contains(task.Actions(), codybatch.ActionFeedback); isListed != (err == nil) {
				t.Errorf("listed: %v, error %v", isListed, err)
			}
			var refused *codybatch.ActionError
			switch {
			case test.want == "" && err != nil:
				t.Error(err)
			case test.want != "" && (!errors.As(err, &refused) || !strings.Contains(refused.Reason, test.want)):
				t.Errorf("got %v", err)
			}
		})
	}
}

func TestAPullRequestIsOutdatedByANewDiff(t *testing.T) {
	t.Parallel()
	var job codybatch.Job
	pullRequest := &codybatch.PullRequest{Number: 7}
	task := changedTask()
	task.Review, task.PullRequest = nil, pullRequest
	if slices.Contains(task.Actions(), codybatch.ActionPublish) {
		t.Error("it can be published twice")
	}
	task = step(t, &job, task, func(tk codybatch.Task) (codybatch.Task, error) { return tk.Steered("Mend it.", noon) })
	task = step(t, &job, step(t, &job, task, claimed(0)), finished(codybatch.TaskResult{
		Outcome: codybatch.OutcomeChanged, Engine: "claude", HasDiff: true, DiffStat: codybatch.DiffStat{Files: 1},
	}))
	if !task.PullRequest.Outdated || pullRequest.Outdated || !slices.Contains(task.Actions(), codybatch.ActionPublish) {
		t.Errorf("got %+v (the old row: %+v), actions %v", task.PullRequest, pullRequest, task.Actions())
	}
}
