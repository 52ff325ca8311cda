package httpapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const (
	eventPage    = 500              // tasks read at once
	heartbeat    = 15 * time.Second // proxies drop connections that are silent for longer
	maxEventWait = 20               // seconds; API Gateway gives up after 29
	shortPoll    = 2 * time.Second
	longPoll     = 250 * time.Millisecond // lets changes gather between two requests
)

func (a *api) registerEvents(h huma.API) {
	op := operation("getEvents", http.MethodGet, "/jobs/{jobId}/events", tagJobs,
		"Follow a job", "Changes of the job and its tasks after a sequence number, each in its latest state, the job after its tasks. "+
			"Start with the job's `seq`, or with 0 to get everything. Clients drop what they have seen (`seq` not larger than the last one) and go by the answer's `Content-Type`:\n\n"+
			"- `text/event-stream`, if the client accepts it and the server can stream: events as they happen, until the job has finished.\n"+
			"- `application/json`: the events so far; ask again with after = `next` after `retryAfterMs`.\n\n"+
			"204: the job has finished and nothing more will come. 410: the server does not know the number; start again with 0.",
		http.StatusNotFound, http.StatusGone)
	describeEvents(h, &op)
	register(a, h, op, a.events)
}

type eventsInput struct {
	JobPath
	After       int64  `query:"after" doc:"Only changes after this sequence number." minimum:"0"`
	LastEventID int64  `header:"Last-Event-ID" doc:"Where a stream goes on; sent by clients of server-sent events." minimum:"0"`
	Wait        int    `query:"wait" doc:"With JSON: how many seconds to wait for a change, if the server can." minimum:"0" maximum:"20"`
	Accept      string `header:"Accept" hidden:"true"`
	ViewChoice
}

// feed follows one job for one client.
type feed struct {
	api     *api
	id      codybatch.JobID
	view    ViewChoice
	cursor  int64 // the client has everything up to here, in numbers of the wire
	isOver  bool  // the job had finished when last looked at
	hasMore bool  // the last look did not see everything
}

// look reads what changed since the last time.
func (f *feed) look(ctx context.Context) ([]Event, error) {
	job, tasks, err := f.api.service.Changes(ctx, f.id, storeSeq(f.cursor), eventPage)
	if err != nil {
		return nil, err
	}
	var events []Event
	for _, t := range tasks {
		task := f.view.task(t)
		if task.Seq > f.cursor {
			events = append(events, Event{Seq: task.Seq, Type: "task", Task: &task})
			f.cursor = task.Seq
		}
	}
	// The job's event says that all its tasks' came before. It has to wait until
	// they have, and until the job was read after the last of them.
	f.hasMore = len(tasks) == eventPage
	f.isOver = job.Finished() && !f.hasMore && jobSeq(job.Seq) >= f.cursor
	if wire := newJob(job); !f.hasMore && wire.Seq > f.cursor {
		events = append(events, Event{Seq: wire.Seq, Type: "job", Job: &wire})
		f.cursor = wire.Seq
	}
	return events, nil
}

func (a *api) events(ctx context.Context, in *eventsInput) (*huma.StreamResponse, error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	f := &feed{api: a, id: id, view: in.ViewChoice, cursor: max(in.After, in.LastEventID)}
	events, err := f.look(ctx)
	if errors.Is(err, codybatch.ErrCursor) {
		return nil, newProblem(http.StatusGone, codeCursorGone, fmt.Sprintf("the job has not come to %d; start again with after=0", f.cursor))
	}
	if err != nil {
		return nil, err
	}
	if f.isOver && len(events) == 0 {
		return &huma.StreamResponse{Body: func(ctx huma.Context) { ctx.SetStatus(http.StatusNoContent) }}, nil
	}
	if a.LongEvents && strings.Contains(in.Accept, "text/event-stream") {
		return &huma.StreamResponse{Body: func(ctx huma.Context) { f.stream(ctx, events) }}, nil
	}
	if a.LongEvents && in.Wait > 0 && len(events) == 0 {
		if events, err = f.wait(ctx, time.Duration(in.Wait)*time.Second); err != nil {
			return nil, err
		}
	}
	return a.json(EventPage{Events: list(events), Next: f.cursor, RetryAfterMs: f.pause(in.Wait > 0).Milliseconds()}), nil
}

// pause is how long a client that polls should wait.
func (f *feed) pause(isLong bool) time.Duration {
	switch {
	case f.hasMore || f.isOver: // the next answer is there already
		return 0
	case isLong && f.api.LongEvents:
		return longPoll
	default:
		return shortPoll
	}
}

// wait looks until something changes, or the time is over, or the client is gone.
func (f *feed) wait(ctx context.Context, limit time.Duration) ([]Event, error) {
	ticker := time.NewTicker(f.api.EventInterval)
	defer ticker.Stop()
	deadline := time.NewTimer(limit)
	defer deadline.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil, nil
		case <-deadline.C:
			return nil, nil
		case <-ticker.C:
		}
		if events, err := f.look(ctx); err != nil || len(events) > 0 {
			return events, err
		}
	}
}

// stream sends events until the job has finished or the client is gone. There is
// no goroutine besides the request's own.
func (f *feed) stream(ctx huma.Context, events []Event) {
	log := f.api.Log.With("request", requestID(ctx.Context()), "job", f.id)
	ctx.SetHeader("Content-Type", "text/event-stream")
	ctx.SetHeader("Cache-Control", "no-cache")
	ctx.SetHeader("X-Accel-Buffering", "no")
	ctx.SetStatus(http.StatusOK)
	if ctx.Method() == http.MethodHead {
		return
	}
	_, w := humago.Unwrap(ctx)
	look := time.NewTicker(f.api.EventInterval)
	defer look.Stop()
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	isAlive := true // the first bytes go out at once, so that the client knows that it is connected
	for {
		if err := send(w, events, isAlive); err != nil {
			log.DebugContext(ctx.Context(), "client of an event stream is gone", "error", err)
			return
		}
		if f.isOver {
			return
		}
		events, isAlive = nil, false
		if !f.hasMore {
			select {
			case <-ctx.Context().Done():
				return
			case <-beat.C:
				isAlive = true
				continue
			case <-look.C:
			}
		}
		var err error
		if events, err = f.look(ctx.Context()); err != nil {
			if ctx.Context().Err() == nil {
				log.WarnContext(ctx.Context(), "event stream ends early", "error", err)
			}
			return
		}
	}
}

// send writes events in one piece; isAlive adds a comment, which clients ignore.
func send(w http.ResponseWriter, events []Event, isAlive bool) error {
	if len(events) == 0 && !isAlive {
		return nil
	}
	var text bytes.Buffer
	if isAlive {
		text.WriteString(":\n\n")
	}
	for _, event := range events {
		data, err := json.Marshal(event)
		if err != nil {
			return fmt.Errorf("encode event %d: %w", event.Seq, err)
		}
		fmt.Fprintf(&text, "id: %d\nevent: %s\ndata: %s\n\n", event.Seq, event.Type, data)
	}
	if _, err := w.Write(text.Bytes()); err != nil {
		return err
	}
	return http.NewResponseController(w).Flush()
}
