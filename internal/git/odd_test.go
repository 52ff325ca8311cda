package git_test

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

// oddRepository is a repository that must not break a worker, and a change that
// an agent may make to it.
type oddRepository struct {
	name   string
	fill   func(t *testing.T, dir string)
	change func(t *testing.T, dir string)
	want   string // "status path" of each change, separated by "|", as %q
	// converts: a user's own git would not store the very bytes (attributes), so
	// the patch is compared in the index only.
	converts bool
}

const sevenLines = "one\ntwo\nthree\nfour\nfive\nsix\nseven\n"

func oddRepositories() []oddRepository {
	hostileNames := []string{
		"new\nline", "tab\there", `quo"te`, `back\slash`, "\xff\xfe not utf-8", " lead and trail ", "-dash", ":(top)colon", "*star?[x]", "#hash", "!bang", "ünïcödé", "a -> b", "=>", "{x => y}",
	}
	return []oddRepository{
		{
			name: "nothing changes",
			fill: func(t *testing.T, dir string) { t.Helper(); write(t, dir, "a/b/c", "c\n"); symlink(t, "a", dir, "l") },
		},
		{
			name: "only an empty tree", fill: func(*testing.T, string) {},
			change: func(t *testing.T, dir string) { t.Helper(); write(t, dir, "first", "1\n") },
			want:   `A first`,
		},
		{
			name:   "everything is deleted",
			fill:   func(t *testing.T, dir string) { t.Helper(); write(t, dir, "a", "1\n"); write(t, dir, "b/c", "2\n") },
			change: func(t *testing.T, dir string) { t.Helper(); remove(t, dir, "a"); remove(t, dir, "b") },
			want:   `D a|D b/c`,
		},
		{
			name: "hostile names",
			fill: func(t *testing.T, dir string) {
				t.Helper()
				for _, name := range hostileNames {
					write(t, dir, "d"+name+"/"+name, "old\n")
				}
			},
			change: func(t *testing.T, dir string) {
				t.Helper()
				for i, name := range hostileNames {
					write(t, dir, "d"+name+"/"+name, fmt.Sprintf("new %d\n", i))
					write(t, dir, name, fmt.Sprintf("added %d\n", i))
				}
			},
		},
		{
			name: "line ends",
			fill: func(t *testing.T, dir string) {
				t.Helper()
				write(t, dir, "dos", "a\r\nb\r\n")
				write(t, dir, "mixed", "a\r\nb\n")
			},
			change: func(t *testing.T, dir string) {
				t.Helper()
				write(t, dir, "dos", "a\r\nB\r\n")
				write(t, dir, "mixed", "a\nb")
			},
			want: `M dos|M mixed`,
		},
		{
			name: "modes",
			fill: func(t *testing.T, dir string) {
				t.Helper()
				write(t, dir, "plain", "x\n")
				write(t, dir, "run", "#!/bin/sh\n")
				chmod(t, dir, "run", 0o755)
				write(t, dir, "closed", "x\n")
			},
			change: func(t *testing.T, dir string) {
				t.Helper()
				chmod(t, dir, "plain", 0o755)
				chmod(t, dir, "run", 0o644)
				chmod(t, dir, "closed", 0o000)
				write(t, dir, "new", "#!/bin/sh\n")
				chmod(t, dir, "new", 0o700)
			},
			want: `A new|M plain|M run`,
		},
		{
			name: "links out of the tree",
			fill: func(t *testing.T, dir string) {
				t.Helper()
				symlink(t, "/etc/passwd", dir, "out")
				symlink(t, "../../..", dir, "up")
				symlink(t, "nowhere", dir, "dangling")
				write(t, dir, "file", "x\n")
			},
			change: func(t *testing.T, dir string) {
				t.Helper()
				remove(t, dir, "out")
				symlink(t, "/etc/shadow", dir, "out")
				symlink(t, "/", dir, "root")
			},
			want: `M out|A root`,
		},
		{
			name: "files, links and folders change places",
			fill: func(t *testing.T, dir string) {
				t.Helper()
				write(t, dir, "file-to-link", sevenLines)
				symlink(t, "file-to-link", dir, "link-to-file")
				write(t, dir, "file-to-folder", sevenLines)
				write(t, dir, "folder-to-file/x", sevenLines)
				write(t, dir, "folder-to-link/x", "y\n")
				symlink(t, "folder-to-link", dir, "link-to-folder")
			},
			change: func(t *testing.T, dir string) {
				t.Helper()
				for _, name := range []string{"file-to-link", "link-to-file", "file-to-folder", "folder-to-file", "folder-to-link", "link-to-folder"} {
					remove(t, dir, name)
				}
				symlink(t, "elsewhere", dir, "file-to-link")
				write(t, dir, "link-to-file", "now a file\n")
				write(t, dir, "file-to-folder/y", "other\n")
				write(t, dir, "folder-to-file", "flat\n")
				symlink(t, "..", dir, "folder-to-link")
				write(t, dir, "link-to-folder/x", "new\n")
			},
		},
		{
			name: "a file moves below its own name",
			fill: func(t *testing.T, dir string) {
				t.Helper()
				write(t, dir, "a", sevenLines)
				write(t, dir, "b/c", sevenLines+"8\n")
			},
			change: func(t *testing.T, dir string) {
				t.Helper()
				remove(t, dir, "a")
				write(t, dir, "a/a", sevenLines)
				remove(t, dir, "b")
				write(t, dir, "b", sevenLines+"8\n")
			},
		},
		{
			name: "renames",
			fill: func(t *testing.T, dir string) {
				t.Helper()
				write(t, dir, "old \"name\"", sevenLines)
				write(t, dir, "keep", "x\n")
			},
			change: func(t *testing.T, dir string) {
				t.Helper()
				remove(t, dir, "old \"name\"")
				write(t, dir, "sub/new\tname", sevenLines+"eight\n")
			},
			want: `R sub/new\tname`,
		},
		{
			name: "no line end at the end, and no content",
			fill: func(t *testing.T, dir string) {
				t.Helper()
				write(t, dir, "none", "a")
				write(t, dir, "empty", "")
				write(t, dir, "gone", "")
			},
			change: func(t *testing.T, dir string) {
				t.Helper()
				write(t, dir, "none", "b")
				write(t, dir, "empty", "a\n")
				remove(t, dir, "gone")
				write(t, dir, "void", "")
			},
		},
		{
			name: "white space and lines that look like a patch",
			fill: func(t *testing.T, dir string) { t.Helper(); write(t, dir, "a", "x \n\t \n-- \ndiff --git a/a b/a\n") },
			change: func(t *testing.T, dir string) {
				t.Helper()
				write(t, dir, "a", "x  \t\n \t\n--- a/a\n+++ b/a\n@@ -1 +1 @@\ndiff --git a/b b/b\n\n\n\n")
			},
			want: `M a`,
		},
		{
			name: "binary",
			fill: func(t *testing.T, dir string) {
				t.Helper()
				write(t, dir, "bin", "\x00\x01"+noise(5000))
				write(t, dir, "gone", "\x00")
			},
			change: func(t *testing.T, dir string) {
				t.Helper()
				write(t, dir, "bin", "\x00\x02"+noise(5001))
				remove(t, dir, "gone")
				write(t, dir, "new", "\x00\xff")
			},
			want: `M bin|D gone|A new`,
		},
		{
			name: "a submodule",
			fill: func(t *testing.T, dir string) {
				t.Helper()
				write(t, dir, ".gitmodules", "[submodule \"sub\"]\n\tpath = sub\n\turl = ext::sh -c touch%20owned\n")
				sh(t, dir, "git", "init", "--quiet", "sub")
				sh(t, filepath.Join(dir, "sub"), "git", "commit", "--quiet", "--allow-empty", "-m", "x")
				write(t, dir, "a", "1\n")
			},
			change: func(t *testing.T, dir string) { t.Helper(); write(t, dir, "a", "2\n") },
			want:   `M a`,
		},
		{
			name: "a submodule goes",
			fill: func(t *testing.T, dir string) {
				t.Helper()
				sh(t, dir, "git", "init", "--quiet", "sub")
				sh(t, filepath.Join(dir, "sub"), "git", "commit", "--quiet", "--allow-empty", "-m", "x")
				write(t, dir, "a", "1\n")
			},
			change: func(t *testing.T, dir string) { t.Helper(); remove(t, dir, "sub") },
			want:   `D sub`,
		},
		{
			name: "attributes", converts: true,
			fill: func(t *testing.T, dir string) {
				t.Helper()
				write(t, dir, ".gitattributes", "*.lfs filter=lfs diff=lfs merge=lfs -text\n*.auto text=auto\n*.crlf text eol=crlf\n"+
					"*.u16 working-tree-encoding=UTF-16\n*.id ident\n*.bin binary\n*.nodiff -diff\nhidden export-ignore\n*.evil filter=evil diff=evil\n")
				write(t, dir, "a.lfs", "version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n")
				write(t, dir, "a.auto", "dos\r\nline\r\n")
				write(t, dir, "a.crlf", "unix\nline\n")
				write(t, dir, "a.u16", "plain text\n")
				write(t, dir, "a.id", "$Id: abc $\nx\n")
				write(t, dir, "a.bin", "text\n")
				write(t, dir, "a.nodiff", "text\n")
				write(t, dir, "hidden", "x\n")
				write(t, dir, "a.evil", "x\n")
			},
			change: func(t *testing.T, dir string) {
				t.Helper()
				for _, name := range []string{"lfs", "auto", "crlf", "u16", "id", "bin", "nodiff", "evil"} {
					path := filepath.Join(dir, "a."+name)
					content, err := os.ReadFile(path)
					if err != nil {
						t.Fatal(err)
					}
					write(t, dir, "a."+name, string(content)+"more\r\nlines\n")
				}
				write(t, dir, ".gitattributes", "* text eol=crlf working-tree-encoding=UTF-32 filter=evil\n")
			},
		},
		{
			name: "committed hooks",
			fill: func(t *testing.T, dir string) {
				t.Helper()
				for _, hook := range []string{"pre-commit", "post-checkout", "reference-transaction", "pre-push", "post-index-change"} {
					write(t, dir, "hooks/"+hook, "#!/bin/sh\ntouch ../owned; exit 1\n")
					chmod(t, dir, "hooks/"+hook, 0o755)
				}
			},
			change: func(t *testing.T, dir string) { t.Helper(); write(t, dir, "a", "1\n") },
			want:   `A a`,
		},
		{
			name: "ignored files",
			fill: func(t *testing.T, dir string) {
				t.Helper()
				write(t, dir, ".gitignore", "*.log\n/build/\n!keep.log\nnode_modules\n")
				write(t, dir, "tracked.log", "1\n")
				write(t, dir, "build/tracked", "1\n")
			},
			change: func(t *testing.T, dir string) {
				t.Helper()
				write(t, dir, "tracked.log", "2\n")
				write(t, dir, "build/tracked", "2\n")
				write(t, dir, "build/new", "x\n")
				write(t, dir, "new.log", "x\n")
				write(t, dir, "keep.log", "x\n")
				write(t, dir, "sub/.gitignore", "/only-here\n")
				write(t, dir, "sub/only-here", "x\n")
				write(t, dir, "sub/not-here/only-here", "x\n")
				write(t, dir, "node_modules/x/y", "x\n")
				write(t, dir, "deep/er/node_modules/x", "x\n")
			},
			want: `M build/tracked|A keep.log|A sub/.gitignore|A sub/not-here/only-here|M tracked.log`,
		},
		{
			name: "a repository inside",
			fill: func(t *testing.T, dir string) { t.Helper(); write(t, dir, "a", "1\n") },
			change: func(t *testing.T, dir string) {
				t.Helper()
				sh(t, dir, "git", "init", "--quiet", "nested")
				write(t, dir, "nested/file", "x\n")
				sh(t, dir, "git", "init", "--quiet", "with-commit")
				write(t, dir, "with-commit/file", "x\n")
				sh(t, filepath.Join(dir, "with-commit"), "git", "add", ".")
				sh(t, filepath.Join(dir, "with-commit"), "git", "commit", "--quiet", "-m", "x")
				write(t, dir, "odd/.GIT/config", "x\n")
				write(t, dir, "odd/git~1", "x\n")
				write(t, dir, "odd/.gi\u200ct", "x\n")
				write(t, dir, "odd/.git. ", "x\n")
			},
			want: `A nested/file|A with-commit/file`,
		},
		{
			name: "pipes and empty folders",
			fill: func(t *testing.T, dir string) { t.Helper(); write(t, dir, "a", "1\n") },
			change: func(t *testing.T, dir string) {
				t.Helper()
				if err := os.Mkdir(filepath.Join(dir, "empty"), 0o000); err != nil {
					t.Fatal(err)
				}
				remove(t, dir, "a")
				for _, name := range []string{"a", "pipe"} {
					if err := syscall.Mkfifo(filepath.Join(dir, name), 0o644); err != nil {
						t.Fatal(err)
					}
				}
			},
			want: `D a`,
		},
		{
			name: "a big file",
			fill: func(t *testing.T, dir string) {
				t.Helper()
				write(t, dir, "big", noise(30<<20))
				write(t, dir, "a", "1\n")
			},
			change: func(t *testing.T, dir string) {
				t.Helper()
				write(t, dir, "a", "2\n")
				write(t, dir, "text", strings.Repeat("a line of some length, and then another\n", 100_000))
			},
			want: `M a|A text`,
		},
	}
}
