package claude

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

// keeper stands for the worker: it keeps a thread and checkpoints, so that a run
// can be cut off after any event.
type keeper struct {
	stage       *stage
	mu          sync.Mutex
	checkpoints []kept
}

// kept is a workspace as it was when so many events were recorded.
type kept struct {
	events, answers int
	files           map[string]string
}

func keep(s *stage) *keeper {
	k := &keeper{stage: s}
	s.run.Record = func(_ context.Context, e codybatch.ThreadEvent) error {
		k.mu.Lock()
		defer k.mu.Unlock()
		e.Seq = int64(len(s.events) + 1)
		s.events = append(s.events, e)
		return nil
	}
	s.run.Checkpoint = func(_ context.Context, answers int, _ []byte) error {
		k.mu.Lock()
		defer k.mu.Unlock()
		k.checkpoints = append(k.checkpoints, kept{len(s.events), answers, files(s.run.Dir)})
		return nil
	}
	return k
}

// cut makes the stage one where the first run was killed after n of its events; a
// slow one was still at the checkpoint then.
func (k *keeper) cut(t *testing.T, events []codybatch.ThreadEvent, checkpoints []kept, n int, isSlow bool) {
	t.Helper()
	s := k.stage
	s.run.Dir = t.TempDir()
	s.events, s.spent, k.checkpoints = slices.Clone(events[:n]), nil, nil
	s.run.Earlier, s.run.Kept = slices.Clone(events[:n]), 0
	for _, c := range checkpoints {
		if c.events > n || c.events == n && isSlow { // it was not written to its end
			break
		}
		s.run.Kept = c.answers
		for name, text := range c.files {
			if err := os.WriteFile(filepath.Join(s.run.Dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func files(dir string) map[string]string {
	all := map[string]string{}
	entries, _ := os.ReadDir(dir)
	for _, entry := range entries {
		data, _ := os.ReadFile(filepath.Join(dir, entry.Name()))
		all[entry.Name()] = string(data)
	}
	return all
}

func answers(events []codybatch.ThreadEvent) []string {
	var ids []string
	for _, e := range events {
		if e.Type == codybatch.EventAssistant {
			ids = append(ids, e.MessageID)
		}
	}
	return ids
}

// lines is a bash command that can be told from one that ran twice.
func lines(word string) in { return in{"command": "echo " + word + " >>log.txt; cat log.txt"} }

func TestRun_goes_on_wherever_it_was_interrupted(t *testing.T) {
	t.Parallel()
	finish := in{"status": "changed", "summary": "Greeted.", "pr_title": "Greet the world", "pr_body": ""}
	talk := []rehearsal.Turn{
		rehearsal.Call("glob", in{"pattern": "**"}).AndThink("Let me look."),
		writeHello().AndCall("bash", lines("one")),
		rehearsal.Call("read", in{"file_path": "hello.txt"}),
		rehearsal.Say("I thought about it."), // is told to go on
		rehearsal.Call("edit", in{"file_path": "hello.txt", "old_string": "hello", "new_string": "hello, world"}).AndCall("bash", lines("two")),
		rehearsal.Call("verify", in{}),
	}
	for name, test := range map[string]struct {
		turns  []rehearsal.Turn
		isSlow bool // at the checkpoint
	}{
		"finish with the last change": {append(slices.Clone(talk), rehearsal.Call("bash", lines("three")).AndCall("finish", finish)), true},
		"finish alone":                {append(slices.Clone(talk), rehearsal.Call("bash", lines("three")), rehearsal.Call("finish", finish)), false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			play(t, func(t *testing.T, s *stage) { interruptEverywhere(t, s, len(test.turns), test.isSlow) }, test.turns...)
		})
	}
}

// interruptEverywhere lets a run come to its end, and then goes on with it from
// each of its events.
func interruptEverywhere(t *testing.T, s *stage, turns int, isSlow bool) {
	t.Helper()
	k := keep(s)
	whole := s.ends(t, codybatch.OutcomeChanged, "")
	events, checkpoints, want := slices.Clone(s.events), slices.Clone(k.checkpoints), files(s.run.Dir)
	if want["log.txt"] != "one\ntwo\nthree\n" || len(checkpoints) < 2 {
		t.Fatalf("the files are %q, and there are %d checkpoints", want, len(checkpoints))
	}
	asked := s.asked(t)
	for n := range len(events) + 1 {
		k.cut(t, events, checkpoints, n, isSlow)
		before := len(s.server.Requests())
		result, err := s.start(t.Context(), t)
		if err != nil || result.Outcome != codybatch.OutcomeChanged || result.Summary != "Greeted." || result.PRTitle != "Greet the world" {
			t.Fatalf("interrupted after %d events (%s): %+v, %v", n, kindOf(events, n), result, err)
		}
		if got := files(s.run.Dir); !maps.Equal(got, want) {
			t.Errorf("interrupted after %d events (%s): the files are %q", n, kindOf(events, n), got)
		}
		missing := turns - len(answers(events[:n]))
		again := s.asked(t)[before:]
		if len(again) != missing {
			t.Errorf("interrupted after %d events (%s): %d calls for %d answers that are missing", n, kindOf(events, n), len(again), missing)
		}
		for i, request := range again {
			sameConversation(t, asked[turns-missing+i], request, i == 0)
		}
		var sum codybatch.Usage
		for _, e := range s.events {
			if e.Type == codybatch.EventAssistant {
				sum = sum.Add(*e.Usage)
			}
		}
		if ids := answers(s.events); len(ids) != turns || sum.OutputTokens != whole.Usage.OutputTokens {
			t.Errorf("interrupted after %d events (%s): the thread has answers %v, and %d output tokens of %d", n, kindOf(events, n), ids, sum.OutputTokens, whole.Usage.OutputTokens)
		}
	}
}

// An answer in the thread means that all before it is kept.
func TestRun_records_no_answer_before_the_checkpoint(t *testing.T) {
	t.Parallel()
	play(t, func(t *testing.T, s *stage) {
		k := keep(s)
		record := s.run.Record
		var open, early bool
		s.run.Record = func(ctx context.Context, e codybatch.ThreadEvent) error {
			k.mu.Lock()
			early = early || open && e.Type == codybatch.EventAssistant
			k.mu.Unlock()
			return record(ctx, e)
		}
		s.run.Checkpoint = func(context.Context, int, []byte) error {
			k.mu.Lock()
			open = true
			k.mu.Unlock()
			time.Sleep(time.Hour)
			k.mu.Lock()
			open = false
			k.mu.Unlock()
			return nil
		}
		s.ends(t, codybatch.OutcomeChanged, "")
		if early {
			t.Error("an answer was recorded while the workspace was not kept")
		}
	}, writeHello(), rehearsal.Call("bash", lines("one")), done())
}

func kindOf(events []codybatch.ThreadEvent, n int) string {
	if n == 0 {
		return "nothing"
	}
	return fmt.Sprintf("%s %s", events[n-1].Type, events[n-1].Name)
}

// madeUp are ids and signatures, which answers that are new have anew.
var madeUp = regexp.MustCompile(`(toolu|signature)_rehearsal_[a-z0-9]+`)

// sameConversation checks that a request holds what the model heard and said
// before, to the byte in the first one, but for the word about the interruption.
func sameConversation(t *testing.T, want, got requestBody, isFirst bool) {
	t.Helper()
	if len(got.Messages) != len(want.Messages) || !bytes.Equal(got.System, want.System) || !bytes.Equal(got.Tools, want.Tools) {
		t.Errorf("%d messages, want %d", len(got.Messages), len(want.Messages))
		return
	}
	for i := range want.Messages {
		is, was := got.Messages[i], want.Messages[i]
		if !isFirst {
			is, was = madeUp.ReplaceAll(is, nil), madeUp.ReplaceAll(was, nil)
		}
		g, w := wordsOf(t, is), wordsOf(t, was)
		g = slices.DeleteFunc(g, func(word string) bool { return strings.Contains(word, nudgeInterrupted) })
		if !slices.Equal(g, w) {
			t.Errorf("message %d is\n%s\nwant\n%s", i, strings.Join(g, "\n"), strings.Join(w, "\n"))
		}
	}
}

func wordsOf(t *testing.T, message json.RawMessage) []string {
	t.Helper()
	var m struct {
		Role    string            `json:"role"`
		Content []json.RawMessage `json:"content"`
	}
	if err := json.Unmarshal(message, &m); err != nil {
		t.Fatal(err)
	}
	words := []string{m.Role}
	for _, block := range m.Content {
		words = append(words, string(block))
	}
	return words
}

func TestRun_refuses_a_thread_that_can_not_be_gone_on_with(t *testing.T) {
	t.Parallel()
	says := func(seq int64, content string) codybatch.ThreadEvent {
		return codybatch.ThreadEvent{Seq: seq, Type: codybatch.EventAssistant, Content: json.RawMessage(content)}
	}
	wrote := says(2, `[{"type":"tool_use","id":"toolu_1","name":"bash","input":{"command":"make"}}]`)
	summary := codybatch.ThreadEvent{Seq: 4, Type: codybatch.EventCompaction, Summary: "All is done."}
	for name, test := range map[string]struct {
		earlier []codybatch.ThreadEvent
		kept    int
		want    string
	}{
		"an answer that is none":                        {[]codybatch.ThreadEvent{says(7, `"no"`)}, 0, "event 7 of its thread"},
		"a request that is none":                        {[]codybatch.ThreadEvent{{Seq: 3, Type: codybatch.EventRequest, Content: json.RawMessage(`{}`)}}, 0, "event 3 of its thread"},
		"a workspace that is ahead":                     {[]codybatch.ThreadEvent{says(2, `[{"type":"text","text":"Hm."}]`)}, 2, "kept after answer 2, and the thread has 1"},
		"a change that was never kept":                  {[]codybatch.ThreadEvent{wrote, says(3, `[]`)}, 0, "answer 1 changed files last"},
		"a change that only a summary remembers":        {[]codybatch.ThreadEvent{wrote, summary, says(5, `[]`)}, 0, "answer 1 changed files last"},
		"words of the model that a secret was taken of": {[]codybatch.ThreadEvent{says(2, `[{"type":"thinking","thinking":"It is [redacted].","signature":"s"}]`)}, 1, "a secret was taken out"},
	} {
		t.Run(name, func(t *testing.T) {
			play(t, func(t *testing.T, s *stage) {
				s.run.Earlier, s.run.Kept = test.earlier, test.kept
				_, err := s.start(t.Context(), t)
				if !errors.Is(err, codybatch.ErrNotResumable) || !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v", err)
				}
				if n := len(s.server.Requests()); n != 0 {
					t.Errorf("%d calls were paid for", n)
				}
			}, done())
		})
	}
}
