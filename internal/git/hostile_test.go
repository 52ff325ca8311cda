package git_test

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/git"
)

// plant writes a git configuration that runs a program whenever git does
// anything that a configuration can tie a program to, and every other file that
// could bring one back in.
func plant(t *testing.T, gitDir, trap string) {
	t.Helper()
	config := fmt.Sprintf(`[core]
	fsmonitor = %[1]s
	hooksPath = %[2]s/hooks
	pager = %[1]s
	editor = %[1]s
	sshCommand = %[1]s
	gitProxy = %[1]s
	attributesFile = %[2]s/info/attributes
	worktree = /
[extensions]
	worktreeConfig = true
[filter "evil"]
	clean = %[1]s
	smudge = %[1]s
	process = %[1]s
	required = true
[diff]
	external = %[1]s
[diff "evil"]
	textconv = %[1]s
	command = %[1]s
[merge "evil"]
	driver = %[1]s
[credential]
	helper = %[1]s
[gpg]
	program = %[1]s
[commit]
	gpgSign = true
[uploadpack]
	packObjectsHook = %[1]s
[protocol "ext"]
	allow = always
[url "ext::%[1]s "]
	insteadOf = /
	pushInsteadOf = /
[pack]
	packSizeLimit = 1
`, trap, gitDir)
	for _, file := range []string{"config", "config.worktree"} {
		write(t, gitDir, file, config)
	}
	write(t, gitDir, "info/attributes", "* filter=evil diff=evil merge=evil\n")
	write(t, gitDir, "info/exclude", "*\n")
	write(t, gitDir, "info/grafts", "")
	for _, hook := range []string{
		"pre-commit", "post-checkout", "reference-transaction", "pre-push", "post-index-change", "fsmonitor-watchman", "pre-auto-gc", "pre-applypatch",
	} {
		write(t, gitDir, "hooks/"+hook, "#!/bin/sh\nexec "+trap+"\n")
		chmod(t, gitDir, "hooks/"+hook, 0o755)
	}
}

// makeTrap returns a program, and the mark that it leaves.
func makeTrap(t *testing.T) (string, string) {
	t.Helper()
	dir := t.TempDir()
	mark := filepath.Join(dir, "sprung")
	write(t, dir, "trap", "#!/bin/sh\ntouch "+mark+"\ncat\nexit 0\n")
	chmod(t, dir, "trap", 0o755)
	return filepath.Join(dir, "trap"), mark
}

// TestPlantedProgramsNeverRun plants them after the checkout, as an agent would,
// and then goes all the way to the push.
func TestPlantedProgramsNeverRun(t *testing.T) {
	t.Parallel()
	places := map[string]func(t *testing.T, work, gitDir, trap string){
		"in_the_lent_git": func(t *testing.T, work, _, trap string) {
			t.Helper()
			plant(t, filepath.Join(work, ".git"), trap)
		},
		"in_the_workers_git": func(t *testing.T, _, gitDir, trap string) {
			t.Helper()
			plant(t, gitDir, trap)
		},
		"in_a_common_folder": func(t *testing.T, work, gitDir, trap string) {
			t.Helper()
			common := filepath.Join(work, ".git")
			plant(t, common, trap)
			write(t, gitDir, "commondir", common+"\n")
			write(t, gitDir, "gitdir", common+"\n")
		},
		"through_links": func(t *testing.T, _, gitDir, trap string) {
			t.Helper()
			elsewhere := t.TempDir()
			plant(t, elsewhere, trap)
			for _, name := range []string{"config", "info", "hooks", "HEAD", "shallow"} {
				remove(t, gitDir, name)
				symlink(t, filepath.Join(elsewhere, name), gitDir, name)
			}
			t.Cleanup(func() {
				if content, err := os.ReadFile(filepath.Join(elsewhere, "info", "attributes")); err != nil || !strings.Contains(string(content), "evil") {
					t.Errorf("a file behind a link was written: %q, %v", content, err)
				}
			})
		},
		"in_a_submodule": func(t *testing.T, work, _, trap string) {
			t.Helper()
			sh(t, work, "git", "init", "--quiet", "sub")
			write(t, work, "sub/x", "x\n")
			sh(t, filepath.Join(work, "sub"), "git", "add", ".")
			sh(t, filepath.Join(work, "sub"), "git", "commit", "--quiet", "-m", "x")
			plant(t, filepath.Join(work, "sub", ".git"), trap)
		},
		"as_a_file": func(t *testing.T, work, _, trap string) {
			t.Helper()
			elsewhere := t.TempDir()
			sh(t, elsewhere, "git", "init", "--quiet", "--bare")
			plant(t, elsewhere, trap)
			remove(t, work, ".git")
			write(t, work, ".git", "gitdir: "+elsewhere+"\n")
		},
	}
	for name, place := range places {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			origin, base := newOrigin(t, func(dir string) {
				write(t, dir, "a", "1\n")
				write(t, dir, ".gitattributes", "* filter=evil diff=evil merge=evil\n")
				sh(t, dir, "git", "init", "--quiet", "sub")
				sh(t, filepath.Join(dir, "sub"), "git", "commit", "--quiet", "--allow-empty", "-m", "x")
			})
			w, work, gitDir := checkout(t, origin, base)
			if err := w.LendGit(t.Context()); err != nil {
				t.Fatal(err)
			}
			trap, mark := makeTrap(t)
			place(t, work, gitDir, trap)
			write(t, work, "a", "2\n")
			write(t, work, "b", "new\n")

			tree := snapshot(t, w)
			var patch bytes.Buffer
			if err := w.Diff(t.Context(), tree, &patch); err != nil {
				t.Fatal(err)
			}
			if changes, err := w.Changes(t.Context(), tree); err != nil || len(changes) != 2 {
				t.Errorf("changes are %+v, %v", changes, err)
			}
			if content, err := w.Blob(t.Context(), tree, "b", 100); err != nil || string(content) != "new\n" {
				t.Errorf("blob is %q, %v", content, err)
			}
			commit, err := w.Commit(t.Context(), tree, commitOptions())
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Push(t.Context(), git.Remote{URL: origin}, commit, "change", ""); err != nil {
				t.Fatal(err)
			}
			if _, err := w.FetchCommit(t.Context(), git.Remote{URL: origin}, commit); err != nil {
				t.Fatal(err)
			}
			if _, err := os.Lstat(mark); err == nil {
				t.Error("a planted program ran")
			}
			if !strings.Contains(patch.String(), "+++ b/b\n") {
				t.Errorf("the patch is\n%s", patch.String())
			}
		})
	}
}

func TestWhatTheAgentDoesToGitDoesNotMatter(t *testing.T) {
	t.Parallel()
	tricks := map[string]func(t *testing.T, work, gitDir string){
		"deletes_the_lent_git": func(t *testing.T, work, _ string) { t.Helper(); remove(t, work, ".git") },
		"commits_everything": func(t *testing.T, work, _ string) {
			t.Helper()
			sh(t, work, "git", "add", "--all")
			sh(t, work, "git", "commit", "--quiet", "-m", "mine")
		},
		"hides_changes_in_the_lent_index": func(t *testing.T, work, _ string) {
			t.Helper()
			sh(t, work, "git", "update-index", "--assume-unchanged", "a")
			sh(t, work, "git", "update-index", "--skip-worktree", "a")
		},
		"hides_changes_in_the_workers_index": func(t *testing.T, work, gitDir string) {
			t.Helper()
			sh(t, work, "git", "--git-dir="+gitDir, "add", "--all")
			sh(t, work, "git", "--git-dir="+gitDir, "update-index", "--assume-unchanged", "a")
		},
		"removes_the_workers_index": func(t *testing.T, _, gitDir string) { t.Helper(); remove(t, gitDir, "index") },
		"breaks_the_workers_index":  func(t *testing.T, _, gitDir string) { t.Helper(); write(t, gitDir, "index", "DIRC\x00") },
		"links_the_workers_index": func(t *testing.T, work, gitDir string) {
			t.Helper()
			remove(t, gitDir, "index")
			symlink(t, filepath.Join(work, ".git", "index"), gitDir, "index")
		},
		"leaves_locks_and_references": func(t *testing.T, _, gitDir string) {
			t.Helper()
			write(t, gitDir, "index.lock", "")
			write(t, gitDir, "HEAD.lock", "")
			write(t, gitDir, "HEAD", "ref: refs/heads/evil\n")
			write(t, gitDir, "packed-refs", "nonsense\n")
			write(t, gitDir, "shallow", "nonsense\n")
			write(t, gitDir, "objects/info/alternates", "/nowhere\n")
		},
	}
	for name, trick := range tricks {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			origin, base := newOrigin(t, func(dir string) { write(t, dir, "a", "1\n"); write(t, dir, "same", "s\n") })
			w, work, gitDir := checkout(t, origin, base)
			if err := w.LendGit(t.Context()); err != nil {
				t.Fatal(err)
			}
			write(t, work, "a", "2\n")
			write(t, work, "new", "n\n")
			trick(t, work, gitDir)
			tree := snapshot(t, w)
			changes, err := w.Changes(t.Context(), tree)
			if err != nil {
				t.Fatal(err)
			}
			paths := make([]string, len(changes))
			for i, c := range changes {
				paths[i] = c.Path
			}
			if !slices.Equal(paths, []string{"a", "new"}) {
				t.Errorf("changed are %q", paths)
			}
			commit, err := w.Commit(t.Context(), tree, commitOptions())
			if err != nil {
				t.Fatal(err)
			}
			if err := w.Push(t.Context(), git.Remote{URL: origin}, commit, "change", ""); err != nil {
				t.Fatal(err)
			}
		})
	}
}

// TestChangesOfTheSameSizeAtTheSameTimeAreSeen sets the times back that a lazy
// comparison with an earlier snapshot trusts.
func TestChangesOfTheSameSizeAtTheSameTimeAreSeen(t *testing.T) {
	t.Parallel()
	origin, base := newOrigin(t, func(dir string) { write(t, dir, "a", "1\n") })
	w, work, _ := checkout(t, origin, base)
	path := filepath.Join(work, "a")
	old := time.Now().Add(-time.Hour)
	setBack := func() {
		t.Helper()
		if err := os.Chtimes(path, old, old); err != nil {
			t.Fatal(err)
		}
	}
	setBack()
	snapshot(t, w)
	write(t, work, "a", "2\n")
	setBack()
	changes, err := w.Changes(t.Context(), snapshot(t, w))
	if err != nil || len(changes) != 1 {
		t.Errorf("changes are %+v, %v", changes, err)
	}
}

func TestLentGitIsGoodForReading(t *testing.T) {
	t.Parallel()
	origin, base := newOrigin(t, func(dir string) { write(t, dir, "a", "1\n"); write(t, dir, "b/c", "2\n") })
	w, work, gitDir := checkout(t, origin, base)
	for range 2 { // lending twice is fine
		if err := w.LendGit(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if got := sh(t, work, "git", "log", "--format=%H %s"); got != base+" start" {
		t.Errorf("log is %q", got)
	}
	if got := sh(t, work, "git", "ls-files"); got != "a\nb/c" {
		t.Errorf("files are %q", got)
	}
	if got := sh(t, work, "git", "branch", "--show-current"); got != "main" {
		t.Errorf("branch is %q", got)
	}
	sh(t, work, "git", "mv", "a", "moved")
	if got := sh(t, work, "git", "status", "--short"); got != "R  a -> moved" {
		t.Errorf("status is %q", got)
	}
	if changes, err := w.Changes(t.Context(), snapshot(t, w)); err != nil || len(changes) != 1 || changes[0].Status != 'R' || changes[0].OldPath != "a" {
		t.Errorf("changes are %+v, %v", changes, err)
	}
	objects, err := filepath.Glob(filepath.Join(work, ".git", "objects", "??", "*"))
	if err != nil || len(objects) > 0 {
		t.Errorf("objects were copied: %q, %v", objects, err)
	}
	if remotes := sh(t, work, "git", "config", "--list"); strings.Contains(remotes, origin) || strings.Contains(remotes, gitDir) {
		t.Errorf("the lent configuration tells more than it must:\n%s", remotes)
	}
}
