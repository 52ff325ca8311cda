// Package lambdatest runs a Lambda function's program as Lambda does: the program asks a
// Runtime API for events and posts its answers
// (https://docs.aws.amazon.com/lambda/latest/dg/runtimes-api.html). One program takes one
// event at a time; Lambda starts more of them when more come in.
package lambdatest

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os/exec"
	"strconv"
	"sync"
	"time"
)

// Options of a Function.
type Options struct {
	Program string   // the bootstrap
	Env     []string // all of the program's environment, but where the Runtime API is
	Timeout time.Duration
	Stderr  io.Writer
}

// Function is a running program. Invoke may be called at once; calls wait for each
// other.
type Function struct {
	options Options
	server  *http.Server
	command *exec.Cmd
	started time.Time

	events chan *invocation
	ready  chan struct{} // closed at the first question for an event
	once   sync.Once
	init   time.Duration
	exited chan struct{}
	exit   error

	mu      sync.Mutex
	pending map[string]*invocation
}

type invocation struct {
	id      string
	payload []byte
	until   time.Time
	answer  chan result
}

type result struct {
	payload []byte
	err     error
}

// Start starts the program and waits until it asks for its first event. Close ends it.
func Start(ctx context.Context, o Options) (*Function, error) {
	listener, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("serve the Runtime API: %w", err)
	}
	f := &Function{
		options: o, events: make(chan *invocation), ready: make(chan struct{}), exited: make(chan struct{}), pending: map[string]*invocation{},
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /2018-06-01/runtime/invocation/next", f.next)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/response", f.respond)
	mux.HandleFunc("POST /2018-06-01/runtime/invocation/{id}/error", f.respond)
	f.server = &http.Server{Handler: mux, ReadHeaderTimeout: 10 * time.Second}
	f.started = time.Now()
	go func() { _ = f.server.Serve(listener) }() // ends with Close
	f.command = exec.Command(o.Program)          //nolint:gosec,noctx // the test's own; Close ends it
	f.command.Env = append(o.Env[:len(o.Env):len(o.Env)], "AWS_LAMBDA_RUNTIME_API="+listener.Addr().String())
	f.command.Stderr = o.Stderr
	if err := f.command.Start(); err != nil {
		return nil, errors.Join(fmt.Errorf("start the function: %w", err), f.server.Close())
	}
	go func() {
		f.exit = f.command.Wait()
		close(f.exited)
	}()
	select {
	case <-f.ready:
		return f, nil
	case <-f.exited:
		return nil, errors.Join(fmt.Errorf("the function ended before it asked for an event: %w", f.exit), f.server.Close())
	case <-ctx.Done():
		f.Close()
		return nil, context.Cause(ctx)
	}
}

// Init is how long the program took from its start to its first question for an event.
func (f *Function) Init() time.Duration { return f.init }

// Invoke has the function answer an event. The error is what the function said was
// wrong, or that it ended.
func (f *Function) Invoke(ctx context.Context, payload []byte) ([]byte, error) {
	call := &invocation{id: rand.Text(), payload: payload, until: time.Now().Add(f.options.Timeout), answer: make(chan result, 1)}
	ctx, cancel := context.WithDeadline(ctx, call.until)
	defer cancel()
	select {
	case f.events <- call:
	case <-f.exited:
		return nil, fmt.Errorf("the function has ended: %w", f.exit)
	case <-ctx.Done():
		return nil, context.Cause(ctx)
	}
	select {
	case r := <-call.answer:
		return r.payload, r.err
	case <-f.exited:
		return nil, fmt.Errorf("the function ended while it answered: %w", f.exit)
	case <-ctx.Done():
		return nil, fmt.Errorf("the function was cut off: %w", context.Cause(ctx))
	}
}

// Close kills the program, as Lambda does when it needs the room.
func (f *Function) Close() {
	_ = f.command.Process.Kill() // it may have ended
	<-f.exited
	_ = f.server.Close() // nothing is left to answer
}

func (f *Function) next(w http.ResponseWriter, r *http.Request) {
	f.once.Do(func() {
		f.init = time.Since(f.started)
		close(f.ready)
	})
	select {
	case call := <-f.events:
		f.mu.Lock()
		f.pending[call.id] = call
		f.mu.Unlock()
		w.Header().Set("Lambda-Runtime-Aws-Request-Id", call.id)
		w.Header().Set("Lambda-Runtime-Deadline-Ms", strconv.FormatInt(call.until.UnixMilli(), 10))
		w.Header().Set("Lambda-Runtime-Invoked-Function-Arn", "arn:aws:lambda:eu-central-1:123456789012:function:api")
		_, _ = io.Copy(w, bytes.NewReader(call.payload)) // a program that went away is seen by Wait
	case <-r.Context().Done():
	}
}

// maxAnswer is what Lambda takes for an answer.
const maxAnswer = 6 << 20

func (f *Function) respond(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxAnswer))
	f.mu.Lock()
	call := f.pending[r.PathValue("id")]
	delete(f.pending, r.PathValue("id"))
	f.mu.Unlock()
	switch {
	case call == nil:
		http.Error(w, "there is no such invocation", http.StatusNotFound)
		return
	case err != nil:
		call.answer <- result{err: fmt.Errorf("the answer is larger than Lambda takes: %w", err)}
		http.Error(w, err.Error(), http.StatusRequestEntityTooLarge)
		return
	case r.Pattern == "POST /2018-06-01/runtime/invocation/{id}/error":
		call.answer <- result{err: fmt.Errorf("the function says: %s", body)}
	default:
		call.answer <- result{payload: body}
	}
	w.WriteHeader(http.StatusAccepted)
}
