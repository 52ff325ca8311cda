package script_test

import (
	"bytes"
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/agent/agenttest"
	"github.com/liamzdenek/cody-batch/internal/agent/script"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

func scripted(text string) codybatch.AgentRun {
	return codybatch.AgentRun{Spec: codybatch.AgentSpec{Type: codybatch.AgentScript, Script: text}}
}

func TestAgentKeepsThePromises(t *testing.T) {
	t.Parallel()
	agenttest.Run(t, func(*testing.T) agenttest.Fixture {
		return agenttest.Fixture{
			Agent: script.New(script.Options{}),
			Shell: func(_ *testing.T, text string) codybatch.AgentRun { return scripted(text) },
		}
	})
}

// run runs a script in a workspace of its own.
func run(t *testing.T, text string) (codybatch.AgentResult, []codybatch.ThreadEvent, string, error) {
	t.Helper()
	var events []codybatch.ThreadEvent
	var log bytes.Buffer
	r := scripted(text)
	r.Key = codybatch.TaskKey{JobID: "job-1", Repository: "acme/site"}
	r.BaseCommit, r.Dir, r.Home, r.Log = "abc123", t.TempDir(), t.TempDir(), &log
	r.Record = func(_ context.Context, e codybatch.ThreadEvent) error {
		events = append(events, e)
		return nil
	}
	result, err := script.New(script.Options{}).Run(t.Context(), r)
	if entries, readErr := os.ReadDir(r.Dir); readErr != nil || len(entries) != 0 {
		t.Errorf("the workspace holds %v, %v; the script is not to be put there", entries, readErr)
	}
	return result, events, log.String(), err
}

func TestScript(t *testing.T) {
	t.Parallel()

	t.Run("knows_repository_job_and_commit", func(t *testing.T) {
		t.Parallel()
		_, _, log, err := run(t, `echo "$REPOSITORY $JOB_ID $BASE_COMMIT"`)
		if want := "acme/site job-1 abc123\n"; err != nil || log != want {
			t.Errorf("got %q, %v; want %q", log, err, want)
		}
	})

	t.Run("that_fails_is_blocked_with_its_last_words", func(t *testing.T) {
		t.Parallel()
		result, events, _, err := run(t, "echo one; echo; echo 'no \x1b[31mpom.xml\x1b[0m here' >&2; exit 4")
		if err != nil || result.Outcome != codybatch.OutcomeBlocked || result.Reason != "script ended with exit code 4: one / no pom.xml here" {
			t.Errorf("got %+v, %v", result, err)
		}
		tool := events[1]
		if tool.Type != codybatch.EventTool || tool.Name != "bash" || !tool.IsError || *tool.ExitCode != 4 {
			t.Errorf("the tool's event is %+v", tool)
		}
	})

	t.Run("that_takes_too_much_memory_is_killed", func(t *testing.T) {
		t.Parallel()
		r := scripted("head -c 150000000 /dev/zero | tail -c 150000000 | { sleep 60; }")
		r.Dir, r.Home, r.Log = t.TempDir(), t.TempDir(), io.Discard
		r.Record = func(context.Context, codybatch.ThreadEvent) error { return nil }
		result, err := script.New(script.Options{Confinement: sandbox.Confinement{Memory: 64 << 20}}).Run(t.Context(), r)
		if err != nil || result.Outcome != codybatch.OutcomeBlocked || !strings.Contains(result.Reason, "may use 64 MiB") {
			t.Errorf("got %+v, %v", result, err)
		}
	})

	t.Run("is_told_with_what_it_printed", func(t *testing.T) {
		t.Parallel()
		const text = "echo one\necho two"
		_, events, _, err := run(t, text)
		if err != nil || len(events) != 3 {
			t.Fatalf("got %d events, %v", len(events), err)
		}
		message, _ := events[1].Message()
		if len(message.Blocks) != 2 || message.Role != codybatch.RoleSystem {
			t.Fatalf("the message is %+v", message)
		}
		ran, said := message.Blocks[0], message.Blocks[1]
		var input struct{ Command string }
		if err := json.Unmarshal(ran.Input, &input); err != nil || ran.Type != codybatch.BlockToolUse || ran.Name != "bash" || input.Command != text {
			t.Errorf("what ran is %+v, %v", ran, err)
		}
		if said.Type != codybatch.BlockToolResult || said.Text != "one\ntwo\n" || *said.ExitCode != 0 {
			t.Errorf("what it said is %+v", said)
		}
		if start, _ := events[0].Message(); start.Blocks[0].Text != "Started script on acme/site at abc123" {
			t.Errorf("the start is %+v", start)
		}
	})

	t.Run("ends_at_the_first_command_that_fails", func(t *testing.T) {
		t.Parallel()
		result, _, log, err := run(t, "false\necho never")
		if err != nil || result.Outcome != codybatch.OutcomeBlocked || log != "" {
			t.Errorf("got %+v, %q, %v", result, log, err)
		}
	})

	t.Run("ends_at_a_variable_that_is_not_set", func(t *testing.T) {
		t.Parallel()
		result, _, _, err := run(t, `rm -rf "$NOT_SET/folder"`)
		if err != nil || result.Outcome != codybatch.OutcomeBlocked || !strings.Contains(result.Reason, "NOT_SET") {
			t.Errorf("got %+v, %v", result, err)
		}
	})

	t.Run("is_not_seen_in_the_arguments", func(t *testing.T) {
		t.Parallel()
		if _, err := os.Stat("/proc/self/cmdline"); err != nil {
			t.Skip("no /proc on this system")
		}
		_, _, log, err := run(t, "# private words\ntr '\\0' ' ' < /proc/$$/cmdline")
		if err != nil || strings.Contains(log, "private") || !strings.Contains(log, "--norc -eu "+string(filepath.Separator)) {
			t.Errorf("the arguments are %q, %v", log, err)
		}
	})

	t.Run("may_be_longer_than_arguments_may", func(t *testing.T) {
		t.Parallel()
		result, _, _, err := run(t, strings.Repeat("# a comment\n", 20_000)+"exit 0")
		if err != nil || result.Outcome != codybatch.OutcomeChanged {
			t.Errorf("got %+v, %v", result, err)
		}
	})

	t.Run("prints_more_than_the_thread_keeps", func(t *testing.T) {
		t.Parallel()
		_, events, log, err := run(t, "echo first; head -c 100000 /dev/zero | tr '\\0' x; echo; echo last")
		if err != nil || len(log) != 100_012 {
			t.Fatalf("the log has %d bytes, %v", len(log), err)
		}
		message, _ := events[1].Message()
		block := message.Blocks[1]
		if !block.Truncated || len(block.Text) > 31<<10 || !strings.HasPrefix(block.Text, "first\n") || !strings.HasSuffix(block.Text, "last\n") {
			t.Errorf("kept %d bytes, truncated %v", len(block.Text), block.Truncated)
		}
	})

	t.Run("has_a_home_outside_the_workspace", func(t *testing.T) {
		t.Parallel()
		result, _, _, err := run(t, `touch "$HOME/file" "$(mktemp)"`)
		if err != nil || result.Outcome != codybatch.OutcomeChanged {
			t.Errorf("got %+v, %v", result, err)
		}
	})

	t.Run("is_not_taken_for_its_fault_when_bash_is_missing", func(t *testing.T) {
		t.Parallel()
		r := scripted("true")
		r.Home, r.Log = t.TempDir(), &bytes.Buffer{}
		r.Record = func(context.Context, codybatch.ThreadEvent) error { return nil }
		result, err := script.New(script.Options{Bash: "/no/such/bash"}).Run(t.Context(), r)
		if err == nil || result.Outcome != codybatch.OutcomeInfraError {
			t.Errorf("got %+v, %v", result, err)
		}
	})
}
