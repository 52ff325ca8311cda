package s3_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

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
