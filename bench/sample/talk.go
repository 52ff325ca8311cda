package main

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strconv"
	"strings"
	"time"

	"github.com/liamzdenek/cody-batch/internal/agent/prices"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const (
	model        = codybatch.DefaultModel
	prefixTokens = 4_800  // of tools and system prompt, which all tasks share in the cache
	mostCached   = 60_000 // as if older turns were taken out of the conversation
)

var price = prices.Default()[model][0].Price

// talk writes the thread and the log of an attempt, with the times and the tokens
// that it would take.
type talk struct {
	events  []codybatch.ThreadEvent
	log     strings.Builder
	now     time.Time
	usage   codybatch.Usage
	results []codybatch.VerificationResult

	calls         int
	cached, fresh int64 // tokens that the model has read before, and that are new to it
	random        *rand.Rand
}

func newTalk(name string, start time.Time) *talk {
	return &talk{now: start, random: random(name)}
}

// add records what took some time.
func (t *talk) add(event codybatch.ThreadEvent, took time.Duration) {
	t.now = t.now.Add(took)
	event.Time, event.DurationMs = t.now, took.Milliseconds()
	t.events = append(t.events, event)
}

// between is a time that is never quite the same.
func (t *talk) between(least, most time.Duration) time.Duration {
	return least + time.Duration(t.random.Int64N(int64(most-least))).Round(time.Millisecond)
}

// verify runs the job's commands; the last of them says output, and fails if code
// is not 0.
func (t *talk) verify(commands []string, baseline bool, code int, output string) {
	for i, command := range commands {
		exit, tail := 0, ""
		if i == len(commands)-1 {
			exit, tail = code, output
		}
		took := t.between(800*time.Millisecond, 14*time.Second)
		t.results = append(t.results, codybatch.VerificationResult{Command: command, ExitCode: exit, Duration: took, Baseline: baseline, Tail: tail})
		t.add(codybatch.ThreadEvent{Type: codybatch.EventVerify, Command: command, ExitCode: &exit, Tail: tail, Baseline: baseline}, took)
		t.log.WriteString("$ " + command + "\n" + tail)
	}
}

// begin is the start of a run, up to what the model is told.
func (t *talk) begin(job codybatch.Job, repository codybatch.Repository, prompt, facts string) {
	limits := &codybatch.RunLimits{MaxTurns: job.Agent.MaxTurns, MaxCost: job.Agent.MaxCost, TimeoutSeconds: int(job.Agent.Timeout.Seconds())}
	t.add(codybatch.ThreadEvent{
		Type: codybatch.EventRunStart, Engine: job.Engine, Model: job.Agent.Model, Limits: limits, PromptSHA: blobID(prompt),
		Repository: repository.Name, BaseCommit: commit(string(repository.Name)),
	}, 0)
	if job.Agent.Type == codybatch.AgentScript {
		return
	}
	t.cached = prefixTokens + tokens(prompt)
	t.fresh = 2_000 + t.random.Int64N(12_000) // the repository's own guidance
	t.request("The task:\n\n"+prompt, facts)
}

// request is what is said to the model, but for the answers to its calls.
func (t *talk) request(texts ...string) {
	event := codybatch.ThreadEvent{Type: codybatch.EventRequest, N: t.calls + 1, PrefixSHA: blobID("prefix"), MaxTokens: 32_000}
	if len(texts) > 0 {
		blocks := make([]map[string]any, len(texts))
		for i, text := range texts {
			blocks[i] = map[string]any{"type": "text", "text": text}
			t.fresh += tokens(text)
		}
		event.Content = document(blocks)
	}
	t.add(event, 0)
}

// A turn is an answer of the model with at most one call of a tool, and what the
// tool says.
type turn struct {
	think, say string
	tool       string
	input      map[string]any
	output     string
	exit       *int
	isError    bool
	cut        bool
	took       time.Duration // of the tool
}

func (t *talk) turn(turn turn) {
	if last := t.events[len(t.events)-1]; last.Type != codybatch.EventRequest {
		t.request()
	}
	t.calls++
	var blocks []map[string]any
	var size int64
	if turn.think != "" {
		blocks = append(blocks, map[string]any{"type": "thinking", "thinking": turn.think, "signature": blobID(turn.think)})
		size += 2 * tokens(turn.think)
	}
	if turn.say != "" {
		blocks = append(blocks, map[string]any{"type": "text", "text": turn.say})
		size += tokens(turn.say)
	}
	id, stop := "", "end_turn"
	var input json.RawMessage
	if turn.tool != "" {
		if turn.input == nil {
			turn.input = map[string]any{}
		}
		input = document(turn.input)
		id, stop = "toolu_01"+strconv.FormatUint(t.random.Uint64(), 36), "tool_use"
		blocks = append(blocks, map[string]any{"type": "tool_use", "id": id, "name": turn.tool, "input": input})
		size += tokens(string(input)) + 40
	}
	size += t.random.Int64N(1_100) // it thinks more than it shows
	usage := t.spend(size)
	cost := strconv.FormatFloat(usage.Cost.Dollars(), 'f', -1, 64)
	took := time.Duration(900+9*size)*time.Millisecond + t.between(0, 2*time.Second)
	t.add(codybatch.ThreadEvent{
		Type: codybatch.EventAssistant, MessageID: "msg_01" + strconv.FormatUint(t.random.Uint64(), 36), Model: model,
		RequestID: "req_011" + strconv.FormatUint(t.random.Uint64(), 36), StopReason: stop, Content: document(blocks),
		Usage: &usage, CostUSD: &cost, TTFTMs: t.between(600*time.Millisecond, 2*time.Second).Milliseconds(),
	}, took)
	if turn.tool == "" {
		return
	}
	t.add(codybatch.ThreadEvent{
		Type: codybatch.EventTool, ToolUseID: id, Name: turn.tool, Input: input, IsError: turn.isError, ExitCode: turn.exit, Truncated: turn.cut,
		Content: document([]map[string]any{{"type": "text", "text": turn.output}}),
	}, max(turn.took, t.between(2*time.Millisecond, 30*time.Millisecond)))
	t.fresh += tokens(turn.output)
	if turn.tool == "bash" {
		fmt.Fprintf(&t.log, "$ %s\n%s\n", turn.input["command"], turn.output)
	}
}

// spend is what an answer of that size costs.
func (t *talk) spend(size int64) codybatch.Usage {
	usage := codybatch.Usage{InputTokens: 3 + t.random.Int64N(9), OutputTokens: size, CacheReadTokens: t.cached, CacheWriteTokens: t.fresh}
	sum := usage.InputTokens*int64(price.Input) + usage.OutputTokens*int64(price.Output) +
		usage.CacheReadTokens*int64(price.CacheRead) + usage.CacheWriteTokens*int64(price.CacheWrite5m)
	usage.Cost = codybatch.Money((sum + 999_999) / 1_000_000)
	t.usage = t.usage.Add(usage)
	t.cached = min(t.cached+t.fresh, mostCached)
	t.fresh = size
	return usage
}

// end is the last event of a run.
func (t *talk) end(outcome codybatch.Outcome, reason string) {
	t.add(codybatch.ThreadEvent{Type: codybatch.EventRunEnd, Outcome: outcome, Reason: reason, Usage: &t.usage}, 0)
}

func (t *talk) notice(kind codybatch.EventType, reason string, took time.Duration) {
	t.add(codybatch.ThreadEvent{Type: kind, Reason: reason, N: t.calls + 1}, took)
}

// lines is the thread as it is stored, its first event numbered after.
func lines(events []codybatch.ThreadEvent, attempt int, after int64) []byte {
	var out []byte
	for i, event := range events {
		event.Seq, event.Attempt = after+int64(i)+1, attempt
		out = append(append(out, document(event)...), '\n')
	}
	return out
}

// tokens is about what a text takes.
func tokens(text string) int64 { return int64(len(text)+3) / 4 }

// document is what has nothing in it that JSON can't say.
func document(v any) json.RawMessage {
	data, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return data
}
