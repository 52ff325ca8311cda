package worker_test

import (
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func TestARemarkThatIsNotHeardChangesNothing(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, e engine) {
		refuse := func(err error) session {
			return func(context.Context, codybatch.AgentRun) (codybatch.AgentResult, error) {
				return codybatch.AgentResult{}, err
			}
		}
		for name, test := range map[string]struct {
			second    session
			thread    string // in the place of the first attempt's; empty: its own
			cancel    bool   // while it waits for a worker
			outcome   codybatch.Outcome
			code      string
			isPending bool // retry passes it on
			cost      codybatch.Money
		}{
			"the agent can't go on":                 {second: refuse(codybatch.ErrNotResumable), outcome: codybatch.OutcomeInfraError, code: codybatch.CodeConversationLost},
			"the thread is gone":                    {thread: "\n", outcome: codybatch.OutcomeInfraError, code: codybatch.CodeConversationLost},
			"it is taken back":                      {cancel: true, outcome: codybatch.OutcomeChanged},
			"it is taken back while it is answered": {second: refuse(codybatch.ErrCanceled), outcome: codybatch.OutcomeChanged},
			"it is taken back in the middle of an answer": {second: func(_ context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
				writeFile(t, filepath.Join(run.Dir, "half.txt"), "half\n")
				usage := codybatch.Usage{OutputTokens: 9, Cost: 1}
				run.Spent(usage)
				return codybatch.AgentResult{Usage: usage}, codybatch.ErrCanceled
			}, outcome: codybatch.OutcomeChanged, cost: 1},
			"the API is down": {second: func(context.Context, codybatch.AgentRun) (codybatch.AgentResult, error) {
				return codybatch.AgentResult{Outcome: codybatch.OutcomeAPIError, Reason: "no answer in 10 tries"}, nil
			}, outcome: codybatch.OutcomeAPIError, code: "api_error", isPending: true},
			"the API goes down in the middle of an answer": {second: func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
				usage := codybatch.Usage{OutputTokens: 9, Cost: 1}
				run.Spent(usage)
				err := run.Record(ctx, codybatch.ThreadEvent{Type: codybatch.EventNotice, Reason: "An answer was broken off.", Usage: &usage})
				return codybatch.AgentResult{Outcome: codybatch.OutcomeAPIError, Reason: "no answer in 10 tries", Usage: usage}, err
			}, outcome: codybatch.OutcomeAPIError, code: "api_error", isPending: true, cost: 1},
			"time is up before an answer": {second: refuse(codybatch.ErrTimeout), outcome: codybatch.OutcomeTimeout, code: "timeout", isPending: true},
			"the key is refused": {second: func(context.Context, codybatch.AgentRun) (codybatch.AgentResult, error) {
				return codybatch.AgentResult{Outcome: codybatch.OutcomeAuthError, Reason: "no key"}, nil
			}, outcome: codybatch.OutcomeAuthError, code: "auth_error", isPending: true},
		} {
			t.Run(name, func(t *testing.T) {
				t.Parallel()
				w := newWorld(t, e.with(&scripted{rounds: []session{talks(t, "a.txt", "y\n", 1), test.second, talks(t, "b.txt", "z\n", 1)}}))
				w.repository("site", map[string]string{"a.txt": "x\n"})
				before := w.runOne(e.job("site"))
				if test.thread != "" {
					if err := w.artifacts.Put(t.Context(), codybatch.ThreadKey(before.Key(), 1), strings.NewReader(test.thread)); err != nil {
						t.Fatal(err)
					}
				}
				if _, err := w.service.FeedbackTask(t.Context(), before.Key(), remark, ""); err != nil {
					t.Fatal(err)
				}
				if test.cancel {
					if _, err := w.service.CancelTask(t.Context(), before.Key()); err != nil {
						t.Fatal(err)
					}
				}
				w.drain()
				task := w.task(before.JobID, "site")
				wantOutcome(t, task, test.outcome)
				if task.DiffAttempt != 1 || !task.Accepted || w.diff(task) != w.diff(before) || test.code != "" && task.Error.Code != test.code {
					t.Errorf("the task is %+v (%+v)", task, task.Error)
				}
				if paid(task) != paid(before)+test.cost {
					t.Errorf("%d are paid, before that %d", paid(task), paid(before))
				}
				if isPending := task.Feedback != nil; isPending != test.isPending {
					t.Errorf("the remark waits: %v", isPending)
				}
				if !test.isPending {
					return
				}
				if _, err := w.service.RetryTask(t.Context(), task.Key()); err != nil {
					t.Fatal(err)
				}
				w.drain()
				task = w.task(task.JobID, "site")
				if diff := w.diff(task); !strings.Contains(diff, "+y") || !strings.Contains(diff, "+z") {
					t.Errorf("after the retry, the diff is\n%s", diff)
				}
				if paid(task) != paid(before)+test.cost+1 {
					t.Errorf("after the retry, %d are paid, before the remark %d", paid(task), paid(before))
				}
			})
		}
	})
}

// What the model answered stays, also when it is not done with it: retry does not pass
// the remark on again, and pay for the answer twice.
func TestARemarkThatIsAnsweredInPartIsHeard(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, e engine) {
		w := newWorld(t, e.with(&scripted{rounds: []session{
			talks(t, "a.txt", "y\n", 1),
			func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
				answer := answered(1)
				run.Spent(*answer.Usage)
				writeFile(t, filepath.Join(run.Dir, "b.txt"), "half\n")
				return codybatch.AgentResult{Usage: *answer.Usage}, errors.Join(codybatch.ErrTimeout, run.Record(ctx, answer))
			},
		}}))
		w.repository("site", map[string]string{"a.txt": "x\n"})
		task := w.send(w.runOne(e.job("site")))
		wantOutcome(t, task, codybatch.OutcomeTimeout)
		if task.Feedback != nil || task.DiffAttempt != 2 || !strings.Contains(w.diff(task), "+half") || paid(task) != 2 {
			t.Errorf("the task is %+v, %d are paid; its diff\n%s", task, paid(task), w.diff(task))
		}
	})
}

// Of models without a known price, and of providers that count nothing, an answer may
// seem to cost nothing.
func TestAnAnswerThatCostsNothingIsHeard(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withAgent(&scripted{rounds: []session{
		talks(t, "a.txt", "y\n", 1),
		func(_ context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
			writeFile(t, filepath.Join(run.Dir, "b.txt"), "z\n")
			return codybatch.AgentResult{Outcome: codybatch.OutcomeChanged}, nil
		},
	}}))
	w.repository("site", map[string]string{"a.txt": "x\n"})
	task := w.send(w.runOne(promptJob("site")))
	wantOutcome(t, task, codybatch.OutcomeChanged)
	if diff := w.diff(task); task.Feedback != nil || task.DiffAttempt != 2 || !strings.Contains(diff, "+z") {
		t.Errorf("the task is %+v, its diff\n%s", task, diff)
	}
}

func TestFailuresOfAnAnswerKeepWhatItChanged(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, e engine) {
		w := newWorld(t, e.with(&scripted{rounds: []session{
			talks(t, "a.txt", "y\n", 1), talks(t, "broken", "", 1), talks(t, "c.txt", "z\n", 1), talks(t, "broken", "", 1), talks(t, "anew.txt", "n\n", 1),
		}}))
		w.repository("site", map[string]string{"a.txt": "x\n"})
		spec := e.job("site")
		spec.Verify = []string{"test ! -e broken"}
		task := w.send(w.runOne(spec))
		wantOutcome(t, task, codybatch.OutcomeVerifyFailed)
		if diff := w.diff(task); !strings.Contains(diff, "broken") || !strings.Contains(diff, "+y") {
			t.Errorf("the diff is\n%s", diff)
		}
		task = w.send(task) // a remark on that goes on with that
		if thread := w.thread(task); strings.Count(thread, `"type":"feedback"`) != 2 || !strings.Contains(w.diff(task), "+z") {
			t.Errorf("the thread is\n%s", thread)
		}
		wantOutcome(t, task, codybatch.OutcomeVerifyFailed) // "broken" is still there

		// A retry begins anew: the first result is what the remark was about.
		if _, err := w.service.RetryTask(t.Context(), task.Key()); err != nil {
			t.Fatal(err)
		}
		w.drain()
		if task = w.task(task.JobID, "site"); task.ReusedFrom != "" || strings.Contains(w.diff(task), "+y") {
			t.Errorf("the retry got %+v", task)
		}
	})
}
