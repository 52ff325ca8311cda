package claude

import "github.com/liamzdenek/cody-batch/internal/agent/prices"

// DefaultModel is used when a job names none.
const DefaultModel = "claude-sonnet-5-5"

// modelTraits is what a request has to know about a model.
type modelTraits struct {
	maxOutput int64 // tokens that one answer may have
	adaptive  bool  // takes thinking: adaptive
	effort    bool  // takes output_config.effort

	// softContext is how many tokens a request may have before the conversation is
	// compacted. It leaves room, in the 200,000 tokens of the smallest context, for
	// one answer and what its tool calls bring.
	softContext int64
}

// traitsOf tells what a model takes. The models of the 4.5 line know no adaptive
// thinking, and of them only Opus knows an effort; everything since has both.
// Haiku 5.5 costs five times as much for a request of over 100,000 tokens
// (https://platform.claude.com/docs/en/build-with-claude/adaptive-thinking, read
// in November 2026). A model that is not known is taken for a new one.
func traitsOf(model string) modelTraits {
	traits := modelTraits{maxOutput: 32_000, adaptive: true, effort: true, softContext: 150_000}
	switch name := prices.Undated(model); name {
	case "claude-opus-4-5":
		traits.adaptive = false
	case "claude-haiku-5-5":
		traits.softContext = 90_000
	case "claude-sonnet-4-5", "claude-haiku-4-5":
		traits.adaptive, traits.effort = false, false
	}
	return traits
}
