package claude

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/shared"

	"github.com/liamzdenek/cody-batch/internal/agent/apierror"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

const (
	maxRetries    = 8 // of one call
	firstBackoff  = time.Second
	longestWait   = time.Minute
	longestAsked  = 2 * time.Minute // the most that a server's Retry-After gets
	longestReason = 500             // bytes of a server's own words
)

// Ways in which an answer ends without being one.
var (
	errTruncated = errors.New("the answer broke off before its end")
	errEndless   = errors.New("the answer does not end: it is longer than the model may make it; check ANTHROPIC_BASE_URL")
	errIdle      = errors.New("the model fell silent")
	errRedirect  = errors.New("the API's address answers with a redirect, which is not followed because the key would go with it; check ANTHROPIC_BASE_URL")
)

// verdict is what to do about a call that failed.
type verdict struct {
	retry   bool
	asked   time.Duration     // how long the server wants to be left alone; 0: it did not say
	wait    time.Duration     // before the next try
	limited bool              // a rate limit, which others with the same key and model meet too
	crowded bool              // there were too many calls at once: a rate limit, or an overloaded API
	refused string            // the API's words, when it refuses the key or its account, whatever is called
	advice  string            // where a person should look then
	outcome codybatch.Outcome // when it is given up
	reason  string            // for people

	outgrown bool // the conversation is too long; a shorter one may go on
}

// classify judges a call's error; the advice is what to check when the key is
// refused. It quotes the server's own message and what
// the network says, but no header and no URL.
func classify(err error, now time.Time, advice string) verdict {
	var api *anthropic.Error
	var certificate *tls.CertificateVerificationError
	switch {
	case errors.As(err, &api):
		return classifyAPI(api, now, advice)
	case errors.Is(err, errRedirect):
		return verdict{outcome: codybatch.OutcomeAPIError, reason: errRedirect.Error()}
	case errors.Is(err, errEndless):
		return verdict{outcome: codybatch.OutcomeAPIError, reason: errEndless.Error()}
	case errors.Is(err, errNotRehearsal):
		return verdict{outcome: codybatch.OutcomeAPIError, reason: errNotRehearsal.Error()}
	case errors.As(err, &certificate):
		return verdict{outcome: codybatch.OutcomeAPIError, reason: "the API's certificate is not trusted: " + short(certificate.Err.Error())}
	}
	var network *url.Error
	if errors.As(err, &network) {
		err = network.Err
	}
	return verdict{retry: true, outcome: codybatch.OutcomeAPIError, reason: short(err.Error())}
}

func classifyAPI(api *anthropic.Error, now time.Time, advice string) verdict {
	body := apierror.Read(api.RawJSON())
	status := api.StatusCode
	if status == http.StatusOK { // an error event in the stream
		status = apierror.StatusOf(body.Error.Type)
	}
	said := fmt.Sprintf("%d %s", status, body.Error.Type)
	if body.Error.Message != "" {
		said += ": " + short(body.Error.Message)
	}
	if api.RequestID != "" {
		said += " (request " + short(api.RequestID) + ")"
	}
	v := verdict{outcome: codybatch.OutcomeAPIError, reason: said, asked: retryAfter(api.Response, now), advice: advice}
	switch {
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		v.outcome, v.refused = codybatch.OutcomeAuthError, said
		v.reason = "the API refuses the key: " + said + ". " + advice + "; then retry"
	case status == http.StatusPaymentRequired, body.Error.Type == string(shared.ErrorTypeBillingError):
		v.refused = said
		v.reason = "the account can't pay: " + said + ". Add credit or mend the billing of the account, then retry"
	case body.Error.Details.ErrorCode == "enforced_spend_limit_reached":
		v.refused = said
		v.reason = "the account's own spend limit is reached: " + said + ". Raise it or wait for the next period, then retry"
	case status == http.StatusTooManyRequests:
		v.retry, v.limited, v.crowded = true, true, true
	case status == http.StatusRequestEntityTooLarge, isTooLong(status, body.Error.Message):
		v.outcome, v.reason, v.outgrown = codybatch.OutcomeBlocked, tooLong, true
	case status == http.StatusNotFound:
		v.reason = "the API does not know the model, or not at this address: " + said
	case status == http.StatusRequestTimeout, status == http.StatusConflict, status >= 500:
		v.retry = true
		v.crowded = status == apierror.StatusOverloaded
	}
	return v
}

// tooLong tells a person what to do when a session outgrows the model.
const tooLong = "the conversation no longer fits into the model's context; what was done is kept. Ask for less in one job, or take a model with a larger context"

func isTooLong(status int, message string) bool {
	return status == http.StatusBadRequest && strings.Contains(message, "prompt is too long")
}

// retryAfter reads how long a server wants to be left alone, in seconds or as a
// date; 0 when it does not say.
func retryAfter(res *http.Response, now time.Time) time.Duration {
	if res == nil {
		return 0
	}
	value := res.Header.Get("Retry-After")
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds > 0 {
		return time.Duration(min(seconds, longestAsked.Seconds()) * float64(time.Second))
	}
	if date, err := http.ParseTime(value); err == nil {
		return min(max(0, date.Sub(now)), longestAsked)
	}
	return 0
}

// backoff is how long to wait before retry n, from 1: what the server asks for,
// or else anything up to 1, 2, 4 … 60 seconds, so that many tasks that fell
// together do not come back together.
func (v verdict) backoff(n int) time.Duration {
	if v.asked > 0 {
		return v.asked
	}
	longest := min(firstBackoff<<(n-1), longestWait)
	return rand.N(longest) + 1 //nolint:gosec // spreads load; nobody gains by guessing it
}

// sleep waits, or returns the context's cause.
func sleep(ctx context.Context, d time.Duration) error {
	if d > 0 {
		timer := time.NewTimer(d)
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
		}
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return nil
}

// short cuts what a server says to a length that a person reads.
func short(s string) string { return cut(sandbox.Clean(s), longestReason) }

// cut shortens a text to so many bytes, between two characters.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit], "") + "…"
}
