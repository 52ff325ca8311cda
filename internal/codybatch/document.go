package codybatch

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Diff opens the unified patch of a task's latest result. If there is none the
// error is a *MissingError with the reason. The caller closes it.
func (s *Service) Diff(ctx context.Context, key TaskKey) (Artifact, error) {
	task, err := s.store.Task(ctx, key)
	if err != nil {
		return Artifact{}, err
	}
	if !task.HasDiff {
		return Artifact{}, &MissingError{What: documentDiff, Key: key, Reason: whyNoDiff(task)}
	}
	return s.open(ctx, DiffKey(key, task.DiffAttempt))
}

// AttemptDiff opens the unified patch of an attempt, 0 for Diff. If the attempt left
// none the error is a *MissingError with the reason.
func (s *Service) AttemptDiff(ctx context.Context, key TaskKey, attempt int) (Artifact, error) {
	task, err := s.store.Task(ctx, key)
	switch {
	case err != nil:
		return Artifact{}, err
	case attempt == 0:
		return s.Diff(ctx, key)
	case attempt == task.DiffAttempt && !task.HasDiff: // what it tried meanwhile is no result
		return Artifact{}, &MissingError{What: documentDiff, Key: key, Reason: whyNone(task, attempt, documentDiff)}
	}
	document, _, err := s.openLatest(ctx, task, attempt, documentDiff, DiffKey)
	return document, err
}

func whyNoDiff(task Task) string {
	switch {
	case task.Status == TaskSucceeded:
		return "no change was needed"
	case !task.Status.Final():
		return "there is none yet; the task is " + string(task.Status)
	default:
		return "nothing was changed before the task ended as " + string(task.Outcome)
	}
}

// Thread is a page of a task's conversation.
type Thread struct {
	Messages  []Message
	Usage     Usage // of the attempt
	Attempt   int
	NextAfter int64 // pass as after to go on
	Complete  bool  // nothing more will come
}

// One page has at most so many messages, and ends with the one that makes it longer
// than so many bytes of stored events: a Lambda function can answer with 6 MB.
const (
	maxThreadPage      = 500
	maxThreadPageBytes = 2 << 20
)

// Thread reads messages after a sequence number. Attempt 0 means the latest that
// has a conversation.
func (s *Service) Thread(ctx context.Context, key TaskKey, attempt int, after int64) (Thread, error) {
	task, err := s.store.Task(ctx, key)
	if err != nil {
		return Thread{}, err
	}
	document, attempt, err := s.openThread(ctx, task, attempt)
	if err != nil {
		return Thread{}, err
	}
	defer document.Close()

	thread := Thread{Attempt: attempt, NextAfter: after}
	lines := bufio.NewReader(document)
	var before ThreadEvent
	var remark string // that no request has said yet
	size := 0
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) { // a line without an end is still being written
			thread.Complete = task.Status.Final() || attempt < task.Attempt
			return thread, nil
		}
		if err != nil {
			return thread, fmt.Errorf("read thread of %s: %w", key, err)
		}
		var event ThreadEvent
		if err := json.Unmarshal(line, &event); err != nil {
			return thread, fmt.Errorf("read thread of %s after event %d: %w", key, thread.NextAfter, err)
		}
		switch {
		case event.Type == EventFeedback: // what was said before belongs to an earlier attempt
			thread.Usage, remark = Usage{}, event.Reason
		case (event.Type == EventAssistant || event.Type == EventJudge) && event.Usage != nil:
			thread.Usage = thread.Usage.Add(*event.Usage)
		}
		isRepeated := event.repeats(before)
		before = event
		if event.Seq <= after && (event.Type != EventRequest || remark == "") {
			continue
		}
		message, ok := event.Message()
		if event.Type == EventRequest && message.drop(remark) {
			remark, ok = "", len(message.Blocks) > 0
		}
		if event.Seq <= after {
			continue
		}
		if len(thread.Messages) == maxThreadPage || size > maxThreadPageBytes {
			return thread, nil
		}
		size += len(line)
		if ok && !isRepeated {
			thread.Messages = append(thread.Messages, message)
		}
		thread.NextAfter = event.Seq
	}
}

// ThreadEvents opens the thread as it is stored, one ThreadEvent a line.
func (s *Service) ThreadEvents(ctx context.Context, key TaskKey, attempt int) (Artifact, error) {
	task, err := s.store.Task(ctx, key)
	if err != nil {
		return Artifact{}, err
	}
	document, _, err := s.openThread(ctx, task, attempt)
	return document, err
}

// TaskLog opens what the commands of an attempt printed; 0 is the latest attempt
// that printed anything. If there is none the error is a *MissingError with the
// reason.
func (s *Service) TaskLog(ctx context.Context, key TaskKey, attempt int) (Artifact, error) {
	task, err := s.store.Task(ctx, key)
	if err != nil {
		return Artifact{}, err
	}
	document, _, err := s.openLatest(ctx, task, attempt, documentLog, LogKey)
	return document, err
}

func (s *Service) openThread(ctx context.Context, task Task, attempt int) (Artifact, int, error) {
	return s.openLatest(ctx, task, attempt, documentThread, ThreadKey)
}

func (s *Service) open(ctx context.Context, key ArtifactKey) (Artifact, error) {
	document, err := s.artifacts.Open(ctx, key)
	document.Key = key
	return document, err
}

// Link makes an address under which the bearer can fetch a document without asking
// this service. The error is ErrNoLink where documents are kept in a way that has none.
func (s *Service) Link(ctx context.Context, key ArtifactKey, o LinkOptions) (Link, error) {
	linker, ok := s.artifacts.(Linker)
	if !ok {
		return Link{}, ErrNoLink
	}
	return linker.Link(ctx, key, o)
}

// What MissingErrors call the documents.
const (
	documentDiff   = "diff"
	documentThread = "thread"
	documentLog    = "log"
)

// openLatest opens a document of an attempt, or of the latest attempt that has
// one.
func (s *Service) openLatest(ctx context.Context, task Task, attempt int, what string, name func(TaskKey, int) ArtifactKey) (Artifact, int, error) {
	from, to := task.Attempt, 1
	if attempt != 0 {
		from, to = attempt, attempt
	}
	for n := from; n >= to; n-- {
		document, err := s.open(ctx, name(task.Key(), n))
		if !errors.Is(err, ErrNotFound) {
			return document, n, err
		}
	}
	return Artifact{}, 0, &MissingError{What: what, Key: task.Key(), Reason: whyNone(task, attempt, what)}
}

// whyNone says why an attempt, or with 0 all of them, has no document.
func whyNone(task Task, attempt int, what string) string {
	isOver := task.Status.Final() || attempt != 0 && attempt < task.Attempt
	switch {
	case attempt > task.Attempt && task.Attempt == 1:
		return fmt.Sprintf("there is no attempt %d; there was only one", attempt)
	case attempt > task.Attempt:
		return fmt.Sprintf("there is no attempt %d; there were only %d", attempt, task.Attempt)
	case !isOver:
		return "there is none yet; the task is " + string(task.Status)
	case what == documentThread:
		return "it ended before anything was said"
	case what == documentDiff && attempt == task.Attempt:
		return whyNoDiff(task)
	case what == documentDiff:
		return fmt.Sprintf("attempt %d left none", attempt)
	case attempt == 0:
		return "its commands printed nothing"
	default:
		return fmt.Sprintf("the commands of attempt %d printed nothing", attempt)
	}
}
