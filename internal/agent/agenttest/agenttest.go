// Package agenttest holds the promises of codybatch.Agent as programs, to be run
// against every agent.
package agenttest

import (
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// Fixture is an agent, and what makes it behave as a test wants it to. Its
// functions return runs with Prompt, Spec and Budget set as the agent needs
// them; the suite fills in the rest. What belongs to one test, such as a
// rehearsed conversation, is made for that test and cleaned up with it.
type Fixture struct {
	Agent codybatch.Agent

	// Shell makes the agent run a script with bash, in the workspace, once, to
	// its end, and be content afterwards. The script is fit for "bash -eu" and
	// may start processes.
	Shell func(t *testing.T, script string) codybatch.AgentRun

	// Limit makes the agent run the script as Shell does, and then reach a limit
	// that ends in the outcome. Nil: the agent has no limit of its own.
	Limit func(t *testing.T, script string) (codybatch.AgentRun, codybatch.Outcome)

	// Feedback makes the agent run the first script and be content, and the second
	// one when it is called again with its session and a feedback. Nil: the agent
	// takes no feedback.
	Feedback func(t *testing.T, first, second string) codybatch.AgentRun

	// OnRequest has a function called whenever the agent asks for tokens, before
	// they are given. It is called before a run starts. Nil: the agent never asks.
	// Agents that ask are expected to spend something with every request.
	OnRequest func(func())
}

// Run runs the suite. Open is called once in each test; tests run at once.
func Run(t *testing.T, open func(t *testing.T) Fixture) {
	tests := map[string]func(t *testing.T, s stage){
		"changes_the_workspace":                      changesTheWorkspace,
		"may_change_nothing":                         mayChangeNothing,
		"keeps_a_thread_from_start_to_end":           keepsAThread,
		"stops_when_the_thread_cannot_be_kept":       stopsWithoutThread,
		"logs_what_programs_print":                   logsWhatProgramsPrint,
		"leaves_no_process_when_it_is_done":          leavesNoProcess,
		"leaves_no_process_at_a_limit":               leavesNoProcessAtALimit,
		"changes_nothing_outside_the_workspace":      changesNothingOutside,
		"reads_nothing_outside_the_workspace":        readsNothingOutside,
		"takes_a_limit_for_an_outcome":               takesALimitForAnOutcome,
		"reports_what_it_spent_before_it_asks_again": reportsBeforeItAsksAgain,
		"goes_on_with_feedback":                      goesOnWithFeedback,
		"does_not_start_when_canceled_already":       doesNotStartWhenCanceled,
	}
	for name, cause := range map[string]error{
		"canceled": codybatch.ErrCanceled, "stopped": codybatch.ErrStopped, "timed_out": codybatch.ErrTimeout,
	} {
		tests["returns_the_cause_and_leaves_no_process_when_"+name] = func(t *testing.T, s stage) { returnsTheCause(t, s, cause) }
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, stage{open(t), newScene(t)})
		})
	}
}
