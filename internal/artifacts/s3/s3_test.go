package s3_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/iotest"
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

// consumed counts how far a reader was read.
type consumed struct {
	io.Reader
	n int64
}

func (c *consumed) Read(p []byte) (int, error) {
	n, err := c.Reader.Read(p)
	c.n += int64(n)
	return n, err
}

func TestPut(t *testing.T) {
	t.Parallel()

	t.Run("of_a_large_document_reads_one_part_at_a_time", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		content := pattern(17 << 20)
		r := &consumed{Reader: strings.NewReader(content)}
		parts := int64(0)
		w.line.disturb(func(op string) *fault {
			if op == "PUT partNumber" {
				if parts++; r.n > parts*8<<20+1 {
					t.Errorf("%d bytes were read when part %d was sent", r.n, parts)
				}
			}
			return nil
		})
		if err := w.Put(t.Context(), key, r); err != nil {
			t.Fatal(err)
		}
		if parts != 3 {
			t.Errorf("it took %d parts", parts)
		}
		w.expect(content)
	})

	t.Run("of_exactly_one_part_and_of_one_byte_more", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for _, size := range []int{8<<20 - 1, 8 << 20, 8<<20 + 1} {
			content := pattern(size)
			w.put(content)
			w.expect(content)
		}
	})

	t.Run("that_fails_in_the_middle_leaves_no_parts_behind", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		lost := errors.New("the clone is gone")
		err := w.Put(t.Context(), key, io.MultiReader(strings.NewReader(pattern(17<<20)), iotest.ErrReader(lost)))
		if !errors.Is(err, lost) {
			t.Errorf("got %v", err)
		}
		w.expectNone()
	})

	t.Run("that_is_canceled_in_the_middle_leaves_no_parts_behind", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		ctx, cancel := context.WithCancelCause(t.Context())
		w.line.times(1, "PUT partNumber", fault{first: func() { cancel(codybatch.ErrStopped) }, lost: true})
		if err := w.Put(ctx, key, strings.NewReader(pattern(17<<20))); err == nil {
			t.Error("it went on")
		}
		w.expectNone()
	})

	t.Run("gets_through_a_bucket_that_is_busy", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for _, size := range []int{10, 9 << 20} {
			left := map[string]int{"PUT": 4, "POST uploads": 4, "PUT partNumber": 4, "POST uploadId": 4}
			w.line.disturb(func(op string) *fault {
				if left[op]--; left[op] < 0 {
					return nil
				}
				return &fault{status: http.StatusServiceUnavailable, code: "SlowDown"}
			})
			content := pattern(size)
			w.put(content)
			w.expect(content)
		}
	})

	t.Run("says_so_when_the_bucket_stays_busy", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.line.times(100, "PUT", fault{status: http.StatusServiceUnavailable, code: "SlowDown"})
		if err := w.Put(t.Context(), key, strings.NewReader("x")); err == nil || !strings.Contains(err.Error(), "SlowDown") {
			t.Errorf("got %v", err)
		}
		if tries := count(w.line.took(), "PUT"); tries != 8 {
			t.Errorf("it asked %d times", tries)
		}
		w.expectNone()
	})

	t.Run("is_done_although_every_answer_was_lost", func(t *testing.T) {
		t.Parallel()
		for op, size := range map[string]int{"PUT": 10, "POST uploadId": 9 << 20} {
			w := newWorld(t)
			content := pattern(size)
			w.line.times(100, op, fault{lost: true})
			w.put(content)
			w.expect(content)
		}
	})
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

func TestAppend(t *testing.T) {
	t.Parallel()

	t.Run("costs_one_request", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		const events = 170 // of a thread of 40 turns, see docs/adr/0020
		var want strings.Builder
		for range events {
			line := strings.Repeat("x", 299) + "\n"
			w.add(line)
			want.WriteString(line)
		}
		calls := w.line.took()
		sent := int64(0)
		for _, c := range calls {
			sent += c.sent
		}
		if gets, puts := count(calls, "GET"), count(calls, "PUT"); gets != 1 || puts != events || len(calls) != gets+puts {
			t.Errorf("it took %d GET, %d PUT, %d requests in all", gets, puts, len(calls))
		}
		if sent > events*(events+1)/2*300+events*1_000 { // and nothing that was not needed
			t.Errorf("%d bytes were sent", sent)
		}
		w.expect(want.String())
		if calls := w.line.took(); len(calls) != 1 {
			t.Errorf("reading it took %d requests", len(calls))
		}
	})

	t.Run("to_a_large_document_sends_only_what_is_new", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		want := pattern(5<<20 + 100)
		w.add(want[:3<<20])
		w.add(want[3<<20:])
		w.line.took()
		for range 3 {
			w.add("one more line\n")
			want += "one more line\n"
		}
		for _, c := range w.line.took() {
			if c.sent > 10_000 {
				t.Errorf("%s sent %d bytes", c.op, c.sent)
			}
		}
		w.expect(want)
		// Another process goes on with it.
		if err := w.another().Append(t.Context(), key, []byte("and another\n")); err != nil {
			t.Fatal(err)
		}
		w.expect(want + "and another\n")
	})

	t.Run("goes_on_after_a_crash", func(t *testing.T) {
		t.Parallel()
		for _, size := range []int{1000, 6 << 20} {
			w := newWorld(t)
			before := pattern(size) + "\n"
			w.put(before)
			// The process ends when all is sent but the last request: a canceled
			// context stands for it.
			ctx, cancel := context.WithCancel(t.Context())
			w.line.disturb(func(op string) *fault {
				if op == "POST uploadId" || op == "PUT" {
					cancel()
					return &fault{status: http.StatusInternalServerError, code: "InternalError"}
				}
				return nil
			})
			if err := w.Append(ctx, key, []byte("lost\n")); err == nil {
				t.Error("it went on")
			}
			w.expect(before)
			if err := w.another().Append(t.Context(), key, []byte("next\n")); err != nil {
				t.Error(err)
			}
			w.expect(before + "next\n")
		}
	})

	t.Run("counts_once_although_the_answer_was_lost", func(t *testing.T) {
		t.Parallel()
		for _, size := range []int{0, 1000, 6 << 20} {
			w := newWorld(t)
			before := ""
			if size > 0 {
				before = pattern(size) + "\n"
				w.put(before)
			}
			for _, op := range []string{"PUT", "POST uploadId"} {
				w.line.times(2, op, fault{lost: true}) // the repetition meets the write itself: 412, or no such upload
				w.add(op + "\n")
			}
			w.expect(before + "PUT\nPOST uploadId\n")
		}
	})

	t.Run("goes_on_after_one_of_which_nobody_knows", func(t *testing.T) {
		t.Parallel()
		for _, made := range []bool{true, false} {
			w := newWorld(t)
			w.add("one\n")
			// Neither the write's answer nor the question about it gets through.
			w.line.disturb(func(op string) *fault {
				if op == "PUT" && made {
					return &fault{lost: true}
				}
				return &fault{status: http.StatusServiceUnavailable, code: "SlowDown"}
			})
			if err := w.Append(t.Context(), key, []byte("two\n")); err == nil {
				t.Fatal("it was well")
			}
			w.line.heal()
			w.add("three\n")
			w.add("four\n")
			if made {
				w.expect("one\ntwo\nthree\nfour\n")
			} else {
				w.expect("one\nthree\nfour\n")
			}
		}
	})

	t.Run("does_not_interleave_with_a_second_worker", func(t *testing.T) {
		t.Parallel()
		for _, size := range []int{0, 6 << 20} {
			w := newWorld(t)
			before := pattern(size) + "one\n"
			w.add(before)
			second := w.another()
			if err := second.Append(t.Context(), key, []byte("second\n")); err != nil {
				t.Fatal(err)
			}
			for range 3 {
				if err := w.Append(t.Context(), key, []byte("first\n")); !errors.Is(err, codybatch.ErrConflict) {
					t.Errorf("the first went on: %v", err)
				}
			}
			if err := second.Append(t.Context(), key, []byte("second again\n")); err != nil {
				t.Error(err)
			}
			w.expect(before + "second\nsecond again\n")
			// Who has read what the other left may go on.
			document, err := w.Open(t.Context(), key)
			if err != nil {
				t.Fatal(err)
			}
			_ = document.Close()
			w.add("first\n")
			w.expect(before + "second\nsecond again\nfirst\n")
		}
	})

	t.Run("of_two_that_begin_a_document_one_wins", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		second := w.another()
		w.line.times(1, "PUT", fault{first: func() {
			if err := second.Append(t.Context(), key, []byte("second\n")); err != nil {
				t.Error(err)
			}
		}, lost: true})
		if err := w.Append(t.Context(), key, []byte("first\n")); !errors.Is(err, codybatch.ErrConflict) {
			t.Errorf("the first went on: %v", err)
		}
		w.expect("second\n")
	})

	t.Run("of_two_to_a_large_document_one_wins_at_the_last_moment", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		before := pattern(6<<20) + "\n"
		w.put(before)
		second := w.another()
		w.line.times(1, "POST uploadId", fault{none: true, first: func() {
			if err := second.Append(t.Context(), key, []byte("second\n")); err != nil {
				t.Error(err)
			}
		}})
		if err := w.Append(t.Context(), key, []byte("first\n")); !errors.Is(err, codybatch.ErrConflict) {
			t.Errorf("the first went on: %v", err)
		}
		w.expect(before + "second\n")
	})

	t.Run("tries_again_when_S3_takes_another_write_just_then", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.add("one\n")
		w.line.times(2, "PUT", fault{status: http.StatusConflict, code: "ConditionalRequestConflict"})
		w.add("two\n")
		w.expect("one\ntwo\n")
	})

	t.Run("remembers_some_documents_and_knows_them_all", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		name := func(i int) codybatch.ArtifactKey {
			return codybatch.LogKey(codybatch.TaskKey{JobID: "j", Repository: "acme/r"}, i+1)
		}
		for round := range 2 {
			for i := range 20 {
				if err := w.Append(t.Context(), name(i), []byte("line\n")); err != nil {
					t.Fatal(err)
				}
			}
			if gets := count(w.line.took(), "GET"); gets != 20 {
				t.Errorf("round %d read %d times", round, gets)
			}
		}
		document, err := w.Open(t.Context(), name(0))
		if err != nil || document.Size != 10 {
			t.Errorf("the first has %d bytes, %v", document.Size, err)
		}
	})
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
