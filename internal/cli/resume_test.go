package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// longTalk is a conversation of six answers. The fourth takes its time: the
// server is killed in it. A line of log.txt tells how often a command ran.
const longTalk = `
acts:
  - name: only
    turns:
      - {thinking: Let me look., tools: [{name: glob, input: {pattern: "**"}}]}
      - tools:
          - {name: write, input: {file_path: hello.txt, content: "hello\n"}}
          - {name: bash, input: {command: "echo one >>log.txt"}}
      - tools: [{name: edit, input: {file_path: hello.txt, old_string: hello, new_string: "hello, world"}}, {name: bash, input: {command: "echo two >>log.txt"}}]
      - {delayMs: 3000, tools: [{name: read, input: {file_path: hello.txt}}]}
      - tools: [{name: bash, input: {command: "echo three >>log.txt"}}]
      - tools: [{name: finish, input: {status: changed, summary: Greeted., pr_title: Greet the world, pr_body: ""}}]
`

// programTalk is the same for Claude Code. The answer that never came is in the place of
// the one that the program makes up when it goes on. Of the command before, the model
// hears that nobody knows how it ended, and looks.
const programTalk = `
acts:
  - name: only
    turns:
      - {thinking: Let me look., tools: [{name: bash, input: {command: "ls"}}]}
      - tools: [{name: bash, input: {command: "echo hello, world >hello.txt; echo one >>log.txt"}}]
      - tools: [{name: bash, input: {command: "echo two >>log.txt"}}]
      - {delayMs: 3000, tools: [{name: read, input: {file_path: hello.txt}}]}
      - tools: [{name: bash, input: {command: "grep -q two log.txt || echo two >>log.txt; echo three >>log.txt"}}]
      - tools: [{name: finish, input: {status: changed, summary: Greeted., pr_title: Greet the world, pr_body: ""}}]
`

// claudeCode is the program that make claude-code installs.
func claudeCode(t *testing.T) string {
	t.Helper()
	program, err := filepath.Abs("../../tools/claude-code/node_modules/.bin/claude")
	if err == nil {
		_, err = os.Stat(program)
	}
	if err == nil {
		return program
	}
	if slices.Contains(strings.Split(os.Getenv("CODYBATCH_TEST_REQUIRE"), ","), "claude-code") {
		t.Fatalf("%v; run make claude-code", err)
	}
	t.Skipf("%v; run make claude-code", err)
	return ""
}

func TestServeGoesOnInTheMiddleOfAConversation(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		engine  codybatch.AgentType
		signal  syscall.Signal
		attempt int // that ends it
		talk    string
		answers int // in the end
	}{
		"killed":                           {codybatch.AgentClaude, syscall.SIGKILL, 2, longTalk, 6},
		"stopped gently":                   {codybatch.AgentClaude, syscall.SIGTERM, 1, longTalk, 6},
		"killed with Claude Code":          {codybatch.AgentClaudeCode, syscall.SIGKILL, 2, programTalk, 5},
		"stopped gently, with Claude Code": {codybatch.AgentClaudeCode, syscall.SIGTERM, 1, programTalk, 5},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := newSite(t, 1)
			if test.engine == codybatch.AgentClaudeCode {
				s.more = append(s.more, "CLAUDE_CODE_PATH="+claudeCode(t))
			}
			if err := os.WriteFile(filepath.Join(s.folder, "talk.yaml"), []byte(test.talk), 0o600); err != nil {
				t.Fatal(err)
			}
			arguments := []string{"--lease", "2s", "--rehearsal=talk.yaml"}
			s.serve(arguments...)
			id := s.create(codybatch.JobSpec{Name: "Greet", Prompt: "Greet the world.", Agent: codybatch.AgentSpec{Type: test.engine}})
			key := codybatch.TaskKey{JobID: id, Repository: s.names[0]}
			before := s.answers(key, 3)
			if err := s.server.end(test.signal); err != nil {
				t.Fatal(err)
			}
			s.serve(arguments...)
			if job := s.untilEnd(id); job.Counts.Changed != 1 {
				t.Fatalf("job is %s with %+v\n%s", job.Status, job.Counts, s.server.log)
			}

			task := s.tasks(id)[string(s.names[0])]
			events := s.events(key)
			var ids []string
			var sum codybatch.Usage
			for _, e := range events {
				if e.Type == codybatch.EventAssistant {
					ids = append(ids, e.MessageID)
				}
				if e.Usage != nil && e.Type != codybatch.EventRunEnd { // also of an answer that was broken off
					sum = sum.Add(*e.Usage)
				}
			}
			if task.Attempt != test.attempt || task.Outcome != "changed" {
				t.Errorf("the task is %+v", task)
			}
			if len(before) != 3 || len(ids) != test.answers || !slices.Equal(ids[:3], before) {
				t.Errorf("there were the answers %v, and in the end %v", before, ids)
			}
			if u := task.Usage; u.InputTokens != sum.InputTokens || u.OutputTokens != sum.OutputTokens || u.CacheReadTokens != sum.CacheReadTokens || u.CacheWriteTokens != sum.CacheWriteTokens {
				t.Errorf("the task used %+v, its thread tells of %+v", u, sum)
			}
			diff, err := s.client.Diff(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			defer diff.Close()
			patch, err := io.ReadAll(diff)
			if err != nil || !strings.Contains(string(patch), "+one\n+two\n+three\n") || !strings.Contains(string(patch), "+hello, world\n") {
				t.Errorf("the diff is\n%s\n%v", patch, err)
			}
		})
	}
}

// answers waits until the thread has so many answers, and lists their ids.
func (s *site) answers(key codybatch.TaskKey, n int) []string {
	s.t.Helper()
	for range 600 {
		var ids []string
		for _, e := range s.events(key) {
			if e.Type == codybatch.EventAssistant {
				ids = append(ids, e.MessageID)
			}
		}
		if len(ids) >= n {
			return ids
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatalf("there never were %d answers\n%s", n, s.server.log)
	return nil
}

// events reads the latest thread; there may be none yet.
func (s *site) events(key codybatch.TaskKey) []codybatch.ThreadEvent {
	s.t.Helper()
	document, err := s.client.ThreadEvents(s.t.Context(), key, 0)
	if err != nil {
		return nil
	}
	defer document.Close()
	var events []codybatch.ThreadEvent
	lines := bufio.NewScanner(document)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		var e codybatch.ThreadEvent
		if err := json.NewDecoder(bytes.NewReader(lines.Bytes())).Decode(&e); err != nil {
			s.t.Fatal(err)
		}
		events = append(events, e)
	}
	return events
}
