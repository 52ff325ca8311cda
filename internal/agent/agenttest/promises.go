package agenttest

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

func changesTheWorkspace(t *testing.T, s stage) {
	result := s.run(t, s.Shell(t, "printf 'hello\\n' > hello.txt"))
	if result.Outcome != codybatch.OutcomeChanged || result.Engine == "" {
		t.Errorf("got outcome %q (%s) of engine %q", result.Outcome, result.Reason, result.Engine)
	}
	if got := s.file(t, "hello.txt"); got != "hello\n" {
		t.Errorf("hello.txt holds %q", got)
	}
	if result.Usage != s.lastSpent() {
		t.Errorf("usage is %+v, but %+v was reported", result.Usage, s.lastSpent())
	}
}

func mayChangeNothing(t *testing.T, s stage) {
	result := s.run(t, s.Shell(t, "true"))
	if result.Outcome != codybatch.OutcomeChanged && result.Outcome != codybatch.OutcomeNoChanges {
		t.Errorf("got outcome %q (%s)", result.Outcome, result.Reason)
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil || len(entries) != 1 {
		t.Errorf("the workspace holds %v, %v; want README.md", entries, err)
	}
}

func keepsAThread(t *testing.T, s stage) {
	result := s.run(t, s.Shell(t, "echo said-by-the-program; printf 'red \\033[31m \\000 \\377\\n'"))
	if len(s.events) < 3 {
		t.Fatalf("recorded %d events, want runStart, what happened, and runEnd", len(s.events))
	}
	first, last := s.events[0], s.events[len(s.events)-1]
	if first.Type != codybatch.EventRunStart || first.Engine != result.Engine || first.Repository != repository || first.BaseCommit != baseCommit {
		t.Errorf("the first event is %+v", first)
	}
	if last.Type != codybatch.EventRunEnd || last.Outcome != result.Outcome || last.Usage == nil || *last.Usage != result.Usage {
		t.Errorf("the last event is %+v, the result %+v", last, result)
	}
	tool := slices.IndexFunc(s.events, func(e codybatch.ThreadEvent) bool { return e.Type == codybatch.EventTool })
	if tool < 0 {
		t.Fatal("no event of type tool")
	}
	message, ok := s.events[tool].Message()
	if !ok || len(message.Blocks) == 0 {
		t.Fatalf("the tool's message is %+v", message)
	}
	said := message.Blocks[len(message.Blocks)-1] // before it, what was run may be told
	if said.Type != codybatch.BlockToolResult || !strings.Contains(said.Text, "said-by-the-program") {
		t.Errorf("the tool's message is %+v", message)
	} else if strings.ContainsAny(said.Text, "\x00\x1b") {
		t.Errorf("the tool's message holds control characters: %q", said.Text)
	}
	for _, e := range s.events {
		if e.Seq != 0 || !e.Time.IsZero() || e.Attempt != 0 {
			t.Errorf("seq, time and attempt are the recorder's, but the agent set them: %+v", e)
		}
	}
}

func stopsWithoutThread(t *testing.T, s stage) {
	s.recordErr = errors.New("disk is full")
	_, err := s.Agent.Run(t.Context(), s.fill(s.Shell(t, "echo no > thread")))
	if !errors.Is(err, s.recordErr) {
		t.Errorf("got error %v, want %v", err, s.recordErr)
	}
	if s.file(t, "thread") != "" {
		t.Error("it worked on without a thread")
	}
}

func logsWhatProgramsPrint(t *testing.T, s stage) {
	s.run(t, s.Shell(t, "echo to-the-output; echo to-the-error >&2"))
	if log := s.log.String(); !strings.Contains(log, "to-the-output\n") || !strings.Contains(log, "to-the-error\n") {
		t.Errorf("the log is %q", log)
	}
}

func leavesNoProcess(t *testing.T, s stage) {
	s.run(t, s.Shell(t, childScript))
	s.expectChildDead(t)
}

func leavesNoProcessAtALimit(t *testing.T, s stage) {
	if s.Limit == nil {
		t.Skip("this agent has no limit")
	}
	run, _ := s.Limit(t, childScript)
	s.run(t, run)
	s.expectChildDead(t)
}

func changesNothingOutside(t *testing.T, s stage) {
	s.run(t, s.Shell(t, "echo mine > file; mkdir folder; echo mine > folder/file"))
	entries, err := os.ReadDir(s.root)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	if !slices.Equal(names, []string{"home", "outside", "workspace"}) {
		t.Errorf("beside the workspace there is %q", names)
	}
	if content, err := os.ReadFile(filepath.Join(s.root, "outside")); err != nil || string(content) != "not yours\n" {
		t.Errorf("the file outside holds %q, %v", content, err)
	}
	workspace, err := os.ReadDir(s.dir)
	if err != nil || len(workspace) != 3 {
		t.Errorf("the workspace holds %v, %v; want README.md and what was made", workspace, err)
	}
}

func takesALimitForAnOutcome(t *testing.T, s stage) {
	if s.Limit == nil {
		t.Skip("this agent has no limit")
	}
	run, want := s.Limit(t, "echo paid > work.txt")
	result := s.run(t, run)
	if result.Outcome != want || result.Reason == "" {
		t.Errorf("got outcome %q (%q), want %q and a reason", result.Outcome, result.Reason, want)
	}
	if s.file(t, "work.txt") != "paid\n" {
		t.Error("the changes are lost")
	}
	if result.Usage != s.lastSpent() || (s.OnRequest != nil && result.Usage == codybatch.Usage{}) {
		t.Errorf("usage is %+v, but %+v was reported", result.Usage, s.lastSpent())
	}
}

func reportsBeforeItAsksAgain(t *testing.T, s stage) {
	if s.OnRequest == nil {
		t.Skip("this agent never asks for tokens")
	}
	var before []codybatch.Usage // what was reported when a request came
	s.OnRequest(func() {
		u := s.lastSpent()
		s.mu.Lock()
		defer s.mu.Unlock()
		before = append(before, u)
	})
	s.run(t, s.Shell(t, "echo hello > hello.txt"))
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(before) < 2 {
		t.Fatalf("the agent asked %d times; the fixture needs a conversation of at least two requests", len(before))
	}
	for i := 1; i < len(before); i++ {
		if before[i] == before[i-1] {
			t.Errorf("request %d was not reported before request %d: %+v", i, i+1, before)
		}
	}
}

func goesOnWithFeedback(t *testing.T, s stage) {
	if s.Feedback == nil {
		t.Skip("this agent takes no feedback")
	}
	run := s.Feedback(t, "echo 1 > first.txt", "cat first.txt > second.txt")
	first := s.run(t, run)
	if first.Session == nil || s.file(t, "first.txt") != "1\n" || s.file(t, "second.txt") != "" {
		t.Fatalf("after the first run: %+v", first)
	}
	run.Session, run.Feedback = first.Session, "second.txt is missing"
	second := s.run(t, run)
	if s.file(t, "second.txt") != "1\n" {
		t.Errorf("the feedback had no effect: %+v", second)
	}
	if second.Usage != s.lastSpent() {
		t.Errorf("usage of the second run is %+v, but %+v was reported", second.Usage, s.lastSpent())
	}
}

func doesNotStartWhenCanceled(t *testing.T, s stage) {
	ctx, cancel := context.WithCancelCause(t.Context())
	cancel(codybatch.ErrStopped)
	_, err := s.Agent.Run(ctx, s.fill(s.Shell(t, "echo started > started.txt")))
	if !errors.Is(err, codybatch.ErrStopped) || s.file(t, "started.txt") != "" {
		t.Errorf("got error %v, and started.txt holds %q", err, s.file(t, "started.txt"))
	}
}

func returnsTheCause(t *testing.T, s stage, cause error) {
	ctx, cancel := context.WithCancelCause(t.Context())
	defer cancel(nil)
	started := s.pipe(t, "started")
	run := s.Shell(t, "echo kept > work.txt\n"+childScript+"echo go > started; sleep 600")

	waited := make(chan error, 1)
	var canceled time.Time
	go func() {
		err := started()
		canceled = time.Now()
		cancel(cause)
		waited <- err
	}()
	result, err := s.Agent.Run(ctx, s.fill(run))
	if wait := <-waited; wait != nil {
		t.Fatalf("the script did not start: %v; the agent said %v", wait, err)
	}
	if !errors.Is(err, cause) {
		t.Errorf("got error %v, want %v", err, cause)
	}
	if took := time.Since(canceled); took > 5*time.Second {
		t.Errorf("it took %s to stop", took)
	}
	s.expectChildDead(t)
	if s.file(t, "work.txt") != "kept\n" {
		t.Error("the changes are lost")
	}
	if result.Usage != s.lastSpent() || (s.OnRequest != nil && result.Usage == codybatch.Usage{}) {
		t.Errorf("usage is %+v, but %+v was reported", result.Usage, s.lastSpent())
	}
}

func readsNothingOutside(t *testing.T, s stage) {
	if err := (sandbox.Confinement{Mode: sandbox.Require}).Check(); err != nil {
		t.Skip(err)
	}
	s.run(t, s.Shell(t, "cat ../outside > seen || true; ls .. > listed || true; echo mine > ../outside || true; echo mine > ../new || true"))
	if seen, listed := s.file(t, "seen"), s.file(t, "listed"); seen != "" || listed != "" {
		t.Errorf("a program read %q and listed %q", seen, listed)
	}
	entries, err := os.ReadDir(s.root)
	if err != nil || len(entries) != 3 {
		t.Errorf("beside the workspace there is %v, %v", entries, err)
	}
	if content, err := os.ReadFile(filepath.Join(s.root, "outside")); err != nil || string(content) != "not yours\n" {
		t.Errorf("the file outside holds %q, %v", content, err)
	}
}
