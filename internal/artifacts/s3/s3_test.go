package s3_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"

	"github.com/liamzdenek/cody-batch/internal/artifacts/artifactstest"
	"github.com/liamzdenek/cody-batch/internal/artifacts/s3"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func TestBucketKeepsThePromises(t *testing.T) {
	t.Parallel()
	artifactstest.Run(t, func(t *testing.T) codybatch.Artifacts { return newWorld(t) })
}

func TestOpen(t *testing.T) {
	t.Parallel()

	t.Run("begins_again_when_the_connection_breaks_in_a_small_document", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		content := pattern(100_000)
		w.put(content)
		w.line.times(3, "GET", fault{cut: 70_000})
		document, err := w.Open(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(document)
		if err != nil || string(got) != content || document.Size != int64(len(content)) {
			t.Errorf("got %d bytes, size %d, %v", len(got), document.Size, err)
		}
	})

	t.Run("goes_on_where_it_was_in_a_large_one", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		content := pattern(7 << 20)
		w.put(content)
		w.line.took()
		w.line.times(3, "GET", fault{cut: 2 << 20})
		document, err := w.Open(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(document)
		if err != nil || string(got) != content {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
		if gets := count(w.line.took(), "GET"); gets != 4 {
			t.Errorf("it took %d connections", gets)
		}
	})

	t.Run("never_mixes_two_versions", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		before, after := pattern(7<<20), strings.Repeat("another\n", 1<<20)
		w.put(before)
		w.line.times(1, "GET", fault{cut: 2 << 20})
		document, err := w.Open(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		defer document.Close()
		if err := w.another().Put(t.Context(), key, strings.NewReader(after)); err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(document)
		if !errors.Is(err, codybatch.ErrConflict) || !strings.HasPrefix(before, string(got)) {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
	})

	t.Run("reads_the_old_version_to_its_end_where_the_bucket_keeps_it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		if _, err := w.admin.PutBucketVersioning(t.Context(), &awss3.PutBucketVersioningInput{
			Bucket: &w.name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
		}); err != nil {
			t.Fatal(err)
		}
		before := pattern(7 << 20)
		w.put(before)
		w.line.times(1, "GET", fault{cut: 2 << 20})
		document, err := w.Open(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		defer document.Close()
		w.put("another")
		if got, err := io.ReadAll(document); err != nil || string(got) != before {
			t.Errorf("got %d bytes, %v", len(got), err)
		}
	})

	t.Run("gives_up_when_every_connection_breaks", func(t *testing.T) {
		t.Parallel()
		for _, size := range []int{1000, 7 << 20} {
			w := newWorld(t)
			w.put(pattern(size))
			w.line.times(1000, "GET", fault{cut: 0})
			document, err := w.Open(t.Context(), key)
			if err == nil {
				_, err = io.ReadAll(document)
				_ = document.Close()
			}
			if err == nil || errors.Is(err, codybatch.ErrNotFound) {
				t.Errorf("%d bytes: got %v", size, err)
			}
		}
	})
}

func TestConnectionThatDiesWithoutAWord(t *testing.T) {
	t.Parallel()
	for name, size := range map[string]int{"small": 1_000, "large": 6 << 20} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			want := pattern(size)
			w.put(want)
			w.line.took()
			w.line.times(1, "GET", fault{cut: 500, stalls: true})
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			document, err := w.Open(ctx, key)
			if err != nil {
				t.Fatal(err)
			}
			defer document.Close()
			got, err := io.ReadAll(document)
			if err != nil || string(got) != want {
				t.Errorf("read %d bytes, %v; want %d", len(got), err, len(want))
			}
			if n := count(w.line.took(), "GET"); n != 2 {
				t.Errorf("%d requests, want 2", n)
			}
		})
	}
}

func TestLink(t *testing.T) {
	t.Parallel()
	fetch := func(t *testing.T, address string) string {
		t.Helper()
		response, err := http.Get(address)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		content, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return string(content)
	}

	t.Run("leads_to_the_document_for_whoever_has_it", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.add("one\n")
		w.add("two\n")
		link, err := w.Link(t.Context(), key, codybatch.LinkOptions{
			Expiry: time.Minute, ContentType: "text/x-diff; charset=utf-8", FileName: "acme-site.patch",
		})
		if err != nil || link.Size != 8 {
			t.Fatalf("size %d, %v", link.Size, err)
		}
		if got := fetch(t, link.URL); got != "one\ntwo\n" {
			t.Errorf("got %q", got)
		}
		// S3 takes the headers of its answer from these; the moto of the tests does not.
		address, err := url.Parse(link.URL)
		if err != nil {
			t.Fatal(err)
		}
		for name, want := range map[string]string{
			"response-content-type": "text/x-diff; charset=utf-8", "response-content-disposition": "attachment; filename=acme-site.patch", "X-Amz-Expires": "60",
		} {
			if got := address.Query().Get(name); got != want {
				t.Errorf("%s is %q", name, got)
			}
		}
	})

	t.Run("leads_to_the_version_that_it_was_made_for", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		if _, err := w.admin.PutBucketVersioning(t.Context(), &awss3.PutBucketVersioningInput{
			Bucket: &w.name, VersioningConfiguration: &types.VersioningConfiguration{Status: types.BucketVersioningStatusEnabled},
		}); err != nil {
			t.Fatal(err)
		}
		w.add("one\n")
		link, err := w.Link(t.Context(), key, codybatch.LinkOptions{Expiry: time.Minute})
		if err != nil {
			t.Fatal(err)
		}
		w.add("two\n")
		if got := fetch(t, link.URL); got != "one\n" {
			t.Errorf("got %q", got)
		}
	})

	t.Run("is_not_made_for_what_is_not_there", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		if link, err := w.Link(t.Context(), key, codybatch.LinkOptions{Expiry: time.Minute}); !errors.Is(err, codybatch.ErrNotFound) {
			t.Errorf("got %v, %v", link, err)
		}
	})

	t.Run("is_not_made_with_options_that_are_none", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.put("x")
		for name, o := range map[string]codybatch.LinkOptions{
			"no expiry": {}, "for ever": {Expiry: 8 * 24 * time.Hour},
			"quote": {Expiry: time.Hour, FileName: `a".patch`}, "header": {Expiry: time.Hour, FileName: "a\r\nX: y"}, "path": {Expiry: time.Hour, FileName: "../a"},
		} {
			if link, err := w.Link(t.Context(), key, o); err == nil {
				t.Errorf("%s: got %v", name, link)
			}
		}
	})
}

func TestErrorsSayWhatToDo(t *testing.T) {
	t.Parallel()
	all := func(t *testing.T, b *s3.Bucket) map[string]error {
		_, opened := b.Open(t.Context(), key)
		_, linked := b.Link(t.Context(), key, codybatch.LinkOptions{Expiry: time.Minute})
		return map[string]error{
			"put": b.Put(t.Context(), key, strings.NewReader("x")), "put in parts": b.Put(t.Context(), key, strings.NewReader(pattern(9<<20))),
			"append": b.Append(t.Context(), key, []byte("x")), "ping": b.Ping(t.Context()), "open": opened, "link": linked,
		}
	}

	t.Run("without_the_bucket", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for op, err := range all(t, s3.New(w.config, w.name+"-gone", s3.Options{MaxBackoff: time.Millisecond})) {
			if err == nil || errors.Is(err, codybatch.ErrNotFound) || !strings.Contains(err.Error(), w.name+"-gone") || !strings.Contains(err.Error(), "ARTIFACTS_BUCKET") {
				t.Errorf("%s: %v", op, err)
			}
		}
	})

	t.Run("without_the_rights", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.put("before")
		w.line.disturb(func(string) *fault { return &fault{status: http.StatusForbidden, code: "AccessDenied"} })
		for op, err := range all(t, w.another()) {
			if err == nil || errors.Is(err, codybatch.ErrNotFound) || !strings.Contains(err.Error(), w.name) || !strings.Contains(err.Error(), "s3:PutObject") {
				t.Errorf("%s: %v", op, err)
			}
		}
		if asked := len(w.line.took()); asked > 12 {
			t.Errorf("it asked %d times", asked)
		}
		w.expect("before")
	})

	t.Run("but_once", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.add("before")
		w.line.disturb(func(string) *fault { return &fault{status: http.StatusForbidden, code: "AccessDenied"} })
		for op, err := range all(t, w.Bucket) { // which knows the end of the document
			if err == nil || strings.Count(err.Error(), "s3:PutObject") != 1 {
				t.Errorf("%s: %v", op, err)
			}
		}
	})

	t.Run("in_another_region", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.line.disturb(func(string) *fault { return &fault{status: http.StatusMovedPermanently, code: "PermanentRedirect"} })
		for op, err := range all(t, w.another()) {
			if err == nil || !strings.Contains(err.Error(), "AWS_REGION") {
				t.Errorf("%s: %v", op, err)
			}
		}
	})
}
