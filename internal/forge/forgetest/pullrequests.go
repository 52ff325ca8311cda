package forgetest

import (
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func ensure(t *testing.T, f Fixture, name codybatch.RepositoryName, spec codybatch.PullRequestSpec) codybatch.PullRequest {
	t.Helper()
	pr, notices, err := f.Forge.EnsurePullRequest(t.Context(), name, spec)
	if err != nil {
		t.Fatal(err)
	}
	if len(notices) > 0 {
		t.Errorf("notices are %q", notices)
	}
	if pr.Number < 1 || pr.URL == "" || pr.State != codybatch.PullRequestOpen {
		t.Errorf("the pull request is %+v", pr)
	}
	return pr
}

// withBranch makes a repository with a pushed branch, and asks for a plain pull
// request of it.
func withBranch(t *testing.T, f Fixture) (codybatch.RepositoryName, codybatch.PullRequestSpec) {
	t.Helper()
	name, _ := f.make(t, "site")
	f.PushBranch(t, name, "cody/change", map[string]string{"NEW": "new\n"})
	return name, codybatch.PullRequestSpec{Title: "Change it", Body: "Because.\n\n- «so»", Branch: "cody/change", Base: "main"}
}

func opensPullRequest(t *testing.T, f Fixture) {
	name, spec := withBranch(t, f)
	f.PushBranch(t, name, "release", map[string]string{"R": "r\n"})
	spec.Base, spec.Draft, spec.Labels = "release", true, []string{"automated", "cody batch"}
	if f.Reviewer != "" {
		spec.Reviewers = []string{f.Reviewer}
	}
	pr := ensure(t, f, name, spec)
	got := f.PullRequest(t, name, pr.Number)
	slices.Sort(got.Labels)
	if got.PullRequest != pr || got.Title != spec.Title || got.Body != spec.Body || got.Head != spec.Branch ||
		got.Base != spec.Base || !got.Draft || !slices.Equal(got.Labels, spec.Labels) || !slices.Equal(got.Reviewers, spec.Reviewers) {
		t.Errorf("a person sees %+v, want %+v of %+v", got, pr, spec)
	}
}

func opensToDefaultBranch(t *testing.T, f Fixture) {
	name, spec := withBranch(t, f)
	spec.Base = ""
	pr := ensure(t, f, name, spec)
	if got := f.PullRequest(t, name, pr.Number); got.Base != "main" || got.Draft || len(got.Labels) > 0 || len(got.Reviewers) > 0 {
		t.Errorf("a person sees %+v", got)
	}
}

func reusesPullRequest(t *testing.T, f Fixture) {
	name, spec := withBranch(t, f)
	first := ensure(t, f, name, spec)
	f.EditPullRequest(t, name, first.Number, "A person's title", "A person's body", codybatch.PullRequestOpen)
	again := spec
	again.Title, again.Body = "Another title", "Another body"
	if pr := ensure(t, f, name, again); pr != first {
		t.Errorf("the second time is %+v, want %+v", pr, first)
	}
	if got := f.PullRequest(t, name, first.Number); got.Title != "A person's title" || got.Body != "A person's body" {
		t.Errorf("a person sees %q, %q", got.Title, got.Body)
	}
}

func doesNotReuseClosed(t *testing.T, f Fixture) {
	name, spec := withBranch(t, f)
	first := ensure(t, f, name, spec)
	f.EditPullRequest(t, name, first.Number, spec.Title, spec.Body, codybatch.PullRequestClosed)
	if pr := ensure(t, f, name, spec); pr.Number == first.Number {
		t.Errorf("the closed pull request is used again: %+v", pr)
	}
	if got := f.PullRequest(t, name, first.Number); got.State != codybatch.PullRequestClosed {
		t.Errorf("the closed pull request is %s now", got.State)
	}
}

func doesNotReuseOthers(t *testing.T, f Fixture) {
	name, spec := withBranch(t, f)
	first := ensure(t, f, name, spec)
	f.PushBranch(t, name, "cody/change-2", map[string]string{"TWO": "2\n"})
	spec.Branch = "cody/change-2"
	if pr := ensure(t, f, name, spec); pr.Number == first.Number {
		t.Errorf("the pull request of another branch is used again: %+v", pr)
	}
}

func noticesReviewer(t *testing.T, f Fixture) {
	if f.UnknownReviewer == "" {
		t.Skip("this forge takes every reviewer")
	}
	name, spec := withBranch(t, f)
	spec.Reviewers = []string{f.UnknownReviewer, f.Reviewer}
	pr, notices, err := f.Forge.EnsurePullRequest(t.Context(), name, spec)
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(strings.Join(notices, "\n"), f.UnknownReviewer) {
		t.Errorf("notices %q do not name %s", notices, f.UnknownReviewer)
	}
	if got := f.PullRequest(t, name, pr.Number); slices.Contains(got.Reviewers, f.UnknownReviewer) || !slices.Contains(got.Reviewers, f.Reviewer) {
		t.Errorf("reviewers are %q", got.Reviewers)
	}
}

func needsBranch(t *testing.T, f Fixture) {
	name, spec := withBranch(t, f)
	spec.Branch = "never/pushed"
	if pr, _, err := f.Forge.EnsurePullRequest(t.Context(), name, spec); err == nil {
		t.Errorf("a branch that is not there gives %+v", pr)
	}
}

func opensAtOnce(t *testing.T, f Fixture) {
	name, spec := withBranch(t, f)
	const count = 5
	for i := range count {
		f.PushBranch(t, name, fmt.Sprintf("cody/%d", i), map[string]string{fmt.Sprintf("F%d", i): "x\n"})
	}
	numbers := atOnce(t, f, name, count, func(i int) codybatch.PullRequestSpec {
		spec := spec
		spec.Branch = fmt.Sprintf("cody/%d", i)
		return spec
	})
	if len(slices.Compact(numbers)) != count {
		t.Errorf("numbers are %v", numbers)
	}
}

func ensuresAtOnce(t *testing.T, f Fixture) {
	name, spec := withBranch(t, f)
	numbers := atOnce(t, f, name, 5, func(int) codybatch.PullRequestSpec { return spec })
	if len(slices.Compact(numbers)) != 1 {
		t.Errorf("numbers are %v", numbers)
	}
}

// atOnce ensures pull requests at the same time and returns their numbers,
// sorted.
func atOnce(t *testing.T, f Fixture, name codybatch.RepositoryName, count int, spec func(i int) codybatch.PullRequestSpec) []int {
	t.Helper()
	numbers := make([]int, count)
	var wait sync.WaitGroup
	for i := range count {
		wait.Go(func() {
			pr, _, err := f.Forge.EnsurePullRequest(t.Context(), name, spec(i))
			if err != nil {
				t.Error(err)
			}
			numbers[i] = pr.Number
		})
	}
	wait.Wait()
	slices.Sort(numbers)
	return numbers
}
