package dynamo

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const maxLimit = 1_000

// cursor is the last row of a page. Listing names the query that it belongs to, so
// that it can't be taken for another one's. It holds our own sort keys and nothing
// of DynamoDB's: a forged one skips rows of a list that its owner may read anyway.
type cursor struct {
	Listing  string `json:"l"`
	After    string `json:"a,omitempty"` // a sort key: createdAt of jobs, dueAt of tasks
	Position int    `json:"p,omitempty"`
}

func (c cursor) encode() string {
	plain, err := json.Marshal(c)
	if err != nil {
		panic("a struct of strings and numbers does not marshal: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(plain)
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
	if len(c.After) > longestKey || c.Position < -1 || c.After == "" && start.After != "" {
		return cursor{}, fmt.Errorf("cursor to nowhere: %w", codybatch.ErrCursor)
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
	return cursor{Listing: "jobs/" + string(status), After: "~"} // after every time
}

func tasksStart(q codybatch.TaskQuery) cursor {
	return cursor{Listing: fmt.Sprintf("tasks/%s/%s/%s", q.JobID, q.Status, q.Outcome), Position: -1}
}

func dueStart(status codybatch.TaskStatus) cursor {
	return cursor{Listing: "due/" + string(status), After: "!"} // before every time
}
