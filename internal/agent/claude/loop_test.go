package claude

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/agent/prices"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

type in map[string]any

func done() rehearsal.Turn {
	return rehearsal.Finish("changed", "Greeted.", "Greet the world", "It says hello.")
}

func writeHello() rehearsal.Turn {
	return rehearsal.Call("write", in{"file_path": "hello.txt", "content": "hello\n"})
}

func TestRun_uses_all_eight_tools_in_one_conversation(t *testing.T) {
	t.Parallel()
	play(t, func(t *testing.T, s *stage) {
		result := s.ends(t, codybatch.OutcomeChanged, "")
		if got := s.file(t, "hello.txt"); got != "hello, world\n" {
			t.Errorf("hello.txt holds %q", got)
		}
		if result.Summary != "Greeted." || result.PRTitle != "Greet the world" || result.PRBody != "It says hello." || result.Session == nil {
			t.Errorf("got %+v", result)
		}
		var names, order []string
		for _, e := range s.events {
			order = append(order, string(e.Type))
		}
		for _, e := range s.of(codybatch.EventTool) {
			names = append(names, e.Name)
			if e.IsError || e.ToolUseID == "" || e.Content == nil {
				t.Errorf("%s: %s", e.Name, e.Content)
			}
		}
		if got := strings.Join(names, " "); got != "glob grep write read edit bash verify finish" {
			t.Errorf("tools: %s", got)
		}
		if got := strings.Join(order, " "); got != "runStart request notice assistant tool tool request assistant tool request assistant tool tool tool request assistant tool request assistant tool runEnd" {
			t.Errorf("events: %s", got)
		}
		s.checkRequests(t)
		if !strings.Contains(s.log.String(), "hello, world") {
			t.Errorf("the log is %q", s.log.String())
		}
		u := result.Usage
		if u.InputTokens == 0 || u.OutputTokens == 0 || u.CacheReadTokens == 0 || u.CacheWriteTokens == 0 || u.Cost == 0 || u.CostUnknown {
			t.Errorf("usage: %+v", u)
		}
		if len(s.spent) != 5 {
			t.Errorf("usage was reported %d times for 5 calls", len(s.spent))
		}
	},
		rehearsal.Call("glob", in{"pattern": "**"}).AndCall("grep", in{"pattern": "hello"}).AndThink("Let me look."),
		writeHello(),
		rehearsal.Call("read", in{"file_path": "hello.txt"}).
			AndCall("edit", in{"file_path": "hello.txt", "old_string": "hello", "new_string": "hello, world"}).
			AndCall("bash", in{"command": "cat hello.txt"}).AndThink("Now the world."),
		rehearsal.Call("verify", in{}),
		done())
}

func TestRun_makes_the_models_words_fit_for_a_pull_request(t *testing.T) {
	t.Parallel()
	play(t, func(t *testing.T, s *stage) {
		result := s.ends(t, codybatch.OutcomeChanged, "")
		if result.Summary != "Red." || result.PRTitle != "One line" || len(result.PRBody) > maxBody+3 {
			t.Errorf("got %q, %q and a body of %d bytes", result.Summary, result.PRTitle, len(result.PRBody))
		}
	}, rehearsal.Finish("changed", "\x1b[31mRed.\x00", " One line\nand more", strings.Repeat("é", 60_000)))
}

// checkRequests checks what the thread says of the requests, and that they share
// their prefix.
func (s *stage) checkRequests(t *testing.T) {
	t.Helper()
	for i, e := range s.of(codybatch.EventRequest) {
		if e.N != i+1 || e.MaxTokens != 32_000 || len(e.PrefixSHA) != 64 {
			t.Errorf("request %d: %+v", i+1, e)
		}
		if said := string(e.Content); (i == 0) != strings.Contains(said, "Greet the world.") || (i > 0 && said != "") {
			t.Errorf("request %d says %q", i+1, said)
		}
	}
	asked := s.asked(t)
	for i, body := range asked[1:] {
		before := asked[i]
		if !bytes.Equal(body.System, before.System) || !bytes.Equal(body.Tools, before.Tools) || len(body.Messages) != len(before.Messages)+2 {
			t.Errorf("request %d does not go on from request %d", i+2, i+1)
		}
	}
	if prefix := string(asked[0].System) + string(asked[0].Tools); strings.Contains(prefix, "acme") || strings.Contains(prefix, s.run.Dir) {
		t.Error("the prefix that all repositories share names this one")
	}
	first := string(asked[0].Messages[0])
	if strings.Count(first, `"ttl":"1h"`) != 1 || strings.Index(first, `"ttl":"1h"`) > strings.Index(first, "acme/site") {
		t.Errorf("the first message does not keep the task for an hour: %s", first)
	}
}

func TestRun_stays_within_its_budget(t *testing.T) {
	t.Parallel()
	tokens := func(n int64) *int64 { return &n }
	step := func(i int, output int64) rehearsal.Turn {
		turn := rehearsal.Call("bash", in{"command": fmt.Sprintf("echo %d >> steps", i)})
		turn.Usage = &rehearsal.Usage{InputTokens: tokens(1_000), OutputTokens: tokens(output), CacheReadTokens: tokens(0), CacheWrite5m: tokens(0), CacheWrite1h: tokens(0)}
		return turn
	}
	play(t, func(t *testing.T, s *stage) {
		budget := codybatch.USD(0.50)
		s.run.Budget = &budget
		result := s.ends(t, codybatch.OutcomeBudgetExhausted, "of $0.50 is spent")
		if result.Usage.Cost > budget {
			t.Errorf("spent %s of %s", result.Usage.Cost, budget)
		}
		if got := s.file(t, "steps"); got != "1\n2\n3\n4\n5\n" {
			t.Errorf("the work that was paid for is %q", got)
		}
		warned, asked := 0, s.asked(t)
		for _, e := range s.of(codybatch.EventRequest) {
			warned += strings.Count(string(e.Content), nudgeBudget)
		}
		if warned != 1 {
			t.Errorf("the model was warned %d times", warned)
		}
		// Every request could be paid with what was left, whatever came back.
		var spent codybatch.Money
		for i, body := range asked {
			if worst := spent + codybatch.Money(body.MaxTokens*10); worst > budget {
				t.Errorf("request %d may cost up to %s", i+1, worst)
			}
			spent = s.spent[i].Cost
		}
		if last := asked[len(asked)-1]; last.MaxTokens >= 32_000 || last.MaxTokens < prices.LeastOutput {
			t.Errorf("the last answer might have %d tokens", last.MaxTokens)
		}
	}, step(1, 12_000), step(2, 12_000), step(3, 12_000), step(4, 5_000), step(5, 5_000), step(6, 100))
}

func TestRun_without_a_known_price_is_limited_by_turns_and_says_so(t *testing.T) {
	t.Parallel()
	play(t, func(t *testing.T, s *stage) {
		s.run.Spec.Model, s.run.Spec.MaxTurns = "claude-tomorrow-9", 2
		result := s.ends(t, codybatch.OutcomeMaxTurns, "2 turns")
		if !result.Usage.CostUnknown || result.Usage.Cost != 0 || s.of(codybatch.EventAssistant)[0].CostUSD != nil {
			t.Errorf("usage: %+v", result.Usage)
		}
		if !slices.ContainsFunc(s.of(codybatch.EventNotice), func(e codybatch.ThreadEvent) bool {
			return strings.Contains(e.Reason, "price of claude-tomorrow-9 is not known")
		}) {
			t.Error("no notice")
		}
	}, writeHello(), rehearsal.Call("glob", in{"pattern": "*"}), done())
}

func TestRun_keeps_the_changes_at_the_turn_limit(t *testing.T) {
	t.Parallel()
	play(t, func(t *testing.T, s *stage) {
		s.run.Spec.MaxTurns = 2
		s.ends(t, codybatch.OutcomeMaxTurns, "2 turns")
		if s.file(t, "hello.txt") != "hello\n" {
			t.Error("the changes are lost")
		}
	}, writeHello(), rehearsal.Call("glob", in{"pattern": "*"}), done())
}

func TestRun_ends_when_the_model_goes_in_circles(t *testing.T) {
	t.Parallel()
	t.Run("with_the_same_call", func(t *testing.T) {
		t.Parallel()
		play(t, func(t *testing.T, s *stage) {
			s.ends(t, codybatch.OutcomeStuck, "same call")
			if got := len(s.of(codybatch.EventTool)); got != 12 {
				t.Errorf("it ended after %d calls, want a nudge after 6 and the end after 12", got)
			}
		}, slices.Repeat([]rehearsal.Turn{rehearsal.Call("glob", in{"pattern": "*.none"})}, 20)...)
	})
	t.Run("without_a_call", func(t *testing.T) {
		t.Parallel()
		play(t, func(t *testing.T, s *stage) {
			s.ends(t, codybatch.OutcomeStuck, "without calling finish")
			if said := string(s.of(codybatch.EventRequest)[1].Content); !strings.Contains(said, "without calling finish") {
				t.Errorf("it was not nudged: %s", said)
			}
		}, rehearsal.Say("I think that is all."), rehearsal.Say("Really."))
	})
	t.Run("with_unknown_tools", func(t *testing.T) {
		t.Parallel()
		play(t, func(t *testing.T, s *stage) {
			s.ends(t, codybatch.OutcomeStuck, "malformed")
		}, slices.Repeat([]rehearsal.Turn{rehearsal.Call("sudo", in{})}, 5)...)
	})
	t.Run("but_not_when_it_recovers", func(t *testing.T) {
		t.Parallel()
		bad := rehearsal.Call("sudo", in{})
		play(t, func(t *testing.T, s *stage) {
			s.ends(t, codybatch.OutcomeChanged, "")
		}, bad, bad, writeHello(), bad, bad, rehearsal.Say("Done."), done())
	})
}

func TestRun_takes_the_other_ways_to_finish(t *testing.T) {
	t.Parallel()
	for status, want := range map[string]codybatch.Outcome{"no_change_needed": codybatch.OutcomeNoChanges, "blocked": codybatch.OutcomeBlocked} {
		t.Run(status, func(t *testing.T) {
			t.Parallel()
			play(t, func(t *testing.T, s *stage) {
				if result := s.ends(t, want, ""); result.Summary != "Because." || (want == codybatch.OutcomeBlocked) != (result.Reason == "Because.") {
					t.Errorf("got %+v", result)
				}
			}, rehearsal.Finish(status, "Because.", "", ""))
		})
	}
	t.Run("context_exceeded", func(t *testing.T) {
		t.Parallel()
		turn := rehearsal.Say("I have read too much.")
		turn.StopReason = "model_context_window_exceeded"
		play(t, func(t *testing.T, s *stage) {
			s.ends(t, codybatch.OutcomeBlocked, "context")
			if s.file(t, "hello.txt") != "hello\n" {
				t.Error("the changes are lost")
			}
		}, writeHello(), turn)
	})
}

func TestRun_answers_every_call_also_after_finish_and_goes_on_with_feedback(t *testing.T) {
	t.Parallel()
	together := writeHello()
	together.Tools = append(together.Tools, done().Tools[0])
	together = together.AndCall("bash", in{"command": "echo late > late.txt"}).AndThink("All at once.")
	play(t, func(t *testing.T, s *stage) {
		first := s.ends(t, codybatch.OutcomeChanged, "")
		if s.file(t, "hello.txt") == "" || s.file(t, "late.txt") != "" {
			t.Error("what came before finish did not run, or what came after it did")
		}
		if tools := s.of(codybatch.EventTool); len(tools) != 3 || !tools[2].IsError {
			t.Errorf("tools: %+v", tools)
		}
		for n, feedback := range []string{"go test fails:\nFAIL x", "It still does."} { // the same session twice: neither knows of the other
			s.run.Session, s.run.Feedback = first.Session, feedback
			s.events, s.spent = nil, nil
			second := s.ends(t, codybatch.OutcomeNoChanges, "")
			if len(s.spent) != 2 || second.Usage.Cost == 0 {
				t.Errorf("the second run spent %+v", s.spent)
			}
			request := s.of(codybatch.EventRequest)[0]
			if request.N != 2 || !strings.Contains(string(request.Content), strings.Split(feedback, "\n")[0]) || strings.Contains(string(request.Content), "Greet the world") {
				t.Errorf("request %d: %s", request.N, request.Content)
			}
			asked := s.asked(t)
			before, after := asked[0].Messages, asked[1+2*n].Messages
			if len(after) != 3 || !bytes.Equal(before[0], after[0]) || strings.Count(string(after[2]), `"tool_result"`) != 3 {
				t.Errorf("not one user message was added: %d", len(after))
			}
		}
	}, together, writeHello(), rehearsal.Finish("no_change_needed", "It was fine.", "", ""))
}

func TestRun_refuses_another_agents_session(t *testing.T) {
	t.Parallel()
	play(t, func(t *testing.T, s *stage) {
		s.run.Session = "somebody else's"
		if _, err := s.start(t.Context(), t); err == nil || !strings.Contains(err.Error(), "another agent's") {
			t.Errorf("got %v", err)
		}
	}, done())
}

func TestRun_returns_the_cause_when_it_is_canceled_in_the_middle_of_an_answer(t *testing.T) {
	t.Parallel()
	for name, cause := range map[string]error{"canceled": codybatch.ErrCanceled, "stopped": codybatch.ErrStopped, "timeout": codybatch.ErrTimeout} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(t *testing.T, s *stage) {
				ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, cause)
				defer cancel()
				started := time.Now()
				result, err := s.start(ctx, t)
				if !errors.Is(err, cause) || time.Since(started) != time.Minute {
					t.Errorf("got %v after %s", err, time.Since(started))
				}
				if result.Usage.InputTokens+result.Usage.CacheWriteTokens == 0 || s.spent[len(s.spent)-1] != result.Usage || result.Session != nil {
					t.Errorf("got %+v, reported %+v", result, s.spent)
				}
				s.agrees(t, result)
				if s.file(t, "hello.txt") != "hello\n" {
					t.Error("the changes are lost")
				}
			}, writeHello(), done().AndFail(rehearsal.Fault{Kind: rehearsal.FaultSilence}))
		})
	}
	t.Run("while_it_waits_to_try_again", func(t *testing.T) {
		t.Parallel()
		play(t, func(t *testing.T, s *stage) {
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, codybatch.ErrTimeout)
			defer cancel()
			started := time.Now()
			if _, err := s.start(ctx, t); !errors.Is(err, codybatch.ErrTimeout) || time.Since(started) != time.Minute {
				t.Errorf("got %v after %s", err, time.Since(started))
			}
		}, done().AndFail(rehearsal.Fault{Kind: rehearsal.FaultRateLimit, RetryAfterSeconds: 110, Times: 99}))
	})
}

func TestRun_keeps_the_key_to_itself(t *testing.T) {
	t.Parallel()
	t.Run("from_redirects", func(t *testing.T) {
		t.Parallel()
		play(t, func(t *testing.T, s *stage) {
			asked := 0
			s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				asked++
				http.Redirect(w, r, "http://elsewhere.example/v1/messages", http.StatusTemporaryRedirect)
			})
			result, err := s.start(t.Context(), t)
			if err != nil || result.Outcome != codybatch.OutcomeAPIError || !strings.Contains(result.Reason, "redirect") || asked != 1 {
				t.Errorf("got %+v, %v after %d requests", result, err, asked)
			}
		}, done())
	})
	t.Run("from_errors_that_quote_it", func(t *testing.T) {
		t.Parallel()
		play(t, func(t *testing.T, s *stage) {
			s.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				w.WriteHeader(http.StatusBadRequest)
				body := in{"type": "error", "error": in{"type": "invalid_request_error", "message": "bad key " + r.Header.Get("X-Api-Key")}}
				_ = json.NewEncoder(w).Encode(body)
			})
			result, err := s.start(t.Context(), t) // checks the thread and the reason
			if err != nil || result.Outcome != codybatch.OutcomeAPIError || result.Engine == "" {
				t.Errorf("got %+v, %v", result, err)
			}
		}, done())
	})
	t.Run("from_programs", func(t *testing.T) {
		t.Parallel()
		play(t, func(t *testing.T, s *stage) {
			s.ends(t, codybatch.OutcomeChanged, "")
		}, rehearsal.Call("bash", in{"command": "env; set; cat /proc/$$/environ | tr '\\0' '\\n'"}), done())
	})
	t.Run("when_there_is_none", func(t *testing.T) {
		t.Parallel()
		play(t, func(t *testing.T, s *stage) {
			s.options.APIKey = func(context.Context) (string, error) { return "", nil }
			result, err := s.start(t.Context(), t)
			if err != nil || result.Outcome != codybatch.OutcomeAuthError || !strings.Contains(result.Reason, "CLAUDE_API_KEY") || len(s.server.Requests()) != 0 {
				t.Errorf("got %+v, %v", result, err)
			}
		}, done())
	})
}

func TestNew_refuses_what_can_not_work(t *testing.T) {
	t.Parallel()
	key := func(context.Context) (string, error) { return testKey, nil }
	for name, o := range map[string]Options{
		"no key":   {},
		"no host":  {APIKey: key, BaseURL: "https://"},
		"scheme":   {APIKey: key, BaseURL: "ftp://x"},
		"password": {APIKey: key, BaseURL: "https://me:" + testKey + "@x"},
		"query":    {APIKey: key, BaseURL: "https://x/?a=b"},
	} {
		if _, err := New(o); err == nil || strings.Contains(err.Error(), testKey) {
			t.Errorf("%s: got %v", name, err)
		}
	}
}
