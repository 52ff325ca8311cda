package worker_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func TestVerification(t *testing.T) {
	t.Parallel()

	t.Run("what failed before is not held against the change", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.repository("site", map[string]string{"a.txt": "x\n"})
		spec := scriptJob("echo y > a.txt", "site")
		spec.Verify = []string{"exit 7", "test -f a.txt"}
		task := w.runOne(spec)
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if len(task.Verified) != 4 || !task.Verified[0].Baseline || task.Verified[2].ExitCode != 7 || task.Verified[2].Baseline {
			t.Errorf("got %+v", task.Verified)
		}
	})

	t.Run("what the change breaks fails the task and keeps the diff", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.repository("site", map[string]string{"a.txt": "x\n"})
		spec := scriptJob("echo y > a.txt", "site")
		spec.Verify, spec.CreatePullRequests = []string{"grep x a.txt"}, true
		task := w.runOne(spec)
		wantOutcome(t, task, codybatch.OutcomeVerifyFailed)
		if !task.HasDiff || task.PullRequest != nil || !strings.Contains(task.Error.Message, "grep x a.txt") {
			t.Errorf("got %+v", task)
		}
	})

	t.Run("what verification leaves behind does not end in the diff", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.repository("site", map[string]string{"a.txt": "x\n"})
		spec := scriptJob("test ! -e report.xml; echo y > a.txt", "site")
		spec.Verify, spec.CreatePullRequests = []string{"echo r > report.xml; echo z >> a.txt"}, true
		task := w.runOne(spec)
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if task.DiffStat != (codybatch.DiffStat{Files: 1, Additions: 1, Deletions: 1}) {
			t.Errorf("got %+v", task.DiffStat)
		}
	})

	t.Run("what an agent tries out leaves nothing in the diff", func(t *testing.T) {
		t.Parallel()
		agent := &scripted{rounds: []func(context.Context, codybatch.AgentRun) (codybatch.AgentResult, error){
			func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
				writeFile(t, filepath.Join(run.Dir, "a.txt"), "y\n")
				results, err := run.Verify(ctx)
				if len(results) != 1 || !results[0].Passed() {
					t.Errorf("got %+v", results)
				}
				return codybatch.AgentResult{Outcome: codybatch.OutcomeChanged}, err
			},
		}}
		w := newWorld(t, withAgent(agent))
		w.repository("site", map[string]string{"a.txt": "x\n"})
		spec := promptJob("site")
		spec.Verify = []string{"echo r > report.xml"}
		if task := w.runOne(spec); task.DiffStat.Files != 1 {
			t.Errorf("diff:\n%s", w.diff(task))
		}
	})

	t.Run("an agent can see what it has changed so far", func(t *testing.T) {
		t.Parallel()
		agent := &scripted{rounds: []func(context.Context, codybatch.AgentRun) (codybatch.AgentResult, error){
			func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
				if changes, err := run.Changes(ctx); err != nil || len(changes) != 0 {
					t.Errorf("got %+v, %v before any change", changes, err)
				}
				writeFile(t, filepath.Join(run.Dir, "a.txt"), "y\nz\n")
				writeFile(t, filepath.Join(run.Dir, "b.txt"), "b\n")
				changes, err := run.Changes(ctx)
				want := []codybatch.FileChange{
					{Path: "a.txt", Status: 'M', Additions: 2, Deletions: 1}, {Path: "b.txt", Status: 'A', Additions: 1},
				}
				if !slices.Equal(changes, want) {
					t.Errorf("got %+v, want %+v", changes, want)
				}
				return codybatch.AgentResult{Outcome: codybatch.OutcomeChanged}, err
			},
		}}
		w := newWorld(t, withAgent(agent))
		w.repository("site", map[string]string{"a.txt": "x\n"})
		if task := w.runOne(promptJob("site")); task.DiffStat != (codybatch.DiffStat{Files: 2, Additions: 3, Deletions: 1}) {
			t.Errorf("diff:\n%s", w.diff(task))
		}
	})

	t.Run("what is verified is what is pushed: ignored files do not help", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.repository("site", map[string]string{"main.sh": "true\n", ".gitignore": "lib/\n"})
		spec := scriptJob("mkdir lib; echo true > lib/part.sh; echo '. ./lib/part.sh' > main.sh", "site")
		spec.Verify = []string{"bash -e main.sh"}
		wantOutcome(t, w.runOne(spec), codybatch.OutcomeVerifyFailed)
	})

	t.Run("what an agent leaves in its home does not decide what passes", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.repository("site", map[string]string{"a.txt": "x\n"})
		spec := scriptJob("echo y > a.txt; touch $HOME/pass", "site")
		spec.Verify = []string{"grep x a.txt || test -e $HOME/pass"}
		wantOutcome(t, w.runOne(spec), codybatch.OutcomeVerifyFailed)
	})

	t.Run("a closed folder that verification leaves is cleared away", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.repository("site", map[string]string{"a.txt": "x\n"})
		spec := scriptJob("echo y > a.txt", "site")
		spec.Verify = []string{"mkdir -p ro/x && touch ro/x/f && chmod 555 ro/x ro"}
		wantOutcome(t, w.runOne(spec), codybatch.OutcomeChanged)
	})

	t.Run("the agent hears what it broke and mends it", func(t *testing.T) {
		t.Parallel()
		var heard string
		agent := &scripted{rounds: []func(context.Context, codybatch.AgentRun) (codybatch.AgentResult, error){
			edit(t, "a.txt", "broken\n"),
			func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
				heard = run.Feedback
				return edit(t, "a.txt", "good x\n")(ctx, run)
			},
		}}
		w := newWorld(t, withAgent(agent))
		w.repository("site", map[string]string{"a.txt": "x\n"})
		spec := promptJob("site")
		spec.Verify = []string{"grep x a.txt"}
		task := w.runOne(spec)
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if agent.runs.Load() != 2 || !strings.Contains(heard, "grep x a.txt") || task.Usage.Cost != codybatch.USD(0.5) || task.Error != nil {
			t.Errorf("%d runs, heard %q, cost %s, error %+v", agent.runs.Load(), heard, task.Usage.Cost, task.Error)
		}
	})

	t.Run("after three send-backs it is a failure", func(t *testing.T) {
		t.Parallel()
		agent := &scripted{rounds: []func(context.Context, codybatch.AgentRun) (codybatch.AgentResult, error){edit(t, "a.txt", "broken\n")}}
		w := newWorld(t, withAgent(agent))
		w.repository("site", map[string]string{"a.txt": "x\n"})
		spec := promptJob("site")
		spec.Verify = []string{"grep x a.txt"}
		wantOutcome(t, w.runOne(spec), codybatch.OutcomeVerifyFailed)
		if agent.runs.Load() != 4 {
			t.Errorf("%d runs", agent.runs.Load())
		}
	})
}
