package claude

import (
	"github.com/liamzdenek/cody-batch/internal/agent/admission"
	"github.com/liamzdenek/cody-batch/internal/agent/prices"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const (
	// warnPercent of the money spent, the model is told to come to an end.
	warnPercent = 80
	// bytesPerToken is less than English, code and Chinese have in UTF-8.
	bytesPerToken = 2
)

// ledger keeps the money of one run: what was spent, and whether the next call
// can be paid in the worst case. It is used by one goroutine.
type ledger struct {
	prices prices.List
	model  string
	limit  *codybatch.Money // nil: none
	spent  codybatch.Usage
	warned bool

	// The last call is the measure for the next: so many tokens for so many bytes.
	lastBytes, lastTokens int64
}

// reserve says how many tokens the next answer may have so that the call is paid
// even in the worst case: nothing of the prompt is in the cache, and the answer
// is as long as it may be. It lowers the answer's length to fit the money, and
// reports false when what is left does not buy prices.LeastOutput.
func (l *ledger) reserve(requestBytes, want int64) (int64, bool) {
	if l.limit == nil {
		return want, true
	}
	return l.prices.Affordable(l.model, l.estimate(requestBytes), want, *l.limit-l.spent.Cost)
}

// estimate is how many tokens a request of so many bytes has at most. Where the
// last call was counted by the API, only what came after it is guessed, at two
// bytes for a token: code and prose have more.
func (l *ledger) estimate(requestBytes int64) int64 {
	fresh := requestBytes - l.lastBytes
	if fresh < 0 {
		return requestBytes / bytesPerToken
	}
	return l.lastTokens + fresh/bytesPerToken
}

// fresh is about how many tokens of a request the API has not in its cache: what
// came after the last call. Of the first one nothing is known.
func (l *ledger) fresh(requestBytes int64) int64 {
	if l.lastBytes == 0 {
		return 0
	}
	return max(0, requestBytes-l.lastBytes) / admission.BytesPerFreshToken
}

// spend books a call. complete says that the call's counts are whole and its
// prompt stays the start of the next one.
func (l *ledger) spend(u codybatch.Usage, requestBytes int64, complete bool) {
	l.spent = l.spent.Add(u)
	if complete {
		l.lastBytes, l.lastTokens = requestBytes, prices.PromptTokens(u)+u.OutputTokens
	}
}

// shouldWarn reports, once, that most of the money is gone.
func (l *ledger) shouldWarn() bool {
	if l.warned || l.limit == nil || l.spent.Cost*100 < *l.limit*warnPercent {
		return false
	}
	l.warned = true
	return true
}

// unenforceable reports that there is a limit in dollars and no price to hold
// it with.
func (l *ledger) unenforceable() bool {
	_, known := l.prices.Of(l.model, 0)
	return l.limit != nil && !known
}
