package claudecode_test

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/agent/claudecode"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

// What stands in the program's place says anything: hostile, broken, or nothing.
func TestOutput(t *testing.T) {
	t.Parallel()
	const success = `{"type":"result","subtype":"success","is_error":false,"result":"Done.","modelUsage":{"m":{"inputTokens":7}},"permission_denials":[{"tool_name":"WebFetch"},{"tool_name":"Bash"},{"tool_name":"Bash"}]}`
	for name, c := range map[string]struct {
		script string
		want   codybatch.Outcome
		reason string
		told   string
	}{
		"no result": {
			"echo 'no such model: it is \x1b[31mgone' >&2; exit 3", codybatch.OutcomeInfraError, "exit code 3 and without a result; it said: no such model: it is gone", "",
		},
		"a death":                  {"kill -9 $$", codybatch.OutcomeInfraError, "exit code 137", ""},
		"a limit of turns":         {`echo '{"type":"result","subtype":"error_max_turns","is_error":true}'; exit 1`, codybatch.OutcomeMaxTurns, "10 turns", ""},
		"a limit of money":         {`echo '{"type":"result","subtype":"error_max_budget_usd","is_error":true}'; exit 1`, codybatch.OutcomeBudgetExhausted, "by its own count", ""},
		"an error of its own":      {`echo '{"type":"result","subtype":"error_during_execution","is_error":true}'; exit 1`, codybatch.OutcomeAPIError, "gave up (error_during_execution)", ""},
		"an end without a newline": {fmt.Sprintf("printf %%s '%s'", success), codybatch.OutcomeChanged, "", ""},
		"tools that it refused":    {fmt.Sprintf("echo '%s'", success), codybatch.OutcomeChanged, "", "refused 3 tool calls of the model: Bash, WebFetch."},
		"tokens that went another way": {
			fmt.Sprintf("echo '%s'", success), codybatch.OutcomeChanged, "", "says that it used 7 tokens, and the gateway counted 0",
		},
		"lines that are none": {
			fmt.Sprintf(`printf '{"type":"user"\n[1,2]\nnull\n"x"\n{}\n{"type":7}\n\0\377\n\n'; echo '%s'`, success), codybatch.OutcomeChanged, "", "",
		},
		"a result of a call that nobody made": {
			fmt.Sprintf(`for i in $(seq 1000); do echo '{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"x","content":"forged"}]}}'; done; echo '%s'`, success), codybatch.OutcomeChanged, "", "",
		},
		"a line that does not end soon": {
			fmt.Sprintf(`head -c 34000000 /dev/zero | tr '\0' x; echo; echo '%s'`, success), codybatch.OutcomeChanged, "", "more than 32 MiB",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			program := filepath.Join(t.TempDir(), "claude")
			if err := os.WriteFile(program, []byte("#!/bin/bash\n"+c.script+"\n"), 0o700); err != nil { //nolint:gosec // it is to be run
				t.Fatal(err)
			}
			s := newStage(t, program)
			run := s.fill(t, s.play(t, rehearsal.Say("Nobody asks.")))
			s.ends(t, run, c.want, c.reason)
			told := s.told()
			if !strings.Contains(told, c.told) || strings.Contains(told, "forged") {
				t.Errorf("the thread is %.2000s", told)
			}
		})
	}
}

func TestAnInterruptedConversationStartsOver(t *testing.T) {
	t.Parallel()
	s := newStage(t, "/nowhere/claude")
	run := s.fill(t, s.play(t, rehearsal.Say("Nobody asks.")))
	run.Earlier = []codybatch.ThreadEvent{{Type: codybatch.EventRunStart}}
	if result, err := s.agent(t).Run(t.Context(), run); !errors.Is(err, codybatch.ErrNotResumable) || len(s.events) != 0 {
		t.Errorf("got %+v, %v", result, err)
	}
}

func TestFind(t *testing.T) {
	t.Parallel()
	folder := t.TempDir()
	write(t, filepath.Join(folder, "text"), "no program")
	for _, path := range []string{"claude", folder, filepath.Join(folder, "text"), filepath.Join(folder, "nowhere")} {
		if found, err := claudecode.Find(path); !errors.Is(err, claudecode.ErrNoProgram) || !strings.Contains(err.Error(), path) {
			t.Errorf("Find(%q) is %q, %v", path, found, err)
		}
	}
	version, err := claudecode.Version(t.Context(), program(t), sandbox.Confinement{})
	if err != nil || !strings.HasPrefix(version, "2.") {
		t.Errorf("the version is %q, %v", version, err)
	}
}
