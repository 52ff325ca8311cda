// Package admission says when a call of the Messages API may be made: how many at once
// with a key and a model (Limiter), and whether a key is worth a call at all (Breaker).
// The engines that ask the API share it, so that what one of them is told counts for all.
package admission

import (
	"crypto/sha256"
	"time"

	"github.com/liamzdenek/cody-batch/internal/agent/prices"
)

// Control has the limiters and breakers of a process. Its methods may be called at once.
type Control struct {
	now   func() time.Time
	pause time.Duration

	limiters Shelf[Lane, *Limiter]
	breakers Shelf[KeyDigest, *Breaker]
}

// NewControl makes a Control that has seen no call. Pause is how long runs are put off
// while the API refuses the key or its account, before they fail; 0: they fail at once.
func NewControl(now func() time.Time, pause time.Duration) *Control {
	return &Control{now: now, pause: pause}
}

// Limiter returns what all calls of a lane share, by whatever name its model is called.
// The caller calls done, once, when its run is over.
func (c *Control) Limiter(lane Lane) (*Limiter, func()) {
	lane.Model = prices.Undated(lane.Model)
	return c.limiters.Take(lane, c.now, newLimiter)
}

// Breaker returns what all calls with a key share. The caller calls done, once, when
// its run is over.
func (c *Control) Breaker(key KeyDigest) (*Breaker, func()) {
	return c.breakers.Take(key, c.now, func(now func() time.Time) *Breaker { return newBreaker(now, c.pause) })
}

// InUse is how many limiters and breakers were taken by runs that are not over.
func (c *Control) InUse() int { return c.limiters.inUse() + c.breakers.inUse() }

// KeyDigest stands for an API key where the key itself could be printed.
type KeyDigest [sha256.Size]byte

// DigestKey makes a KeyDigest.
func DigestKey(key string) KeyDigest { return sha256.Sum256([]byte(key)) }

// Lane is what a limit of the API is for.
type Lane struct {
	Key   KeyDigest
	Model string
}
