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

// Restore makes the work tree what a tree or commit says: changed files are
// written again, untracked ones removed, but for those that .gitignore names.
// The lent .git stays as it is, and so do the folders of submodules.
//
// The work tree is walked by this package, as for Snapshot: "git read-tree -u" and
// "git clean" look into every repository that somebody made in there, follow
// folders that became links, and wait for ever for a pipe that is called HEAD.
func (w *Workspace) Restore(ctx context.Context, tree string) error {
	return w.restoreTo(ctx, tree, false)
}

// RestoreExactly is Restore without exceptions: what .gitignore names is removed,
// too, so that the work tree holds what a fresh clone of the tree would.
func (w *Workspace) RestoreExactly(ctx context.Context, tree string) error {
	return w.restoreTo(ctx, tree, true)
}

func (w *Workspace) restoreTo(ctx context.Context, tree string, exactly bool) error {
	if !isObjectID(tree) {
		return fmt.Errorf("restore: %q is not an object id", tree)
	}
	idx, err := w.switchIndex(ctx, tree)
	if err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	r := restore{ctx: ctx, top: w.workTree, exactly: exactly, idx: idx, intact: make([]bool, len(idx.entries)), ignorer: &ignorer{w: w}}
	if err := r.clear(""); err != nil {
		return fmt.Errorf("restore: remove what was changed: %w", err)
	}
	if err := w.writeFiles(ctx, r.missing()); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	// Only now, because the .gitignore files may have been changed, too.
	err = r.clean("")
	if closed := r.ignorer.close(); err == nil {
		err = closed
	}
	if err != nil {
		return fmt.Errorf("restore: remove what was added: %w", err)
	}
	return nil
}

// switchIndex makes the index that of a tree, without a look at the work tree.
func (w *Workspace) switchIndex(ctx context.Context, tree string) (index, error) {
	before, err := w.readIndex(ctx)
	if err != nil {
		return index{}, err
	}
	if err := w.run(ctx, process{workTree: w.gitDir, args: []string{"read-tree", "--reset", tree}}); err != nil {
		return index{}, err
	}
	if err := w.trustIndex(); err != nil {
		return index{}, err
	}
	idx, err := w.readIndex(ctx)
	// Entries that both have are as old as the former index says.
	idx.written = before.written
	return idx, err
}

// writeFiles writes paths of the index that are not there.
func (w *Workspace) writeFiles(ctx context.Context, paths []string) error {
	if len(paths) == 0 {
		return nil
	}
	err := w.run(ctx, process{
		args:  []string{"checkout-index", "--force", "--index", "-z", "--stdin"},
		stdin: strings.NewReader(strings.Join(paths, "\x00") + "\x00"),
	})
	if err != nil {
		return err
	}
	return w.trustIndex()
}

// restore is two walks over the work tree.
type restore struct {
	ctx     context.Context //nolint:containedctx // lives as long as the walks
	top     string
	exactly bool // ignored files go as well
	idx     index
	intact  []bool // of the entries of idx, those that the work tree has
	ignorer *ignorer
}

// clear removes what differs from the index or is in the way of what it holds;
// dir is "" or ends in "/". Folders that the index knows nothing of are not
// looked into.
func (r *restore) clear(dir string) error {
	return r.each(dir, func(path string, e fs.DirEntry) error {
		i, isKnown := r.idx.search(path)
		switch {
		case r.idx.holdsBelow(path + "/"):
			if e.IsDir() {
				return r.clear(path + "/")
			}
		case !isKnown:
			return nil
		case r.idx.entries[i].mode == ModeSubmodule:
			if r.intact[i] = e.IsDir(); r.intact[i] && r.exactly {
				return emptyFolder(filepath.Join(r.top, path)) // as in a clone that fetched no submodule
			}
			if r.intact[i] {
				return nil
			}
		case e.Type().IsRegular() || e.Type() == fs.ModeSymlink:
			info, err := e.Info()
			if err != nil {
				return err
			}
			if r.intact[i] = r.idx.untouched(r.idx.entries[i], entry{mode: modeOf(info), seen: statOf(info)}); r.intact[i] {
				return nil
			}
		}
		return removeAll(filepath.Join(r.top, path))
	})
}

func emptyFolder(path string) error {
	if err := removeAll(path); err != nil {
		return err
	}
	return os.Mkdir(path, 0o700)
}

// missing lists what clear has found to be absent, or removed.
func (r *restore) missing() []string {
	var paths []string
	for i, isIntact := range r.intact {
		if !isIntact {
			paths = append(paths, r.idx.entries[i].path)
		}
	}
	return paths
}

// clean removes what neither the index nor .gitignore knows. A folder goes if
// nothing in it stays.
func (r *restore) clean(dir string) error {
	return r.each(dir, func(path string, e fs.DirEntry) error {
		if _, isKnown := r.idx.search(path); isKnown {
			return nil
		}
		if r.idx.holdsBelow(path + "/") {
			return r.clean(path + "/")
		}
		full := filepath.Join(r.top, path)
		if IsDotGit(e.Name()) {
			return removeAll(full)
		}
		if r.exactly {
			return removeAll(full)
		}
		if ignored, err := r.ignorer.ignored(r.ctx, path); err != nil || ignored {
			return err
		}
		if _, err := os.Lstat(filepath.Join(full, ".git")); err == nil || !e.IsDir() {
			return removeAll(full) // a repository goes with all that it holds
		}
		if err := r.clean(path + "/"); err != nil {
			return err
		}
		if rest, err := os.ReadDir(full); err != nil || len(rest) > 0 {
			return err
		}
		return removeAll(full)
	})
}

// each visits what a folder holds, but for the lent .git.
func (r *restore) each(dir string, visit func(path string, e fs.DirEntry) error) error {
	if r.ctx.Err() != nil {
		return context.Cause(r.ctx)
	}
	full := filepath.Join(r.top, dir)
	entries, err := readFolder(full)
	if err != nil {
		return err
	}
	if err := disarm(full, entries); err != nil {
		return err
	}
	for _, e := range entries {
		if dir == "" && e.Name() == ".git" {
			continue
		}
		if err := visit(dir+e.Name(), e); err != nil {
			return err
		}
	}
	return nil
}

// removeAll removes a file or folder, whatever modes folders were left with.
func removeAll(path string) error {
	err := os.RemoveAll(path)
	if !errors.Is(err, fs.ErrPermission) {
		return err
	}
	_ = os.Chmod(filepath.Dir(path), 0o700) //nolint:gosec // a folder
	_ = filepath.WalkDir(path, func(inner string, e fs.DirEntry, err error) error {
		if err == nil && e.IsDir() {
			_ = os.Chmod(inner, 0o700) //nolint:gosec // a folder
		}
		return nil
	})
	return os.RemoveAll(path)
}
