package sandbox_test

import (
	"strings"
	"sync"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

func TestCapture(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name       string
		head, tail int
		writes     []string
		want       string
		truncated  bool
	}{
		{"nothing", 3, 3, nil, "", false},
		{"all_that_fits", 3, 3, []string{"abc", "def"}, "abcdef", false},
		{"both_ends", 3, 3, []string{"abcd", "efgh"}, "abc\n… 2 bytes left out …\nfgh", true},
		{"one_large_write", 2, 2, []string{"0123456789"}, "01\n… 6 bytes left out …\n89", true},
		{"single_bytes", 1, 2, strings.Split("0123456789", ""), "0\n… 7 bytes left out …\n89", true},
		{"no_head", 0, 2, []string{"0123", "456789"}, "\n… 8 bytes left out …\n89", true},
		{"cuts between lines", 6, 6, []string{"one\ntwo\nthree\nfour\nfive\n"}, "one\n… 16 bytes left out …\nfive\n", true},
		{"no_tail", 2, 0, []string{"0123", "456789"}, "01\n… 8 bytes left out …\n", true},
		{"negative_sizes_are_none", -1, -1, []string{"0"}, "\n… 1 bytes left out …\n", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			c := sandbox.NewCapture(test.head, test.tail)
			for _, w := range test.writes {
				if n, err := c.Write([]byte(w)); n != len(w) || err != nil {
					t.Fatalf("write of %q: %d, %v", w, n, err)
				}
			}
			if got := c.String(); got != test.want || c.Truncated() != test.truncated {
				t.Errorf("got %q, truncated %v; want %q, %v", got, c.Truncated(), test.want, test.truncated)
			}
		})
	}

	t.Run("takes_writers_at_once", func(t *testing.T) {
		t.Parallel()
		c := sandbox.NewCapture(10, 10)
		var group sync.WaitGroup
		for range 8 {
			group.Go(func() {
				for range 100 {
					_, _ = c.Write([]byte("12345"))
					_ = c.String()
				}
			})
		}
		group.Wait()
		if got, want := c.String(), "1234512345\n… 3980 bytes left out …\n1234512345"; got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	})
}
