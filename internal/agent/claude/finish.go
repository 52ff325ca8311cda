package claude

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

// Bytes that are kept of what the model says of its work. GitHub takes titles of
// 256 characters and bodies of 65,536.
const (
	maxSummary = 8 << 10
	maxTitle   = 240
	maxBody    = 60_000
)

// finishInput is how the model says that it is done.
type finishInput struct {
	Status  string `json:"status"`
	Summary string `json:"summary"`
	PRTitle string `json:"pr_title"`
	PRBody  string `json:"pr_body"`
}

func finishTool() tool {
	return tool{
		name:        "finish",
		description: "End the work. Call it exactly once, alone, when everything is done or when it can't be done.",
		properties: map[string]any{
			"status": map[string]any{
				"type": "string", "enum": []string{"changed", "no_change_needed", "blocked"},
				"description": "changed: the task is done. no_change_needed: the repository needs no change. blocked: the task can't be done here.",
			},
			"summary":  property("string", "What was done and why, or what stands in the way, in a few sentences"),
			"pr_title": property("string", "A title for the pull request, at most 72 characters"),
			"pr_body":  property("string", "A description for the pull request, in Markdown"),
		},
		required: []string{"status", "summary"},
		run:      runFinish,
	}
}

func runFinish(_ context.Context, _ *session, raw json.RawMessage) (toolResult, error) {
	input, complaint := decode[finishInput](raw)
	if complaint != nil {
		return *complaint, nil
	}
	if _, known := input.outcome(); !known {
		return malformed("status must be changed, no_change_needed or blocked"), nil
	}
	return toolResult{text: "Recorded.", finish: input.clean()}, nil
}

// clean makes the model's words fit for a pull request: without control
// characters, and no longer than forges take.
func (f finishInput) clean() *finishInput {
	title, _, _ := strings.Cut(strings.TrimSpace(sandbox.Clean(f.PRTitle)), "\n")
	return &finishInput{
		Status: f.Status, Summary: cut(strings.TrimSpace(sandbox.Clean(f.Summary)), maxSummary),
		PRTitle: cut(title, maxTitle), PRBody: cut(strings.TrimSpace(sandbox.Clean(f.PRBody)), maxBody),
	}
}

// ending is how a run ends with it.
func (f *finishInput) ending() *ending {
	outcome, _ := f.outcome() // was checked by the tool
	end := &ending{outcome: outcome, finish: f}
	if outcome == codybatch.OutcomeBlocked {
		end.reason = cmp.Or(f.Summary, "the model says that it can't be done, and not why")
	}
	return end
}

func (f finishInput) outcome() (codybatch.Outcome, bool) {
	switch f.Status {
	case "changed":
		return codybatch.OutcomeChanged, true
	case "no_change_needed":
		return codybatch.OutcomeNoChanges, true
	case "blocked":
		return codybatch.OutcomeBlocked, true
	default:
		return "", false
	}
}
