package main

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// Commands stand for what workers do, one a line, each answered by a line of JSON.
// JOB is an id, or the name of a scene; REPO is owner/name.
const usage = `grow-thread JOB REPO N     adds N events to the thread of a running task
start JOB REPO             a worker takes a queued task
phase JOB REPO PHASE [WHY] a running task does something else, or waits for WHY
finish JOB REPO            a running task ends: changed, or published if that was asked for
fail JOB REPO              a running task ends: verify_failed
storm JOB N                N tasks change as fast as they can
settle JOB                 what was canceled ends, what is to be published is published`

// answer is what comes of a command.
type answer struct {
	OK    bool                 `json:"ok"`
	Error string               `json:"error,omitempty"`
	Task  string               `json:"task,omitempty"` // owner/name
	State codybatch.TaskStatus `json:"status,omitempty"`
	Seq   int64                `json:"seq,omitempty"`   // of the task, as on the wire
	Count int                  `json:"count,omitempty"` // of tasks or events that there are more, or have changed
	Event int64                `json:"event,omitempty"` // the number of the thread's last event
}

// obey does what is asked for until there is nobody to ask.
func (w *world) obey(ctx context.Context, in io.Reader, out io.Writer) error {
	lines := bufio.NewScanner(in)
	encoder := json.NewEncoder(out)
	for lines.Scan() {
		if strings.TrimSpace(lines.Text()) == "" {
			continue
		}
		a, err := w.command(ctx, strings.Fields(lines.Text()))
		a.OK = err == nil
		if err != nil {
			a.Error = err.Error()
		}
		if err := encoder.Encode(a); err != nil {
			return err
		}
	}
	return lines.Err()
}

func (w *world) command(ctx context.Context, words []string) (answer, error) {
	if len(words) < 2 {
		return answer{}, errors.New("the commands are\n" + usage)
	}
	job, err := w.findJob(ctx, words[1])
	if err != nil {
		return answer{}, err
	}
	switch {
	case words[0] == "settle" && len(words) == 2:
		return w.settle(ctx, job)
	case words[0] == "storm" && len(words) == 3:
		count, err := strconv.Atoi(words[2])
		if err != nil {
			return answer{}, fmt.Errorf("storm: %w", err)
		}
		return w.storm(ctx, job, count)
	case len(words) < 3:
		return answer{}, errors.New("the commands are\n" + usage)
	}
	task, err := w.store.Task(ctx, codybatch.TaskKey{JobID: job.ID, Repository: codybatch.RepositoryName(words[2])})
	if err != nil {
		return answer{}, err
	}
	switch {
	case words[0] == "start" && len(words) == 3:
		return told(w.start(ctx, job, task))
	case words[0] == "finish" && len(words) == 3:
		return told(w.wind(ctx, job, task, codybatch.OutcomeChanged))
	case words[0] == "fail" && len(words) == 3:
		return told(w.wind(ctx, job, task, codybatch.OutcomeVerifyFailed))
	case words[0] == "phase" && len(words) > 3:
		return told(w.beat(ctx, task, w.clock.Now(), codybatch.Phase(words[3]), strings.Join(words[4:], " "), task.Usage))
	case words[0] == "grow-thread" && len(words) == 4:
		count, err := strconv.Atoi(words[3])
		if err != nil {
			return answer{}, fmt.Errorf("grow-thread: %w", err)
		}
		return w.grow(ctx, job, task, count)
	default:
		return answer{}, errors.New("the commands are\n" + usage)
	}
}

func (w *world) findJob(ctx context.Context, name string) (codybatch.Job, error) {
	if id, ok := w.jobs[name]; ok {
		name = string(id)
	}
	return w.store.Job(ctx, codybatch.JobID(name))
}

func told(task codybatch.Task, err error) (answer, error) {
	if err != nil {
		return answer{}, err
	}
	return answer{Task: string(task.Repository), State: task.Status, Seq: 2 * task.Seq}, nil
}
