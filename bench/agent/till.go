package main

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"sync"

	"github.com/liamzdenek/cody-batch/internal/agent/prices"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

// bytesPerToken is how the rehearsal counts an answer.
const bytesPerToken = 4

// till stands before the API: it counts what its answers cost as they go over the
// wire, and turns calls away when there are too many at once.
type till struct {
	next   http.Handler
	atOnce int

	mu                              sync.Mutex
	running, calls, failed, refused int
	total                           codybatch.Money
}

func (b *till) paid() codybatch.Money {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.total
}

func (b *till) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	b.mu.Lock()
	b.calls++
	b.running++
	isTooMany := b.running > b.atOnce
	if isTooMany {
		b.refused++
	}
	b.mu.Unlock()
	receipt := &receipt{ResponseWriter: w, status: http.StatusOK}
	defer func() { // also when the connection is broken on purpose
		b.mu.Lock()
		defer b.mu.Unlock()
		b.running--
		b.total += receipt.cost()
		if receipt.status != http.StatusOK || !receipt.isWhole {
			b.failed++
		}
	}()
	if !isTooMany {
		b.next.ServeHTTP(receipt, r)
		return
	}
	w.Header().Set(rehearsal.Header, "true")
	w.Header().Set("Retry-After", "1")
	receipt.WriteHeader(http.StatusTooManyRequests)
	_, _ = io.WriteString(receipt, `{"type":"error","error":{"type":"rate_limit_error","message":"too many at once"}}`)
}

// receipt reads what is billed from an answer's events. Of one that breaks off, the
// content that was sent is billed.
type receipt struct {
	http.ResponseWriter
	status  int
	buffer  []byte
	usage   usage
	sent    int64 // bytes of content
	isWhole bool  // the API said how much it wrote
}

type usage struct {
	Input         int64 `json:"input_tokens"`
	Output        int64 `json:"output_tokens"`
	CacheRead     int64 `json:"cache_read_input_tokens"`
	CacheCreation struct {
		FiveMinutes int64 `json:"ephemeral_5m_input_tokens"`
		OneHour     int64 `json:"ephemeral_1h_input_tokens"`
	} `json:"cache_creation"`
}

func (r *receipt) WriteHeader(status int) {
	r.status = status
	r.ResponseWriter.WriteHeader(status)
}

// Unwrap lets the rehearsal flush, and break the connection.
func (r *receipt) Unwrap() http.ResponseWriter { return r.ResponseWriter }

func (r *receipt) Write(p []byte) (int, error) {
	r.buffer = append(r.buffer, p...)
	for {
		line, rest, found := bytes.Cut(r.buffer, []byte("\n"))
		if !found {
			break
		}
		r.buffer = rest
		if data, ok := bytes.CutPrefix(line, []byte("data: ")); ok {
			r.read(data)
		}
	}
	return r.ResponseWriter.Write(p)
}

func (r *receipt) read(data []byte) {
	var event struct {
		Type    string
		Message struct{ Usage usage }
		Usage   usage
		Delta   struct {
			Text, Thinking string
			Partial        string `json:"partial_json"`
		}
	}
	if json.Unmarshal(data, &event) != nil {
		return
	}
	switch event.Type {
	case "message_start":
		r.usage = event.Message.Usage
	case "content_block_delta":
		r.sent += int64(len(event.Delta.Text) + len(event.Delta.Thinking) + len(event.Delta.Partial))
	case "message_delta":
		r.usage.Output, r.isWhole = event.Usage.Output, true
	}
}

func (r *receipt) cost() codybatch.Money {
	price, output := prices.Default()[codybatch.DefaultModel][0], r.usage.Output
	if !r.isWhole {
		output = max(output, r.sent/bytesPerToken)
	}
	micro := r.usage.Input*int64(price.Input) + output*int64(price.Output) + r.usage.CacheRead*int64(price.CacheRead) +
		r.usage.CacheCreation.FiveMinutes*int64(price.CacheWrite5m) + r.usage.CacheCreation.OneHour*int64(price.CacheWrite1h)
	return codybatch.Money(micro / 1_000_000)
}
