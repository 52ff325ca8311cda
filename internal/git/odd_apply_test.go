package git_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func symlink(t *testing.T, target, dir, name string) {
	t.Helper()
	if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

func remove(t testing.TB, dir, name string) {
	t.Helper()
	if err := os.RemoveAll(filepath.Join(dir, name)); err != nil {
		t.Fatal(err)
	}
}

func chmod(t *testing.T, dir, name string, mode os.FileMode) {
	t.Helper()
	if err := os.Chmod(filepath.Join(dir, name), mode); err != nil {
		t.Fatal(err)
	}
}

// noise is content that does not compress, the same every time.
func noise(size int) string {
	random := rand.NewChaCha8([32]byte{})
	content := make([]byte, size)
	_, _ = random.Read(content)
	return string(content)
}

func TestOddRepositories(t *testing.T) {
	t.Parallel()
	for _, odd := range oddRepositories() {
		t.Run(strings.ReplaceAll(odd.name, " ", "_"), func(t *testing.T) {
			t.Parallel()
			origin, base := newOrigin(t, func(dir string) { odd.fill(t, dir) })
			w, work, gitDir := checkout(t, origin, base)
			if err := w.LendGit(t.Context()); err != nil {
				t.Fatal(err)
			}
			if status := sh(t, work, "git", "status", "--porcelain"); status != "" {
				t.Errorf("a fresh work tree is not clean:\n%s", status)
			}
			if odd.change != nil {
				odd.change(t, work)
			}
			tree := snapshot(t, w)
			var patch bytes.Buffer
			if err := w.Diff(t.Context(), tree, &patch); err != nil {
				t.Fatal(err)
			}
			changes, err := w.Changes(t.Context(), tree)
			if err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, c := range changes {
				got = append(got, strings.Trim(fmt.Sprintf("%c %q", c.Status, c.Path), `"`))
			}
			if is := strings.ReplaceAll(strings.Join(got, "|"), `"`, ""); odd.want != "" && is != odd.want {
				t.Errorf("changes are\n%s\nwant\n%s", is, odd.want)
			}
			if odd.change == nil && (patch.Len() > 0 || len(changes) > 0) {
				t.Errorf("nothing was changed, but:\n%s", patch.String())
			}
			sh(t, gitDir, "git", "--git-dir=.", "fsck", "--strict", "--no-dangling", tree)
			applies(t, origin, patch.Bytes(), tree, odd.converts)
			appliesInAWorkspace(t, origin, base, patch.Bytes(), tree)
			for _, dir := range []string{work, filepath.Dir(work), gitDir, filepath.Dir(origin)} {
				if _, err := os.Lstat(filepath.Join(dir, "owned")); err == nil {
					t.Errorf("code of the repository ran in %s", dir)
				}
			}
		})
	}
}

// applies does what a person does with a downloaded patch: git apply in a fresh
// clone, and compares the tree.
func applies(t *testing.T, origin string, patch []byte, want string, converts bool) {
	t.Helper()
	clone := t.TempDir()
	sh(t, clone, "git", "clone", "--quiet", origin, ".")
	file := filepath.Join(t.TempDir(), "diff.patch")
	if err := os.WriteFile(file, patch, 0o600); err != nil {
		t.Fatal(err)
	}
	if len(patch) == 0 {
		return
	}
	if converts {
		sh(t, clone, "git", "apply", "--cached", "--whitespace=nowarn", file)
	} else {
		sh(t, clone, "git", "apply", "--whitespace=nowarn", file)
		sh(t, clone, "git", "add", "--all", "--force")
	}
	if got := sh(t, clone, "git", "write-tree"); got != want {
		t.Errorf("git apply gives another tree: %s, want %s", got, want)
	}
}

// appliesInAWorkspace is publishing: the stored patch in a fresh checkout.
func appliesInAWorkspace(t *testing.T, origin, base string, patch []byte, want string) {
	t.Helper()
	w, _, _ := checkout(t, origin, base)
	if err := w.Apply(t.Context(), bytes.NewReader(patch)); err != nil {
		t.Error(err)
		return
	}
	tree := snapshot(t, w)
	if tree != want {
		t.Errorf("Apply and Snapshot give another tree: %s, want %s", tree, want)
	}
	var again bytes.Buffer
	if err := w.Diff(t.Context(), tree, &again); err != nil || !bytes.Equal(again.Bytes(), patch) {
		t.Errorf("the patch of the applied patch differs, %v", err)
	}
}
