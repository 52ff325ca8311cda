package httpapi

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"math/rand/v2"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const (
	stallLimit   = 45 * time.Second // three heartbeats
	firstBackoff = 500 * time.Millisecond
	lastBackoff  = 30 * time.Second
	maxEventLine = 8 << 20
)

var (
	// errStalled ends a stream that has gone silent.
	errStalled = errors.New("the event stream has gone silent")
	// errStreamEnded keeps the loop from running hot against something that
	// closes every stream at once.
	errStreamEnded = errors.New("the event stream ended without an event")
)

// Events follows a job from a sequence number on, 0 for everything, until it has
// finished: each event once, whatever happens to the connection. After 410 it
// starts again from 0, and every task comes in its latest state. It goes on trying
// while the server can't be reached; what the server refuses, and the end of the
// context, is yielded as an error and ends it.
func (c *Client) Events(ctx context.Context, id codybatch.JobID, after int64) iter.Seq2[Event, error] {
	return func(yield func(Event, error) bool) {
		f := &follower{client: c, id: id, cursor: after, yield: yield}
		for {
			wait, isOver, err := f.request(ctx)
			if isOver || f.isStopped {
				return
			}
			if err != nil {
				if wait, err = f.afterError(ctx, err); err != nil {
					yield(Event{}, err)
					return
				}
			}
			if !pause(ctx, wait) {
				yield(Event{}, context.Cause(ctx))
				return
			}
		}
	}
}

// follower is the state of one client loop.
type follower struct {
	client    *Client
	id        codybatch.JobID
	cursor    int64
	failures  int  // requests in a row that brought nothing
	isGone    bool // the cursor was refused, and no event came since
	isStopped bool // the consumer wants no more
	yield     func(Event, error) bool
}

// request makes one request and takes the events that it brings. It returns how
// long to wait before the next one, and whether nothing more will come.
func (f *follower) request(ctx context.Context) (time.Duration, bool, error) {
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	watchdog := time.AfterFunc(stallLimit, func() { cancel(errStalled) })
	defer watchdog.Stop()

	query := url.Values{"after": {strconv.FormatInt(f.cursor, 10)}, "wait": {strconv.Itoa(maxEventWait)}}
	header := http.Header{"Accept": {"text/event-stream, application/json;q=0.9"}}
	response, err := f.client.send(ctx, http.MethodGet, jobPath(f.id)+"/events", query, header, nil)
	if err != nil {
		return 0, false, causeOf(ctx, err)
	}
	defer response.Body.Close()
	if response.StatusCode == http.StatusNoContent {
		return 0, true, nil
	}
	body := watched{response.Body, func() { watchdog.Reset(stallLimit) }}
	switch media, _, _ := mime.ParseMediaType(response.Header.Get("Content-Type")); media {
	case "text/event-stream":
		before := f.cursor
		err := f.readStream(body)
		if err == nil && f.cursor == before {
			err = errStreamEnded
		}
		return 0, false, causeOf(ctx, err)
	case typeJSON:
		var page EventPage
		if err := json.NewDecoder(io.LimitReader(body, maxAnswer)).Decode(&page); err != nil {
			return 0, false, causeOf(ctx, fmt.Errorf("read events: %w", err))
		}
		for _, event := range page.Events {
			f.take(event)
		}
		f.failures = 0
		return min(time.Duration(max(page.RetryAfterMs, 0))*time.Millisecond, lastBackoff), false, nil
	default:
		return 0, false, errNotJSON
	}
}

// causeOf puts the reason why a context ended in the place of "context canceled".
func causeOf(ctx context.Context, err error) error {
	if err != nil && ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return err
}

// take hands an event on, unless it was seen before.
func (f *follower) take(event Event) {
	if event.Seq <= f.cursor || f.isStopped {
		return
	}
	f.cursor, f.failures, f.isGone = event.Seq, 0, false
	f.isStopped = !f.yield(event, nil)
}

// readStream takes the events of a stream to its end, as
// https://html.spec.whatwg.org/multipage/server-sent-events.html has them. The
// server's data holds everything, so id and event need not be read.
func (f *follower) readStream(body io.Reader) error {
	lines := bufio.NewScanner(body)
	lines.Buffer(nil, maxEventLine)
	var data strings.Builder
	for !f.isStopped && lines.Scan() {
		line := lines.Text()
		if value, ok := strings.CutPrefix(line, "data:"); ok {
			data.WriteString(strings.TrimPrefix(value, " "))
			data.WriteByte('\n')
		}
		if line != "" || data.Len() == 0 {
			continue
		}
		var event Event
		if err := json.Unmarshal([]byte(data.String()), &event); err != nil {
			return fmt.Errorf("read event after %d: %w", f.cursor, err)
		}
		data.Reset()
		f.take(event)
	}
	if err := lines.Err(); err != nil {
		return fmt.Errorf("read event stream: %w", err)
	}
	return nil
}

// afterError returns how long to wait before the next request, or the error that
// ends the loop.
func (f *follower) afterError(ctx context.Context, err error) (time.Duration, error) {
	if ctx.Err() != nil {
		return 0, context.Cause(ctx)
	}
	wait := backoff(f.failures)
	f.failures++
	var problem *Problem
	if errors.As(err, &problem) {
		switch status := problem.Status; {
		case status == http.StatusGone && !f.isGone:
			f.cursor, f.isGone, wait = 0, true, 0
		case status == http.StatusTooManyRequests || status == http.StatusRequestTimeout || status >= http.StatusInternalServerError:
			wait = max(wait, problem.retryAfter)
		default:
			return 0, err
		}
	} else if errors.Is(err, errNotJSON) {
		return 0, err
	}
	if f.client.Reconnecting != nil {
		f.client.Reconnecting(err, wait)
	}
	return wait, nil
}

// backoff doubles from half a second to half a minute. Chance spreads clients
// that lost the same server.
func backoff(failures int) time.Duration {
	limit := min(firstBackoff<<min(failures, 10), lastBackoff)
	return limit/2 + rand.N(limit/2) //nolint:gosec // no secret depends on it
}

// pause waits, and reports false if the context ended.
func pause(ctx context.Context, wait time.Duration) bool {
	if ctx.Err() != nil {
		return false
	}
	if wait <= 0 {
		return true
	}
	timer := time.NewTimer(wait)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return false
	case <-timer.C:
		return true
	}
}

// watched tells about every sign of life.
type watched struct {
	io.Reader
	alive func()
}

// Read reads and tells.
func (w watched) Read(p []byte) (int, error) {
	n, err := w.Reader.Read(p)
	if n > 0 {
		w.alive()
	}
	return n, err
}
