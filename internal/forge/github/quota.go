package github

import "time"

// quota allows n starts within any stretch of time as long as per.
type quota struct {
	n   int
	per time.Duration
}

// creationQuotas are GitHub's for requests that create content: a pause of a
// second, 80 a minute, 500 an hour. Sources: docs.github.com, "Best practices for
// using the REST API" (pause between mutative requests) and "Rate limits for the
// REST API" (secondary rate limits).
func creationQuotas() []quota {
	return []quota{{1, time.Second}, {80, time.Minute}, {500, time.Hour}}
}

// window remembers as many starts as its quotas need, and so keeps to all of
// them exactly: not a start is made too early, or later than need be.
type window struct {
	quotas []quota
	starts []time.Time // oldest first
}

// next is when the next start is allowed; the zero time means at once.
func (w *window) next() time.Time {
	var at time.Time
	for _, q := range w.quotas {
		if i := len(w.starts) - q.n; i >= 0 {
			at = later(at, w.starts[i].Add(q.per))
		}
	}
	return at
}

// add records a start.
func (w *window) add(at time.Time) {
	w.starts = append(w.starts, at)
	most := 0
	for _, q := range w.quotas {
		most = max(most, q.n)
	}
	if extra := len(w.starts) - most; extra > 0 {
		w.starts = append(w.starts[:0], w.starts[extra:]...)
	}
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}
