package worker_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/worker"
)

const remark = "Keep the old name as an alias."

// engine is one that takes remarks.
type engine codybatch.AgentType

// eachEngine runs a test for every engine that takes remarks.
func eachEngine(t *testing.T, test func(t *testing.T, e engine)) {
	for _, e := range []engine{engine(codybatch.AgentClaude), engine(codybatch.AgentClaudeCode)} {
		t.Run(string(e), func(t *testing.T) {
			t.Parallel()
			test(t, e)
		})
	}
}

func (e engine) with(agent codybatch.Agent) func(*worker.Options) {
	return func(o *worker.Options) { o.Agents[codybatch.AgentType(e)] = agent }
}

func (e engine) job(names ...string) codybatch.JobSpec {
	spec := promptJob(names...)
	spec.Agent.Type = codybatch.AgentType(e)
	return spec
}

// conversation is what an agent keeps besides the thread; Claude needs nothing.
func conversation(run codybatch.AgentRun, said string) []byte {
	if run.Spec.Type != codybatch.AgentClaudeCode {
		return nil
	}
	return []byte(string(run.Conversation) + said + "\n")
}

// talks is a round that writes a file, and tells of one answer that cost so much.
func talks(t *testing.T, name, content string, cost codybatch.Money) session {
	return func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
		answer := answered(cost)
		writeFile(t, filepath.Join(run.Dir, name), content)
		for _, event := range []codybatch.ThreadEvent{
			{Type: codybatch.EventRunStart, Engine: string(run.Spec.Type), BaseCommit: run.BaseCommit}, answer,
			{Type: codybatch.EventRunEnd, Outcome: codybatch.OutcomeChanged, Usage: answer.Usage},
		} {
			if err := run.Record(ctx, event); err != nil {
				t.Error(err)
			}
		}
		return codybatch.AgentResult{Outcome: codybatch.OutcomeChanged, Usage: *answer.Usage, Conversation: conversation(run, name)}, nil
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
	eachEngine(t, func(t *testing.T, e engine) {
		var got codybatch.AgentRun
		var seen string
		agent := &scripted{rounds: []session{
			talks(t, "a.txt", "y\n", codybatch.USD(0.25)),
			func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
				got, seen = run, readFile(t, filepath.Join(run.Dir, "a.txt"))
				return talks(t, "b.txt", "alias\n", codybatch.USD(0.1))(ctx, run)
			},
		}}
		w := newWorld(t, e.with(agent))
		bare := w.repository("site", map[string]string{"a.txt": "x\n"})
		spec := e.job("site")
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
		if want := conversation(codybatch.AgentRun{Spec: got.Spec}, "a.txt"); string(got.Conversation) != string(want) {
			t.Errorf("the agent goes on with the conversation %q", got.Conversation)
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
	})
}

func TestAnAnswerToARemarkIsNobodyElsesResult(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, e engine) {
		w := newWorld(t, e.with(&scripted{rounds: []session{talks(t, "a.txt", "y\n", 1), talks(t, "a.txt", "z\n", 1)}}))
		w.repository("site", map[string]string{"a.txt": "x\n"})
		task := w.send(w.runOne(e.job("site")))
		if again := w.runOne(e.job("site")); again.ReusedFrom != task.JobID || !strings.Contains(w.diff(again), "+y") || !strings.Contains(w.diff(task), "+z") {
			t.Errorf("the same job got %+v, with the diff\n%s", again, w.diff(again))
		}
	})
}

// What another job paid for can be gone on with as well.
func TestARemarkOnAResultThatWasTakenOver(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, e engine) {
		var got codybatch.AgentRun
		w := newWorld(t, e.with(&scripted{rounds: []session{
			talks(t, "a.txt", "y\n", codybatch.USD(0.5)),
			func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
				got = run
				return talks(t, "b.txt", "z\n", codybatch.USD(0.1))(ctx, run)
			},
		}}))
		w.repository("site", map[string]string{"a.txt": "x\n"})
		first := w.runOne(e.job("site"))
		task := w.runOne(e.job("site"))
		if task.ReusedFrom != first.JobID {
			t.Fatalf("not taken over: %+v", task)
		}
		task = w.send(task)
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if cost := w.job(task.JobID).Usage.Cost; cost != codybatch.USD(0.1) || task.ReusedFrom != "" || !strings.Contains(w.diff(task), "+y") {
			t.Errorf("it cost %s: %+v", cost, task)
		}
		if want := conversation(codybatch.AgentRun{Spec: got.Spec}, "a.txt"); string(got.Conversation) != string(want) {
			t.Errorf("the agent goes on with the conversation %q", got.Conversation)
		}
	})
}

// A worker can be killed when the thread is copied, and the remark is not in it yet.
func TestASecondRemarkIsNotTakenForTheFirst(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, e engine) {
		var got codybatch.AgentRun
		w := newWorld(t, e.with(&scripted{rounds: []session{
			talks(t, "a.txt", "y\n", 1), talks(t, "b.txt", "z\n", 1),
			func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
				got = run
				return talks(t, "c.txt", "z\n", 1)(ctx, run)
			},
		}}))
		w.repository("site", map[string]string{"a.txt": "x\n"})
		task := w.send(w.runOne(e.job("site")))
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
	})
}

func TestARemarkTellsTheModelNoSecret(t *testing.T) {
	t.Parallel()
	eachEngine(t, func(t *testing.T, e engine) {
		const secret = "s3cr3t-of-the-server"
		var got codybatch.AgentRun
		w := newWorld(t, e.with(&scripted{rounds: []session{
			func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
				result, err := talks(t, "a.txt", "y\n", 1)(ctx, run)
				result.Conversation = conversation(run, "it said "+secret)
				return result, err
			},
			func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
				got = run
				return talks(t, "b.txt", "z\n", 1)(ctx, run)
			},
		}}), func(o *worker.Options) { o.Secrets = append(o.Secrets, secret) })
		w.repository("site", map[string]string{"a.txt": "x\n"})
		task := w.runOne(e.job("site"))
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
		if want := conversation(codybatch.AgentRun{Spec: got.Spec}, "it said [redacted]"); string(got.Conversation) != string(want) {
			t.Errorf("the agent goes on with the conversation %q", got.Conversation)
		}
		if strings.Contains(w.thread(task), secret) || task.Feedback != nil {
			t.Errorf("the secret is in the thread, or in the row: %+v", task)
		}
	})
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
