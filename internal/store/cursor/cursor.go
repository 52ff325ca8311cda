// Package cursor is what stores share of listing by pages: the text of a cursor, the
// names of the lists, and the limits of a page. What a place in a list is, each store
// says itself.
package cursor

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// Listing names a list with its filters, so that a cursor of one can't be taken for
// another one's.
type Listing string

// Jobs is the list of jobs that q asks for.
func Jobs(q codybatch.JobQuery) Listing { return Listing("jobs/" + q.Status) }

// Tasks is the list of a job's tasks that q asks for.
func Tasks(q codybatch.TaskQuery) Listing {
	return Listing(fmt.Sprintf("tasks/%s/%s/%s", q.JobID, q.Status, q.Outcome))
}

// Due is the list of due tasks that q asks for. It is the same for any q.Before.
func Due(q codybatch.DueQuery) Listing { return Listing("due/" + q.Status) }

// document is what a cursor's text encodes.
type document[P any] struct {
	Listing Listing `json:"l"`
	Place   P       `json:"p"` // of the last row of a page
}

// Encode is the cursor after the row at place. P is a struct that marshals in any
// state. A cursor is not signed: it may hold nothing that its bearer must not know or
// make up.
func Encode[P any](listing Listing, place P) string {
	plain, err := json.Marshal(document[P]{listing, place})
	if err != nil {
		panic("the place of a cursor does not marshal: " + err.Error())
	}
	return base64.RawURLEncoding.EncodeToString(plain)
}

// Decode is the place that text names, or start when text is empty. It is ErrCursor if
// text is not a cursor of the listing. What the place holds may still be anything that
// fits P.
func Decode[P any](text string, listing Listing, start P) (P, error) {
	if text == "" {
		return start, nil
	}
	raw, err := base64.RawURLEncoding.Strict().DecodeString(text)
	if err != nil {
		return start, fmt.Errorf("decode cursor: %w", codybatch.ErrCursor)
	}
	var d document[P]
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&d); err != nil {
		return start, fmt.Errorf("decode cursor: %w", codybatch.ErrCursor)
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return start, fmt.Errorf("decode cursor: more than one: %w", codybatch.ErrCursor)
	}
	if d.Listing != listing {
		return start, fmt.Errorf("cursor of another listing: %w", codybatch.ErrCursor)
	}
	return d.Place, nil
}

const maxLimit = 1_000

// CheckLimit refuses what can't be the number of rows of a page.
func CheckLimit(limit int) error {
	if limit < 1 || limit > maxLimit {
		return fmt.Errorf("limit %d is not from 1 to %d", limit, maxLimit)
	}
	return nil
}
