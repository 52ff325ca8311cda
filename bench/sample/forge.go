package main

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// wideOwner owns any number of repositories that are found but not listed: those of
// the job of 10,000.
const wideOwner = "initech"

// forge makes up a GitHub that lists and finds, and can't clone.
type forge struct {
	sorted []codybatch.Repository
	byName map[string]codybatch.Repository

	mu     sync.Mutex
	number int // of the last pull request
}

func newForge() *forge {
	f := &forge{sorted: makeRepositories(), byName: map[string]codybatch.Repository{}, number: 400}
	slices.SortFunc(f.sorted, func(a, b codybatch.Repository) int { return cmp.Compare(a.Name.Fold(), b.Name.Fold()) })
	for _, repository := range f.sorted {
		f.byName[repository.Name.Fold()] = repository
	}
	return f
}

// Host is GitHub's.
func (f *forge) Host() string { return "github.com" }

// Repositories lists by name; the cursor is a place in the list.
func (f *forge) Repositories(_ context.Context, q codybatch.RepositoryQuery) (codybatch.RepositoryPage, error) {
	var page codybatch.RepositoryPage
	start := 0
	if q.Cursor != "" {
		var err error
		if start, err = strconv.Atoi(q.Cursor); err != nil || start < 0 || start > len(f.sorted) {
			return page, codybatch.ErrCursor
		}
	}
	for i := start; i < len(f.sorted); i++ {
		if !strings.Contains(f.sorted[i].Name.Fold(), strings.ToLower(q.Filter)) {
			continue
		}
		if len(page.Repositories) == q.Limit {
			page.NextCursor = strconv.Itoa(i)
			break
		}
		page.Repositories = append(page.Repositories, f.sorted[i])
	}
	return page, nil
}

// Lookup finds what is listed, and everything of wideOwner.
func (f *forge) Lookup(_ context.Context, names []codybatch.RepositoryName) ([]codybatch.Repository, error) {
	var found []codybatch.Repository
	for _, name := range names {
		if repository, err := f.find(name); err == nil {
			found = append(found, repository)
		}
	}
	return found, nil
}

func (f *forge) find(name codybatch.RepositoryName) (codybatch.Repository, error) {
	if repository, ok := f.byName[name.Fold()]; ok {
		return repository, nil
	}
	if name.Owner() == wideOwner {
		return codybatch.Repository{Name: name, URL: "https://github.com/" + string(name), DefaultBranch: "main", Language: "Go"}, nil
	}
	return codybatch.Repository{}, fmt.Errorf("repository %s: %w", name, codybatch.ErrNotFound)
}

// some are the first repositories in a language, but for skip, that a job may have.
func (f *forge) some(language string, skip, count int) []codybatch.Repository {
	var found []codybatch.Repository
	for _, repository := range f.sorted {
		if repository.Language == language && !repository.Archived && !isHostile(repository.Name) {
			if skip--; skip < 0 {
				found = append(found, repository)
			}
		}
		if len(found) == count {
			break
		}
	}
	return found
}

// ResolveBase knows a commit for every repository that there is.
func (f *forge) ResolveBase(_ context.Context, name codybatch.RepositoryName, branch string) (codybatch.Base, error) {
	repository, err := f.find(name)
	return codybatch.Base{Branch: cmp.Or(branch, repository.DefaultBranch), Commit: commit(string(name))}, err
}

// Remote is nowhere: nothing is ever cloned.
func (f *forge) Remote(_ context.Context, name codybatch.RepositoryName) (codybatch.Remote, error) {
	return codybatch.Remote{}, fmt.Errorf("clone %s: the sample's repositories have no content", name)
}

// EnsurePullRequest opens the next one.
func (f *forge) EnsurePullRequest(_ context.Context, name codybatch.RepositoryName, _ codybatch.PullRequestSpec) (codybatch.PullRequest, []string, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.number++
	url := fmt.Sprintf("https://github.com/%s/pull/%d", name, f.number)
	return codybatch.PullRequest{Number: f.number, URL: url, State: codybatch.PullRequestOpen}, nil, nil
}

// Ping says that all is well.
func (f *forge) Ping(context.Context) error { return nil }
