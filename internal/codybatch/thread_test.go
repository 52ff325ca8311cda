package codybatch_test

import (
	"encoding/json"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// TestMessage compares what people read of an event.
func TestMessage(t *testing.T) {
	t.Parallel()
	exit := 3
	for name, c := range map[string]struct {
		event codybatch.ThreadEvent
		role  codybatch.Role
		want  string // the blocks
	}{
		"start of a model": {
			codybatch.ThreadEvent{Type: codybatch.EventRunStart, Engine: "claude", Model: "claude-sonnet-5-5", Repository: "acme/site", BaseCommit: "abc"},
			codybatch.RoleSystem, `[{"type":"text","text":"Started claude claude-sonnet-5-5 on acme/site at abc"}]`,
		},
		"start of a script": {
			codybatch.ThreadEvent{Type: codybatch.EventRunStart, Engine: "script", Repository: "acme/site", BaseCommit: "abc"},
			codybatch.RoleSystem, `[{"type":"text","text":"Started script on acme/site at abc"}]`,
		},
		"script": {
			codybatch.ThreadEvent{Type: codybatch.EventTool, Name: "bash", Input: json.RawMessage(`{"command":"ls"}`), Content: json.RawMessage(`"a\nb\n"`), ExitCode: &exit, IsError: true},
			codybatch.RoleSystem, `[{"type":"tool_use","name":"bash","input":{"command":"ls"}},{"type":"tool_result","text":"a\nb\n","name":"bash","isError":true,"exitCode":3}]`,
		},
		"script that prints nothing": {
			codybatch.ThreadEvent{Type: codybatch.EventTool, Name: "bash", Input: json.RawMessage(`{"command":"true"}`), Content: json.RawMessage(`""`)},
			codybatch.RoleSystem, `[{"type":"tool_use","name":"bash","input":{"command":"true"}},{"type":"tool_result","text":"(no output)","name":"bash"}]`,
		},
		"tool that a model asked for": {
			codybatch.ThreadEvent{Type: codybatch.EventTool, Name: "bash", ToolUseID: "toolu_1", Input: json.RawMessage(`{"command":"ls"}`), Content: json.RawMessage(`[{"type":"text","text":"a"}]`)},
			codybatch.RoleUser, `[{"type":"tool_result","text":"a","toolUseId":"toolu_1","name":"bash"}]`,
		},
		"verification before the change": {
			codybatch.ThreadEvent{Type: codybatch.EventVerify, Command: "go test ./...", Tail: "FAIL", ExitCode: &exit, Baseline: true},
			codybatch.RoleSystem, `[{"type":"text","text":"$ go test ./...\nFAIL\n(before the change: exit code 3)","exitCode":3}]`,
		},
		"verification after the change": {
			codybatch.ThreadEvent{Type: codybatch.EventVerify, Command: "true", ExitCode: new(int)},
			codybatch.RoleSystem, `[{"type":"text","text":"$ true\n(after the change: exit code 0)","exitCode":0}]`,
		},
		"compaction": {
			codybatch.ThreadEvent{Type: codybatch.EventCompaction, Reason: "Shortened.", TokensBefore: 3, TokensAfter: 1, Summary: "Done: all."},
			codybatch.RoleSystem, `[{"type":"text","text":"Shortened."}]`,
		},
		"end": {
			codybatch.ThreadEvent{Type: codybatch.EventRunEnd, Outcome: codybatch.OutcomeBlocked, Reason: "no pom.xml"},
			codybatch.RoleSystem, `[{"type":"text","text":"Ended: blocked. no pom.xml"}]`,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			message, ok := c.event.Message()
			got, err := json.Marshal(message.Blocks)
			if !ok || err != nil || message.Role != c.role || string(got) != c.want {
				t.Errorf("got  %s %s (%v)\nwant %s %s", message.Role, got, err, c.role, c.want)
			}
		})
	}
}
