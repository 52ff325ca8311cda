package git_test

import (
	"bytes"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/git"
)

// sh runs a command of a test's own, with a user's kind of environment but none
// of the user's configuration, and returns what it prints.
func sh(t testing.TB, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C",
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.com", "GIT_AUTHOR_DATE=2026-01-02T03:04:05Z",
		"GIT_COMMITTER_NAME=Ann", "GIT_COMMITTER_EMAIL=ann@example.com", "GIT_COMMITTER_DATE=2026-01-02T03:04:05Z",
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s%s", name, args, err, out, stderr.String())
	}
	return strings.TrimRight(string(out), "\n")
}

// write makes a file, and the folders that it is in.
func write(t testing.TB, dir, name, content string) {
	t.Helper()
	path := filepath.Join(dir, name)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// newOrigin makes a bare repository with one commit on main, of the files that
// fill writes, their very bytes. It returns where it is and the commit.
func newOrigin(t testing.TB, fill func(dir string)) (string, string) {
	t.Helper()
	dir := t.TempDir()
	source, origin := filepath.Join(dir, "source"), filepath.Join(dir, "origin.git")
	for _, folder := range []string{source, filepath.Join(origin, "objects"), filepath.Join(origin, "refs")} {
		if err := os.MkdirAll(folder, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	write(t, origin, "HEAD", "ref: refs/heads/main\n")
	write(t, origin, "config", "[core]\n\trepositoryFormatVersion = 0\n")
	if fill == nil {
		fill = func(dir string) { write(t, dir, "README.md", "hello\n") }
	}
	fill(source)
	write(t, origin, "info/attributes", "* !text !eol !filter !ident !working-tree-encoding\n")
	sh(t, source, "git", "--git-dir="+origin, "--work-tree=.", "add", "--all", "--force")
	sh(t, source, "git", "--git-dir="+origin, "--work-tree=.", "commit", "--quiet", "--allow-empty", "--message=start")
	head, err := os.ReadFile(filepath.Join(origin, "refs", "heads", "main"))
	if err != nil {
		t.Fatal(err)
	}
	remove(t, origin, "info")
	write(t, origin, "config", "[core]\n\trepositoryFormatVersion = 0\n\tbare = true\n")
	return origin, strings.TrimSpace(string(head))
}

// folders are where a workspace goes: its git folder and its work tree.
func folders(t testing.TB) (string, string) {
	t.Helper()
	dir := t.TempDir()
	return filepath.Join(dir, "git"), filepath.Join(dir, "work")
}

func checkout(t testing.TB, origin, commit string) (*git.Workspace, string, string) {
	t.Helper()
	gitDir, workTree := folders(t)
	w, err := git.Checkout(t.Context(), git.CheckoutOptions{
		Remote: git.Remote{URL: origin}, Branch: "main", Commit: commit, GitDir: gitDir, WorkTree: workTree,
	})
	if err != nil {
		t.Fatal(err)
	}
	return w, workTree, gitDir
}

func snapshot(t testing.TB, w *git.Workspace) string {
	t.Helper()
	tree, err := w.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return tree
}

func commitOptions() git.CommitOptions {
	return git.CommitOptions{
		Message: "Change it\n\nfor a reason", AuthorName: "Cody Batch", AuthorEmail: "cody@example.com",
		Time: time.Date(2026, 5, 6, 7, 8, 9, 10, time.FixedZone("", 3600)),
	}
}

func TestWorkspaceFromCheckoutToPush(t *testing.T) {
	t.Parallel()
	origin, base := newOrigin(t, nil)
	w, work, _ := checkout(t, origin, base)
	write(t, work, "README.md", "hello, world\n")
	write(t, work, "sub/new.txt", "new\n")
	tree := snapshot(t, w)

	var patch bytes.Buffer
	if err := w.Diff(t.Context(), tree, &patch); err != nil {
		t.Fatal(err)
	}
	changes, err := w.Changes(t.Context(), tree)
	if err != nil {
		t.Fatal(err)
	}
	want := []git.Change{
		{Path: "README.md", OldMode: git.ModeFile, NewMode: git.ModeFile, Status: 'M', Additions: 1, Deletions: 1},
		{Path: "sub/new.txt", NewMode: git.ModeFile, Status: 'A', Additions: 1},
	}
	if len(changes) != 2 || changes[0] != want[0] || changes[1] != want[1] {
		t.Errorf("changes are %+v, want %+v", changes, want)
	}

	commit, err := w.Commit(t.Context(), tree, commitOptions())
	if err != nil {
		t.Fatal(err)
	}
	if again, err := w.Commit(t.Context(), tree, commitOptions()); err != nil || again != commit {
		t.Errorf("the same input gives %s and %s, %v", commit, again, err)
	}
	if err := w.Push(t.Context(), git.Remote{URL: origin}, commit, "cody/change", ""); err != nil {
		t.Fatal(err)
	}
	if head := sh(t, origin, "git", "rev-parse", "cody/change"); head != commit {
		t.Errorf("the branch is at %s, want %s", head, commit)
	}
	sh(t, origin, "git", "fsck", "--strict")
	if got := sh(t, origin, "git", "log", "-1", "--format=%an|%ae|%cn|%ce|%aI|%P|%B", commit); got !=
		"Cody Batch|cody@example.com|Cody Batch|cody@example.com|2026-05-06T06:08:09+00:00|"+base+"|Change it\n\nfor a reason" {
		t.Errorf("the commit is %q", got)
	}
	if got := sh(t, origin, "git", "diff", "--binary", "--full-index", base, commit) + "\n"; got != patch.String() {
		t.Errorf("the patch is\n%s\nbut git says\n%s", patch.String(), got)
	}
}
