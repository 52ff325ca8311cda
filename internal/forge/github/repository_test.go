package github_test

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/forge/github/githubtest"
)

func TestRepositories(t *testing.T) {
	t.Parallel()
	t.Run("pages through all, in order of name, whatever the page size", func(t *testing.T) {
		t.Parallel()
		f := start(t)
		f.AddMany("acme", "service", 205)
		for _, limits := range [][]int{{100}, {30}, {1, 100}, {25, 7, 100}} {
			var got []string
			q := codybatch.RepositoryQuery{}
			for i := 0; ; i++ {
				q.Limit = limits[i%len(limits)]
				page, err := f.forge.Repositories(t.Context(), q)
				if err != nil {
					t.Fatal(err)
				}
				if len(page.Repositories) > q.Limit {
					t.Fatalf("%d repositories for a limit of %d", len(page.Repositories), q.Limit)
				}
				got = append(got, names(page.Repositories)...)
				if q.Cursor = page.NextCursor; q.Cursor == "" {
					break
				}
			}
			if len(got) != 205 || !slices.IsSorted(got) || len(slices.Compact(slices.Clone(got))) != 205 {
				t.Errorf("limits %v: %d names, sorted %v", limits, len(got), slices.IsSorted(got))
			}
		}
	})
	t.Run("costs one request a page", func(t *testing.T) {
		t.Parallel()
		f := start(t)
		f.AddMany("acme", "service", 60)
		page, err := f.forge.Repositories(t.Context(), codybatch.RepositoryQuery{Limit: 25})
		if err != nil || page.NextCursor == "" {
			t.Fatalf("cursor %q, error %v", page.NextCursor, err)
		}
		if _, err = f.forge.Repositories(t.Context(), codybatch.RepositoryQuery{Limit: 25, Cursor: page.NextCursor}); err != nil {
			t.Fatal(err)
		}
		if n := len(f.Requests()); n != 2 {
			t.Errorf("%d requests, want 2", n)
		}
	})
	t.Run("filters without regard to case, over all pages, and reads them once a minute", func(t *testing.T) {
		t.Parallel()
		f := start(t)
		f.AddMany("acme", "service", 250)
		f.Add(githubtest.Repository{Name: "Zoo/Web-Site", Files: map[string]string{"a": "b"}})
		page, err := f.forge.Repositories(t.Context(), codybatch.RepositoryQuery{Limit: 10, Filter: "wEb"})
		if err != nil || fmt.Sprint(names(page.Repositories)) != "[Zoo/Web-Site]" || page.NextCursor != "" {
			t.Errorf("got %v, cursor %q, error %v", names(page.Repositories), page.NextCursor, err)
		}
		var got []string
		q := codybatch.RepositoryQuery{Limit: 10, Filter: "service-00"}
		for {
			page, err := f.forge.Repositories(t.Context(), q)
			if err != nil {
				t.Fatal(err)
			}
			got = append(got, names(page.Repositories)...)
			if q.Cursor = page.NextCursor; q.Cursor == "" {
				break
			}
		}
		if len(got) != 99 || !slices.IsSorted(got) {
			t.Errorf("%d names, want 99 sorted ones", len(got))
		}
		if n := len(f.Requests()); n != 3 {
			t.Errorf("%d requests for three pages of 100, want 3", n)
		}
		if err := f.clock.sleep(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		if _, err := f.forge.Repositories(t.Context(), q); err != nil || len(f.Requests()) != 6 {
			t.Errorf("%d requests after a minute, want 6; error %v", len(f.Requests()), err)
		}
	})
	t.Run("refuses a cursor that it has not made", func(t *testing.T) {
		t.Parallel()
		f := start(t)
		for _, cursor := range []string{"x", "-1", "+1", "01", "1e3", "99999999999999999999"} {
			if _, err := f.forge.Repositories(t.Context(), codybatch.RepositoryQuery{Limit: 5, Cursor: cursor}); !errors.Is(err, codybatch.ErrCursor) {
				t.Errorf("cursor %q: %v", cursor, err)
			}
		}
	})
	t.Run("is empty past the end", func(t *testing.T) {
		t.Parallel()
		f := start(t)
		page, err := f.forge.Repositories(t.Context(), codybatch.RepositoryQuery{Limit: 5, Cursor: "10"})
		if err != nil || len(page.Repositories) != 0 || page.NextCursor != "" {
			t.Errorf("got %+v, error %v", page, err)
		}
	})
}

func TestLookup(t *testing.T) {
	t.Parallel()
	t.Run("tells all that GitHub tells", func(t *testing.T) {
		t.Parallel()
		f := start(t)
		f.Add(githubtest.Repository{
			Name: "Acme/Site", Description: "The site", Language: "Go", DefaultBranch: "trunk",
			Private: true, Archived: true, Fork: true, Files: map[string]string{"a": "b"},
		})
		got, err := f.forge.Lookup(t.Context(), []codybatch.RepositoryName{"acme/site"})
		if err != nil || len(got) != 1 {
			t.Fatalf("got %v, error %v", got, err)
		}
		if got[0].PushedAt.IsZero() || got[0].PushedAt.Location() != time.UTC {
			t.Errorf("pushed at %v", got[0].PushedAt)
		}
		got[0].PushedAt = time.Time{}
		want := codybatch.Repository{
			Name: "Acme/Site", Description: "The site", Language: "Go", DefaultBranch: "trunk",
			URL: "http://" + f.Host + "/Acme/Site", Private: true, Archived: true, Fork: true,
		}
		if got[0] != want {
			t.Errorf("got %+v\nwant %+v", got[0], want)
		}
	})
	t.Run("keeps the order of many names, and leaves out what is missing, moved or not a name", func(t *testing.T) {
		t.Parallel()
		f := start(t)
		f.AddMany("acme", "service", 160)
		f.Rename("acme/service-0007", "acme/renamed")
		var ask []codybatch.RepositoryName
		var want []string
		for i := 160; i > 0; i-- {
			name := fmt.Sprintf("acme/service-%04d", i)
			ask = append(ask, codybatch.RepositoryName(name), codybatch.RepositoryName(fmt.Sprintf("acme/none-%d", i)))
			if i != 7 {
				want = append(want, name)
			}
		}
		ask = append(ask, "", "acme", "a/b/c", "../..", "acme/..", "ACME/SERVICE-0001")
		got, err := f.forge.Lookup(t.Context(), ask)
		if err != nil || !slices.Equal(names(got), want) {
			t.Errorf("got %v, error %v", names(got), err)
		}
		if n := len(f.Requests()); n != 4 {
			t.Errorf("%d requests for 320 names, want 4", n)
		}
	})
	t.Run("fails when GitHub can't tell", func(t *testing.T) {
		t.Parallel()
		f := start(t)
		f.Script("POST", "/graphql", githubtest.Fault{Status: 200, Body: `{"data":{"r0":null},"errors":[{"type":"FORBIDDEN","message":"Resource protected by organization SAML enforcement."}]}`})
		if _, err := f.forge.Lookup(t.Context(), []codybatch.RepositoryName{"acme/site"}); err == nil || !strings.Contains(err.Error(), "SAML") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("of nothing asks nothing", func(t *testing.T) {
		t.Parallel()
		f := start(t)
		if got, err := f.forge.Lookup(t.Context(), nil); err != nil || len(got) != 0 || len(f.Requests()) != 0 {
			t.Errorf("got %v, error %v, %d requests", got, err, len(f.Requests()))
		}
	})
}

func TestResolveBase(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.Add(githubtest.Repository{Name: "acme/site", DefaultBranch: "trunk", Files: map[string]string{"a": "b"}})
	f.Add(githubtest.Repository{Name: "acme/empty"})
	f.Add(githubtest.Repository{Name: "acme/headless"})
	f.Add(githubtest.Repository{Name: "acme/old", Files: map[string]string{"a": "b"}})
	f.Rename("acme/old", "acme/new")
	release := f.Push("acme/site", "release/v1#(ä)%2F", map[string]string{"a": "c"})
	f.Push("acme/headless", "other", map[string]string{"a": "b"})

	for _, c := range []struct{ name, branch, wantBranch, wantCommit, wantCode string }{
		{"acme/site", "", "trunk", f.Head("acme/site", "trunk"), ""},
		{"ACME/Site", "trunk", "trunk", f.Head("acme/site", "trunk"), ""},
		{"acme/site", "release/v1#(ä)%2F", "release/v1#(ä)%2F", release, ""},
		{"acme/site", "none", "", "", "no_such_branch"},
		{"acme/site", "release", "", "", "no_such_branch"},
		{"acme/site", "../../x", "", "", "no_such_branch"},
		{"acme/site", "a?b#c", "", "", "no_such_branch"},
		{"acme/empty", "", "", "", "empty_repository"},
		{"acme/empty", "main", "", "", "empty_repository"},
		{"acme/headless", "", "", "", "no_default_branch"},
	} {
		base, err := f.forge.ResolveBase(t.Context(), codybatch.RepositoryName(c.name), c.branch)
		code := ""
		if baseErr, ok := errors.AsType[*codybatch.BaseError](err); ok {
			code = baseErr.Code
		} else if err != nil {
			t.Errorf("%s %q: %v", c.name, c.branch, err)
		}
		if code != c.wantCode || base.Branch != c.wantBranch || base.Commit != c.wantCommit {
			t.Errorf("%s %q: %+v, code %q", c.name, c.branch, base, code)
		}
	}
	for _, name := range []codybatch.RepositoryName{"acme/none", "acme/old", "../x", ""} {
		for _, branch := range []string{"", "main"} {
			if _, err := f.forge.ResolveBase(t.Context(), name, branch); !errors.Is(err, codybatch.ErrNotFound) {
				t.Errorf("%q %q: error %v, want ErrNotFound", name, branch, err)
			}
		}
	}
}

func TestPing(t *testing.T) {
	t.Parallel()
	t.Run("costs a request once a minute, and a limit is no failure", func(t *testing.T) {
		t.Parallel()
		f := start(t)
		f.TurnLimitsOn()
		for range 3 {
			if err := f.forge.Ping(t.Context()); err != nil {
				t.Fatal(err)
			}
		}
		if n := len(f.Requests()); n != 1 {
			t.Errorf("%d requests, want 1", n)
		}
		if err := f.clock.sleep(t.Context(), time.Minute); err != nil {
			t.Fatal(err)
		}
		f.Script("GET", "/rate_limit", githubtest.SecondaryLimit())
		if err := f.forge.Ping(t.Context()); err != nil || len(f.Requests()) != 2 {
			t.Errorf("error %v after %d requests", err, len(f.Requests()))
		}
	})
	t.Run("tells when GitHub is down", func(t *testing.T) {
		t.Parallel()
		f := start(t)
		f.Script("GET", "/rate_limit", githubtest.BadGateway())
		if err := f.forge.Ping(t.Context()); err == nil {
			t.Error("no error")
		}
	})
	t.Run("takes an Enterprise Server without limits for well", func(t *testing.T) {
		t.Parallel()
		f := start(t)
		if err := f.forge.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
