package git

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"strings"
)

// RejectReason says why a remote did not take a push.
type RejectReason string

// The reasons.
const (
	// RejectedMoved: the branch exists, or is not at the commit, against what was
	// expected. RejectedError.Found is where it is.
	RejectedMoved RejectReason = "moved"
	// RejectedRefused: the server does not want it (a protected branch, a hook, a
	// checked-out branch). RejectedError.Message is what it says.
	RejectedRefused RejectReason = "refused"
)

// RejectedError is a push that reached the remote and was not taken.
type RejectedError struct {
	Branch  string
	Found   string // the branch's commit at the remote; "" if there is none, or it is not known
	Reason  RejectReason
	Message string // the server's own words, cleaned; may be empty
}

// Error names the branch and says why.
func (e *RejectedError) Error() string {
	if e.Reason == RejectedRefused {
		return fmt.Sprintf("remote refuses branch %s: %s", e.Branch, e.Message)
	}
	if e.Found == "" {
		return fmt.Sprintf("branch %s is not at the remote any more", e.Branch)
	}
	return fmt.Sprintf("branch %s at the remote is at %s, which was not expected", e.Branch, e.Found)
}

// Push makes a branch of the remote point to a commit of this workspace. Expect
// is the commit that the branch must be at, "" that it must not exist; a branch
// that is at the commit already is fine. Whether it is as expected is decided by
// the remote, at once with the change. The error is a *RejectedError if the
// remote says no.
func (w *Workspace) Push(ctx context.Context, remote Remote, commit, branch, expect string) error {
	if !isObjectID(commit) || expect != "" && !isObjectID(expect) {
		return fmt.Errorf("push: %q or %q is not a commit id", commit, expect)
	}
	ref := "refs/heads/" + branch
	var report bytes.Buffer
	err := w.run(ctx, process{remote: &remote, stdout: &report, args: []string{
		"push", "--porcelain", "--no-verify", "--no-signed", "--no-follow-tags", "--recurse-submodules=no",
		"--force-with-lease=" + ref + ":" + expect, "--end-of-options", remote.URL, commit + ":" + ref,
	}})
	if err == nil {
		return nil
	}
	var failed *Error
	if !errors.As(err, &failed) {
		return fmt.Errorf("push: %w", err)
	}
	rejected := readReport(report.String(), branch)
	if rejected == nil {
		return fmt.Errorf("push: %w", err)
	}
	if said := serverText(failed.Stderr); said != "" {
		rejected.Message = strings.TrimPrefix(said+"\n"+rejected.Message, "\n")
	}
	if rejected.Reason == RejectedMoved {
		found, err := RemoteHead(ctx, remote, branch)
		if err != nil {
			return fmt.Errorf("push: look where the branch is: %w", err)
		}
		rejected.Found = found
	}
	return rejected
}

// readReport finds the line "!\tfrom:to\t[rejected] (stale info)" of a push's
// --porcelain output. Nil: the push did not get so far.
func readReport(report, branch string) *RejectedError {
	for line := range strings.SplitSeq(report, "\n") {
		fields := strings.SplitN(line, "\t", 3)
		if len(fields) != 3 || fields[0] != "!" {
			continue
		}
		summary := clean(fields[2], nil)
		rejected := &RejectedError{Branch: branch, Reason: RejectedRefused, Message: summary}
		for _, moved := range []string{
			"stale info", "fetch first", "non-fast-forward", "remote ref updated since checkout", // ours, before the push
			"failed to update ref", "failed to lock", "cannot lock ref", "incorrect old value provided", // theirs, lost a race
			"reference already exists",
		} {
			if strings.Contains(summary, moved) {
				rejected.Reason = RejectedMoved
			}
		}
		return rejected
	}
	return nil
}

// serverText is what the server's side printed, which git marks with "remote: ".
func serverText(stderr string) string {
	var lines []string
	for line := range strings.SplitSeq(stderr, "\n") {
		if said, ok := strings.CutPrefix(line, "remote:"); ok {
			if said = strings.TrimSpace(said); said != "" {
				lines = append(lines, said)
			}
		}
	}
	return strings.Join(lines, "\n")
}
