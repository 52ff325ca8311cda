package worker_test

import (
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// odd is a repository that must not break the worker.
type odd struct {
	fill   func(t *testing.T, tree string)
	script string // changes something in it
}

func oddRepositories() map[string]odd {
	text := func(name, content string) func(*testing.T, string) {
		return func(t *testing.T, tree string) { writeFile(t, filepath.Join(tree, name), content) }
	}
	return map[string]odd{
		"a name with a line end":    {text("a\nb.txt", "x\n"), "printf 'y\\n' > $'a\\nb.txt'"},
		"a name with quotes":        {text("a\"b'c\\d.txt", "x\n"), `printf 'y\n' > "a\"b'c\\d.txt"`},
		"a name with a tab":         {text("a\tb.txt", "x\n"), "printf 'y\\n' > $'a\\tb.txt'"},
		"a name that is no UTF-8":   {text("a\xff\xfe.txt", "x\n"), "printf 'y\\n' > $'a\\xff\\xfe.txt'"},
		"a name that is an option":  {text("--help", "x\n"), "printf 'y\\n' > ./--help"},
		"lines that end with CRLF":  {text("a.txt", "x\r\nz\r\n"), "sed -i 's/x/y/' a.txt"},
		"no line end at the end":    {text("a.txt", "x\nz"), "printf 'x\\ny' > a.txt"},
		"content that is no UTF-8":  {text("a.txt", "\xff\xfe x\n"), "printf '\\xff\\xfe y\\n' > a.txt"},
		"a binary file":             {text("a.bin", "x\x00\x01\n"), "printf 'y\\0\\1\\2' > a.bin"},
		"a change of mode":          {text("run.sh", "#!/bin/sh\n"), "chmod +x run.sh"},
		"attributes: text and eol":  {withAttributes("* text=auto eol=crlf\n", "x\r\nz\n"), "sed -i 's/x/y/' a.txt"},
		"attributes: ident":         {withAttributes("* ident\n", "$Id$\nx\n"), "sed -i 's/x/y/' a.txt"},
		"attributes: a filter":      {withAttributes("* filter=evil diff=evil\n", "x\n"), "sed -i 's/x/y/' a.txt"},
		"attributes: an encoding":   {withAttributes("*.txt working-tree-encoding=UTF-16\n", "x\n"), "sed -i 's/x/y/' a.txt"},
		"attributes: all is binary": {withAttributes("* binary\n", "x\n"), "sed -i 's/x/y/' a.txt"},
		"a pointer of git LFS": {
			withAttributes("*.txt filter=lfs diff=lfs merge=lfs -text\n", "version https://git-lfs.github.com/spec/v1\noid sha256:"+strings.Repeat("a", 64)+"\nsize 12345\n"),
			"sed -i 's/12345/54321/' a.txt",
		},
		"a committed hook": {text(".husky/pre-commit", "#!/bin/sh\nexit 1\n"), "printf 'y\\n' > a.txt"},
		"a link out of the tree": {func(t *testing.T, tree string) {
			writeFile(t, filepath.Join(tree, "a.txt"), "x\n")
			if err := os.Symlink("/etc/passwd", filepath.Join(tree, "out")); err != nil {
				t.Fatal(err)
			}
		}, "printf 'y\\n' > a.txt"},
		"a file that becomes a folder": {text("a", "x\n"), "rm a; mkdir a; printf 'y\\n' > a/b"},
		"a file that becomes a link":   {text("a", "x\n"), "rm a; ln -s b a; printf 'y\\n' > b"},
		"a submodule": {func(t *testing.T, tree string) {
			writeFile(t, filepath.Join(tree, "a.txt"), "x\n")
			writeFile(t, filepath.Join(tree, ".gitmodules"), "[submodule \"sub\"]\n\tpath = sub\n\turl = https://example.invalid/sub\n")
			git(t, tree, "update-index", "--add", "--cacheinfo", "160000,"+strings.Repeat("1", 40)+",sub")
			if err := os.Mkdir(filepath.Join(tree, "sub"), 0o755); err != nil {
				t.Fatal(err)
			}
		}, "printf 'y\\n' > a.txt"},
		"a renamed file": {text("old.txt", strings.Repeat("line\n", 50)), "mv old.txt new.txt"},
	}
}

func withAttributes(attributes, content string) func(*testing.T, string) {
	return func(t *testing.T, tree string) {
		writeFile(t, filepath.Join(tree, ".gitattributes"), attributes)
		writeFile(t, filepath.Join(tree, "a.txt"), content)
	}
}

// TestOddRepositories proves that what the diff says is what is pushed: the patch,
// byte for byte as it is served, applied to a fresh clone gives the tree of the
// branch.
func TestOddRepositories(t *testing.T) {
	t.Parallel()
	for name, test := range oddRepositories() {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			bare := w.repositoryFrom("odd", func(tree string) { test.fill(t, tree) })
			task := w.runOne(publishJob(test.script, "odd"))
			wantOutcome(t, task, codybatch.OutcomeChanged)
			if got := appliedTree(t, w, bare, task); got != git(t, bare, "rev-parse", task.HeadCommit+"^{tree}") {
				t.Errorf("the patch gives another tree than the branch has:\n%s", w.diff(task))
			}
		})
	}
}

// appliedTree is the tree that plain "git apply" makes of a task's diff.
func appliedTree(t *testing.T, w *world, bare string, task codybatch.Task) string {
	t.Helper()
	clone := filepath.Join(t.TempDir(), "clone")
	git(t, bare, "clone", "-q", "--no-checkout", bare, clone)
	writeFile(t, filepath.Join(clone, ".git/info/attributes"), "* !text !eol !filter !ident !working-tree-encoding\n")
	git(t, clone, "checkout", "-q", "--detach", task.BaseCommit)
	patch := filepath.Join(t.TempDir(), "diff.patch")
	writeFile(t, patch, w.diff(task))
	git(t, clone, "apply", "--index", "--whitespace=nowarn", patch)
	return git(t, clone, "write-tree")
}

func TestRepositoriesWithoutAnythingToStartFrom(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		make func(t *testing.T, bare string)
		code string
	}{
		"an empty repository": {func(t *testing.T, bare string) {
			git(t, filepath.Dir(bare), "init", "-q", "--bare", bare)
		}, "empty_repository"},
		"no default branch": {func(t *testing.T, bare string) {
			git(t, filepath.Dir(bare), "init", "-q", "--bare", "-b", "main", bare)
			tree := git(t, bare, "mktree", "--missing")
			commit := git(t, bare, "commit-tree", "-m", "x", tree)
			git(t, bare, "update-ref", "refs/heads/other", commit)
		}, "no_default_branch"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			bare := filepath.Join(w.forgeRoot, "acme", "odd.git")
			if err := os.MkdirAll(filepath.Dir(bare), 0o755); err != nil {
				t.Fatal(err)
			}
			test.make(t, bare)
			task := w.runOne(publishJob("echo y > a.txt", "odd"))
			wantOutcome(t, task, codybatch.OutcomeBlocked)
			if task.Error.Code != test.code {
				t.Errorf("got %+v", task.Error)
			}
		})
	}
}

func TestLargeRepositories(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("takes seconds and 600 MB of disk")
	}

	t.Run("a file of 200 MB", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		bare := w.repositoryFrom("large", func(tree string) {
			writeFile(t, filepath.Join(tree, "a.txt"), "x\n")
			large, err := os.Create(filepath.Join(tree, "large.bin"))
			if err != nil {
				t.Fatal(err)
			}
			defer large.Close()
			if _, err := io.CopyN(large, zeros{}, 200<<20); err != nil {
				t.Fatal(err)
			}
		})
		task := w.runOne(publishJob("echo y > a.txt", "large"))
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if got := git(t, bare, "show", "cody-batch/change:a.txt"); got != "y" {
			t.Errorf("got %q", got)
		}
	})

	t.Run("a history of 10,000 commits", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		bare := w.repository("old", map[string]string{"a.txt": "x\n"})
		var stream strings.Builder
		for i := range 10_000 {
			n := strconv.Itoa(i)
			stream.WriteString("commit refs/heads/main\ncommitter A <a@b.c> " + strconv.Itoa(1_700_000_000+i) + " +0000\ndata " + strconv.Itoa(len(n)) + "\n" + n + "\n")
			if i == 0 {
				stream.WriteString("from refs/heads/main^0\n")
			}
			stream.WriteString("M 644 inline n.txt\ndata " + strconv.Itoa(len(n)) + "\n" + n + "\n")
		}
		file := filepath.Join(t.TempDir(), "stream")
		writeFile(t, file, stream.String())
		git(t, bare, "-c", "alias.load=!git fast-import --quiet < "+file, "load")
		task := w.runOne(publishJob("echo y > a.txt", "old"))
		wantOutcome(t, task, codybatch.OutcomeChanged)
		if count := git(t, bare, "rev-list", "--count", "cody-batch/change"); count != "10002" {
			t.Errorf("the branch has %s commits", count)
		}
	})
}

// zeros reads as an endless file of zeros.
type zeros struct{}

func (zeros) Read(p []byte) (int, error) {
	clear(p)
	return len(p), nil
}
