package claudecode_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

const remark = "Keep the old name as an alias."

// elsewhere is a run that goes on with another one's conversation in a workspace and a
// home folder of its own, with a person's remark if there is one.
func (s *stage) elsewhere(t *testing.T, run codybatch.AgentRun, ended codybatch.AgentResult, remark string) codybatch.AgentRun {
	t.Helper()
	earlier := slices.Clone(s.events)
	next := s.fill(t, run)
	next.Session, next.Feedback = nil, ""
	next.Earlier, next.Conversation, next.Kept = earlier, ended.Conversation, 0
	for _, e := range earlier {
		if e.Type == codybatch.EventAssistant {
			next.Kept++
		}
	}
	if remark != "" {
		next.Earlier = append(next.Earlier, codybatch.ThreadEvent{Type: codybatch.EventFeedback, Reason: remark})
	}
	return next
}

// lastBody is the last request that the API got.
func (s *stage) lastBody(t *testing.T) string {
	t.Helper()
	requests := s.server.Requests()
	if len(requests) == 0 {
		t.Fatal("the API was not asked")
	}
	return string(requests[len(requests)-1].Body)
}

// A remark goes on in another folder, whose path is longer than the program's names for
// folders are, and a remark on that in a third one.
func TestRemarkGoesOnInAnotherFolder(t *testing.T) {
	t.Parallel()
	s := newStage(t, program(t))
	run := s.fill(t, s.play(t, bash("echo 1 >one.txt"), rehearsal.Say("One.").AndThink("What now?"),
		bash("echo 2 >two.txt"), rehearsal.Say("Two."), rehearsal.Say("Three.")))
	first := s.ends(t, run, codybatch.OutcomeChanged, "")
	if strings.Contains(string(first.Conversation), `"api-request`) || strings.Contains(string(first.Conversation), "cost-state") {
		t.Error("more than the conversation is kept")
	}
	long := filepath.Join(t.TempDir(), strings.Repeat("long-name", 12), strings.Repeat("ü", 60))
	next := s.elsewhere(t, run, first, remark)
	if err := os.MkdirAll(filepath.Dir(long), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(next.Dir, long); err != nil {
		t.Fatal(err)
	}
	next.Dir = long
	earlier := next.Earlier
	second := s.ends(t, next, codybatch.OutcomeChanged, "")
	if made := read(t, filepath.Join(long, "two.txt")); second.Summary != "Two." || made != "2\n" || len(s.server.Requests()) != 4 {
		t.Errorf("it says %q, made %q, and took %d requests\n%s", second.Summary, made, len(s.server.Requests()), s.told())
	}
	if body := s.lastBody(t); strings.Count(body, remark) != 1 || strings.Count(body, "The task:") != 1 || !strings.Contains(body, "What now?") {
		t.Errorf("the conversation is %s", body)
	}
	if requests := s.of(codybatch.EventRequest); requests[0].N != 3 || !strings.Contains(string(requests[0].Content), remark) {
		t.Errorf("the thread goes on with %+v", requests[0])
	}
	s.events = append(earlier, s.events...)
	third := s.ends(t, s.elsewhere(t, run, second, "And more."), codybatch.OutcomeChanged, "")
	if body := s.lastBody(t); third.Summary != "Three." || strings.Count(body, remark) != 1 || strings.Count(body, "And more.") != 1 {
		t.Errorf("it says %q; the conversation is %s", third.Summary, body)
	}
}

// Where the conversation can't be gone on with, nothing is asked.
func TestRemarkWithoutItsConversation(t *testing.T) {
	t.Parallel()
	s := newStage(t, program(t))
	run := s.fill(t, s.play(t, bash("echo 1 >one.txt"), rehearsal.Say("One."), rehearsal.Say("Two.")))
	first := s.ends(t, run, codybatch.OutcomeChanged, "")
	events, asked := s.events, len(s.server.Requests())
	lines := strings.SplitAfter(strings.TrimSuffix(string(first.Conversation), "\n"), "\n")
	binary, err := filepath.EvalSymlinks(s.program)
	if err != nil {
		t.Fatal(err)
	}
	loser := filepath.Join(t.TempDir(), "loser")
	write(t, loser, "#!/bin/sh\nrm -r \"$HOME/.claude/projects\"\nexec "+binary+" \"$@\"\n")
	if err := os.Chmod(loser, 0o700); err != nil { //nolint:gosec // it is a program
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(string) string
		reason string
	}{
		"one that the program does not find": {func(c string) string { s.options.Program = loser; return c }, "No conversation found"},
		"none":                               {func(string) string { return "" }, "was not kept"},
		"garbage":                            {func(string) string { return "garbage\n" }, "it is empty"},
		"another one": {func(string) string {
			return strings.ReplaceAll(string(first.Conversation), "msg_rehearsal_", "msg_other_")
		}, "go to answer 0, and the thread has 2"},
		"without its end":                {func(string) string { return lines[0] }, "go to answer 0, and the thread has 2"},
		"a secret that was taken out":    {func(c string) string { return strings.Replace(c, "echo 1", "echo [redacted]", 1) }, "a secret was taken out"},
		"an id that is a path":           {func(c string) string { return strings.ReplaceAll(c, `"sessionId":"`, `"sessionId":"../../../`) }, "of no session"},
		"more than is ever kept":         {func(c string) string { return c + strings.Repeat(" ", 16<<20) }, "larger than 16 MiB"},
		"one that the program can't use": {func(c string) string { return strings.ReplaceAll(c, `"uuid":`, `"guid":`) }, "does not go on from the last answer"},
	} {
		t.Run(name, func(t *testing.T) {
			s.events, s.options.Program = events, s.program
			conversation := c.change(string(first.Conversation))
			next := s.elsewhere(t, run, codybatch.AgentResult{Conversation: []byte(conversation)}, remark)
			next.Reads = []string{filepath.Dir(binary)}
			result, err := s.agent(t).Run(t.Context(), next)
			if !errors.Is(err, codybatch.ErrNotResumable) || !strings.Contains(err.Error(), c.reason) || result.Conversation != nil {
				t.Errorf("got %+v, %v", result, err)
			}
			if len(s.server.Requests()) != asked || result.Usage != (codybatch.Usage{}) {
				t.Errorf("the API was asked, or something is spent: %+v", result.Usage)
			}
		})
	}
}
