package claudecode

import (
	"context"
	"encoding/json"
	"errors"
	"slices"
	"sync"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const (
	fileTime  = 2 * time.Second       // for the program to write down what it sends
	filePause = 20 * time.Millisecond // between two looks
	lastTime  = 10 * time.Second      // for the checkpoint of a run that is stopped
)

// keeper has workspace and conversation kept while a run goes on, so that another
// attempt can go on where it was. Its methods may be called at once.
type keeper struct {
	run     codybatch.AgentRun
	session string
	warn    func(ctx context.Context, err error)

	mu sync.Mutex // one at a time looks at the workspace
}

// begin keeps what there is before a call, while the model thinks. The caller waits with
// what it returns before it passes anything of the answer on: then the next calls of
// tools begin, and an answer in the thread means that all before it is kept. A call that
// goes on from no results and no prompt is not the conversation's.
func (k *keeper) begin(ctx context.Context, answers int, results []string, prompt string) func() {
	if k.run.Checkpoint == nil || len(results) == 0 && prompt == "" {
		return func() {}
	}
	done := make(chan error, 1)
	go func() {
		k.mu.Lock()
		defer k.mu.Unlock()
		records, err := k.await(ctx, func(records []record) bool { return tells(records, results, prompt) })
		if err == nil {
			err = k.run.Checkpoint(ctx, answers, encode(records))
		}
		done <- err
	}()
	return func() {
		if err := <-done; err != nil && ctx.Err() == nil {
			k.warn(ctx, err)
		}
	}
}

// last keeps what a run that is stopped leaves. Its program has ended.
func (k *keeper) last(ctx context.Context, answers int) {
	if k.run.Checkpoint == nil || answers == 0 {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), lastTime)
	defer cancel()
	k.mu.Lock()
	defer k.mu.Unlock()
	records, err := readHome(k.run.Home, k.session)
	if err == nil {
		err = k.run.Checkpoint(ctx, answers, encode(records))
	}
	if err != nil {
		k.warn(ctx, err)
	}
}

// await reads the conversation as soon as it is complete: the program writes it down a
// little later than it sends it.
func (k *keeper) await(ctx context.Context, isThere func([]record) bool) ([]record, error) {
	ctx, cancel := context.WithTimeoutCause(ctx, fileTime, errors.New("the program has not written down yet what it sent"))
	defer cancel()
	for {
		records, err := readHome(k.run.Home, k.session)
		if err == nil && isThere(records) {
			return records, nil
		}
		select {
		case <-ctx.Done():
			return nil, errors.Join(context.Cause(ctx), err)
		case <-time.After(filePause):
		}
	}
}

// answered is how many answers of the conversation came whole.
func (g *gateway) answered() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.before + g.answers
}

// tells reports whether a conversation has the results, and ends with the prompt if there
// is one.
func tells(records []record, results []string, prompt string) bool {
	var told []string
	for _, r := range records {
		told = append(told, r.results()...)
	}
	if slices.ContainsFunc(results, func(id string) bool { return !slices.Contains(told, id) }) {
		return false
	}
	return prompt == "" || says(tail(records), prompt)
}

// tail are the records after the last answer.
func tail(records []record) []record {
	for i := len(records) - 1; i >= 0; i-- {
		if records[i].kind == "assistant" {
			return records[i+1:]
		}
	}
	return records
}

// says reports whether one of the records is a prompt.
func says(records []record, prompt string) bool {
	return slices.ContainsFunc(records, func(r record) bool {
		var text string
		var blocks []struct {
			Text string `json:"text"`
		}
		switch {
		case r.kind != "user":
			return false
		case json.Unmarshal(r.content, &text) == nil:
			return text == prompt
		default:
			return json.Unmarshal(r.content, &blocks) == nil && len(blocks) == 1 && blocks[0].Text == prompt
		}
	})
}
