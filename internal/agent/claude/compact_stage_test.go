package claude

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

// measuring is the turn, counted as one whose prompt had so many tokens: none of
// the three kinds is as much by itself.
func measuring(turn rehearsal.Turn, prompt int64) rehearsal.Turn {
	tokens := func(n int64) *int64 { return &n }
	turn.Usage = &rehearsal.Usage{
		InputTokens: tokens(prompt / 4), CacheWrite5m: tokens(prompt / 4), CacheWrite1h: tokens(0), OutputTokens: tokens(100),
		CacheReadTokens: tokens(prompt - 2*(prompt/4)),
	}
	return turn
}

// readMuch makes two calls, whose results are most of the conversation.
func readMuch() rehearsal.Turn {
	return rehearsal.Call("bash", in{"command": "yes first | head -c 25000"}).
		AndCall("bash", in{"command": "yes second | head -c 25000"}).AndThink("I read a lot.")
}

// tooMuch does so in a request that comes over the soft limit.
func tooMuch() rehearsal.Turn { return measuring(readMuch(), 150_001) }

func wroteHello() rehearsal.Turn {
	return rehearsal.Say("Done: hello.txt is written. Remaining: finish. Key files: hello.txt. Failing checks: none.")
}

// inParts is a conversation, the summary of it, what comes after that, and so on:
// each part is known by the summary that it begins with.
func inParts(first []rehearsal.Turn, rest ...[]rehearsal.Turn) rehearsal.Scenario {
	acts := []rehearsal.Act{{Name: "part 0", Turns: first}}
	var opening []string
	for i, part := range rest { // the first turn of each is the summary
		summary := rehearsal.Act{
			Name: fmt.Sprintf("summary %d", i+1), Turns: part[:1],
			When: rehearsal.When{Contains: opening, LastContains: []string{summaryPrompt}},
		}
		opening = []string{part[0].Text}
		next := rehearsal.Act{Name: fmt.Sprintf("part %d", i+1), When: rehearsal.When{Contains: opening}, Turns: part[1:]}
		acts = append([]rehearsal.Act{summary}, acts...)
		if len(next.Turns) > 0 {
			acts = append([]rehearsal.Act{next}, acts...)
		}
	}
	return rehearsal.Scenario{Name: "compaction", Acts: acts}
}

func turns(t ...rehearsal.Turn) []rehearsal.Turn { return t }

// acts lists what was asked for.
func (s *stage) acts() string {
	var names []string
	for _, r := range s.server.Requests() {
		names = append(names, r.Act)
	}
	return strings.Join(names, ", ")
}

func (s *stage) compactions(t *testing.T, want int) []codybatch.ThreadEvent {
	t.Helper()
	got := s.of(codybatch.EventCompaction)
	if len(got) != want {
		t.Fatalf("%d compactions, want %d; asked for %s", len(got), want, s.acts())
	}
	return got
}

func (s *stage) keepsHello(t *testing.T) {
	t.Helper()
	if got := s.file(t, "hello.txt"); got != "hello\n" {
		t.Errorf("hello.txt holds %q", got)
	}
}

func (s *stage) notices(text string) int {
	n := 0
	for _, e := range s.of(codybatch.EventNotice) {
		n += strings.Count(e.Reason, text)
	}
	return n
}

func textsOf(t *testing.T, message json.RawMessage) string {
	t.Helper()
	var m struct{ Content []struct{ Text string } }
	if err := json.Unmarshal(message, &m); err != nil {
		t.Fatal(err)
	}
	var all strings.Builder
	for _, block := range m.Content {
		all.WriteString(block.Text)
	}
	return all.String()
}
