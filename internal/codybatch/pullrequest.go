package codybatch

// PullRequestSpec is how a job wants its branches and pull requests to look.
type PullRequestSpec struct {
	Title     string   `json:"title"`
	Body      string   `json:"body"`
	Branch    string   `json:"branch"` // the head branch that is pushed
	Base      string   `json:"base"`   // empty: the default branch of each repository
	Draft     bool     `json:"draft"`
	Labels    []string `json:"labels"`
	Reviewers []string `json:"reviewers"` // user names, or "org/team"
}

// PullRequestState is what has become of a pull request.
type PullRequestState string

// The states of a pull request.
const (
	PullRequestOpen   PullRequestState = "open"
	PullRequestMerged PullRequestState = "merged"
	PullRequestClosed PullRequestState = "closed"
)

// PullRequest is one that a forge has opened.
type PullRequest struct {
	Number int              `json:"number"`
	URL    string           `json:"url"`
	State  PullRequestState `json:"state"`

	// Outdated says that it shows an earlier diff than the task has now.
	Outdated bool `json:"outdated,omitempty"`
}
