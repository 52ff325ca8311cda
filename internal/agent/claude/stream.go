package claude

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"github.com/liamzdenek/cody-batch/internal/agent/apierror"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// reply is a whole answer of the model, or what was seen of a broken one.
type reply struct {
	message   anthropic.Message
	malformed map[int]string // tool input that is no JSON, by the block's index
	requestID string
	duration  time.Duration
	ttft      time.Duration // to the first block of content; 0: there was none
	usage     codybatch.Usage
	maxTokens int64 // that it might have
}

// content is the answer's blocks as they came, for the thread.
func (r reply) content() json.RawMessage {
	var raw struct {
		Content json.RawMessage `json:"content"`
	}
	if json.Unmarshal([]byte(r.message.RawJSON()), &raw) != nil || raw.Content == nil {
		return json.RawMessage("[]")
	}
	return raw.Content
}

// stream makes one call of the model, and reads it to its end. An answer without
// message_stop or without a stop reason is errTruncated, however cleanly the
// connection was closed; one that is silent for a.idle is apierror.ErrIdle. The usage is
// set on errors too, as far as it is known: a thrown-away answer was paid for.
//
// onHeader is called, in the caller's goroutine, when a response begins; its
// error ends the call.
func (a *Agent) stream(parent context.Context, messages *anthropic.MessageService, params anthropic.MessageNewParams, onHeader func(status int, header http.Header) error) (reply, error) {
	var r reply
	started := a.now()
	ctx, cancel := context.WithCancelCause(parent)
	defer cancel(nil)
	watchdog := time.AfterFunc(a.idle, func() { cancel(apierror.ErrIdle) })
	defer watchdog.Stop()
	watch := func(req *http.Request, next option.MiddlewareNext) (*http.Response, error) {
		res, err := next(req)
		if err != nil {
			return res, err
		}
		watchdog.Reset(a.idle)
		r.requestID = res.Header.Get("Request-Id")
		res.Body = &watchedBody{ReadCloser: res.Body, alive: func() { watchdog.Reset(a.idle) }}
		if err := onHeader(res.StatusCode, res.Header); err != nil {
			_ = res.Body.Close() // the call is over; nothing is read from it
			return nil, err
		}
		return res, nil
	}

	stream := messages.NewStreaming(ctx, params, option.WithMiddleware(watch))
	defer func() { _ = stream.Close() }() // what there was to read was read
	answer := accumulator{most: params.MaxTokens*mostBytesPerToken + 1<<20}
	var err error
	for err == nil && stream.Next() {
		event := stream.Current()
		if r.ttft == 0 && event.Type == "content_block_start" {
			r.ttft = a.now().Sub(started)
		}
		err = answer.add(event)
	}
	if err == nil {
		err = stream.Err()
	}
	if err == nil && !answer.complete() {
		err = errTruncated
	}
	r.message, r.malformed, r.duration = answer.message, answer.malformed, a.now().Sub(started)
	r.usage = a.prices.Usage(params.Model, answer.usage(err != nil))
	switch {
	case err == nil:
		return r, nil
	case parent.Err() != nil:
		return r, context.Cause(parent)
	case errors.Is(context.Cause(ctx), apierror.ErrIdle):
		return r, fmt.Errorf("%w for %s", apierror.ErrIdle, a.idle)
	default:
		return r, err
	}
}

// accumulator builds the answer from the stream's events.
type accumulator struct {
	message   anthropic.Message
	malformed map[int]string
	stopped   bool  // message_stop was seen
	streamed  int64 // bytes of content
	size      int64 // bytes of all events
	most      int64 // that they may have
}

// mostBytesPerToken is more than any token has, spelled out in JSON.
const mostBytesPerToken = 32

// mostBlocks is more than an answer has for any work: thoughts, words and calls.
const mostBlocks = 1_200

func (a *accumulator) add(event anthropic.MessageStreamEventUnion) error {
	if a.size += int64(len(event.RawJSON())); a.size > a.most {
		return errEndless
	}
	switch event.Type {
	case "content_block_start":
		if len(a.message.Content) >= mostBlocks {
			return errEndless
		}
	case "content_block_delta":
		d := event.Delta
		a.streamed += int64(len(d.Text) + len(d.Thinking) + len(d.PartialJSON))
	case "content_block_stop": // Accumulate makes {} of what is malformed
		a.noteMalformed(max(0, int(event.Index)))
	case "message_stop":
		a.noteMalformed(0)
		a.stopped = true
	}
	if err := a.message.Accumulate(event); err != nil {
		return fmt.Errorf("%w: %w", errTruncated, err)
	}
	return nil
}

// noteMalformed looks at the blocks from one on.
func (a *accumulator) noteMalformed(from int) {
	for i := from; i < len(a.message.Content); i++ {
		block := &a.message.Content[i] // not a copy: blocks are large, and many
		input := bytes.TrimSpace(block.Input)
		if block.Type != "tool_use" || (json.Valid(input) && bytes.HasPrefix(input, []byte("{"))) {
			continue
		}
		if a.malformed == nil {
			a.malformed = map[int]string{}
		}
		if _, noted := a.malformed[i]; !noted {
			a.malformed[i] = string(input)
		}
	}
}

func (a *accumulator) complete() bool { return a.stopped && a.message.StopReason != "" }

// usage is what the API counted. A broken answer was not counted to its end: its
// output is taken for what was streamed, at bytesPerToken.
func (a *accumulator) usage(broken bool) anthropic.Usage {
	usage := a.message.Usage
	if broken {
		usage.OutputTokens = max(usage.OutputTokens, a.streamed/bytesPerToken)
	}
	return usage
}

// watchedBody tells of every sign of life, pings too, which the SDK swallows.
type watchedBody struct {
	io.ReadCloser
	alive func()
}

func (b *watchedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	if n > 0 {
		b.alive()
	}
	return n, err
}
