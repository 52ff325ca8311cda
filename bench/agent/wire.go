package main

import (
	"io"
	"net/http"
	"sync"
	"time"
)

// wire is the way to the API, with a watch.
type wire struct {
	base http.RoundTripper

	mu      sync.Mutex
	calls   []*call
	begun   int // answers that have begun
	early   int // calls that were sent before the first answer began
	await   int // reached is closed when so many answers have begun
	reached chan struct{}
}

// call is one request: when it was sent, and how long our side waited for it.
type call struct {
	sent   time.Time
	waited time.Duration
}

func newWire() *wire {
	base := http.DefaultTransport.(*http.Transport).Clone()
	base.MaxIdleConnsPerHost = 64
	return &wire{base: base, reached: make(chan struct{})}
}

// RoundTrip sends a request and watches its answer.
func (w *wire) RoundTrip(request *http.Request) (*http.Response, error) {
	c := &call{sent: time.Now()}
	w.mu.Lock()
	w.calls = append(w.calls, c)
	if w.begun == 0 {
		w.early++
	}
	w.mu.Unlock()
	response, err := w.base.RoundTrip(request)
	c.waited += time.Since(c.sent)
	if err != nil {
		return nil, err
	}
	w.mu.Lock()
	if w.begun++; w.begun == w.await {
		close(w.reached)
	}
	w.mu.Unlock()
	response.Body = &watched{ReadCloser: response.Body, call: c}
	return response, nil
}

// watched is an answer's body. What reads it has it alone.
type watched struct {
	io.ReadCloser
	call *call
}

// Read counts the time that it waits.
func (b *watched) Read(p []byte) (int, error) {
	begin := time.Now()
	n, err := b.ReadCloser.Read(p)
	b.call.waited += time.Since(begin)
	return n, err
}

// overheads lists for every turn but the last how long it took besides waiting.
// It is for one session that has ended.
func (w *wire) overheads() []time.Duration {
	var all []time.Duration
	for i := 1; i < len(w.calls); i++ {
		all = append(all, w.calls[i].sent.Sub(w.calls[i-1].sent)-w.calls[i-1].waited)
	}
	return all
}
