package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	gh "github.com/google/go-github/v92/github"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// ResolveBase asks for the branch first, so that a branch that is there costs one
// request, and two if it is the default branch that is meant.
func (f *Forge) ResolveBase(ctx context.Context, name codybatch.RepositoryName, branch string) (codybatch.Base, error) {
	doing := fmt.Sprintf("find branch %q of %s", branch, name)
	isDefault := branch == ""
	if isDefault {
		doing = fmt.Sprintf("find the default branch of %s", name)
		repository, err := f.get(ctx, name)
		if err != nil {
			return codybatch.Base{}, f.failure(ctx, doing, err)
		}
		branch = repository.GetDefaultBranch()
		if branch == "" {
			return codybatch.Base{}, &codybatch.BaseError{Code: "no_default_branch", Message: fmt.Sprintf("%s has no default branch", name)}
		}
	}
	if !name.Valid() {
		return codybatch.Base{}, fmt.Errorf("%s: %w", doing, codybatch.ErrNotFound)
	}
	ref, _, err := f.client.Git.GetRef(ctx, name.Owner(), name.Name(), "heads/"+branch)
	switch {
	case err == nil && ref.GetRef() == "refs/heads/"+branch && ref.GetObject().GetSHA() != "":
		return codybatch.Base{Branch: branch, Commit: ref.GetObject().GetSHA()}, nil
	case status(err) == http.StatusConflict:
		return codybatch.Base{}, &codybatch.BaseError{Code: "empty_repository", Message: fmt.Sprintf("%s is empty: it has no commit to start from", name)}
	case err != nil && status(err) != http.StatusNotFound && !errors.Is(err, gh.ErrPathForbidden):
		return codybatch.Base{}, f.failure(ctx, doing, err)
	case isDefault:
		return codybatch.Base{}, &codybatch.BaseError{Code: "no_default_branch", Message: fmt.Sprintf("%s has no branch %q, which is its default branch", name, branch)}
	}
	// Either the branch is missing or the whole repository is.
	if _, err := f.get(ctx, name); err != nil {
		return codybatch.Base{}, f.failure(ctx, doing, err)
	}
	return codybatch.Base{}, &codybatch.BaseError{Code: "no_such_branch", Message: fmt.Sprintf("%s has no branch %q", name, branch)}
}

// get fetches one repository. Its error is the client's.
func (f *Forge) get(ctx context.Context, name codybatch.RepositoryName) (*gh.Repository, error) {
	if !name.Valid() { // never part of an address
		return nil, codybatch.ErrNotFound
	}
	repository, _, err := f.client.Repositories.Get(ctx, name.Owner(), name.Name())
	return repository, err
}
