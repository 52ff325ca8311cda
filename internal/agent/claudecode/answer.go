package claudecode

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
)

const (
	maxEventBytes  = 16 << 20 // of one server-sent event
	maxAnswerBytes = 64 << 20 // of an answer that is no stream

	// mostBytesPerToken is more than any token has, spelled out in JSON.
	mostBytesPerToken = 32
)

// Ways in which an answer ends without being one.
var (
	errTruncated = errors.New("the answer broke off before its end")
	errEndless   = errors.New("the answer does not end: it is longer than the request lets it be; check ANTHROPIC_BASE_URL")
)

// answer is what the gateway saw of one answer of the API.
type answer struct {
	message  anthropic.Message
	isWhole  bool  // message_stop was seen, and a stop reason
	streamed int64 // bytes of content
	ttft     time.Duration
	failure  string // the error event that ended the stream
}

// copyStream passes a stream on, event by event. Before the last event of an answer
// is passed on, whole is called: what an answer cost is known and told before its
// reader can ask for another one. Its error, and a reader that went away, end it.
func (a *answer) copyStream(from *io.LimitedReader, to io.Writer, flush func(), started func() time.Duration, whole func() error) error {
	lines := bufio.NewReaderSize(from, 64<<10)
	var event, data []byte
	for {
		line, err := readLine(lines, maxEventBytes-len(event))
		event = append(event, line...)
		if rest, isData := bytes.CutPrefix(line, []byte("data:")); isData {
			data = append(data, bytes.TrimSpace(rest)...)
		}
		if len(bytes.TrimRight(line, "\r\n")) == 0 || err != nil {
			if len(data) > 0 {
				if done := a.read(data, started); done {
					if err := whole(); err != nil {
						return err
					}
				}
			}
			if _, err := to.Write(event); err != nil {
				return err
			}
			flush()
			event, data = event[:0], data[:0]
		}
		switch {
		case errors.Is(err, io.EOF) && a.isWhole:
			return nil
		case errors.Is(err, io.EOF) && from.N <= 0:
			return errEndless
		case errors.Is(err, io.EOF):
			return errTruncated
		case err != nil:
			return err
		}
	}
}

// readLine reads a line with its end, of at most so many bytes.
func readLine(from *bufio.Reader, limit int) ([]byte, error) {
	var line []byte
	for {
		piece, err := from.ReadSlice('\n')
		if len(line)+len(piece) > limit {
			return nil, errors.New("the API sent an event of more than 16 MiB")
		}
		line = append(line, piece...)
		if !errors.Is(err, bufio.ErrBufferFull) {
			return line, err
		}
	}
}

// read takes one event, and reports whether the answer is whole with it.
func (a *answer) read(data []byte, started func() time.Duration) bool {
	var event anthropic.MessageStreamEventUnion
	if a.isWhole || json.Unmarshal(data, &event) != nil {
		return false
	}
	switch event.Type {
	case "content_block_start":
		if a.ttft == 0 {
			a.ttft = started()
		}
	case "content_block_delta":
		a.streamed += int64(len(event.Delta.Text) + len(event.Delta.Thinking) + len(event.Delta.PartialJSON))
	case "error":
		a.failure = string(data)
		return false
	case "message_stop":
		a.isWhole = a.message.StopReason != ""
	}
	_ = a.message.Accumulate(event) // a kind of event that the SDK does not know is passed on all the same
	return a.isWhole
}

// readWhole takes an answer that is no stream.
func (a *answer) readWhole(body []byte) error {
	if err := json.Unmarshal(body, &a.message); err != nil {
		return err
	}
	a.isWhole = a.message.StopReason != ""
	return nil
}

// usage is what the API counted. A broken answer was not counted to its end: its
// output is taken for what was streamed, at bytesPerToken.
func (a *answer) usage() anthropic.Usage {
	usage := a.message.Usage
	if !a.isWhole {
		usage.OutputTokens = max(usage.OutputTokens, a.streamed/bytesPerToken)
	}
	return usage
}

// content is the answer's blocks as they came, for the thread.
func (a *answer) content() json.RawMessage {
	var raw struct {
		Content json.RawMessage `json:"content"`
	}
	if json.Unmarshal([]byte(a.message.RawJSON()), &raw) != nil || raw.Content == nil {
		return json.RawMessage("[]")
	}
	return raw.Content
}
