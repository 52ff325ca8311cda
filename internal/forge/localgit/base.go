package localgit

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/git"
)

// ResolveBase reads HEAD and the branch from the repository's files. Git is only
// started where those can't tell.
func (f *Forge) ResolveBase(ctx context.Context, name codybatch.RepositoryName, branch string) (codybatch.Base, error) {
	root, err := f.open()
	if err != nil {
		return codybatch.Base{}, err
	}
	defer root.Close() //nolint:errcheck // only read
	r, err := locate(root, name)
	if err != nil {
		return codybatch.Base{}, err
	}
	base, err := f.resolve(ctx, root, r, branch)
	if err != nil {
		return codybatch.Base{}, fmt.Errorf("base of %s: %w", r.name, err)
	}
	return base, nil
}

func (f *Forge) resolve(ctx context.Context, root *os.Root, r repository, branch string) (codybatch.Base, error) {
	if branch == "" {
		head, isPlain := readHead(root, r.gitDir)
		if !isPlain {
			var err error
			if head, err = f.askHead(ctx, r); err != nil {
				return codybatch.Base{}, err
			}
		}
		if head == "" {
			return codybatch.Base{}, &codybatch.BaseError{Code: "no_default_branch", Message: "HEAD is at no branch; name the base branch"}
		}
		commit, err := f.head(ctx, root, r, head)
		switch {
		case err != nil:
			return codybatch.Base{}, err
		case commit != "":
			return codybatch.Base{Branch: head, Commit: commit}, nil
		case hasBranches(root, r.gitDir):
			return codybatch.Base{}, &codybatch.BaseError{
				Code: "no_default_branch", Message: fmt.Sprintf("the default branch %q does not exist; name the base branch", head),
			}
		default:
			return codybatch.Base{}, &codybatch.BaseError{Code: "empty_repository", Message: "the repository has no commit yet"}
		}
	}
	commit, err := f.head(ctx, root, r, branch)
	if err != nil {
		return codybatch.Base{}, err
	}
	if commit == "" {
		return codybatch.Base{}, &codybatch.BaseError{Code: "no_such_branch", Message: fmt.Sprintf("there is no branch %q", branch)}
	}
	return codybatch.Base{Branch: branch, Commit: commit}, nil
}

// head is the commit that a branch is at, "" if there is no such branch.
func (f *Forge) head(ctx context.Context, root *os.Root, r repository, branch string) (string, error) {
	ref := "refs/heads/" + branch
	if r.gitDir != "" && filepath.IsLocal(ref) && !strings.ContainsAny(branch, "\x00\n") {
		if text, err := root.ReadFile(filepath.Join(r.gitDir, filepath.FromSlash(ref))); err == nil {
			if id := strings.TrimSpace(string(text)); isCommit(id) {
				return id, nil
			}
		} else if id, isKnown := packed(root, r.gitDir, ref); isKnown {
			return id, nil
		}
	}
	// A symbolic reference, another kind of storage, or a branch that is missing.
	commit, err := git.RemoteHead(ctx, git.Remote{URL: filepath.Join(f.dir, r.folder)}, branch)
	if err != nil {
		return "", fmt.Errorf("read a branch: %w", err)
	}
	return commit, nil
}

// readHead reads the branch that HEAD names. The second value is false if the file is
// another kind than "ref: refs/heads/…" or a commit, and only git can tell.
func readHead(root *os.Root, gitDir string) (string, bool) {
	if gitDir == "" {
		return "", false
	}
	text, err := root.ReadFile(filepath.Join(gitDir, "HEAD"))
	if err != nil {
		return "", false
	}
	line := strings.TrimSpace(string(text))
	if isCommit(line) {
		return "", true // detached
	}
	branch, isPlain := strings.CutPrefix(line, "ref: refs/heads/")
	if branch == ".invalid" { // the stand-in of repositories that keep references in a table
		return "", false
	}
	return branch, isPlain
}

// packed looks a reference up in packed-refs, and reports whether it is there.
func packed(root *os.Root, gitDir, ref string) (string, bool) {
	file, err := root.Open(filepath.Join(gitDir, "packed-refs"))
	if err != nil {
		return "", false
	}
	defer file.Close()
	lines := bufio.NewScanner(file)
	for lines.Scan() {
		if id, name, ok := strings.Cut(lines.Text(), " "); ok && name == ref && isCommit(id) {
			return id, true
		}
	}
	return "", false
}

// hasBranches reports whether there is any branch in the files.
func hasBranches(root *os.Root, gitDir string) bool {
	if gitDir == "" {
		return false
	}
	if dir, err := root.Open(filepath.Join(gitDir, "refs", "heads")); err == nil {
		defer dir.Close()
		if names, _ := dir.Readdirnames(1); len(names) > 0 {
			return true
		}
	}
	text, err := root.ReadFile(filepath.Join(gitDir, "packed-refs"))
	return err == nil && strings.Contains(string(text), " refs/heads/")
}

// askHead asks git which branch HEAD names.
func (f *Forge) askHead(ctx context.Context, r repository) (string, error) {
	branch, err := git.RemoteDefaultBranch(ctx, git.Remote{URL: filepath.Join(f.dir, r.folder)})
	if err != nil {
		return "", fmt.Errorf("read the default branch: %w", err)
	}
	return branch, nil
}

func isCommit(id string) bool {
	return (len(id) == 40 || len(id) == 64) && strings.Trim(id, "0123456789abcdef") == ""
}

// mustBase is for pull requests: a branch that has to be there already.
func (f *Forge) mustBase(ctx context.Context, root *os.Root, r repository, branch string) error {
	commit, err := f.head(ctx, root, r, branch)
	if err == nil && commit == "" {
		err = &codybatch.BaseError{Code: "no_such_branch", Message: fmt.Sprintf("there is no branch %q", branch)}
	}
	return err
}

var errSameBranch = errors.New("a branch can't be merged into itself")
