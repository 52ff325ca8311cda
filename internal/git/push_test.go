package git_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/git"
)

// changed is a workspace with one commit to push.
func changed(t *testing.T, origin, base, content string) (*git.Workspace, string) {
	t.Helper()
	w, work, _ := checkout(t, origin, base)
	write(t, work, "change", content)
	commit, err := w.Commit(t.Context(), snapshot(t, w), commitOptions())
	if err != nil {
		t.Fatal(err)
	}
	return w, commit
}

func TestPushOnlyMovesABranchThatIsWhereItWasExpected(t *testing.T) {
	t.Parallel()
	origin, base := newOrigin(t, nil)
	remote := git.Remote{URL: origin}
	w1, first := changed(t, origin, base, "1\n")
	w2, second := changed(t, origin, base, "2\n")
	ctx := t.Context()
	if err := w1.Push(ctx, remote, first, "b", ""); err != nil {
		t.Fatal(err)
	}
	if err := w1.Push(ctx, remote, first, "b", ""); err != nil {
		t.Errorf("pushing the same again: %v", err)
	}
	var rejected *git.RejectedError
	if err := w2.Push(ctx, remote, second, "b", ""); !errors.As(err, &rejected) || rejected.Reason != git.RejectedMoved || rejected.Found != first || rejected.Branch != "b" {
		t.Errorf("a branch that exists: %v", err)
	}
	if err := w2.Push(ctx, remote, second, "b", base); !errors.As(err, &rejected) || rejected.Found != first {
		t.Errorf("a branch that is elsewhere: %v", err)
	}
	if err := w2.Push(ctx, remote, second, "gone", base); !errors.As(err, &rejected) || rejected.Reason != git.RejectedMoved || rejected.Found != "" {
		t.Errorf("a branch that is gone: %v", err)
	}
	if err := w2.Push(ctx, remote, second, "b", first); err != nil {
		t.Errorf("a branch that is where it was expected: %v", err)
	}
	if head, err := git.RemoteHead(ctx, remote, "b"); err != nil || head != second {
		t.Errorf("the branch is at %s, %v", head, err)
	}
	if head, err := git.RemoteHead(ctx, remote, "none"); err != nil || head != "" {
		t.Errorf("a branch that is not there is at %q, %v", head, err)
	}
}

func TestPushGivesTheWordsOfAServerThatRefuses(t *testing.T) {
	t.Parallel()
	origin, base := newOrigin(t, nil)
	write(t, origin, "hooks/update", "#!/bin/sh\nprintf 'Branch \\033[31m%s\\033[0m is protected\\n' \"$1\" >&2\nexit 1\n")
	chmod(t, origin, "hooks/update", 0o755)
	w, commit := changed(t, origin, base, "1\n")
	err := w.Push(t.Context(), git.Remote{URL: origin}, commit, "b", "")
	var rejected *git.RejectedError
	if !errors.As(err, &rejected) || rejected.Reason != git.RejectedRefused ||
		!strings.HasPrefix(rejected.Message, "Branch refs/heads/b is protected\n") || !strings.Contains(rejected.Message, "hook declined") {
		t.Errorf("the error is %v, %+v", err, rejected)
	}
}

func TestFetchCommitTellsWhoseItIs(t *testing.T) {
	t.Parallel()
	origin, base := newOrigin(t, nil)
	w, commit := changed(t, origin, base, "1\n")
	remote := git.Remote{URL: origin}
	if err := w.Push(t.Context(), remote, commit, "b", ""); err != nil {
		t.Fatal(err)
	}
	other, _, _ := checkout(t, origin, base)
	info, err := other.FetchCommit(t.Context(), remote, commit)
	if err != nil {
		t.Fatal(err)
	}
	tree := sh(t, origin, "git", "rev-parse", commit+"^{tree}")
	if info.Tree != tree || len(info.Parents) != 1 || info.Parents[0] != base || info.CommitterEmail != "cody@example.com" ||
		info.AuthorEmail != "cody@example.com" || info.Message != "Change it\n\nfor a reason\n" {
		t.Errorf("the commit says %+v", info)
	}
	if _, err := other.FetchCommit(t.Context(), remote, strings.Repeat("1", 40)); !errors.Is(err, git.ErrNotFound) {
		t.Errorf("a commit that is not there: %v", err)
	}
}

func TestApplyIsAllOrNothing(t *testing.T) {
	t.Parallel()
	origin, base := newOrigin(t, func(dir string) { write(t, dir, "a", "1\n"); write(t, dir, "b", "1\n") })
	w, work, _ := checkout(t, origin, base)
	patch := "diff --git a/a b/a\n--- a/a\n+++ b/a\n@@ -1 +1 @@\n-1\n+2\ndiff --git a/b b/b\n--- a/b\n+++ b/b\n@@ -1 +1 @@\n-other\n+2\n"
	err := w.Apply(t.Context(), strings.NewReader(patch))
	var failed *git.Error
	if !errors.As(err, &failed) || !strings.Contains(err.Error(), "b") {
		t.Errorf("the error is %v", err)
	}
	if content, err := os.ReadFile(filepath.Join(work, "a")); err != nil || string(content) != "1\n" {
		t.Errorf("a is %q, %v", content, err)
	}
	for _, hostile := range []string{
		"diff --git a/../out b/../out\nnew file mode 100644\n--- /dev/null\n+++ b/../out\n@@ -0,0 +1 @@\n+x\n",
		"diff --git a/.git/config b/.git/config\nnew file mode 100644\n--- /dev/null\n+++ b/.git/config\n@@ -0,0 +1 @@\n+x\n",
		"diff --git a/l b/l\nnew file mode 120000\n--- /dev/null\n+++ b/l\n@@ -0,0 +1 @@\n+..\n\\ No newline at end of file\n" +
			"diff --git a/l/out b/l/out\nnew file mode 100644\n--- /dev/null\n+++ b/l/out\n@@ -0,0 +1 @@\n+x\n",
	} {
		if err := w.Apply(t.Context(), strings.NewReader(hostile)); err == nil {
			t.Errorf("this was applied:\n%s", hostile)
		}
	}
	if _, err := os.Lstat(filepath.Join(filepath.Dir(work), "out")); err == nil {
		t.Error("a patch wrote outside of the work tree")
	}
	if err := w.Apply(t.Context(), strings.NewReader("")); err != nil {
		t.Errorf("an empty patch: %v", err)
	}
}

func TestCheckoutTakesOneCommitOnly(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sh(t, dir, "git", "init", "--quiet", "--bare", "--initial-branch=main")
	var stream strings.Builder
	for i := range 2000 {
		fmt.Fprintf(&stream, "commit refs/heads/main\ncommitter A <a@example.com> %d +0000\ndata 1\nx\nM 644 inline f%d\ndata 2\n%d\n", 1_700_000_000+i, i%7, i%10)
	}
	write(t, dir, "stream", stream.String())
	sh(t, dir, "sh", "-c", "git fast-import --quiet < stream")
	head, before := sh(t, dir, "git", "rev-parse", "main"), sh(t, dir, "git", "rev-parse", "main~7")
	for _, commit := range []string{head, before} { // also one that is no branch's head any more
		w, work, gitDir := checkout(t, dir, commit)
		if err := w.LendGit(t.Context()); err != nil {
			t.Fatal(err)
		}
		if got := sh(t, work, "git", "rev-list", "HEAD"); got != commit {
			t.Errorf("the history is %q", got)
		}
		if got := sh(t, gitDir, "git", "--git-dir=.", "count-objects", "-v"); !strings.Contains(got, "in-pack: 9\n") {
			t.Errorf("objects are %s", got)
		}
		next, err := w.Commit(t.Context(), snapshot(t, w), commitOptions())
		if err != nil {
			t.Fatal(err)
		}
		if err := w.Push(t.Context(), git.Remote{URL: "file://" + dir}, next, "b-"+commit, ""); err != nil {
			t.Errorf("push on top of a shallow commit: %v", err)
		}
	}
}

func TestLongHashes(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	sh(t, dir, "git", "init", "--quiet", "--initial-branch=main", "--object-format=sha256")
	write(t, dir, "a/b", "1\n")
	sh(t, dir, "git", "add", ".")
	sh(t, dir, "git", "commit", "--quiet", "-m", "x")
	base := sh(t, dir, "git", "rev-parse", "HEAD")
	w, work, _ := checkout(t, dir, base)
	if err := w.LendGit(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, work, "a/b", "2\n")
	tree := snapshot(t, w)
	var patch bytes.Buffer
	if err := w.Diff(t.Context(), tree, &patch); err != nil {
		t.Fatal(err)
	}
	applies(t, dir, patch.Bytes(), tree, false)
	commit, err := w.Commit(t.Context(), tree, commitOptions())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Push(t.Context(), git.Remote{URL: dir}, commit, "b", ""); err != nil {
		t.Fatal(err)
	}
	sh(t, dir, "git", "fsck", "--strict")
}

func TestCheckoutSaysWhatIsWrong(t *testing.T) {
	t.Parallel()
	origin, base := newOrigin(t, nil)
	empty := t.TempDir()
	sh(t, empty, "git", "init", "--quiet", "--bare")
	gitDir, work := folders(t)
	good := git.CheckoutOptions{Remote: git.Remote{URL: origin}, Branch: "main", Commit: base, GitDir: gitDir, WorkTree: work}
	for name, test := range map[string]struct {
		spoil func(o *git.CheckoutOptions)
		want  error
	}{
		"no such repository":    {func(o *git.CheckoutOptions) { o.Remote.URL = filepath.Join(empty, "none") }, git.ErrNotFound},
		"no such commit":        {func(o *git.CheckoutOptions) { o.Commit = strings.Repeat("1", 40) }, nil},
		"empty repository":      {func(o *git.CheckoutOptions) { o.Remote.URL = empty }, git.ErrNotFound},
		"not a commit":          {func(o *git.CheckoutOptions) { o.Commit = "main" }, nil},
		"an option":             {func(o *git.CheckoutOptions) { o.Remote.URL = "--upload-pack=touch owned" }, nil},
		"another transport":     {func(o *git.CheckoutOptions) { o.Remote.URL = "ext::sh -c true" }, nil},
		"credential in address": {func(o *git.CheckoutOptions) { o.Remote.URL = "https://u:p@127.0.0.1/x" }, nil},
		"git folder inside":     {func(o *git.CheckoutOptions) { o.GitDir = filepath.Join(o.WorkTree, "x") }, nil},
		"the same folder":       {func(o *git.CheckoutOptions) { o.GitDir = o.WorkTree }, nil},
		"relative folder":       {func(o *git.CheckoutOptions) { o.GitDir = "x" }, nil},
	} {
		t.Run(strings.ReplaceAll(name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			options := good
			options.GitDir, options.WorkTree = folders(t)
			test.spoil(&options)
			_, err := git.Checkout(t.Context(), options)
			if err == nil || test.want != nil && !errors.Is(err, test.want) || strings.Contains(err.Error(), "u:p") {
				t.Errorf("the error is %v", err)
			}
		})
	}
}

func TestServerThatHandsOutHeadsOnlySaysThatTheBranchMoved(t *testing.T) {
	t.Parallel()
	origin, base := newOrigin(t, nil)
	w, next := changed(t, origin, base, "1\n")
	if err := w.Push(t.Context(), git.Remote{URL: origin}, next, "main", base); err != nil {
		t.Fatal(err)
	}
	sh(t, origin, "git", "config", "uploadpack.hideRefs", "refs/none")
	server := serve(t, filepath.Dir(origin), serveOptions{headsOnly: true})
	gitDir, work := folders(t)
	options := git.CheckoutOptions{
		Remote: git.Remote{URL: server.url + "/origin.git"}, Branch: "main", Commit: base, GitDir: gitDir, WorkTree: work,
	}
	_, err := git.Checkout(t.Context(), options)
	var moved *git.MovedError
	if !errors.As(err, &moved) || moved.Found != next || moved.Want != base {
		t.Errorf("the error is %v", err)
	}
	options.Commit = next
	options.GitDir, options.WorkTree = folders(t)
	if _, err := git.Checkout(t.Context(), options); err != nil {
		t.Errorf("the head: %v", err)
	}
}

func TestContextEndsProcessesWithItsCause(t *testing.T) {
	t.Parallel()
	origin, base := newOrigin(t, nil)
	started := filepath.Join(t.TempDir(), "started")
	if err := os.WriteFile(started, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	// A hook of the server's that waits for ever, and tells that it runs through
	// a pipe which ends only when it is dead.
	pipe := filepath.Join(t.TempDir(), "pipe")
	sh(t, "/", "mkfifo", pipe)
	write(t, origin, "hooks/pre-receive", "#!/bin/sh\nexec 9>"+pipe+"\necho here >&9\nexec tail -f /dev/null\n")
	chmod(t, origin, "hooks/pre-receive", 0o755)
	w, commit := changed(t, origin, base, "1\n")
	ctx, cancel := context.WithCancelCause(t.Context())
	cause := errors.New("a person said so")
	dead := make(chan error, 1)
	go func() {
		file, err := os.Open(pipe)
		if err != nil {
			dead <- err
			return
		}
		defer file.Close()
		if _, err := io.ReadFull(file, make([]byte, 5)); err != nil {
			dead <- err
			return
		}
		cancel(cause)
		_, err = io.Copy(io.Discard, file) // until every child is dead
		dead <- err
	}()
	if err := w.Push(ctx, git.Remote{URL: origin}, commit, "b", ""); !errors.Is(err, cause) {
		t.Errorf("the error is %v", err)
	}
	if err := <-dead; err != nil {
		t.Error(err)
	}
	for what, err := range map[string]error{
		"lend": w.LendGit(ctx),
		"diff": w.Diff(ctx, commit, io.Discard),
	} {
		if !errors.Is(err, cause) {
			t.Errorf("%s: %v", what, err)
		}
	}
	if _, err := w.Snapshot(ctx); !errors.Is(err, cause) {
		t.Errorf("snapshot: %v", err)
	}
}

func TestBlobKeepsToItsLimit(t *testing.T) {
	t.Parallel()
	origin, base := newOrigin(t, func(dir string) { symlink(t, "/etc/passwd", dir, "new\nline"); write(t, dir, "big", noise(1<<20)) })
	w, _, _ := checkout(t, origin, base)
	tree := snapshot(t, w)
	if content, err := w.Blob(t.Context(), tree, "new\nline", 100); err != nil || string(content) != "/etc/passwd" {
		t.Errorf("the target is %q, %v", content, err)
	}
	if _, err := w.Blob(t.Context(), tree, "big", 100); !errors.Is(err, git.ErrTooLarge) {
		t.Errorf("the error is %v", err)
	}
	if content, err := w.Blob(t.Context(), tree, "big", 1<<20); err != nil || len(content) != 1<<20 {
		t.Errorf("all of it: %d, %v", len(content), err)
	}
	if _, err := w.Blob(t.Context(), tree, "missing", 100); err == nil {
		t.Error("a file that is not there is fine")
	}
}

func TestDiffStopsWhenItsReaderDoes(t *testing.T) {
	t.Parallel()
	origin, base := newOrigin(t, nil)
	w, work, _ := checkout(t, origin, base)
	write(t, work, "big", strings.Repeat("line\n", 1<<20))
	full := errors.New("disk is full")
	if err := w.Diff(t.Context(), snapshot(t, w), failingWriter{full}); !errors.Is(err, full) {
		t.Errorf("the error is %v", err)
	}
}

type failingWriter struct{ err error }

func (w failingWriter) Write([]byte) (int, error) { return 0, w.err }

func TestCheckBranch(t *testing.T) {
	t.Parallel()
	for name, isValid := range map[string]bool{"cody-batch/x": true, "a..b": false, "-x": false, "a b": false, "x.lock": false, "": false, "@": true} {
		if err := git.CheckBranch(t.Context(), name); (err == nil) != isValid {
			t.Errorf("%q: %v", name, err)
		}
	}
}
