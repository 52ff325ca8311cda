package claudecode

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/liamzdenek/cody-batch/internal/agent/apierror"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

// maxWaiting bounds the results that wait for the call that they answer.
const maxWaiting = 256

// patience is how long a call of the model waits for the program to print the results
// that the call carries. It prints them at about the time that it sends them.
const patience = 2 * time.Second

// transcript turns what the program prints, one JSON object a line, into events. What
// the model said is the gateway's to record, since it has it first hand; from here
// come the results of tools, and how the program ended. Its methods may be called at
// once.
type transcript struct {
	ctx    context.Context //nolint:containedctx // the run's; a writer is handed none
	thread *thread
	log    io.Writer
	now    func() time.Time
	stop   context.CancelCauseFunc

	mu      sync.Mutex
	called  map[string]toolCall // by id, until it is answered
	told    chan struct{}       // closed at the next answer
	waiting []toolResult        // of calls that the gateway has not told of yet
	result  *resultLine
	plain   *sandbox.Capture // what was no JSON: the program's own complaints
	denied  []string         // names of tools
	skipped bool
}

// toolCall is a call that the model made.
type toolCall struct {
	name  string
	input json.RawMessage
	at    time.Time
}

// toolResult is what a tool said to it.
type toolResult struct {
	ToolUseID string          `json:"tool_use_id"`
	Type      string          `json:"type"`
	Content   json.RawMessage `json:"content"`
	IsError   bool            `json:"is_error"`
}

// outputLine is a line of the program's output, as far as it is looked at
// (https://code.claude.com/docs/en/headless).
type outputLine struct {
	Type    string `json:"type"`
	Subtype string `json:"subtype"`
	Message struct {
		Content json.RawMessage `json:"content"`
	} `json:"message"`

	// api_retry
	Attempt     int     `json:"attempt"`
	MaxRetries  int     `json:"max_retries"`
	RetryDelay  float64 `json:"retry_delay_ms"`
	ErrorStatus int     `json:"error_status"`
	Error       string  `json:"error"`

	resultLine
}

// resultLine is the last line.
type resultLine struct {
	IsError    bool   `json:"is_error"`
	Result     string `json:"result"`
	StopReason string `json:"stop_reason"`
	ModelUsage map[string]struct {
		Input      int64 `json:"inputTokens"`
		Output     int64 `json:"outputTokens"`
		CacheRead  int64 `json:"cacheReadInputTokens"`
		CacheWrite int64 `json:"cacheCreationInputTokens"`
	} `json:"modelUsage"`
	Denials []struct {
		Tool string `json:"tool_name"`
	} `json:"permission_denials"`
	subtype string
}

// heard takes the model's answer from the gateway: the calls that results will come
// for.
func (t *transcript) heard(content json.RawMessage) {
	var blocks []struct {
		Type  string          `json:"type"`
		ID    string          `json:"id"`
		Name  string          `json:"name"`
		Input json.RawMessage `json:"input"`
	}
	if json.Unmarshal(content, &blocks) != nil {
		return
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, b := range blocks {
		if b.Type == "tool_use" {
			t.called[b.ID] = toolCall{name: b.Name, input: b.Input, at: t.now()}
		}
	}
	waiting := t.waiting
	t.waiting = nil
	for _, r := range waiting {
		t.answer(r)
	}
}

// await returns when the results of the given calls are told, so that the thread has
// them before what the model makes of them: the program prints a result and sends it at
// once, on two ways. Ids of calls that nobody made are not waited for, and one that is
// never printed only for a while.
func (t *transcript) await(ctx context.Context, ids []string) {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		t.mu.Lock()
		told := t.told
		open := slices.ContainsFunc(ids, func(id string) bool {
			_, is := t.called[id]
			return is
		})
		t.mu.Unlock()
		if !open {
			return
		}
		select {
		case <-told:
		case <-ctx.Done():
			return
		}
	}
}

// line takes one line of the program's output.
func (t *transcript) line(raw []byte) {
	t.mu.Lock()
	defer t.mu.Unlock()
	var line outputLine
	if json.Unmarshal(raw, &line) != nil || line.Type == "" {
		_, _ = fmt.Fprintf(t.plain, "%s\n", raw)
		t.print("%s\n", raw)
		return
	}
	switch {
	case line.Type == "user":
		var blocks []toolResult
		if json.Unmarshal(line.Message.Content, &blocks) != nil {
			return // the prompt, or a note of the program to the model
		}
		for _, b := range blocks {
			if b.Type == "tool_result" {
				t.answer(b)
			}
		}
	case line.Type == "system" && line.Subtype == "api_retry":
		t.add(codybatch.ThreadEvent{Type: codybatch.EventRetry, Reason: fmt.Sprintf("Claude Code tries again: %d %s. Try %d of %d in %s.",
			line.ErrorStatus, apierror.Short(line.Error), line.Attempt+1, line.MaxRetries+1, time.Duration(line.RetryDelay)*time.Millisecond)})
	case line.Type == "result":
		line.subtype = line.Subtype
		t.result = &line.resultLine
		for _, d := range line.Denials {
			t.denied = append(t.denied, cut(printable(d.Tool), 64))
		}
	}
}

// answer records what a tool said. The caller holds mu.
func (t *transcript) answer(r toolResult) {
	call, known := t.called[r.ToolUseID]
	if !known {
		if len(t.waiting) < maxWaiting {
			t.waiting = append(t.waiting, r)
		}
		return
	}
	delete(t.called, r.ToolUseID)
	defer func() {
		close(t.told)
		t.told = make(chan struct{})
	}()
	text := strings.TrimRight(printable(resultText(r.Content)), "\n")
	event := codybatch.ThreadEvent{
		Type: codybatch.EventTool, ToolUseID: r.ToolUseID, Name: call.name, Input: call.input, IsError: r.IsError,
		DurationMs: t.now().Sub(call.at).Milliseconds(), Truncated: len(text) > maxResult,
	}
	event.Content, _ = json.Marshal(cut(text, maxResult)) // a string always becomes JSON
	if call.name == "Bash" {
		event.ExitCode = exitCode(text, r.IsError)
		var input struct {
			Command string `json:"command"`
		}
		_ = json.Unmarshal(call.input, &input) // a call without a command said so to the model
		t.print("$ %s\n%s\n", printable(input.Command), text)
	}
	t.add(event)
}

// exitCode reads how a command ended: the program says so in the first line if it was
// not 0. nil: it did not run to its end.
func exitCode(text string, isError bool) *int {
	code := 0
	if isError {
		first, _, _ := strings.Cut(text, "\n")
		number, isCode := strings.CutPrefix(first, "Exit code ")
		var err error
		if code, err = strconv.Atoi(number); err != nil || !isCode {
			return nil
		}
	}
	return &code
}

// resultText is a result's text; of pictures and the like, what they are.
func resultText(content json.RawMessage) string {
	var text string
	if json.Unmarshal(content, &text) == nil {
		return text
	}
	var blocks []struct {
		Type string `json:"type"`
		Text string `json:"text"`
	}
	if json.Unmarshal(content, &blocks) != nil {
		return ""
	}
	texts := make([]string, 0, len(blocks))
	for _, b := range blocks {
		if b.Type == "text" {
			texts = append(texts, b.Text)
			continue
		}
		texts = append(texts, fmt.Sprintf("(%s)", b.Type))
	}
	return strings.Join(texts, "\n")
}

// tooLong tells, once, that a line of the program was left out.
func (t *transcript) tooLong() {
	t.mu.Lock()
	defer t.mu.Unlock()
	if !t.skipped {
		t.skipped = true
		t.add(codybatch.ThreadEvent{Type: codybatch.EventNotice, Reason: fmt.Sprintf("Claude Code printed a line of more than %d MiB, which is left out here.", maxLine>>20)})
	}
}

// close records what is left when the program has ended and every call is booked.
// booked is what the gateway counted in the whole conversation.
func (t *transcript) close(booked codybatch.Usage) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if len(t.denied) > 0 {
		slices.Sort(t.denied)
		t.add(codybatch.ThreadEvent{Type: codybatch.EventNotice, Reason: fmt.Sprintf(
			"Claude Code refused %d tool calls of the model: %s.", len(t.denied), cut(strings.Join(slices.Compact(t.denied), ", "), longestReason))})
	}
	if t.result == nil {
		return
	}
	var counted int64
	for _, u := range t.result.ModelUsage {
		counted += u.Input + u.Output + u.CacheRead + u.CacheWrite
	}
	if ours := booked.InputTokens + booked.OutputTokens + booked.CacheReadTokens + booked.CacheWriteTokens; counted > ours {
		t.add(codybatch.ThreadEvent{Type: codybatch.EventNotice, Reason: fmt.Sprintf(
			"Claude Code says that it used %d tokens, and the gateway counted %d. The gateway's count is what is booked.", counted, ours)})
	}
}

// complaint is the end of what the program printed that was no event.
func (t *transcript) complaint() string { return apierror.Short(t.plain.String()) }

// add records an event. A thread that can't be kept ends the run.
func (t *transcript) add(event codybatch.ThreadEvent) {
	if err := t.thread.add(t.ctx, event); err != nil {
		t.stop(err)
	}
}

// print writes to the run's log, which is not worth a run.
func (t *transcript) print(format string, args ...any) {
	if t.log != nil {
		_, _ = fmt.Fprintf(t.log, format, args...)
	}
}
