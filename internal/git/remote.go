package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
)

// RemoteHead returns the commit that a branch of the remote is at, "" if there
// is no such branch.
func RemoteHead(ctx context.Context, remote Remote, branch string) (string, error) {
	ref := "refs/heads/" + branch
	var out bytes.Buffer
	err := process{remote: &remote, stdout: &out, args: []string{
		"ls-remote", "--quiet", "--end-of-options", remote.URL, ref,
	}}.run(ctx)
	if err != nil {
		return "", fmt.Errorf("look for branch %s: %w", branch, err)
	}
	// The pattern also matches refs that end in "/" + ref.
	for line := range strings.SplitSeq(out.String(), "\n") {
		if id, name, ok := strings.Cut(line, "\t"); ok && name == ref && isObjectID(id) {
			return id, nil
		}
	}
	return "", nil
}

// CommitInfo is what a commit says about itself.
type CommitInfo struct {
	Tree                        string
	Parents                     []string
	AuthorEmail, CommitterEmail string
	Message                     string
}

// FetchCommit looks at a commit of the remote, to see whose it is. It comes into
// a folder of its own, which is gone afterwards, without its files where the
// server can leave them out; the workspace does not change.
func (w *Workspace) FetchCommit(ctx context.Context, remote Remote, commit string) (CommitInfo, error) {
	if !isObjectID(commit) {
		return CommitInfo{}, fmt.Errorf("fetch commit: %q is not a commit id", commit)
	}
	dir, err := os.MkdirTemp("", "codybatch-commit-")
	if err != nil {
		return CommitInfo{}, fmt.Errorf("fetch commit: %w", err)
	}
	defer os.RemoveAll(dir) //nolint:errcheck // a temporary folder
	if err := (layout{commit: commit, unborn: true}).restore(dir); err != nil {
		return CommitInfo{}, fmt.Errorf("fetch commit: %w", err)
	}
	err = process{gitDir: dir, remote: &remote, args: []string{
		"fetch", "--quiet", "--depth=1", "--filter=tree:0", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance",
		"--end-of-options", remote.URL, commit,
	}}.run(ctx)
	if err != nil {
		return CommitInfo{}, fmt.Errorf("fetch commit: %w", err)
	}
	var object bytes.Buffer
	err = process{gitDir: dir, args: []string{"cat-file", "commit", commit}, stdout: &object}.run(ctx)
	if err != nil {
		return CommitInfo{}, fmt.Errorf("fetch commit: %w", err)
	}
	return parseCommit(object.String()), nil
}

func parseCommit(object string) CommitInfo {
	var info CommitInfo
	header, message, _ := strings.Cut(object, "\n\n")
	info.Message = message
	for line := range strings.SplitSeq(header, "\n") {
		key, value, _ := strings.Cut(line, " ")
		switch key {
		case "tree":
			info.Tree = value
		case "parent":
			info.Parents = append(info.Parents, value)
		case "author":
			info.AuthorEmail = emailOf(value)
		case "committer":
			info.CommitterEmail = emailOf(value)
		}
	}
	return info
}

// emailOf reads the address out of "Name <address> time zone".
func emailOf(identity string) string {
	_, rest, _ := strings.Cut(identity, "<")
	email, _, _ := strings.Cut(rest, ">")
	return email
}

// CheckBranch asks git whether a name can be a branch's.
func CheckBranch(ctx context.Context, name string) error {
	err := process{args: []string{"check-ref-format", "--branch", name}}.run(ctx)
	if failed := (*Error)(nil); errors.As(err, &failed) {
		return fmt.Errorf("%q is not a valid branch name", name)
	}
	return err
}

// RemoteDefaultBranch returns the branch that the remote's HEAD names, "" if it
// names none. A branch without a commit is named by servers of protocol 2 only
// (git 2.31).
func RemoteDefaultBranch(ctx context.Context, remote Remote) (string, error) {
	var out bytes.Buffer
	err := process{remote: &remote, stdout: &out, args: []string{
		"ls-remote", "--quiet", "--symref", "--end-of-options", remote.URL, "HEAD",
	}}.run(ctx)
	if err != nil {
		return "", fmt.Errorf("look for the default branch: %w", err)
	}
	for line := range strings.SplitSeq(out.String(), "\n") {
		if branch, ok := strings.CutPrefix(line, "ref: refs/heads/"); ok {
			branch, _, _ = strings.Cut(branch, "\t")
			return branch, nil
		}
	}
	return "", nil
}
