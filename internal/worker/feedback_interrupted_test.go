package worker_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/worker"
)

func TestAnInterruptedAnswerToARemarkIsGoneOnWith(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, e engine) {
		for name, test := range map[string]struct {
			lost int // workers that died with the remark
			want int // answers to it that the next worker is told of
		}{"once": {1, 1}, "twice in a row": {2, 0}} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				var got codybatch.AgentRun
				waits := make(chan string, 1)
				agent := &scripted{rounds: []session{
					talks(t, "a.txt", "y\n", codybatch.USD(0.25)),
					func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
						writeFile(t, filepath.Join(run.Dir, "b.txt"), "half\n")
						if err := errors.Join(run.Record(ctx, answered(codybatch.USD(0.1))), run.Checkpoint(ctx, 2, nil)); err != nil {
							t.Error(err)
						}
						waits <- run.BaseCommit
						<-ctx.Done()
						return codybatch.AgentResult{}, context.Cause(ctx)
					},
					func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
						got = run
						return talks(t, "c.txt", "whole\n", codybatch.USD(0.05))(ctx, run)
					},
				}}
				w := newWorld(t, e.with(agent), func(o *worker.Options) { o.Lease = 300 * time.Millisecond })
				w.repository("site", map[string]string{"a.txt": "x\n"})
				task := w.runOne(e.job("site"))
				if _, err := w.service.FeedbackTask(t.Context(), task.Key(), remark, ""); err != nil {
					t.Fatal(err)
				}
				done := make(chan error, 1)
				ref := w.sent.take()[0]
				go func() { done <- w.worker.Run(t.Context(), ref) }()
				<-waits
				w.lose(task.JobID)
				if err := <-done; !errors.Is(err, codybatch.ErrConflict) {
					t.Fatalf("the worker that lost its lease says %v", err)
				}
				for n := 2; n <= test.lost; n++ {
					now := time.Now()
					if _, _, err := w.store.ClaimTask(t.Context(), codybatch.Claim{Key: task.Key(), Attempt: 1 + n, Worker: "dead", Now: now, LeaseUntil: now}); err != nil {
						t.Fatal(err)
					}
					w.lose(task.JobID)
				}
				if err := w.worker.Run(t.Context(), codybatch.TaskRef{Key: task.Key(), Attempt: 2 + test.lost}); err != nil {
					t.Fatal(err)
				}
				task = w.task(task.JobID, "site")
				wantOutcome(t, task, codybatch.OutcomeChanged)
				if got.Kept != 1+test.want || remarksIn(got.Earlier) != 1 {
					t.Errorf("the agent was told of %d answers and %d remarks", got.Kept, remarksIn(got.Earlier))
				}
				if diff := w.diff(task); !strings.Contains(diff, "+y") || !strings.Contains(diff, "+whole") || strings.Contains(diff, "+half") != (test.want > 0) {
					t.Errorf("the diff is\n%s", diff)
				}
				if cost := w.job(task.JobID).Usage.Cost; cost != codybatch.USD(0.4) || task.Feedback != nil || task.Interrupted != nil {
					t.Errorf("the job cost %s, the task is %+v", cost, task)
				}
			})
		}
	})
}

// A key that is refused after an interruption is put right, and the conversation gone on
// with: what was answered before is neither lost nor paid for again.
func TestARemarkWaitsForAKeyAlsoAfterAnAnswer(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, e engine) {
		var last codybatch.AgentRun
		ctx, stop := context.WithCancelCause(t.Context())
		defer stop(nil)
		w := newWorld(t, e.with(&scripted{rounds: []session{
			talks(t, "a.txt", "y\n", 1),
			func(runCtx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
				answer := answered(1)
				run.Spent(*answer.Usage)
				if err := run.Record(runCtx, answer); err != nil {
					t.Error(err)
				}
				stop(codybatch.ErrStopped)
				<-runCtx.Done()
				return codybatch.AgentResult{Usage: *answer.Usage}, context.Cause(runCtx)
			},
			func(context.Context, codybatch.AgentRun) (codybatch.AgentResult, error) {
				return codybatch.AgentResult{Outcome: codybatch.OutcomeAuthError, Reason: "no key"}, nil
			},
			func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
				last = run
				return talks(t, "b.txt", "z\n", 1)(ctx, run)
			},
		}}))
		w.repository("site", map[string]string{"a.txt": "x\n"})
		before := w.runOne(e.job("site"))
		if _, err := w.service.FeedbackTask(t.Context(), before.Key(), remark, ""); err != nil {
			t.Fatal(err)
		}
		ref := w.sent.take()[0]
		for _, c := range []context.Context{ctx, t.Context()} {
			if err := w.worker.Run(c, ref); err != nil {
				t.Fatal(err)
			}
		}
		task := w.task(before.JobID, "site")
		wantOutcome(t, task, codybatch.OutcomeAuthError)
		if task.Feedback == nil || task.DiffAttempt != 1 || paid(task) != paid(before)+1 {
			t.Errorf("the task is %+v (%+v)", task, task.Error)
		}
		if _, err := w.service.RetryTask(t.Context(), task.Key()); err != nil {
			t.Fatal(err)
		}
		w.drain()
		task = w.task(before.JobID, "site")
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if n := remarksIn(last.Earlier); n != 1 || countsAnswers(last.Earlier) != 2 || paid(task) != paid(before)+2 {
			t.Errorf("the agent goes on after %d remarks and %d answers; %d are paid", n, countsAnswers(last.Earlier), paid(task))
		}
	})
}

func countsAnswers(events []codybatch.ThreadEvent) int {
	n := 0
	for _, e := range events {
		if e.Type == codybatch.EventAssistant {
			n++
		}
	}
	return n
}
