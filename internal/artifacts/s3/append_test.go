package s3_test

import (
	"context"
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

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
