package apierror

import (
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/anthropics/anthropic-sdk-go/shared"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

const (
	// KeyAdvice tells a person where to look when a key is refused.
	KeyAdvice = "Check CLAUDE_API_KEY (or ANTHROPIC_API_KEY), that the key may use this model, and ANTHROPIC_BASE_URL"
	// Outgrown tells a person what to do when a session outgrows the model.
	Outgrown = "the conversation no longer fits into the model's context; what was done is kept. Ask for less in one job, or take a model with a larger context"

	longestReason = 500 // bytes of a server's own words
)

// Verdict is what an error of the API means for the call that got it.
type Verdict struct {
	Retry    bool              // the same call may fare better later
	Asked    time.Duration     // how long the server wants to be left alone; 0: it did not say
	Limited  bool              // a rate limit, which others with the same key and model meet too
	Crowded  bool              // there were too many calls at once: a rate limit, or an overloaded API
	Refused  string            // the API's words, when it refuses the key or its account, whatever is called
	Outgrown bool              // the conversation is too long; a shorter one may go on
	Outcome  codybatch.Outcome // when it is given up
	Reason   string            // for people
}

// Judge says what an answer with an error means. The advice is what to check when the
// key is refused. It quotes the server's own message, and no header but the number of
// the request; a server may have put anything there, the key too.
func Judge(status int, header http.Header, body Body, advice string, now time.Time) Verdict {
	if status == http.StatusOK { // an error event in the stream
		status = StatusOf(body.Error.Type)
	}
	said := fmt.Sprintf("%d %s", status, body.Error.Type)
	if body.Error.Message != "" {
		said += ": " + Short(body.Error.Message)
	}
	if id := header.Get("Request-Id"); id != "" {
		said += " (request " + Short(id) + ")"
	}
	v := Verdict{Outcome: codybatch.OutcomeAPIError, Reason: said, Asked: RetryAfter(header, now)}
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		v.Outcome, v.Refused = codybatch.OutcomeAuthError, said
		v.Reason = "the API refuses the key: " + said + ". " + advice + "; then retry"
	case status == http.StatusPaymentRequired, body.Error.Type == string(shared.ErrorTypeBillingError):
		v.Refused = said
		v.Reason = "the account can't pay: " + said + ". Add credit or mend the billing of the account, then retry"
	case body.Error.Details.ErrorCode == "enforced_spend_limit_reached":
		v.Refused = said
		v.Reason = "the account's own spend limit is reached: " + said + ". Raise it or wait for the next period, then retry"
	case status == http.StatusTooManyRequests:
		v.Retry, v.Limited, v.Crowded = true, true, true
	case status == http.StatusRequestEntityTooLarge, status == http.StatusBadRequest && strings.Contains(body.Error.Message, "prompt is too long"):
		v.Outcome, v.Reason, v.Outgrown = codybatch.OutcomeBlocked, Outgrown, true
	case status == http.StatusNotFound:
		v.Reason = "the API does not know the model, or not at this address: " + said
	case status == http.StatusRequestTimeout, status == http.StatusConflict, status >= 500:
		v.Retry = true
		v.Crowded = status == StatusOverloaded
	}
	return v
}

// Short is others' words, fit for a reason.
func Short(s string) string {
	s = strings.TrimSpace(sandbox.Clean(s))
	if len(s) <= longestReason {
		return s
	}
	return strings.ToValidUTF8(s[:longestReason], "") + "…"
}
