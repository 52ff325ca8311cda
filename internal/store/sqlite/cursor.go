package sqlite

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const maxLimit = 1_000

// cursor is the last row of a page. Listing names the query that it belongs to,
// so that it can't be taken for another one's.
type cursor struct {
	Listing  string          `json:"l"`
	Time     int64           `json:"t,omitempty"` // nanoseconds since 1970
	JobID    codybatch.JobID `json:"j,omitempty"`
	Position int             `json:"p,omitempty"`
}

func (c cursor) encode() string {
	text, err := json.Marshal(c)
	if err != nil {
		panic("a struct of strings and numbers does not marshal: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(text)
}

// startOr is the cursor in text, or start when text is empty.
func startOr(text string, start cursor) (cursor, error) {
	if text == "" {
		return start, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return cursor{}, fmt.Errorf("decode cursor: %w", codybatch.ErrCursor)
	}
	var c cursor
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&c); err != nil {
		return cursor{}, fmt.Errorf("decode cursor: %w", codybatch.ErrCursor)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return cursor{}, fmt.Errorf("decode cursor: more than one: %w", codybatch.ErrCursor)
	}
	if c.Listing != start.Listing {
		return cursor{}, fmt.Errorf("cursor of another listing: %w", codybatch.ErrCursor)
	}
	return c, nil
}

func checkLimit(limit int) error {
	if limit < 1 || limit > maxLimit {
		return fmt.Errorf("limit %d is not from 1 to %d", limit, maxLimit)
	}
	return nil
}

// The places before the first row of a listing.

func jobsStart(status codybatch.JobStatus) cursor {
	return cursor{Listing: "jobs/" + string(status), Time: math.MaxInt64}
}

func tasksStart(q codybatch.TaskQuery) cursor {
	return cursor{Listing: fmt.Sprintf("tasks/%s/%s/%s", q.JobID, q.Status, q.Outcome), Position: -1}
}

func dueStart(status codybatch.TaskStatus) cursor {
	return cursor{Listing: "due/" + string(status), Time: math.MinInt64}
}
