package sandbox

import (
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes what a program printed fit to be stored and shown: no terminal
// sequence (ECMA-48), no control character but \n and \t, no invalid UTF-8. A
// lone carriage return, as progress bars use it, becomes a new line. Characters
// that turn the direction of the text around, and can make a line look like
// another one (CVE-2021-42574), are spelled out: \u202E.
func Clean(s string) string {
	s = strings.ToValidUTF8(s, "\uFFFD")
	var b strings.Builder
	b.Grow(len(s))
	for i := 0; i < len(s); {
		if n := sequenceLength(s[i:]); n > 0 {
			i += n
			continue
		}
		r, size := utf8.DecodeRuneInString(s[i:])
		i += size
		switch {
		case r == '\n', r == '\t':
			b.WriteRune(r)
		case r == '\r':
			if !strings.HasPrefix(s[i:], "\n") {
				b.WriteByte('\n')
			}
		case unicode.IsControl(r):
		case r >= 0x202A && r <= 0x202E, r >= 0x2066 && r <= 0x2069:
			fmt.Fprintf(&b, "\\u%04X", r)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// sequenceLength measures the terminal sequence that s starts with, 0 if it does
// not. One that is not complete is no sequence: nothing may hide behind it.
func sequenceLength(s string) int {
	var kind byte
	var start int
	switch {
	case len(s) >= 2 && s[0] == 0x1B:
		kind, start = s[1], 2
	case strings.HasPrefix(s, "\u009B"): // the same as ESC [, in one character
		kind, start = '[', len("\u009B")
	case strings.HasPrefix(s, "\u009D"): // ESC ]
		kind, start = ']', len("\u009D")
	default:
		return 0
	}
	switch {
	case kind == '[': // control sequence: parameters, intermediates, final byte
		i := start
		for i < len(s) && s[i] >= 0x20 && s[i] <= 0x3F {
			i++
		}
		if i < len(s) && s[i] >= 0x40 && s[i] <= 0x7E {
			return i + 1
		}
	case strings.IndexByte("]PX^_", kind) >= 0: // a string: title, link; to BEL or ESC \ in the same line
		line, _, _ := strings.Cut(s[start:], "\n")
		for i := range len(line) {
			switch {
			case line[i] == 0x07:
				return start + i + 1
			case line[i] == 0x1B && strings.HasPrefix(line[i+1:], "\\"):
				return start + i + 2
			}
		}
	case kind >= 0x20 && kind <= 0x2F: // character set: intermediates, final byte
		i := start
		for i < len(s) && s[i] >= 0x20 && s[i] <= 0x2F {
			i++
		}
		if i < len(s) && s[i] >= 0x30 && s[i] <= 0x7E {
			return i + 1
		}
	case kind >= 0x30 && kind <= 0x7E: // two characters
		return start
	}
	return 0
}
