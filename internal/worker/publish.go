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

// conflictError means that the branch is somebody else's.
type conflictError struct{ branch, reason string }

func (e *conflictError) Error() string {
	return fmt.Sprintf("branch %q %s; nothing was pushed, the diff is kept. Choose another pullRequest.branch, or delete that branch, and retry", e.branch, e.reason)
}

// publish pushes the tree as one commit on the base, and makes sure that the pull
// request exists. Doing it again with the same tree changes nothing.
func (a *attempt) publish(ctx context.Context, place *place, base codybatch.Base, tree string) error {
	a.enter(codybatch.PhasePublishing)
	spec := a.job.PullRequest
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

	spec.Base, spec.Title, spec.Body = base.Branch, a.title(), a.pullRequestBody()
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
		if a.isRehearsal() && !strings.Contains(info.Message, "\n"+engineTrailer+a.result.Engine+"\n") {
			return "", &conflictError{branch, "holds a change that was no rehearsal"}
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
	jobTrailer    = "Cody-Batch-Job: "
	baseTrailer   = "Cody-Batch-Base: "
	engineTrailer = "Cody-Batch-Engine: "
)

// isRehearsal: a script has answered in Claude's place, which every commit and
// pull request has to say.
func (a *attempt) isRehearsal() bool { return a.result.Engine == "rehearsal" }

func (a *attempt) title() string {
	if a.isRehearsal() {
		return "[Rehearsal] " + a.job.PullRequest.Title
	}
	return a.job.PullRequest.Title
}

// commitMessage ends with trailers by which a later run knows its own commits. No
// word of it is a model's: forges take orders from commit messages ("[skip ci]").
func (a *attempt) commitMessage() string {
	return a.title() + "\n\n" +
		jobTrailer + string(a.job.ID) + "\n" + baseTrailer + a.result.BaseCommit + "\n" + engineTrailer + a.result.Engine + "\n"
}

// isOurs reports whether a commit was made by publish, directly on its base, so
// that replacing it loses nobody's work.
func isOurs(info git.CommitInfo) bool {
	return info.AuthorEmail == authorEmail && info.CommitterEmail == authorEmail && len(info.Parents) == 1 &&
		strings.Contains(info.Message, "\n"+jobTrailer) &&
		strings.Contains(info.Message, "\n"+baseTrailer+info.Parents[0])
}

// harmless breaks what forges act on in a model's text: mentions, and references
// that close issues. A word joiner (U+2060) after "@" and "#" can't be seen.
func harmless(text string) string {
	return strings.NewReplacer("@", "@\u2060", "#", "#\u2060").Replace(text)
}

func (a *attempt) pullRequestBody() string {
	var parts []string
	if a.job.PullRequest.Body != "" {
		parts = append(parts, a.job.PullRequest.Body)
	}
	if a.result.Summary != "" {
		parts = append(parts, harmless(a.result.Summary))
	}
	if a.isRehearsal() {
		parts = append(parts, "**This change was made by a rehearsal with prepared answers, not by Claude.**")
	}
	parts = append(parts, fmt.Sprintf("Made by Cody Batch, job `%s`, from `%.12s`.", a.job.ID, a.result.BaseCommit))
	return strings.Join(parts, "\n\n")
}
