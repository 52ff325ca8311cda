package worker

import (
	"context"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/git"
)

// place is where an attempt works: the work tree that the agent sees, a home
// folder for its programs, and the worker's own git folder beside them.
type place struct {
	root string
	tree string
	home string
	git  *git.Workspace
}

func (a *attempt) makePlace() (*place, error) {
	root, err := os.MkdirTemp(a.Root, owner(os.Getpid())+"-"+a.task.Repository.Name()+"-")
	if err != nil {
		return nil, fmt.Errorf("make a workspace: %w", err)
	}
	if a.Confinement.UID != 0 {
		if err := os.Chmod(root, throughOnly); err != nil {
			return nil, fmt.Errorf("open a workspace: %w", err)
		}
	}
	p := &place{root: root, tree: filepath.Join(root, "tree", a.task.Repository.Name()), home: filepath.Join(root, "home")}
	if err := os.Mkdir(p.home, 0o700); err != nil {
		return nil, fmt.Errorf("make a home folder: %w", err)
	}
	return p, nil
}

// checkout writes the base commit's files, and lends the agent a git folder of
// its own.
func (p *place) checkout(ctx context.Context, a *attempt, base codybatch.Base) error {
	a.enter(codybatch.PhaseCloning)
	remote, err := a.remote(ctx)
	if err != nil {
		return err
	}
	options := git.CheckoutOptions{
		Remote: remote, Branch: base.Branch, Commit: base.Commit, GitDir: filepath.Join(p.root, "git"), WorkTree: p.tree,
	}
	err = a.patiently(ctx, func() error {
		for _, dir := range []string{options.GitDir, options.WorkTree} { // what an earlier try has left
			if err := removeAll(dir); err != nil {
				return err
			}
		}
		p.git, err = git.Checkout(ctx, options)
		return err
	})
	if err != nil {
		return fmt.Errorf("clone %s: %w", a.task.Repository, err)
	}
	if err := p.git.LendGit(ctx); err != nil {
		return fmt.Errorf("prepare the workspace: %w", err)
	}
	return nil
}

// reads are what programs need outside the work tree: the lent .git has its
// objects there.
func (p *place) reads() []string { return []string{filepath.Join(p.root, "git", "objects")} }

// restore puts the work tree back to a tree, so that what verification left
// behind does not end in a diff. What .gitignore names stays, caches above all.
func (p *place) restore(ctx context.Context, tree string) error {
	return p.putBack(ctx, func() error { return p.git.Restore(ctx, tree) })
}

// clear is restore for the last verification: what .gitignore names goes as well,
// because nobody who fetches the branch will have it.
func (p *place) clear(ctx context.Context, tree string) error {
	return p.putBack(ctx, func() error { return p.git.RestoreExactly(ctx, tree) })
}

func (p *place) putBack(ctx context.Context, do func() error) error {
	err := do()
	if err != nil && ctx.Err() == nil {
		makeWritable(p.tree) // a folder that was closed to its owner can't be emptied
		err = do()
	}
	if err != nil {
		return fmt.Errorf("put the workspace back: %w", err)
	}
	return nil
}

func (p *place) remove(log *slog.Logger) {
	if err := removeAll(p.root); err != nil {
		log.Warn("can't remove a workspace", "error", err)
	}
}

func (a *attempt) remote(ctx context.Context) (git.Remote, error) {
	remote, err := a.Forge.Remote(ctx, a.task.Repository)
	if err != nil {
		return git.Remote{}, fmt.Errorf("find the remote of %s: %w", a.task.Repository, err)
	}
	return git.Remote{URL: remote.URL, Credential: remote.Credential}, nil
}

// makeWritable opens folders that programs closed to their owner, as module
// caches do.
func makeWritable(dir string) {
	_ = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.IsDir() {
			_ = os.Chmod(path, 0o700)
		}
		return nil
	})
}
