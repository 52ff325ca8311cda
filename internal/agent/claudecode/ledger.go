package claudecode

import (
	"sync"

	"github.com/liamzdenek/cody-batch/internal/agent/admission"
	"github.com/liamzdenek/cody-batch/internal/agent/prices"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// bytesPerToken is less than English, code and Chinese have in UTF-8.
const bytesPerToken = 2

// ledger keeps the money of one run: what was spent, and what calls that are under
// way may cost at most. Its methods may be called at once.
type ledger struct {
	prices prices.List
	limit  *codybatch.Money // nil: none
	report func(codybatch.Usage)

	mu       sync.Mutex
	spent    codybatch.Usage
	reserved codybatch.Money
	freed    chan struct{}      // closed when a call gives back what it reserved
	measures map[string]measure // by model
}

// measure is the last call of a model: so many tokens for so many bytes.
type measure struct{ bytes, tokens int64 }

// reservation is the money that is set aside for one call.
type reservation struct {
	model     string
	bytes     int64
	maxTokens int64 // that the answer may have
	amount    codybatch.Money
}

// reserve sets aside what a call costs in the worst case: nothing of the prompt is in
// the cache, and the answer is as long as it may be. It lowers the answer's length to
// fit the money, and reports false when what is left does not buy
// prices.LeastOutput, or least tokens. While other calls hold money that may come back,
// nothing is lowered or refused: the channel is closed when some has.
func (l *ledger) reserve(model string, requestBytes, want, least int64) (reservation, <-chan struct{}, bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	r := reservation{model: model, bytes: requestBytes, maxTokens: want}
	if l.limit == nil {
		return r, nil, true
	}
	prompt := l.estimate(model, requestBytes)
	var ok bool
	r.maxTokens, ok = l.prices.Affordable(model, prompt, want, *l.limit-l.spent.Cost-l.reserved)
	isWhole := ok && r.maxTokens == want
	switch {
	case !isWhole && l.reserved > 0:
		if l.freed == nil {
			l.freed = make(chan struct{})
		}
		return reservation{}, l.freed, false
	case !ok, !isWhole && r.maxTokens < least:
		return reservation{}, nil, false
	}
	r.amount = l.prices.Worst(model, prompt, r.maxTokens)
	l.reserved += r.amount
	return r, nil, true
}

// estimate is how many tokens a request of so many bytes has at most. A conversation
// grows from call to call, so that only what is new since the last one is guessed.
func (l *ledger) estimate(model string, requestBytes int64) int64 {
	last := l.measures[model]
	fresh := requestBytes - last.bytes
	if fresh < 0 {
		return requestBytes / bytesPerToken
	}
	return last.tokens + fresh/bytesPerToken
}

// fresh is about how many tokens of a request the API has not in its cache: what came
// after the last call of the model. Of the first one nothing is known.
func (l *ledger) fresh(model string, requestBytes int64) int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	last := l.measures[model]
	if last.bytes == 0 {
		return 0
	}
	return max(0, requestBytes-last.bytes) / admission.BytesPerFreshToken
}

// settle gives back what was set aside, and books and reports what the call did
// cost. complete says that the call's counts are whole.
func (l *ledger) settle(r reservation, u codybatch.Usage, complete bool) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.reserved -= r.amount
	if l.freed != nil { // who waits looks under the lock
		close(l.freed)
		l.freed = nil
	}
	if u == (codybatch.Usage{}) {
		return
	}
	l.spent = l.spent.Add(u)
	if complete {
		if l.measures == nil {
			l.measures = map[string]measure{}
		}
		l.measures[r.model] = measure{r.bytes, prices.PromptTokens(u) + u.OutputTokens}
	}
	l.report(l.spent) // under the lock, so that reports come in order
}

// total is what was spent so far.
func (l *ledger) total() codybatch.Usage {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.spent
}
