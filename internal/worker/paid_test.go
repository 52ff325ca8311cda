package worker_test

import (
	"context"
	"errors"
	"io"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/worker"
)

// brittle are artifacts whose Put of some documents is a function.
type brittle struct {
	codybatch.Artifacts
	put func(ctx context.Context, key codybatch.ArtifactKey) error
}

func (b *brittle) Put(ctx context.Context, key codybatch.ArtifactKey, r io.Reader) error {
	if err := b.put(ctx, key); err != nil {
		return err
	}
	return b.Artifacts.Put(ctx, key, r)
}

func withPut(put func(ctx context.Context, key codybatch.ArtifactKey) error) func(*worker.Options) {
	return func(o *worker.Options) { o.Artifacts = &brittle{Artifacts: o.Artifacts, put: put} }
}

// The time is over in the moment in which the diff is stored: it is paid for.
func TestADiffIsKeptWhenTheTimeIsOverMeanwhile(t *testing.T) {
	t.Parallel()
	var puts atomic.Int64
	agent := &scripted{rounds: []session{edit(t, "a.txt", "y\n")}}
	w := newWorld(t, withAgent(agent), withPut(func(ctx context.Context, key codybatch.ArtifactKey) error {
		if strings.HasSuffix(string(key), "diff.patch") && puts.Add(1) == 1 {
			<-ctx.Done()
			return context.Cause(ctx)
		}
		return nil
	}))
	w.repository("site", map[string]string{"a.txt": "x\n"})
	spec := promptJob("site")
	spec.Agent.Timeout, spec.Verify = 2*time.Second, []string{"true"}
	task := w.runOne(spec)
	wantOutcome(t, task, codybatch.OutcomeTimeout)
	if !task.HasDiff || !strings.Contains(w.diff(task), "+y") {
		t.Errorf("the task is %+v", task)
	}
}

// That a result can't be kept for others is no reason to lose it.
func TestAResultOutlivesItsRecord(t *testing.T) {
	t.Parallel()
	agent := &scripted{rounds: []session{edit(t, "a.txt", "y\n")}}
	w := newWorld(t, withAgent(agent), withPut(func(_ context.Context, key codybatch.ArtifactKey) error {
		if strings.HasPrefix(string(key), "results/") {
			return errors.New("the disk is full")
		}
		return nil
	}))
	w.repository("site", map[string]string{"a.txt": "x\n"})
	task := w.runOne(promptJob("site"))
	wantOutcome(t, task, codybatch.OutcomeChanged)
	if !strings.Contains(w.log.String(), "the disk is full") {
		t.Errorf("nobody was told: %s", w.log)
	}
}

// forgetful is an agent that can't go on with a conversation, as Claude Code. It counts
// how often it did the work.
func forgetful(t *testing.T) (*scripted, *atomic.Int64) {
	var did atomic.Int64
	return &scripted{rounds: []session{func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
		if len(run.Earlier) > 0 {
			return codybatch.AgentResult{}, codybatch.ErrNotResumable
		}
		did.Add(1)
		answer := answered(codybatch.USD(0.1))
		writeFile(t, filepath.Join(run.Dir, "a.txt"), "y\n")
		for _, event := range []codybatch.ThreadEvent{
			{Type: codybatch.EventRunStart, Engine: "claude", BaseCommit: run.BaseCommit},
			{Type: codybatch.EventRequest, N: 1}, answer,
			{Type: codybatch.EventRunEnd, Outcome: codybatch.OutcomeChanged, Usage: answer.Usage},
		} {
			if err := run.Record(ctx, event); err != nil {
				t.Error(err)
			}
		}
		return codybatch.AgentResult{Outcome: codybatch.OutcomeChanged, Summary: "Did it.", Usage: *answer.Usage, Session: "a session"}, nil
	}}}, &did
}

// What comes after an agent that is done can be interrupted: its change is not paid
// for twice.
func TestAChangeThatIsMadeIsNotMadeAgain(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		stop func(cancel context.CancelCauseFunc)
		next int // attempt
	}{
		"after a stop":       {func(cancel context.CancelCauseFunc) { cancel(codybatch.ErrStopped) }, 1},
		"after a lost lease": {nil, 2},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agent, did := forgetful(t)
			waits := make(chan string, 1)
			judge := &bench{answers: []answer{
				func(ctx context.Context, _ codybatch.JudgeRequest) (codybatch.JudgeResult, error) {
					waits <- ""
					<-ctx.Done()
					return codybatch.JudgeResult{}, context.Cause(ctx)
				},
				says(codybatch.VerdictAccept),
			}}
			w := newWorld(t, withAgent(agent), withJudge(judge), func(o *worker.Options) { o.Lease = 300 * time.Millisecond })
			w.repository("site", map[string]string{"a.txt": "x\n"})
			var key codybatch.TaskKey
			if c.stop == nil {
				_, key, _ = w.interrupt(judgedJob(), waits)
			} else {
				w.create(judgedJob())
				ref := w.sent.take()[0]
				key = ref.Key
				ctx, cancel := context.WithCancelCause(t.Context())
				done := make(chan error, 1)
				go func() { done <- w.worker.Run(ctx, ref) }()
				<-waits
				c.stop(cancel)
				if err := <-done; err != nil {
					t.Fatal(err)
				}
			}
			if err := w.worker.Run(t.Context(), codybatch.TaskRef{Key: key, Attempt: c.next}); err != nil {
				t.Fatal(err)
			}
			task := w.task(key.JobID, "site")
			wantOutcome(t, task, codybatch.OutcomeChanged)
			if did.Load() != 1 || task.Summary != "Did it." || task.Engine != "claude" || !strings.Contains(w.diff(task), "+y") {
				t.Errorf("the work was done %d times; the task is %+v", did.Load(), task)
			}
			if cost := task.Spent.Add(task.Usage).Cost; cost != codybatch.USD(0.15) || w.job(key.JobID).Usage.Cost != cost {
				t.Errorf("the task cost %s", cost)
			}
		})
	}

	t.Run("but what went on after it is lost", func(t *testing.T) {
		t.Parallel()
		agent, did := forgetful(t)
		waits := make(chan string, 1)
		work := agent.rounds[0]
		agent.rounds = []session{work, func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
			if err := run.Record(ctx, answered(codybatch.USD(0.1))); err != nil { // sent back
				t.Error(err)
			}
			waits <- ""
			<-ctx.Done()
			return codybatch.AgentResult{}, context.Cause(ctx)
		}, work}
		// The send-back counts anew for a conversation that starts over.
		judge := &bench{answers: []answer{says(codybatch.VerdictRevise, "Not so."), says(codybatch.VerdictRevise, "Not so."), says(codybatch.VerdictAccept)}}
		w := newWorld(t, withAgent(agent), withJudge(judge), func(o *worker.Options) { o.Lease = 300 * time.Millisecond })
		w.repository("site", map[string]string{"a.txt": "x\n"})
		_, key, _ := w.interrupt(judgedJob(), waits)
		if err := w.worker.Run(t.Context(), codybatch.TaskRef{Key: key, Attempt: 2}); err != nil {
			t.Fatal(err)
		}
		// Not resumable, the work, and once more after the judge, whose answer about the
		// same diff is known.
		if task := w.task(key.JobID, "site"); agent.runs.Load() != 5 || did.Load() != 3 {
			t.Errorf("%d runs, %d times the work; the task is %+v", agent.runs.Load(), did.Load(), task)
		}
	})
}

// A retry of a task whose judge could not be asked asks the judge, and nobody else.
func TestARetryAsksTheJudgeThatCouldNotBeAsked(t *testing.T) {
	t.Parallel()
	can := func(result codybatch.JudgeResult) answer {
		return func(context.Context, codybatch.JudgeRequest) (codybatch.JudgeResult, error) { return result, nil }
	}
	for name, c := range map[string]struct {
		first codybatch.JudgeResult
		work  int64 // how often it is done, with two retries
	}{
		"the money was gone":       {codybatch.JudgeResult{Outcome: codybatch.OutcomeBudgetExhausted, Reason: "nothing is left"}, 1},
		"the API did not answer":   {codybatch.JudgeResult{Outcome: codybatch.OutcomeAPIError, Reason: "overloaded"}, 1},
		"the key was refused":      {codybatch.JudgeResult{Outcome: codybatch.OutcomeAuthError, Reason: "no"}, 1},
		"but it gave no judgement": {codybatch.JudgeResult{Outcome: codybatch.OutcomeGateBlocked, Reason: "it is not JSON"}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agent, did := forgetful(t)
			judge := &bench{answers: []answer{can(c.first), can(c.first), says(codybatch.VerdictAccept)}}
			w := newWorld(t, withAgent(agent), withJudge(judge))
			w.repository("site", map[string]string{"a.txt": "x\n"})
			spec := judgedJob()
			spec.CreatePullRequests = true
			task := w.runOne(spec)
			wantOutcome(t, task, c.first.Outcome)
			task = w.retry(task)
			wantOutcome(t, task, c.first.Outcome)
			task = w.retry(task)
			wantOutcome(t, task, codybatch.OutcomeChanged)
			if did.Load() != c.work || len(judge.asked) != 3 || task.PullRequest == nil || !task.Accepted {
				t.Errorf("the work was done %d times, the judge asked %d times; the task is %+v", did.Load(), len(judge.asked), task)
			}
			want := codybatch.Money(c.work)*codybatch.USD(0.1) + codybatch.USD(0.05)
			if cost := task.Spent.Add(task.Usage).Cost; cost != want || w.job(task.JobID).Usage.Cost != want {
				t.Errorf("the task cost %s, the job %s, want %s", cost, w.job(task.JobID).Usage.Cost, want)
			}
		})
	}

	t.Run("but not about a diff that a person rejected", func(t *testing.T) {
		t.Parallel()
		agent, did := forgetful(t)
		judge := &bench{answers: []answer{can(codybatch.JudgeResult{Outcome: codybatch.OutcomeAPIError, Reason: "overloaded"}), says(codybatch.VerdictAccept)}}
		w := newWorld(t, withAgent(agent), withJudge(judge))
		w.repository("site", map[string]string{"a.txt": "x\n"})
		task := w.runOne(judgedJob())
		if _, err := w.service.ReviewTask(t.Context(), task.Key(), codybatch.ReviewRejected, "No."); err != nil {
			t.Fatal(err)
		}
		wantOutcome(t, w.retry(task), codybatch.OutcomeChanged)
		if did.Load() != 2 {
			t.Errorf("the work was done %d times", did.Load())
		}
	})
}
