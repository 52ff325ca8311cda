package codybatch

import "context"

// Agent edits a workspace until the job's request is met or a limit is reached.
// Verification, gates, budget of the job and publishing are not its business.
//
// The promises, each a test in agenttest:
//
//   - When Run returns, no process that it started is alive, whatever happened.
//   - Reaching a limit is an outcome, not an error: the workspace keeps the
//     changes, and Usage tells what they cost.
//   - The context's cause (ErrCanceled, ErrStopped, ErrTimeout) comes back as the
//     error, together with the Usage so far.
//   - What is spent is reported by AgentRun.Spent before the next token is asked
//     for.
//   - Nothing outside the workspace's folder is changed; and where the kernel can
//     keep programs in, they read nothing there but the system and the tools.
type Agent interface {
	// Run makes one session. A session that AgentResult carries can be gone on
	// with by calling Run again with Feedback.
	Run(ctx context.Context, run AgentRun) (AgentResult, error)
}

// AgentRun is one session's task.
type AgentRun struct {
	Key        TaskKey
	BaseCommit string
	Prompt     string
	Spec       AgentSpec
	Budget     *Money // what this run may spend; nil: no limit is known
	Dir        string // the workspace, absolute
	Home       string // an empty folder for the agent's programs, outside Dir

	// Reads are folders elsewhere that the agent's programs need: the objects of
	// the workspace's .git.
	Reads []string

	// Verify runs the job's verification commands in the workspace, for agents
	// that want to know how they stand.
	Verify func(ctx context.Context) ([]VerificationResult, error)

	// Changes lists what differs in the workspace from BaseCommit now, for agents
	// that lose sight of it. It may be nil, and an error of it is not worth a run.
	Changes func(ctx context.Context) ([]FileChange, error)

	// Checkpoint keeps the workspace as it is now, so that the run can be gone on
	// with from its thread after so many of the model's answers, counted over the
	// whole conversation. With it goes what AgentResult.Conversation would be now. It
	// may be nil, and an error of it is not worth a run.
	Checkpoint func(ctx context.Context, answers int, conversation []byte) error

	// Earlier is the thread so far of a conversation that was interrupted, and Kept
	// how many of its answers the workspace shows the effects of. An agent that can,
	// goes on with it, and asks for nothing that was answered.
	Earlier []ThreadEvent
	Kept    int

	// Conversation is what the agent gave last to a checkpoint, or as
	// AgentResult.Conversation; nil: nothing is there. It comes from where
	// programs of a repository could write.
	Conversation []byte

	// Record appends to the thread. An error means that the thread can't be
	// kept; the agent stops with it.
	Record func(ctx context.Context, event ThreadEvent) error

	// Spent reports the usage of this run so far; it is quick.
	Spent func(Usage)

	// Log takes what programs print; writes never fail for long.
	Log interface{ Write(p []byte) (int, error) }

	// Session and Feedback go on with an earlier run: what it returned, and what
	// was wrong with it.
	Session  AgentSession
	Feedback string
}

// AgentSession is whatever an agent wants to remember between two runs on the
// same workspace.
type AgentSession any

// AgentResult is how a session ended.
type AgentResult struct {
	// Outcome is OutcomeChanged when the agent believes that it is done,
	// OutcomeNoChanges when it believes that nothing is to be done, else the
	// limit or reason that ended it. The diff has the last word on the first two.
	Outcome Outcome
	Reason  string // for people; what ended it, when that is not success
	Engine  string // what really did the work: "claude", "claude-code", "rehearsal", "script"
	Summary string
	PRTitle string // the agent's suggestions; empty: it has none
	PRBody  string
	Usage   Usage
	Session AgentSession // nil: this agent takes no feedback

	// Conversation is what the agent needs besides the thread to go on with the
	// conversation in another attempt, on another machine perhaps; nil: nothing, or it
	// could not be kept. It may come with an error. Secrets are taken out of it, and it
	// is told to nobody but the agent.
	Conversation []byte
}
