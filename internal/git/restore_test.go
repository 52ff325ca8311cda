package git_test

import (
	"os"
	"path/filepath"
	"testing"
)

func TestRestorePutsTheWorkTreeBack(t *testing.T) {
	t.Parallel()
	origin, base := newOrigin(t, func(dir string) {
		write(t, dir, "kept.txt", "one\n")
		write(t, dir, "gone.txt", "two\n")
		write(t, dir, ".gitignore", "cache/\n")
	})
	w, tree, _ := checkout(t, origin, base)
	if err := w.LendGit(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, tree, "new.txt", "agent\n")
	write(t, tree, "kept.txt", "agent\n")
	changed := snapshot(t, w)

	// What a test run might leave behind, nested repository and all.
	write(t, tree, "kept.txt", "verified\n")
	write(t, tree, "report/out.xml", "x")
	write(t, tree, "cache/big", "x")
	sh(t, tree, "git", "init", "-q", "nested")
	if err := os.Remove(filepath.Join(tree, "gone.txt")); err != nil {
		t.Fatal(err)
	}
	if err := w.Restore(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if snapshot(t, w) != changed {
		t.Error("the snapshot differs from the tree that was restored")
	}
	for name, want := range map[string]bool{"new.txt": true, "gone.txt": true, "cache/big": true, ".git": true, "report": false, "nested": false} {
		if _, err := os.Lstat(filepath.Join(tree, name)); (err == nil) != want {
			t.Errorf("%s: is there: %t, want %t", name, err == nil, want)
		}
	}
	if err := w.RestoreExactly(t.Context(), changed); err != nil {
		t.Fatal(err)
	}
	if _, err := os.Lstat(filepath.Join(tree, "cache")); err == nil {
		t.Error("what .gitignore names is still there")
	}
	if err := w.Restore(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	if content, _ := os.ReadFile(filepath.Join(tree, "kept.txt")); string(content) != "one\n" {
		t.Errorf("the base is not back: %q", content)
	}
	if _, err := os.Lstat(filepath.Join(tree, "new.txt")); err == nil {
		t.Error("the agent's file survived the way back to the base")
	}
}

func TestRestoreKeepsWhatIsIgnoredAndRemovesWhatIsNot(t *testing.T) {
	t.Parallel()
	origin, base := newOrigin(t, func(dir string) {
		write(t, dir, "d/a", "1\n")
		write(t, dir, ".gitignore", "*.cache\nbuild/\n")
		write(t, dir, "build/tracked", "1\n")
	})
	w, tree, _ := checkout(t, origin, base)
	for _, name := range []string{"d/x.cache", "new/x.cache", "new/junk", "build/out", "closed/junk", "venv/.gitignore", "venv/lib", "other/x.cache", "other/.git/HEAD", "d/.git/HEAD"} {
		write(t, tree, name, "x\n")
	}
	write(t, tree, "venv/.gitignore", "*\n")
	write(t, tree, ".gitignore", "*\n") // by which all would stay
	chmod(t, tree, "closed", 0o500)
	remove(t, tree, "build/tracked")
	symlink(t, "a", filepath.Join(tree, "d"), "link")
	if err := w.Restore(t.Context(), base); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]bool{
		"d/a": true, "d/x.cache": true, "new/x.cache": true, "build/out": true, "build/tracked": true, "venv/lib": true,
		"new/junk": false, "closed": false, "other": false, "d/.git": false, "d/link": false,
	} {
		if _, err := os.Lstat(filepath.Join(tree, name)); (err == nil) != want {
			t.Errorf("%s: is there: %t, want %t", name, err == nil, want)
		}
	}
	if changes, err := w.Changes(t.Context(), snapshot(t, w)); err != nil || len(changes) > 0 {
		t.Errorf("changes are %+v, %v", changes, err)
	}
}

func TestRestoreExactlyEmptiesSubmodules(t *testing.T) {
	t.Parallel()
	origin, base := newOrigin(t, func(dir string) {
		write(t, dir, "a.txt", "one\n")
		write(t, dir, "lib/x", "1\n")
		lib := filepath.Join(dir, "lib")
		sh(t, lib, "git", "init", "--quiet")
		sh(t, lib, "git", "add", "--all")
		sh(t, lib, "git", "commit", "--quiet", "--message=x")
	})
	w, tree, _ := checkout(t, origin, base)
	write(t, tree, "lib/forged.go", "package lib\n")
	if err := w.RestoreExactly(t.Context(), snapshot(t, w)); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(filepath.Join(tree, "lib")); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
