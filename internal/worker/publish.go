package worker

import (
	"context"
	"errors"
	"fmt"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/git"
)

// Who the commits are by. The address can't be anybody's: RFC 2606 reserves
// ".invalid".
const (
	authorName  = "Cody Batch"
	authorEmail = "cody-batch@noreply.invalid"
)

// errConflict means that the branch is somebody else's.
type conflictError struct{ branch, reason string }

func (e *conflictError) Error() string {
	return fmt.Sprintf("branch %q %s; nothing was pushed, the diff is kept. Choose another pullRequest.branch, or delete that branch, and retry", e.branch, e.reason)
}

// publish pushes the tree as one commit on the base, and makes sure that the pull
// request exists. Doing it again with the same tree changes nothing.
func (a *attempt) publish(ctx context.Context, place *place, base codybatch.Base, tree string) error {
	a.enter(codybatch.PhasePublishing)
	spec := a.job.PullRequest
	if spec.Branch == base.Branch {
		return &conflictError{spec.Branch, "is the branch that the change is for"}
	}
	remote, err := a.remote(ctx)
	if err != nil {
		return err
	}
	commit, err := place.git.Commit(ctx, tree, git.CommitOptions{
		Message: a.commitMessage(), AuthorName: authorName, AuthorEmail: authorEmail, Time: a.job.CreatedAt,
	})
	if err != nil {
		return fmt.Errorf("commit the change: %w", err)
	}
	head, err := a.push(ctx, place, remote, commit, tree)
	if err != nil {
		return err
	}
	a.result.Branch, a.result.HeadCommit = spec.Branch, head

	spec.Base, spec.Body = base.Branch, a.pullRequestBody()
	pullRequest, notices, err := a.Forge.EnsurePullRequest(ctx, a.task.Repository, spec)
	if err != nil {
		return fmt.Errorf("open the pull request from %s: %w", spec.Branch, err)
	}
	a.result.PullRequest = &pullRequest
	for _, notice := range notices {
		if err := a.record.event(ctx, codybatch.ThreadEvent{Type: codybatch.EventNotice, Reason: notice}); err != nil {
			return err
		}
	}
	return nil
}

// push brings the commit to the branch and returns the branch's head. A branch
// that is there already is used if it holds the same files, replaced if its only
// commit is one of ours or it has none, and left alone otherwise.
func (a *attempt) push(ctx context.Context, place *place, remote git.Remote, commit, tree string) (string, error) {
	branch := a.job.PullRequest.Branch
	err := a.patiently(ctx, func() error { return place.git.Push(ctx, remote, commit, branch, "") })
	var rejected *git.RejectedError
	if !errors.As(err, &rejected) || rejected.Found == "" {
		if err != nil {
			return "", fmt.Errorf("push %s: %w", branch, err)
		}
		return commit, nil
	}
	found := rejected.Found
	if found == commit {
		return commit, nil
	}
	if found != a.result.BaseCommit {
		var info git.CommitInfo
		err := a.patiently(ctx, func() error {
			var err error
			info, err = place.git.FetchCommit(ctx, remote, found)
			return err
		})
		if err != nil {
			return "", fmt.Errorf("look at what is on branch %s: %w", branch, err)
		}
		if info.Tree == tree {
			return found, nil
		}
		if !isOurs(info) {
			return "", &conflictError{branch, "holds commits by " + info.AuthorEmail}
		}
	}
	if err := a.patiently(ctx, func() error { return place.git.Push(ctx, remote, commit, branch, found) }); err != nil {
		if errors.As(err, &rejected) && rejected.Found != "" {
			return "", &conflictError{branch, "was changed by somebody else at the same moment"}
		}
		return "", fmt.Errorf("push %s: %w", branch, err)
	}
	return commit, nil
}

const (
	jobTrailer  = "Cody-Batch-Job: "
	baseTrailer = "Cody-Batch-Base: "
)

// commitMessage ends with trailers by which a later run knows its own commits.
func (a *attempt) commitMessage() string {
	var text strings.Builder
	text.WriteString(a.job.PullRequest.Title + "\n\n")
	if a.result.Summary != "" {
		text.WriteString(a.result.Summary + "\n\n")
	}
	text.WriteString(jobTrailer + string(a.job.ID) + "\n" + baseTrailer + a.result.BaseCommit + "\n")
	return text.String()
}

// isOurs reports whether a commit was made by publish, directly on its base, so
// that replacing it loses nobody's work.
func isOurs(info git.CommitInfo) bool {
	return info.AuthorEmail == authorEmail && info.CommitterEmail == authorEmail && len(info.Parents) == 1 &&
		strings.Contains(info.Message, "\n"+jobTrailer) &&
		strings.Contains(info.Message, "\n"+baseTrailer+info.Parents[0])
}

func (a *attempt) pullRequestBody() string {
	var parts []string
	if a.job.PullRequest.Body != "" {
		parts = append(parts, a.job.PullRequest.Body)
	}
	if a.result.Summary != "" {
		parts = append(parts, a.result.Summary)
	}
	if a.result.Engine == "rehearsal" {
		parts = append(parts, "**This change was made by a rehearsal with prepared answers, not by Claude.**")
	}
	parts = append(parts, fmt.Sprintf("Made by Cody Batch, job `%s`, from `%.12s`.", a.job.ID, a.result.BaseCommit))
	return strings.Join(parts, "\n\n")
}
