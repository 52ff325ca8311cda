package sandbox_test

import (
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

func TestClean(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, in, want string }{
		{"plain_text_stays", "naïve 日本語 🤷🏽‍♀️\n\tend", "naïve 日本語 🤷🏽‍♀️\n\tend"},
		{"colours_go", "\x1b[1;31mred\x1b[0m", "red"},
		{"eight_bit_colours_go", "\u009b31mred\u009bm", "red"},
		{"titles_and_links_go", "\x1b]0;title\x07a\x1b]8;;https://example.org\x1b\\link", "alink"},
		{"character_sets_and_short_sequences_go", "\x1b(B\x1b7\x1bcok", "ok"},
		{"nothing_hides_behind_an_open_title", "\x1b]0;rm -rf\nnext", "]0;rm -rf\nnext"},
		{"nothing_hides_behind_an_open_sequence", "\x1b[31", "[31"},
		{"an_escape_at_the_end_goes", "a\x1b", "a"},
		{"control_characters_go", "a\x00b\x07c\bd\x7fe\u0085f", "abcdef"},
		{"windows_line_ends_become_plain", "a\r\nb\r\n", "a\nb\n"},
		{"progress_becomes_lines", "10%\r20%\r", "10%\n20%\n"},
		{"invalid_bytes_are_shown", "a\xff\xfeb", "a\uFFFDb"},
		{"turned_text_is_spelled_out", "if \u202E\u2066 // admin\u2069", `if \u202E\u2066 // admin\u2069`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if got := sandbox.Clean(test.in); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func FuzzClean(f *testing.F) {
	f.Add("\x1b[1m\x1b]0;t\x07\x9b\xc2\x9b0m\r\n")
	f.Fuzz(func(t *testing.T, s string) {
		clean := sandbox.Clean(s)
		if !utf8.ValidString(clean) {
			t.Fatalf("%q is not valid UTF-8", clean)
		}
		for _, r := range clean {
			if unicode.IsControl(r) && r != '\n' && r != '\t' {
				t.Fatalf("%q holds %U", clean, r)
			}
		}
		if again := sandbox.Clean(clean); again != clean {
			t.Fatalf("cleaned twice: %q, once: %q", again, clean)
		}
	})
}
