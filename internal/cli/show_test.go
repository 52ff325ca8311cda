package cli

import (
	"testing"

	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

func TestReason(t *testing.T) {
	t.Parallel()
	before := func(command string, code int) httpapi.Verification {
		return httpapi.Verification{Command: command, ExitCode: code, Baseline: true}
	}
	after := func(command string, code int) httpapi.Verification {
		return httpapi.Verification{Command: command, ExitCode: code}
	}
	for want, task := range map[string]httpapi.Task{
		"rejected in review: not now": {Outcome: "changed", Review: &httpapi.Review{Decision: "rejected", Note: "not now"}},
		"rejected in review":          {Outcome: "changed", Review: &httpapi.Review{Decision: "rejected"}},
		"":                            {Outcome: "changed", Verification: []httpapi.Verification{before("a", 0), after("a", 0)}},
		"a failed before the change, too": {Outcome: "changed", Verification: []httpapi.Verification{
			before("a", 1), after("a", 2)}},
		"a failed before, passes now": {Outcome: "changed", Verification: []httpapi.Verification{
			before("a", 1), before("b", 0), after("a", 0), after("b", 0)}},
		"b failed before the change, too": {Outcome: "changed", Verification: []httpapi.Verification{
			before("a", 1), before("b", 1), after("a", 0), after("b", -1)}},
		"a fails on the base commit": {Outcome: "no_changes", Summary: "Nothing to do.", Verification: []httpapi.Verification{before("a", 1)}},
		"a failed before the change": {Outcome: "changed", Verification: []httpapi.Verification{before("a", 1)}},
	} {
		if got := reason(task); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
