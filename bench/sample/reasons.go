package main

import (
	"bytes"
	"fmt"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// why says what people read about a failure, in the words of the worker.
func (p plot) why() string {
	if p.reason != "" {
		return p.reason
	}
	switch p.outcome {
	case codybatch.OutcomeVerifyFailed:
		return fmt.Sprintf("%q passed before the change and ends with exit code 2 after it; the diff is kept", p.test())
	case codybatch.OutcomeGateBlocked:
		return "the diff is kept, but it may not be published: it changes files that decide what runs elsewhere; name them in the prompt to allow that (.github/workflows/ci.yml)"
	case codybatch.OutcomeAPIError:
		return fmt.Sprintf("the API did not answer in 11 tries; the last one: 529 overloaded_error: Overloaded (request req_%s)", commit("request " + string(p.repository.Name))[:20])
	case codybatch.OutcomeBlocked:
		return "The client in this repository is generated from a schema that lives elsewhere, so an edit here would be lost with the next build. The change has to be made in acme/api-schemas."
	case codybatch.OutcomeBudgetExhausted:
		return "$1.98 of $2.00 is spent, and the rest does not pay for another turn"
	case codybatch.OutcomeMaxTurns:
		return "the limit of 80 turns is reached"
	case codybatch.OutcomeTimeout:
		return "the attempt took longer than agent.timeoutSeconds; what it had changed by then is kept"
	case codybatch.OutcomeStuck:
		return "the model made the same call 5 times, with the same result"
	case codybatch.OutcomeRefused:
		return "the model refuses this task"
	case codybatch.OutcomeConflict:
		return "branch \"" + p.job.PullRequest.Branch + "\" holds commits that are not ours; delete or rename it, then retry"
	case codybatch.OutcomeCanceled:
		return "canceled by a person while it was running"
	case codybatch.OutcomeAuthError:
		return "the API refuses the key: 401 authentication_error: invalid x-api-key. Check CLAUDE_API_KEY (or ANTHROPIC_API_KEY), that the key may use this model, and ANTHROPIC_BASE_URL; then retry"
	case codybatch.OutcomeInfraError:
		return "clone " + string(p.repository.Name) + ": the remote end hung up unexpectedly; early EOF"
	default:
		return ""
	}
}

func fingerprint(patch []byte) string {
	name, err := codybatch.Fingerprint(bytes.NewReader(patch))
	if err != nil {
		panic(err) // memory can be read
	}
	return name
}
