package claude

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/anthropics/anthropic-sdk-go"

	"github.com/liamzdenek/cody-batch/internal/agent/prices"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// redacted stands in a thread where a secret was.
const redacted = "[redacted]"

// turn is an answer of the model that the conversation holds.
type turn struct {
	number  int // of the answer, from 1
	message anthropic.Message
}

// changes reports whether a call in the turn may have changed the workspace.
func (t turn) changes() bool {
	return slices.ContainsFunc(t.message.Content, func(block anthropic.ContentBlockUnion) bool {
		return block.Type == "tool_use" && mayChange(block.Name)
	})
}

func mayChange(tool string) bool { return tool == "bash" || tool == "write" || tool == "edit" }

// memory is a conversation read back from its thread.
type memory struct {
	turns   []turn
	results []anthropic.ContentBlockParamUnion // to the calls of the last turn
	said    []anthropic.ContentBlockParamUnion // to an answer that never came
	inRun   int                                // answers since the last run began
	ended   *ending                            // of a run whose end its worker had no time to act on
	finish  *finishInput

	last      codybatch.Usage // of the last answer
	owed      string          // a person's remark that no request has said yet
	dropped   int             // the last answer of those that a summary stands for that may have changed the workspace
	isSummary bool            // the answer to the last request is no part of the conversation
}

// lastChange is the last answer that may have changed the workspace, but for the
// last turn, which can be made again.
func (m *memory) lastChange() int {
	last := m.dropped
	for _, t := range m.turns[:max(0, len(m.turns)-1)] {
		if t.changes() {
			last = t.number
		}
	}
	return last
}

// resume goes on with a conversation that was interrupted: nothing that the
// model has answered is asked for again. Calls of the last turn whose effects the
// workspace lacks are made once more. It returns the run's end if the thread, or a
// call, tells it, and ErrNotResumable, before anything is done, if thread and
// workspace do not tell the same.
func (s *session) resume(ctx context.Context) (*ending, error) {
	var m memory
	for _, event := range s.run.Earlier {
		if err := s.recall(&m, event); err != nil {
			return nil, fmt.Errorf("%w: event %d of its thread: %w", codybatch.ErrNotResumable, event.Seq, err)
		}
	}
	if s.talk.calls == 0 {
		s.talk.pending = s.opening()
		return nil, nil
	}
	if last := m.lastChange(); s.run.Kept > s.talk.calls || s.run.Kept < last {
		return nil, fmt.Errorf("%w: its workspace was kept after answer %d, and the thread has %d, of which answer %d changed files last",
			codybatch.ErrNotResumable, s.run.Kept, s.talk.calls, last)
	}
	s.maxTurns = max(1, s.maxTurns-m.inRun)
	if n := len(s.talk.messages); n > 0 { // as if the last call had just been made
		size, err := s.size(s.talk.messages[:n-1])
		if err != nil {
			return nil, err
		}
		s.ledger.lastBytes, s.ledger.lastTokens = size, prices.PromptTokens(m.last)+m.last.OutputTokens
	}
	if s.thread.engine == "" {
		s.thread.engine = s.talk.engine
	}
	if err := s.thread.release(ctx); err != nil { // the run's start comes before its calls
		return nil, err
	}
	if m.owed != "" { // what came before it is answered, and kept
		s.talk.pending = append(m.results, m.said...)
		s.say(m.owed)
		return nil, nil
	}
	end, err := s.redo(ctx, &m)
	if err != nil {
		return nil, err
	}
	s.talk.pending = append(m.results, m.said...)
	switch {
	case m.ended != nil:
		m.ended.finish = m.finish
		return m.ended, nil
	case m.finish != nil && len(m.said) == 0: // its worker had no time to write that it ended
		return m.finish.ending(), nil
	}
	if len(m.said) == 0 && end == nil {
		s.nudgeAgain(&m)
	}
	s.say(nudgeInterrupted)
	return end, nil
}

// nudgeAgain says what the last answer calls for, if its worker had no time to.
func (s *session) nudgeAgain(m *memory) {
	if len(m.turns) == 0 {
		return
	}
	switch last := m.turns[len(m.turns)-1].message; {
	case last.StopReason == anthropic.StopReasonMaxTokens:
		s.habits.cutOff = 1
		s.say(nudgeGoOn)
	case len(m.results) == 0 && last.StopReason != anthropic.StopReasonPauseTurn:
		s.habits.idle = 1
		s.say(nudgeFinish)
	}
}

// opening is the first user message of a conversation.
func (s *session) opening() []anthropic.ContentBlockParamUnion {
	return firstMessage(s.run.Prompt, repositoryFacts(s.run, s.workspace, !s.agent.options.IgnoreGuidance))
}

// redo makes the last turn's calls again if the workspace may lack their effects,
// or a result is missing. The model has seen none of the results.
func (s *session) redo(ctx context.Context, m *memory) (*ending, error) {
	if len(m.turns) == 0 {
		return nil, nil
	}
	last := m.turns[len(m.turns)-1]
	if answersAll(m.results, last.message) && (last.number <= s.run.Kept || !last.changes()) {
		return nil, nil
	}
	s.talk.pending = nil
	_, end, err := s.answerCalls(ctx, reply{message: last.message})
	m.results, s.talk.pending = s.talk.pending, nil
	return end, err
}

// answersAll reports whether there is a result for each call.
func answersAll(results []anthropic.ContentBlockParamUnion, message anthropic.Message) bool {
	for _, block := range message.Content {
		if block.Type == "tool_use" && indexOfResult(results, block.ID) < 0 {
			return false
		}
	}
	return true
}

func indexOfResult(results []anthropic.ContentBlockParamUnion, id string) int {
	return slices.IndexFunc(results, func(r anthropic.ContentBlockParamUnion) bool { return r.OfToolResult.ToolUseID == id })
}

// recall adds what an event tells to the conversation.
func (s *session) recall(m *memory, event codybatch.ThreadEvent) error {
	switch event.Type {
	case codybatch.EventRunStart:
		if m.ended != nil { // a run that goes on after feedback
			m.inRun, s.compactions = 0, 0
		}
		s.talk.engine, m.ended = event.Engine, nil
	case codybatch.EventRequest:
		return s.recallRequest(m, event)
	case codybatch.EventAssistant:
		return s.recallAnswer(m, event)
	case codybatch.EventTool:
		return m.recallResult(event)
	case codybatch.EventCompaction:
		s.compactions++
		s.talk.messages, s.talk.tokens = s.talk.messages[:min(1, len(s.talk.messages))], event.TokensAfter
		dropped := m.dropped
		for _, t := range m.turns {
			if t.changes() {
				dropped = t.number
			}
		}
		*m = memory{inRun: m.inRun, last: m.last, dropped: dropped, owed: s.talk.remark, said: []anthropic.ContentBlockParamUnion{anthropic.NewTextBlock(summaryHead + event.Summary + summaryEnd)}}
	case codybatch.EventFeedback:
		s.recallFeedback(m, event)
	case codybatch.EventRunEnd:
		if isVerdict(event.Outcome) {
			m.ended = &ending{outcome: event.Outcome, reason: event.Reason}
		}
	default: // what the model does not hear of
	}
	return nil
}

// isVerdict tells how a run ended by itself from how it was ended from outside.
func isVerdict(o codybatch.Outcome) bool {
	switch o {
	case "", codybatch.OutcomeCanceled, codybatch.OutcomeTimeout, codybatch.OutcomeInfraError, codybatch.OutcomeAuthError:
		return false
	default:
		return true
	}
}

// recallRequest reads what the user's side said. A request that was never
// answered is followed by another one, which says the same and more.
func (s *session) recallRequest(m *memory, event codybatch.ThreadEvent) error {
	if event.N == 1 && s.talk.calls > 0 { // a run that started over
		engine := s.talk.engine
		s.talk, *m, s.compactions = conversation{engine: engine}, memory{}, 0
	}
	said, err := textBlocks(event.Content)
	if err != nil {
		return err
	}
	if m.isSummary = isSaid(said, summaryPrompt); !m.isSummary {
		m.said = said
		if m.owed != "" && isSaid(said, m.owed) {
			m.owed = ""
		}
	}
	return nil
}

// recallFeedback takes a person's remark: from here the conversation goes on with
// new limits, whatever had ended it. Calls that were left without a result by that
// get one, for they are not made again: the workspace shows what they did.
func (s *session) recallFeedback(m *memory, event codybatch.ThreadEvent) {
	if len(m.turns) > 0 {
		for _, block := range m.turns[len(m.turns)-1].message.Content {
			if block.Type == "tool_use" && indexOfResult(m.results, block.ID) < 0 {
				m.results = append(m.results, anthropic.NewToolResultBlock(block.ID, endedCall, true))
			}
		}
	}
	m.ended, m.finish, m.isSummary = nil, nil, false
	m.inRun, s.compactions = 0, 0
	m.owed = remarkPrompt(event.Reason)
	s.talk.remark = m.owed
}

func (s *session) recallAnswer(m *memory, event codybatch.ThreadEvent) error {
	message, err := messageOf(event)
	if err != nil {
		return err
	}
	s.talk.calls++
	m.inRun++
	if event.Usage != nil {
		s.talk.tokens, m.last = prices.PromptTokens(*event.Usage), *event.Usage
	}
	if bytes.Contains(event.Content, []byte(redacted)) {
		return errors.New("a secret was taken out of the answer, so it is not what the model said")
	}
	if m.isSummary {
		return nil
	}
	s.talk.pending = append(m.results, m.said...)
	m.results, m.said, m.finish = nil, nil, nil
	s.remember(reply{message: message})
	m.turns = append(m.turns, turn{s.talk.calls, message})
	return nil
}

// recallResult takes a tool's result. Of a call that was made again, the last one
// counts.
func (m *memory) recallResult(event codybatch.ThreadEvent) error {
	if m.isSummary {
		return nil
	}
	blocks, err := textBlocks(event.Content)
	if err != nil {
		return err
	}
	var text strings.Builder
	for _, block := range blocks {
		text.WriteString(block.OfText.Text)
	}
	result := anthropic.NewToolResultBlock(event.ToolUseID, text.String(), event.IsError)
	if i := indexOfResult(m.results, event.ToolUseID); i >= 0 {
		m.results[i] = result
	} else {
		m.results = append(m.results, result)
	}
	if event.Name == "finish" && !event.IsError {
		if input, complaint := decode[finishInput](event.Input); complaint == nil {
			m.finish = input.clean()
		}
	}
	return nil
}

// textBlocks reads the text blocks of a user message, as a thread keeps them,
// with their breakpoints: the prefix must be the same, byte for byte.
func textBlocks(content json.RawMessage) ([]anthropic.ContentBlockParamUnion, error) {
	if len(content) == 0 {
		return nil, nil
	}
	var raw []struct {
		Text         string `json:"text"`
		CacheControl *struct {
			TTL string `json:"ttl"`
		} `json:"cache_control"`
	}
	if err := json.Unmarshal(content, &raw); err != nil {
		return nil, fmt.Errorf("read what was said: %w", err)
	}
	blocks := make([]anthropic.ContentBlockParamUnion, len(raw))
	for i, r := range raw {
		blocks[i] = anthropic.NewTextBlock(r.Text)
		if r.CacheControl != nil {
			blocks[i].OfText.CacheControl = anthropic.CacheControlEphemeralParam{TTL: anthropic.CacheControlEphemeralTTL(r.CacheControl.TTL)}
		}
	}
	return blocks, nil
}

// messageOf is an answer as the API gave it.
func messageOf(event codybatch.ThreadEvent) (anthropic.Message, error) {
	var message anthropic.Message
	var blocks []json.RawMessage
	err := json.Unmarshal(event.Content, &blocks)
	if err != nil {
		return message, fmt.Errorf("read an answer: %w", err)
	}
	raw, err := json.Marshal(map[string]any{
		"id": event.MessageID, "type": "message", "role": "assistant", "model": event.Model,
		"stop_reason": event.StopReason, "content": blocks,
	})
	if err == nil {
		err = json.Unmarshal(raw, &message)
	}
	if err != nil {
		return message, fmt.Errorf("read an answer: %w", err)
	}
	return message, nil
}
