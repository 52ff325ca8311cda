package worker

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

const (
	logBuffer = 32 << 10 // bytes that are held back before whole lines are stored
	lineLimit = 1 << 20  // bytes of a line that never ends; it is stored in pieces
	logLimit  = 4 << 20  // bytes of an attempt's log; what programs print beyond is dropped
)

// recorder keeps an attempt's thread and log. Nothing that it stores holds a
// secret value. Its methods may be called at once.
type recorder struct {
	worker  *Worker
	key     codybatch.TaskKey
	attempt int

	mu     sync.Mutex
	seq    int64 // of the last event; -1: not known yet
	heard  bool  // an answer of the model was recorded
	log    bytes.Buffer
	logged int
}

func newRecorder(w *Worker, task codybatch.Task) *recorder {
	return &recorder{worker: w, key: task.Key(), attempt: task.Attempt, seq: -1}
}

// event appends one line to the thread.
func (r *recorder) event(ctx context.Context, event codybatch.ThreadEvent) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.seq < 0 {
		last, err := r.lastSeq(ctx)
		if err != nil {
			return err
		}
		r.seq = last
	}
	if event.Type == codybatch.EventRunStart {
		event.Sandbox = r.worker.Confinement.Held()
	}
	line, err := r.line(event, r.seq+1)
	if err != nil {
		return err
	}
	if err := r.worker.Artifacts.Append(ctx, codybatch.ThreadKey(r.key, r.attempt), line); err != nil {
		return fmt.Errorf("record a %s event: %w", event.Type, err)
	}
	r.seq++
	r.heard = r.heard || event.Type == codybatch.EventAssistant
	return nil
}

// line is an event as the thread holds it.
func (r *recorder) line(event codybatch.ThreadEvent, seq int64) ([]byte, error) {
	event.Seq, event.Time, event.Attempt = seq, r.worker.Now().UTC(), r.attempt
	line, err := json.Marshal(event)
	if err != nil {
		return nil, fmt.Errorf("record a %s event: %w", event.Type, err)
	}
	return append([]byte(r.worker.redact.Replace(string(line))), '\n'), nil
}

// adopt makes the thread of another attempt, if it has one, this one's, with the event
// at its end. It is one write: nobody finds a thread that does not say whose it is.
func (r *recorder) adopt(ctx context.Context, from codybatch.ArtifactKey, event codybatch.ThreadEvent) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	thread, err := r.worker.readAll(ctx, from)
	if err != nil {
		return fmt.Errorf("take over a thread: %w", err)
	}
	last, err := lastSeqIn(bytes.NewReader(thread))
	if err != nil {
		return fmt.Errorf("take over a thread: %w", err)
	}
	line, err := r.line(event, last+1)
	if err != nil {
		return err
	}
	if err := r.worker.Artifacts.Put(ctx, codybatch.ThreadKey(r.key, r.attempt), bytes.NewReader(append(thread, line...))); err != nil {
		return fmt.Errorf("take over a thread: %w", err)
	}
	r.seq = last + 1
	return nil
}

// readAll reads a document; nothing if it is not there.
func (w *Worker) readAll(ctx context.Context, key codybatch.ArtifactKey) ([]byte, error) {
	document, err := w.Artifacts.Open(ctx, key)
	if errors.Is(err, codybatch.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	defer document.Close()
	return io.ReadAll(document)
}

// isHeard reports whether the model gave an answer in this run of the attempt.
func (r *recorder) isHeard() bool {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.heard
}

// lastSeq is where the thread goes on: an attempt that was stopped, or took over a
// known result, has one already.
func (r *recorder) lastSeq(ctx context.Context) (int64, error) {
	document, err := r.worker.Artifacts.Open(ctx, codybatch.ThreadKey(r.key, r.attempt))
	if errors.Is(err, codybatch.ErrNotFound) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("go on with the thread: %w", err)
	}
	defer document.Close()
	last, err := lastSeqIn(document)
	if err != nil {
		return 0, fmt.Errorf("go on with the thread: %w", err)
	}
	return last, nil
}

func lastSeqIn(thread io.Reader) (int64, error) {
	var last int64
	lines := bufio.NewReader(thread)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return last, nil
		}
		if err != nil {
			return 0, err
		}
		var event struct{ Seq int64 }
		if json.Unmarshal(line, &event) == nil {
			last = max(last, event.Seq)
		}
	}
}

// Write adds to the log what a program printed. It never fails: a log that can't
// be kept is no reason to end the work.
func (r *recorder) Write(p []byte) (int, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	room := max(0, logLimit-r.logged)
	switch {
	case r.logged > logLimit:
	case len(p) > room:
		r.log.Write(p[:room])
		r.log.WriteString("\n(the log ends here: it has reached its limit of 4 MiB)\n")
		r.logged = logLimit + 1
	default:
		r.log.Write(p)
		r.logged += len(p)
	}
	if r.log.Len() >= logBuffer {
		// Only whole lines: a secret or a character may be cut in two at the end.
		end := bytes.LastIndexByte(r.log.Bytes(), '\n') + 1
		if r.log.Len() >= lineLimit {
			end = r.log.Len()
		}
		r.store(context.Background(), end)
	}
	return len(p), nil
}

// flush stores what Write held back.
func (r *recorder) flush(ctx context.Context) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.store(ctx, r.log.Len())
}

// store moves the first n bytes of the log to the artifacts. The caller holds mu.
func (r *recorder) store(ctx context.Context, n int) {
	if n == 0 {
		return
	}
	text := r.worker.redact.Replace(sandbox.Clean(string(r.log.Next(n))))
	if err := r.worker.Artifacts.Append(ctx, codybatch.LogKey(r.key, r.attempt), []byte(text)); err != nil {
		r.worker.Log.WarnContext(ctx, "a part of a log could not be kept", "task", r.key.String(), "error", err)
	}
}

// end closes thread and log: the reason of a failure is told at last.
func (r *recorder) end(ctx context.Context, result codybatch.TaskResult) error {
	r.flush(ctx)
	if result.Error == nil {
		return nil
	}
	return r.event(ctx, codybatch.ThreadEvent{Type: codybatch.EventNotice, Outcome: result.Outcome, Reason: result.Error.Message})
}
