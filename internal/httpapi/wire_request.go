package httpapi

// JobRequest is what a person asks for: the body of POST /jobs, and job.yaml.
type JobRequest struct {
	Name               string              `json:"name" doc:"A line that names the job for people: 1 to 200 characters." example:"Replace io/ioutil"`
	Description        string              `json:"description,omitempty" doc:"Anything that readers of the job should know; at most 64 KiB."`
	Prompt             string              `json:"prompt,omitempty" doc:"What the agent is to do in every repository; at most 64 KiB. Required unless agent.type is script." example:"Replace every use of io/ioutil by its successor in os and io."`
	Repositories       []string            `json:"repositories" doc:"1 to 10,000 repositories as owner/name, each once, whatever the case of its letters." example:"[\"acme/site\",\"acme/api\"]"`
	Agent              AgentRequest        `json:"agent,omitzero" doc:"Who edits the repositories, and within which limits."`
	Verify             []string            `json:"verify,omitempty" doc:"Shell commands that must pass after the change, in order; at most 20. The entry auto, once, stands for what each repository's files tell at the base commit: go.mod, package.json, pom.xml, build.gradle, pyproject.toml, Cargo.toml, Gemfile, *.sln, or a Makefile with a test; what was detected is told in the thread." example:"[\"go build ./...\",\"go test ./...\"]"`
	Gates              GateSettings        `json:"gates,omitempty" doc:"What rules about the diff do to a task, by rule: allow keeps a finding in the thread only, warn shows it to reviewers, block fails the task and keeps the diff. What is left out has its default."`
	Judge              bool                `json:"judge,omitempty" doc:"Have the model take a second look at every change that gates and verification let pass. What it rejects, or gives no verdict on, fails with outcome gate_blocked. It costs one more model call a change, within agent.maxCostUsd. Not with agent.type script, which has no model."`
	MaxCostUSD         *float64            `json:"maxCostUsd,omitempty" doc:"The most that the whole job may cost in US dollars, retries included. Left out: only the limits of the tasks hold." example:"50"`
	CreatePullRequests bool                `json:"createPullRequests,omitempty" doc:"Publish every succeeded change at once, without waiting for a person."`
	PullRequest        *PullRequestRequest `json:"pullRequest,omitempty" doc:"How branches and pull requests should look."`
}

// AgentRequest says who edits the workspace, and within which limits.
type AgentRequest struct {
	Type           string   `json:"type,omitempty" doc:"claude (the default) follows the prompt; claude-code has the Claude Code CLI follow it, where the server has that; script runs a program." example:"claude"`
	Model          string   `json:"model,omitempty" doc:"The model; not with type script." example:"claude-sonnet-5-5"`
	Script         string   `json:"script,omitempty" doc:"Run by bash -eu in the workspace with REPOSITORY, JOB_ID and BASE_COMMIT; only with type script."`
	MaxTurns       int      `json:"maxTurns,omitempty" doc:"Model calls in one attempt, 1 to 1,000; 80 if left out." example:"80"`
	MaxCostUSD     *float64 `json:"maxCostUsd,omitempty" doc:"The most that one attempt may cost in US dollars; 2 if left out." example:"2"`
	TimeoutSeconds int64    `json:"timeoutSeconds,omitempty" doc:"How long one attempt may take, 1 to 86,400; 1,800 if left out." example:"1800"`
}

// PullRequestRequest says how branches and pull requests should look.
type PullRequestRequest struct {
	Title     string   `json:"title,omitempty" doc:"The job's name if left out; at most 256 characters." example:"Replace io/ioutil"`
	Body      string   `json:"body,omitempty" doc:"Markdown, at most 64 KiB."`
	Branch    string   `json:"branch,omitempty" doc:"The branch that is pushed; cody-batch/ and the job's name if left out." example:"cody-batch/replace-io-ioutil"`
	Base      string   `json:"base,omitempty" doc:"The branch to start from and to merge into; each repository's default branch if left out."`
	Draft     bool     `json:"draft,omitempty" doc:"Open as a draft, where the forge knows drafts."`
	Labels    []string `json:"labels,omitempty" doc:"Labels to set; missing ones are created. At most 100."`
	Reviewers []string `json:"reviewers,omitempty" doc:"User names, or org/team. At most 100."`
}

// RetryRequest says which tasks of a job to queue again.
type RetryRequest struct {
	Include      []string `json:"include,omitempty" doc:"canceled: queue the canceled tasks again, too."`
	Repositories []string `json:"repositories,omitempty" doc:"Only these, at most 10,000: failed, canceled or rejected ones, whatever include says. Left out or empty: all that failed, and what include adds."`
}

// CancelTasksRequest says which tasks of a job to cancel.
type CancelTasksRequest struct {
	Repositories []string `json:"repositories" doc:"1 to 10,000, as the job spells them."`
}

// PublishRequest says which tasks of a job to publish.
type PublishRequest struct {
	Repositories []string `json:"repositories,omitempty" doc:"Only these, at most 10,000. Left out or empty: all that can be published."`
}

// ReviewRequest is a person's verdict on a diff.
type ReviewRequest struct {
	Decision string `json:"decision" doc:"approved or rejected; withdrawn takes back what was said before, so that review is null again."`
	Note     string `json:"note,omitempty" doc:"At most 4 KiB."`
}

// ReviewTasksRequest is one verdict on the diffs of several tasks.
type ReviewTasksRequest struct {
	Decision     string   `json:"decision" doc:"approved or rejected; withdrawn takes back what was said before, so that review is null again."`
	Note         string   `json:"note,omitempty" doc:"At most 4 KiB."`
	Repositories []string `json:"repositories" doc:"1 to 10,000, as the job spells them."`
}

// FeedbackRequest is a person's remark on what an agent did.
type FeedbackRequest struct {
	Message string `json:"message" doc:"What is to be different. At most 8 KiB."`
}

// FeedbackTasksRequest is one remark on what agents did in several repositories.
type FeedbackTasksRequest struct {
	Message      string   `json:"message" doc:"What is to be different. At most 8 KiB."`
	Repositories []string `json:"repositories" doc:"1 to 10,000, as the job spells them."`
}
