package worker_test

import (
	"context"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// commitTo is a person who commits to a branch of a bare repository.
func commitTo(t *testing.T, bare, branch string, files map[string]string) string {
	t.Helper()
	tree := filepath.Join(t.TempDir(), "tree")
	git(t, bare, "clone", "-q", "--branch", branch, bare, tree)
	for name, content := range files {
		writeFile(t, filepath.Join(tree, name), content)
	}
	git(t, tree, "add", "-A")
	git(t, tree, "commit", "-q", "-m", "by a person")
	git(t, tree, "push", "-q", "origin", branch)
	return git(t, tree, "rev-parse", "HEAD")
}

func publishJob(text string, names ...string) codybatch.JobSpec {
	spec := scriptJob(text, names...)
	spec.CreatePullRequests = true
	spec.PullRequest = codybatch.PullRequestSpec{Title: "Change it", Body: "Because.", Branch: "cody-batch/change", Labels: []string{"batch"}, Reviewers: []string{"ann"}}
	return spec
}

func TestPublish(t *testing.T) {
	t.Parallel()
	const branch = "cody-batch/change"

	t.Run("a change becomes one commit on a branch, and a pull request", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		bare := w.repository("site", map[string]string{"a.txt": "x\n"})
		task := w.runOne(publishJob("echo y > a.txt", "site"))
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if git(t, bare, "rev-parse", branch) != task.HeadCommit || git(t, bare, "rev-parse", branch+"^") != task.BaseCommit {
			t.Error("the branch is not one commit on the base")
		}
		if content := git(t, bare, "show", branch+":a.txt"); content != "y" {
			t.Errorf("the branch holds %q", content)
		}
		pulls, err := w.forge.PullRequests("acme/site")
		if err != nil || len(pulls) != 1 || task.PullRequest.Number != pulls[0].Number || pulls[0].Base != "main" {
			t.Fatalf("pull requests: %+v, %v", pulls, err)
		}
		if w.job(task.JobID).Counts.Published != 1 {
			t.Error("not counted as published")
		}
	})

	t.Run("a second run uses branch and pull request again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		bare := w.repository("site", map[string]string{"a.txt": "x\n"})
		first := w.runOne(publishJob("echo y > a.txt", "site"))
		// Another job, and a script that is spelled differently: nothing is known.
		second := w.runOne(publishJob("echo y >a.txt", "site"))
		wantOutcome(t, second, codybatch.OutcomeChanged)
		pulls, _ := w.forge.PullRequests("acme/site")
		if second.HeadCommit != first.HeadCommit || len(pulls) != 1 || second.PullRequest.Number != first.PullRequest.Number {
			t.Errorf("first %s, second %s, %d pull requests", first.HeadCommit, second.HeadCommit, len(pulls))
		}
		if count := git(t, bare, "rev-list", "--count", branch); count != "2" {
			t.Errorf("%s commits on the branch", count)
		}
	})

	t.Run("our own commit is replaced by a better one", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		bare := w.repository("site", map[string]string{"a.txt": "x\n"})
		w.runOne(publishJob("echo y > a.txt", "site"))
		task := w.runOne(publishJob("echo z > a.txt", "site"))
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if content := git(t, bare, "show", branch+":a.txt"); content != "z" {
			t.Errorf("the branch holds %q", content)
		}
	})

	t.Run("a person's commits on the branch are never overwritten", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		bare := w.repository("site", map[string]string{"a.txt": "x\n"})
		w.runOne(publishJob("echo y > a.txt", "site"))
		person := commitTo(t, bare, branch, map[string]string{"fix.txt": "by hand\n"})
		task := w.runOne(publishJob("echo z > a.txt", "site"))
		wantOutcome(t, task, codybatch.OutcomeConflict)
		if git(t, bare, "rev-parse", branch) != person {
			t.Fatal("the person's commit is gone")
		}
		if !task.HasDiff || task.Error.Code != "branch_conflict" || !strings.Contains(task.Error.Message, "ann@example.com") {
			t.Errorf("got %+v", task)
		}

		// The person makes room; a retry publishes what is there.
		git(t, bare, "branch", "-D", branch)
		if _, err := w.service.RetryTask(t.Context(), task.Key()); err != nil {
			t.Fatal(err)
		}
		w.drain()
		task = w.task(task.JobID, "site")
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if !strings.Contains(w.thread(task), "No token was spent") {
			t.Error("the work was done again")
		}
	})

	t.Run("a branch without commits of its own is moved forward", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		bare := w.repository("site", map[string]string{"a.txt": "x\n"})
		git(t, bare, "branch", branch, "main")
		task := w.runOne(publishJob("echo y > a.txt", "site"))
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if git(t, bare, "rev-parse", branch) != task.HeadCommit {
			t.Error("the branch was not moved")
		}
	})

	t.Run("the base itself is never the branch", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		bare := w.repository("site", map[string]string{"a.txt": "x\n"})
		before := git(t, bare, "rev-parse", "main")
		spec := publishJob("echo y > a.txt", "site")
		spec.PullRequest.Branch = "main"
		wantOutcome(t, w.runOne(spec), codybatch.OutcomeConflict)
		if git(t, bare, "rev-parse", "main") != before {
			t.Error("main was moved")
		}
	})

	t.Run("later, what was reviewed is published, though the base has moved on", func(t *testing.T) {
		t.Parallel()
		agent := &scripted{rounds: []func(context.Context, codybatch.AgentRun) (codybatch.AgentResult, error){edit(t, "a.txt", "y\n")}}
		w := newWorld(t, withAgent(agent))
		bare := w.repository("site", map[string]string{"a.txt": "x\n", "b.txt": "b\n"})
		spec := promptJob("site")
		spec.PullRequest.Branch = branch
		task := w.runOne(spec)
		if task.PullRequest != nil {
			t.Fatal("published without being asked")
		}
		reviewed, base := w.diff(task), task.BaseCommit
		commitTo(t, bare, "main", map[string]string{"b.txt": "changed\n"})
		result, err := w.service.PublishJob(t.Context(), task.JobID, nil)
		if err != nil || len(result.Queued) != 1 {
			t.Fatalf("got %+v, %v", result, err)
		}
		w.drain()
		task = w.task(task.JobID, "site")
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if task.PullRequest == nil || w.diff(task) != reviewed || git(t, bare, "rev-parse", branch+"^") != base {
			t.Errorf("something else was published: %+v", task)
		}
		if agent.runs.Load() != 1 || w.job(task.JobID).Usage.Cost != codybatch.USD(0.25) {
			t.Error("publishing cost money")
		}
	})

	t.Run("after a crash between push and row nothing is doubled", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		bare := w.repository("site", map[string]string{"a.txt": "x\n"})
		task := w.runOne(publishJob("echo y > a.txt", "site"))
		// The row as the crash would have left it: running, with a lease that runs out.
		running := task
		running.Status, running.Outcome, running.PullRequest, running.HasDiff = codybatch.TaskRunning, "", nil, false
		running.LeaseUntil = time.Now().Add(-time.Second)
		_, err := w.store.UpdateTask(t.Context(), task, running)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.service.Reconcile(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		w.drain()
		again := w.task(task.JobID, "site")
		wantOutcome(t, again, codybatch.OutcomeChanged)
		pulls, _ := w.forge.PullRequests("acme/site")
		if again.Attempt != 2 || again.HeadCommit != task.HeadCommit || len(pulls) != 1 || git(t, bare, "rev-list", "--count", branch) != "2" {
			t.Errorf("got %+v, %d pull requests", again, len(pulls))
		}
	})
}
