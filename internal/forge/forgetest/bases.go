package forgetest

import (
	"errors"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/git"
)

func wantBase(t *testing.T, f Fixture, name codybatch.RepositoryName, branch string, want codybatch.Base) {
	t.Helper()
	if got, err := f.Forge.ResolveBase(t.Context(), name, branch); err != nil || got != want {
		t.Errorf("base of %s at %q is %+v, %v, want %+v", name, branch, got, err, want)
	}
}

func wantBaseError(t *testing.T, f Fixture, name codybatch.RepositoryName, branch, code string) {
	t.Helper()
	base, err := f.Forge.ResolveBase(t.Context(), name, branch)
	var failed *codybatch.BaseError
	if !errors.As(err, &failed) || failed.Code != code || failed.Message == "" {
		t.Errorf("base of %s at %q is %+v, %v, want code %s", name, branch, base, err, code)
	}
}

func resolvesDefaultBranch(t *testing.T, f Fixture) {
	name, commit := f.make(t, "site")
	wantBase(t, f, name, "", codybatch.Base{Branch: "main", Commit: commit})
}

func resolvesNamedBranch(t *testing.T, f Fixture) {
	name, main := f.make(t, "site")
	commit := f.PushBranch(t, name, "release/1.x", map[string]string{"VERSION": "1\n"})
	wantBase(t, f, name, "release/1.x", codybatch.Base{Branch: "release/1.x", Commit: commit})
	wantBase(t, f, name, "main", codybatch.Base{Branch: "main", Commit: main})
}

func resolvesAfterPush(t *testing.T, f Fixture) {
	name, commit := f.make(t, "site")
	wantBase(t, f, name, "", codybatch.Base{Branch: "main", Commit: commit})
	pushed := f.PushBranch(t, name, "main", map[string]string{"NEW": "new\n"})
	wantBase(t, f, name, "", codybatch.Base{Branch: "main", Commit: pushed})
}

func missingBranch(t *testing.T, f Fixture) {
	name, _ := f.make(t, "site")
	f.PushBranch(t, name, "feature/x", map[string]string{"X": "x\n"})
	for _, branch := range []string{"missing", "feature", "heads/main", "MAIN-NOT"} {
		wantBaseError(t, f, name, branch, "no_such_branch")
	}
}

func emptyRepository(t *testing.T, f Fixture) {
	f.MakeEmpty(t, f.name("empty"))
	wantBaseError(t, f, f.name("empty"), "", "empty_repository")
	if found, err := f.Forge.Lookup(t.Context(), []codybatch.RepositoryName{f.name("empty")}); err != nil || len(found) != 1 {
		t.Errorf("lookup of an empty repository is %v, %v", found, err)
	}
}

func headlessRepository(t *testing.T, f Fixture) {
	if f.MakeHeadless == nil {
		t.Skip("every repository of this forge has a default branch")
	}
	f.MakeHeadless(t, f.name("headless"))
	wantBaseError(t, f, f.name("headless"), "", "no_default_branch")
	if base, err := f.Forge.ResolveBase(t.Context(), f.name("headless"), "other"); err != nil || base.Branch != "other" {
		t.Errorf("base at its other branch is %v, %v", base, err)
	}
}

func notFound(t *testing.T, f Fixture) {
	missing := f.name("missing")
	if _, err := f.Forge.ResolveBase(t.Context(), missing, ""); !errors.Is(err, codybatch.ErrNotFound) {
		t.Errorf("base: %v, want ErrNotFound", err)
	}
	if _, err := f.Forge.ResolveBase(t.Context(), missing, "main"); !errors.Is(err, codybatch.ErrNotFound) {
		t.Errorf("base of a branch: %v, want ErrNotFound", err)
	}
	spec := codybatch.PullRequestSpec{Title: "t", Branch: "b", Base: "main"}
	if _, _, err := f.Forge.EnsurePullRequest(t.Context(), missing, spec); !errors.Is(err, codybatch.ErrNotFound) {
		t.Errorf("pull request: %v, want ErrNotFound", err)
	}
}

// remoteWorks goes the way of a worker: fetch the base, push a branch.
func remoteWorks(t *testing.T, f Fixture) {
	name, commit := f.make(t, "site")
	remote, err := f.Forge.Remote(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	at := git.Remote{URL: remote.URL, Credential: remote.Credential}
	dir := t.TempDir()
	w, err := git.Checkout(t.Context(), git.CheckoutOptions{
		Remote: at, Branch: "main", Commit: commit, GitDir: filepath.Join(dir, "git"), WorkTree: filepath.Join(dir, "work"),
	})
	if err != nil {
		t.Fatal(err)
	}
	tree, err := w.Snapshot(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	pushed, err := w.Commit(t.Context(), tree, git.CommitOptions{
		Message: "Nothing", AuthorName: "Cody", AuthorEmail: "cody@example.com", Time: time.Unix(1_800_000_000, 0),
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Push(t.Context(), at, pushed, "cody/nothing", ""); err != nil {
		t.Fatal(err)
	}
	wantBase(t, f, name, "cody/nothing", codybatch.Base{Branch: "cody/nothing", Commit: pushed})
}

func remoteIsClean(t *testing.T, f Fixture) {
	name, _ := f.make(t, "site")
	remote, err := f.Forge.Remote(t.Context(), name)
	if err != nil {
		t.Fatal(err)
	}
	if u, err := url.Parse(remote.URL); err != nil || u.User != nil || f.Secret != "" && strings.Contains(remote.URL, f.Secret) {
		t.Errorf("the address is %q", remote.URL)
	}
}

func refusedCredentials(t *testing.T, f Fixture) {
	if f.Refused == nil {
		t.Skip("this forge knows no credentials")
	}
	name, _ := f.make(t, "site")
	refused := f.Refused(t)
	ctx := t.Context()
	check := func(what string, err error) {
		t.Helper()
		if !errors.Is(err, codybatch.ErrUnauthorized) {
			t.Errorf("%s: %v, want ErrUnauthorized", what, err)
		} else if f.Secret != "" && strings.Contains(err.Error(), f.Secret) {
			t.Errorf("%s: the error holds the secret: %v", what, err)
		}
	}
	check("ping", refused.Ping(ctx))
	_, err := refused.Repositories(ctx, codybatch.RepositoryQuery{Limit: 10})
	check("list", err)
	_, err = refused.Lookup(ctx, []codybatch.RepositoryName{name})
	check("lookup", err)
	_, err = refused.ResolveBase(ctx, name, "")
	check("base", err)
	_, _, err = refused.EnsurePullRequest(ctx, name, codybatch.PullRequestSpec{Title: "t", Branch: "b", Base: "main"})
	check("pull request", err)
}
