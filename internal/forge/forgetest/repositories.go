package forgetest

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func hostIsASegment(t *testing.T, f Fixture) {
	host := f.Forge.Host()
	if host == "" || strings.ContainsAny(host, "/* ,") || host != strings.ToLower(host) {
		t.Errorf("host is %q", host)
	}
}

func pingReaches(t *testing.T, f Fixture) {
	for range 2 {
		if err := f.Forge.Ping(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// list reads all pages, and checks that none is longer than limit.
func list(t *testing.T, f Fixture, filter string, limit int) []codybatch.Repository {
	t.Helper()
	var all []codybatch.Repository
	query := codybatch.RepositoryQuery{Filter: filter, Limit: limit}
	for range 100 {
		page, err := f.Forge.Repositories(t.Context(), query)
		if err != nil {
			t.Fatal(err)
		}
		if len(page.Repositories) > limit {
			t.Errorf("a page of at most %d has %d", limit, len(page.Repositories))
		}
		all = append(all, page.Repositories...)
		if query.Cursor = page.NextCursor; query.Cursor == "" {
			return all
		}
	}
	t.Fatal("the list has no end")
	return nil
}

func names(repositories []codybatch.Repository) []codybatch.RepositoryName {
	names := make([]codybatch.RepositoryName, len(repositories))
	for i, r := range repositories {
		names[i] = r.Name
	}
	return names
}

func listsInPages(t *testing.T, f Fixture) {
	var want []codybatch.RepositoryName
	for _, name := range []string{"d", "b", "e", "a", "c"} {
		full, _ := f.make(t, name)
		want = append(want, full)
	}
	slices.Sort(want)
	for _, limit := range []int{2, 5, 100} {
		all := list(t, f, "", limit)
		if got := names(all); !slices.Equal(got, want) {
			t.Errorf("pages of %d list %q, want %q", limit, got, want)
		}
		for _, r := range all {
			if r.DefaultBranch != "main" || r.URL == "" || r.Archived {
				t.Errorf("listed is %+v", r)
			}
		}
	}
}

func filters(t *testing.T, f Fixture) {
	for _, name := range []string{"web-site", "Site-Tools", "api"} {
		f.make(t, name)
	}
	for _, filter := range []string{"site", "SITE"} {
		got := names(list(t, f, filter, 1))
		slices.Sort(got)
		if want := []codybatch.RepositoryName{f.name("Site-Tools"), f.name("web-site")}; !slices.Equal(got, want) {
			t.Errorf("filter %q lists %q, want %q", filter, got, want)
		}
	}
	if got := list(t, f, "no-such-name", 10); len(got) != 0 {
		t.Errorf("a filter that fits nothing lists %q", names(got))
	}
}

func refusesForeignCursors(t *testing.T, f Fixture) {
	f.make(t, "site")
	_, err := f.Forge.Repositories(t.Context(), codybatch.RepositoryQuery{Limit: 10, Cursor: "\x00not a cursor"})
	if !errors.Is(err, codybatch.ErrCursor) {
		t.Errorf("the error is %v, want ErrCursor", err)
	}
}

func tellsArchived(t *testing.T, f Fixture) {
	if f.Archive == nil {
		t.Skip("this forge has no archived repositories")
	}
	name, _ := f.make(t, "old")
	f.Archive(t, name)
	found, err := f.Forge.Lookup(t.Context(), []codybatch.RepositoryName{name})
	if err != nil || len(found) != 1 || !found[0].Archived {
		t.Errorf("lookup says %+v, %v", found, err)
	}
	if listed := list(t, f, "", 10); len(listed) != 1 || !listed[0].Archived {
		t.Errorf("the list says %+v", listed)
	}
}

func looksUp(t *testing.T, f Fixture) {
	b, _ := f.make(t, "b")
	a, _ := f.make(t, "a")
	missing, elsewhere := f.name("missing"), codybatch.RepositoryName("nobody-at-all/a")
	found, err := f.Forge.Lookup(t.Context(), []codybatch.RepositoryName{b, missing, a, elsewhere})
	if err != nil {
		t.Fatal(err)
	}
	if got, want := names(found), []codybatch.RepositoryName{b, a}; !slices.Equal(got, want) {
		t.Errorf("lookup finds %q, want %q", got, want)
	}
	if none, err := f.Forge.Lookup(t.Context(), nil); err != nil || len(none) != 0 {
		t.Errorf("lookup of nothing is %v, %v", none, err)
	}
}

func looksUpMany(t *testing.T, f Fixture) {
	name, _ := f.make(t, "here")
	asked := make([]codybatch.RepositoryName, 0, 251)
	for i := range 250 {
		asked = append(asked, f.name(fmt.Sprintf("missing-%d", i)))
	}
	found, err := f.Forge.Lookup(t.Context(), append(asked, name))
	if err != nil || len(found) != 1 || found[0].Name != name {
		t.Errorf("lookup of 251 names is %v, %v", names(found), err)
	}
}

func foldsNames(t *testing.T, f Fixture) {
	name, commit := f.make(t, "CamelCase")
	for _, asked := range []codybatch.RepositoryName{
		codybatch.RepositoryName(strings.ToLower(string(name))), codybatch.RepositoryName(strings.ToUpper(string(name))),
	} {
		found, err := f.Forge.Lookup(t.Context(), []codybatch.RepositoryName{asked})
		if err != nil || len(found) != 1 || found[0].Name != name {
			t.Errorf("lookup of %s is %v, %v, want %s", asked, names(found), err, name)
		}
		if base, err := f.Forge.ResolveBase(t.Context(), asked, ""); err != nil || base.Commit != commit {
			t.Errorf("base of %s is %v, %v, want %s", asked, base, err, commit)
		}
		if _, err := f.Forge.Remote(t.Context(), asked); err != nil {
			t.Errorf("remote of %s: %v", asked, err)
		}
	}
}
