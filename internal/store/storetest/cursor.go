package storetest

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func cursorTests() []test {
	return []test{
		{"a cursor that is garbage is ErrCursor", cursorOfGarbage},
		{"a cursor of another listing is ErrCursor", cursorOfAnotherListing},
		{"a cursor with a forged place is ErrCursor, or skips rows", cursorForged},
		{"a limit that is not from 1 to 1,000 is an error", cursorLimits},
	}
}

// listing is one of the store's lists, by cursor and limit.
type listing struct {
	name string
	page func(cursor string, limit int) (next string, err error)
}

// listings are lists of at least two rows each.
func (f fixture) listings(t *testing.T) []listing {
	t.Helper()
	for _, id := range []codybatch.JobID{"job-1", "job-2", "job-3", "job-4"} {
		f.create(t, newJob(id), repositories(4))
		for i, task := range f.tasks(t, codybatch.TaskQuery{JobID: id, Limit: 2})[:2] {
			if id <= "job-2" {
				task = f.claim(t, task)
			}
			if id == "job-1" && i < 2 {
				f.finish(t, task, codybatch.OutcomeTimeout, 0)
			}
		}
	}
	f.finish(t, f.claim(t, f.task(t, codybatch.TaskKey{JobID: "job-1", Repository: repositories(4)[2]})), codybatch.OutcomeStuck, 0)

	var all []listing
	for _, status := range []codybatch.JobStatus{"", codybatch.JobQueued, codybatch.JobRunning} {
		all = append(all, listing{fmt.Sprintf("jobs %q", status), func(cursor string, limit int) (string, error) {
			page, err := f.Jobs(t.Context(), codybatch.JobQuery{Status: status, Cursor: cursor, Limit: limit})
			return page.NextCursor, err
		}})
	}
	for _, q := range []codybatch.TaskQuery{
		{JobID: "job-1"},
		{JobID: "job-1", Status: codybatch.TaskFailed},
		{JobID: "job-1", Outcome: codybatch.OutcomeTimeout},
		{JobID: "job-1", Status: codybatch.TaskFailed, Outcome: codybatch.OutcomeTimeout},
		{JobID: "job-2"},
	} {
		all = append(all, listing{fmt.Sprintf("tasks of %s %q %q", q.JobID, q.Status, q.Outcome), func(cursor string, limit int) (string, error) {
			q := q
			q.Cursor, q.Limit = cursor, limit
			page, err := f.Tasks(t.Context(), q)
			return page.NextCursor, err
		}})
	}
	for _, status := range []codybatch.TaskStatus{codybatch.TaskQueued, codybatch.TaskRunning} {
		all = append(all, listing{fmt.Sprintf("due tasks %q", status), func(cursor string, limit int) (string, error) {
			page, err := f.DueTasks(t.Context(), codybatch.DueQuery{Status: status, Before: start.Add(2 * lease), Cursor: cursor, Limit: limit})
			return page.NextCursor, err
		}})
	}
	return all
}

// cursor is the one that the list gives after its first row.
func (l listing) cursor(t *testing.T) string {
	t.Helper()
	next, err := l.page("", 1)
	wantError(t, "list "+l.name, err, nil)
	if next == "" {
		t.Fatalf("list %s: no cursor after the first of several rows", l.name)
	}
	return next
}

func cursorOfGarbage(t *testing.T, f fixture) {
	for _, list := range f.listings(t) {
		good := list.cursor(t)
		for _, bad := range []string{
			"0", "x", "null", "{}", "%", "e30", "AAAA", "bnVsbA", "' OR 1=1 --", nasty, strings.Repeat("A", 10_000),
			good[:len(good)-1], good[1:], good + "A", good + good, good + "=", " " + good,
		} {
			_, err := list.page(bad, 1)
			wantError(t, fmt.Sprintf("list %s from %.40q", list.name, bad), err, codybatch.ErrCursor)
		}
	}
}

// Cursors are not signed: whoever has one can put another place into it.
func cursorForged(t *testing.T, f fixture) {
	for _, list := range f.listings(t) {
		after, err := list.page("", 2) // a place of 0 may be left out
		wantError(t, "list "+list.name, err, nil)
		if after == "" {
			after = list.cursor(t)
		}
		for _, forged := range forge(t, after) {
			if _, err := list.page(encode(t, forged), 1_000); err != nil && !errors.Is(err, codybatch.ErrCursor) {
				t.Errorf("list %s from the cursor %.200v: error %v", list.name, forged, err)
			}
		}
	}
}

// forge returns what the cursor encodes, with each value below "p", its place, changed
// to all that its type takes.
func forge(t *testing.T, cursor string) []map[string]any {
	t.Helper()
	decoded := func() map[string]any {
		plain, err := base64.RawURLEncoding.DecodeString(cursor)
		wantError(t, "decode "+cursor, err, nil)
		var document map[string]any
		wantError(t, "decode "+cursor, json.Unmarshal(plain, &document), nil)
		return document
	}
	place, ok := decoded()["p"].(map[string]any)
	if !ok {
		t.Fatalf("the cursor %v has no place", decoded())
	}
	var all []map[string]any
	for name, value := range place {
		forgeries := []any{json.Number("0"), -1, -2, math.MaxInt32, math.MinInt64, math.MaxInt64, math.MaxInt64 - 1, math.MaxInt64 - 999}
		if _, isText := value.(string); isText {
			forgeries = []any{"", "!", "~", "\x00", nasty, "\U0010FFFF", strings.Repeat("\U0010FFFF", 250), strings.Repeat("x", 1_000), strings.Repeat("x", 5_000)}
		}
		for _, forgery := range forgeries {
			document := decoded()
			document["p"].(map[string]any)[name] = forgery
			all = append(all, document)
		}
	}
	return all
}

func encode(t *testing.T, document map[string]any) string {
	t.Helper()
	plain, err := json.Marshal(document)
	wantError(t, "encode a cursor", err, nil)
	return base64.RawURLEncoding.EncodeToString(plain)
}

func cursorOfAnotherListing(t *testing.T, f fixture) {
	lists := f.listings(t)
	for i, list := range lists {
		cursor := list.cursor(t)
		for j, other := range lists {
			want := codybatch.ErrCursor
			if i == j {
				want = nil
			}
			_, err := other.page(cursor, 1)
			wantError(t, fmt.Sprintf("list %s from a cursor of %s", other.name, list.name), err, want)
		}
	}
}

func cursorLimits(t *testing.T, f fixture) {
	for _, list := range f.listings(t) {
		for _, limit := range []int{-1, 0, 1_001} {
			if _, err := list.page("", limit); err == nil {
				t.Errorf("list %s takes the limit %d", list.name, limit)
			}
		}
		_, err := list.page("", 1_000)
		wantError(t, "list with the limit 1,000", err, nil)
	}
}
