package cli

import (
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"sync"
	"time"

	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// contact knows whether the server answers, and tells whoever follows a job.
type contact struct {
	next    http.RoundTripper
	address string // as people know it

	mu   sync.Mutex
	told func(problem string) // nil: nobody asks
}

// tell says who is told from now on: of a problem, or by an empty one that the
// server answers.
func (c *contact) tell(told func(problem string)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.told = told
}

func (c *contact) say(problem string) {
	c.mu.Lock()
	told := c.told
	c.mu.Unlock()
	if told != nil {
		told(problem)
	}
}

// RoundTrip makes contact a transport, which sees every answer.
func (c *contact) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := c.next.RoundTrip(r)
	if err == nil && answer.StatusCode < http.StatusInternalServerError {
		c.say("")
	}
	return answer, err
}

// unreachableError is a server that gives no answer at all.
type unreachableError struct {
	address string
	cause   error
}

func (e *unreachableError) Error() string {
	return fmt.Sprintf("can't reach %s: %v", e.address, e.cause)
}
func (e *unreachableError) Unwrap() error { return e.cause }

// unreachable finds out that err means there was no answer; nil if it does not. The
// errors of net/http name the address three times, and this one once.
func unreachable(err error) error {
	var request *url.Error
	if !errors.As(err, &request) || request.Op == "parse" {
		return nil
	}
	server, parseErr := url.Parse(request.URL)
	if parseErr != nil {
		return nil //nolint:nilerr // then err stays as it is
	}
	cause := request.Err
	var dial *net.OpError
	if errors.As(cause, &dial) {
		cause = dial.Err
	}
	return &unreachableError{address: server.Scheme + "://" + server.Host, cause: cause}
}

// reconnecting is for httpapi.Client. A stream that ended is only worth a word if
// the next one can't be had.
func (c *contact) reconnecting(err error, _ time.Duration) {
	var refused *httpapi.Problem
	switch {
	case errors.As(err, &refused) && refused.Status >= http.StatusInternalServerError:
		c.say(fmt.Sprintf("%s answers %q, trying again", c.address, oneLine(refused.Error())))
	case unreachable(err) != nil:
		c.say(fmt.Sprintf("can't reach %s, trying again", c.address))
	}
}
