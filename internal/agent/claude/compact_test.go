package claude

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

func TestCompaction_replaces_all_but_the_task_by_a_summary(t *testing.T) {
	t.Parallel()
	perform(t, inParts(turns(writeHello().AndThink("Write it."), tooMuch()), turns(wroteHello().AndThink("Sum it up."), done())), func(t *testing.T, s *stage) {
		s.run.Changes = func(context.Context) ([]codybatch.FileChange, error) {
			return []codybatch.FileChange{
				{Path: "hello.txt", Status: 'A', Additions: 1},
				{Path: "new\nname", OldPath: "old", Status: 'R', Binary: true},
			}, nil
		}
		s.ends(t, codybatch.OutcomeChanged, "")
		s.keepsHello(t)
		if got := s.acts(); got != "part 0, part 0, summary 1, part 1" {
			t.Fatalf("asked for %s", got)
		}
		asked := s.asked(t)
		for i, body := range asked {
			if !bytes.Equal(body.System, asked[0].System) || !bytes.Equal(body.Tools, asked[0].Tools) {
				t.Errorf("request %d has another prefix", i+1)
			}
		}
		summary, before := asked[2], asked[1]
		if len(summary.Messages) != 5 || summary.MaxTokens != summaryOutput {
			t.Errorf("the summary was asked for in %d messages and %d tokens", len(summary.Messages), summary.MaxTokens)
		}
		for i := range before.Messages {
			if i < 2 && !bytes.Equal(summary.Messages[i], before.Messages[i]) {
				t.Errorf("message %d was changed", i)
			}
		}
		if last := string(summary.Messages[4]); strings.Count(last, `"tool_result"`) != 2 || strings.Count(last, "first") < 4_000 || !strings.Contains(last, "Remaining:") {
			t.Errorf("the last turn's results are not all in the request for a summary: %d bytes", len(last))
		}
		after := asked[3]
		if len(after.Messages) != 2 || !bytes.Equal(after.Messages[0], asked[0].Messages[0]) {
			t.Fatalf("the new conversation has %d messages", len(after.Messages))
		}
		said := textsOf(t, after.Messages[1])
		for _, want := range []string{wroteHello().Text, "\nA hello.txt | +1 -0\n", "\nR old => \"new\\nname\" | binary\n"} {
			if !strings.Contains(said, want) {
				t.Errorf("the new conversation does not say %q: %s", want, said)
			}
		}
		if strings.Contains(said, "first") || strings.Contains(said, summaryPrompt) {
			t.Error("something of the old conversation is left")
		}

		e := s.compactions(t, 1)[0]
		if e.Summary != wroteHello().Text || e.TokensBefore == 0 || e.TokensAfter == 0 || e.TokensAfter*10 > e.TokensBefore*7 || !strings.Contains(e.Reason, fmt.Sprint(e.TokensBefore)) {
			t.Errorf("got %+v", e)
		}
		if s.notices("150001 tokens, more than the 150000") != 1 {
			t.Errorf("no notice says why: %+v", s.of(codybatch.EventNotice))
		}
		var order []string
		for _, e := range s.events {
			order = append(order, string(e.Type))
		}
		if got := strings.Join(order, " "); !strings.Contains(got, "tool tool notice request assistant compaction request assistant tool runEnd") {
			t.Errorf("events: %s", got)
		}
		requests := s.of(codybatch.EventRequest)
		if !strings.Contains(string(requests[3].Content), "hello.txt is written") || requests[3].N != 4 {
			t.Errorf("the thread does not tell how the new conversation begins: %s", requests[3].Content)
		}
		if len(s.spent) != 4 {
			t.Errorf("usage was reported %d times for 4 calls", len(s.spent))
		}
	})
}

func TestCompaction_begins_over_the_soft_limit_of_the_model(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		model  string
		tokens int64
		want   int
	}{
		{"claude-sonnet-5-5", 150_000, 0},
		{"claude-sonnet-5-5", 150_001, 1},
		{"claude-haiku-5-5", 90_000, 0},
		{"claude-haiku-5-5", 90_001, 1},
		{"claude-haiku-5-5-20261001", 90_001, 1},
		{"claude-haiku-4-5", 150_001, 1},
		{"claude-tomorrow-9", 150_000, 0},
		{"claude-tomorrow-9", 150_001, 1},
	} {
		t.Run(fmt.Sprintf("%s_at_%d", test.model, test.tokens), func(t *testing.T) {
			t.Parallel()
			first := turns(writeHello(), measuring(readMuch(), test.tokens), done())
			perform(t, inParts(first, turns(wroteHello(), done())), func(t *testing.T, s *stage) {
				s.run.Spec.Model = test.model
				s.ends(t, codybatch.OutcomeChanged, "")
				s.compactions(t, test.want)
			})
		})
	}
}

func TestCompaction_happens_twice_at_most_and_then_the_model_is_told_to_end(t *testing.T) {
	t.Parallel()
	second := rehearsal.Say("Done: hello.txt, read again. Remaining: finish.")
	perform(t, inParts(turns(writeHello(), tooMuch()), turns(wroteHello(), tooMuch()), turns(second, tooMuch(), tooMuch(), done())), func(t *testing.T, s *stage) {
		s.ends(t, codybatch.OutcomeChanged, "")
		s.compactions(t, 2)
		if got := s.acts(); got != "part 0, part 0, summary 1, part 1, summary 2, part 2, part 2, part 2" {
			t.Errorf("asked for %s", got)
		}
		asked := s.asked(t)
		if !bytes.Equal(asked[5].Messages[0], asked[0].Messages[0]) || strings.Contains(string(asked[5].Messages[1]), "hello.txt is written") {
			t.Error("the third conversation is not the task and the second summary")
		}
		if last := string(asked[7].Messages[len(asked[7].Messages)-3]); strings.Count(last, "can't be summarised once more") != 1 {
			t.Errorf("the model was not told to come to an end")
		}
		if whole, _ := json.Marshal(asked[7].Messages); strings.Count(string(whole), "can't be summarised once more") != 1 || s.notices("summarised 2 times already") != 1 {
			t.Error("it was told more than once, or the reader was not")
		}
	})
}

func TestCompaction_makes_room_when_the_model_has_none(t *testing.T) {
	t.Parallel()
	exceeded := rehearsal.Say("I have read too")
	exceeded.StopReason = "model_context_window_exceeded"
	refused := func(kind rehearsal.FaultKind) rehearsal.Turn { return done().AndFail(rehearsal.Fault{Kind: kind}) }
	for name, turn := range map[string]rehearsal.Turn{
		"stop_reason": exceeded, "prompt_too_long": refused(rehearsal.FaultPromptTooLong), "request_too_large": refused(rehearsal.FaultRequestTooLarge),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			perform(t, inParts(turns(writeHello(), readMuch(), turn), turns(wroteHello(), rehearsal.Call("glob", in{"pattern": "*"}), done())), func(t *testing.T, s *stage) {
				s.ends(t, codybatch.OutcomeChanged, "")
				s.keepsHello(t)
				s.compactions(t, 1)
				if got := s.acts(); got != "part 0, part 0, part 0, summary 1, part 1, part 1" {
					t.Fatalf("asked for %s", got)
				}
				summary := s.asked(t)[3].Messages
				if last := summary[len(summary)-1]; strings.Count(string(last), "bytes left out: the conversation became too long") != 2 || len(last) > 10_000 {
					t.Errorf("the request for the summary is as long as the one that was refused: %d bytes at its end", len(last))
				}
				if s.notices("no longer fits") != 1 {
					t.Errorf("notices: %+v", s.of(codybatch.EventNotice))
				}
			})
		})
	}
	t.Run("again_and_again", func(t *testing.T) {
		t.Parallel()
		second := rehearsal.Say("Done: hello.txt, read again.")
		perform(t, inParts(turns(writeHello(), readMuch(), exceeded), turns(wroteHello(), readMuch(), exceeded), turns(second, readMuch(), exceeded)), func(t *testing.T, s *stage) {
			s.ends(t, codybatch.OutcomeBlocked, "after 2 summaries, the conversation no longer fits")
			s.compactions(t, 2)
			s.keepsHello(t)
		})
	})
	t.Run("but_not_before_there_was_an_answer", func(t *testing.T) {
		t.Parallel()
		play(t, func(t *testing.T, s *stage) {
			s.ends(t, codybatch.OutcomeBlocked, "no longer fits")
			if got := len(s.server.Requests()); got != 1 {
				t.Errorf("%d requests, want 1", got)
			}
		}, refused(rehearsal.FaultPromptTooLong))
	})
	t.Run("also_for_the_summary", func(t *testing.T) {
		t.Parallel()
		summary := wroteHello().AndFail(rehearsal.Fault{Kind: rehearsal.FaultPromptTooLong})
		perform(t, inParts(turns(writeHello(), tooMuch()), turns(summary, done())), func(t *testing.T, s *stage) {
			s.ends(t, codybatch.OutcomeChanged, "")
			s.compactions(t, 1)
			asked := s.asked(t)
			if whole, less := asked[2].Messages[4], asked[3].Messages[4]; len(whole) < 40_000 || len(less) > 10_000 {
				t.Errorf("asked with %d bytes, and then with %d", len(whole), len(less))
			}
		})
	})
	t.Run("but_not_for_the_summary_for_good", func(t *testing.T) {
		t.Parallel()
		summary := wroteHello().AndFail(rehearsal.Fault{Kind: rehearsal.FaultPromptTooLong, Times: 99})
		perform(t, inParts(turns(writeHello(), tooMuch()), turns(summary, done())), func(t *testing.T, s *stage) {
			s.ends(t, codybatch.OutcomeBlocked, "no longer fits")
			s.compactions(t, 0)
			s.keepsHello(t)
			if got := len(s.server.Requests()); got != 4 {
				t.Errorf("%d requests, want 4", got)
			}
		})
	})
}

func TestCompaction_is_not_paid_for_where_no_summary_can_help(t *testing.T) {
	t.Parallel()
	play(t, func(t *testing.T, s *stage) {
		s.run.Prompt = strings.Repeat("Greet the world. ", 3_000)
		s.ends(t, codybatch.OutcomeChanged, "")
		s.compactions(t, 0)
		if got := len(s.server.Requests()); got != 2 {
			t.Errorf("%d requests, want 2", got)
		}
	}, measuring(writeHello(), 150_001), done())
}

func TestCompaction_waits_for_the_end_of_a_turn(t *testing.T) {
	t.Parallel()
	paused := tooMuch().AndFail(rehearsal.Fault{Kind: rehearsal.FaultPauseTurn}) // and then is played as written
	perform(t, inParts(turns(writeHello(), readMuch(), paused), turns(wroteHello(), done())), func(t *testing.T, s *stage) {
		s.ends(t, codybatch.OutcomeChanged, "")
		s.compactions(t, 1)
		if got := s.acts(); got != "part 0, part 0, part 0, part 0, summary 1, part 1" {
			t.Errorf("asked for %s", got)
		}
	})
}

func TestCompaction_is_not_paid_for_after_the_last_turn(t *testing.T) {
	t.Parallel()
	refused := done().AndFail(rehearsal.Fault{Kind: rehearsal.FaultPromptTooLong})
	for name, test := range map[string]struct {
		last    rehearsal.Turn
		outcome codybatch.Outcome
	}{"soft_limit": {tooMuch(), codybatch.OutcomeMaxTurns}, "no_room": {refused, codybatch.OutcomeBlocked}} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			perform(t, inParts(turns(writeHello(), test.last), turns(wroteHello(), done())), func(t *testing.T, s *stage) {
				s.run.Spec.MaxTurns = 2
				s.ends(t, test.outcome, "")
				s.keepsHello(t)
				if got := s.acts(); got != "part 0, part 0" {
					t.Errorf("asked for %s", got)
				}
			})
		})
	}
}

func TestCompaction_needs_money_for_the_summary(t *testing.T) {
	t.Parallel()
	perform(t, inParts(turns(writeHello(), tooMuch()), turns(wroteHello(), done())), func(t *testing.T, s *stage) {
		budget := codybatch.USD(0.60) // 150,000 tokens written to the cache for an hour are as much
		s.run.Budget = &budget
		result := s.ends(t, codybatch.OutcomeBudgetExhausted, "does not pay for the summary")
		if result.Usage.Cost == 0 || result.Usage.Cost > budget {
			t.Errorf("spent %s of %s", result.Usage.Cost, budget)
		}
		if got := s.acts(); got != "part 0, part 0" {
			t.Errorf("asked for %s", got)
		}
		s.keepsHello(t)
		s.compactions(t, 0)
	})
}

func TestCompaction_keeps_the_feedback_that_a_session_goes_on_with(t *testing.T) {
	t.Parallel()
	finish := measuring(done(), 150_001)
	perform(t, inParts(turns(writeHello(), readMuch(), finish), turns(wroteHello(), rehearsal.Finish("no_change_needed", "It was fine.", "", ""))), func(t *testing.T, s *stage) {
		first := s.ends(t, codybatch.OutcomeChanged, "")
		s.compactions(t, 0)
		for range 2 { // the same session twice: neither knows of the other
			s.run.Session, s.run.Feedback = first.Session, "go test fails:\nFAIL TestHello"
			s.events, s.spent = nil, nil
			before := len(s.server.Requests())
			s.ends(t, codybatch.OutcomeNoChanges, "")
			s.compactions(t, 1)
			asked := s.asked(t)[before:]
			if len(asked) != 2 || len(asked[0].Messages) != 7 || len(asked[1].Messages) != 2 {
				t.Fatalf("asked for %s", s.acts())
			}
			for _, message := range []json.RawMessage{asked[0].Messages[6], asked[1].Messages[1]} {
				if said := textsOf(t, message); strings.Count(said, feedbackPrompt(s.run.Feedback)) != 1 {
					t.Errorf("the feedback is lost: %s", said)
				}
			}
		}
	})
}

func TestCompaction_says_again_what_the_worker_said_before(t *testing.T) {
	t.Parallel()
	first := turns(writeHello(), done())
	for i := range 16 { // they cost most of the money
		output := int64(30_000)
		dear := measuring(rehearsal.Call("bash", in{"command": fmt.Sprint("echo ", i)}), 1_000)
		dear.Usage.OutputTokens = &output
		first = append(first, dear)
	}
	perform(t, inParts(append(first, tooMuch()), turns(wroteHello(), rehearsal.Call("glob", in{"pattern": "*"}), done())), func(t *testing.T, s *stage) {
		s.run.Spec.MaxTurns = 30
		s.run.Session = s.ends(t, codybatch.OutcomeChanged, "").Session
		s.run.Feedback = "go test fails:\nFAIL TestHello"
		budget := codybatch.USD(6)
		s.run.Budget, s.events, s.spent = &budget, nil, nil
		s.ends(t, codybatch.OutcomeChanged, "")
		s.compactions(t, 1)
		asked := s.asked(t)
		last := asked[len(asked)-1].Messages
		if len(last) != 4 {
			t.Fatalf("asked for %s", s.acts())
		}
		said := textsOf(t, last[1])
		for _, want := range []string{feedbackPrompt(s.run.Feedback), nudgeBudget} {
			if strings.Count(said, want) != 1 {
				t.Errorf("the new conversation does not say once: %s", want)
			}
		}
	})
}
