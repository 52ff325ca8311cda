// Package artifactstest holds the promises of codybatch.Artifacts as programs, to
// be run against every adapter.
package artifactstest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// Run runs the suite. Open makes an empty place for documents that is cleaned up
// with the test; it is called once in each test. Tests run at once.
func Run(t *testing.T, open func(t *testing.T) codybatch.Artifacts) {
	for name, test := range map[string]func(t *testing.T, a codybatch.Artifacts){
		"open_returns_what_was_put":                 openReturnsWhatWasPut,
		"a_large_document_comes_back_byte_for_byte": largeDocument,
		"a_document_may_be_empty":                   emptyDocument,
		"a_document_that_is_not_there_is_not_found": notFound,
		"a_second_put_replaces_the_first":           putReplaces,
		"a_put_whose_reader_fails_stores_nothing":   failingReader,
		"a_put_is_seen_whole_or_not_at_all":         putIsWhole,
		"an_append_makes_the_document":              appendMakes,
		"appends_stay_in_order":                     appendsStayInOrder,
		"an_append_goes_on_after_a_put":             appendAfterPut,
		"a_put_replaces_what_was_appended":          putAfterAppend,
		"an_append_need_not_end_a_line":             appendWithoutLineEnd,
		"an_append_is_seen_whole_or_not_at_all":     appendIsWhole,
		"open_reads_what_was_there":                 openReadsWhatWasThere,
		"documents_do_not_touch_each_other":         documentsAreApart,
		"a_key_that_is_none_is_refused":             badKeys,
		"a_canceled_context_changes_nothing":        canceledContext,
		"ping_reaches_it":                           ping,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, open(t))
		})
	}
}

const key = codybatch.ArtifactKey("jobs/j1/acme/Site.js_2-x/1/thread.jsonl")

func put(t *testing.T, a codybatch.Artifacts, key codybatch.ArtifactKey, content string) {
	t.Helper()
	if err := a.Put(t.Context(), key, strings.NewReader(content)); err != nil {
		t.Fatalf("put: %v", err)
	}
}

func add(t *testing.T, a codybatch.Artifacts, key codybatch.ArtifactKey, data string) {
	t.Helper()
	if err := a.Append(t.Context(), key, []byte(data)); err != nil {
		t.Fatalf("append: %v", err)
	}
}

// read may be called from any goroutine.
func read(ctx context.Context, a codybatch.Artifacts, key codybatch.ArtifactKey) (string, error) {
	document, err := a.Open(ctx, key)
	if err != nil {
		return "", err
	}
	content, err := io.ReadAll(document)
	if closed := document.Close(); err == nil {
		err = closed
	}
	if err == nil && int64(len(content)) != document.Size {
		err = fmt.Errorf("read %d bytes of a document with size %d", len(content), document.Size)
	}
	return string(content), err
}

func expect(t *testing.T, a codybatch.Artifacts, key codybatch.ArtifactKey, want string) {
	t.Helper()
	got, err := read(t.Context(), a, key)
	if err != nil {
		t.Errorf("%s: %v", key, err)
	} else if got != want {
		t.Errorf("%s holds %d bytes: %.100q; want %d: %.100q", key, len(got), got, len(want), want)
	}
}

func expectNone(t *testing.T, a codybatch.Artifacts, key codybatch.ArtifactKey) {
	t.Helper()
	if got, err := read(t.Context(), a, key); !errors.Is(err, codybatch.ErrNotFound) {
		t.Errorf("%s: got %.100q, %v; want %v", key, got, err, codybatch.ErrNotFound)
	}
}

// pattern is content of n bytes that repeats nowhere at a block's size.
func pattern(n int) string {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		fmt.Fprintf(&b, "line %d \x00\xff\r\n", i)
	}
	return b.String()[:n]
}
