package worker_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

// The story that this is about, with a model that is asked over HTTP.
func TestABlockedResultIsKnown(t *testing.T) {
	t.Parallel()
	w, server := withRehearsal(t, dropTest, done)
	mild, strict := mildJob("test -s a.txt")
	first := w.runOne(strict)
	wantOutcome(t, first, codybatch.OutcomeGateBlocked)
	asked := len(server.Requests())
	if asked == 0 || costOf(first) == 0 {
		t.Fatalf("%d requests, cost %s", asked, costOf(first))
	}

	same := w.runOne(strict)
	wantOutcome(t, same, codybatch.OutcomeGateBlocked)
	if same.ReusedFrom != first.JobID || same.Error.Code != "gate_blocked" || same.Accepted || w.diff(same) != w.diff(first) {
		t.Errorf("the task is %+v", same)
	}
	if thread := w.thread(same); !strings.Contains(thread, "comes from attempt 1 of job "+string(first.JobID)) || !strings.Contains(thread, "No token was spent") {
		t.Errorf("the thread does not say where it is from:\n%s", thread)
	}

	mild.CreatePullRequests = true
	passed := w.runOne(mild)
	wantOutcome(t, passed, codybatch.OutcomeChanged)
	if passed.ReusedFrom != first.JobID || !passed.Accepted || passed.PullRequest == nil || passed.Summary != "Dropped it." || w.diff(passed) != w.diff(first) {
		t.Errorf("the task is %+v", passed)
	}
	if len(passed.Verified) != 2 || !passed.Verified[0].Baseline || passed.Verified[1].Baseline || len(first.Verified) != 1 {
		t.Errorf("first verified as %+v, then as %+v", first.Verified, passed.Verified)
	}
	if thread := w.thread(passed); !strings.Contains(thread, "job "+string(first.JobID)+", which asked for the same on the same commit, and whose gates stopped it") {
		t.Errorf("the thread does not say where it is from:\n%s", thread)
	}

	// What was checked for one job is the next one's, as it is, and blocks the strict one.
	again := w.runOne(mild)
	if again.ReusedFrom != passed.JobID || again.Outcome != codybatch.OutcomeChanged || !strings.Contains(w.thread(again), "No token was spent") {
		t.Errorf("the task is %+v", again)
	}
	held := w.runOne(strict)
	wantOutcome(t, held, codybatch.OutcomeGateBlocked)

	for _, task := range []codybatch.Task{same, passed, again, held} {
		if costOf(task) != 0 || w.job(task.JobID).Usage.Cost != 0 {
			t.Errorf("%s cost %s", task.Key(), costOf(task))
		}
	}
	if n := len(server.Requests()); n != asked || len(server.Violations()) > 0 {
		t.Errorf("%d requests, then %d; %q", asked, n, server.Violations())
	}
}

// Nobody knows yet whether a blocked change passes: where it does not, the agent hears of
// it in the conversation that another job paid for.
func TestABlockedResultThatDoesNotPassIsMendedInItsConversation(t *testing.T) {
	t.Parallel()
	w, server := withRehearsal(t, dropTest, done, rehearsal.Call("bash", map[string]string{"command": "echo z >a.txt"}), done)
	mild, strict := mildJob("grep -qv y a.txt")
	first := w.runOne(strict)
	wantOutcome(t, first, codybatch.OutcomeGateBlocked)
	asked := len(server.Requests())
	task := w.runOne(mild)
	wantOutcome(t, task, codybatch.OutcomeChanged)
	if diff := w.diff(task); !strings.Contains(diff, "+z") || !strings.Contains(diff, "a_test.go") || task.ReusedFrom != "" {
		t.Errorf("the task is %+v, its diff\n%s", task, diff)
	}
	requests := server.Requests()
	if len(requests) != asked+2 || !strings.Contains(string(requests[asked].Body), "Verification of your change failed") || !strings.Contains(string(requests[asked].Body), "Dropped it.") {
		t.Errorf("%d requests, then %d", asked, len(requests))
	}
	thread, err := w.service.Thread(t.Context(), task.Key(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	// The thread tells of the whole conversation, the task of what it added to it.
	cost := costOf(task)
	if cost == 0 || cost != w.job(task.JobID).Usage.Cost || thread.Usage.Cost != cost+costOf(first) || len(server.Violations()) > 0 {
		t.Errorf("it cost %s, by its thread %s; %q", cost, thread.Usage.Cost, server.Violations())
	}
	// The mended change is what is known now.
	if again := w.runOne(mild); again.ReusedFrom != task.JobID || w.diff(again) != w.diff(task) {
		t.Errorf("the task is %+v", again)
	}
}

func TestABlockedResultOfAnAgentThatCantGoOn(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		verify string
		second codybatch.AgentResult // instead of the work, if it has an outcome
		want   codybatch.Outcome
		did    int64
		cost   codybatch.Money
	}{
		"is taken if it passes":                {"test -s a.txt", codybatch.AgentResult{}, codybatch.OutcomeChanged, 1, 0},
		"is made anew by itself if it doesn't": {"! grep -q y1 a.txt", codybatch.AgentResult{}, codybatch.OutcomeChanged, 2, codybatch.USD(0.1)},
		"is not what an agent that then fails comes to": {
			"! grep -q y1 a.txt", codybatch.AgentResult{Outcome: codybatch.OutcomeAPIError, Engine: "claude", Summary: "Did it."}, codybatch.OutcomeAPIError, 1, 0,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			agent, did := drops(t)
			inner := agent.rounds[0]
			agent.rounds = []session{func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
				switch {
				case len(run.Earlier) > 0:
					return codybatch.AgentResult{}, codybatch.ErrNotResumable
				case did.Load() > 0 && c.second.Outcome != "":
					return c.second, nil
				default:
					return inner(ctx, run)
				}
			}}
			w := newWorld(t, withAgent(agent))
			w.repository("site", map[string]string{"a.txt": "x\n", "a_test.go": "package a\n"})
			mild, strict := mildJob(c.verify)
			first := w.runOne(strict)
			wantOutcome(t, first, codybatch.OutcomeGateBlocked)
			task := w.runOne(mild)
			wantOutcome(t, task, c.want)
			isTaken := c.did == 1 && c.want == codybatch.OutcomeChanged
			if did.Load() != c.did || costOf(task) != c.cost || task.Summary != "Did it." || task.Engine != "claude" || (task.ReusedFrom != "") != isTaken {
				t.Errorf("the work was done %d times; the task is %+v", did.Load(), task)
			}
		})
	}
}

func TestABlockedResultIsJudgedOnce(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		verdict codybatch.Verdict
		want    codybatch.Outcome
	}{
		"accepted": {codybatch.VerdictAccept, codybatch.OutcomeChanged},
		"rejected": {codybatch.VerdictReject, codybatch.OutcomeGateBlocked},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			judge := &bench{answers: []answer{says(c.verdict, "Because.")}}
			w, did := dropsInSite(t, withJudge(judge))
			mild, strict := mildJob()
			mild.Judge, strict.Judge = true, true
			wantOutcome(t, w.runOne(strict), codybatch.OutcomeGateBlocked)
			if len(judge.asked) != 0 {
				t.Fatal("the judge was asked about what gates stop")
			}
			task := w.runOne(mild)
			wantOutcome(t, task, c.want)
			if len(judge.asked) != 1 || judge.diffs[0] != w.diff(task) || task.Judgement == nil || task.Judgement.Verdict != c.verdict || task.Accepted != (c.want == codybatch.OutcomeChanged) {
				t.Errorf("%d questions; the task is %+v", len(judge.asked), task)
			}
			if cost := costOf(task); cost != codybatch.USD(0.05) || w.job(task.JobID).Usage.Cost != cost {
				t.Errorf("it cost %s", cost)
			}
			again := w.runOne(mild)
			wantOutcome(t, again, c.want)
			if again.ReusedFrom != task.JobID || costOf(again) != 0 || len(judge.asked) != 1 || again.Judgement == nil {
				t.Errorf("%d questions; the task is %+v", len(judge.asked), again)
			}
			if c.want == codybatch.OutcomeGateBlocked && again.Error.Code != "judge_rejected" {
				t.Errorf("the error is %+v", again.Error)
			}
			held := w.runOne(strict)
			wantOutcome(t, held, codybatch.OutcomeGateBlocked)
			if costOf(held) != 0 || did.Load() != 1 {
				t.Errorf("it cost %s; the work was done %d times", costOf(held), did.Load())
			}
			if c.want == codybatch.OutcomeGateBlocked { // as ever
				w.retry(again)
				if did.Load() != 2 || len(judge.asked) != 2 {
					t.Errorf("after a retry: the work was done %d times, %d questions", did.Load(), len(judge.asked))
				}
			}
		})
	}

	t.Run("revised in its conversation, whose first job was sent back as well", func(t *testing.T) {
		t.Parallel()
		agent, did := drops(t)
		drop := agent.rounds[0]
		var heard []string
		writes := tells(func(dir string) { writeFile(t, filepath.Join(dir, "a.txt"), "z\n") })
		agent.rounds = []session{
			tells(func(dir string) { writeFile(t, filepath.Join(dir, "a.txt"), "half\n") }),
			func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
				switch {
				case strings.Contains(run.Feedback, "> Say z."):
					heard = append(heard, run.Feedback)
					return writes(ctx, run)
				default:
					return drop(ctx, run)
				}
			},
		}
		judge := &bench{answers: []answer{says(codybatch.VerdictRevise, "Drop it."), says(codybatch.VerdictRevise, "Say z."), says(codybatch.VerdictAccept)}}
		w := newWorld(t, withAgent(agent), withJudge(judge))
		w.repository("site", map[string]string{"a.txt": "x\n", "a_test.go": "package a\n"})
		mild, strict := mildJob()
		mild.Judge, strict.Judge = true, true
		wantOutcome(t, w.runOne(strict), codybatch.OutcomeGateBlocked)
		task := w.runOne(mild)
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if did.Load() != 1 || len(heard) != 1 || len(judge.asked) != 3 || costOf(task) != codybatch.USD(0.2) || task.ReusedFrom != "" {
			t.Errorf("the work was done %d times, the agent heard %q; the task is %+v", did.Load(), heard, task)
		}
	})

	t.Run("by a retry if it could not be asked", func(t *testing.T) {
		t.Parallel()
		judge := &bench{answers: []answer{
			func(context.Context, codybatch.JudgeRequest) (codybatch.JudgeResult, error) {
				return codybatch.JudgeResult{Outcome: codybatch.OutcomeAPIError, Reason: "overloaded"}, nil
			},
			says(codybatch.VerdictAccept),
		}}
		w, did := dropsInSite(t, withJudge(judge))
		mild, strict := mildJob()
		mild.Judge, strict.Judge = true, true
		first := w.runOne(strict)
		task := w.runOne(mild)
		wantOutcome(t, task, codybatch.OutcomeAPIError)
		task = w.retry(task)
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if did.Load() != 1 || costOf(task) != codybatch.USD(0.05) || task.ReusedFrom != first.JobID {
			t.Errorf("the work was done %d times; the task is %+v", did.Load(), task)
		}
	})
}

func TestARetryWantsAnotherDiffThanABlockedOne(t *testing.T) {
	t.Parallel()
	w, did := dropsInSite(t)
	mild, strict := mildJob()
	first := w.runOne(strict)
	again := w.retry(first)
	wantOutcome(t, again, codybatch.OutcomeGateBlocked)
	if did.Load() != 2 || again.ReusedFrom != "" {
		t.Fatalf("the work was done %d times: %+v", did.Load(), again)
	}
	taken := w.runOne(strict) // the newest one
	if taken.ReusedFrom != first.JobID || w.diff(taken) != w.diff(again) {
		t.Errorf("the task is %+v", taken)
	}
	if taken = w.retry(taken); did.Load() != 3 || taken.ReusedFrom != "" {
		t.Errorf("the work was done %d times: %+v", did.Load(), taken)
	}

	// What is blocked never takes the place of a success.
	passed := w.runOne(mild)
	wantOutcome(t, passed, codybatch.OutcomeChanged)
	w.retry(w.runOne(strict))
	if did.Load() != 4 {
		t.Fatalf("the work was done %d times", did.Load())
	}
	if known := w.runOne(mild); known.ReusedFrom != passed.JobID || w.diff(known) != w.diff(passed) {
		t.Errorf("the task is %+v", known)
	}
}

// Where asking again may help, what failed is nobody's answer.
func TestWhatFailedOtherwiseIsNoResult(t *testing.T) {
	t.Parallel()
	t.Run("verification", func(t *testing.T) {
		t.Parallel()
		w, did := dropsInSite(t)
		mild, _ := mildJob("test -e a_test.go")
		wantOutcome(t, w.runOne(mild), codybatch.OutcomeVerifyFailed)
		before := did.Load()
		wantOutcome(t, w.runOne(mild), codybatch.OutcomeVerifyFailed)
		if did.Load() == before {
			t.Error("it was not tried again")
		}
	})
	t.Run("a judge that gave no judgement", func(t *testing.T) {
		t.Parallel()
		judge := &bench{answers: []answer{
			func(context.Context, codybatch.JudgeRequest) (codybatch.JudgeResult, error) {
				return codybatch.JudgeResult{Outcome: codybatch.OutcomeGateBlocked, Reason: "it is not JSON"}, nil
			},
			says(codybatch.VerdictAccept),
		}}
		w, did := dropsInSite(t, withJudge(judge))
		mild, _ := mildJob()
		mild.Judge = true
		wantOutcome(t, w.runOne(mild), codybatch.OutcomeGateBlocked)
		wantOutcome(t, w.runOne(mild), codybatch.OutcomeChanged)
		if did.Load() != 2 {
			t.Errorf("the work was done %d times", did.Load())
		}
	})
	t.Run("the answer to a remark", func(t *testing.T) {
		t.Parallel()
		agent, did := drops(t)
		drop := agent.rounds[0]
		agent.rounds = []session{drop, func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
			run.Earlier = nil
			return drop(ctx, run)
		}}
		w := newWorld(t, withAgent(agent))
		w.repository("site", map[string]string{"a.txt": "x\n", "a_test.go": "package a\n"})
		_, strict := mildJob()
		first := w.runOne(strict)
		answered := w.send(first)
		wantOutcome(t, answered, codybatch.OutcomeGateBlocked)
		if task := w.runOne(strict); !strings.Contains(w.diff(task), "+y1") || !strings.Contains(w.diff(answered), "+y2") || did.Load() != 2 {
			t.Errorf("the work was done %d times: %+v", did.Load(), task)
		}
	})
}

func TestAScriptThatGatesStoppedRunsAgainForMilderOnes(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.repository("site", map[string]string{"a.txt": "x\n", "a_test.go": "package a\n"})
	strict, mild := scriptJob("rm a_test.go; date +%s%N >>a.txt", "site"), scriptJob("rm a_test.go; date +%s%N >>a.txt", "site")
	strict.Gates = strictGates
	first := w.runOne(strict)
	wantOutcome(t, first, codybatch.OutcomeGateBlocked)
	if same := w.runOne(strict); same.ReusedFrom != first.JobID || same.Outcome != codybatch.OutcomeGateBlocked {
		t.Errorf("the task is %+v", same)
	}
	task := w.runOne(mild)
	wantOutcome(t, task, codybatch.OutcomeChanged)
	if task.ReusedFrom != "" || w.diff(task) == w.diff(first) {
		t.Errorf("the task is %+v", task)
	}
}

// A diff that is blocked was not verified, whatever the one before it was.
func TestABlockedDiffHasNoVerificationOfAnother(t *testing.T) {
	t.Parallel()
	agent, _ := drops(t)
	bad := tells(func(dir string) { writeFile(t, filepath.Join(dir, "a.txt"), "bad\n") })
	agent.rounds = []session{bad, agent.rounds[0]}
	w := newWorld(t, withAgent(agent))
	w.repository("site", map[string]string{"a.txt": "x\n", "a_test.go": "package a\n"})
	_, strict := mildJob("! grep -q bad a.txt")
	task := w.runOne(strict)
	wantOutcome(t, task, codybatch.OutcomeGateBlocked)
	if len(task.Verified) != 1 || !task.Verified[0].Baseline {
		t.Errorf("verified as %+v", task.Verified)
	}
}
