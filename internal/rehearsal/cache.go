package rehearsal

import (
	"strings"
	"time"
)

// bytesPerToken makes tokens of bytes of JSON. It is a guess that is good enough
// for a rehearsal's costs to look like costs.
const bytesPerToken = 4

// lookback is how many blocks before a breakpoint the API looks for what was
// written earlier: https://platform.claude.com/docs/en/build-with-claude/prompt-caching
const lookback = 20

// cache simulates prompt caching: which part of a prompt is read, which is
// written. The server's mutex guards it.
type cache struct{ entries map[digest]*entry }

type entry struct {
	begins  time.Time // nobody reads it before
	expires time.Time
	ttl     time.Duration
}

// tokens is how a prompt is counted.
type tokens struct{ input, read, write5m, write1h int64 }

func newCache() *cache { return &cache{entries: map[digest]*entry{}} }

// minimum is the shortest prefix that a model caches, in tokens, as the public
// documentation of prompt caching had it for the models it named; 1,024 for
// others.
func minimum(model string) int64 {
	for _, prefix := range []string{"claude-haiku-4-5", "claude-opus-4-5", "claude-opus-4-6"} {
		if strings.HasPrefix(model, prefix) {
			return 4096
		}
	}
	return 1024
}

// prompt counts a prompt of an account's model, reads what earlier prompts
// wrote, and writes what its breakpoints ask for. That can be read when the
// answer has begun, so much later.
func (c *cache) prompt(account string, r *request, now time.Time, later time.Duration) tokens {
	ends, sums, total := r.chain(account)
	var ttls = map[int]time.Duration{} // by index of the segment that a breakpoint ends
	last := -1
	for i, s := range r.segments {
		control := s.breakpoint
		if i == len(r.segments)-1 && r.CacheControl != nil {
			control = r.CacheControl
		}
		if control == nil || sums[i] < minimum(r.Model) {
			continue
		}
		ttls[i] = 5 * time.Minute
		if control.TTL == "1h" {
			ttls[i] = time.Hour
		}
		last = i
	}
	var count tokens
	hit := c.hit(ends, ttls, now)
	if hit >= 0 {
		count.read = sums[hit]
	}
	done := count.read
	for i := hit + 1; i <= last; i++ {
		ttl, ok := ttls[i]
		if !ok {
			continue
		}
		if ttl == time.Hour {
			count.write1h += sums[i] - done
		} else {
			count.write5m += sums[i] - done
		}
		done = sums[i]
		begins := now.Add(later)
		if known, ok := c.entries[ends[i]]; ok && now.Before(known.expires) && known.begins.Before(begins) {
			begins = known.begins
		}
		c.entries[ends[i]] = &entry{begins: begins, expires: now.Add(ttl), ttl: ttl}
	}
	count.input = total - done
	c.sweep(now)
	return count
}

// hit returns the index of the last segment that can be read, or -1. What is
// read stays for as long again.
func (c *cache) hit(ends []digest, ttls map[int]time.Duration, now time.Time) int {
	for i := len(ends) - 1; i >= 0; i-- {
		if _, ok := ttls[i]; !ok {
			continue
		}
		for j := i; j >= 0 && j > i-lookback; j-- {
			if e, ok := c.entries[ends[j]]; ok && now.Before(e.expires) && !now.Before(e.begins) {
				e.expires = now.Add(e.ttl)
				return j
			}
		}
	}
	return -1
}

func (c *cache) sweep(now time.Time) {
	for key, e := range c.entries {
		if !now.Before(e.expires) {
			delete(c.entries, key)
		}
	}
}

// chain returns for each segment the digest and the tokens of the prompt up to
// and with it, and the tokens of all.
func (r *request) chain(account string) ([]digest, []int64, int64) {
	ends := make([]digest, len(r.segments))
	sums := make([]int64, len(r.segments))
	previous := digestOf([]byte(account + " " + r.Model))
	bytes := 0
	for i, s := range r.segments {
		previous = digestOf(append(previous[:], s.hash[:]...))
		bytes += s.bytes
		ends[i], sums[i] = previous, int64(bytes/bytesPerToken)
	}
	return ends, sums, int64(bytes/bytesPerToken) + 1
}
