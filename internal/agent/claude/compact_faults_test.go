package claude

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

func TestCompaction_ends_the_run_when_the_summary_is_too_long(t *testing.T) {
	t.Parallel()
	long := rehearsal.Say(strings.Repeat("And then I read this. ", 2_200))
	perform(t, inParts(turns(writeHello(), tooMuch()), turns(long, done())), func(t *testing.T, s *stage) {
		result := s.ends(t, codybatch.OutcomeBlocked, "its summary is not short enough")
		if !strings.Contains(result.Reason, "kept") || !strings.Contains(result.Reason, "70 %") {
			t.Errorf("the reason is %q", result.Reason)
		}
		s.keepsHello(t)
		s.compactions(t, 0)
		if got := s.acts(); got != "part 0, part 0, summary 1" {
			t.Errorf("asked for %s", got)
		}
	})
}

func TestCompaction_that_is_canceled_leaves_all_as_it_was(t *testing.T) {
	t.Parallel()
	for name, cause := range map[string]error{"canceled": codybatch.ErrCanceled, "stopped": codybatch.ErrStopped, "timeout": codybatch.ErrTimeout} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			silent := wroteHello().AndFail(rehearsal.Fault{Kind: rehearsal.FaultSilence})
			perform(t, inParts(turns(writeHello(), tooMuch()), turns(silent, done())), func(t *testing.T, s *stage) {
				ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, cause)
				defer cancel()
				result, err := s.start(ctx, t)
				if !errors.Is(err, cause) || result.Session != nil {
					t.Errorf("got %+v, %v", result, err)
				}
				s.agrees(t, result)
				if len(s.spent) != 3 || s.spent[2].Cost <= s.spent[1].Cost || s.notices("broken off") != 1 {
					t.Errorf("the summary that was broken off is not paid for: %+v", s.spent)
				}
				s.compactions(t, 0)
				s.keepsHello(t)
			})
		})
	}
}

func TestCompaction_is_tried_again_as_any_call(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		kind    rehearsal.FaultKind
		times   int
		outcome codybatch.Outcome
		reason  string
		retries int
	}{
		{rehearsal.FaultOverloaded, 2, codybatch.OutcomeChanged, "", 2},
		{rehearsal.FaultOverloaded, 99, codybatch.OutcomeAPIError, "did not answer in 9 tries", 8},
		{rehearsal.FaultTruncated, 1, codybatch.OutcomeChanged, "", 1},
		{rehearsal.FaultRateLimit, 1, codybatch.OutcomeChanged, "", 1},
		{rehearsal.FaultSpendLimit, 1, codybatch.OutcomeAPIError, "spend limit", 0},
		{rehearsal.FaultRefusal, 1, codybatch.OutcomeRefused, "refuses", 0},
	} {
		t.Run(fmt.Sprintf("%s_%d", test.kind, test.times), func(t *testing.T) {
			t.Parallel()
			summary := wroteHello().AndFail(rehearsal.Fault{Kind: test.kind, Times: test.times})
			perform(t, inParts(turns(writeHello(), tooMuch()), turns(summary, done())), func(t *testing.T, s *stage) {
				s.ends(t, test.outcome, test.reason)
				s.keepsHello(t)
				want := 0
				if test.outcome == codybatch.OutcomeChanged {
					want = 1
				}
				s.compactions(t, want)
				if got := len(s.of(codybatch.EventRetry)); got != test.retries {
					t.Errorf("%d retries, want %d", got, test.retries)
				}
			})
		})
	}
}

func TestCompaction_takes_no_other_answer_for_a_summary(t *testing.T) {
	t.Parallel()
	t.Run("cut_off_once", func(t *testing.T) {
		t.Parallel()
		summary := wroteHello().AndFail(rehearsal.Fault{Kind: rehearsal.FaultMaxTokens})
		perform(t, inParts(turns(writeHello(), tooMuch()), turns(summary, done())), func(t *testing.T, s *stage) {
			s.ends(t, codybatch.OutcomeChanged, "")
			s.compactions(t, 1)
			if got := s.acts(); got != "part 0, part 0, summary 1, summary 1, part 1" {
				t.Errorf("asked for %s", got)
			}
		})
	})
	t.Run("cut_off_for_good", func(t *testing.T) {
		t.Parallel()
		summary := wroteHello().AndFail(rehearsal.Fault{Kind: rehearsal.FaultMaxTokens, Times: 99})
		perform(t, inParts(turns(writeHello(), tooMuch()), turns(summary, done())), func(t *testing.T, s *stage) {
			s.ends(t, codybatch.OutcomeBlocked, "gave no summary")
			s.compactions(t, 0)
			s.keepsHello(t)
			if got := s.acts(); got != "part 0, part 0, summary 1, summary 1" {
				t.Errorf("asked for %s", got)
			}
		})
	})
	t.Run("a_call", func(t *testing.T) {
		t.Parallel()
		call := rehearsal.Call("bash", in{"command": "echo late > late.txt"})
		call.Text = wroteHello().Text
		perform(t, inParts(turns(writeHello(), tooMuch()), turns(call, done())), func(t *testing.T, s *stage) {
			s.ends(t, codybatch.OutcomeChanged, "")
			if s.compactions(t, 1); s.file(t, "late.txt") != "" {
				t.Error("the call was run")
			}
			if tool := s.of(codybatch.EventTool)[3]; !tool.IsError || !strings.Contains(string(tool.Content), "not run") {
				t.Errorf("the thread does not say so: %+v", tool)
			}
		})
	})
}

func TestCompaction_goes_on_when_the_changes_can_not_be_listed(t *testing.T) {
	t.Parallel()
	perform(t, inParts(turns(writeHello(), tooMuch()), turns(wroteHello(), done())), func(t *testing.T, s *stage) {
		s.run.Changes = func(context.Context) ([]codybatch.FileChange, error) { return nil, errors.New("no git") }
		s.ends(t, codybatch.OutcomeChanged, "")
		s.compactions(t, 1)
		if said := textsOf(t, s.asked(t)[3].Messages[1]); strings.Contains(said, "hanged in the repository") {
			t.Errorf("it says what it does not know: %s", said)
		}
	})
}
