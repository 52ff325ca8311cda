package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// LendGit puts a throw-away .git into the work tree, so that an agent can ask
// "git status", "git log" and "git ls-files". Objects are shared by alternates,
// not copied; what an agent commits there stays there. A .git that is there
// already is replaced. Call it before the agent runs.
func (w *Workspace) LendGit(ctx context.Context) error {
	if ctx.Err() != nil {
		return fmt.Errorf("lend git: %w", context.Cause(ctx))
	}
	lent := w.layout
	lent.lends = filepath.Join(w.gitDir, "objects")
	lent.user = true
	if plainBranch(w.branch) {
		lent.branch = w.branch
	}
	if err := w.lend(lent); err != nil {
		return fmt.Errorf("lend git: %w", err)
	}
	return nil
}

func (w *Workspace) lend(lent layout) error {
	root, err := os.OpenRoot(w.workTree)
	if err != nil {
		return err
	}
	defer root.Close() //nolint:errcheck // what was written is closed below
	if err := root.RemoveAll(".git"); err != nil {
		return err
	}
	if err := root.Mkdir(".git", 0o700); err != nil {
		return err
	}
	git, err := root.OpenRoot(".git")
	if err != nil {
		return err
	}
	defer git.Close() //nolint:errcheck // as above
	if err := lent.write(git); err != nil {
		return err
	}
	from, err := os.Open(filepath.Join(w.gitDir, "index"))
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer from.Close()
	to, err := git.OpenFile("index", os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	if _, err := io.Copy(to, from); err != nil {
		_ = to.Close()
		return err
	}
	return to.Close()
}

// plainBranch reports whether a branch's name can be a file's without a second
// thought; others make a detached HEAD, which an agent does not mind.
func plainBranch(name string) bool {
	if name == "" || strings.Contains(name, "..") || strings.HasSuffix(name, ".lock") {
		return false
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || strings.HasPrefix(part, ".") || strings.HasPrefix(part, "-") {
			return false
		}
	}
	return strings.Trim(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./") == ""
}
