package claude

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

const remark = "Greet Ann, too."

// remarked makes the stage one where a person has said something after the run: its
// thread is whole, and so is its workspace, which is another one.
func remarked(t *testing.T, s *stage) {
	t.Helper()
	s.events = append(s.events, codybatch.ThreadEvent{Seq: int64(len(s.events) + 1), Type: codybatch.EventFeedback, Reason: remark})
	s.run.Earlier, s.run.Kept = slices.Clone(s.events), len(answers(s.events))
	before := files(s.run.Dir)
	s.run.Dir = t.TempDir()
	for name, text := range before {
		if err := os.WriteFile(filepath.Join(s.run.Dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
}

// wantContinued checks that a request is an earlier one, to the byte, the answer to
// it, and the remark.
func wantContinued(t *testing.T, earlier, got requestBody) {
	t.Helper()
	n := len(earlier.Messages)
	if len(got.Messages) != n+2 || !bytes.Equal(got.System, earlier.System) || !bytes.Equal(got.Tools, earlier.Tools) {
		t.Fatalf("%d messages after %d", len(got.Messages), n)
	}
	for i, message := range earlier.Messages {
		if g, w := wordsOf(t, got.Messages[i]), wordsOf(t, message); !slices.Equal(g, w) {
			t.Errorf("message %d is\n%s\nwant\n%s", i, strings.Join(g, "\n"), strings.Join(w, "\n"))
		}
	}
	words := wordsOf(t, got.Messages[n+1])
	if last := words[len(words)-1]; !strings.Contains(last, remark) || !strings.Contains(last, "A person has looked at your work") {
		t.Errorf("the last words are %s", last)
	}
}

func TestRun_goes_on_after_a_remark(t *testing.T) {
	t.Parallel()
	mend := rehearsal.Call("edit", in{"file_path": "hello.txt", "old_string": "hello", "new_string": "hello, Ann"}).AndCall("bash", lines("two"))
	talk := []rehearsal.Turn{
		writeHello().AndCall("bash", lines("one")), done().AndThink("That was it."),
		mend, rehearsal.Call("verify", in{}), done(),
	}
	play(t, func(t *testing.T, s *stage) {
		k := keep(s)
		first := s.ends(t, codybatch.OutcomeChanged, "")
		asked := s.asked(t)
		remarked(t, s)
		begun, base := slices.Clone(s.events), kept{len(s.events), s.run.Kept, files(s.run.Dir)}
		k.checkpoints = nil

		second, err := s.start(t.Context(), t)
		if err != nil || second.Outcome != codybatch.OutcomeChanged {
			t.Fatalf("got %+v, %v", second, err)
		}
		again := s.asked(t)[len(asked):]
		if len(again) != 3 {
			t.Fatalf("%d calls were made, want 3", len(again))
		}
		wantContinued(t, asked[len(asked)-1], again[0])
		if got := s.file(t, "hello.txt") + s.file(t, "log.txt"); got != "hello, Ann\none\ntwo\n" {
			t.Errorf("the files are %q", got)
		}
		var sum codybatch.Usage
		for _, e := range s.events {
			if e.Type == codybatch.EventAssistant {
				sum = sum.Add(*e.Usage)
			}
		}
		if sum != first.Usage.Add(second.Usage) {
			t.Errorf("the thread's answers took %+v, the runs %+v and %+v", sum, first.Usage, second.Usage)
		}

		// Wherever that is interrupted, it goes on, and the remark is said once.
		events, checkpoints, want := slices.Clone(s.events), append([]kept{base}, k.checkpoints...), files(s.run.Dir)
		for n := len(begun); n <= len(events); n++ {
			k.cut(t, events, checkpoints, n, false)
			before := len(s.server.Requests())
			result, err := s.start(t.Context(), t)
			if err != nil || result.Outcome != codybatch.OutcomeChanged {
				t.Fatalf("interrupted after %d events (%s): %+v, %v", n, kindOf(events, n), result, err)
			}
			if got := files(s.run.Dir); !maps.Equal(got, want) {
				t.Errorf("interrupted after %d events (%s): the files are %q", n, kindOf(events, n), got)
			}
			missing := len(talk) - len(answers(events[:n]))
			now := s.asked(t)[before:]
			if len(now) != missing {
				t.Errorf("interrupted after %d events (%s): %d calls for %d answers that are missing", n, kindOf(events, n), len(now), missing)
			}
			for i, request := range now {
				sameConversation(t, again[len(again)-missing+i], request, i == 0)
			}
		}
	}, talk...)
}

func TestRun_goes_on_after_a_remark_whatever_ended_it(t *testing.T) {
	t.Parallel()
	call := func(id string) string {
		return `{"type":"tool_use","id":"` + id + `","name":"bash","input":{"command":"true"}}`
	}
	says := func(content string) codybatch.ThreadEvent {
		return codybatch.ThreadEvent{Type: codybatch.EventAssistant, StopReason: "tool_use", Content: json.RawMessage(content), Usage: &codybatch.Usage{InputTokens: 9}}
	}
	asks := codybatch.ThreadEvent{Type: codybatch.EventRequest, N: 1, Content: json.RawMessage(`[{"type":"text","text":"Greet."}]`)}
	result := codybatch.ThreadEvent{Type: codybatch.EventTool, Name: "bash", ToolUseID: "toolu_1", Content: json.RawMessage(`[{"type":"text","text":"ok"}]`)}
	for name, test := range map[string]struct {
		earlier []codybatch.ThreadEvent
		want    []string // parts of the last message
	}{
		"a call that never ended": {
			[]codybatch.ThreadEvent{asks, says(`[` + call("toolu_1") + `,` + call("toolu_2") + `]`), result}, []string{`"ok"`, "It is not known how this call ended", remark},
		},
		"a question that was never answered": {
			[]codybatch.ThreadEvent{asks, says(`[{"type":"text","text":"Hm."}]`), {Type: codybatch.EventRequest, N: 2, Content: json.RawMessage(`[{"type":"text","text":"Go on."}]`)}},
			[]string{"Go on.", remark},
		},
		"its turns": {
			[]codybatch.ThreadEvent{asks, says(`[` + call("toolu_1") + `]`), result, {Type: codybatch.EventRunEnd, Outcome: codybatch.OutcomeMaxTurns}}, []string{`"ok"`, remark},
		},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, s *stage) {
				start := codybatch.ThreadEvent{Type: codybatch.EventRunStart, Engine: EngineRehearsal}
				s.events = append([]codybatch.ThreadEvent{start}, test.earlier...)
				s.run.Spec.MaxTurns = 1 // all of them are there again
				remarked(t, s)
				if result, err := s.start(t.Context(), t); err != nil || result.Outcome != codybatch.OutcomeChanged {
					t.Fatalf("got %+v, %v", result, err)
				}
				asked := s.asked(t)
				last := asked[0].Messages[len(asked[0].Messages)-1]
				at := 0
				for _, part := range test.want {
					i := strings.Index(string(last[at:]), part)
					if i < 0 {
						t.Fatalf("the last message is %s, without %q in its place", last, part)
					}
					at += i
				}
			}, rehearsal.Call("glob", in{"pattern": "*"}), done())
		})
	}
}

// The summary of a conversation that becomes too long while a remark is answered is
// followed by the remark, word for word, also when that is interrupted.
func TestRun_repeats_a_remark_after_a_summary(t *testing.T) {
	t.Parallel()
	scenario := inParts(turns(writeHello(), done(), tooMuch()), turns(wroteHello(), rehearsal.Call("bash", lines("two")), done()))
	perform(t, scenario, func(t *testing.T, s *stage) {
		s.ends(t, codybatch.OutcomeChanged, "")
		remarked(t, s)
		if result, err := s.start(t.Context(), t); err != nil || result.Outcome != codybatch.OutcomeChanged {
			t.Fatalf("got %+v, %v", result, err)
		}
		s.compactions(t, 1)
		wantRemark := func(request requestBody) {
			t.Helper()
			if n := strings.Count(string(bytes.Join(rawMessages(request), nil)), remark); n != 1 {
				t.Errorf("the new conversation has the remark %d times", n)
			}
		}
		asked := s.asked(t)
		if got := s.acts(); got != "part 0, part 0, part 0, summary 1, part 1, part 1" {
			t.Fatalf("asked for %s", got)
		}
		wantRemark(asked[4])
		wantRemark(asked[5])

		// After the summary, its worker was killed.
		for i, e := range s.events {
			if e.Type == codybatch.EventCompaction {
				s.events = s.events[:i+1]
				break
			}
		}
		s.run.Earlier, s.run.Kept = slices.Clone(s.events), len(answers(s.events))
		if result, err := s.start(t.Context(), t); err != nil || result.Outcome != codybatch.OutcomeChanged {
			t.Fatalf("got %+v, %v", result, err)
		}
		wantRemark(s.asked(t)[len(asked)])
	})
}

func rawMessages(request requestBody) [][]byte {
	raw := make([][]byte, len(request.Messages))
	for i, message := range request.Messages {
		raw[i] = message
	}
	return raw
}
