package claudecode

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// memory is what a thread tells of the conversation that it is of.
type memory struct {
	answers []string // their ids
	calls   int      // the number of the last one
	engine  string
	owed    string          // what was to be said to the model, and has no answer yet
	last    json.RawMessage // the content of the last answer
}

// recall reads a thread from its start.
func recall(events []codybatch.ThreadEvent) memory {
	var m memory
	for _, event := range events {
		switch event.Type {
		case codybatch.EventRunStart:
			m.engine = event.Engine
		case codybatch.EventRequest:
			if event.N == 1 { // it starts over
				m = memory{engine: m.engine}
			}
			m.calls = event.N
			if said := textOf(event.Content); said != "" {
				m.owed = said
			}
		case codybatch.EventAssistant:
			m.answers, m.owed, m.last = append(m.answers, event.MessageID), "", event.Content
		case codybatch.EventFeedback:
			m.owed = remarkPrompt(event.Reason)
		default: // what the model does not hear of
		}
	}
	return m
}

// textOf is the text of a message's blocks.
func textOf(content json.RawMessage) string {
	var blocks []struct {
		Text string `json:"text"`
	}
	if json.Unmarshal(content, &blocks) != nil || len(blocks) == 0 {
		return ""
	}
	return blocks[len(blocks)-1].Text
}

// takeUp makes a home folder in which the program goes on with an earlier attempt's
// conversation, after the answers whose effects the workspace shows. The error is
// ErrNotResumable where thread, workspace and conversation do not tell the same.
func takeUp(run codybatch.AgentRun) (conversation, string, error) {
	m := recall(run.Earlier)
	records, err := m.choose(run.Conversation, run.Kept)
	if err != nil {
		return conversation{}, "", fmt.Errorf("%w: %w", codybatch.ErrNotResumable, err)
	}
	talk := conversation{id: records[0].session, engine: m.engine, calls: m.calls, marks: marksOf(m.last)}
	return talk, m.owed, writeHome(run.Home, run.Dir, talk.id, encode(records))
}

// choose gives the records of a conversation up to the results of its last answer. What
// came after them was not answered, and is said again.
func (m memory) choose(kept []byte, answers int) ([]record, error) {
	if len(kept) == 0 {
		return nil, errors.New("the program's own conversation was not kept")
	}
	if len(kept) > maxConversation {
		return nil, fmt.Errorf("the program's own conversation is larger than %d MiB", maxConversation>>20)
	}
	records, err := readRecords(bytes.NewReader(kept), "")
	if err == nil && len(records) == 0 {
		err = errors.New("it is empty")
	}
	if err == nil {
		err = checkSession(records[0].session)
	}
	if err != nil {
		return nil, fmt.Errorf("the program's own conversation can't be read: %w", err)
	}
	if answers == 0 || answers != len(m.answers) {
		return nil, fmt.Errorf("its workspace was kept after answer %d, and the thread has %d", answers, len(m.answers))
	}
	end := endOf(records, m.answers[answers-1])
	if end == 0 {
		return nil, errors.New("the program's own conversation does not end with the thread's last answer")
	}
	records = records[:end]
	if slices.ContainsFunc(records, func(r record) bool { return r.kind == "assistant" && bytes.Contains(r.raw, []byte(redactedMark)) }) {
		return nil, errors.New("a secret was taken out of an answer, so it is not what the model said")
	}
	return records, nil
}

// marksOf is what tells an answer when it is sent back: the ids of its calls, and its
// texts.
func marksOf(content json.RawMessage) []string {
	var blocks []struct {
		Type string `json:"type"`
		ID   string `json:"id"`
		Text string `json:"text"`
	}
	_ = json.Unmarshal(content, &blocks) // plain text has no marks
	var marks []string
	for _, b := range blocks {
		if text := strings.TrimSpace(b.Text); b.Type == "text" && text != "" {
			marks = append(marks, text)
		}
		if b.Type == "tool_use" {
			marks = append(marks, b.ID)
		}
	}
	return marks
}

// goesOnFrom reports whether a request begins with a prompt, and holds an answer with the
// marks.
func (r *request) goesOnFrom(marks []string) bool {
	var messages []struct {
		Role    string          `json:"role"`
		Content json.RawMessage `json:"content"`
	}
	for _, f := range r.fields {
		if f.name == "messages" && json.Unmarshal(f.value, &messages) != nil {
			return false
		}
	}
	var sent []string
	for _, m := range messages {
		if m.Role == "assistant" {
			sent = append(sent, marksOf(m.Content)...)
		}
	}
	return len(messages) > 0 && messages[0].Role == "user" && !slices.ContainsFunc(marks, func(mark string) bool { return !slices.Contains(sent, mark) })
}

// endOf is the number of records up to an answer, with the results of its calls; 0 if it
// is not the last one.
func endOf(records []record, answer string) int {
	end := 0
	for i, r := range records {
		switch {
		case r.kind == "assistant" && r.message == answer:
			end = i + 1
		case end > 0 && len(r.results()) > 0:
			end = i + 1
		case end > 0 && r.kind == "assistant":
			return end
		}
	}
	return end
}
