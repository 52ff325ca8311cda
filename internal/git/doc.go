// Package git runs the git program for a worker: a shallow checkout, a snapshot
// of what an agent did to it, a patch, a commit and a push. It needs git 2.35 or
// later on a Unix, and nothing else.
//
// What a repository holds is hostile, and an agent that runs under the worker's
// own user can write every file that the worker can. So:
//
//   - The folder that git works with (GIT_DIR) is outside the work tree, and its
//     config, attributes and references are put back to known bytes before every
//     process. The .git inside the work tree is the agent's toy and never read.
//   - Nothing that a repository or a user configures takes part: no system or
//     user configuration, no hooks, filters, external diffs, submodules or
//     large-file downloads. Files are the very bytes of their blobs.
//   - The work tree is read by this package, not by "git add": that one runs
//     "git status" inside populated submodules, with their configuration. Only
//     the question whether an untracked file is ignored goes to git, once there is
//     no pipe or device that git would read as .gitignore, and wait for.
//   - A credential goes to the one process that needs it; see [Remote].
//
// All git processes run in their own process group and die with the context;
// the error then wraps the context's cause.
package git

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"path/filepath"
	"strings"
)

// Credential fetches a user name and a password, or token, when git is about to
// need one.
type Credential = func(ctx context.Context) (username, password string, err error)

// Remote is how git reaches a repository: an http, https or file address or an
// absolute path.
//
// The credential is sent with the first request, as an http.extraHeader read
// from an unlinked file that the process inherits (git 2.46's
// http.proactiveAuth would need askpass, and a git newer than most machines
// have; without it each exchange starts with a 401 in vain). It is never in an
// argument, the environment, or a file with a name; and git follows no redirect,
// because it would send the header to whatever host the redirect names.
type Remote struct {
	URL        string     // without user name or password
	Credential Credential // nil: none is needed
}

// Errors that callers tell apart; they come wrapped.
var (
	// ErrUnauthorized means that the remote refuses the credential, or wants one.
	ErrUnauthorized = errors.New("remote refuses the credentials")
	// ErrNotFound means that the remote has no such repository, branch or commit.
	ErrNotFound = errors.New("remote has no such repository, branch or commit")
	// ErrUnavailable means that the remote is overloaded, down or out of reach;
	// later it may answer. Nothing was changed, or what was asked for was done.
	ErrUnavailable = errors.New("remote is not available at the moment")
	// ErrTooLarge means that content is longer than the caller's limit.
	ErrTooLarge = errors.New("content is too large")
)

func (r Remote) isHTTP() bool {
	return strings.HasPrefix(r.URL, "http://") || strings.HasPrefix(r.URL, "https://")
}

// check refuses addresses that git would read as an option, another transport
// or a place relative to its working directory.
func (r Remote) check() error {
	if filepath.IsAbs(r.URL) && !strings.ContainsAny(r.URL, "\n\x00") {
		return nil
	}
	u, err := url.Parse(r.URL)
	if err != nil {
		return errors.New("remote address is not a valid URL") // err would quote it, userinfo included
	}
	if u.User != nil {
		return errors.New("remote address holds a user name or password: give it as a credential")
	}
	switch u.Scheme {
	case "http", "https", "file":
		return nil
	default:
		return fmt.Errorf("remote address has scheme %q: want http, https, file or an absolute path", u.Scheme)
	}
}
