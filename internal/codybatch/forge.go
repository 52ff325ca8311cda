package codybatch

import "context"

// Forge hosts repositories and pull requests. All methods may be called at once.
// Names are compared without regard to case; what comes back is in the forge's
// spelling. Waiting out rate limits is the adapter's business and bounded by the
// context.
//
// The promises, each a test in forgetest:
//
//   - ErrNotFound stands for "does not exist" and for "may not be seen": forges do
//     not tell them apart. ErrUnauthorized: the credentials are refused.
//   - EnsurePullRequest is idempotent by head branch: an open pull request with
//     that head is reused, its title and body left as people have edited them.
//   - Errors never hold a credential.
type Forge interface {
	// Host is the first segment in allow-list patterns: "github.com", "local".
	Host() string

	// Repositories lists what the service account sees, by name. Filter keeps
	// names that contain it, case folded.
	Repositories(ctx context.Context, q RepositoryQuery) (RepositoryPage, error)

	// Lookup returns the repositories that exist, in the order of names, and
	// leaves out the others. Any number of names is fine.
	Lookup(ctx context.Context, names []RepositoryName) ([]Repository, error)

	// ResolveBase finds the head commit of a branch, or of the default branch if
	// branch is empty. Its errors are ErrNotFound, or a *BaseError if the
	// repository is there but has no such commit.
	ResolveBase(ctx context.Context, name RepositoryName, branch string) (Base, error)

	// Remote tells how git reaches the repository.
	Remote(ctx context.Context, name RepositoryName) (Remote, error)

	// EnsurePullRequest makes sure that there is an open pull request from
	// spec.Branch, which was pushed already, into spec.Base. Labels that the
	// repository lacks are created; reviewers that the forge refuses are left
	// out and named in the returned notices.
	EnsurePullRequest(ctx context.Context, name RepositoryName, spec PullRequestSpec) (pr PullRequest, notices []string, err error)

	// Ping tells whether the forge can be reached with these credentials. It is
	// cheap, and costs no request more than once a minute.
	Ping(ctx context.Context) error
}

// RepositoryQuery asks for a page of repositories.
type RepositoryQuery struct {
	Filter string
	Limit  int // from 1 to 100
	Cursor string
}

// RepositoryPage is a page of repositories. An empty NextCursor ends the list.
type RepositoryPage struct {
	Repositories []Repository
	NextCursor   string
}

// Remote is how git reaches a repository. URL never holds a credential;
// Credential fetches one when git asks, and is nil where none is needed.
type Remote struct {
	URL        string
	Credential func(ctx context.Context) (username, password string, err error)
}

// BaseError says why a repository has no commit to start from.
type BaseError struct {
	Code    string // "empty_repository", "no_default_branch", "no_such_branch"
	Message string
}

// Error is the message.
func (e *BaseError) Error() string { return e.Message }
