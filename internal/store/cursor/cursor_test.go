package cursor_test

import (
	"encoding/base64"
	"errors"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/store/cursor"
)

type place struct {
	After    string `json:"a,omitempty"`
	Position int    `json:"p,omitempty"`
}

func TestDecodeReturnsWhatWasEncoded(t *testing.T) {
	t.Parallel()
	list := cursor.Tasks(codybatch.TaskQuery{JobID: "job", Status: codybatch.TaskQueued})
	start := place{"!", -1}
	for _, want := range []place{{}, {"a\x00<&>", 7}, {Position: -1}} {
		if got, err := cursor.Decode(cursor.Encode(list, want), list, start); err != nil || got != want {
			t.Errorf("%+v came back as %+v, error %v", want, got, err)
		}
	}
	if got, err := cursor.Decode("", list, start); err != nil || got != start {
		t.Errorf("without a cursor it starts at %+v, error %v; want %+v", got, err, start)
	}
}

func TestListsAreToldApart(t *testing.T) {
	t.Parallel()
	lists := []cursor.Listing{
		cursor.Jobs(codybatch.JobQuery{}), cursor.Jobs(codybatch.JobQuery{Status: codybatch.JobQueued}),
		cursor.Tasks(codybatch.TaskQuery{JobID: "a"}), cursor.Tasks(codybatch.TaskQuery{JobID: "b"}),
		cursor.Tasks(codybatch.TaskQuery{JobID: "a", Status: codybatch.TaskFailed}),
		cursor.Tasks(codybatch.TaskQuery{JobID: "a", Outcome: codybatch.OutcomeTimeout}),
		cursor.Due(codybatch.DueQuery{Status: codybatch.TaskQueued}), cursor.Due(codybatch.DueQuery{Status: codybatch.TaskRunning}),
	}
	for i, of := range lists {
		for j, to := range lists {
			_, err := cursor.Decode(cursor.Encode(of, place{}), to, place{})
			if (err == nil) != (i == j) || err != nil && !errors.Is(err, codybatch.ErrCursor) {
				t.Errorf("a cursor of %s for %s: error %v", of, to, err)
			}
		}
	}
}

func TestWhatIsNoCursorIsErrCursor(t *testing.T) {
	t.Parallel()
	list := cursor.Jobs(codybatch.JobQuery{})
	for _, text := range []string{
		`{"l":"jobs/","p":{"a":1}}`, `{"l":"jobs/","p":{},"q":1}`, `{"l":"jobs/","p":{"q":1}}`, `{"l":"jobs/"}{"l":"jobs/"}`,
		`{"l":"jobs/","p":{"p":92233720368547758070}}`, `null`, `[]`, `{}`, ` `, `{"l":"jobs/"`,
	} {
		for _, encoded := range []string{base64.RawURLEncoding.EncodeToString([]byte(text)), base64.URLEncoding.EncodeToString([]byte(text)) + "=", "%"} {
			if _, err := cursor.Decode(encoded, list, place{}); !errors.Is(err, codybatch.ErrCursor) {
				t.Errorf("%s as %q: error %v", text, encoded, err)
			}
		}
	}
}
