package github

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"syscall"
	"time"

	gh "github.com/google/go-github/v92/github"
)

// The gates that limits close.
const (
	gateAll      = "all"      // a secondary limit, for everything
	gateCreation = "creation" // a secondary limit, for creating content
	gateCore     = "core"     // the primary limit of REST
	gateGraphQL  = "graphql"  // the primary limit of GraphQL
)

const (
	headerLimit      = gh.HeaderRateLimit
	headerRemaining  = gh.HeaderRateRemaining
	headerReset      = gh.HeaderRateReset
	headerRetryAfter = "Retry-After"
)

var errTooLarge = errors.New("the answer is larger than any that GitHub gives")

// verdict is what an answer says about limits.
type verdict struct {
	refused bool      // the request was not carried out, because of a limit
	gate    string    // the gate to close; empty: none
	until   time.Time // zero: GitHub names no time
	reason  string    // for people
}

// readVerdict reads an answer as docs.github.com describes in "Rate limits for
// the REST API" and "Best practices for using the REST API": Retry-After comes
// first, then the reset of a used-up primary limit, and without both a minute
// and growing waits. That limits also speak as status 422, from the validation of
// a pull request, and which words they use, is known from its users' reports.
func readVerdict(req *http.Request, resp *http.Response, body []byte, now time.Time) verdict {
	var v verdict
	if resp.Header.Get(headerRemaining) == "0" {
		v.gate, v.until, v.reason = gateOf(req), reset(resp, now), "GitHub's rate limit is used up"
	}
	// Words are looked for where only GitHub writes. Parts of an answer can be a
	// stranger's, and would make everybody wait.
	words, tooQuick, isGraphQL := strings.ToLower(string(body)), false, gateOf(req) == gateGraphQL
	switch status := resp.StatusCode; {
	case status == http.StatusForbidden, status == http.StatusTooManyRequests:
	case status == http.StatusUnprocessableEntity && strings.Contains(words, `"was submitted too quickly"`):
		tooQuick = true
	case status == http.StatusOK && isGraphQL:
		if words = limitOf(body); words == "" {
			return v
		}
	default:
		return v // maybe the last request of this hour, but carried out
	}
	secondary := tooQuick || strings.Contains(words, "secondary rate limit") || strings.Contains(words, "abuse detection")
	wait := retryAfter(resp, now)
	switch {
	case wait > 0 || secondary:
		v = verdict{refused: true, gate: gateAll, reason: "GitHub asks to slow down"}
		if isCreation(req) && (tooQuick || strings.Contains(words, "content creation")) {
			v.gate, v.reason = gateCreation, "GitHub asks to create content more slowly"
		}
		if wait > 0 {
			v.until = now.Add(wait)
		}
	case v.gate != "":
		v.refused = true
	case resp.StatusCode == http.StatusTooManyRequests || isGraphQL && resp.StatusCode == http.StatusOK:
		v = verdict{refused: true, gate: gateAll, reason: "GitHub asks to slow down"}
	}
	return v
}

// limitOf returns what GraphQL says about a limit, in lower case, or "". It
// answers with status 200 to what it does not do; source: docs.github.com, "Rate
// limits and query limits for the GraphQL API".
func limitOf(body []byte) string {
	var answer graphAnswer
	if json.Unmarshal(body, &answer) != nil {
		return ""
	}
	for _, e := range answer.Errors {
		if words := strings.ToLower(e.Message); e.Type == "RATE_LIMITED" || e.Type == "" && strings.Contains(words, "secondary rate limit") {
			return words
		}
	}
	return ""
}

// reset is when a used-up primary limit begins anew, by our clock: the answer's
// Date is what makes GitHub's comparable. A second is added for the parts that
// the headers lack; a time that is over counts as one second from now.
func reset(resp *http.Response, now time.Time) time.Time {
	seconds, err := strconv.ParseInt(resp.Header.Get(headerReset), 10, 64)
	if err != nil {
		return now.Add(minRefusal)
	}
	theirs := now
	if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
		theirs = date
	}
	return now.Add(max(0, time.Unix(seconds, 0).Sub(theirs)) + time.Second)
}

// retryAfter reads the Retry-After header, in seconds or as a date; zero: there
// is none. resp may be nil.
func retryAfter(resp *http.Response, now time.Time) time.Duration {
	if resp == nil {
		return 0
	}
	value := resp.Header.Get(headerRetryAfter)
	if seconds, err := strconv.Atoi(value); err == nil {
		return max(time.Second, time.Duration(seconds)*time.Second)
	}
	if date, err := http.ParseTime(value); err == nil {
		return max(time.Second, date.Sub(now))
	}
	return 0
}

// gateOf names the primary limit that a request counts against.
func gateOf(req *http.Request) string {
	if strings.HasSuffix(req.URL.Path, "/graphql") {
		return gateGraphQL
	}
	return gateCore
}

// isCreation reports whether a request creates content or notifies people. A
// GraphQL query is posted too, and does neither.
func isCreation(req *http.Request) bool {
	return req.Method == http.MethodPost && gateOf(req) != gateGraphQL
}

// repeatable reports whether doing a request twice is the same as doing it once.
// Labels and reviewers are sets. Only a second pull request would be one too
// many: whoever opens one looks for it before asking again.
func repeatable(req *http.Request) bool {
	return !isCreation(req) || !strings.HasSuffix(req.URL.Path, "/pulls")
}

// unwell reports whether the answer comes from something in front of a GitHub
// that is busy or down.
func unwell(resp *http.Response) bool {
	switch resp.StatusCode {
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return true
	default:
		return false
	}
}

// worthAnotherTry reports whether a request without an answer may have one the
// next time. A connection that broke is a passing thing; a host that nobody
// answers at is so for a few tries only; a missing token, a name that does not
// exist and a wrong certificate stay.
func worthAnotherTry(err error, try int) bool {
	if _, ok := errors.AsType[*tokenError](err); ok || errors.Is(err, errTooLarge) {
		return false
	}
	if dns, ok := errors.AsType[*net.DNSError](err); ok && dns.IsNotFound {
		return false
	}
	if _, ok := errors.AsType[*tls.CertificateVerificationError](err); ok {
		return false
	}
	if _, ok := errors.AsType[x509.UnknownAuthorityError](err); ok {
		return false
	}
	return broken(err) || try < unreachable
}

// broken reports whether a connection that was there has ended, or takes too
// long.
func broken(err error) bool {
	if op, ok := errors.AsType[*net.OpError](err); ok && op.Op == "dial" {
		return false
	}
	for _, kind := range []error{syscall.ECONNRESET, syscall.EPIPE, io.EOF, io.ErrUnexpectedEOF, context.DeadlineExceeded} {
		if errors.Is(err, kind) {
			return true
		}
	}
	return false
}
