package git_test

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/git"
)

// BenchmarkCheckoutToPush is a worker's way through git with a small change in a
// repository of 100 files.
func BenchmarkCheckoutToPush(b *testing.B) {
	origin, base := newOrigin(b, func(dir string) {
		for i := range 100 {
			write(b, dir, fmt.Sprintf("d%d/f%d", i%10, i), sevenLines)
		}
	})
	remote := git.Remote{URL: origin}
	dir := b.TempDir()
	for i := 0; b.Loop(); i++ {
		at := filepath.Join(dir, fmt.Sprint(i))
		w, err := git.Checkout(b.Context(), git.CheckoutOptions{
			Remote: remote, Branch: "main", Commit: base, GitDir: filepath.Join(at, "git"), WorkTree: filepath.Join(at, "work"),
		})
		if err != nil {
			b.Fatal(err)
		}
		if err := w.LendGit(b.Context()); err != nil {
			b.Fatal(err)
		}
		write(b, filepath.Join(at, "work"), "d1/f1", "changed\n")
		tree := snapshot(b, w)
		if err := w.Diff(b.Context(), tree, io.Discard); err != nil {
			b.Fatal(err)
		}
		commit, err := w.Commit(b.Context(), tree, commitOptions())
		if err != nil {
			b.Fatal(err)
		}
		if err := w.Push(b.Context(), remote, commit, fmt.Sprintf("b%d", i), ""); err != nil {
			b.Fatal(err)
		}
		if err := os.RemoveAll(at); err != nil {
			b.Fatal(err)
		}
	}
}
