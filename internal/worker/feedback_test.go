package worker_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/worker"
)

const remark = "Keep the old name as an alias."

// talks is a round that writes a file, and tells of one answer that cost so much.
func talks(t *testing.T, name, content string, cost codybatch.Money) session {
	return func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
		answer := answered(cost)
		writeFile(t, filepath.Join(run.Dir, name), content)
		for _, event := range []codybatch.ThreadEvent{
			{Type: codybatch.EventRunStart, Engine: "claude", BaseCommit: run.BaseCommit}, answer,
			{Type: codybatch.EventRunEnd, Outcome: codybatch.OutcomeChanged, Usage: answer.Usage},
		} {
			if err := run.Record(ctx, event); err != nil {
				t.Error(err)
			}
		}
		return codybatch.AgentResult{Outcome: codybatch.OutcomeChanged, Usage: *answer.Usage}, nil
	}
}

// send sends the task back with the remark, and runs what that queues.
func (w *world) send(task codybatch.Task) codybatch.Task {
	w.t.Helper()
	if _, err := w.service.FeedbackTask(w.t.Context(), task.Key(), remark, ""); err != nil {
		w.t.Fatal(err)
	}
	w.drain()
	return w.task(task.JobID, task.Repository.Name())
}

func remarksIn(events []codybatch.ThreadEvent) int {
	n := 0
	for _, event := range events {
		if event.Type == codybatch.EventFeedback && event.Reason == remark {
			n++
		}
	}
	return n
}

func TestARemarkGoesOnWithTheConversation(t *testing.T) {
	t.Parallel()
	var got codybatch.AgentRun
	var seen string
	agent := &scripted{rounds: []session{
		talks(t, "a.txt", "y\n", codybatch.USD(0.25)),
		func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
			got, seen = run, readFile(t, filepath.Join(run.Dir, "a.txt"))
			return talks(t, "b.txt", "alias\n", codybatch.USD(0.1))(ctx, run)
		},
	}}
	w := newWorld(t, withAgent(agent))
	bare := w.repository("site", map[string]string{"a.txt": "x\n"})
	spec := promptJob("site")
	most := codybatch.USD(1)
	spec.Agent.MaxCost = &most
	before := w.runOne(spec)
	clone := t.TempDir()
	git(t, clone, "clone", "-q", bare, ".")
	writeFile(t, filepath.Join(clone, "a.txt"), "elsewhere\n")
	git(t, clone, "commit", "-q", "-a", "-m", "later")
	git(t, clone, "push", "-q", "origin", "main")

	task := w.send(before)
	wantOutcome(t, task, codybatch.OutcomeChanged)
	if seen != "y\n" || got.Kept != 1 || remarksIn(got.Earlier) != 1 || got.Earlier[len(got.Earlier)-1].Type != codybatch.EventFeedback {
		t.Errorf("the agent found %q, %d answers and the events %+v", seen, got.Kept, got.Earlier)
	}
	if got.BaseCommit != before.BaseCommit || task.BaseCommit != before.BaseCommit || task.Attempt != 2 || task.Feedback != nil {
		t.Errorf("the task is %+v", task)
	}
	if diff := w.diff(task); !strings.Contains(diff, "+y") || !strings.Contains(diff, "+alias") {
		t.Errorf("the diff is\n%s", diff)
	}
	// The limit of an attempt is there anew, and each answer is paid for once.
	if *got.Budget != most || task.Usage.Cost != codybatch.USD(0.1) || w.job(task.JobID).Usage.Cost != codybatch.USD(0.35) {
		t.Errorf("budget %s, spent %s, by the job %s", got.Budget, task.Usage.Cost, w.job(task.JobID).Usage.Cost)
	}
	thread, err := w.service.Thread(t.Context(), task.Key(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	isRemark := func(m codybatch.Message) bool {
		return m.Type == codybatch.EventFeedback && m.Role == codybatch.RoleUser
	}
	if i := slices.IndexFunc(thread.Messages, isRemark); i < 0 || thread.Messages[i].Blocks[0].Text != remark || thread.Usage.Cost != codybatch.USD(0.1) {
		t.Errorf("the thread is %+v", thread)
	}
}

func TestAnAnswerToARemarkIsNobodyElsesResult(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withAgent(&scripted{rounds: []session{talks(t, "a.txt", "y\n", 1), talks(t, "a.txt", "z\n", 1)}}))
	w.repository("site", map[string]string{"a.txt": "x\n"})
	task := w.send(w.runOne(promptJob("site")))
	if again := w.runOne(promptJob("site")); again.ReusedFrom != task.JobID || !strings.Contains(w.diff(again), "+y") || !strings.Contains(w.diff(task), "+z") {
		t.Errorf("the same job got %+v, with the diff\n%s", again, w.diff(again))
	}
}

// What another job paid for can be gone on with as well.
func TestARemarkOnAResultThatWasTakenOver(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withAgent(&scripted{rounds: []session{talks(t, "a.txt", "y\n", codybatch.USD(0.5)), talks(t, "b.txt", "z\n", codybatch.USD(0.1))}}))
	w.repository("site", map[string]string{"a.txt": "x\n"})
	first := w.runOne(promptJob("site"))
	task := w.runOne(promptJob("site"))
	if task.ReusedFrom != first.JobID {
		t.Fatalf("not taken over: %+v", task)
	}
	task = w.send(task)
	wantOutcome(t, task, codybatch.OutcomeChanged)
	if cost := w.job(task.JobID).Usage.Cost; cost != codybatch.USD(0.1) || task.ReusedFrom != "" || !strings.Contains(w.diff(task), "+y") {
		t.Errorf("it cost %s: %+v", cost, task)
	}
}

func TestAnInterruptedAnswerToARemarkIsGoneOnWith(t *testing.T) {
	t.Parallel()
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
					if err := errors.Join(run.Record(ctx, answered(codybatch.USD(0.1))), run.Checkpoint(ctx, 2)); err != nil {
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
			w := newWorld(t, withAgent(agent), func(o *worker.Options) { o.Lease = 300 * time.Millisecond })
			w.repository("site", map[string]string{"a.txt": "x\n"})
			task := w.runOne(promptJob("site"))
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
}

func TestAPublishedChangeIsMendedOnItsBranch(t *testing.T) {
	t.Parallel()
	for name, isPublishedAtOnce := range map[string]bool{"at once, if the job says so": true, "when a person says so": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, withAgent(&scripted{rounds: []session{
				talks(t, "a.txt", "y\n", 1), talks(t, "a.txt", "z\n", 1),
			}}))
			bare := w.repository("site", map[string]string{"a.txt": "x\n"})
			spec := promptJob("site")
			spec.CreatePullRequests = isPublishedAtOnce
			publish := func(task codybatch.Task) codybatch.Task {
				if isPublishedAtOnce {
					return task
				}
				if _, err := w.service.PublishTask(t.Context(), task.Key()); err != nil {
					t.Fatal(err)
				}
				w.drain()
				return w.task(task.JobID, "site")
			}
			before := publish(w.runOne(spec))
			if before.PullRequest == nil {
				t.Fatalf("not published: %+v", before)
			}
			task := w.send(before)
			wantOutcome(t, task, codybatch.OutcomeChanged)
			if isUpToDate := !task.PullRequest.Outdated; isUpToDate != isPublishedAtOnce || slices.Contains(task.Actions(), codybatch.ActionPublish) == isPublishedAtOnce {
				t.Errorf("after the answer: %+v, actions %v", task.PullRequest, task.Actions())
			}
			task = publish(task)
			if task.PullRequest.Outdated || task.PullRequest.Number != before.PullRequest.Number || task.Branch != before.Branch || task.HeadCommit == before.HeadCommit {
				t.Errorf("published %+v, then %+v", before.PullRequest, task.PullRequest)
			}
			if text := git(t, bare, "show", task.Branch+":a.txt"); text != "z" {
				t.Errorf("the branch has %q", text)
			}
		})
	}
}

// A person may push to the branch while the agent answers a remark, or even between
// our look at the branch and our push. What the person did stays, and the answer is
// kept.
func TestAPersonMovesTheBranchWhileARemarkIsAnswered(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		move func(t *testing.T, bare, branch string) // in the middle of the answer
		says string
	}{
		"during the answer": {func(t *testing.T, bare, branch string) {
			commitTo(t, bare, branch, map[string]string{"fix.txt": "by hand\n"})
		}, "holds commits by ann@example.com"},
		"during the push": {func(t *testing.T, bare, branch string) {
			person := commitTo(t, bare, branch, map[string]string{"fix.txt": "by hand\n"})
			git(t, bare, "update-ref", "refs/kept", person)
			git(t, bare, "update-ref", "refs/heads/"+branch, person+"^")
			hook := "#!/bin/sh\nenv -u GIT_QUARANTINE_PATH git update-ref refs/heads/" + branch + " " + person + "\n" // the server's side of our push begins
			if err := os.WriteFile(filepath.Join(bare, "hooks", "update"), []byte(hook), 0o755); err != nil {
				t.Error(err)
			}
		}, "was changed by somebody else at the same moment"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var bare, branch string
			w := newWorld(t, withAgent(&scripted{rounds: []session{
				talks(t, "a.txt", "y\n", 1),
				func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
					test.move(t, bare, branch)
					return talks(t, "a.txt", "z\n", 1)(ctx, run)
				},
			}}))
			bare = w.repository("site", map[string]string{"a.txt": "x\n"})
			spec := promptJob("site")
			spec.CreatePullRequests = true
			before := w.runOne(spec)
			branch = before.Branch
			task := w.send(before)
			wantOutcome(t, task, codybatch.OutcomeConflict)
			if task.Error.Code != "branch_conflict" || !strings.Contains(task.Error.Message, test.says) || !strings.Contains(task.Error.Message, "nothing was pushed") {
				t.Errorf("the error is %+v", task.Error)
			}
			if text := git(t, bare, "show", branch+":fix.txt"); text != "by hand" || git(t, bare, "rev-parse", branch+"^") != before.HeadCommit {
				t.Errorf("the person's commit is gone: %q", text)
			}
			if !task.HasDiff || !strings.Contains(w.diff(task), "+z") || task.PullRequest == nil || task.PullRequest.Number != before.PullRequest.Number {
				t.Errorf("the answer is lost: %+v", task)
			}
		})
	}
}

func TestARemarkThatIsNotHeardChangesNothing(t *testing.T) {
	t.Parallel()
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
			w := newWorld(t, withAgent(&scripted{rounds: []session{talks(t, "a.txt", "y\n", 1), test.second, talks(t, "b.txt", "z\n", 1)}}))
			w.repository("site", map[string]string{"a.txt": "x\n"})
			before := w.runOne(promptJob("site"))
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
}

// A key that is refused after an interruption is put right, and the conversation gone on
// with: what was answered before is neither lost nor paid for again.
func TestARemarkWaitsForAKeyAlsoAfterAnAnswer(t *testing.T) {
	t.Parallel()
	var last codybatch.AgentRun
	ctx, stop := context.WithCancelCause(t.Context())
	defer stop(nil)
	w := newWorld(t, withAgent(&scripted{rounds: []session{
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
	before := w.runOne(promptJob("site"))
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

// What the model answered stays, also when it is not done with it: retry does not pass
// the remark on again, and pay for the answer twice.
func TestARemarkThatIsAnsweredInPartIsHeard(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withAgent(&scripted{rounds: []session{
		talks(t, "a.txt", "y\n", 1),
		func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
			answer := answered(1)
			run.Spent(*answer.Usage)
			writeFile(t, filepath.Join(run.Dir, "b.txt"), "half\n")
			return codybatch.AgentResult{Usage: *answer.Usage}, errors.Join(codybatch.ErrTimeout, run.Record(ctx, answer))
		},
	}}))
	w.repository("site", map[string]string{"a.txt": "x\n"})
	task := w.send(w.runOne(promptJob("site")))
	wantOutcome(t, task, codybatch.OutcomeTimeout)
	if task.Feedback != nil || task.DiffAttempt != 2 || !strings.Contains(w.diff(task), "+half") || paid(task) != 2 {
		t.Errorf("the task is %+v, %d are paid; its diff\n%s", task, paid(task), w.diff(task))
	}
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

// A worker can be killed when the thread is copied, and the remark is not in it yet.
func TestASecondRemarkIsNotTakenForTheFirst(t *testing.T) {
	t.Parallel()
	var got codybatch.AgentRun
	w := newWorld(t, withAgent(&scripted{rounds: []session{
		talks(t, "a.txt", "y\n", 1), talks(t, "b.txt", "z\n", 1),
		func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
			got = run
			return talks(t, "c.txt", "z\n", 1)(ctx, run)
		},
	}}))
	w.repository("site", map[string]string{"a.txt": "x\n"})
	task := w.send(w.runOne(promptJob("site")))
	if _, err := w.service.FeedbackTask(t.Context(), task.Key(), remark, ""); err != nil {
		t.Fatal(err)
	}
	if err := w.artifacts.Put(t.Context(), codybatch.ThreadKey(task.Key(), 3), strings.NewReader(w.thread(task))); err != nil {
		t.Fatal(err)
	}
	w.drain()
	wantOutcome(t, w.task(task.JobID, "site"), codybatch.OutcomeChanged)
	if n := remarksIn(got.Earlier); n != 2 || got.Kept != 2 {
		t.Errorf("the agent hears %d remarks after %d answers", n, got.Kept)
	}
}

func TestARemarkTellsTheModelNoSecret(t *testing.T) {
	t.Parallel()
	const secret = "s3cr3t-of-the-server"
	var got codybatch.AgentRun
	w := newWorld(t, withAgent(&scripted{rounds: []session{
		talks(t, "a.txt", "y\n", 1),
		func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
			got = run
			return talks(t, "b.txt", "z\n", 1)(ctx, run)
		},
	}}), func(o *worker.Options) { o.Secrets = append(o.Secrets, secret) })
	w.repository("site", map[string]string{"a.txt": "x\n"})
	task := w.runOne(promptJob("site"))
	if _, err := w.service.FeedbackTask(t.Context(), task.Key(), "Use "+secret+" instead.", ""); err != nil {
		t.Fatal(err)
	}
	w.drain()
	task = w.task(task.JobID, "site")
	wantOutcome(t, task, codybatch.OutcomeChanged)
	last := got.Earlier[len(got.Earlier)-1]
	if last.Type != codybatch.EventFeedback || strings.Contains(last.Reason, secret) || !strings.HasPrefix(last.Reason, "Use ") {
		t.Errorf("the agent hears %q", last.Reason)
	}
	if strings.Contains(w.thread(task), secret) || task.Feedback != nil {
		t.Errorf("the secret is in the thread, or in the row: %+v", task)
	}
}

func TestFailuresOfAnAnswerKeepWhatItChanged(t *testing.T) {
	t.Parallel()
	w := newWorld(t, withAgent(&scripted{rounds: []session{
		talks(t, "a.txt", "y\n", 1), talks(t, "broken", "", 1), talks(t, "c.txt", "z\n", 1), talks(t, "broken", "", 1), talks(t, "anew.txt", "n\n", 1),
	}}))
	w.repository("site", map[string]string{"a.txt": "x\n"})
	spec := promptJob("site")
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
}

func readFile(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	if err != nil {
		t.Error(err)
	}
	return string(text)
}

// paid is what all attempts of a task cost.
func paid(task codybatch.Task) codybatch.Money { return task.Spent.Cost + task.Usage.Cost }
