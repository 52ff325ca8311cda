package claudecode

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/agent/apierror"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

// ending is how a run came to its end, without an error.
type ending struct {
	outcome codybatch.Outcome
	reason  string
	summary string
	// isOver says that a call ended because the run did, or who asked was gone: that
	// is not how a run ends.
	isOver bool
}

// conclude is how a run ended by the model's last message.
func conclude(text string) ending {
	said := cut(strings.TrimSpace(printable(text)), maxSummary)
	if why, isBlocked := strings.CutPrefix(said, blockedMark); isBlocked {
		why = strings.TrimSpace(why)
		return ending{outcome: codybatch.OutcomeBlocked, reason: cmp.Or(why, "the model says that it can't be done, and not why"), summary: why}
	}
	return ending{outcome: codybatch.OutcomeChanged, summary: said}
}

// judge says how the run ended: by the program's last line, and where that is an
// error, by what the gateway knows of it.
func (s *session) judge(ended sandbox.Result) ending {
	last := s.transcript.result
	if last == nil {
		if verdict, failure := s.gateway.verdicts(); verdict != nil || failure != nil {
			return *cmp.Or(verdict, failure)
		}
		reason := fmt.Sprintf("Claude Code ended with exit code %d and without a result", ended.ExitCode)
		if said := s.transcript.complaint(); said != "" {
			reason = fmt.Sprintf("%s; it said: %s", reason, said)
		}
		return ending{outcome: codybatch.OutcomeInfraError, reason: reason}
	}
	said := cut(strings.TrimSpace(printable(last.Result)), maxSummary)
	if last.StopReason == "refusal" {
		return ending{outcome: codybatch.OutcomeRefused, reason: cmp.Or(apierror.Short(said), "the model refused the task")}
	}
	if last.subtype == "success" && !last.IsError {
		return conclude(said)
	}
	verdict, failure := s.gateway.verdicts()
	switch {
	case verdict != nil:
		return *verdict
	case last.subtype == "error_max_turns":
		return ending{outcome: codybatch.OutcomeMaxTurns, reason: fmt.Sprintf("the limit of %d turns is reached", s.maxTurns)}
	case last.subtype == "error_max_budget_usd":
		return ending{outcome: codybatch.OutcomeBudgetExhausted, reason: fmt.Sprintf("Claude Code has used up %s by its own count; %s are spent", s.ledger.limit, s.ledger.total().Cost)}
	case failure != nil:
		return *failure
	default:
		return ending{outcome: codybatch.OutcomeAPIError, reason: fmt.Sprintf("Claude Code gave up (%s): %s", apierror.Short(last.subtype), cmp.Or(apierror.Short(said), "it does not say why"))}
	}
}
