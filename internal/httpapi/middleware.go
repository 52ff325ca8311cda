package httpapi

import (
	"context"
	"crypto/rand"
	"log/slog"
	"net/http"
	"regexp"
	"runtime/debug"
	"time"
)

// middleware is what every request goes through, outermost first: a name for the
// log, the log and the net under panics, headers, guards, the limit on bodies.
// Answers of the API are compressed further in, so that the log counts what is sent.
func (a *api) middleware(next http.Handler) http.Handler {
	next = a.guard(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		id := r.Header.Get("X-Request-Id")
		if !requestIDPattern.MatchString(id) {
			id = a.RequestID()
		}
		r = r.WithContext(context.WithValue(r.Context(), requestIDKey{}, id))
		w.Header().Set("X-Request-Id", id)
		watched := &watchedWriter{ResponseWriter: w}
		r.Body = http.MaxBytesReader(w, r.Body, maxBodyBytes)
		started := a.Now()
		defer func() {
			if caught := recover(); caught != nil {
				a.recovered(watched, r, caught)
			}
			a.access(r, watched, a.Now().Sub(started))
		}()
		next.ServeHTTP(watched, r)
	})
}

// requestIDKey is where the request's id lives in its context.
type requestIDKey struct{}

// requestIDPattern keeps what strangers send fit for logs and headers.
var requestIDPattern = regexp.MustCompile(`^[A-Za-z0-9._-]{1,64}$`)

func requestID(ctx context.Context) string {
	id, _ := ctx.Value(requestIDKey{}).(string)
	return id
}

func randomID() string { return rand.Text() }

// recovered turns a panic into a problem, if nothing was sent yet. Else it cuts
// the connection, so that the client does not take half an answer for a whole one.
func (a *api) recovered(w *watchedWriter, r *http.Request, caught any) {
	if caught != http.ErrAbortHandler { //nolint:errorlint // net/http compares it the same way
		a.Log.ErrorContext(r.Context(), "handler panicked", "request", requestID(r.Context()),
			"path", r.URL.Path, "panic", caught, "stack", string(debug.Stack()))
	}
	if w.status != 0 {
		a.access(r, w, 0)
		panic(http.ErrAbortHandler)
	}
	writeProblem(w, r, a.Log, newProblem(http.StatusInternalServerError, codeInternal,
		"something went wrong inside the server; its log has the details under the request id"))
}

// access logs a request: never its query, its body or its credentials. Reading is
// frequent and dull, and so only logged for those who look for it.
func (a *api) access(r *http.Request, w *watchedWriter, took time.Duration) {
	level := slog.LevelInfo
	switch {
	case w.status >= http.StatusInternalServerError:
		level = slog.LevelError
	case w.status < http.StatusBadRequest && (r.Method == http.MethodGet || r.Method == http.MethodHead):
		level = slog.LevelDebug
	}
	a.Log.Log(r.Context(), level, "request", "request", requestID(r.Context()), "method", r.Method,
		"path", r.URL.Path, "status", w.status, "bytes", w.bytes, "took", took)
}

// patience is how long a client may take to accept a piece of an answer.
const patience = 30 * time.Second

// watchedWriter remembers what was answered, and gives up on a client that does
// not read.
type watchedWriter struct {
	http.ResponseWriter
	status int
	bytes  int64
}

// WriteHeader remembers the status.
func (w *watchedWriter) WriteHeader(status int) {
	if w.status == 0 && status >= http.StatusOK {
		w.status = status
	}
	w.ResponseWriter.WriteHeader(status)
}

// Write sends a piece within the client's time limit, and counts the bytes. The
// limit is the kernel's business, and so goes by the real clock.
func (w *watchedWriter) Write(p []byte) (int, error) {
	if w.status == 0 {
		w.status = http.StatusOK
	}
	_ = http.NewResponseController(w.ResponseWriter).SetWriteDeadline(time.Now().Add(patience)) // in-process clients have none
	n, err := w.ResponseWriter.Write(p)
	w.bytes += int64(n)
	return n, err
}

// Unwrap lets http.ResponseController find the connection.
func (w *watchedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }
