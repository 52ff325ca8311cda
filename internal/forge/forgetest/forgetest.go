// Package forgetest holds the promises of [codybatch.Forge] as programs. An
// adapter is done when Run passes.
package forgetest

import (
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// Fixture is a forge of one test's own, and the ways of its people: what they
// do that adapters never do. A nil function means that this forge can't do so;
// the promises that need it are skipped. All repositories are made with "main"
// as their default branch unless they say otherwise.
type Fixture struct {
	Forge codybatch.Forge

	// Owner is where the suite may make repositories.
	Owner string

	// MakeRepository makes a repository with one commit, of these files, on main.
	MakeRepository func(t *testing.T, name codybatch.RepositoryName, files map[string]string) (commit string)

	// MakeEmpty makes a repository without any commit.
	MakeEmpty func(t *testing.T, name codybatch.RepositoryName)

	// MakeHeadless makes a repository with a commit on the branch "other", whose
	// default branch does not exist.
	MakeHeadless func(t *testing.T, name codybatch.RepositoryName)

	// Archive makes a repository read-only.
	Archive func(t *testing.T, name codybatch.RepositoryName)

	// PushBranch makes a branch with one commit on top of main that writes the
	// files, without the adapter.
	PushBranch func(t *testing.T, name codybatch.RepositoryName, branch string, files map[string]string) (commit string)

	// PullRequest reads back a pull request.
	PullRequest func(t *testing.T, name codybatch.RepositoryName, number int) PullRequest

	// EditPullRequest is a person's change of title, body and state.
	EditPullRequest func(t *testing.T, name codybatch.RepositoryName, number int, title, body string, state codybatch.PullRequestState)

	// Reviewer is somebody whom the forge takes as a reviewer. UnknownReviewer is
	// somebody whom it refuses; empty: it takes everybody.
	Reviewer, UnknownReviewer string

	// Refused is the same forge with credentials that are refused, and Secret is
	// the text in them that no error may hold.
	Refused func(t *testing.T) codybatch.Forge
	Secret  string
}

// PullRequest is what a person sees on the forge.
type PullRequest struct {
	codybatch.PullRequest
	Title, Body, Head, Base string
	Draft                   bool
	Labels, Reviewers       []string
}

// Run checks the promises. Open is called once for each of them, so that a
// fixture is never shared.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	t.Helper()
	promises := []struct {
		name  string
		check func(t *testing.T, f Fixture)
	}{
		{"host_is_the_first_segment_of_allow_list_patterns", hostIsASegment},
		{"ping_reaches_the_forge", pingReaches},
		{"repositories_are_listed_by_name_in_pages", listsInPages},
		{"filter_keeps_names_that_contain_it_whatever_the_case", filters},
		{"a_cursor_of_somebody_else_is_refused", refusesForeignCursors},
		{"an_archived_repository_says_so", tellsArchived},
		{"lookup_keeps_the_order_and_leaves_out_what_is_not_there", looksUp},
		{"lookup_takes_any_number_of_names", looksUpMany},
		{"names_are_compared_without_case_and_come_back_in_the_forges_spelling", foldsNames},
		{"base_is_the_head_of_the_default_branch", resolvesDefaultBranch},
		{"base_is_the_head_of_a_named_branch", resolvesNamedBranch},
		{"base_follows_a_push", resolvesAfterPush},
		{"base_of_a_missing_branch_is_no_such_branch", missingBranch},
		{"base_of_an_empty_repository_is_empty_repository", emptyRepository},
		{"base_without_a_default_branch_is_no_default_branch", headlessRepository},
		{"what_does_not_exist_is_not_found", notFound},
		{"remote_is_one_that_git_can_fetch_from_and_push_to", remoteWorks},
		{"remote_address_holds_no_credential", remoteIsClean},
		{"a_pull_request_is_opened_as_asked", opensPullRequest},
		{"a_pull_request_without_base_goes_to_the_default_branch", opensToDefaultBranch},
		{"an_open_pull_request_of_the_branch_is_reused_as_people_left_it", reusesPullRequest},
		{"a_closed_pull_request_is_not_reused", doesNotReuseClosed},
		{"a_pull_request_of_another_branch_is_not_reused", doesNotReuseOthers},
		{"a_reviewer_that_the_forge_refuses_is_named_in_a_notice", noticesReviewer},
		{"a_pull_request_of_a_branch_that_was_not_pushed_is_an_error", needsBranch},
		{"pull_requests_opened_at_once_get_their_own_numbers", opensAtOnce},
		{"the_same_pull_request_asked_for_at_once_is_opened_once", ensuresAtOnce},
		{"refused_credentials_are_unauthorized_and_not_shown", refusedCredentials},
	}
	for _, promise := range promises {
		t.Run(promise.name, func(t *testing.T) {
			t.Parallel()
			promise.check(t, open(t))
		})
	}
}

func (f Fixture) name(name string) codybatch.RepositoryName {
	return codybatch.RepositoryName(f.Owner + "/" + name)
}

// make makes a repository with one file, and returns its full name and commit.
func (f Fixture) make(t *testing.T, name string) (codybatch.RepositoryName, string) {
	t.Helper()
	full := f.name(name)
	return full, f.MakeRepository(t, full, map[string]string{"README.md": "# " + name + "\n"})
}
