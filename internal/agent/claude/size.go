package claude

import (
	"encoding/json"
	"fmt"

	"github.com/anthropics/anthropic-sdk-go"
)

// scale measures requests. A conversation only grows, so each of its messages is
// encoded once, and not once a turn.
type scale struct {
	base     int64 // bytes of a request without a message; 0: not measured yet
	messages []weighed
}

// weighed is a message that was measured. It is known by where its content is:
// messages are never changed, only replaced.
type weighed struct {
	content *anthropic.ContentBlockParamUnion
	blocks  int
	bytes   int64
}

func (w weighed) is(m anthropic.MessageParam) bool {
	return len(m.Content) > 0 && w.content == &m.Content[0] && w.blocks == len(m.Content)
}

// size is how many bytes a request with these messages has.
func (s *session) size(messages []anthropic.MessageParam) (int64, error) {
	c := &s.scale
	if c.base == 0 {
		params := s.params
		params.Messages = []anthropic.MessageParam{}
		body, err := json.Marshal(params)
		if err != nil {
			return 0, fmt.Errorf("encode the request: %w", err)
		}
		c.base = int64(len(body))
	}
	total := c.base + int64(max(0, len(messages)-1)) // and the commas
	for i, m := range messages {
		if i >= len(c.messages) || !c.messages[i].is(m) {
			body, err := json.Marshal(m)
			if err != nil {
				return 0, fmt.Errorf("encode the request: %w", err)
			}
			c.messages = append(c.messages[:min(i, len(c.messages))], weighed{blocks: len(m.Content), bytes: int64(len(body))})
			if len(m.Content) > 0 {
				c.messages[i].content = &m.Content[0]
			}
		}
		total += c.messages[i].bytes
	}
	return total, nil
}
