package app_test

import (
	"log/slog"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/agent/claudecode"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/config"
)

// A rehearsal by itself hears remarks with either engine, and more than one of them.
func TestARehearsalHearsRemarksWithClaudeCode(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Config = config.Config{AllowedRepositories: o.Config.AllowedRepositories, ClaudeCodePath: claudeCode(t)}
	o.Rehearse, o.Lease, o.Log = true, 30*time.Second, slog.New(slog.DiscardHandler)
	a := open(t, o)
	job, _, err := a.Service.CreateJob(t.Context(), codybatch.JobSpec{
		Name: "Leave a note", Prompt: "Leave a note.", Repositories: []codybatch.RepositoryName{"acme/site"},
		Agent: codybatch.AgentSpec{Type: codybatch.AgentClaudeCode, MaxTurns: 10},
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	ended(t, a, job.ID)
	for _, remark := range []string{"Say more.", "And more."} {
		if _, err := a.Service.FeedbackTask(t.Context(), codybatch.TaskKey{JobID: job.ID, Repository: "acme/site"}, remark, ""); err != nil {
			t.Fatal(err)
		}
		if job := ended(t, a, job.ID); job.Counts.Changed != 1 {
			t.Fatalf("after %q: %+v", remark, job.Counts)
		}
	}
	diff := diffsOf(t, a, job.ID, []codybatch.RepositoryName{"acme/site"})["acme/site"]
	if strings.Count(diff, "+A person has sent a remark.") != 2 || strings.Count(diff, "+This file was written") != 1 {
		t.Errorf("the diff is\n%s", diff)
	}
}

// What Claude Code did is judged as well: the judge sends it back into its own
// conversation, and is asked again.
func TestClaudeCodeIsJudged(t *testing.T) {
	t.Parallel()
	o := options(t)
	o.Config = config.Config{AllowedRepositories: o.Config.AllowedRepositories, ClaudeCodePath: claudeCode(t)}
	o.Rehearse, o.Lease, o.Log = true, 30*time.Second, slog.New(slog.DiscardHandler)
	o.Scenario = filepath.Join(t.TempDir(), "scenario.yaml")
	if err := os.WriteFile(o.Scenario, []byte(`
name: judged
acts:
  - name: content
    when: {judge: true, matches: '(?m)^\+site, mended$'}
    turns:
      - text: '{"followsTask":true,"outOfScope":[],"weakensTests":false,"suspicious":false,"reasons":["Mended."],"verdict":"accept"}'
  - name: not content
    when: {judge: true}
    turns:
      - text: '{"followsTask":false,"outOfScope":["NOTES"],"weakensTests":false,"suspicious":false,"reasons":["It says nothing."],"verdict":"revise"}'
  - name: work
    turns:
      - tools: [{name: Bash, input: {command: 'echo "site, changed" >README.md; echo x >NOTES'}}]
      - text: Changed it.
      - tools: [{name: Bash, input: {command: 'echo "site, mended" >README.md; rm NOTES'}}]
      - text: Mended it.
`), 0o600); err != nil {
		t.Fatal(err)
	}
	a := open(t, o)
	job, _, err := a.Service.CreateJob(t.Context(), codybatch.JobSpec{
		Name: "Change it", Prompt: "Change it.", Repositories: []codybatch.RepositoryName{"acme/site"}, Judge: true,
		Agent: codybatch.AgentSpec{Type: codybatch.AgentClaudeCode, MaxTurns: 10},
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	job = ended(t, a, job.ID)
	task, err := a.Service.Task(t.Context(), codybatch.TaskKey{JobID: job.ID, Repository: "acme/site"})
	if err != nil {
		t.Fatal(err)
	}
	if task.Outcome != codybatch.OutcomeChanged || task.Judgement == nil || task.Judgement.Verdict != codybatch.VerdictAccept || task.Summary != "Mended it." || !task.Accepted {
		t.Fatalf("the task is %+v, %+v, judged %+v", task, task.Error, task.Judgement)
	}
	diff := diffsOf(t, a, job.ID, []codybatch.RepositoryName{"acme/site"})["acme/site"]
	if !strings.Contains(diff, "+site, mended") || strings.Contains(diff, "NOTES") {
		t.Errorf("the diff is\n%s", diff)
	}
	thread, err := a.Service.Thread(t.Context(), task.Key(), 0, 0)
	if err != nil {
		t.Fatal(err)
	}
	var judged, answers int
	isSentBack := false
	for _, m := range thread.Messages {
		switch m.Type {
		case codybatch.EventJudge:
			judged++
		case codybatch.EventAssistant:
			answers++
		case codybatch.EventRequest:
			isSentBack = isSentBack || slices.ContainsFunc(m.Blocks, func(b codybatch.Block) bool { return strings.Contains(b.Text, "It says nothing.") })
		default: // of no matter here
		}
	}
	if judged != 2 || answers != 4 || !isSentBack {
		t.Errorf("%d judgements, %d answers, sent back: %t", judged, answers, isSentBack)
	}
	if task.Usage.Cost == 0 || task.Usage != thread.Usage || job.Usage != task.Usage {
		t.Errorf("the task used %+v, its thread %+v, the job %+v", task.Usage, thread.Usage, job.Usage)
	}
}

// claudeCode is the program that make claude-code installs.
func claudeCode(t *testing.T) string {
	t.Helper()
	program, err := claudecode.Find(filepath.Join(sourceRoot(), "tools", "claude-code", "node_modules", ".bin", "claude"))
	if err == nil {
		return program
	}
	if slices.Contains(strings.Split(os.Getenv("CODYBATCH_TEST_REQUIRE"), ","), "claude-code") {
		t.Fatalf("%v; run make claude-code", err)
	}
	t.Skipf("%v; run make claude-code", err)
	return ""
}
