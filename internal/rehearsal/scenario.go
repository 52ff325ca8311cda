package rehearsal

import (
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"sigs.k8s.io/yaml"
)

// Scenario is what the rehearsal knows to play. The first act that matches a
// conversation is played.
type Scenario struct {
	Name string `json:"name,omitempty"`
	Acts []Act  `json:"acts"`
}

// Act is one conversation's script. Its turns are played in order, one for each
// answer that the client keeps.
type Act struct {
	Name  string `json:"name"`
	When  When   `json:"when,omitzero"`
	Turns []Turn `json:"turns"`
}

// When says which conversations an act is for: those that fulfil every condition
// that is set. The zero When matches all.
type When struct {
	// Contains lists texts that the user messages before the first answer hold,
	// all of them.
	Contains []string `json:"contains,omitempty"`
	// Matches is a regular expression for the same text.
	Matches string `json:"matches,omitempty"`
	// LastContains lists texts that the last message holds. The act then begins
	// there, whatever was said before, and is played to its end: a request for a
	// summary, for example.
	LastContains []string `json:"lastContains,omitempty"`
	// Judge makes the act one for requests that want JSON by a schema
	// (output_config.format), as the judge's do. Acts without it are never for those:
	// a judge's request holds the texts of the task that it is about.
	Judge bool `json:"judge,omitempty"`
}

// Turn is one answer.
type Turn struct {
	Thinking string     `json:"thinking,omitempty"` // left out when the request does not enable thinking
	Text     string     `json:"text,omitempty"`
	Tools    []ToolCall `json:"tools,omitempty"`
	// StopReason is "tool_use" or "end_turn" by content when it is empty.
	StopReason string `json:"stopReason,omitempty"`
	// DelayMS is how long the answer takes before its first content, in
	// milliseconds.
	DelayMS int    `json:"delayMs,omitempty"`
	Usage   *Usage `json:"usage,omitempty"`
	// Faults come first, in order, each as often as it says.
	Faults []Fault `json:"faults,omitempty"`

	// IfToolResultContains lets a turn that stands under Instead be played only
	// if a result in the last message holds this text.
	IfToolResultContains string `json:"ifToolResultContains,omitempty"`
	// Instead lists other turns for this place; the first whose condition holds
	// is played.
	Instead []Turn `json:"instead,omitempty"`
}

// ToolCall is one tool_use block. A nil Input is the empty object.
type ToolCall struct {
	Name  string          `json:"name"`
	Input json.RawMessage `json:"input,omitempty"`
}

// Usage overrides what the cache simulator counts, in tokens.
type Usage struct {
	InputTokens     *int64 `json:"inputTokens,omitempty"`
	OutputTokens    *int64 `json:"outputTokens,omitempty"`
	CacheReadTokens *int64 `json:"cacheReadTokens,omitempty"`
	CacheWrite5m    *int64 `json:"cacheWrite5mTokens,omitempty"`
	CacheWrite1h    *int64 `json:"cacheWrite1hTokens,omitempty"`
}

// maxDelayMS bounds a delay: a longer one is a mistake in the script.
const maxDelayMS = 600_000

// ParseScenario reads a scenario from YAML or JSON. An unknown field, fault or
// stop reason is an error that names it.
func ParseScenario(data []byte) (Scenario, error) {
	var s Scenario
	if err := yaml.UnmarshalStrict(data, &s); err != nil {
		return Scenario{}, fmt.Errorf("parse scenario: %w", err)
	}
	if err := s.validate(); err != nil {
		return Scenario{}, fmt.Errorf("parse scenario: %w", err)
	}
	return s, nil
}

func (s Scenario) validate() error {
	if len(s.Acts) == 0 {
		return errors.New("acts: there is none")
	}
	for i, act := range s.Acts {
		place := fmt.Sprintf("acts[%d]", i)
		if act.Name == "" {
			return fmt.Errorf("%s.name: it is empty", place)
		}
		if _, err := regexp.Compile(act.When.Matches); err != nil {
			return fmt.Errorf("%s.when.matches: %w", place, err)
		}
		if len(act.Turns) == 0 {
			return fmt.Errorf("%s.turns: there is none", place)
		}
		for j, turn := range act.Turns {
			if turn.IfToolResultContains != "" {
				return fmt.Errorf("%s.turns[%d].ifToolResultContains: only turns under instead have a condition", place, j)
			}
			if err := turn.validate(fmt.Sprintf("%s.turns[%d]", place, j)); err != nil {
				return err
			}
		}
	}
	return nil
}

func (t Turn) validate(place string) error {
	if t.StopReason != "" && !slices.Contains(stopReasons(), t.StopReason) {
		return fmt.Errorf("%s.stopReason: %q is none of %s", place, t.StopReason, strings.Join(stopReasons(), ", "))
	}
	if t.DelayMS < 0 || t.DelayMS > maxDelayMS {
		return fmt.Errorf("%s.delayMs: %d is not between 0 and %d", place, t.DelayMS, maxDelayMS)
	}
	for i, call := range t.Tools {
		var input map[string]any
		if call.Name == "" {
			return fmt.Errorf("%s.tools[%d].name: it is empty", place, i)
		}
		if call.Input != nil && (json.Unmarshal(call.Input, &input) != nil || input == nil) {
			return fmt.Errorf("%s.tools[%d].input: it is not an object", place, i)
		}
	}
	for i, fault := range t.Faults {
		if err := fault.validate(); err != nil {
			return fmt.Errorf("%s.faults[%d].%w", place, i, err)
		}
	}
	for i, other := range t.Instead {
		inner := fmt.Sprintf("%s.instead[%d]", place, i)
		if other.IfToolResultContains == "" {
			return fmt.Errorf("%s.ifToolResultContains: it is empty", inner)
		}
		if len(other.Instead) > 0 {
			return fmt.Errorf("%s.instead: it can't be nested", inner)
		}
		if err := other.validate(inner); err != nil {
			return err
		}
	}
	return nil
}

func stopReasons() []string {
	return []string{"end_turn", "max_tokens", "stop_sequence", "tool_use", "pause_turn", "refusal", "model_context_window_exceeded"}
}
