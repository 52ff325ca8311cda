package httpapi

import (
	"encoding/json"
	"time"
)

// Text is a string that is null on the wire while it is empty, because its
// absence means something: an outcome that is not known yet, for example.
type Text string

// MarshalJSON writes null for the empty Text.
func (t Text) MarshalJSON() ([]byte, error) {
	if t == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(t))
}

// Job is one prompt (or script) over many repositories.
type Job struct {
	JobID              string          `json:"jobId" doc:"Ids sort by age."`
	Name               string          `json:"name"`
	Description        string          `json:"description"`
	Prompt             string          `json:"prompt" doc:"Empty for jobs that run a script."`
	Agent              AgentLimits     `json:"agent"`
	Verify             []string        `json:"verify"`
	Gates              GateSettings    `json:"gates" doc:"The levels that the job sets; the other rules have their defaults."`
	Judge              bool            `json:"judge" doc:"A model takes a second look at every change."`
	MaxCostUSD         *float64        `json:"maxCostUsd" doc:"null: the job has no limit of its own."`
	CreatePullRequests bool            `json:"createPullRequests"`
	PullRequest        PullRequestPlan `json:"pullRequest"`
	Status             string          `json:"status" doc:"Follows from the counts: queued, running, or how it ended."`
	CancelRequested    bool            `json:"cancelRequested" doc:"A person has canceled it; running tasks may still be ending."`
	CreatedAt          time.Time       `json:"createdAt"`
	StartedAt          *time.Time      `json:"startedAt" doc:"When the first task started; null before."`
	CompletedAt        *time.Time      `json:"completedAt" doc:"When the last task ended; null while one is queued or running."`
	ExpiresAt          *time.Time      `json:"expiresAt" doc:"When the job may be deleted; null: never by itself."`
	RepositoryCount    int             `json:"repositoryCount"`
	Counts             Counts          `json:"counts"`
	Usage              Usage           `json:"usage" doc:"Of all attempts of all tasks."`
	Seq                int64           `json:"seq" doc:"Grows with every change of the job or a task of it. Pass it to the events route as after."`
}

// AgentLimits is who edits the workspaces of a job, and within which limits.
type AgentLimits struct {
	Type           string   `json:"type"`
	Model          Text     `json:"model" doc:"null for scripts."`
	Script         Text     `json:"script" doc:"null for models."`
	MaxTurns       *int     `json:"maxTurns" doc:"Model calls in one attempt; null for scripts."`
	MaxCostUSD     *float64 `json:"maxCostUsd" doc:"Of one attempt; null for scripts."`
	TimeoutSeconds int64    `json:"timeoutSeconds" doc:"Of one attempt."`
}

// PullRequestPlan is how the branches and pull requests of a job look.
type PullRequestPlan struct {
	Title     string   `json:"title"`
	Body      string   `json:"body"`
	Branch    string   `json:"branch"`
	Base      string   `json:"base" doc:"Empty: the default branch of each repository."`
	Draft     bool     `json:"draft"`
	Labels    []string `json:"labels"`
	Reviewers []string `json:"reviewers"`
}

// Counts says how many tasks of a job are in which state.
type Counts struct {
	Queued    int `json:"queued"`
	Running   int `json:"running"`
	Succeeded int `json:"succeeded"`
	Failed    int `json:"failed"`
	Canceled  int `json:"canceled"`
	Changed   int `json:"changed" doc:"Tasks with a diff that is not empty, whatever their status."`
	Published int `json:"published" doc:"Tasks with a pull request."`
}

// Usage is what models took, and what it costs.
type Usage struct {
	InputTokens      int64    `json:"inputTokens"`
	OutputTokens     int64    `json:"outputTokens"`
	CacheReadTokens  int64    `json:"cacheReadTokens"`
	CacheWriteTokens int64    `json:"cacheWriteTokens"`
	CostUSD          *float64 `json:"costUsd" doc:"In US dollars, exact to a millionth; null: not known, because the price of a model isn't."`
}

// JobPage is a page of jobs, newest first.
type JobPage struct {
	Jobs       []Job `json:"jobs"`
	NextCursor Text  `json:"nextCursor" doc:"Pass it as cursor for the next page; null: this is the last one."`
}

// Task is the job in one repository.
type Task struct {
	JobID                string         `json:"jobId"`
	RepositoryName       string         `json:"repositoryName" doc:"owner/name, in the forge's spelling."`
	Index                int            `json:"index" doc:"The place in the job's list, from 0: lists come in this order, events don't."`
	Status               string         `json:"status"`
	Outcome              Text           `json:"outcome" doc:"Why the task ended as it did, finer than its status; null before it has ended."`
	Phase                Text           `json:"phase" doc:"What a running task is doing at the moment; else null."`
	WaitingFor           Text           `json:"waitingFor" doc:"Why a running task, or one that was put back into the queue, has to wait before it tries again; else null."`
	Attempt              int            `json:"attempt" doc:"From 1; of a queued task, the one to come."`
	PublishRequested     bool           `json:"publishRequested" doc:"The next attempt publishes, even if the job would not."`
	CancelRequested      bool           `json:"cancelRequested" doc:"A person has canceled it, and its worker is ending it."`
	WereChangesNecessary *bool          `json:"wereChangesNecessary" doc:"null until it is known."`
	Engine               Text           `json:"engine" doc:"What really did the work: claude, claude-code, rehearsal or script; null before."`
	Summary              string         `json:"summary" doc:"What the agent says that it did."`
	BaseCommit           Text           `json:"baseCommit" doc:"The commit that the diff applies to."`
	Branch               Text           `json:"branch" doc:"The pushed branch."`
	HeadCommit           Text           `json:"headCommit" doc:"The pushed commit."`
	DiffStat             DiffStat       `json:"diffStat"`
	ReusedFrom           Text           `json:"reusedFrom" doc:"The job whose result this is, because it asked for the same on the same commit; empty if the work was done for this job."`
	Fingerprint          Text           `json:"fingerprint" doc:"Tasks with the same one have the same patch after normalising."`
	Review               *Review        `json:"review" doc:"A person's verdict on the diff; null: none yet."`
	AvailableActions     []string       `json:"availableActions" doc:"What can be done to the task now."`
	Feedback             *Feedback      `json:"feedback" doc:"A person's remark that the next attempt, or the one that runs, passes on to the agent; null: none waits."`
	PullRequest          *PullRequest   `json:"pullRequest" doc:"null: none was opened."`
	Verification         []Verification `json:"verification" doc:"What the verification commands said, before and after the change."`
	Gates                []Gate         `json:"gates" doc:"Objections to the diff by rules, and by the judge; not what the job allows."`
	Judgement            *Judgement     `json:"judgement" doc:"What the judge says about the diff; null: it was not asked, or gave no verdict."`
	Usage                Usage          `json:"usage" doc:"Of all attempts of the task."`
	Error                *TaskError     `json:"error" doc:"Why the task failed; else null."`
	QueuedAt             time.Time      `json:"queuedAt"`
	StartedAt            *time.Time     `json:"startedAt"`
	CompletedAt          *time.Time     `json:"completedAt"`
	UpdatedAt            time.Time      `json:"updatedAt"`
	Seq                  int64          `json:"seq" doc:"Grows with every change of the task, in step with the job's."`
}

// DiffStat sizes a diff.
type DiffStat struct {
	Files     int `json:"files"`
	Additions int `json:"additions" doc:"Lines; a binary file counts as none."`
	Deletions int `json:"deletions"`
}

// Review is a person's verdict on a diff.
type Review struct {
	Decision string    `json:"decision"`
	Note     string    `json:"note"`
	At       time.Time `json:"at"`
}

// Feedback is a person's remark on an earlier attempt.
type Feedback struct {
	Message string    `json:"message"`
	At      time.Time `json:"at"`
	About   int       `json:"about" doc:"The attempt whose conversation and diff are gone on with."`
}

// PullRequest is one that the forge has opened.
type PullRequest struct {
	Number int    `json:"number"`
	URL    string `json:"url"`
	State  string `json:"state"`

	Outdated bool `json:"outdated" doc:"It shows an earlier diff than the task has now; publishing brings it up to date."`
}

// Verification is what one verification command said in one run.
type Verification struct {
	Command    string `json:"command"`
	ExitCode   int    `json:"exitCode" doc:"-1: killed, by a time-out for example."`
	DurationMs int64  `json:"durationMs"`
	Baseline   bool   `json:"baseline" doc:"Run before the agent touched anything."`
	Tail       string `json:"tail" doc:"The end of its output, at most 8 KiB."`
	Problem    string `json:"problem,omitempty" doc:"Why it could check nothing where it ran, such as a program that is not installed, and what to do; only where the command failed before the change, too. Not there: none can be seen."`
}

// Gate is one objection to a diff.
type Gate struct {
	Rule    string   `json:"rule" doc:"A stable name, such as protected_path or secret; judge for an objection of the judge."`
	Level   string   `json:"level"`
	Message string   `json:"message"`
	Paths   []string `json:"paths"`
}

// Judgement is what the judge says about a diff.
type Judgement struct {
	Verdict      string   `json:"verdict"`
	FollowsTask  bool     `json:"followsTask" doc:"It does what the job asks, all of it."`
	WeakensTests bool     `json:"weakensTests"`
	Suspicious   bool     `json:"suspicious" doc:"It does what nobody asked for, and may be meant to harm."`
	OutOfScope   []string `json:"outOfScope" doc:"What it changes without need."`
	Reasons      []string `json:"reasons"`
	LeftOutBytes int64    `json:"leftOutBytes" doc:"How much of the diff the judge was not shown, because it is too long."`
}

// TaskError is why a task failed.
type TaskError struct {
	Code    string `json:"code" doc:"Stable, for programs."`
	Message string `json:"message" doc:"For people: what happened, and what to do next."`
}

// TaskPage is a page of a job's tasks, in the order in which they were given.
type TaskPage struct {
	Repositories []Task `json:"repositories"`
	NextCursor   Text   `json:"nextCursor" doc:"Pass it as cursor for the next page; null: this is the last one."`
}

// BulkResult tells what a request over many tasks did.
type BulkResult struct {
	Applied []string  `json:"applied" doc:"The repositories for which it was done: those that were queued, canceled or reviewed."`
	Queued  []string  `json:"queued" doc:"The repositories that were queued."`
	Skipped []Refusal `json:"skipped" doc:"The repositories that were left as they are, with the reason."`
	Job     Job       `json:"job" doc:"The job afterwards."`
}

// Refusal says why a repository is left out.
type Refusal struct {
	RepositoryName string `json:"repositoryName"`
	Code           string `json:"code" doc:"repository_not_allowed, repository_not_found, repository_archived, not_found or conflict."`
	Reason         string `json:"reason"`
}

// Estimate is what a job would be, before anything is started.
type Estimate struct {
	RepositoryCount int       `json:"repositoryCount" doc:"How many repositories are admitted."`
	Admitted        []string  `json:"admitted"`
	Refused         []Refusal `json:"refused"`
	MaxCostUSD      *float64  `json:"maxCostUsd" doc:"The most that it can cost; null: without a limit."`
	UsualCostUSD    *float64  `json:"usualCostUsd" doc:"What finished jobs with the same agent and model cost, scaled; null: there is no history."`
}

// Timeline is how a job went.
type Timeline struct {
	Points []TimelinePoint `json:"points" doc:"At equal distances from the job's creation to its end, or now."`
}

// TimelinePoint is how a job stood at a moment.
type TimelinePoint struct {
	Time      time.Time `json:"time"`
	Queued    int       `json:"queued"`
	Running   int       `json:"running"`
	Succeeded int       `json:"succeeded"`
	Failed    int       `json:"failed"`
	Canceled  int       `json:"canceled"`
	CostUSD   float64   `json:"costUsd" doc:"Of what had ended by then."`
}

// Groups sorts what a job has made: patches that are the same, failures by cause.
type Groups struct {
	Patches  []PatchGroup   `json:"patches" doc:"Largest first."`
	Failures []FailureGroup `json:"failures" doc:"Largest first."`
}

// PatchGroup is tasks whose patches are the same after normalising.
type PatchGroup struct {
	Fingerprint     string   `json:"fingerprint"`
	DiffStat        DiffStat `json:"diffStat" doc:"Of the first."`
	RepositoryCount int      `json:"repositoryCount"`
	Repositories    []string `json:"repositories"`
}

// FailureGroup is tasks that failed for the same reason.
type FailureGroup struct {
	Outcome         string   `json:"outcome"`
	Code            string   `json:"code"`
	Message         string   `json:"message" doc:"Of the first."`
	RepositoryCount int      `json:"repositoryCount"`
	Repositories    []string `json:"repositories"`
}

// Thread is a page of a task's conversation.
type Thread struct {
	Messages  []Message `json:"messages"`
	Usage     Usage     `json:"usage" doc:"Of the conversation; an attempt that goes on with an interrupted one has its answers too."`
	Attempt   int       `json:"attempt"`
	NextAfter int64     `json:"nextAfter" doc:"Pass it as after to go on."`
	Complete  bool      `json:"complete" doc:"Nothing more will come."`
}

// Message is one turn of a thread, for people.
type Message struct {
	Seq        int64     `json:"seq"`
	Time       time.Time `json:"time"`
	Role       string    `json:"role"`
	Type       string    `json:"type" doc:"The kind of event that the message tells of."`
	Blocks     []Block   `json:"blocks"`
	Model      Text      `json:"model"`
	MessageID  Text      `json:"messageId"`
	StopReason Text      `json:"stopReason"`
	Usage      *Usage    `json:"usage" doc:"Of this turn; null where no model was asked."`
	DurationMs int64     `json:"durationMs"`
}

// Block is one piece of a message. Which fields are there depends on its type.
type Block struct {
	Type      string          `json:"type"`
	Text      string          `json:"text,omitempty"`
	ToolUseID string          `json:"toolUseId,omitempty" doc:"Joins a tool_result to its tool_use."`
	Name      string          `json:"name,omitempty" doc:"Of the tool."`
	Input     json.RawMessage `json:"input,omitempty" doc:"What the tool was given."`
	IsError   bool            `json:"isError,omitempty"`
	ExitCode  *int            `json:"exitCode,omitempty"`
	Truncated bool            `json:"truncated,omitempty" doc:"The tool said more than the model was shown."`
}

// Repository is what the forge tells about one repository.
type Repository struct {
	Name          string     `json:"name" doc:"owner/name"`
	Description   string     `json:"description"`
	URL           string     `json:"url" doc:"For people; empty where the forge has no pages."`
	DefaultBranch Text       `json:"defaultBranch" doc:"null: the forge knows none."`
	Language      Text       `json:"language"`
	Private       bool       `json:"private"`
	Archived      bool       `json:"archived" doc:"Read-only: no job may change it."`
	Fork          bool       `json:"fork"`
	PushedAt      *time.Time `json:"pushedAt"`
}

// RepositoryPage is a page of repositories.
type RepositoryPage struct {
	Repositories []Repository `json:"repositories"`
	NextCursor   Text         `json:"nextCursor" doc:"Pass it as cursor for the next page; null: this is the last one. A page can be shorter than its limit although more follow."`
}

// Health tells how the server and what it depends on are.
type Health struct {
	Status       string       `json:"status" doc:"ok; degraded: something is down, but jobs can be read; down: nothing works."`
	Version      string       `json:"version"`
	Time         time.Time    `json:"time"`
	Dependencies Dependencies `json:"dependencies"`
}

// Dependencies is the health of each part.
type Dependencies struct {
	Store      Dependency `json:"store"`
	Artifacts  Dependency `json:"artifacts"`
	Dispatcher Dependency `json:"dispatcher"`
	Forge      Dependency `json:"forge"`
	Agent      Dependency `json:"agent" doc:"Never asked, because asking costs money: only whether it is set up."`
}

// Dependency is the health of one part.
type Dependency struct {
	Status string `json:"status"`
	Detail string `json:"detail,omitempty" doc:"What is wrong, or how it is set up."`
}

// Event is a change of a job or of a task of it.
type Event struct {
	Seq  int64  `json:"seq" doc:"Larger than that of every event before it, and that of the task or job that it holds."`
	Type string `json:"type" doc:"task, or job: the job's totals after all tasks that came before."`
	Task *Task  `json:"task,omitempty"`
	Job  *Job   `json:"job,omitempty"`
}

// EventPage is some events for clients that poll.
type EventPage struct {
	Events       []Event `json:"events"`
	Next         int64   `json:"next" doc:"Pass it as after."`
	RetryAfterMs int64   `json:"retryAfterMs" doc:"How long to wait before the next request."`
}

// FieldProblem is one field of a request that can't be accepted.
type FieldProblem struct {
	Field   string `json:"field" doc:"Its place in the JSON document, or the name of the parameter." example:"repositories[3]"`
	Message string `json:"message"`
}

// Problem is an error as RFC 9457 has it. On the client's side it is the error
// that every method returns when the server refuses.
type Problem struct { //nolint:errname // RFC 9457 calls it a problem
	Type      string         `json:"type" doc:"about:blank: the status says it all, and code says it finer."`
	Title     string         `json:"title" doc:"The status in words."`
	Status    int            `json:"status"`
	Detail    string         `json:"detail" doc:"For people: what happened, and what to do next."`
	Code      string         `json:"code" doc:"Stable, for programs." example:"validation_failed"`
	Errors    []FieldProblem `json:"errors" doc:"Every field that can't be accepted."`
	RequestID string         `json:"requestId" doc:"Names the request in the server's log."`

	retryAfter time.Duration
}
