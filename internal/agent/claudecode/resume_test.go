package claudecode_test

import (
	"context"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

// A worker can be lost at any time after a checkpoint. Whatever the thread tells of by
// then is not asked for again, and the requests keep the rules of the API.
func TestInterruptedConversationGoesOn(t *testing.T) {
	t.Parallel()
	s := newStage(t, program(t))
	run := s.fill(t, s.play(t, bash("echo 1 >one.txt; echo one.txt"), bash("echo 2 >two.txt").AndCall("Bash", map[string]string{"command": "true"}), rehearsal.Say("One."), bash("echo 3 >three.txt"), rehearsal.Say("Two.")))
	kept := map[int][]byte{}
	run.Checkpoint = func(_ context.Context, answers int, conversation []byte) error {
		kept[answers] = conversation
		return nil
	}
	first := s.ends(t, run, codybatch.OutcomeChanged, "")
	run.Checkpoint, kept[3] = nil, first.Conversation
	if kept[0] == nil || kept[1] == nil || kept[2] == nil {
		t.Fatalf("there are checkpoints after %v", kept)
	}
	whole := s.events
	for name, c := range map[string]struct {
		answers, kept int  // that the thread has, and that the workspace shows
		unended       bool // the run's end is not in the thread
		asks          int  // calls that are made
		unknown       int  // results that nobody knows
		summary       string
	}{
		"before its first tool":                     {answers: 1, kept: 0, asks: 1, unknown: 1, summary: "One."},
		"before the second answer":                  {answers: 1, kept: 1, asks: 1, summary: "One."},
		"in the second tool":                        {answers: 2, kept: 1, asks: 2, unknown: 2, summary: "Two."},
		"in the second tool, and the workspace has": {answers: 2, kept: 2, asks: 2, summary: "Two."},
		"before the run's end is written":           {answers: 3, kept: 2, unended: true, summary: "One."},
		"after the run's end":                       {answers: 3, kept: 3, summary: "One."},
	} {
		t.Run(name, func(t *testing.T) {
			events, answers := whole, 0
			for i, e := range whole {
				if e.Type == codybatch.EventAssistant {
					answers++
				}
				if answers == c.answers && (c.answers < 3 || c.unended) {
					events = whole[:i+1]
					break
				}
			}
			next := s.elsewhere(t, run, codybatch.AgentResult{Conversation: kept[c.kept]}, "")
			next.Earlier, next.Kept = events, c.kept
			asked := len(s.server.Requests())
			second := s.ends(t, next, codybatch.OutcomeChanged, "")
			requests := s.server.Requests()[asked:]
			if second.Summary != c.summary || len(requests) != c.asks || len(s.of(codybatch.EventAssistant)) != c.asks {
				t.Errorf("it says %q after %d calls:\n%s", second.Summary, len(requests), s.told())
			}
			if len(requests) == 0 {
				return
			}
			body := string(requests[0].Body)
			if strings.Count(body, "outcome is unknown") != c.unknown || strings.Count(body, "was interrupted here") != 1 {
				t.Errorf("the model is told\n%s", body)
			}
		})
	}
}

// Where a conversation had ended, its run can be sent back as ever; and what was to be
// said when it was interrupted is said, once.
func TestInterruptedConversationIsSentBack(t *testing.T) {
	t.Parallel()
	s := newStage(t, program(t))
	run := s.fill(t, s.play(t, bash("true"), rehearsal.Say("One."), bash("echo again >again.txt"), rehearsal.Say("Two.")))
	first := s.ends(t, run, codybatch.OutcomeChanged, "")
	told := slices.Clone(s.events)
	next := s.elsewhere(t, run, first, "")
	ended := s.ends(t, next, codybatch.OutcomeChanged, "")
	if len(s.server.Requests()) != 2 {
		t.Fatalf("%d calls were made", len(s.server.Requests()))
	}
	next.Earlier, next.Conversation, next.Session, next.Feedback = nil, nil, ended.Session, "again.txt is missing"
	var kept []byte
	ctx, stop := context.WithCancelCause(t.Context())
	next.Checkpoint = func(_ context.Context, answers int, conversation []byte) error {
		if answers == 2 {
			kept = conversation
			stop(codybatch.ErrStopped) // before it is answered
		}
		return nil
	}
	s.events = nil
	if _, err := s.agent(t).Run(ctx, next); err == nil {
		t.Fatal("it was not stopped")
	}
	events := slices.DeleteFunc(append(told, s.events...), func(e codybatch.ThreadEvent) bool {
		return e.Type == codybatch.EventAssistant && strings.Contains(string(e.Content), "again.txt") // it may have come all the same
	})
	s.events = events
	third := s.elsewhere(t, run, codybatch.AgentResult{Conversation: kept}, "")
	result := s.ends(t, third, codybatch.OutcomeChanged, "")
	if body := s.lastBody(t); result.Summary != "Two." || read(t, filepath.Join(third.Dir, "again.txt")) != "again\n" || strings.Count(body, "again.txt is missing") != 1 {
		t.Errorf("it says %q; the conversation is %s", result.Summary, body)
	}
}
