package github_test

import (
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/forge/forgetest"
	"github.com/liamzdenek/cody-batch/internal/forge/github/githubtest"
)

func TestForge(t *testing.T) {
	t.Parallel()
	forgetest.Run(t, func(t *testing.T) forgetest.Fixture {
		f := start(t)
		pull := func(t *testing.T, name codybatch.RepositoryName, number int) githubtest.PullRequest {
			t.Helper()
			for _, p := range f.PullRequests(string(name)) {
				if p.Number == number {
					return p
				}
			}
			t.Fatalf("%s has no pull request %d", name, number)
			return githubtest.PullRequest{}
		}
		return forgetest.Fixture{
			Forge:    f.forge,
			Owner:    "acme",
			Secret:   "wrong-secret",
			Reviewer: "ann", UnknownReviewer: "stranger",
			Refused: func(t *testing.T) codybatch.Forge { return connect(t, f.Server, "wrong-secret", f.clock, f.log) },
			MakeRepository: func(_ *testing.T, name codybatch.RepositoryName, files map[string]string) string {
				f.Add(githubtest.Repository{Name: string(name), Files: files, Collaborators: []string{"ann"}})
				return f.Head(string(name), "main")
			},
			MakeEmpty: func(_ *testing.T, name codybatch.RepositoryName) {
				f.Add(githubtest.Repository{Name: string(name)})
			},
			MakeHeadless: func(_ *testing.T, name codybatch.RepositoryName) {
				f.Add(githubtest.Repository{Name: string(name)})
				f.Push(string(name), "other", map[string]string{"a": "b"})
			},
			Archive: func(_ *testing.T, name codybatch.RepositoryName) { f.Archive(string(name)) },
			PushBranch: func(_ *testing.T, name codybatch.RepositoryName, branch string, files map[string]string) string {
				return f.Push(string(name), branch, files)
			},
			PullRequest: func(t *testing.T, name codybatch.RepositoryName, number int) forgetest.PullRequest {
				p := pull(t, name, number)
				state := codybatch.PullRequestState(p.State)
				if !p.MergedAt.IsZero() {
					state = codybatch.PullRequestMerged
				}
				return forgetest.PullRequest{
					PullRequest: codybatch.PullRequest{Number: p.Number, URL: f.PullRequestURL(string(name), p.Number), State: state},
					Title:       p.Title, Body: p.Body, Head: p.Head, Base: p.Base, Draft: p.Draft,
					Labels: p.Labels, Reviewers: p.Reviewers,
				}
			},
			EditPullRequest: func(_ *testing.T, name codybatch.RepositoryName, number int, title, body string, state codybatch.PullRequestState) {
				f.EditPullRequest(string(name), number, func(p *githubtest.PullRequest) {
					p.Title, p.Body, p.State = title, body, "open"
					if state != codybatch.PullRequestOpen {
						p.State = "closed"
					}
				})
			},
		}
	})
}
