package apierror

import (
	"net/http"
	"testing"
	"time"
)

func TestRetryAfter(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"7": 7 * time.Second, "0.5": 500 * time.Millisecond, "3600": LongestAsked, "1e300": LongestAsked, "Inf": LongestAsked,
		"Sun, 01 Nov 2026 12:00:30 GMT": 30 * time.Second, "Sun, 01 Nov 2026 11:00:00 GMT": 0, "Mon, 02 Nov 2026 12:00:00 GMT": LongestAsked,
		"-1": 0, "soon": 0, "NaN": 0, "": 0,
	} {
		v := Judge(http.StatusTooManyRequests, http.Header{"Retry-After": {value}}, Body{}, KeyAdvice, now)
		if v.Asked != want {
			t.Errorf("Retry-After %q: got %s, want %s", value, v.Asked, want)
		}
		if want > 0 && v.Backoff(3) != want {
			t.Errorf("Retry-After %q: waits %s", value, v.Backoff(3))
		}
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	for n, longest := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 6: 32 * time.Second, 7: time.Minute, 8: time.Minute} {
		seen := map[time.Duration]bool{}
		for range 200 {
			wait := Verdict{}.Backoff(n)
			if wait <= 0 || wait > longest {
				t.Fatalf("retry %d waits %s", n, wait)
			}
			seen[wait] = true
		}
		if len(seen) < 100 {
			t.Errorf("retry %d has no jitter", n)
		}
	}
}
