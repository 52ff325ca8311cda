package github_test

import (
	"bytes"
	"encoding/base64"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/git"
)

// TestJourney goes a worker's whole way, from the name to the pull request, over
// real git, and looks for the token wherever others could see it.
func TestJourney(t *testing.T) {
	t.Parallel()
	f := startSite(t, nil)
	secrets := [][]byte{[]byte(f.Token), []byte(base64.StdEncoding.EncodeToString([]byte("x-access-token:" + f.Token)))}
	leaks := func(text []byte) bool { return bytes.Contains(text, secrets[0]) || bytes.Contains(text, secrets[1]) }

	var scans, processes atomic.Int64
	f.OnGit(func(*http.Request) { // git is running, and waits for the answer
		scans.Add(1)
		for _, kind := range []string{"cmdline", "environ"} {
			files, err := filepath.Glob("/proc/[0-9]*/" + kind)
			if err != nil {
				t.Error(err)
			}
			for _, file := range files {
				text, err := os.ReadFile(file)
				if err != nil { // ended meanwhile, or somebody else's
					continue
				}
				processes.Add(1)
				if leaks(text) {
					t.Errorf("the token is in %s", file)
				}
			}
		}
	})

	ctx := t.Context()
	found, err := f.forge.Lookup(ctx, []codybatch.RepositoryName{site})
	if err != nil || len(found) != 1 {
		t.Fatalf("found %v, error %v", found, err)
	}
	base, err := f.forge.ResolveBase(ctx, found[0].Name, "")
	if err != nil {
		t.Fatal(err)
	}
	remote, err := f.forge.Remote(ctx, found[0].Name)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(remote.URL, f.Token) {
		t.Error("the token is in the address")
	}
	at := git.Remote{URL: remote.URL, Credential: remote.Credential}
	dir := t.TempDir()
	gitDir, work := filepath.Join(dir, "git"), filepath.Join(dir, "work")
	w, err := git.Checkout(ctx, git.CheckoutOptions{Remote: at, Branch: base.Branch, Commit: base.Commit, GitDir: gitDir, WorkTree: work})
	if err != nil {
		t.Fatal(err)
	}
	// More than git's http.postBuffer, so that the push comes in chunks.
	if err := os.WriteFile(filepath.Join(work, "big"), noise(3<<20), 0o600); err != nil {
		t.Fatal(err)
	}
	tree, err := w.Snapshot(ctx)
	if err != nil {
		t.Fatal(err)
	}
	commit, err := w.Commit(ctx, tree, git.CommitOptions{Message: "Add big", AuthorName: "Cody", AuthorEmail: "cody@example.com", Time: time.Unix(1_800_000_000, 0)})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Push(ctx, at, commit, "cody/big", ""); err != nil {
		t.Fatal(err)
	}
	if head := f.Head(site, "cody/big"); head != commit {
		t.Errorf("the branch is at %q, want %s", head, commit)
	}
	s := spec()
	s.Branch = "cody/big"
	pull, notices, err := f.forge.EnsurePullRequest(ctx, site, s)
	if err != nil || pull.Number != 1 || len(notices) > 0 {
		t.Errorf("got %+v, notices %q, error %v", pull, notices, err)
	}

	if scans.Load() < 4 || processes.Load() == 0 && fileExists("/proc/self/cmdline") {
		t.Errorf("only %d git requests and %d processes were looked at", scans.Load(), processes.Load())
	}
	err = filepath.WalkDir(dir, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(path)
		if leaks(text) {
			t.Errorf("the token is in %s", path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
}

func fileExists(path string) bool {
	_, err := os.Stat(path)
	return err == nil
}

// noise is what can't be compressed.
func noise(n int) []byte {
	data := make([]byte, n)
	x := uint64(88172645463325252) // xorshift; Marsaglia, "Xorshift RNGs"
	for i := range data {
		x ^= x << 13
		x ^= x >> 7
		x ^= x << 17
		data[i] = byte(x)
	}
	return data
}
