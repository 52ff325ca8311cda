package github

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"unicode/utf8"

	gh "github.com/google/go-github/v92/github"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// What GitHub's validation allows, in characters. It says so itself: "title is
// too long (maximum is 256 characters)", "body is too long (maximum is 65536
// characters)".
const (
	maxTitle = 256
	maxBody  = 65536
)

// lookAgain is how often a pull request that GitHub says exists is looked for;
// lists can lag behind.
const lookAgain = 5

// EnsurePullRequest looks for an open pull request, opens one if there is none,
// and then adds the labels and the reviewers that it lacks. It can be called
// again after any error.
func (f *Forge) EnsurePullRequest(ctx context.Context, name codybatch.RepositoryName, spec codybatch.PullRequestSpec) (codybatch.PullRequest, []string, error) {
	doing := fmt.Sprintf("open a pull request for %s of %s", spec.Branch, name)
	if !name.Valid() {
		return codybatch.PullRequest{}, nil, fmt.Errorf("%s: %w", doing, codybatch.ErrNotFound)
	}
	if spec.Base == "" {
		repository, err := f.get(ctx, name)
		if err != nil {
			return codybatch.PullRequest{}, nil, f.failure(ctx, doing, err)
		}
		spec.Base = repository.GetDefaultBranch()
	}
	pull, isNew, notices, err := f.open(ctx, name, spec)
	if err != nil {
		return codybatch.PullRequest{}, nil, f.failure(ctx, doing, err)
	}
	if err := f.label(ctx, name, pull, spec.Labels); err != nil {
		return codybatch.PullRequest{}, nil, f.failure(ctx, fmt.Sprintf("label %s#%d", name, pull.GetNumber()), err)
	}
	refused, err := f.askReviewers(ctx, name, pull, isNew, spec.Reviewers)
	if err != nil {
		return codybatch.PullRequest{}, nil, f.failure(ctx, fmt.Sprintf("ask for reviews of %s#%d", name, pull.GetNumber()), err)
	}
	return pullRequestOf(pull), append(notices, refused...), nil
}

// open returns the open pull request of the branch, and whether it made it. A
// creation whose fate is unknown is never repeated before a look.
func (f *Forge) open(ctx context.Context, name codybatch.RepositoryName, spec codybatch.PullRequestSpec) (*gh.PullRequest, bool, []string, error) {
	body, notices := newPull(spec)
	looked := 0
	for try := 1; ; try++ {
		pull, err := f.find(ctx, name, spec)
		if err != nil || pull != nil {
			return pull, false, nil, err
		}
		pull, resp, err := f.client.PullRequests.Create(ctx, name.Owner(), name.Name(), body)
		switch {
		case err == nil:
			return pull, true, notices, nil
		case ctx.Err() != nil:
			return nil, false, nil, err
		case says(err, http.StatusUnprocessableEntity, "draft pull requests are not supported") && body.Draft != nil:
			body.Draft = nil
			notices = append(notices, "The repository's plan has no draft pull requests; this one is ready for review at once.")
			continue
		case says(err, http.StatusUnprocessableEntity, "already exists") && looked < lookAgain:
			looked++
			if looked == 1 {
				continue // somebody was quicker
			}
			err = f.pacer.pause(ctx, looked, "GitHub does not show a pull request yet", 0)
		case resp != nil && unwell(resp.Response):
			err = f.pacer.pause(ctx, try, "GitHub answers "+resp.Status, retryAfter(resp.Response, f.now()))
		case status(err) == 0 && worthAnotherTry(err, try):
			err = f.pacer.pause(ctx, try, "GitHub can't be reached", 0)
		}
		if err != nil {
			return nil, false, nil, err
		}
	}
}

// newPull is the request for a new pull request, cut to what GitHub takes.
func newPull(spec codybatch.PullRequestSpec) (gh.CreatePullRequest, []string) {
	var notices []string
	title, body := spec.Title, spec.Body
	if utf8.RuneCountInString(title) > maxTitle {
		title = cut(title, maxTitle-1) + "…"
		notices = append(notices, fmt.Sprintf("The title was cut to %d characters, as many as GitHub takes.", maxTitle))
	}
	if utf8.RuneCountInString(body) > maxBody {
		const rest = "\n\n…"
		body = cut(body, maxBody-utf8.RuneCountInString(rest)) + rest
		notices = append(notices, fmt.Sprintf("The body was cut to %d characters, as many as GitHub takes.", maxBody))
	}
	pull := gh.CreatePullRequest{Title: &title, Head: spec.Branch, Base: spec.Base, Body: &body}
	if spec.Draft {
		pull.Draft = &spec.Draft
	}
	return pull, notices
}

func cut(text string, runes int) string {
	for i := range text {
		if runes == 0 {
			return text[:i]
		}
		runes--
	}
	return text
}

// find returns the open pull request of the branch, or nil. Of several, the one
// into the wanted base comes first, then GitHub's newest. GitHub ignores a head
// that it can't read and lists everything, and a fork of the same owner may have
// a branch of that name: both are left out here.
func (f *Forge) find(ctx context.Context, name codybatch.RepositoryName, spec codybatch.PullRequestSpec) (*gh.PullRequest, error) {
	pulls, _, err := f.client.PullRequests.List(ctx, name.Owner(), name.Name(), &gh.PullRequestListOptions{
		State:       "open",
		Head:        name.Owner() + ":" + spec.Branch,
		ListOptions: gh.ListOptions{PerPage: mostPerPage},
	})
	if err != nil {
		return nil, err
	}
	var found *gh.PullRequest
	for _, pull := range pulls {
		head := pull.GetHead()
		if head.GetRef() != spec.Branch || !strings.EqualFold(head.GetRepo().GetFullName(), string(name)) {
			continue
		}
		if pull.GetBase().GetRef() == spec.Base {
			return pull, nil
		}
		if found == nil {
			found = pull
		}
	}
	return found, nil
}

func pullRequestOf(pull *gh.PullRequest) codybatch.PullRequest {
	state := codybatch.PullRequestOpen
	switch {
	case pull.MergedAt != nil:
		state = codybatch.PullRequestMerged
	case pull.GetState() == "closed":
		state = codybatch.PullRequestClosed
	}
	return codybatch.PullRequest{Number: pull.GetNumber(), URL: pull.GetHTMLURL(), State: state}
}
