package codybatch_test

import (
	"errors"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func queuedTask() codybatch.Task {
	return codybatch.Task{JobID: "j1", Repository: "acme/site", Status: codybatch.TaskQueued, Attempt: 1, QueuedAt: noon, UpdatedAt: noon}
}

// step applies a transition that must be possible, and moves the job with it.
func step(t *testing.T, job *codybatch.Job, task codybatch.Task, change func(codybatch.Task) (codybatch.Task, error)) codybatch.Task {
	t.Helper()
	next, err := change(task)
	if err != nil {
		t.Fatal(err)
	}
	*job = job.Apply(task, next)
	return next
}

func claimed(budget codybatch.Money) func(codybatch.Task) (codybatch.Task, error) {
	return func(t codybatch.Task) (codybatch.Task, error) {
		return t.Claimed(codybatch.Claim{Key: t.Key(), Attempt: t.Attempt, Worker: "w1", Now: noon.Add(time.Second), LeaseUntil: noon.Add(time.Minute)}, budget)
	}
}

func finished(result codybatch.TaskResult) func(codybatch.Task) (codybatch.Task, error) {
	return func(t codybatch.Task) (codybatch.Task, error) {
		return t.Finished("w1", t.Attempt, result, noon.Add(2*time.Second))
	}
}

func TestTransitions(t *testing.T) {
	t.Parallel()
	changed := codybatch.TaskResult{
		Outcome: codybatch.OutcomeChanged, HasDiff: true, DiffStat: codybatch.DiffStat{Files: 1, Additions: 2},
		BaseCommit: "abc", Usage: codybatch.Usage{InputTokens: 10, Cost: codybatch.USD(0.5)},
	}

	t.Run("a task that changes, is published later and keeps its money", func(t *testing.T) {
		t.Parallel()
		limit := codybatch.USD(10)
		job := codybatch.Job{ID: "j1", RepositoryCount: 1, MaxCost: &limit, Counts: codybatch.Counts{Queued: 1}}
		if job.Status() != codybatch.JobQueued {
			t.Fatalf("status %s before anything started", job.Status())
		}
		task := step(t, &job, queuedTask(), claimed(codybatch.USD(2)))
		if job.Status() != codybatch.JobRunning || job.Reserved != codybatch.USD(2) || *job.Remaining() != codybatch.USD(8) {
			t.Fatalf("after claim: %s, reserved %s, remaining %s", job.Status(), job.Reserved, job.Remaining())
		}
		task = step(t, &job, task, func(tk codybatch.Task) (codybatch.Task, error) {
			return tk.Beaten("w1", 1, codybatch.Beat{Now: noon, LeaseUntil: noon.Add(time.Hour), Phase: codybatch.PhaseAgent, Usage: codybatch.Usage{Cost: codybatch.USD(0.3)}})
		})
		if job.Usage.Cost+job.Reserved != codybatch.USD(2) {
			t.Fatalf("spent %s and reserved %s count money twice", job.Usage.Cost, job.Reserved)
		}
		task = step(t, &job, task, finished(changed))
		if job.Status() != codybatch.JobSucceeded || job.Reserved != 0 || job.Counts.Changed != 1 || job.CompletedAt.IsZero() {
			t.Fatalf("after finish: %+v", job)
		}
		task = step(t, &job, task, func(tk codybatch.Task) (codybatch.Task, error) { return tk.Publishing(noon) })
		if task.Attempt != 2 || !task.HasDiff || job.Status() != codybatch.JobQueued || !job.CompletedAt.IsZero() {
			t.Fatalf("while publishing: %+v", task)
		}
		task = step(t, &job, task, claimed(0))
		published := changed
		published.Usage, published.PullRequest = codybatch.Usage{}, &codybatch.PullRequest{Number: 7, URL: "local://7"}
		task = step(t, &job, task, finished(published))
		if job.Usage.Cost != codybatch.USD(0.5) || job.Counts.Published != 1 || task.PublishRequested {
			t.Fatalf("after publishing: %+v of %+v", job, task)
		}
	})

	t.Run("a lost lease costs an attempt, three in a row end the task", func(t *testing.T) {
		t.Parallel()
		job := codybatch.Job{RepositoryCount: 1, Counts: codybatch.Counts{Queued: 1}}
		task := queuedTask()
		for lost := 1; lost <= codybatch.MaxLost; lost++ {
			task = step(t, &job, task, claimed(0))
			if _, err := task.LeaseExpired(noon); !errors.Is(err, codybatch.ErrConflict) {
				t.Fatalf("a lease that holds was taken: %v", err)
			}
			task = step(t, &job, task, func(tk codybatch.Task) (codybatch.Task, error) { return tk.LeaseExpired(noon.Add(time.Hour)) })
		}
		if task.Status != codybatch.TaskFailed || task.Error.Code != "worker_lost" || task.Attempt != codybatch.MaxLost {
			t.Fatalf("got %+v", task)
		}
	})

	t.Run("a worker that is known to be gone loses its task at once, and nobody else's", func(t *testing.T) {
		t.Parallel()
		var job codybatch.Job
		running := step(t, &job, queuedTask(), claimed(0))
		for _, c := range []struct {
			worker  string
			attempt int
		}{{"w2", 1}, {"w1", 2}} {
			if _, err := running.WorkerLost(c.worker, c.attempt, noon); !errors.Is(err, codybatch.ErrConflict) {
				t.Errorf("%+v took it: %v", c, err)
			}
		}
		task := step(t, &job, running, func(tk codybatch.Task) (codybatch.Task, error) { return tk.WorkerLost("w1", 1, noon) })
		if task.Status != codybatch.TaskQueued || task.Attempt != 2 || task.Lost != 1 {
			t.Errorf("got %+v", task)
		}
		running.CancelRequested = true
		if task := step(t, &job, running, func(tk codybatch.Task) (codybatch.Task, error) { return tk.WorkerLost("w1", 1, noon) }); task.Status != codybatch.TaskCanceled {
			t.Errorf("a canceled one is %+v", task)
		}
	})

	t.Run("a stop costs no attempt", func(t *testing.T) {
		t.Parallel()
		var job codybatch.Job
		task := step(t, &job, queuedTask(), claimed(0))
		task = step(t, &job, task, func(tk codybatch.Task) (codybatch.Task, error) {
			return tk.Stopped("w1", 1, codybatch.Usage{Cost: 7}, noon)
		})
		if task.Status != codybatch.TaskQueued || task.Attempt != 1 || task.Spent.Cost != 7 || task.Lost != 0 {
			t.Fatalf("got %+v", task)
		}
	})

	t.Run("an interrupted attempt is remembered until one ends by itself", func(t *testing.T) {
		t.Parallel()
		var job codybatch.Job
		lose := func(tk codybatch.Task) (codybatch.Task, error) { return tk.LeaseExpired(noon.Add(time.Hour)) }
		beat := func(attempt int) func(codybatch.Task) (codybatch.Task, error) {
			return func(tk codybatch.Task) (codybatch.Task, error) {
				return tk.Beaten("w1", attempt, codybatch.Beat{Now: noon, LeaseUntil: noon.Add(time.Minute), Usage: codybatch.Usage{Cost: 5}})
			}
		}
		task := step(t, &job, queuedTask(), claimed(0))
		task = step(t, &job, task, beat(1))
		task = step(t, &job, task, lose)
		if want := (codybatch.Interruption{First: 1, Attempt: 1, Usage: codybatch.Usage{Cost: 5}}); task.Attempt != 2 || *task.Interrupted != want || task.Carried != 5 {
			t.Fatalf("got %+v", task)
		}
		task = step(t, &job, task, claimed(0))
		task = step(t, &job, task, beat(2))
		task = step(t, &job, task, lose)
		if want := (codybatch.Interruption{First: 1, Attempt: 2, Usage: codybatch.Usage{Cost: 10}}); *task.Interrupted != want || task.Carried != 10 {
			t.Fatalf("got %+v", task)
		}
		task = step(t, &job, task, claimed(0))
		finish := func(attempt int, r codybatch.TaskResult) func(codybatch.Task) (codybatch.Task, error) {
			return func(tk codybatch.Task) (codybatch.Task, error) { return tk.Finished("w1", attempt, r, noon) }
		}
		// The forge can't be reached: nothing was asked, and a retry goes on.
		unreachable := codybatch.TaskResult{Outcome: codybatch.OutcomeInfraError, Untouched: true, Usage: codybatch.Usage{Cost: 1}}
		task = step(t, &job, task, finish(3, unreachable))
		task = step(t, &job, task, func(tk codybatch.Task) (codybatch.Task, error) { return tk.Retried(noon) })
		if want := (codybatch.Interruption{First: 1, Attempt: 3, Usage: codybatch.Usage{Cost: 11}}); *task.Interrupted != want || task.Carried != 0 {
			t.Fatalf("a retry does not go on: %+v", task)
		}
		stuck := step(t, &job, step(t, &job, task, claimed(0)), finish(4, codybatch.TaskResult{Outcome: codybatch.OutcomeStuck}))
		if stuck.Interrupted != nil {
			t.Fatalf("got %+v", stuck)
		}
		// Three workers in a row were lost with it: a retry starts over.
		for range codybatch.MaxLost {
			task = step(t, &job, step(t, &job, task, claimed(0)), lose)
		}
		if task.Status != codybatch.TaskFailed || task.Interrupted != nil {
			t.Fatalf("got %+v", task)
		}
	})

	t.Run("only the worker that holds the attempt may move it", func(t *testing.T) {
		t.Parallel()
		var job codybatch.Job
		task := step(t, &job, queuedTask(), claimed(0))
		for name, change := range map[string]func() (codybatch.Task, error){
			"another worker":  func() (codybatch.Task, error) { return task.Finished("w2", 1, changed, noon) },
			"another attempt": func() (codybatch.Task, error) { return task.Finished("w1", 2, changed, noon) },
			"a second claim":  func() (codybatch.Task, error) { return claimed(0)(task) },
			"a late beat":     func() (codybatch.Task, error) { return task.Beaten("w2", 1, codybatch.Beat{}) },
		} {
			if _, err := change(); !errors.Is(err, codybatch.ErrConflict) {
				t.Errorf("%s: got %v, want ErrConflict", name, err)
			}
		}
	})

	t.Run("a reference says that there is only a diff to publish", func(t *testing.T) {
		t.Parallel()
		var job codybatch.Job
		task := queuedTask()
		if task.Ref().Publishes {
			t.Error("a task that is to be done asks for no model")
		}
		ready := changed
		ready.Engine = "claude"
		task = step(t, &job, step(t, &job, task, claimed(0)), finished(ready))
		published := step(t, &job, task, func(tk codybatch.Task) (codybatch.Task, error) { return tk.Publishing(noon) })
		if !published.Ref().Publishes {
			t.Errorf("the reference is %+v", published.Ref())
		}
		remarked := step(t, &job, task, func(tk codybatch.Task) (codybatch.Task, error) { return tk.Steered("Mend it.", noon) })
		rejected := step(t, &job, task, func(tk codybatch.Task) (codybatch.Task, error) {
			return tk.Reviewed(codybatch.Review{Decision: codybatch.ReviewRejected, At: noon})
		})
		rejected = step(t, &job, rejected, func(tk codybatch.Task) (codybatch.Task, error) { return tk.Retried(noon) })
		if remarked.Ref().Publishes || rejected.Ref().Publishes {
			t.Errorf("of a remark %+v, of a retry %+v", remarked.Ref(), rejected.Ref())
		}
	})

	t.Run("a conflict while publishing keeps the wish to publish", func(t *testing.T) {
		t.Parallel()
		var job codybatch.Job
		task := step(t, &job, queuedTask(), claimed(0))
		task = step(t, &job, task, finished(changed))
		task = step(t, &job, task, func(tk codybatch.Task) (codybatch.Task, error) { return tk.Publishing(noon) })
		task = step(t, &job, task, claimed(0))
		conflict := changed
		conflict.Outcome = codybatch.OutcomeConflict
		task = step(t, &job, task, finished(conflict))
		task = step(t, &job, task, func(tk codybatch.Task) (codybatch.Task, error) { return tk.Retried(noon) })
		if !task.PublishRequested {
			t.Fatal("a retry forgets that the diff was to be published")
		}
	})

	t.Run("a rejected diff can't be published, until that is withdrawn", func(t *testing.T) {
		t.Parallel()
		var job codybatch.Job
		task := step(t, &job, queuedTask(), claimed(0))
		task = step(t, &job, task, finished(changed))
		task = step(t, &job, task, func(tk codybatch.Task) (codybatch.Task, error) {
			return tk.Reviewed(codybatch.Review{Decision: codybatch.ReviewRejected, At: noon})
		})
		var refused *codybatch.ActionError
		if _, err := task.Publishing(noon); !errors.As(err, &refused) || refused.Reason != "its diff was rejected in review" {
			t.Fatalf("got %v", err)
		}
		task = step(t, &job, task, func(tk codybatch.Task) (codybatch.Task, error) {
			return tk.Reviewed(codybatch.Review{Decision: codybatch.ReviewWithdrawn, At: noon})
		})
		if task.Review != nil {
			t.Fatalf("a withdrawn review is %+v", task.Review)
		}
		if _, err := task.Publishing(noon); err != nil {
			t.Fatalf("after the rejection was withdrawn: %v", err)
		}
	})

	t.Run("a canceled task whose worker fell silent is canceled, not queued", func(t *testing.T) {
		t.Parallel()
		var job codybatch.Job
		task := step(t, &job, queuedTask(), claimed(0))
		task = step(t, &job, task, func(tk codybatch.Task) (codybatch.Task, error) { return tk.CanceledBy(noon) })
		task = step(t, &job, task, func(tk codybatch.Task) (codybatch.Task, error) { return tk.LeaseExpired(noon.Add(time.Hour)) })
		if task.Status != codybatch.TaskCanceled {
			t.Fatalf("got %+v", task)
		}
	})

	t.Run("a review of a finished job does not move its end", func(t *testing.T) {
		t.Parallel()
		job := codybatch.Job{RepositoryCount: 1, Counts: codybatch.Counts{Queued: 1}}
		task := step(t, &job, queuedTask(), claimed(0))
		task = step(t, &job, task, finished(changed))
		ended := job.CompletedAt
		step(t, &job, task, func(tk codybatch.Task) (codybatch.Task, error) {
			return tk.Reviewed(codybatch.Review{Decision: codybatch.ReviewApproved, At: noon.Add(time.Hour)})
		})
		if !job.CompletedAt.Equal(ended) {
			t.Fatalf("the job ended at %s, and now at %s", ended, job.CompletedAt)
		}
	})

	t.Run("cancel ends a queued task at once and marks a running one", func(t *testing.T) {
		t.Parallel()
		job := codybatch.Job{RepositoryCount: 1, Counts: codybatch.Counts{Queued: 1}}
		ended := step(t, &job, queuedTask(), func(tk codybatch.Task) (codybatch.Task, error) { return tk.CanceledBy(noon) })
		if ended.Status != codybatch.TaskCanceled || job.Status() != codybatch.JobCanceled {
			t.Fatalf("got %s in a %s job", ended.Status, job.Status())
		}
		running, _ := claimed(0)(queuedTask())
		marked, err := running.CanceledBy(noon)
		if err != nil || marked.Status != codybatch.TaskRunning || !marked.CancelRequested {
			t.Fatalf("got %+v, %v", marked, err)
		}
		if _, err := ended.CanceledBy(noon); !errors.Is(err, codybatch.ErrConflict) {
			t.Fatalf("a finished task was canceled: %v", err)
		}
	})
}

func TestHeldSaysWhatItWaitsForUntilItRuns(t *testing.T) {
	t.Parallel()
	job := codybatch.Job{RepositoryCount: 1, Counts: codybatch.Counts{Queued: 1}}
	task := step(t, &job, queuedTask(), claimed(5))
	task = step(t, &job, task, func(tk codybatch.Task) (codybatch.Task, error) {
		return tk.Held("w1", 1, codybatch.Usage{Cost: 2}, "the key is refused", noon)
	})
	if task.Status != codybatch.TaskQueued || task.Attempt != 1 || task.WaitingFor != "the key is refused" || job.Reserved != 0 || job.Usage.Cost != 2 {
		t.Errorf("got %+v in %+v", task, job)
	}
	if running := step(t, &job, task, claimed(3)); running.WaitingFor != "" {
		t.Errorf("it runs, and waits for %q", running.WaitingFor)
	}
	asked := step(t, &job, queuedTask(), claimed(5))
	asked.CancelRequested = true
	canceled, err := asked.Held("w1", 1, codybatch.Usage{}, "the key is refused", noon)
	if err != nil || canceled.Status != codybatch.TaskCanceled || canceled.WaitingFor != "" {
		t.Errorf("a cancel that came before: %+v, %v", canceled, err)
	}
}

func TestOutcomeStatus(t *testing.T) {
	t.Parallel()
	for _, outcome := range codybatch.Outcomes() {
		want := codybatch.TaskFailed
		switch outcome { //nolint:exhaustive // all others fail
		case codybatch.OutcomeChanged, codybatch.OutcomeNoChanges:
			want = codybatch.TaskSucceeded
		case codybatch.OutcomeCanceled:
			want = codybatch.TaskCanceled
		}
		if got := outcome.Status(); got != want {
			t.Errorf("%s is %s, want %s", outcome, got, want)
		}
	}
}
