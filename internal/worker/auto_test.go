package worker_test

import (
	"context"
	"errors"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/worker"
)

// TestDetectedVerification is verify: [auto], with the real go command.
func TestDetectedVerification(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("go"); err != nil {
		t.Skip("go is not installed")
	}
	module := map[string]string{
		"go.mod":      "module example.com/sum\n\ngo 1.21\n",
		"sum.go":      "package sum\n\nfunc Add(a, b int) int { return a + b }\n",
		"sum_test.go": "package sum\n\nimport \"testing\"\n\nfunc TestAdd(t *testing.T) {\n\tif Add(2, 3) != 5 {\n\t\tt.Fatal(\"wrong sum\")\n\t}\n}\n",
	}
	auto := func(script string, verify ...string) codybatch.JobSpec {
		spec := scriptJob(script, "sum")
		spec.Verify = append(verify, codybatch.VerifyAuto)
		return spec
	}
	said := func(task codybatch.Task) string {
		var lines []string
		for _, v := range task.Verified {
			line := v.Command + " ok"
			if !v.Passed() {
				line = v.Command + " failed"
			}
			if v.Baseline {
				line = "before: " + line
			}
			lines = append(lines, line)
		}
		return strings.Join(lines, "\n")
	}

	t.Run("a test that the change breaks fails the task", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.repository("sum", module)
		task := w.runOne(auto("sed -i 's/a + b/a - b/' sum.go"))
		wantOutcome(t, task, codybatch.OutcomeVerifyFailed)
		if got, want := said(task), "before: go build ./... ok\nbefore: go test ./... ok\ngo build ./... ok\ngo test ./... failed"; got != want {
			t.Errorf("got\n%s\nwant\n%s", got, want)
		}
		if thread := w.thread(task); !strings.Contains(thread, "go build ./..., go test ./... (go.mod)") {
			t.Errorf("the thread does not say what was detected:\n%s", thread)
		}
	})

	t.Run("a good change passes, beside a command of the job", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.repository("sum", module)
		task := w.runOne(auto("echo '// Done.' >> sum.go", "test -f sum.go", "go build ./..."))
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if got := said(task); strings.Count(got, "go build") != 2 || !strings.HasSuffix(got, "\ntest -f sum.go ok\ngo build ./... ok\ngo test ./... ok") {
			t.Errorf("got\n%s", got)
		}
	})

	t.Run("what the agent edits does not change what is verified", func(t *testing.T) {
		t.Parallel()
		var tried, heard []string
		swap := func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
			writeFile(t, filepath.Join(run.Dir, "sum.go"), "package sum\n\nfunc Add(a, b int) int { return a }\n")
			writeFile(t, filepath.Join(run.Dir, "Makefile"), "test:\n\ttrue\n")
			writeFile(t, filepath.Join(run.Dir, "package.json"), `{"scripts":{"test":"true"}}`)
			if err := os.RemoveAll(filepath.Join(run.Dir, "go.mod")); err != nil {
				t.Error(err)
			}
			results, err := run.Verify(ctx)
			for _, r := range results {
				tried = append(tried, r.Command)
			}
			heard = append(heard, run.Feedback)
			return codybatch.AgentResult{Outcome: codybatch.OutcomeChanged, Session: "a session"}, err
		}
		agent := &scripted{rounds: []func(context.Context, codybatch.AgentRun) (codybatch.AgentResult, error){swap, swap, edit(t, "sum.go", module["sum.go"])}}
		w := newWorld(t, withAgent(agent))
		w.repository("sum", module)
		spec := promptJob("sum")
		spec.Verify = []string{codybatch.VerifyAuto}
		task := w.runOne(spec)
		wantOutcome(t, task, codybatch.OutcomeVerifyFailed)
		want := []string{"go build ./...", "go test ./..."}
		if !slices.Equal(tried, slices.Concat(want, want)) || !strings.Contains(heard[1], "go test ./...") {
			t.Errorf("tried %q, heard %q", tried, heard)
		}
		for _, v := range task.Verified {
			if !slices.Contains(want, v.Command) {
				t.Errorf("%q was run", v.Command)
			}
		}
		if n := strings.Count(w.thread(task), "Verification was detected"); n != 1 {
			t.Errorf("it was detected %d times", n)
		}
	})

	t.Run("where nothing is detected nothing is verified, and the thread says so", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		files := maps.Clone(module)
		delete(files, "go.mod")
		files["package.json"] = `{"scripts":{"test":`
		w.repository("sum", files)
		task := w.runOne(auto("echo '// Done.' >> sum.go"))
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if thread := w.thread(task); len(task.Verified) != 0 || !strings.Contains(thread, "No verification was detected") || !strings.Contains(thread, "The change is not verified.") {
			t.Errorf("verified %+v, thread:\n%s", task.Verified, thread)
		}
	})
}

// What an interrupted attempt left is not what is detected.
func TestDetectedVerificationOfAnAttemptThatGoesOn(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("make"); err != nil {
		t.Skip("make is not installed")
	}
	waits := make(chan string, 1)
	agent := interruptedAgent(t, waits, func(_ context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
		if _, err := os.Stat(filepath.Join(run.Dir, "go.mod")); err != nil {
			t.Errorf("it does not go on: %v", err)
		}
		return codybatch.AgentResult{Outcome: codybatch.OutcomeChanged}, nil
	})
	first := agent.rounds[0]
	agent.rounds[0] = func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
		writeFile(t, filepath.Join(run.Dir, "go.mod"), "module example.com/site\n")
		return first(ctx, run)
	}
	w := newWorld(t, withAgent(agent), func(o *worker.Options) { o.Lease = 300 * time.Millisecond })
	w.repository("site", map[string]string{"a.txt": "x\n", "Makefile": "test:\n\tgrep x a.txt\n"})
	spec := promptJob("site")
	spec.Verify = []string{codybatch.VerifyAuto}
	job := w.create(spec)
	ref := w.sent.take()[0]
	done := make(chan error, 1)
	go func() { done <- w.worker.Run(t.Context(), ref) }()
	<-waits
	lost := w.lose(job.ID)
	if err := <-done; !errors.Is(err, codybatch.ErrConflict) {
		t.Fatalf("got %v", err)
	}
	ref.Attempt = lost.Attempt
	if err := w.worker.Run(t.Context(), ref); err != nil {
		t.Fatal(err)
	}
	task := w.task(job.ID, "site")
	wantOutcome(t, task, codybatch.OutcomeVerifyFailed)
	if len(task.Verified) != 2 || task.Verified[1].Command != "make test" {
		t.Errorf("got %+v", task.Verified)
	}
}
