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

// initialize makes an empty repository whose default branch is main.
func initialize(t *testing.T, gitDir string) {
	t.Helper()
	for _, dir := range []string{"objects", "refs/heads"} {
		if err := os.MkdirAll(filepath.Join(gitDir, dir), 0o755); err != nil {
			t.Fatal(err)
		}
	}
	bare := filepath.Base(gitDir) != ".git"
	for name, text := range map[string]string{
		"HEAD": "ref: refs/heads/main\n", "config": fmt.Sprintf("[core]\n\trepositoryFormatVersion = 0\n\tbare = %t\n", bare),
	} {
		if err := os.WriteFile(filepath.Join(gitDir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
}

// commit puts a commit of files on a branch, on top of main if there is one.
func commit(t *testing.T, gitDir, branch string, files map[string]string) string {
	t.Helper()
	var stream strings.Builder
	fmt.Fprintf(&stream, "commit refs/heads/%s\ncommitter Ann <ann@example.com> 1700000000 +0000\ndata 6\nchange\n", branch)
	if _, err := os.Stat(filepath.Join(gitDir, "refs", "heads", "main")); err == nil {
		stream.WriteString("from refs/heads/main^0\n")
	}
	for name, content := range files {
		fmt.Fprintf(&stream, "M 644 inline %s\ndata %d\n%s\n", name, len(content), content)
	}
	cmd := exec.CommandContext(t.Context(), "git", "--git-dir="+gitDir, "fast-import", "--quiet")
	cmd.Stdin = strings.NewReader(stream.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("fast-import: %v\n%s", err, out)
	}
	id, err := os.ReadFile(filepath.Join(gitDir, "refs", "heads", filepath.FromSlash(branch)))
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(id))
}

// fixture keeps repositories bare, or with their work trees.
func fixture(t *testing.T, bare bool) (forgetest.Fixture, *localgit.Forge, string) {
	t.Helper()
	dir := t.TempDir()
	forge, err := localgit.New(dir)
	if err != nil {
		t.Fatal(err)
	}
	gitDir := func(name codybatch.RepositoryName) string {
		if bare {
			return filepath.Join(dir, string(name)+".git")
		}
		return filepath.Join(dir, string(name), ".git")
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
		Forge: forge, Owner: "acme", EditPullRequest: edit, Reviewer: "ann",
		MakeRepository: func(t *testing.T, name codybatch.RepositoryName, files map[string]string) string {
			t.Helper()
			initialize(t, gitDir(name))
			return commit(t, gitDir(name), "main", files)
		},
		MakeEmpty: func(t *testing.T, name codybatch.RepositoryName) {
			t.Helper()
			initialize(t, gitDir(name))
		},
		MakeHeadless: func(t *testing.T, name codybatch.RepositoryName) {
			t.Helper()
			initialize(t, gitDir(name))
			commit(t, gitDir(name), "other", map[string]string{"a": "a\n"})
		},
		Archive: func(t *testing.T, name codybatch.RepositoryName) {
			t.Helper()
			if err := os.WriteFile(filepath.Join(dir, string(name)+".archived"), nil, 0o644); err != nil {
				t.Fatal(err)
			}
		},
		PushBranch: func(t *testing.T, name codybatch.RepositoryName, branch string, files map[string]string) string {
			t.Helper()
			return commit(t, gitDir(name), branch, files)
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
	names := make([]codybatch.RepositoryName, 10_000) // ten times the same thousand
	for i := range names {
		names[i] = codybatch.RepositoryName(fmt.Sprintf("acme/r%05d", i%1000))
		if i < 1000 {
			initialize(t, filepath.Join(dir, string(names[i])+".git"))
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
	if page, err := forge.Repositories(t.Context(), codybatch.RepositoryQuery{Limit: 100, Filter: "r009"}); err != nil || len(page.Repositories) != 100 {
		t.Errorf("a page is %d, %v", len(page.Repositories), err)
	}
	t.Logf("a page took %v", time.Since(start))
}
