package github

import (
	"context"
	"fmt"
	"net/http"

	gh "github.com/google/go-github/v92/github"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// newLabelColor is the colour of labels that are made here, hexadecimal. It is
// the grey that GitHub takes by itself.
const newLabelColor = "ededed"

// label adds the labels that the pull request lacks, and makes those that the
// repository lacks. Labels that people have added stay.
func (f *Forge) label(ctx context.Context, name codybatch.RepositoryName, pull *gh.PullRequest, labels []string) error {
	has := map[string]bool{}
	for _, l := range pull.Labels {
		has[fold(l.GetName())] = true
	}
	missing := without(labels, has)
	if len(missing) == 0 {
		return nil
	}
	known, err := f.labelsOf(ctx, name)
	if err != nil {
		return err
	}
	for _, l := range without(missing, known) {
		_, _, err := f.client.Issues.CreateLabel(ctx, name.Owner(), name.Name(), gh.CreateIssueLabelRequest{Name: l, Color: new(newLabelColor)})
		if err != nil && !says(err, http.StatusUnprocessableEntity, "already_exists") {
			return err
		}
	}
	return f.addLabels(ctx, name, pull.GetNumber(), missing)
}

// addLabels is by hand, because the client sends the bare list that GitHub takes
// but no longer describes.
func (f *Forge) addLabels(ctx context.Context, name codybatch.RepositoryName, number int, labels []string) error {
	path := fmt.Sprintf("repos/%s/issues/%d/labels", name, number)
	body := map[string][]string{"labels": labels}
	req, err := f.client.NewRequest(ctx, http.MethodPost, path, body)
	if err != nil {
		return err
	}
	_, err = f.client.Do(req, nil)
	return err
}

// labelsOf is the set of the repository's labels, folded.
func (f *Forge) labelsOf(ctx context.Context, name codybatch.RepositoryName) (map[string]bool, error) {
	known := map[string]bool{}
	for page := 1; page != 0; {
		labels, resp, err := f.client.Issues.ListLabels(ctx, name.Owner(), name.Name(), &gh.ListOptions{Page: page, PerPage: mostPerPage})
		if err != nil {
			return nil, err
		}
		for _, l := range labels {
			known[fold(l.GetName())] = true
		}
		page = resp.NextPage
	}
	return known, nil
}

// without keeps the names that are not in the set, each once.
func without(names []string, set map[string]bool) []string {
	var rest []string
	seen := map[string]bool{"": true}
	for _, name := range names {
		if key := fold(name); !set[key] && !seen[key] {
			seen[key] = true
			rest = append(rest, name)
		}
	}
	return rest
}
