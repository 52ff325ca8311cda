package claudecode

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// memory is what a thread tells of the conversation that it is of.
type memory struct {
	answers []codybatch.ThreadEvent
	asked   string  // what was said before the last answer, if it was more than results
	owed    string  // what was to be said to the model, and has no answer yet
	calls   int     // the number of the last one
	inRun   int     // answers since the last run began
	ended   *ending // of a run whose end its worker had no time to act on
	engine  string
}

// recall reads a thread from its start.
func recall(events []codybatch.ThreadEvent) memory {
	var m memory
	for _, event := range events {
		switch event.Type {
		case codybatch.EventRunStart:
			m.engine = event.Engine
			if m.ended != nil { // it goes on after feedback
				m.inRun = 0
			}
		case codybatch.EventRequest:
			if event.N == 1 { // it starts over
				m = memory{engine: m.engine}
			}
			m.calls, m.ended = event.N, nil
			if said := textOf(event.Content); said != "" {
				m.owed = said
			}
		case codybatch.EventAssistant:
			m.answers, m.asked, m.owed = append(m.answers, event), m.owed, ""
			m.inRun++
		case codybatch.EventFeedback:
			m.owed, m.ended, m.inRun = remarkPrompt(event.Reason), nil, 0
		case codybatch.EventRunEnd:
			if isVerdict(event.Outcome) {
				m.ended = &ending{outcome: event.Outcome, reason: event.Reason}
			}
		default: // what the model does not hear of
		}
	}
	return m
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

// textOf is the text of a message's last block.
func textOf(content json.RawMessage) string {
	var blocks []struct {
		Text string `json:"text"`
	}
	if json.Unmarshal(content, &blocks) != nil || len(blocks) == 0 {
		return ""
	}
	return blocks[len(blocks)-1].Text
}

// resumption is how a run goes on with an earlier attempt's conversation.
type resumption struct {
	talk   conversation
	prompt string
	inRun  int     // turns that count against the run's limit already
	ended  *ending // nothing is asked: that was done, and its end is known
}

// takeUp makes a home folder in which the program goes on with an earlier attempt's
// conversation. The error is ErrNotResumable where thread, workspace and conversation do
// not tell the same.
func takeUp(run codybatch.AgentRun) (resumption, error) {
	m := recall(run.Earlier)
	records, err := m.choose(run)
	if err != nil {
		return resumption{}, fmt.Errorf("%w: %w", codybatch.ErrNotResumable, err)
	}
	last := m.answers[len(m.answers)-1]
	r := resumption{
		talk: conversation{
			id: records[0].session, engine: m.engine, calls: m.calls, answers: len(m.answers), marks: marksOf(last.Content),
		},
		prompt: m.owed, inRun: m.inRun,
	}
	if m.owed == "" {
		r.prompt, r.ended = interruptedPrompt, m.ending(run.Kept, last)
	}
	return r, writeHome(run.Home, run.Dir, r.talk.id, encode(records))
}

// ending is how the last run had ended, or would have with its last answer; nil: it had
// not, or the workspace does not show all that it did.
func (m memory) ending(kept int, last codybatch.ThreadEvent) *ending {
	isDone := last.StopReason == "end_turn"
	if !isDone && kept < len(m.answers) {
		return nil
	}
	end := m.ended
	if end == nil && isDone {
		said := conclude(textOf(last.Content))
		end = &said
	}
	if end != nil && end.outcome.Status() == codybatch.TaskSucceeded {
		end.summary = conclude(textOf(last.Content)).summary
	}
	return end
}

// choose gives the records of the conversation that the workspace shows, up to the
// results of an answer. What came after them and has no answer is said again. One answer
// that the program had no time to write down is written down for it.
func (m memory) choose(run codybatch.AgentRun) ([]record, error) {
	if len(run.Conversation) == 0 {
		return nil, errors.New("the program's own conversation was not kept")
	}
	if len(run.Conversation) > maxConversation {
		return nil, fmt.Errorf("the program's own conversation is larger than %d MiB", maxConversation>>20)
	}
	records, err := readRecords(bytes.NewReader(run.Conversation), "")
	if err == nil && len(records) == 0 {
		err = errors.New("it is empty")
	}
	if err == nil {
		err = checkSession(records[0].session)
	}
	if err != nil {
		return nil, fmt.Errorf("the program's own conversation can't be read: %w", err)
	}
	if run.Kept > len(m.answers) || len(m.answers) == 0 {
		return nil, fmt.Errorf("its workspace was kept after answer %d, and the thread has %d", run.Kept, len(m.answers))
	}
	held := 0 // answers that the records have, and the workspace shows
	for i, answer := range m.answers[:run.Kept] {
		if slices.ContainsFunc(records, func(r record) bool { return r.isAnswer(answer.MessageID) }) {
			held = i + 1
		}
	}
	missing := m.answers[held:]
	if len(missing) > 1 {
		return nil, fmt.Errorf("the program's own conversation, and its workspace, go to answer %d, and the thread has %d", held, len(m.answers))
	}
	end, next := m.cut(records, held)
	if len(missing) == 0 {
		records = records[:end]
	} else if records, err = m.complete(records[:next], missing[0], run.Dir); err != nil {
		return nil, err
	}
	if slices.ContainsFunc(records, func(r record) bool { return r.kind == "assistant" && bytes.Contains(r.raw, []byte(redactedMark)) }) {
		return nil, errors.New("a secret was taken out of an answer, so it is not what the model said")
	}
	return records, nil
}

// cut gives the number of records up to an answer with the results of its calls, and up
// to what the model, or the program in its place, said next.
func (m memory) cut(records []record, held int) (int, int) {
	end := 0
	for i, r := range records {
		isIt := held > 0 && r.isAnswer(m.answers[held-1].MessageID)
		switch {
		case isIt, end > 0 && len(r.results()) > 0:
			end = i + 1
		case r.kind == "assistant" && (held == 0 || end > 0):
			return end, i
		}
	}
	return end, len(records)
}

// complete adds an answer that the thread has. Its calls have no results: the program
// tells the model that it is not known how they ended.
func (m memory) complete(records []record, answer codybatch.ThreadEvent, dir string) ([]record, error) {
	if m.asked != "" && !says(tail(records), m.asked) {
		return nil, errors.New("the program's own conversation does not have what its last answer is to")
	}
	if len(records) == 0 {
		return nil, errors.New("the program's own conversation does not have its beginning")
	}
	last := records[len(records)-1]
	raw, err := json.Marshal(map[string]any{
		"parentUuid": last.uuid, "isSidechain": false, "type": "assistant", "uuid": uuid.NewString(),
		"timestamp": answer.Time.UTC().Format("2006-01-02T15:04:05.000Z"), "userType": "external", "entrypoint": "sdk-cli",
		"cwd": dir, "sessionId": last.session, "version": last.version, "requestId": answer.RequestID,
		"message": map[string]any{
			"id": answer.MessageID, "type": "message", "role": "assistant", "model": answer.Model, "content": answer.Content,
			"stop_reason": answer.StopReason, "stop_sequence": nil, "usage": map[string]int{"input_tokens": 0, "output_tokens": 0},
		},
	})
	if err != nil {
		return nil, fmt.Errorf("write an answer down: %w", err)
	}
	added, _ := parseRecord(raw) // it was JSON before
	return append(slices.Clone(records), added), nil
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

// goesAstray reports whether the first call does not go on with the conversation that the
// run was given: the program leaves out what it can't read, and says nothing.
func (g *gateway) goesAstray(r *request) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	marks := g.mustCarry
	g.mustCarry = nil
	return marks != nil && !r.goesOnFrom(marks)
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
