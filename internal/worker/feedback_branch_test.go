package worker_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

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
