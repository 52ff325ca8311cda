package git_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/git"
)

// soon is a context that ends long before a test run does, and long after
// anything that does not hang.
func soon(t *testing.T) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	t.Cleanup(cancel)
	return ctx
}

func pipe(t *testing.T, dir, name string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mkfifo(path, 0o644); err != nil {
		t.Fatal(err)
	}
}

// move puts a folder elsewhere and a symbolic link in its place.
func move(t *testing.T, dir, name string) string {
	t.Helper()
	elsewhere := filepath.Join(t.TempDir(), "moved")
	if err := os.Rename(filepath.Join(dir, name), elsewhere); err != nil {
		t.Fatal(err)
	}
	symlink(t, elsewhere, dir, name)
	return elsewhere
}

// traps are what makes git wait forever, if it is let near it. The work tree
// holds a, d/b, d/c, .gitignore with "cache/", and a submodule sub.
func traps() map[string]func(t *testing.T, work string) {
	return map[string]func(t *testing.T, work string){
		"a pipe as .gitignore": func(t *testing.T, work string) {
			t.Helper()
			remove(t, work, ".gitignore")
			pipe(t, work, ".gitignore")
		},
		"a pipe as .gitattributes": func(t *testing.T, work string) {
			t.Helper()
			pipe(t, work, ".gitattributes")
			pipe(t, work, "d/.gitattributes")
		},
		"pipes in new folders": func(t *testing.T, work string) {
			t.Helper()
			pipe(t, work, "e/f/.gitignore")
			pipe(t, work, "e/f/.gitattributes")
			write(t, work, "e/f/junk", "x\n")
			pipe(t, work, "cache/.gitignore")
		},
		"links to pipes": func(t *testing.T, work string) {
			t.Helper()
			elsewhere := t.TempDir()
			pipe(t, elsewhere, "pipe")
			remove(t, work, ".gitignore")
			symlink(t, filepath.Join(elsewhere, "pipe"), work, ".gitignore")
			symlink(t, filepath.Join(elsewhere, "pipe"), work, ".gitattributes")
			symlink(t, filepath.Join(elsewhere, "pipe"), filepath.Join(work, "d"), ".gitattributes")
		},
		"a folder that is a link to pipes": func(t *testing.T, work string) {
			t.Helper()
			elsewhere := move(t, work, "d")
			pipe(t, elsewhere, ".gitignore")
			pipe(t, elsewhere, ".gitattributes")
		},
		"pipes in a repository": func(t *testing.T, work string) {
			t.Helper()
			for _, dir := range []string{"nested", "cache", "d", "sub"} {
				write(t, work, dir+"/junk", "x\n")
				sh(t, filepath.Join(work, dir), "git", "init", "-q")
				remove(t, work, dir+"/.git/HEAD")
				pipe(t, work, dir+"/.git/HEAD")
				pipe(t, work, dir+"/.git/commondir")
			}
		},
		"a repository elsewhere": func(t *testing.T, work string) {
			t.Helper()
			elsewhere := t.TempDir()
			sh(t, elsewhere, "git", "init", "-q", "--bare")
			remove(t, elsewhere, "HEAD")
			pipe(t, elsewhere, "HEAD")
			for _, dir := range []string{"nested", "cache", "d", "sub"} {
				write(t, work, dir+"/.git", "gitdir: "+elsewhere+"\n")
			}
		},
		"pipes as files and folders": func(t *testing.T, work string) {
			t.Helper()
			for _, name := range []string{"a", "d", "sub"} {
				remove(t, work, name)
				pipe(t, work, name)
			}
		},
		"a folder in the place of a file": func(t *testing.T, work string) {
			t.Helper()
			remove(t, work, "a")
			pipe(t, work, "a/.gitignore")
			sh(t, filepath.Join(work, "a"), "git", "init", "-q")
			remove(t, work, "a/.git/HEAD")
			pipe(t, work, "a/.git/HEAD")
		},
	}
}

func trapped(t *testing.T) (*git.Workspace, string, string) {
	t.Helper()
	origin, base := newOrigin(t, func(dir string) {
		write(t, dir, "a", "1\n")
		write(t, dir, "d/b", "1\n")
		write(t, dir, "d/c", "1\n")
		write(t, dir, ".gitignore", "cache/\n")
		sh(t, dir, "git", "init", "-q", "sub")
		sh(t, filepath.Join(dir, "sub"), "git", "commit", "-q", "--allow-empty", "-m", "x")
	})
	w, work, _ := checkout(t, origin, base)
	if err := w.LendGit(t.Context()); err != nil {
		t.Fatal(err)
	}
	return w, work, base
}

func TestNothingInTheWorkTreeMakesGitWait(t *testing.T) {
	t.Parallel()
	for name, set := range traps() {
		t.Run("a snapshot keeps the other changes/"+name, func(t *testing.T) {
			t.Parallel()
			w, work, _ := trapped(t)
			write(t, work, "new", "n\n")
			set(t, work)
			tree, err := w.Snapshot(soon(t))
			if err != nil {
				t.Fatal(err)
			}
			changes, err := w.Changes(soon(t), tree)
			if err != nil {
				t.Fatal(err)
			}
			if !slices.ContainsFunc(changes, func(c git.Change) bool { return c.Path == "new" && c.Status == 'A' }) {
				t.Errorf("changes are %+v", changes)
			}
		})

		t.Run("a restored tree is what it was/"+name, func(t *testing.T) {
			t.Parallel()
			w, work, base := trapped(t)
			write(t, work, "new", "n\n")
			write(t, work, "d/b", "2\n")
			changed, err := w.Snapshot(soon(t))
			if err != nil {
				t.Fatal(err)
			}
			set(t, work)
			for _, tree := range []string{changed, base, changed} {
				if err := w.Restore(soon(t), tree); err != nil {
					t.Fatal(err)
				}
			}
			again, err := w.Snapshot(soon(t))
			if err != nil {
				t.Fatal(err)
			}
			if again != changed {
				t.Errorf("the snapshot differs from the tree that was restored")
			}
			for _, dir := range []string{"nested", "e"} {
				if _, err := os.Lstat(filepath.Join(work, dir)); err == nil {
					t.Errorf("%s is still there", dir)
				}
			}
		})
	}
}
