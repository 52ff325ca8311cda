package codybatch

import (
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// EventType says what a line of a thread records.
type EventType string

// The types of thread events, one JSON object a line in thread.jsonl.
const (
	EventRunStart   EventType = "runStart"
	EventRequest    EventType = "request"
	EventAssistant  EventType = "assistant"
	EventTool       EventType = "tool"
	EventRetry      EventType = "retry"
	EventNotice     EventType = "notice"
	EventCompaction EventType = "compaction"
	EventVerify     EventType = "verify"
	EventGate       EventType = "gate"
	EventJudge      EventType = "judge"
	EventRunEnd     EventType = "runEnd"

	// EventFeedback is a person's remark, from which the conversation goes on with
	// new limits. The next request says it to the model.
	EventFeedback EventType = "feedback"
)

// ThreadEvent is one line of thread.jsonl. Which fields are set depends on Type;
// agents and the worker fill in those, the recorder sets Seq, Time and Attempt.
type ThreadEvent struct {
	Seq     int64     `json:"seq"` // from 1, without gaps, within an attempt
	Time    time.Time `json:"time"`
	Attempt int       `json:"attempt"`
	Type    EventType `json:"type"`

	// runStart
	Engine     string         `json:"engine,omitempty"`
	Model      string         `json:"model,omitempty"` // also assistant
	Limits     *RunLimits     `json:"limits,omitempty"`
	PromptSHA  string         `json:"promptSha,omitempty"`
	Repository RepositoryName `json:"repository,omitempty"`
	BaseCommit string         `json:"baseCommit,omitempty"`
	Sandbox    []string       `json:"sandbox,omitempty"` // the layers that keep its programs in; the worker sets it

	// request
	N         int    `json:"n,omitempty"` // the model call, from 1
	PrefixSHA string `json:"prefixSha,omitempty"`
	MaxTokens int64  `json:"maxTokens,omitempty"`

	// request: what the user side says, verbatim content blocks; assistant: what
	// the model answered, verbatim; tool: the content that goes back.
	Content json.RawMessage `json:"content,omitempty"`

	// assistant
	MessageID  string  `json:"messageId,omitempty"`
	RequestID  string  `json:"requestId,omitempty"`
	StopReason string  `json:"stopReason,omitempty"`
	Usage      *Usage  `json:"usage,omitempty"` // also runEnd
	CostUSD    *string `json:"costUsd,omitempty"`
	DurationMs int64   `json:"durationMs,omitempty"` // also tool, verify
	TTFTMs     int64   `json:"ttftMs,omitempty"`

	// tool
	ToolUseID string          `json:"toolUseId,omitempty"`
	Name      string          `json:"name,omitempty"`
	Input     json.RawMessage `json:"input,omitempty"`
	IsError   bool            `json:"isError,omitempty"`
	ExitCode  *int            `json:"exitCode,omitempty"` // also verify
	Truncated bool            `json:"truncated,omitempty"`

	// verify
	Command  string `json:"command,omitempty"`
	Tail     string `json:"tail,omitempty"`
	Baseline bool   `json:"baseline,omitempty"`

	// gate
	Rule  string    `json:"rule,omitempty"`
	Level GateLevel `json:"level,omitempty"`
	Paths []string  `json:"paths,omitempty"`

	// judge: what the model answered about the diff with this SHA-256; nil: nothing
	// that could be used. With it come what an assistant event has.
	Judgement *Judgement `json:"judgement,omitempty"`
	DiffSHA   string     `json:"diffSha,omitempty"`

	// compaction: what the conversation measured and measures now, in tokens, and
	// the summary that stands for all that came after the task.
	TokensBefore int64  `json:"tokensBefore,omitempty"`
	TokensAfter  int64  `json:"tokensAfter,omitempty"`
	Summary      string `json:"summary,omitempty"`

	// notice: the job whose conversation this is up to here, if the result was taken
	// over. With the SHA-256 of its diff: the change was, and is checked here.
	ReusedFrom JobID `json:"reusedFrom,omitempty"`

	// retry, notice, compaction, runEnd, gate, judge, feedback
	Reason   string    `json:"reason,omitempty"`
	Outcome  Outcome   `json:"outcome,omitempty"`
	DiffStat *DiffStat `json:"diffStat,omitempty"`
}

// RunLimits are the bounds of one run of an agent.
type RunLimits struct {
	MaxTurns       int    `json:"maxTurns,omitempty"`
	MaxCost        *Money `json:"maxCost,omitempty"`
	TimeoutSeconds int    `json:"timeoutSeconds,omitempty"`
}

// Role says who speaks.
type Role string

// The roles of a message.
const (
	RoleUser      Role = "user"
	RoleAssistant Role = "assistant"
	RoleSystem    Role = "system" // the worker: notices, verification, gates, the job's script
)

// BlockType says what a block of a message is.
type BlockType string

// The types of blocks.
const (
	BlockText       BlockType = "text"
	BlockThinking   BlockType = "thinking"
	BlockToolUse    BlockType = "tool_use"
	BlockToolResult BlockType = "tool_result"
)

// Block is one piece of a message.
type Block struct {
	Type      BlockType       `json:"type"`
	Text      string          `json:"text,omitempty"`
	ToolUseID string          `json:"toolUseId,omitempty"`
	Name      string          `json:"name,omitempty"`
	Input     json.RawMessage `json:"input,omitempty"`
	IsError   bool            `json:"isError,omitempty"`
	ExitCode  *int            `json:"exitCode,omitempty"`
	Truncated bool            `json:"truncated,omitempty"`
}

// Message is one turn of a thread, for people.
type Message struct {
	Seq        int64     `json:"seq"` // of the event that it came from
	Time       time.Time `json:"time"`
	Role       Role      `json:"role"`
	Type       EventType `json:"type"`
	Blocks     []Block   `json:"blocks"`
	Model      string    `json:"model,omitempty"`
	MessageID  string    `json:"messageId,omitempty"`
	StopReason string    `json:"stopReason,omitempty"`
	Usage      *Usage    `json:"usage,omitempty"`
	DurationMs int64     `json:"durationMs,omitempty"`
}

// drop takes out the blocks that only pass on a remark, which has a message of its
// own. It reports whether there was one.
func (m *Message) drop(remark string) bool {
	if remark == "" {
		return false
	}
	before := len(m.Blocks)
	m.Blocks = slices.DeleteFunc(m.Blocks, func(b Block) bool { return b.Type == BlockText && strings.Contains(b.Text, remark) })
	return len(m.Blocks) < before
}

// Message turns an event into a message, or reports false for events that only
// machines need.
func (e ThreadEvent) Message() (Message, bool) {
	m := Message{Seq: e.Seq, Time: e.Time, Type: e.Type, Role: RoleSystem, Model: e.Model, DurationMs: e.DurationMs}
	text := func(s string) (Message, bool) {
		m.Blocks = []Block{{Type: BlockText, Text: s, ExitCode: e.ExitCode}}
		return m, s != ""
	}
	switch e.Type {
	case EventAssistant:
		m.Role, m.MessageID, m.StopReason, m.Usage = RoleAssistant, e.MessageID, e.StopReason, e.Usage
		m.Blocks = contentBlocks(e.Content)
		return m, true
	case EventRequest:
		m.Role, m.Blocks = RoleUser, contentBlocks(e.Content)
		return m, len(m.Blocks) > 0
	case EventTool:
		m.Role, m.Blocks = e.tool()
		return m, true
	case EventVerify:
		return text(e.verification())
	case EventGate:
		return text(string(e.Level) + " " + e.Rule + ": " + e.Reason)
	case EventFeedback:
		m.Role = RoleUser
		return text(e.Reason)
	case EventJudge:
		m.MessageID, m.StopReason, m.Usage = e.MessageID, e.StopReason, e.Usage
		return text(e.Reason)
	case EventRetry, EventNotice, EventCompaction:
		return text(e.Reason)
	case EventRunStart:
		return text(strings.TrimSpace("Started "+e.Engine+" "+e.Model) + " on " + string(e.Repository) + " at " + e.BaseCommit)
	case EventRunEnd:
		m.Usage = e.Usage
		return text("Ended: " + string(e.Outcome) + reasonSuffix(e.Reason))
	default:
		return m, false
	}
}

// tool is what a tool said. If no model asked for it, because a script is the whole
// job, what was run is told with it.
func (e ThreadEvent) tool() (Role, []Block) {
	result := Block{
		Type: BlockToolResult, Text: contentText(e.Content), ToolUseID: e.ToolUseID, Name: e.Name,
		IsError: e.IsError, ExitCode: e.ExitCode, Truncated: e.Truncated,
	}
	if result.Text == "" {
		result.Text = "(no output)"
	}
	if e.ToolUseID != "" {
		return RoleUser, []Block{result}
	}
	return RoleSystem, []Block{{Type: BlockToolUse, Name: e.Name, Input: e.Input}, result}
}

// verification is a command as a terminal would show it, and how it ended.
func (e ThreadEvent) verification() string {
	end := "after the change"
	if e.Baseline {
		end = "before the change"
	}
	if e.ExitCode != nil {
		end += fmt.Sprintf(": exit code %d", *e.ExitCode)
	}
	tail := e.Tail
	if tail != "" && !strings.HasSuffix(tail, "\n") {
		tail += "\n"
	}
	return "$ " + e.Command + "\n" + tail + "(" + end + ")"
}

// repeats reports whether an event says no more than the end of the run before it:
// the worker ends a thread with the reason of a failure, which the agent may have
// told already.
func (e ThreadEvent) repeats(end ThreadEvent) bool {
	return e.Type == EventNotice && end.Type == EventRunEnd && e.Outcome == end.Outcome && e.Reason == end.Reason
}

func reasonSuffix(reason string) string {
	if reason == "" {
		return ""
	}
	return ". " + reason
}

// contentBlocks reads the content of a message as the Messages API has it: a
// string, or a list of blocks. What it does not know, it leaves out.
func contentBlocks(content json.RawMessage) []Block {
	var plain string
	if json.Unmarshal(content, &plain) == nil {
		return []Block{{Type: BlockText, Text: plain}}
	}
	var raw []struct {
		Type     string          `json:"type"`
		Text     string          `json:"text"`
		Thinking string          `json:"thinking"`
		ID       string          `json:"id"`
		Name     string          `json:"name"`
		Input    json.RawMessage `json:"input"`
	}
	if json.Unmarshal(content, &raw) != nil {
		return nil
	}
	var blocks []Block
	for _, b := range raw {
		switch b.Type {
		case "text":
			blocks = append(blocks, Block{Type: BlockText, Text: b.Text})
		case "thinking":
			blocks = append(blocks, Block{Type: BlockThinking, Text: b.Thinking})
		case "tool_use":
			blocks = append(blocks, Block{Type: BlockToolUse, ToolUseID: b.ID, Name: b.Name, Input: b.Input})
		}
	}
	return blocks
}

func contentText(content json.RawMessage) string {
	var text strings.Builder
	for _, b := range contentBlocks(content) {
		text.WriteString(b.Text)
	}
	return text.String()
}

// CostUSD is a usage's cost for an event, in dollars; nil when it is not known.
func CostUSD(u Usage) *string {
	if u.CostUnknown {
		return nil
	}
	text := strconv.FormatFloat(u.Cost.Dollars(), 'f', -1, 64)
	return &text
}
