package worker_test

import (
	"context"
	"encoding/json"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/worker"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	// start makes a world where an agent edits and a judge answers.
	start := func(t *testing.T, agent *scripted, judge *bench, change ...func(*worker.Options)) *world {
		t.Helper()
		w := newWorld(t, append([]func(*worker.Options){withAgent(agent), withJudge(judge)}, change...)...)
		w.repository("site", map[string]string{"a.txt": "x\n", "a_test.go": "package a\n"})
		return w
	}
	once := func(t *testing.T) *scripted { return &scripted{rounds: []session{edit(t, "a.txt", "y\n")}} }

	t.Run("accepts", func(t *testing.T) {
		t.Parallel()
		judge := &bench{answers: []answer{says(codybatch.VerdictAccept, "Fine.")}}
		w := start(t, once(t), judge)
		spec := judgedJob()
		spec.Verify = []string{"grep -q y a.txt || grep -q x a.txt"}
		most := codybatch.USD(1)
		spec.Agent.MaxCost = &most
		task := w.runOne(spec)
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if task.Judgement == nil || task.Judgement.Verdict != codybatch.VerdictAccept || !task.Accepted || len(task.Gates) != 0 {
			t.Errorf("the task is %+v", task)
		}
		if len(judge.asked) != 1 {
			t.Fatalf("the judge was asked %d times", len(judge.asked))
		}
		asked := judge.asked[0]
		if asked.Prompt != "Change it." || judge.diffs[0] != w.diff(task) || len(asked.DiffSHA) != 64 || len(asked.Verified) != 2 || asked.Engine != "claude" {
			t.Errorf("the judge was asked %+v about\n%s", asked, judge.diffs[0])
		}
		if *asked.Budget != codybatch.USD(0.75) { // the agent spent 0.25
			t.Errorf("the judge may spend %s", asked.Budget)
		}
		if cost := task.Spent.Add(task.Usage).Cost; cost != codybatch.USD(0.3) || w.job(task.JobID).Usage.Cost != cost {
			t.Errorf("the task cost %s, the job %s", cost, w.job(task.JobID).Usage.Cost)
		}
	})

	t.Run("is not asked where the job does not ask for it", func(t *testing.T) {
		t.Parallel()
		judge := &bench{answers: []answer{says(codybatch.VerdictReject, "No.")}}
		task := start(t, once(t), judge).runOne(promptJob("site"))
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if len(judge.asked) != 0 {
			t.Error("the judge was asked")
		}
	})

	t.Run("is not asked about what gates or verification stop", func(t *testing.T) {
		t.Parallel()
		judge := &bench{answers: []answer{says(codybatch.VerdictAccept)}}
		spec := judgedJob()
		spec.Verify = []string{"grep -q x a.txt"}
		wantOutcome(t, start(t, once(t), judge).runOne(spec), codybatch.OutcomeVerifyFailed)
		spec = judgedJob()
		spec.Gates = codybatch.GateSettings{codybatch.RuleBinary: codybatch.GateBlock}
		agent := &scripted{rounds: []session{edit(t, "blob", "a\x00b")}}
		wantOutcome(t, start(t, agent, judge).runOne(spec), codybatch.OutcomeGateBlocked)
		if len(judge.asked) != 0 {
			t.Error("the judge was asked")
		}
	})

	t.Run("rejects", func(t *testing.T) {
		t.Parallel()
		agent := once(t)
		judge := &bench{answers: []answer{says(codybatch.VerdictReject, "It deletes the wrong file.")}}
		w := start(t, agent, judge)
		task := w.runOne(judgedJob())
		wantOutcome(t, task, codybatch.OutcomeGateBlocked)
		if found := findings(task, codybatch.RuleJudge); len(found) != 1 || found[0].Level != codybatch.GateBlock || !strings.Contains(found[0].Message, "wrong file") {
			t.Errorf("the findings are %+v", task.Gates)
		}
		if !task.HasDiff || task.Accepted || task.Judgement.Verdict != codybatch.VerdictReject || task.Error.Code != "judge_rejected" {
			t.Errorf("the task is %+v", task)
		}
		if agent.runs.Load() != 1 {
			t.Error("the agent was sent back")
		}
		if _, err := w.service.PublishTask(t.Context(), task.Key()); err == nil {
			t.Error("what the judge rejected can be published")
		}
	})

	t.Run("sends back once, and accepts", func(t *testing.T) {
		t.Parallel()
		var heard []string
		agent := &scripted{rounds: []session{
			edit(t, "a.txt", "y\n"),
			func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
				heard = append(heard, run.Feedback)
				return edit(t, "a.txt", "z\n")(ctx, run)
			},
		}}
		judge := &bench{answers: []answer{
			says(codybatch.VerdictRevise, "Say z."), says(codybatch.VerdictAccept),
		}}
		w := start(t, agent, judge)
		task := w.runOne(judgedJob())
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if len(heard) != 1 || !strings.Contains(heard[0], "> Say z.") {
			t.Errorf("the agent heard %q", heard)
		}
		if len(judge.diffs) != 2 || !strings.Contains(judge.diffs[1], "+z") || len(task.Gates) != 0 || task.Judgement.Verdict != codybatch.VerdictAccept {
			t.Errorf("the judge saw %q; the task is %+v", judge.diffs, task)
		}
	})

	t.Run("sends back once only", func(t *testing.T) {
		t.Parallel()
		agent := &scripted{rounds: []session{edit(t, "a.txt", "y\n"), edit(t, "a.txt", "z\n"), edit(t, "a.txt", "more\n")}}
		judge := &bench{answers: []answer{says(codybatch.VerdictRevise, "Not so.")}}
		w := start(t, agent, judge)
		task := w.runOne(judgedJob())
		wantOutcome(t, task, codybatch.OutcomeGateBlocked)
		if agent.runs.Load() != 2 || len(judge.asked) != 2 || len(findings(task, codybatch.RuleJudge)) != 1 || !strings.Contains(w.diff(task), "+z") {
			t.Errorf("%d runs, %d questions, %+v", agent.runs.Load(), len(judge.asked), task.Gates)
		}
	})

	t.Run("is not asked twice about one diff", func(t *testing.T) {
		t.Parallel()
		agent := once(t) // it changes nothing when it is sent back
		judge := &bench{answers: []answer{says(codybatch.VerdictRevise, "Not so.")}}
		wantOutcome(t, start(t, agent, judge).runOne(judgedJob()), codybatch.OutcomeGateBlocked)
		if agent.runs.Load() != 2 || len(judge.asked) != 1 {
			t.Errorf("%d runs, %d questions", agent.runs.Load(), len(judge.asked))
		}
	})

	for name, test := range map[string]struct {
		result codybatch.JudgeResult
		code   string
	}{
		"no judgement came":      {codybatch.JudgeResult{Outcome: codybatch.OutcomeGateBlocked, Reason: "it is not JSON", Usage: codybatch.Usage{Cost: codybatch.USD(0.05)}}, "not_judged"},
		"the money is gone":      {codybatch.JudgeResult{Outcome: codybatch.OutcomeBudgetExhausted, Reason: "the rest does not pay for the judge"}, "budget_exhausted"},
		"the key was refused":    {codybatch.JudgeResult{Outcome: codybatch.OutcomeAuthError, Reason: "no key"}, "auth_error"},
		"the API did not answer": {codybatch.JudgeResult{Outcome: codybatch.OutcomeAPIError, Reason: "overloaded"}, "api_error"},
	} {
		t.Run("blocks when "+name, func(t *testing.T) {
			t.Parallel()
			judge := &bench{answers: []answer{
				func(context.Context, codybatch.JudgeRequest) (codybatch.JudgeResult, error) { return test.result, nil },
			}}
			w := start(t, once(t), judge)
			spec := judgedJob()
			spec.CreatePullRequests = true
			task := w.runOne(spec)
			wantOutcome(t, task, test.result.Outcome)
			found := findings(task, codybatch.RuleJudge)
			if task.Error.Code != test.code || !strings.Contains(task.Error.Message, test.result.Reason) || len(found) != 1 || found[0].Level != codybatch.GateBlock {
				t.Errorf("error %+v, gates %+v", task.Error, task.Gates)
			}
			if !task.HasDiff || task.Accepted || task.PullRequest != nil || task.Judgement != nil {
				t.Errorf("the task is %+v", task)
			}
			if cost := task.Spent.Add(task.Usage).Cost; cost != codybatch.USD(0.25)+test.result.Usage.Cost { // though it was not told before the end
				t.Errorf("the task cost %s", cost)
			}
		})
	}

	t.Run("warns of a diff that it did not see whole", func(t *testing.T) {
		t.Parallel()
		judge := &bench{answers: []answer{
			func(context.Context, codybatch.JudgeRequest) (codybatch.JudgeResult, error) {
				return codybatch.JudgeResult{Judgement: &codybatch.Judgement{Verdict: codybatch.VerdictAccept, FollowsTask: true, LeftOut: 99}}, nil
			},
		}}
		task := start(t, once(t), judge).runOne(judgedJob())
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if found := findings(task, codybatch.RuleJudge); len(found) != 1 || found[0].Level != codybatch.GateWarn || !strings.Contains(found[0].Message, "99 bytes") {
			t.Errorf("the findings are %+v", task.Gates)
		}
	})

	t.Run("warns of tests that it calls weaker", func(t *testing.T) {
		t.Parallel()
		judge := &bench{answers: []answer{
			func(context.Context, codybatch.JudgeRequest) (codybatch.JudgeResult, error) {
				return codybatch.JudgeResult{Judgement: &codybatch.Judgement{Verdict: codybatch.VerdictAccept, FollowsTask: true, WeakensTests: true}}, nil
			},
		}}
		task := start(t, once(t), judge).runOne(judgedJob())
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if found := findings(task, codybatch.RuleJudge); len(found) != 1 || found[0].Level != codybatch.GateWarn || !strings.Contains(found[0].Message, "weakens tests") {
			t.Errorf("the findings are %+v", task.Gates)
		}
	})

	for name, says := range map[string]answer{
		"what it says": says(codybatch.VerdictReject, "It prints hunter2-hunter2."),
		"why it says nothing": func(context.Context, codybatch.JudgeRequest) (codybatch.JudgeResult, error) {
			return codybatch.JudgeResult{Outcome: codybatch.OutcomeGateBlocked, Reason: "hunter2-hunter2 is no JSON"}, nil
		},
	} {
		t.Run("holds no secret in "+name, func(t *testing.T) {
			t.Parallel()
			w := start(t, once(t), &bench{answers: []answer{says}}, func(o *worker.Options) { o.Secrets = []string{"hunter2-hunter2"} })
			task := w.runOne(judgedJob())
			wantOutcome(t, task, codybatch.OutcomeGateBlocked)
			row, err := json.Marshal(task)
			if err != nil {
				t.Fatal(err)
			}
			if strings.Contains(string(row)+w.thread(task)+w.log.String(), "hunter2") {
				t.Error("the secret was told")
			}
		})
	}
}

// An attempt that goes on after the judge was asked asks neither it nor the agent's
// model again.
func TestJudgeIsNotPaidForTwice(t *testing.T) {
	t.Parallel()
	// twoRounds is an agent that has nothing to add when it goes on.
	twoRounds := func(t *testing.T, first session) (*scripted, *codybatch.AgentRun) {
		var got codybatch.AgentRun
		return &scripted{rounds: []session{first, func(_ context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
			if got.Dir == "" {
				got = run
			}
			return codybatch.AgentResult{Outcome: codybatch.OutcomeChanged, Session: "a session"}, nil
		}}}, &got
	}
	whole := func(t *testing.T) session {
		return func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
			start := codybatch.ThreadEvent{Type: codybatch.EventRunStart, Engine: "claude", BaseCommit: run.BaseCommit}
			writeFile(t, filepath.Join(run.Dir, "a.txt"), "y\n")
			err := errors.Join(run.Record(ctx, start), run.Record(ctx, answered(codybatch.USD(0.1))), run.Checkpoint(ctx, 1, nil))
			return codybatch.AgentResult{
				Outcome: codybatch.OutcomeChanged, Session: "a session", Usage: codybatch.Usage{InputTokens: 100, OutputTokens: 10, Cost: codybatch.USD(0.1)},
			}, err
		}
	}

	t.Run("after it was interrupted", func(t *testing.T) {
		t.Parallel()
		for _, verdict := range codybatch.Verdicts() {
			t.Run(string(verdict), func(t *testing.T) {
				t.Parallel()
				agent, got := twoRounds(t, whole(t))
				waits := make(chan string, 1)
				judge := &bench{answers: []answer{
					func(ctx context.Context, request codybatch.JudgeRequest) (codybatch.JudgeResult, error) {
						if _, err := says(verdict, "Because.")(ctx, request); err != nil {
							t.Error(err)
						}
						waits <- ""
						<-ctx.Done()
						return codybatch.JudgeResult{}, context.Cause(ctx)
					},
				}}
				w := newWorld(t, withAgent(agent), withJudge(judge), func(o *worker.Options) { o.Lease = 300 * time.Millisecond })
				w.repository("site", map[string]string{"a.txt": "x\n"})
				job, key, _ := w.interrupt(judgedJob(), waits)
				if err := w.worker.Run(t.Context(), codybatch.TaskRef{Key: key, Attempt: 2}); err != nil {
					t.Fatal(err)
				}
				task := w.task(job.ID, "site")
				want := codybatch.OutcomeGateBlocked
				if verdict == codybatch.VerdictAccept {
					want = codybatch.OutcomeChanged
				}
				wantOutcome(t, task, want)
				if len(judge.asked) != 1 || task.Judgement.Verdict != verdict || len(got.Earlier) == 0 {
					t.Errorf("%d questions, %+v", len(judge.asked), task.Judgement)
				}
				if cost := task.Spent.Add(task.Usage).Cost; cost != codybatch.USD(0.15) || w.job(job.ID).Usage.Cost != cost {
					t.Errorf("the task cost %s, the job %s", cost, w.job(job.ID).Usage.Cost)
				}
			})
		}
	})

	t.Run("after it had to wait", func(t *testing.T) {
		t.Parallel()
		agent, got := twoRounds(t, whole(t))
		judge := &bench{answers: []answer{
			func(context.Context, codybatch.JudgeRequest) (codybatch.JudgeResult, error) {
				return codybatch.JudgeResult{}, &codybatch.HeldError{Until: time.Now().Add(time.Hour), Reason: "paused: the account can't pay"}
			},
			says(codybatch.VerdictAccept),
		}}
		w := newWorld(t, withAgent(agent), withJudge(judge))
		w.repository("site", map[string]string{"a.txt": "x\n"})
		job := w.create(judgedJob())
		ref := w.sent.take()[0]
		var held *codybatch.HeldError
		if err := w.worker.Run(t.Context(), ref); !errors.As(err, &held) {
			t.Fatalf("the run ended with %v", err)
		}
		if task := w.task(job.ID, "site"); task.Status != codybatch.TaskQueued || task.Error != nil || !strings.HasPrefix(task.WaitingFor, "paused") {
			t.Fatalf("the task is %+v", task)
		}
		if err := w.worker.Run(t.Context(), ref); err != nil {
			t.Fatal(err)
		}
		task := w.task(job.ID, "site")
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if len(got.Earlier) < 2 || got.Kept != 1 || got.Feedback != "" || len(judge.asked) != 2 {
			t.Errorf("the agent was told of %d events and %d answers; %d questions", len(got.Earlier), got.Kept, len(judge.asked))
		}
		if cost := task.Spent.Add(task.Usage).Cost; cost != codybatch.USD(0.15) {
			t.Errorf("the task cost %s", cost)
		}
	})

	t.Run("and the agent is not sent back twice", func(t *testing.T) {
		t.Parallel()
		waits := make(chan string, 1)
		agent := &scripted{rounds: []session{
			whole(t),
			func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) { // sent back, and interrupted
				writeFile(t, filepath.Join(run.Dir, "a.txt"), "z\n")
				if err := errors.Join(run.Record(ctx, answered(codybatch.USD(0.1))), run.Checkpoint(ctx, 2, nil)); err != nil {
					t.Error(err)
				}
				waits <- ""
				<-ctx.Done()
				return codybatch.AgentResult{}, context.Cause(ctx)
			},
			edit(t, "a.txt", "z\n"), // goes on
			edit(t, "a.txt", "more\n"),
		}}
		judge := &bench{answers: []answer{says(codybatch.VerdictRevise, "Not so.")}}
		w := newWorld(t, withAgent(agent), withJudge(judge), func(o *worker.Options) { o.Lease = 300 * time.Millisecond })
		w.repository("site", map[string]string{"a.txt": "x\n"})
		job, key, _ := w.interrupt(judgedJob(), waits)
		if err := w.worker.Run(t.Context(), codybatch.TaskRef{Key: key, Attempt: 2}); err != nil {
			t.Fatal(err)
		}
		wantOutcome(t, w.task(job.ID, "site"), codybatch.OutcomeGateBlocked)
		if agent.runs.Load() != 3 || len(judge.asked) != 2 {
			t.Errorf("%d runs, %d questions", agent.runs.Load(), len(judge.asked))
		}
	})
}
