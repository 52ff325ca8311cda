package git

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// CheckoutOptions say what is checked out, and where.
type CheckoutOptions struct {
	Remote   Remote
	Branch   string // the branch that Commit was the head of
	Commit   string // 40 or 64 hex digits
	GitDir   string // the worker's git folder, outside WorkTree; both are made
	WorkTree string // empty, or not there yet
}

// Workspace is a checkout of one commit. One goroutine at a time uses it.
// Nothing has to be closed: whoever made the two folders removes them.
type Workspace struct {
	gitDir, workTree string
	layout           layout
	branch           string
	index            fileIdentity // the index as our own processes left it
	diffed           string       // the tree that changes belong to
	changes          []Change
}

// Checkout fetches exactly one commit without its history, and writes its work
// tree. A commit that is no branch's head any more is fetched if the server hands
// it out, as GitHub does, else the error is a *MovedError.
func Checkout(ctx context.Context, options CheckoutOptions) (*Workspace, error) {
	if !isObjectID(options.Commit) {
		return nil, fmt.Errorf("checkout: %q is not a commit id", options.Commit)
	}
	w, err := newWorkspace(options)
	if err != nil {
		return nil, fmt.Errorf("checkout: %w", err)
	}
	if err := w.fetch(ctx, options.Remote); err != nil {
		return nil, fmt.Errorf("checkout: %w", err)
	}
	if err := w.readTree(ctx, "-u"); err != nil {
		return nil, fmt.Errorf("checkout: %w", err)
	}
	return w, nil
}

func newWorkspace(options CheckoutOptions) (*Workspace, error) {
	gitDir, err := makeFolder(options.GitDir)
	if err != nil {
		return nil, err
	}
	workTree, err := makeFolder(options.WorkTree)
	if err != nil {
		return nil, err
	}
	if gitDir == workTree || strings.HasPrefix(gitDir, workTree+string(filepath.Separator)) {
		return nil, errors.New("the git folder has to be outside the work tree")
	}
	for _, dir := range []string{gitDir, workTree} {
		if entries, err := os.ReadDir(dir); err != nil {
			return nil, fmt.Errorf("look into a new workspace: %w", err)
		} else if len(entries) > 0 {
			return nil, fmt.Errorf("folder %s is not empty", filepath.Base(dir))
		}
	}
	w := &Workspace{gitDir: gitDir, workTree: workTree, branch: options.Branch}
	w.layout = layout{commit: options.Commit, unborn: true}
	return w, w.layout.restore(gitDir)
}

// makeFolder makes a folder and returns its path without symbolic links, so
// that "inside" can be told by prefix.
func makeFolder(dir string) (string, error) {
	if !filepath.IsAbs(dir) {
		return "", fmt.Errorf("folder %q is not absolute", dir)
	}
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return "", fmt.Errorf("make a folder of the workspace: %w", err)
	}
	dir, err := filepath.EvalSymlinks(dir)
	if err != nil {
		return "", fmt.Errorf("make a folder of the workspace: %w", err)
	}
	return dir, nil
}

// fetch brings the commit, and nothing that came before it.
func (w *Workspace) fetch(ctx context.Context, remote Remote) error {
	err := w.fetchRef(ctx, remote, w.layout.commit)
	if err != nil && refusesCommit(err) && w.branch != "" {
		err = w.fetchBranch(ctx, remote)
	}
	if err != nil {
		return err
	}
	shallow, err := os.ReadFile(filepath.Join(w.gitDir, "shallow"))
	if err != nil && !errors.Is(err, fs.ErrNotExist) { // a root commit leaves none
		return fmt.Errorf("read where the history ends: %w", err)
	}
	w.layout.shallow, w.layout.unborn = string(shallow), false
	return nil
}

func (w *Workspace) fetchRef(ctx context.Context, remote Remote, refspec string) error {
	return process{gitDir: w.gitDir, remote: &remote, args: []string{
		"fetch", "--quiet", "--depth=1", "--no-tags", "--no-write-fetch-head", "--no-auto-maintenance",
		"--no-show-forced-updates", "--end-of-options", remote.URL, refspec,
	}}.run(ctx)
}

// fetchBranch is for servers that hand out heads of branches only.
func (w *Workspace) fetchBranch(ctx context.Context, remote Remote) error {
	const fetched = "refs/codybatch/fetched"
	if err := w.fetchRef(ctx, remote, "+refs/heads/"+w.branch+":"+fetched); err != nil {
		return err
	}
	found, err := os.ReadFile(filepath.Join(w.gitDir, filepath.FromSlash(fetched)))
	if err != nil {
		return fmt.Errorf("read the fetched branch: %w", err)
	}
	if head := strings.TrimSpace(string(found)); head != w.layout.commit {
		return &MovedError{Branch: w.branch, Want: w.layout.commit, Found: head}
	}
	return nil
}

// readTree makes the index that of the base commit; with "-u" the work tree too.
func (w *Workspace) readTree(ctx context.Context, options ...string) error {
	args := append([]string{"read-tree", "--reset"}, options...)
	if err := w.run(ctx, process{args: append(args, w.layout.commit)}); err != nil {
		return err
	}
	return w.trustIndex()
}

// run runs git on the workspace, which is put in order first.
func (w *Workspace) run(ctx context.Context, p process) error {
	running, err := w.start(ctx, p)
	if err != nil {
		return err
	}
	return running.wait()
}

func (w *Workspace) start(ctx context.Context, p process) (*running, error) {
	if err := w.layout.restore(w.gitDir); err != nil {
		return nil, err
	}
	p.gitDir = w.gitDir
	if p.workTree == "" {
		p.workTree = w.workTree
	}
	return p.start(ctx)
}

func isObjectID(id string) bool {
	if len(id) != 40 && len(id) != 64 {
		return false
	}
	return strings.Trim(id, "0123456789abcdef") == ""
}
