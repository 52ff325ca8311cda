package claudecode_test

import (
	"testing"

	"github.com/liamzdenek/cody-batch/internal/agent/agenttest"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

func TestAgent_keeps_the_promises_of_the_port(t *testing.T) {
	t.Parallel()
	program := program(t)
	agenttest.Run(t, func(t *testing.T) agenttest.Fixture {
		s := newStage(t, program)
		done := rehearsal.Say("Done.")
		shell := func(script string) rehearsal.Turn { return bash("set -eu\n" + script) }
		return agenttest.Fixture{
			Agent: s.agent(t),
			Shell: func(t *testing.T, script string) codybatch.AgentRun { return s.play(t, shell(script), done) },
			Limit: func(t *testing.T, script string) (codybatch.AgentRun, codybatch.Outcome) {
				run := s.play(t, shell(script), done)
				run.Spec.MaxTurns = 1
				return run, codybatch.OutcomeMaxTurns
			},
			Feedback: func(t *testing.T, first, second string) codybatch.AgentRun {
				return s.play(t, shell(first), done, shell(second), done)
			},
			OnRequest: func(f func()) { s.onRequest = f },
		}
	})
}
