package httpapi

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"sync"
)

// NewInProcessClient makes a client that calls a handler of New directly, without
// a network: `codybatch run` goes the same way as a client of a remote server.
func NewInProcessClient(handler http.Handler) *Client {
	base, token := "http://localhost", Token("")
	if s, ok := handler.(*server); ok {
		base += s.api.BasePath
		token = s.api.Token
	}
	client, err := NewClient(base, string(token), &http.Client{Transport: inProcess{handler}})
	if err != nil {
		panic(err) // BasePath is ours
	}
	return client
}

// inProcess is a transport whose answers stream through a pipe.
type inProcess struct{ handler http.Handler }

// RoundTrip runs the handler until it has ended, or until the answer's body is
// closed, or the request's context ends.
func (t inProcess) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	r = r.Clone(ctx)
	if r.Body == nil {
		r.Body = http.NoBody
	}
	r.Host, r.RequestURI, r.RemoteAddr = r.URL.Host, r.URL.RequestURI(), "in-process"
	reader, writer := io.Pipe()
	w := &pipeAnswer{request: r, pipe: writer, header: http.Header{}, ready: make(chan *http.Response, 1)}
	done := make(chan struct{})
	w.body = &pipeBody{PipeReader: reader, end: func() {
		cancel()
		<-done
	}}
	go func() {
		defer close(done)
		stop := context.AfterFunc(ctx, func() { _ = writer.CloseWithError(context.Cause(ctx)) })
		defer stop()
		defer func() {
			if caught := recover(); caught != nil { // http.ErrAbortHandler, or a fault that the handler did not catch
				w.WriteHeader(http.StatusInternalServerError)
				_ = writer.CloseWithError(fmt.Errorf("answer was cut short: %v", caught))
			}
		}()
		t.handler.ServeHTTP(w, r)
		w.WriteHeader(http.StatusOK)
		_ = writer.Close()
	}()
	select {
	case response := <-w.ready:
		return response, nil
	case <-ctx.Done():
		_ = w.body.Close() // waits for the handler
		return nil, context.Cause(r.Context())
	}
}

// pipeAnswer is the handler's side of an answer.
type pipeAnswer struct {
	request *http.Request
	header  http.Header
	pipe    *io.PipeWriter
	body    *pipeBody
	ready   chan *http.Response
	started sync.Once
}

// Header is sent with the first byte, or with WriteHeader.
func (w *pipeAnswer) Header() http.Header { return w.header }

// WriteHeader hands the answer to the client, whose reads then wait for writes.
func (w *pipeAnswer) WriteHeader(status int) {
	w.started.Do(func() {
		length, err := strconv.ParseInt(w.header.Get("Content-Length"), 10, 64)
		if err != nil {
			length = -1
		}
		w.ready <- &http.Response{
			Status: strconv.Itoa(status) + " " + http.StatusText(status), StatusCode: status,
			Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1,
			Header: w.header.Clone(), Body: w.body, ContentLength: length, Request: w.request,
		}
	})
}

// Write waits until the client has read p, or has closed the answer.
func (w *pipeAnswer) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	return w.pipe.Write(p)
}

// Flush has nothing to do: a pipe holds nothing back.
func (w *pipeAnswer) Flush() {}

// pipeBody is the client's side of an answer. Closing it waits for the handler.
type pipeBody struct {
	*io.PipeReader
	end  func()
	once sync.Once
}

// Close ends the handler, if it still runs.
func (b *pipeBody) Close() error {
	err := b.PipeReader.Close()
	b.once.Do(b.end)
	return err
}
