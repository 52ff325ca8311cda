package apierror

import (
	"math/rand/v2"
	"net/http"
	"strconv"
	"time"
)

const (
	// LongestAsked is the most that a server's Retry-After gets.
	LongestAsked = 2 * time.Minute

	firstBackoff = time.Second
	longestWait  = time.Minute
)

// RetryAfter reads how long a server wants to be left alone, in seconds or as a date;
// 0 when it does not say.
func RetryAfter(header http.Header, now time.Time) time.Duration {
	value := header.Get("Retry-After")
	if seconds, err := strconv.ParseFloat(value, 64); err == nil && seconds > 0 {
		return time.Duration(min(seconds, LongestAsked.Seconds()) * float64(time.Second))
	}
	if date, err := http.ParseTime(value); err == nil {
		return min(max(0, date.Sub(now)), LongestAsked)
	}
	return 0
}

// Backoff is how long to wait before retry n, from 1: what the server asks for,
// or else anything up to 1, 2, 4 … 60 seconds, so that many tasks that fell
// together do not come back together.
func (v Verdict) Backoff(n int) time.Duration {
	if v.Asked > 0 {
		return v.Asked
	}
	longest := min(firstBackoff<<(n-1), longestWait)
	return rand.N(longest) + 1 //nolint:gosec // spreads load; nobody gains by guessing it
}
