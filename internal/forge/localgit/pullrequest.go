package localgit

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"syscall"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// PullRequest is a line of <name>.pulls.json. Numbers begin with 1 and are never
// used again as long as the last one is kept.
type PullRequest struct {
	codybatch.PullRequest
	Title     string   `json:"title"`
	Body      string   `json:"body"`
	Head      string   `json:"head"`
	Base      string   `json:"base"`
	Draft     bool     `json:"draft"`
	Labels    []string `json:"labels"`
	Reviewers []string `json:"reviewers"`
}

// EnsurePullRequest records a pull request beside the repository. There are no
// users here, so every reviewer is taken, and there are never notices.
func (f *Forge) EnsurePullRequest(
	ctx context.Context, name codybatch.RepositoryName, spec codybatch.PullRequestSpec,
) (codybatch.PullRequest, []string, error) {
	root, err := f.open()
	if err != nil {
		return codybatch.PullRequest{}, nil, err
	}
	defer root.Close() //nolint:errcheck // what is written is closed where it is
	r, err := locate(root, name)
	if err != nil {
		return codybatch.PullRequest{}, nil, err
	}
	pr, err := f.ensure(ctx, root, r, spec)
	if err != nil {
		return codybatch.PullRequest{}, nil, fmt.Errorf("pull request of %s in %s: %w", spec.Branch, r.name, err)
	}
	return pr, nil, nil
}

func (f *Forge) ensure(ctx context.Context, root *os.Root, r repository, spec codybatch.PullRequestSpec) (codybatch.PullRequest, error) {
	if spec.Base == "" {
		base, err := f.resolve(ctx, root, r, "")
		if err != nil {
			return codybatch.PullRequest{}, err
		}
		spec.Base = base.Branch
	}
	if spec.Base == spec.Branch {
		return codybatch.PullRequest{}, errSameBranch
	}
	for _, branch := range []string{spec.Branch, spec.Base} {
		if err := f.mustBase(ctx, root, r, branch); err != nil {
			return codybatch.PullRequest{}, err
		}
	}
	unlock, err := lock(root, r.beside(".pulls.lock"))
	if err != nil {
		return codybatch.PullRequest{}, err
	}
	defer unlock()
	pulls, err := readPulls(root, r)
	if err != nil {
		return codybatch.PullRequest{}, err
	}
	number := 1
	for _, pr := range pulls {
		if pr.Head == spec.Branch && pr.State == codybatch.PullRequestOpen {
			return pr.PullRequest, nil
		}
		number = max(number, pr.Number+1)
	}
	pr := PullRequest{
		PullRequest: codybatch.PullRequest{
			Number: number, State: codybatch.PullRequestOpen,
			URL: fmt.Sprintf("local://%s/pulls/%d", r.name, number),
		},
		Title: spec.Title, Body: spec.Body, Head: spec.Branch, Base: spec.Base, Draft: spec.Draft,
		Labels: spec.Labels, Reviewers: spec.Reviewers,
	}
	return pr.PullRequest, writePulls(root, r, append(pulls, pr))
}

// PullRequests returns what is recorded beside a repository, by number.
func (f *Forge) PullRequests(name codybatch.RepositoryName) ([]PullRequest, error) {
	root, err := f.open()
	if err != nil {
		return nil, err
	}
	defer root.Close() //nolint:errcheck // only read
	r, err := locate(root, name)
	if err != nil {
		return nil, err
	}
	return readPulls(root, r)
}

func readPulls(root *os.Root, r repository) ([]PullRequest, error) {
	file := r.beside(".pulls.json")
	text, err := root.ReadFile(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read pull requests: %w", err)
	}
	var pulls []PullRequest
	if err := json.Unmarshal(text, &pulls); err != nil {
		return nil, fmt.Errorf("read pull requests in %s: %w", file, err)
	}
	return pulls, nil
}

// writePulls replaces the file in one step. The caller holds the lock.
func writePulls(root *os.Root, r repository, pulls []PullRequest) error {
	text, err := json.MarshalIndent(pulls, "", "  ")
	if err != nil {
		return fmt.Errorf("write pull requests: %w", err)
	}
	file, temporary := r.beside(".pulls.json"), r.beside(".pulls.tmp")
	if err := writeSynced(root, temporary, append(text, '\n')); err != nil {
		return fmt.Errorf("write pull requests: %w", err)
	}
	if err := root.Rename(temporary, file); err != nil {
		return fmt.Errorf("write pull requests: %w", err)
	}
	return nil
}

func writeSynced(root *os.Root, name string, text []byte) error {
	file, err := root.Create(name)
	if err != nil {
		return err
	}
	_, err = file.Write(text)
	if err == nil {
		err = file.Sync()
	}
	if closed := file.Close(); err == nil {
		err = closed
	}
	return err
}

// lock returns the way to unlock. It waits until no other process or goroutine holds the lock file, which
// stays. It is only held while a small file is rewritten, so the wait is short
// and no context ends it.
func lock(root *os.Root, name string) (func(), error) {
	file, err := root.OpenFile(name, os.O_RDWR|os.O_CREATE, 0o644)
	if err != nil {
		return nil, fmt.Errorf("lock pull requests: %w", err)
	}
	for {
		err := syscall.Flock(int(file.Fd()), syscall.LOCK_EX)
		if err == nil {
			return func() { _ = file.Close() }, nil
		}
		if !errors.Is(err, syscall.EINTR) {
			_ = file.Close()
			return nil, fmt.Errorf("lock pull requests: %w", err)
		}
	}
}
