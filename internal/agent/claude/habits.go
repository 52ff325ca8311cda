package claude

import (
	"encoding/json"
	"fmt"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const (
	maxMalformed = 3  // turns in a row with nothing but calls that are none
	maxSame      = 5  // the same call and result …
	sameWithin   = 10 // … in the last so many calls
)

// habits watches for a model that makes no progress.
type habits struct {
	malformed int // turns in a row
	cutOff    int // answers in a row
	idle      int // turns in a row without a call
	recent    []string
	warned    bool
}

// repeats remembers a call, and reports that it was made too often with the same
// result.
func (h *habits) repeats(name string, input json.RawMessage, result toolResult) bool {
	this := digest(fmt.Appendf(nil, "%s\x00%s\x00%s", name, input, result.text))
	h.recent = append(h.recent, this)
	if len(h.recent) > sameWithin {
		h.recent = h.recent[1:]
	}
	same := 0
	for _, earlier := range h.recent {
		if earlier == this {
			same++
		}
	}
	return same > maxSame
}

// checkHabits ends a run that goes in circles, after one warning.
func (s *session) checkHabits(wellFormed, bad, stuck bool) *ending {
	switch {
	case wellFormed:
		s.habits.malformed = 0
	case bad:
		s.habits.malformed++
	}
	if s.habits.malformed >= maxMalformed {
		return &ending{outcome: codybatch.OutcomeStuck, reason: fmt.Sprintf("%d turns in a row with malformed tool calls", maxMalformed)}
	}
	if !stuck {
		return nil
	}
	if s.habits.warned {
		return &ending{outcome: codybatch.OutcomeStuck, reason: "the model makes the same call with the same result again and again"}
	}
	s.habits.warned, s.habits.recent = true, nil
	s.say(nudgeStuck)
	return nil
}
