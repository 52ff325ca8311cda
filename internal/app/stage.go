package app

import (
	"context"
	"fmt"
	"os"
	"slices"

	"github.com/liamzdenek/cody-batch/internal/agent/claude"
	"github.com/liamzdenek/cody-batch/internal/agent/claudecode"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

// stage is where a rehearsal plays: a Messages API server on this machine.
type stage struct {
	url   string
	close func(context.Context) error
}

func openStage(ctx context.Context, o Options) (*stage, error) {
	scenario := builtIn()
	if o.Scenario != "" {
		document, err := os.ReadFile(o.Scenario)
		if err != nil {
			return nil, fmt.Errorf("read the rehearsal's scenario: %w", err)
		}
		if scenario, err = rehearsal.ParseScenario(document); err != nil {
			return nil, fmt.Errorf("%s: %w", o.Scenario, err)
		}
	}
	server, err := rehearsal.New(scenario, rehearsal.Options{Log: o.Log, Now: o.Now})
	if err != nil {
		return nil, err
	}
	// Attempts that are being put back still speak with it when ctx is over;
	// Close ends it after them.
	url, stop, err := server.Start(context.WithoutCancel(ctx))
	if err != nil {
		return nil, err
	}
	return &stage{url: url, close: stop}, nil
}

// builtIn is the rehearsal without a scenario: every conversation looks around
// and leaves a note, so that a person sees the whole way of a job. A remark on that
// adds a line, and the judge accepts.
func builtIn() rehearsal.Scenario {
	const note = "This file was written by a rehearsal of Cody Batch: a script has answered in Claude's place.\n"
	mend := rehearsal.Call("bash", map[string]string{"command": "echo 'A person has sent a remark.' >>REHEARSAL.md"})
	mend.Text = "A rehearsal can't understand a remark, so it adds a line about it to its note."
	finish := rehearsal.Finish("changed", "Rehearsed: the note tells of the remark.", "Rehearsal: leave a note", note)
	both := mend
	both.Tools = append(slices.Clone(mend.Tools), finish.Tools...)
	return rehearsal.Scenario{Name: "built-in", Acts: []rehearsal.Act{
		{Name: "judge", When: rehearsal.When{Judge: true}, Turns: []rehearsal.Turn{
			rehearsal.Judge("accept", "A rehearsal: nobody has looked at the change."),
		}},
		{Name: "hear a remark", When: rehearsal.When{LastContains: []string{claude.RemarkHead}}, Turns: []rehearsal.Turn{both}},
		{Name: "hear a remark with Claude Code", When: rehearsal.When{LastContains: []string{claudecode.RemarkHead}}, Turns: []rehearsal.Turn{mend, finish}},
		{Name: "leave a note", Turns: []rehearsal.Turn{
			rehearsal.Call("bash", map[string]string{"command": "ls"}),
			rehearsal.Call("write", map[string]string{"file_path": "REHEARSAL.md", "content": note}),
			rehearsal.Finish("changed", "Rehearsed: left a note in REHEARSAL.md.", "Rehearsal: leave a note", note),
		}},
	}}
}
