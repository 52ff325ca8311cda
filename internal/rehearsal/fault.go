package rehearsal

import (
	"fmt"
	"slices"
	"strings"
)

// FaultKind names something that goes wrong.
type FaultKind string

// The faults. Those from FaultRateLimit to FaultRequestTooLarge are answers with an
// error status; those from FaultStreamError to FaultSlow happen to a stream that
// began well; the last four are whole answers that are not what was hoped for.
const (
	FaultRateLimit    FaultKind = "rateLimit"    // 429 with retry-after
	FaultSpendLimit   FaultKind = "spendLimit"   // 429 that no retry helps
	FaultOverloaded   FaultKind = "overloaded"   // 529
	FaultServerError  FaultKind = "serverError"  // 500
	FaultBadGateway   FaultKind = "badGateway"   // 502 with HTML, as proxies do
	FaultUnauthorized FaultKind = "unauthorized" // 401
	// Both are given up at once: the same request is never shorter.
	FaultPromptTooLong   FaultKind = "promptTooLong"   // 400: more tokens than the model's context has
	FaultRequestTooLarge FaultKind = "requestTooLarge" // 413: more bytes than the API takes

	FaultStreamError FaultKind = "streamError" // an SSE event "error": overloaded
	FaultTruncated   FaultKind = "truncated"   // the stream ends cleanly, in a tool call if there is one
	FaultReset       FaultKind = "reset"       // the connection is reset
	FaultSilence     FaultKind = "silence"     // nothing more comes until the client goes away
	FaultSlow        FaultKind = "slow"        // DelayMS before every event

	FaultRefusal           FaultKind = "refusal"
	FaultMaxTokens         FaultKind = "maxTokens" // cut off, in a tool call if there is one
	FaultPauseTurn         FaultKind = "pauseTurn" // the text without the tool calls
	FaultMalformedToolJSON FaultKind = "malformedToolJSON"
)

func faultKinds() []FaultKind {
	return []FaultKind{
		FaultRateLimit, FaultSpendLimit, FaultOverloaded, FaultServerError, FaultBadGateway, FaultUnauthorized,
		FaultPromptTooLong, FaultRequestTooLarge,
		FaultStreamError, FaultTruncated, FaultReset, FaultSilence, FaultSlow,
		FaultRefusal, FaultMaxTokens, FaultPauseTurn, FaultMalformedToolJSON,
	}
}

// Fault goes wrong the first Times that its turn is asked for in a conversation.
type Fault struct {
	Kind  FaultKind `json:"kind"`
	Times int       `json:"times,omitempty"` // 0 is 1
	// RetryAfterSeconds is sent with FaultRateLimit; 0 is one second.
	RetryAfterSeconds int `json:"retryAfterSeconds,omitempty"`
	DelayMS           int `json:"delayMs,omitempty"` // for FaultSlow, in milliseconds
}

func (f Fault) validate() error {
	switch {
	case !slices.Contains(faultKinds(), f.Kind):
		names := make([]string, 0, len(faultKinds()))
		for _, kind := range faultKinds() {
			names = append(names, string(kind))
		}
		return fmt.Errorf("kind: %q is none of %s", f.Kind, strings.Join(names, ", "))
	case f.Times < 0:
		return fmt.Errorf("times: %d is negative", f.Times)
	case f.RetryAfterSeconds < 0:
		return fmt.Errorf("retryAfterSeconds: %d is negative", f.RetryAfterSeconds)
	case f.DelayMS < 0 || f.DelayMS > maxDelayMS:
		return fmt.Errorf("delayMs: %d is not between 0 and %d", f.DelayMS, maxDelayMS)
	}
	return nil
}

// due returns the fault for the n-th time that a turn is asked for, from 0.
func (t Turn) due(n int) Fault {
	for _, fault := range t.Faults {
		times := max(1, fault.Times)
		if n < times {
			return fault
		}
		n -= times
	}
	return Fault{}
}

// failure is an answer with an error status.
type failure struct {
	status     int
	kind       string // error.type
	message    string
	details    any
	retryAfter int // seconds; 0: none
}

// failure returns what a fault answers instead of a message, if it does.
func (f Fault) failure() (failure, bool) {
	switch f.Kind {
	case FaultRateLimit:
		return failure{status: 429, kind: "rate_limit_error", message: "Rehearsed: number of requests has exceeded your rate limit.", retryAfter: max(1, f.RetryAfterSeconds)}, true
	case FaultSpendLimit:
		details := map[string]string{"error_code": "enforced_spend_limit_reached"}
		return failure{status: 429, kind: "rate_limit_error", message: "Rehearsed: the spend limit is reached.", details: details}, true
	case FaultOverloaded:
		return failure{status: 529, kind: "overloaded_error", message: "Rehearsed: overloaded."}, true
	case FaultServerError:
		return failure{status: 500, kind: "api_error", message: "Rehearsed: internal server error."}, true
	case FaultBadGateway:
		return failure{status: 502}, true
	case FaultUnauthorized:
		return failure{status: 401, kind: "authentication_error", message: "Rehearsed: invalid x-api-key."}, true
	case FaultPromptTooLong:
		return failure{status: 400, kind: "invalid_request_error", message: "prompt is too long: 214031 tokens > 200000 maximum (rehearsed)"}, true
	case FaultRequestTooLarge: // the description has no request_too_large
		return failure{status: 413, kind: "invalid_request_error", message: "Rehearsed: request exceeds the maximum size."}, true
	default:
		return failure{}, false
	}
}

// repeatsTurn reports whether the turn is still to be played after an answer
// with this fault was kept by the client.
func (f Fault) repeatsTurn() bool {
	switch f.Kind {
	case FaultMaxTokens, FaultPauseTurn, FaultMalformedToolJSON, FaultRefusal:
		return true
	default:
		return false
	}
}
