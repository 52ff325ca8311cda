package codybatch

import "time"

// JobID names a job. Ids are handed out in time order, so that sorting by id
// sorts by age.
type JobID string

// JobStatus is where a job stands. It is never stored: see [Job.Status].
type JobStatus string

// The statuses of a job.
const (
	JobQueued    JobStatus = "queued"
	JobRunning   JobStatus = "running"
	JobSucceeded JobStatus = "succeeded"
	JobFailed    JobStatus = "failed" // at least one task failed
	JobCanceled  JobStatus = "canceled"
)

// JobStatuses lists every status of a job, for validation and for help texts.
func JobStatuses() []JobStatus {
	return []JobStatus{JobQueued, JobRunning, JobSucceeded, JobFailed, JobCanceled}
}

// AgentType names an engine.
type AgentType string

// The engines that a job may ask for.
const (
	AgentClaude     AgentType = "claude"      // the loop on the Messages API
	AgentClaudeCode AgentType = "claude-code" // the Claude Code CLI, which the operator installs
	AgentScript     AgentType = "script"      // any program, run in the workspace
)

// AgentTypes lists every engine, for validation and for help texts.
func AgentTypes() []AgentType { return []AgentType{AgentClaude, AgentClaudeCode, AgentScript} }

// AsksModel reports whether an engine takes a prompt and asks a model for tokens,
// which cost money.
func (t AgentType) AsksModel() bool { return t == AgentClaude || t == AgentClaudeCode }

// AgentSpec says who edits the workspace, and within which limits.
type AgentSpec struct {
	Type     AgentType     `json:"type"`
	Model    string        `json:"model,omitempty"`    // not AgentScript
	Script   string        `json:"script,omitempty"`   // AgentScript only; run by bash -eu
	MaxTurns int           `json:"maxTurns,omitempty"` // model calls in one attempt
	MaxCost  *Money        `json:"maxCost,omitempty"`  // of one attempt; nil only for scripts
	Timeout  time.Duration `json:"timeout"`            // of one attempt, clone to finish
}

// JobSpec is what a person asks for.
type JobSpec struct {
	Name               string
	Description        string
	Prompt             string
	Repositories       []RepositoryName
	Agent              AgentSpec
	Verify             []string     // commands that must pass after the change, in order; see VerifyAuto
	Gates              GateSettings `json:",omitempty"` // what is left out has its default
	Judge              bool         `json:",omitempty"` // a model takes a second look at each change; see Judge
	MaxCost            *Money       // of the whole job, retries included; nil: only the tasks' limits
	CreatePullRequests bool
	PullRequest        PullRequestSpec
}

// Job is one prompt (or script) over many repositories.
type Job struct {
	ID                 JobID           `json:"id"`
	Engine             string          `json:"engine,omitempty"` // what is to answer for the agent: "claude", "claude-code", "rehearsal", "script"
	Name               string          `json:"name"`
	Description        string          `json:"description,omitempty"`
	Prompt             string          `json:"prompt,omitempty"`
	Agent              AgentSpec       `json:"agent"`
	Verify             []string        `json:"verify,omitempty"`
	Gates              GateSettings    `json:"gates,omitempty"`
	Judge              bool            `json:"judge,omitempty"`
	MaxCost            *Money          `json:"maxCost,omitempty"`
	CreatePullRequests bool            `json:"createPullRequests,omitempty"`
	PullRequest        PullRequestSpec `json:"pullRequest"`

	CreatedAt       time.Time `json:"createdAt"`
	StartedAt       time.Time `json:"startedAt,omitzero"`   // the first claim of a task
	CompletedAt     time.Time `json:"completedAt,omitzero"` // the last task's end; zero again after a retry
	ExpiresAt       time.Time `json:"expiresAt,omitzero"`   // zero: kept until somebody deletes it
	CancelRequested bool      `json:"cancelRequested,omitempty"`

	RepositoryCount int    `json:"repositoryCount"`
	Counts          Counts `json:"counts"`
	Usage           Usage  `json:"usage"`    // of all attempts of all tasks
	Reserved        Money  `json:"reserved"` // held back for running tasks, see Store.ClaimTask
	Seq             int64  `json:"seq"`      // grows with every change of the job or a task of it
}

// Counts says how many tasks of a job are in which state. The first five add up
// to the job's RepositoryCount; Changed and Published overlap with them.
type Counts struct {
	Queued    int `json:"queued"`
	Running   int `json:"running"`
	Succeeded int `json:"succeeded"`
	Failed    int `json:"failed"`
	Canceled  int `json:"canceled"`
	Changed   int `json:"changed"`   // tasks with a diff that is not empty, but not the kept diffs of failures
	Published int `json:"published"` // tasks with a pull request
}

// Status follows from the counts and the cancel flag alone.
func (j Job) Status() JobStatus {
	switch c := j.Counts; {
	case c.Queued == j.RepositoryCount && !j.CancelRequested:
		return JobQueued
	case c.Queued+c.Running > 0:
		return JobRunning
	case c.Canceled > 0:
		return JobCanceled
	case c.Failed > 0:
		return JobFailed
	default:
		return JobSucceeded
	}
}

// Finished reports whether nothing of the job is queued or running.
func (j Job) Finished() bool { return j.Counts.Queued+j.Counts.Running == 0 }

// Remaining is what may still be promised to tasks, nil when the job has no
// limit of its own. It is never negative.
func (j Job) Remaining() *Money {
	if j.MaxCost == nil {
		return nil
	}
	left := max(0, *j.MaxCost-j.Usage.Cost-j.Reserved)
	return &left
}

// Reservation is what an attempt of a task may spend, and what a claim of it
// holds back from the rest of the job: agent.MaxCost, less what the same attempt
// spent before it was stopped, or what is left of the job if that is less and
// nobody else holds any of it. It is 0 where there is no limit or nothing to pay.
// Its errors are those of Store.ClaimTask.
func (j Job) Reservation(t Task) (Money, error) {
	left, most := j.Remaining(), j.Agent.MaxCost
	switch {
	case j.CancelRequested:
		return 0, ErrCanceled
	case j.Agent.Type == AgentScript, t.PublishesStored(j):
		return 0, nil // scripts cost nothing, and a stored diff is paid for
	case left == nil && most == nil:
		return 0, nil
	}
	wanted := MoneyMax
	if most != nil {
		wanted = max(0, *most-t.Carried)
	}
	switch {
	case left == nil:
		return wanted, nil
	case *left >= wanted:
		return wanted, nil
	case j.Reserved > 0:
		return 0, ErrNotNow // most of what is held back usually comes back
	case *left == 0:
		return 0, ErrBudgetExhausted
	default:
		return *left, nil
	}
}

// Apply moves the job's totals for one task that went from prev to next. Stores
// call it in the write that moves the task, so that no total is ever counted
// again from rows.
func (j Job) Apply(prev, next Task) Job {
	before, after := prev.contribution(), next.contribution()
	j.Counts = j.Counts.plus(after.counts).minus(before.counts)
	j.Usage = j.Usage.Add(after.usage.Sub(before.usage))
	j.Reserved += after.reserved - before.reserved
	if j.StartedAt.IsZero() && next.Status == TaskRunning {
		j.StartedAt = next.StartedAt
	}
	switch {
	case !j.Finished():
		j.CompletedAt = time.Time{}
	case j.CompletedAt.IsZero(): // a review of a finished job ends nothing
		j.CompletedAt = next.UpdatedAt
	}
	return j
}

func (c Counts) plus(d Counts) Counts {
	return Counts{
		Queued: c.Queued + d.Queued, Running: c.Running + d.Running, Succeeded: c.Succeeded + d.Succeeded,
		Failed: c.Failed + d.Failed, Canceled: c.Canceled + d.Canceled,
		Changed: c.Changed + d.Changed, Published: c.Published + d.Published,
	}
}

func (c Counts) minus(d Counts) Counts {
	return c.plus(Counts{
		Queued: -d.Queued, Running: -d.Running, Succeeded: -d.Succeeded,
		Failed: -d.Failed, Canceled: -d.Canceled, Changed: -d.Changed, Published: -d.Published,
	})
}
