package rehearsal

import (
	"errors"
	"fmt"
	"slices"
)

// maxExchanges bounds what is remembered; the oldest is forgotten first.
const maxExchanges = 4096

// memory is what was asked and answered, so that the next request can be
// compared with it. The server's mutex guards it.
type memory struct {
	byMark   map[string]*exchange // by tool_use id and thinking signature
	byPrompt map[digest]*exchange // by the whole prompt; the newest
	order    []*exchange
}

// exchange is one request and what it was answered.
type exchange struct {
	conversation *conversation
	preamble     digest
	hashes       []digest // of the request's messages
	prompt       digest
	act          int // index; -1: none
	next         int // turn to play when this answer was kept
	answered     bool
	faulty       bool // its turn was not played as written
	stop         string
	marks        []string
	thinking     []block
}

// conversation counts how often each turn was asked for.
type conversation struct{ asked map[[2]int]int }

func newMemory() *memory {
	return &memory{byMark: map[string]*exchange{}, byPrompt: map[digest]*exchange{}}
}

// last finds the exchange whose answer is the latest message of the request that
// is known, and the place of that message.
func (m *memory) last(r *request) (*exchange, int) {
	for i := len(r.Messages) - 1; i >= 0; i-- {
		if r.Messages[i].Role != "assistant" {
			continue
		}
		for _, b := range r.Messages[i].blocks {
			for _, mark := range []string{b.ID, b.Signature} {
				if e, ok := m.byMark[mark]; ok && mark != "" {
					return e, i
				}
			}
		}
		if e, ok := m.byPrompt[promptDigest(r.preamble, r.hashes[:i])]; ok && e.answered {
			return e, i
		}
	}
	return nil, 0
}

// check compares a request with what it goes on from.
func (m *memory) check(r *request) error {
	e, at := m.last(r)
	if r.Messages[len(r.Messages)-1].Role == "assistant" && (e == nil || e.stop != "pause_turn" || at != len(r.Messages)-1) {
		return errors.New("messages: the last message is the assistant's; current models accept no prefill")
	}
	if e == nil {
		return nil
	}
	if e.preamble != r.preamble && !r.beginsSession() {
		return errors.New("tools and system are not the same bytes as in the turn before, so nothing is read from the cache")
	}
	for i, hash := range e.hashes {
		if i >= at || r.hashes[i] != hash {
			return fmt.Errorf("messages[%d]: it is not the same bytes as in the turn before, so nothing after it is read from the cache", i)
		}
	}
	if at != len(e.hashes) {
		return fmt.Errorf("messages[%d]: it was not there in the turn before", len(e.hashes))
	}
	return checkThinking(e.thinking, r.Messages[at].blocks, at)
}

// checkThinking checks that thinking comes back as it was sent:
// https://platform.claude.com/docs/en/build-with-claude/extended-thinking#preserving-thinking-blocks
func checkThinking(sent, blocks []block, at int) error {
	var returned []block
	for _, b := range blocks {
		if b.Type == "thinking" || b.Type == "redacted_thinking" {
			returned = append(returned, b)
		}
	}
	isSame := func(a, b block) bool { return a.Thinking == b.Thinking && a.Signature == b.Signature }
	if !slices.EqualFunc(sent, returned, isSame) {
		return fmt.Errorf("messages[%d]: thinking blocks in an assistant message must be returned unchanged", at)
	}
	return nil
}

// remember notes an exchange before it is answered.
func (m *memory) remember(e *exchange) {
	m.byPrompt[e.prompt] = e
	m.order = append(m.order, e)
	if len(m.order) <= maxExchanges {
		return
	}
	old := m.order[0]
	m.order = m.order[1:]
	for _, mark := range old.marks {
		delete(m.byMark, mark)
	}
	if m.byPrompt[old.prompt] == old {
		delete(m.byPrompt, old.prompt)
	}
}

// answer notes what an exchange was answered with.
func (m *memory) answer(e *exchange, a answer) {
	e.answered, e.stop = true, a.stop
	for _, p := range a.parts {
		switch p.kind {
		case "tool_use":
			e.marks = append(e.marks, p.id)
		case "thinking":
			e.marks = append(e.marks, p.signature)
			e.thinking = append(e.thinking, block{Thinking: p.text, Signature: p.signature})
		}
	}
	for _, mark := range e.marks {
		m.byMark[mark] = e
	}
}

// conversation returns the one that a request goes on with: that of the answers
// in it, or that of a request with the same prompt that went wrong. Anything
// else begins one.
func (m *memory) conversation(r *request, prompt digest) *conversation {
	if e, _ := m.last(r); e != nil {
		return e.conversation
	}
	if e, ok := m.byPrompt[prompt]; ok && e.faulty {
		return e.conversation
	}
	return &conversation{asked: map[[2]int]int{}}
}

func promptDigest(preamble digest, hashes []digest) digest {
	all := slices.Clone(preamble[:])
	for _, h := range hashes {
		all = append(all, h[:]...)
	}
	return digestOf(all)
}
