package main

import (
	"fmt"
	"strings"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// plot is what is to happen in an attempt.
type plot struct {
	job        codybatch.Job
	repository codybatch.Repository
	change     change
	outcome    codybatch.Outcome
	reason     string // empty: a usual one
	gates      []codybatch.GateFinding
	again      bool // an earlier attempt failed, and a person said retry
	start      time.Time
}

// story is an attempt from its first event to its result.
type story struct {
	events []codybatch.ThreadEvent
	last   int // where the end begins: the verification before finish
	log    string
	patch  []byte
	result codybatch.TaskResult
	start  time.Time
	end    time.Time
}

// tell makes the story of an attempt by the model.
func tell(p plot) story {
	t := newTalk(string(p.repository.Name)+p.job.Name, p.start)
	t.now = t.now.Add(t.between(2*time.Second, 9*time.Second)) // resolving, cloning
	t.verify(p.job.Verify, true, 0, p.change.passed)
	if p.job.Agent.Type == codybatch.AgentScript {
		return p.script(t)
	}
	t.begin(p.job, p.repository, p.job.Prompt, p.facts())
	s := story{start: p.start, last: len(t.events)}
	switch p.outcome {
	case codybatch.OutcomeChanged, codybatch.OutcomeVerifyFailed, codybatch.OutcomeGateBlocked:
		p.look(t)
		p.work(t)
		s.last = len(t.events)
		p.hand(t)
		s.patch = p.change.patch()
	case codybatch.OutcomeNoChanges:
		t.turn(turn{
			say: "I'll look for the places that the task is about.", tool: "grep",
			input: map[string]any{"pattern": p.change.search}, output: "nothing matches",
		})
		t.turn(p.finish("no_change_needed", "This repository has no place that the task is about: nothing matches `"+p.change.search+"`, in code or in configuration."))
		t.end(p.outcome, "")
	case codybatch.OutcomeBlocked:
		p.look(t)
		t.turn(p.finish("blocked", p.why()))
		t.end(p.outcome, p.why())
	case codybatch.OutcomeAPIError:
		p.look(t)
		for try := range 4 {
			t.notice(codybatch.EventRetry, fmt.Sprintf("529 overloaded_error: Overloaded. Try %d of 11 in %ds.", try+2, 4<<try), time.Duration(4<<try)*time.Second)
		}
		t.end(p.outcome, p.why())
	default: // something ends it on the way
		p.look(t)
		p.edit(t, p.change.files[0])
		t.end(p.outcome, p.why())
	}
	if p.outcome.Status() == codybatch.TaskFailed {
		t.add(codybatch.ThreadEvent{Type: codybatch.EventNotice, Outcome: p.outcome, Reason: p.why()}, 0)
	}
	s.result = p.result(t, s.patch)
	s.events, s.log, s.end = t.events, t.log.String(), t.now
	return s
}

func (p plot) facts() string {
	top := map[string]bool{}
	var list strings.Builder
	for _, f := range p.change.files {
		name, _, isFolder := strings.Cut(f.path, "/")
		if isFolder {
			name += "/"
		}
		if !top[name] && f.before != "" {
			top[name] = true
			list.WriteString("- " + name + "\n")
		}
	}
	return fmt.Sprintf("The repository: %s, at commit %s.\n\nIn its top folder:\n- .editorconfig\n- .gitignore\n- Makefile\n- README.md\n%s",
		p.repository.Name, commit(string(p.repository.Name)), list.String())
}

// look is how the model finds its way.
func (p plot) look(t *talk) {
	var found []string
	for _, f := range p.change.files {
		n := 0
		for line := range strings.Lines(f.before) {
			if n++; strings.Contains(line, p.change.search) {
				found = append(found, fmt.Sprintf("%s:%d:%s", f.path, n, strings.TrimSuffix(line, "\n")))
			}
		}
	}
	if found == nil {
		found = []string{"nothing matches"}
	}
	t.turn(turn{
		say: "I'll find every place that the task is about.", tool: "grep",
		input: map[string]any{"pattern": p.change.search}, output: strings.Join(found, "\n"),
	})
	for _, f := range p.change.files {
		if f.before != "" {
			t.turn(turn{tool: "read", input: map[string]any{"file_path": f.path}, output: numbered(f.before)})
		}
	}
}

// work changes the first file, sees the tests fail, and changes the others.
func (p plot) work(t *talk) {
	for i, f := range p.change.files {
		p.edit(t, f)
		if i == 0 && len(p.change.files) > 1 && p.change.broken != "" {
			code := 2
			t.turn(turn{
				say: "Now the tests, to see what else depends on it.", tool: "bash", input: map[string]any{"command": p.test()},
				output: p.change.broken + fmt.Sprintf("\n(exit status %d)", code), exit: &code, took: t.between(3*time.Second, 40*time.Second),
			})
		}
	}
}

func (p plot) edit(t *talk, f file) {
	think := ""
	if f.path == p.change.files[0].path {
		think = p.change.plan
	}
	if f.before == "" {
		t.turn(turn{
			think: think, tool: "write", input: map[string]any{"file_path": f.path, "content": f.after},
			output: fmt.Sprintf("Wrote %s: %d lines.", f.path, strings.Count(f.after, "\n")),
		})
		return
	}
	for _, e := range f.edits() {
		t.turn(turn{
			think: think, tool: "edit", input: map[string]any{"file_path": f.path, "old_string": e.old, "new_string": e.new},
			output: fmt.Sprintf("Edited %s: 1 replaced, in line %d.", f.path, e.line),
		})
		think = ""
	}
}

// hand is the end of the work: verification, finish, and what the worker makes of it.
func (p plot) hand(t *talk) {
	code, output, verdict := 0, p.change.passed, "passed\n"
	if p.outcome == codybatch.OutcomeVerifyFailed {
		code, output, verdict = 2, p.change.broken, "FAILED with exit status 2\n"+p.change.broken
	}
	var said strings.Builder
	for i, command := range p.job.Verify {
		if i < len(p.job.Verify)-1 {
			fmt.Fprintf(&said, "$ %s\npassed\n", command)
			continue
		}
		fmt.Fprintf(&said, "$ %s\n%s", command, verdict)
		t.turn(turn{tool: "verify", output: said.String(), exit: &code, took: t.between(4*time.Second, 50*time.Second)})
	}
	t.turn(p.finish("changed", p.change.summary))
	t.end(codybatch.OutcomeChanged, "")
	for _, g := range p.gates {
		t.add(codybatch.ThreadEvent{Type: codybatch.EventGate, Rule: g.Rule, Level: g.Level, Paths: g.Paths, Reason: g.Message}, 0)
	}
	if p.outcome != codybatch.OutcomeGateBlocked {
		t.verify(p.job.Verify, false, code, output)
	}
}

func (p plot) finish(status, summary string) turn {
	input := map[string]any{"status": status, "summary": summary}
	if status == "changed" {
		input["pr_title"], input["pr_body"] = p.change.title, p.change.body
	}
	return turn{tool: "finish", input: input, output: "Recorded."}
}

// test is the command that says most.
func (p plot) test() string {
	if len(p.job.Verify) == 0 {
		return "git diff --stat"
	}
	return p.job.Verify[len(p.job.Verify)-1]
}

// script is the story of a job without a model.
func (p plot) script(t *talk) story {
	t.begin(p.job, p.repository, p.job.Agent.Script, "")
	code := 0
	output := ""
	t.add(codybatch.ThreadEvent{
		Type: codybatch.EventTool, Name: "script", Input: document(map[string]string{"script": p.job.Agent.Script}),
		Content: document([]map[string]string{{"type": "text", "text": output}}), ExitCode: &code,
	}, t.between(20*time.Millisecond, 400*time.Millisecond))
	t.end(p.outcome, "")
	s := story{start: p.start, last: len(t.events)}
	if p.outcome == codybatch.OutcomeChanged {
		s.patch = p.change.patch()
		t.verify(p.job.Verify, false, 0, "")
	}
	s.result = p.result(t, s.patch)
	s.result.Summary = ""
	s.events, s.log, s.end = t.events, t.log.String(), t.now
	return s
}

// result is what the attempt leaves behind.
func (p plot) result(t *talk, patch []byte) codybatch.TaskResult {
	r := codybatch.TaskResult{
		Outcome: p.outcome, Engine: p.job.Engine, BaseCommit: commit(string(p.repository.Name)),
		Verified: t.results, Usage: t.usage,
	}
	if len(patch) > 0 {
		r.HasDiff, r.DiffStat, r.Fingerprint = true, statOf(patch), fingerprint(patch)
		r.Gates, r.Summary = p.gates, p.change.summary
	}
	if p.outcome == codybatch.OutcomeNoChanges {
		r.Summary = "This repository has no place that the task is about: nothing matches `" + p.change.search + "`, in code or in configuration."
	}
	if p.outcome.Status() != codybatch.TaskSucceeded {
		r.Error = &codybatch.TaskError{Code: string(p.outcome), Message: p.why()}
	}
	return r
}
