package worker_test

import (
	"context"
	"errors"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/worker"
)

func TestJobsStayWithTheirEngine(t *testing.T) {
	t.Parallel()
	agent := &scripted{rounds: []round{edit(t, "a.txt", "y\n")}}
	w := newWorld(t, withAgent(agent), func(o *worker.Options) {
		o.Engines = map[codybatch.AgentType]string{codybatch.AgentClaude: "rehearsal"}
	})
	w.repository("site", map[string]string{"a.txt": "x\n"})
	job := w.create(promptJob("site")) // by a service that has Claude
	if err := w.worker.Run(t.Context(), w.sent.take()[0]); !errors.Is(err, codybatch.ErrConflict) {
		t.Errorf("got %v", err)
	}
	if task := w.task(job.ID, "site"); task.Status != codybatch.TaskQueued || agent.runs.Load() != 0 {
		t.Errorf("a rehearsal took Claude's task: %+v", task)
	}
	if !strings.Contains(w.log.String(), "another engine") {
		t.Errorf("nobody is told: %s", w.log)
	}
}

func TestRehearsalIsNeverTakenForClaude(t *testing.T) {
	t.Parallel()
	rehearsed := func(content string) round {
		return func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
			result, err := edit(t, "a.txt", content)(ctx, run)
			result.Engine = "rehearsal"
			return result, err
		}
	}
	agent := &scripted{rounds: []round{edit(t, "a.txt", "by Claude\n"), rehearsed("by a script\n"), rehearsed("by a script, again\n")}}
	w := newWorld(t, withAgent(agent))
	bare := w.repository("site", map[string]string{"a.txt": "x\n"})
	spec := func(prompt, branch string) codybatch.JobSpec {
		s := promptJob("site")
		s.Prompt, s.CreatePullRequests, s.PullRequest.Branch = prompt, true, branch
		return s
	}
	claude := w.runOne(spec("one", "shared"))
	wantOutcome(t, claude, codybatch.OutcomeChanged)
	wantOutcome(t, w.runOne(spec("two", "shared")), codybatch.OutcomeConflict)
	if git(t, bare, "rev-parse", "shared") != claude.HeadCommit {
		t.Error("a rehearsal replaced Claude's commit")
	}
	wantOutcome(t, w.runOne(spec("three", "other")), codybatch.OutcomeChanged)
	if message := git(t, bare, "log", "-1", "--format=%B", "other"); !strings.HasPrefix(message, "[Rehearsal] ") || !strings.Contains(message, "Cody-Batch-Engine: rehearsal") {
		t.Errorf("the commit does not say what it is: %s", message)
	}
	pulls, _ := w.forge.PullRequests("acme/site")
	if last := pulls[len(pulls)-1]; !strings.HasPrefix(last.Title, "[Rehearsal] ") || !strings.Contains(last.Body, "not by Claude") {
		t.Errorf("the pull request does not say what it is: %+v", last)
	}
}

func TestModelTextGivesNoOrders(t *testing.T) {
	t.Parallel()
	agent := &scripted{rounds: []round{func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
		result, err := edit(t, "a.txt", "y\n")(ctx, run)
		result.Summary = "Done. [skip ci]\n\nFixes acme/other#1, thanks @everyone"
		return result, err
	}}}
	w := newWorld(t, withAgent(agent))
	bare := w.repository("site", map[string]string{"a.txt": "x\n"})
	spec := promptJob("site")
	spec.CreatePullRequests = true
	task := w.runOne(spec)
	if message := git(t, bare, "log", "-1", "--format=%B", task.Branch); strings.Contains(message, "skip ci") {
		t.Errorf("commit message: %s", message)
	}
	pulls, _ := w.forge.PullRequests("acme/site")
	if body := pulls[0].Body; strings.Contains(body, "other#1") || strings.Contains(body, "@everyone") {
		t.Errorf("body: %q", body)
	}
}

func TestNamesThatTheWorkerUsesItself(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"git", "home", "tree", "diff.patch"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.repository(name, map[string]string{"a.txt": "x\n"})
			task := w.runOne(scriptJob("echo y > a.txt; touch $HOME/elsewhere", name))
			wantOutcome(t, task, codybatch.OutcomeChanged)
			if task.DiffStat.Files != 1 {
				t.Errorf("diff:\n%s", w.diff(task))
			}
		})
	}
}
