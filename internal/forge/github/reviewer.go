package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"

	gh "github.com/google/go-github/v92/github"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// askReviewers asks those for a review who have not been asked and have not
// reviewed yet. GitHub refuses all when it refuses one, so then each is asked by
// itself; a refused one becomes a notice.
func (f *Forge) askReviewers(ctx context.Context, name codybatch.RepositoryName, pull *gh.PullRequest, isNew bool, reviewers []string) ([]string, error) {
	asked := map[string]bool{}
	for _, user := range pull.RequestedReviewers {
		asked[fold(user.GetLogin())] = true
	}
	for _, team := range pull.RequestedTeams {
		asked[fold(name.Owner()+"/"+team.GetSlug())] = true
	}
	var notices, missing []string
	for _, reviewer := range without(reviewers, asked) {
		reviewer = strings.TrimPrefix(strings.TrimSpace(reviewer), "@")
		org, _, isTeam := strings.Cut(reviewer, "/")
		switch {
		case asked[fold(reviewer)]: // only the @ made it look new
		case isTeam && !strings.EqualFold(org, name.Owner()):
			notices = append(notices, fmt.Sprintf("No review asked of %s: the team is not of the organization %s.", reviewer, name.Owner()))
		case strings.EqualFold(reviewer, pull.GetUser().GetLogin()):
			notices = append(notices, fmt.Sprintf("No review asked of %s, who opened the pull request.", reviewer))
		default:
			missing = append(missing, reviewer)
		}
	}
	if len(missing) > 0 && !isNew {
		done, err := f.reviewersOf(ctx, name, pull.GetNumber())
		if err != nil {
			return nil, err
		}
		missing = without(missing, done)
	}
	if len(missing) == 0 {
		return notices, nil
	}
	err := f.ask(ctx, name, pull.GetNumber(), missing...)
	if !isRefusal(err) {
		return notices, err
	}
	if len(missing) == 1 {
		return append(notices, f.refusalOf(missing[0], err)), nil
	}
	for _, reviewer := range missing {
		err := f.ask(ctx, name, pull.GetNumber(), reviewer)
		switch {
		case isRefusal(err):
			notices = append(notices, f.refusalOf(reviewer, err))
		case err != nil:
			return nil, err
		}
	}
	return notices, nil
}

// ask requests reviews of users and of teams, the latter as "org/team".
func (f *Forge) ask(ctx context.Context, name codybatch.RepositoryName, number int, reviewers ...string) error {
	var request gh.ReviewersRequest
	for _, reviewer := range reviewers {
		if _, team, isTeam := strings.Cut(reviewer, "/"); isTeam {
			request.TeamReviewers = append(request.TeamReviewers, team)
		} else {
			request.Reviewers = append(request.Reviewers, reviewer)
		}
	}
	_, _, err := f.client.PullRequests.RequestReviewers(ctx, name.Owner(), name.Name(), number, request)
	return err
}

// reviewersOf is the set of those who have reviewed already, folded. Asking them
// again would send them a second notification.
func (f *Forge) reviewersOf(ctx context.Context, name codybatch.RepositoryName, number int) (map[string]bool, error) {
	done := map[string]bool{}
	for page := 1; page != 0; {
		reviews, resp, err := f.client.PullRequests.ListReviews(ctx, name.Owner(), name.Name(), number, &gh.ListOptions{Page: page, PerPage: mostPerPage})
		if err != nil {
			return nil, err
		}
		for _, review := range reviews {
			done[fold(review.GetUser().GetLogin())] = true
		}
		page = resp.NextPage
	}
	return done, nil
}

// isRefusal reports whether GitHub does not take a reviewer: a user who can't
// see the repository (422), a team that the token may not see (404, 403).
func isRefusal(err error) bool {
	switch status(err) {
	case http.StatusUnprocessableEntity, http.StatusNotFound, http.StatusForbidden:
		return true
	default:
		return false
	}
}

func (f *Forge) refusalOf(reviewer string, err error) string {
	words := ""
	if refusal, ok := errors.AsType[*gh.ErrorResponse](err); ok {
		words = f.token.redact(wordsOf(refusal))
	}
	return fmt.Sprintf("No review asked of %s: GitHub answers %s.", reviewer, words)
}
