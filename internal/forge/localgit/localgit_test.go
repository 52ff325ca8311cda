package localgit_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/forge/forgetest"
	"github.com/liamzdenek/cody-batch/internal/forge/localgit"
	"github.com/liamzdenek/cody-batch/internal/git"
)

func sh(t *testing.T, dir, name string, args ...string) string {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	cmd.Dir = dir
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + t.TempDir(), "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C",
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.com", "GIT_COMMITTER_NAME=Ann", "GIT_COMMITTER_EMAIL=ann@example.com",
	}
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		t.Fatalf("%s %q: %v\n%s%s", name, args, err, out, stderr.String())
	}
	return strings.TrimRight(string(out), "\n")
}

// commit writes files into a work tree and commits them.
func commit(t *testing.T, dir string, files map[string]string) string {
	t.Helper()
	for name, content := range files {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	sh(t, dir, "git", "add", "--all")
	sh(t, dir, "git", "commit", "--quiet", "--message=change")
	return sh(t, dir, "git", "rev-parse", "HEAD")
}

// fixture keeps repositories bare, or with their work trees.
func fixture(t *testing.T, bare bool) (forgetest.Fixture, *localgit.Forge, string) {
	t.Helper()
	dir := t.TempDir()
	forge, err := localgit.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	folder := func(name codybatch.RepositoryName) string {
		if bare {
			return filepath.Join(dir, string(name)+".git")
		}
		return filepath.Join(dir, string(name))
	}
	initialize := func(t *testing.T, name codybatch.RepositoryName) {
		t.Helper()
		args := []string{"init", "--quiet", "--initial-branch=main", folder(name)}
		if bare {
			args = append(args, "--bare")
		}
		sh(t, dir, "git", args...)
	}
	push := func(t *testing.T, name codybatch.RepositoryName, from, branch string, files map[string]string) string {
		t.Helper()
		clone := t.TempDir()
		sh(t, clone, "git", "clone", "--quiet", folder(name), ".")
		sh(t, clone, "git", "checkout", "--quiet", "-B", "new", from)
		id := commit(t, clone, files)
		sh(t, clone, "git", "-c", "receive.denyCurrentBranch=ignore", "push", "--quiet",
			"--receive-pack=git -c receive.denyCurrentBranch=ignore receive-pack", "origin", "HEAD:refs/heads/"+branch)
		return id
	}
	edit := func(t *testing.T, name codybatch.RepositoryName, number int, title, body string, state codybatch.PullRequestState) {
		t.Helper()
		pulls, err := forge.PullRequests(name)
		if err != nil {
			t.Fatal(err)
		}
		pulls[number-1].Title, pulls[number-1].Body, pulls[number-1].State = title, body, state
		text, err := json.Marshal(pulls)
		if err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, string(name)+".pulls.json"), text, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	return forgetest.Fixture{
		Forge: forge, Owner: "acme", MakeEmpty: initialize, EditPullRequest: edit, Reviewer: "ann",
		MakeRepository: func(t *testing.T, name codybatch.RepositoryName, files map[string]string) string {
			t.Helper()
			initialize(t, name)
			if !bare {
				return commit(t, folder(name), files)
			}
			clone := t.TempDir()
			sh(t, clone, "git", "clone", "--quiet", folder(name), ".")
			id := commit(t, clone, files)
			sh(t, clone, "git", "push", "--quiet", "origin", "HEAD:refs/heads/main")
			return id
		},
		MakeHeadless: func(t *testing.T, name codybatch.RepositoryName) {
			t.Helper()
			initialize(t, name)
			clone := t.TempDir()
			sh(t, clone, "git", "init", "--quiet")
			commit(t, clone, map[string]string{"a": "a\n"})
			sh(t, clone, "git", "push", "--quiet", folder(name), "HEAD:refs/heads/other")
		},
		Archive: func(t *testing.T, name codybatch.RepositoryName) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(dir, string(name)+".archived"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
		},
		PushBranch: func(t *testing.T, name codybatch.RepositoryName, branch string, files map[string]string) string {
			t.Helper()
			return push(t, name, "origin/main", branch, files)
		},
		PullRequest: func(t *testing.T, name codybatch.RepositoryName, number int) forgetest.PullRequest {
			t.Helper()
			pulls, err := forge.PullRequests(name)
			if err != nil {
				t.Fatal(err)
			}
			p := pulls[number-1]
			return forgetest.PullRequest{
				PullRequest: p.PullRequest, Title: p.Title, Body: p.Body, Head: p.Head, Base: p.Base,
				Draft: p.Draft, Labels: p.Labels, Reviewers: p.Reviewers,
			}
		},
	}, forge, dir
}

func TestForge(t *testing.T) {
	t.Parallel()
	for name, bare := range map[string]bool{"bare": true, "with_work_trees": false} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			forgetest.Run(t, func(t *testing.T) forgetest.Fixture {
				t.Helper()
				f, _, _ := fixture(t, bare)
				return f
			})
		})
	}
}

func TestNewWantsAFolder(t *testing.T) {
	t.Parallel()
	if _, err := localgit.New(filepath.Join(t.TempDir(), "missing")); err == nil {
		t.Error("a folder that does not exist is fine")
	}
}

func TestReferencesThatOnlyGitCanRead(t *testing.T) {
	t.Parallel()
	f, forge, dir := fixture(t, true)
	name := codybatch.RepositoryName("acme/site")
	id := f.MakeRepository(t, name, map[string]string{"a": "a\n"})
	folder := filepath.Join(dir, "acme", "site.git")
	sh(t, folder, "git", "pack-refs", "--all")
	for _, branch := range []string{"", "main"} {
		if base, err := forge.ResolveBase(t.Context(), name, branch); err != nil || base.Commit != id {
			t.Errorf("packed: %+v, %v, want %s", base, err, id)
		}
	}
	sh(t, folder, "git", "symbolic-ref", "refs/heads/alias", "refs/heads/main")
	if base, err := forge.ResolveBase(t.Context(), name, "alias"); err != nil || base.Commit != id {
		t.Errorf("symbolic: %+v, %v, want %s", base, err, id)
	}
	sh(t, folder, "git", "worktree", "add", "--quiet", "-b", "linked", filepath.Join(dir, "acme", "linked"), "main")
	if base, err := forge.ResolveBase(t.Context(), "acme/linked", "main"); err != nil || base.Commit != id {
		t.Errorf("linked work tree: %+v, %v, want %s", base, err, id)
	}
	for _, branch := range []string{"../../HEAD", "..", "main\x00", "-x", "a b", "*"} {
		if base, err := forge.ResolveBase(t.Context(), name, branch); err == nil {
			t.Errorf("branch %q is %+v", branch, base)
		}
	}
}

func TestDetachedHeadIsNoDefaultBranch(t *testing.T) {
	t.Parallel()
	f, forge, dir := fixture(t, false)
	f.MakeRepository(t, "acme/site", map[string]string{"a": "a\n"})
	sh(t, filepath.Join(dir, "acme", "site"), "git", "checkout", "--quiet", "--detach")
	_, err := forge.ResolveBase(t.Context(), "acme/site", "")
	if failed := (*codybatch.BaseError)(nil); !errors.As(err, &failed) || failed.Code != "no_default_branch" {
		t.Errorf("the error is %v", err)
	}
}

func TestLinksOutOfTheRootAreNotThere(t *testing.T) {
	t.Parallel()
	f, forge, dir := fixture(t, true)
	elsewhere, _, outside := fixture(t, true)
	elsewhere.MakeRepository(t, "acme/secret", map[string]string{"a": "a\n"})
	f.MakeRepository(t, "acme/site", map[string]string{"a": "a\n"})
	for link, target := range map[string]string{
		"acme/secret.git": filepath.Join(outside, "acme", "secret.git"),
		"other":           filepath.Join(outside, "acme"),
		"acme/alias.git":  "site.git",
	} {
		if err := os.Symlink(target, filepath.Join(dir, link)); err != nil {
			t.Fatal(err)
		}
	}
	found, err := forge.Lookup(t.Context(), []codybatch.RepositoryName{
		"acme/secret", "other/secret", "acme/alias", "acme/../acme/site", "acme/.git", "acme/site.git", "site", "/", "acme/site/x",
	})
	if err != nil || len(found) != 1 || found[0].Name != "acme/alias" {
		t.Errorf("found are %+v, %v", found, err)
	}
	page, err := forge.Repositories(t.Context(), codybatch.RepositoryQuery{Limit: 10})
	if err != nil || len(page.Repositories) != 2 {
		t.Errorf("listed are %+v, %v", page.Repositories, err)
	}
	if _, err := forge.Remote(t.Context(), "acme/secret"); !errors.Is(err, codybatch.ErrNotFound) {
		t.Errorf("the remote of a link is %v", err)
	}
}

func TestPushToACheckedOutBranchIsRefusedInClearWords(t *testing.T) {
	t.Parallel()
	f, forge, _ := fixture(t, false)
	id := f.MakeRepository(t, "acme/site", map[string]string{"a": "a\n"})
	at, err := forge.Remote(t.Context(), "acme/site")
	if err != nil {
		t.Fatal(err)
	}
	tmp := t.TempDir()
	w, err := git.Checkout(t.Context(), git.CheckoutOptions{
		Remote: git.Remote{URL: at.URL}, Branch: "main", Commit: id,
		GitDir: filepath.Join(tmp, "git"), WorkTree: filepath.Join(tmp, "work"),
	})
	if err != nil {
		t.Fatal(err)
	}
	tree, err := w.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	next, err := w.Commit(t.Context(), tree, git.CommitOptions{
		Message: "m", AuthorName: "n", AuthorEmail: "e@example.com", Time: time.Unix(1_800_000_000, 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	err = w.Push(t.Context(), git.Remote{URL: at.URL}, next, "main", id)
	var rejected *git.RejectedError
	if !errors.As(err, &rejected) || rejected.Reason != git.RejectedRefused || !strings.Contains(err.Error(), "checked out") {
		t.Errorf("the error is %v", err)
	}
}

func TestLookupOfTenThousandNamesIsQuick(t *testing.T) {
	t.Parallel()
	_, forge, dir := fixture(t, true)
	names := make([]codybatch.RepositoryName, 10_000)
	for i := range names {
		names[i] = codybatch.RepositoryName(fmt.Sprintf("acme/r%05d", i))
		objects := filepath.Join(dir, string(names[i])+".git", "objects")
		if err := os.MkdirAll(objects, 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(filepath.Dir(objects), "HEAD"), []byte("ref: refs/heads/main\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	start := time.Now()
	found, err := forge.Lookup(t.Context(), names)
	took := time.Since(start)
	if err != nil || len(found) != len(names) || found[9_999].DefaultBranch != "main" {
		t.Fatalf("found %d, %v", len(found), err)
	}
	t.Logf("10,000 names took %v", took)
	if took > 5*time.Second { // generous: machines that run tests are busy
		t.Errorf("10,000 names took %v", took)
	}
	start = time.Now()
	if page, err := forge.Repositories(t.Context(), codybatch.RepositoryQuery{Limit: 100, Filter: "r09"}); err != nil || len(page.Repositories) != 100 {
		t.Errorf("a page is %d, %v", len(page.Repositories), err)
	}
	t.Logf("a page took %v", time.Since(start))
}
