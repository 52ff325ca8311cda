package githubtest

import (
	"net/http"
	"strconv"
	"strings"
	"time"
)

// Fault is an answer that is not what was asked for.
type Fault struct {
	Status int
	Header map[string]string
	Body   string
	Done   bool // the request is carried out before, and only its answer lost
	Drop   bool // the connection breaks instead of an answer

	Reset time.Duration // from the answer to the reset of the primary limit; 0: no such header
}

// RetryAfter is a secondary limit with a time: 403 and Retry-After, in whole
// seconds.
func RetryAfter(seconds int) Fault {
	f := SecondaryLimit()
	f.Header = map[string]string{"Retry-After": strconv.Itoa(seconds)}
	return f
}

// SecondaryLimit is a secondary limit that names no time. The words are GitHub's.
func SecondaryLimit() Fault {
	return Fault{Status: http.StatusForbidden, Body: `{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again.","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`}
}

// CreationLimit is the secondary limit on creating content. The words are
// GitHub's.
func CreationLimit() Fault {
	return Fault{Status: http.StatusForbidden, Body: `{"message":"You have exceeded a secondary rate limit and have been temporarily blocked from content creation. Please retry your request again later.","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api#about-secondary-rate-limits"}`}
}

// TooManyRequests is 429 with Retry-After, in whole seconds.
func TooManyRequests(seconds int) Fault {
	return Fault{Status: http.StatusTooManyRequests, Header: map[string]string{"Retry-After": strconv.Itoa(seconds)}, Body: `{"message":"Too many requests"}`}
}

// Exhausted is a primary limit that is used up for so long.
func Exhausted(wait time.Duration) Fault {
	return Fault{
		Status: http.StatusForbidden,
		Header: map[string]string{
			"X-RateLimit-Limit": "5000", "X-RateLimit-Remaining": "0", "X-RateLimit-Resource": "core",
		},
		Reset: wait,
		Body:  `{"message":"API rate limit exceeded for user ID 1.","documentation_url":"https://docs.github.com/rest/overview/rate-limits-for-the-rest-api"}`,
	}
}

// GraphQLLimit is a used-up primary limit as GraphQL says it: with status 200.
func GraphQLLimit(wait time.Duration) Fault {
	f := Exhausted(wait)
	f.Status, f.Header["X-RateLimit-Resource"] = http.StatusOK, "graphql"
	f.Body = `{"errors":[{"type":"RATE_LIMITED","message":"API rate limit exceeded for user ID 1."}]}`
	return f
}

// BadGateway is what GitHub's front says when there is nothing behind it.
func BadGateway() Fault {
	return Fault{Status: http.StatusBadGateway, Header: map[string]string{"Content-Type": "text/html"}, Body: "<html>Unicorn!</html>"}
}

// Dropped is a connection that breaks.
func Dropped() Fault { return Fault{Drop: true} }

// AfterDoing is the fault in place of the answer to a request that was carried
// out.
func (f Fault) AfterDoing() Fault {
	f.Done = true
	return f
}

type script struct {
	method string
	suffix string
	faults []Fault
}

// Script answers the next requests of the method, "" being any, whose path ends
// in the suffix, with the faults, one each, in order.
func (s *Server) Script(method, suffix string, faults ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.scripts = append(s.scripts, script{method, suffix, faults})
}

// fault takes the next one that is meant for a request.
func (s *Server) fault(method, path string) *Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range s.scripts {
		c := &s.scripts[i]
		if len(c.faults) == 0 || c.method != "" && c.method != method || !strings.HasSuffix(path, c.suffix) {
			continue
		}
		fault := c.faults[0]
		c.faults = c.faults[1:]
		return &fault
	}
	return nil
}

func (f *Fault) write(w http.ResponseWriter) {
	if f.Drop {
		// The server closes the connection, and logs nothing.
		panic(http.ErrAbortHandler)
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	for name, value := range f.Header {
		w.Header().Set(name, value)
	}
	if f.Reset != 0 {
		now := time.Now()
		w.Header().Set("Date", now.UTC().Format(http.TimeFormat))
		w.Header().Set("X-RateLimit-Reset", strconv.FormatInt(now.Add(f.Reset).Unix(), 10))
	}
	w.WriteHeader(f.Status)
	_, _ = w.Write([]byte(f.Body)) // a client that has gone is its own business
}
