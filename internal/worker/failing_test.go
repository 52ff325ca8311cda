package worker_test

import (
	"context"
	"errors"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/worker"
)

type round = func(context.Context, codybatch.AgentRun) (codybatch.AgentResult, error)

// failingForge is a forge whose calls can be made to fail.
type failingForge struct {
	codybatch.Forge
	resolve, ensure error
	onEnsure        func()
}

func (f *failingForge) ResolveBase(ctx context.Context, name codybatch.RepositoryName, branch string) (codybatch.Base, error) {
	if f.resolve != nil {
		return codybatch.Base{}, f.resolve
	}
	return f.Forge.ResolveBase(ctx, name, branch)
}

func (f *failingForge) EnsurePullRequest(ctx context.Context, name codybatch.RepositoryName, spec codybatch.PullRequestSpec) (codybatch.PullRequest, []string, error) {
	if f.onEnsure != nil {
		f.onEnsure()
	}
	if f.ensure != nil {
		return codybatch.PullRequest{}, nil, f.ensure
	}
	return f.Forge.EnsurePullRequest(ctx, name, spec)
}

func withForge(forge *failingForge) func(*worker.Options) {
	return func(o *worker.Options) { forge.Forge, o.Forge = o.Forge, forge }
}

var errGateway = errors.New("502 Bad Gateway")

// failingStore fails the first writes that would end a task.
type failingStore struct {
	codybatch.Store
	left int
}

func (s *failingStore) UpdateTask(ctx context.Context, prev, next codybatch.Task) (codybatch.Task, error) {
	if next.Status.Final() && s.left > 0 {
		s.left--
		return codybatch.Task{}, errors.New("database is locked")
	}
	return s.Store.UpdateTask(ctx, prev, next)
}
