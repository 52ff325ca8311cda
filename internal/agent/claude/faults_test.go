package claude

import (
	"context"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

func TestRun_meets_faults(t *testing.T) {
	t.Parallel()
	fault := func(kind rehearsal.FaultKind, times int) rehearsal.Fault {
		return rehearsal.Fault{Kind: kind, Times: times}
	}
	for _, test := range []struct {
		name    string
		fault   rehearsal.Fault
		outcome codybatch.Outcome
		reason  string
		retries int
		asked   int
	}{
		{"rate_limit", rehearsal.Fault{Kind: rehearsal.FaultRateLimit, RetryAfterSeconds: 7}, codybatch.OutcomeChanged, "", 1, 3},
		{"spend_limit", fault(rehearsal.FaultSpendLimit, 1), codybatch.OutcomeAPIError, "spend limit", 0, 1},
		{"overloaded_twice", fault(rehearsal.FaultOverloaded, 2), codybatch.OutcomeChanged, "", 2, 4},
		{"overloaded_for_good", fault(rehearsal.FaultOverloaded, 99), codybatch.OutcomeAPIError, "did not answer in 9 tries", 8, 9},
		{"server_error", fault(rehearsal.FaultServerError, 1), codybatch.OutcomeChanged, "", 1, 3},
		{"bad_gateway", fault(rehearsal.FaultBadGateway, 1), codybatch.OutcomeChanged, "", 1, 3},
		{"unauthorized", fault(rehearsal.FaultUnauthorized, 1), codybatch.OutcomeAuthError, "CLAUDE_API_KEY", 0, 1},
		{"error_in_the_stream", fault(rehearsal.FaultStreamError, 1), codybatch.OutcomeChanged, "", 1, 3},
		{"truncated", fault(rehearsal.FaultTruncated, 1), codybatch.OutcomeChanged, "", 1, 3},
		{"reset", fault(rehearsal.FaultReset, 1), codybatch.OutcomeChanged, "", 1, 3},
		{"silence", fault(rehearsal.FaultSilence, 1), codybatch.OutcomeChanged, "", 1, 3},
		{"slow", rehearsal.Fault{Kind: rehearsal.FaultSlow, DelayMS: 60_000}, codybatch.OutcomeChanged, "", 0, 2},
		{"refusal", fault(rehearsal.FaultRefusal, 1), codybatch.OutcomeRefused, "A rehearsed refusal", 0, 1},
		{"cut_off_once", fault(rehearsal.FaultMaxTokens, 1), codybatch.OutcomeChanged, "", 0, 3},
		{"cut_off_twice", fault(rehearsal.FaultMaxTokens, 2), codybatch.OutcomeChanged, "", 0, 4},
		{"cut_off_for_good", fault(rehearsal.FaultMaxTokens, 99), codybatch.OutcomeStuck, "longer than 32000 tokens", 0, 3},
		{"pause", fault(rehearsal.FaultPauseTurn, 1), codybatch.OutcomeChanged, "", 0, 3},
		{"malformed_twice", fault(rehearsal.FaultMalformedToolJSON, 2), codybatch.OutcomeChanged, "", 0, 4},
		{"malformed_for_good", fault(rehearsal.FaultMalformedToolJSON, 99), codybatch.OutcomeStuck, "malformed", 0, 3},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			play(t, func(t *testing.T, s *stage) {
				started := time.Now()
				s.ends(t, test.outcome, test.reason)
				if got := len(s.of(codybatch.EventRetry)); got != test.retries {
					t.Errorf("%d retries, want %d", got, test.retries)
				}
				if got := len(s.server.Requests()); got != test.asked {
					t.Errorf("%d requests, want %d", got, test.asked)
				}
				if want := test.outcome == codybatch.OutcomeChanged; (s.file(t, "hello.txt") == "hello\n") != want {
					t.Errorf("hello.txt holds %q", s.file(t, "hello.txt"))
				}
				if test.fault.RetryAfterSeconds > 0 && time.Since(started) != 7*time.Second {
					t.Errorf("waited %s", time.Since(started))
				}
				if took := time.Since(started); test.fault.Kind == rehearsal.FaultSilence && (took < defaultIdle || took > 2*defaultIdle) {
					t.Errorf("gave up after %s", took)
				}
			}, writeHello().AndFail(test.fault), done())
		})
	}
}

func TestRun_never_runs_a_call_that_was_cut_off_or_malformed(t *testing.T) {
	t.Parallel()
	// Half of {} is no JSON, and verify without input would be a good call.
	for _, kind := range []rehearsal.FaultKind{rehearsal.FaultMaxTokens, rehearsal.FaultMalformedToolJSON} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			play(t, func(t *testing.T, s *stage) {
				calls := 0
				s.run.Verify = func(context.Context) ([]codybatch.VerificationResult, error) { calls++; return nil, nil }
				s.ends(t, codybatch.OutcomeChanged, "")
				if calls != 1 {
					t.Errorf("verify ran %d times", calls)
				}
			}, rehearsal.Call("verify", in{}).AndFail(rehearsal.Fault{Kind: kind}), done())
		})
	}
}

func TestRun_pays_for_answers_that_it_throws_away(t *testing.T) {
	t.Parallel()
	play(t, func(t *testing.T, s *stage) {
		result := s.ends(t, codybatch.OutcomeChanged, "")
		retry := s.of(codybatch.EventRetry)[0]
		if retry.Usage == nil || retry.Usage.Cost == 0 || retry.Usage.OutputTokens < 100 || retry.CostUSD == nil {
			t.Errorf("the broken answer cost %+v", retry.Usage)
		}
		if len(s.spent) != 3 || s.spent[0] != *retry.Usage || s.spent[2] != result.Usage {
			t.Errorf("reported: %+v", s.spent)
		}
	}, rehearsal.Call("bash", in{"command": "true # " + strings.Repeat("long ", 200)}).AndFail(rehearsal.Fault{Kind: rehearsal.FaultTruncated}), done())
}

func TestRun_names_a_rehearsal_whatever_was_announced(t *testing.T) {
	t.Parallel()
	t.Run("announced", func(t *testing.T) {
		t.Parallel()
		play(t, func(t *testing.T, s *stage) {
			s.options.Rehearsal, s.options.APIKey = true, nil
			s.ends(t, codybatch.OutcomeChanged, "")
			if notices := s.of(codybatch.EventNotice); len(notices) != 0 {
				t.Errorf("got notices %+v", notices)
			}
		}, done())
	})
	t.Run("not_announced", func(t *testing.T) {
		t.Parallel()
		play(t, func(t *testing.T, s *stage) {
			s.ends(t, codybatch.OutcomeChanged, "")
			if notices := s.of(codybatch.EventNotice); len(notices) != 1 || !strings.Contains(notices[0].Reason, "rehearsal") {
				t.Errorf("got notices %+v", notices)
			}
		}, done())
	})
	t.Run("found_out_in_the_middle", func(t *testing.T) {
		t.Parallel()
		play(t, func(t *testing.T, s *stage) {
			calls := 0
			s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				if calls++; calls == 1 {
					w = unmarked{w}
				}
				s.server.ServeHTTP(w, r)
			})
			result, err := s.start(t.Context(), t)
			if err != nil || result.Engine != EngineRehearsal || len(s.of(codybatch.EventNotice)) != 1 {
				t.Errorf("got %+v, %v", result, err)
			}
		}, writeHello(), done())
	})
	t.Run("announced_but_something_else_answers", func(t *testing.T) {
		t.Parallel()
		play(t, func(t *testing.T, s *stage) {
			s.options.Rehearsal, s.options.APIKey = true, nil
			s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.server.ServeHTTP(unmarked{w}, r) })
			s.ends(t, codybatch.OutcomeAPIError, "announced as a rehearsal")
			if s.file(t, "hello.txt") != "" || len(s.server.Requests()) != 1 {
				t.Error("its answer was used, or it was asked again")
			}
		}, writeHello(), done())
	})
	t.Run("and_only_then", func(t *testing.T) {
		t.Parallel()
		play(t, func(t *testing.T, s *stage) {
			s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.server.ServeHTTP(unmarked{w}, r) })
			result, err := s.start(t.Context(), t)
			if err != nil || result.Engine != EngineClaude || s.events[0].Engine != EngineClaude || s.events[0].Type != codybatch.EventRunStart {
				t.Errorf("got %+v, %v", result, err)
			}
		}, done())
	})
}

// unmarked takes the mark of a rehearsal off its answers.
type unmarked struct{ http.ResponseWriter }

func (u unmarked) WriteHeader(status int) {
	u.Header().Del(RehearsalHeader)
	u.ResponseWriter.WriteHeader(status)
}

func (u unmarked) Write(p []byte) (int, error) {
	u.Header().Del(RehearsalHeader)
	return u.ResponseWriter.Write(p)
}

func (u unmarked) Unwrap() http.ResponseWriter { return u.ResponseWriter }
