package github_test

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/forge/github/githubtest"
)

const site = "acme/site"

// startSite has a repository with a branch that is ready for a pull request.
func startSite(t *testing.T, change func(*githubtest.Repository)) fixture {
	t.Helper()
	f := start(t)
	repository := githubtest.Repository{
		Name: site, Files: map[string]string{"a": "b"}, Labels: []string{"Chore"},
		Collaborators: []string{"ann", "bob"}, Teams: []string{"web"},
	}
	if change != nil {
		change(&repository)
	}
	f.Add(repository)
	f.Push(site, "cody/x", map[string]string{"a": "c"})
	return f
}

func spec() codybatch.PullRequestSpec {
	return codybatch.PullRequestSpec{
		Title: "Replace a", Body: "As asked.\n", Branch: "cody/x", Draft: true,
		Labels: []string{"chore", "cody batch"}, Reviewers: []string{"ann", "@bob", "acme/web"},
	}
}

func TestEnsurePullRequest(t *testing.T) {
	t.Parallel()
	t.Run("opens one with all that was asked for", func(t *testing.T) {
		t.Parallel()
		f := startSite(t, nil)
		pull, notices, err := f.forge.EnsurePullRequest(t.Context(), site, spec())
		if err != nil || len(notices) > 0 {
			t.Fatalf("notices %q, error %v", notices, err)
		}
		want := codybatch.PullRequest{Number: 1, URL: "http://" + f.Host + "/acme/site/pull/1", State: codybatch.PullRequestOpen}
		if pull != want {
			t.Errorf("got %+v, want %+v", pull, want)
		}
		got := f.PullRequests(site)[0]
		if got.Title != "Replace a" || got.Body != "As asked.\n" || got.Head != "cody/x" || got.Base != "main" || !got.Draft {
			t.Errorf("got %+v", got)
		}
		if fmt.Sprint(got.Labels) != "[Chore cody batch]" || fmt.Sprint(got.Reviewers) != "[ann bob]" || fmt.Sprint(got.Teams) != "[web]" {
			t.Errorf("labels %q, reviewers %q, teams %q", got.Labels, got.Reviewers, got.Teams)
		}
		if labels := f.LabelNames(site); fmt.Sprint(labels) != "[Chore cody batch]" {
			t.Errorf("the repository's labels are %q", labels)
		}
	})
	t.Run("reuses an open one, and leaves people's edits alone", func(t *testing.T) {
		t.Parallel()
		f := startSite(t, nil)
		first, _, err := f.forge.EnsurePullRequest(t.Context(), site, spec())
		if err != nil {
			t.Fatal(err)
		}
		f.EditPullRequest(site, 1, func(p *githubtest.PullRequest) {
			p.Title, p.Body, p.Draft = "Better title", "Better body", false
			p.Reviews, p.Reviewers = []string{"Ann"}, []string{"bob"} // ann has reviewed
		})
		before := len(f.Requests())
		again := connect(t, f.Server, f.Token, f.clock, f.log) // another process
		second, notices, err := again.EnsurePullRequest(t.Context(), site, spec())
		if err != nil || second != first || len(notices) > 0 {
			t.Errorf("got %+v, notices %q, error %v", second, notices, err)
		}
		got := f.PullRequests(site)
		if len(got) != 1 || got[0].Title != "Better title" || got[0].Body != "Better body" || got[0].Draft || fmt.Sprint(got[0].Reviewers) != "[bob]" {
			t.Errorf("got %+v", got)
		}
		for _, r := range f.Requests()[before:] {
			if r.Method != http.MethodGet {
				t.Errorf("the second run changed something: %s %s", r.Method, r.Path)
			}
		}
	})
	t.Run("adds what a run that died did not come to", func(t *testing.T) {
		t.Parallel()
		f := startSite(t, nil)
		f.OpenPullRequest(site, githubtest.PullRequest{Title: "t", Head: "cody/x", Base: "main", Author: f.Login})
		pull, _, err := f.forge.EnsurePullRequest(t.Context(), site, spec())
		got := f.PullRequests(site)
		if err != nil || pull.Number != 1 || len(got) != 1 || len(got[0].Labels) != 2 || len(got[0].Reviewers) != 2 || len(got[0].Teams) != 1 {
			t.Errorf("error %v, got %+v", err, got)
		}
	})
	t.Run("opens a new one after the old one was closed", func(t *testing.T) {
		t.Parallel()
		f := startSite(t, nil)
		f.OpenPullRequest(site, githubtest.PullRequest{Title: "t", Head: "cody/x", Base: "main", Author: f.Login})
		f.EditPullRequest(site, 1, func(p *githubtest.PullRequest) { p.State = "closed" })
		if pull, _, err := f.forge.EnsurePullRequest(t.Context(), site, spec()); err != nil || pull.Number != 2 {
			t.Errorf("got %+v, error %v", pull, err)
		}
	})
	t.Run("does not take a fork's branch of the same name for its own", func(t *testing.T) {
		t.Parallel()
		f := startSite(t, nil)
		f.OpenPullRequest(site, githubtest.PullRequest{Title: "t", Head: "cody/x", From: "acme/fork", Base: "main", Author: "ann"})
		f.OpenPullRequest(site, githubtest.PullRequest{Title: "t", Head: "Cody/x", Base: "main", Author: "ann"})
		s := spec()
		f.Push(site, "next", map[string]string{"z": "z"})
		s.Base = "next"
		if pull, _, err := f.forge.EnsurePullRequest(t.Context(), site, s); err != nil || pull.Number != 3 {
			t.Errorf("got %+v, error %v", pull, err)
		}
	})
	t.Run("prefers the one into the base that is wanted", func(t *testing.T) {
		t.Parallel()
		f := startSite(t, nil)
		f.Push(site, "next", map[string]string{"z": "z"})
		f.OpenPullRequest(site, githubtest.PullRequest{Title: "t", Head: "cody/x", Base: "main", Author: "ann"})
		f.OpenPullRequest(site, githubtest.PullRequest{Title: "t", Head: "cody/x", Base: "next", Author: "ann"})
		s := spec()
		s.Reviewers = nil
		for base, want := range map[string]int{"main": 1, "next": 2} {
			s.Base = base
			if pull, _, err := f.forge.EnsurePullRequest(t.Context(), site, s); err != nil || pull.Number != want {
				t.Errorf("into %s: got %+v, error %v", base, pull, err)
			}
		}
	})
	t.Run("called many times at once opens one", func(t *testing.T) {
		t.Parallel()
		f := startSite(t, nil)
		var wait sync.WaitGroup
		for range 8 {
			forge := connect(t, f.Server, f.Token, newClock(), f.log) // as many processes
			wait.Go(func() {
				if pull, _, err := forge.EnsurePullRequest(t.Context(), site, spec()); err != nil || pull.Number != 1 {
					t.Errorf("got %+v, error %v", pull, err)
				}
			})
		}
		wait.Wait()
		if n := len(f.PullRequests(site)); n != 1 {
			t.Errorf("%d pull requests", n)
		}
	})
	t.Run("looks before it opens again after an answer was lost", func(t *testing.T) {
		t.Parallel()
		for name, fault := range map[string]githubtest.Fault{"502": githubtest.BadGateway(), "a broken connection": githubtest.Dropped()} {
			f := startSite(t, nil)
			f.Script("POST", "/pulls", fault.AfterDoing())
			pull, _, err := f.forge.EnsurePullRequest(t.Context(), site, spec())
			if err != nil || pull.Number != 1 || len(f.PullRequests(site)) != 1 || f.Count("POST", "/pulls") != 1 {
				t.Errorf("%s: got %+v, error %v, %d pull requests, %d creations", name, pull, err, len(f.PullRequests(site)), f.Count("POST", "/pulls"))
			}
			if got := f.PullRequests(site)[0]; len(got.Labels) != 2 {
				t.Errorf("%s: labels %q", name, got.Labels)
			}
			f = startSite(t, nil)
			f.Script("POST", "/pulls", fault, fault, fault)
			if pull, _, err := f.forge.EnsurePullRequest(t.Context(), site, spec()); err != nil || pull.Number != 1 || f.Count("POST", "/pulls") != 4 {
				t.Errorf("%s, three times before it was done: got %+v, error %v, %d creations", name, pull, err, f.Count("POST", "/pulls"))
			}
		}
	})
	t.Run("does without a draft where the plan has none, and says so", func(t *testing.T) {
		t.Parallel()
		f := startSite(t, func(r *githubtest.Repository) { r.NoDrafts = true })
		pull, notices, err := f.forge.EnsurePullRequest(t.Context(), site, spec())
		if err != nil || pull.Number != 1 || len(notices) != 1 || !strings.Contains(notices[0], "draft") || f.PullRequests(site)[0].Draft {
			t.Errorf("got %+v, notices %q, error %v", pull, notices, err)
		}
	})
	t.Run("leaves out reviewers that GitHub refuses, and names them", func(t *testing.T) {
		t.Parallel()
		f := startSite(t, nil)
		s := spec()
		s.Reviewers = []string{"ann", "stranger", "Cody-Bot", "acme/web", "acme/none", "other/web", "ANN"}
		_, notices, err := f.forge.EnsurePullRequest(t.Context(), site, s)
		if err != nil {
			t.Fatal(err)
		}
		got := f.PullRequests(site)[0]
		if fmt.Sprint(got.Reviewers) != "[ann]" || fmt.Sprint(got.Teams) != "[web]" {
			t.Errorf("reviewers %q, teams %q", got.Reviewers, got.Teams)
		}
		all := strings.Join(notices, "\n")
		for _, name := range []string{"stranger", "Cody-Bot", "acme/none", "other/web"} {
			if !strings.Contains(all, name) {
				t.Errorf("no notice names %s: %q", name, notices)
			}
		}
		if len(notices) != 4 {
			t.Errorf("%d notices: %q", len(notices), notices)
		}
	})
	t.Run("cuts a title and a body that are too long", func(t *testing.T) {
		t.Parallel()
		f := startSite(t, nil)
		s := spec()
		s.Title, s.Body = strings.Repeat("ä", 300), strings.Repeat("ö", 70_000)
		_, notices, err := f.forge.EnsurePullRequest(t.Context(), site, s)
		if err != nil || len(notices) != 2 {
			t.Errorf("notices %q, error %v", notices, err)
		}
		if got := f.PullRequests(site)[0]; len([]rune(got.Title)) != 256 || len([]rune(got.Body)) != 65536 {
			t.Errorf("title of %d, body of %d characters", len([]rune(got.Title)), len([]rune(got.Body)))
		}
	})
	t.Run("finds labels on every page", func(t *testing.T) {
		t.Parallel()
		f := startSite(t, func(r *githubtest.Repository) {
			for i := range 130 {
				r.Labels = append(r.Labels, fmt.Sprintf("label %d", i))
			}
		})
		s := spec()
		s.Labels = []string{"LABEL 129"}
		if _, _, err := f.forge.EnsurePullRequest(t.Context(), site, s); err != nil || f.Count("POST", "site/labels") != 0 {
			t.Errorf("error %v, %d labels made", err, f.Count("POST", "site/labels"))
		}
	})
	t.Run("says what GitHub does not like", func(t *testing.T) {
		t.Parallel()
		f := startSite(t, nil)
		f.Push(site, "same", nil)
		f.Add(githubtest.Repository{Name: "acme/archived", Archived: true, Files: map[string]string{"a": "b"}})
		for _, c := range []struct{ name, branch, base, want string }{
			{site, "none", "", "head invalid"},
			{site, "cody/x", "none", "base invalid"},
			{"acme/archived", "main", "", "archived"},
		} {
			s := spec()
			s.Branch, s.Base = c.branch, c.base
			_, _, err := f.forge.EnsurePullRequest(t.Context(), codybatch.RepositoryName(c.name), s)
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), c.name) {
				t.Errorf("%s %s: error %v, want %q in it", c.name, c.branch, err, c.want)
			}
		}
		for _, name := range []codybatch.RepositoryName{"acme/none", "../x"} {
			for _, base := range []string{"", "main"} {
				s := spec()
				s.Base = base
				if _, _, err := f.forge.EnsurePullRequest(t.Context(), name, s); !errors.Is(err, codybatch.ErrNotFound) {
					t.Errorf("%s: error %v, want ErrNotFound", name, err)
				}
			}
		}
	})
	t.Run("tells which permission the token lacks", func(t *testing.T) {
		t.Parallel()
		f := startSite(t, nil)
		f.Script("POST", "/pulls", githubtest.Fault{
			Status: http.StatusForbidden, Header: map[string]string{"X-Accepted-GitHub-Permissions": "pull_requests=write"},
			Body: `{"message":"Resource not accessible by personal access token"}`,
		})
		_, _, err := f.forge.EnsurePullRequest(t.Context(), site, spec())
		if err == nil || !strings.Contains(err.Error(), "the token needs pull_requests=write") {
			t.Errorf("error %v", err)
		}
	})
}

func TestEverythingMatchesTheDescription(t *testing.T) {
	t.Parallel()
	githubtest.RequireDescription(t)
	t.Run("REST and GraphQL", func(t *testing.T) {
		t.Parallel()
		f := startSite(t, nil)
		if _, err := f.forge.Lookup(t.Context(), []codybatch.RepositoryName{site}); err != nil {
			t.Error(err)
		}
		if _, _, err := f.forge.EnsurePullRequest(t.Context(), site, spec()); err != nil {
			t.Error(err)
		}
		if v := f.Violations(); len(v) > 0 || f.Count("POST", "/pulls") != 1 || f.Count("POST", "/graphql") != 1 {
			t.Errorf("violations %q", v)
		}
	})
	t.Run("and the check can fail", func(t *testing.T) {
		t.Parallel()
		f := githubtest.Start(t)
		for _, c := range []struct{ method, address, body, want string }{
			{"GET", f.URL + "/user/repos?sort=colour", "", "sort"},
			{"POST", "http://" + f.Host + "/api/graphql", `{"query":"{ repository(owner: \"a\", name: \"b\") { colour } }"}`, "colour"},
			{"POST", "http://" + f.Host + "/api/graphql", `{"query":"query($o: String!) { repository(owner: $o, name: \"b\") { url } }"}`, "variable"},
		} {
			req, err := http.NewRequestWithContext(t.Context(), c.method, c.address, strings.NewReader(c.body))
			if err != nil {
				t.Fatal(err)
			}
			req.Header.Set("Authorization", "Bearer "+f.Token)
			resp, err := http.DefaultClient.Do(req)
			if err != nil {
				t.Fatal(err)
			}
			resp.Body.Close()
			if v := f.ForgetViolations(); len(v) != 1 || !strings.Contains(v[0], c.want) {
				t.Errorf("%s %s: violations %q, want one about %s", c.method, c.address, v, c.want)
			}
		}
	})
}
