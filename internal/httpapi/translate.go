package httpapi

import (
	"strconv"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// The translations from the domain to the wire, in the order of wire.go.

func newJob(j codybatch.Job) Job {
	return Job{
		JobID: string(j.ID), Name: j.Name, Description: j.Description, Prompt: j.Prompt,
		Agent: newAgent(j.Agent), Verify: list(j.Verify), Gates: newGateSettings(j.Gates), Judge: j.Judge, MaxCostUSD: dollars(j.MaxCost),
		CreatePullRequests: j.CreatePullRequests,
		PullRequest: PullRequestPlan{
			Title: j.PullRequest.Title, Body: j.PullRequest.Body, Branch: j.PullRequest.Branch, Base: j.PullRequest.Base,
			Draft: j.PullRequest.Draft, Labels: list(j.PullRequest.Labels), Reviewers: list(j.PullRequest.Reviewers),
		},
		Status: string(j.Status()), CancelRequested: j.CancelRequested,
		CreatedAt: moment(j.CreatedAt), StartedAt: maybeMoment(j.StartedAt),
		CompletedAt: maybeMoment(j.CompletedAt), ExpiresAt: maybeMoment(j.ExpiresAt),
		RepositoryCount: j.RepositoryCount, Counts: Counts(j.Counts), Usage: newUsage(j.Usage),
		Seq: jobSeq(j.Seq),
	}
}

func newAgent(s codybatch.AgentSpec) AgentLimits {
	limits := AgentLimits{
		Type: string(s.Type), Model: Text(s.Model), Script: Text(s.Script),
		MaxCostUSD: dollars(s.MaxCost), TimeoutSeconds: int64(s.Timeout / time.Second),
	}
	if s.MaxTurns > 0 {
		limits.MaxTurns = &s.MaxTurns
	}
	return limits
}

func newUsage(u codybatch.Usage) Usage {
	usage := Usage{
		InputTokens: u.InputTokens, OutputTokens: u.OutputTokens,
		CacheReadTokens: u.CacheReadTokens, CacheWriteTokens: u.CacheWriteTokens,
	}
	if !u.CostUnknown {
		usage.CostUSD = dollars(&u.Cost)
	}
	return usage
}

func newTask(t codybatch.Task) Task {
	task := Task{
		JobID: string(t.JobID), RepositoryName: string(t.Repository), Index: t.Index,
		Status: string(t.Status), Outcome: Text(t.Outcome), Phase: Text(t.Phase), WaitingFor: Text(t.WaitingFor), Attempt: t.Attempt,
		PublishRequested: t.PublishRequested, CancelRequested: t.CancelRequested,
		WereChangesNecessary: wereChangesNecessary(t),
		Engine:               Text(t.Engine), Summary: t.Summary,
		BaseCommit: Text(t.BaseCommit), Branch: Text(t.Branch), HeadCommit: Text(t.HeadCommit),
		DiffStat: newDiffStat(t.DiffStat), Fingerprint: Text(t.Fingerprint), ReusedFrom: Text(t.ReusedFrom),
		AvailableActions: mapped(t.Actions(), func(action codybatch.Action) string { return string(action) }),
		Verification:     mapped(t.Verified, newVerification),
		Gates:            mapped(codybatch.Objections(t.Gates), newGate),
		Usage:            newUsage(t.Spent.Add(t.Usage)),
		QueuedAt:         moment(t.QueuedAt), StartedAt: maybeMoment(t.StartedAt),
		CompletedAt: maybeMoment(t.CompletedAt), UpdatedAt: moment(t.UpdatedAt),
		Seq: taskSeq(t.Seq),
	}
	if j := t.Judgement; j != nil {
		task.Judgement = &Judgement{
			Verdict: string(j.Verdict), FollowsTask: j.FollowsTask, WeakensTests: j.WeakensTests, Suspicious: j.Suspicious,
			OutOfScope: list(j.OutOfScope), Reasons: list(j.Reasons), LeftOutBytes: j.LeftOut,
		}
	}
	if r := t.Review; r != nil {
		task.Review = &Review{Decision: string(r.Decision), Note: r.Note, At: moment(r.At)}
	}
	if p := t.PullRequest; p != nil {
		task.PullRequest = &PullRequest{Number: p.Number, URL: p.URL, State: string(p.State), Outdated: p.Outdated}
	}
	if f := t.Feedback; f != nil {
		task.Feedback = &Feedback{Message: f.Message, At: moment(f.At), About: f.About}
	}
	if e := t.Error; e != nil {
		task.Error = &TaskError{Code: e.Code, Message: e.Message}
	}
	return task
}

// wereChangesNecessary is known as soon as there is a change, or a success without.
func wereChangesNecessary(t codybatch.Task) *bool {
	if !t.Changed() && t.Outcome != codybatch.OutcomeNoChanges {
		return nil
	}
	changed := t.Changed()
	return &changed
}

func newDiffStat(s codybatch.DiffStat) DiffStat { return DiffStat(s) }

func newVerification(r codybatch.VerificationResult) Verification {
	return Verification{
		Command: r.Command, ExitCode: r.ExitCode, DurationMs: r.Duration.Milliseconds(),
		Baseline: r.Baseline, Tail: r.Tail, Problem: r.Problem,
	}
}

func newGate(g codybatch.GateFinding) Gate {
	return Gate{Rule: g.Rule, Level: string(g.Level), Message: g.Message, Paths: list(g.Paths)}
}

func newRefusal(r codybatch.Refusal) Refusal {
	return Refusal{RepositoryName: string(r.Repository), Code: r.Code, Reason: r.Reason}
}

func newThread(t codybatch.Thread) Thread {
	return Thread{
		Messages: mapped(t.Messages, newMessage), Usage: newUsage(t.Usage),
		Attempt: t.Attempt, NextAfter: t.NextAfter, Complete: t.Complete,
	}
}

func newMessage(m codybatch.Message) Message {
	message := Message{
		Seq: m.Seq, Time: moment(m.Time), Role: string(m.Role), Type: string(m.Type),
		Blocks: mapped(m.Blocks, newBlock),
		Model:  Text(m.Model), MessageID: Text(m.MessageID), StopReason: Text(m.StopReason),
		DurationMs: m.DurationMs,
	}
	if m.Usage != nil {
		usage := newUsage(*m.Usage)
		message.Usage = &usage
	}
	return message
}

func newBlock(b codybatch.Block) Block {
	return Block{
		Type: string(b.Type), Text: b.Text, ToolUseID: b.ToolUseID, Name: b.Name, Input: b.Input,
		IsError: b.IsError, ExitCode: b.ExitCode, Truncated: b.Truncated,
	}
}

func newRepository(r codybatch.Repository) Repository {
	return Repository{
		Name: string(r.Name), Description: r.Description, URL: r.URL,
		DefaultBranch: Text(r.DefaultBranch), Language: Text(r.Language),
		Private: r.Private, Archived: r.Archived, Fork: r.Fork, PushedAt: maybeMoment(r.PushedAt),
	}
}

// Numbers on the wire are doubled, so that the event of a job, which sums up the
// events of its tasks and comes after them, has a number of its own. Without that
// a client that lost its connection between the two would have to choose between
// missing the job's event and getting the task's twice.

func taskSeq(seq int64) int64 { return 2 * seq }

func jobSeq(seq int64) int64 { return 2*seq + 1 }

// storeSeq is the number that Store.Changes goes by, for a number from the wire.
func storeSeq(wire int64) int64 { return wire / 2 }

func indexed(field string, i int) string { return field + "[" + strconv.Itoa(i) + "]" }
