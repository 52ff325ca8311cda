package cli

import (
	"regexp"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"
)

// style is how a piece of text looks, as the parameter of an SGR sequence
// (ECMA-48 §8.3.117). The eight basic colours follow the user's own theme.
type style string

const (
	plain  style = ""
	bold   style = "1"
	faint  style = "2"
	red    style = "31"
	green  style = "32"
	yellow style = "33"
	cyan   style = "36"
)

// paint wraps text in a style if colour is on.
func paint(on bool, s style, text string) string {
	if !on || s == plain || text == "" {
		return text
	}
	return "\x1b[" + string(s) + "m" + text + "\x1b[0m"
}

// escapes are the control sequences of terminals, whole: CSI and OSC as ECMA-48
// has them.
var escapes = regexp.MustCompile(`\x1b\[[0-?]*[ -/]*[@-~]|\x1b\][^\x07\x1b]*(\x07|\x1b\\)?`)

// oneLine makes text from anywhere safe for a terminal and for a table: no
// control character gets through, so that neither a repository nor a model can
// move the cursor, and blanks in a row become one.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(printable(text), func(r rune) bool {
		return unicode.IsSpace(r) || unicode.IsControl(r) || unicode.Is(unicode.Cf, r)
	}), " ")
}

// visible makes text from anywhere safe for a terminal and for one line, and keeps
// its blanks.
func visible(text string) string {
	return strings.NewReplacer("\n", " ", "\t", " ").Replace(lines(text))
}

// lines makes text of several lines safe for a terminal; tabs and newlines stay.
func lines(text string) string {
	return strings.Map(func(r rune) rune {
		if r != '\n' && r != '\t' && (unicode.IsControl(r) || unicode.Is(unicode.Cf, r)) {
			return -1
		}
		return r
	}, printable(text))
}

func printable(text string) string {
	if strings.ContainsRune(text, '\x1b') {
		text = escapes.ReplaceAllString(text, "")
	}
	return strings.ToValidUTF8(text, "\uFFFD")
}

// columns is how many columns a terminal needs for plain text.
func columns(text string) int {
	n := 0
	for _, r := range text {
		n += runeColumns(r)
	}
	return n
}

func runeColumns(r rune) int {
	if r < 0x300 { // nothing below is wide or combining
		return 1
	}
	if unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf) {
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	default:
		return 1
	}
}

// cut shortens plain text to at most n columns; "…" stands for what is gone.
func cut(text string, n int) string {
	if n <= 0 {
		return ""
	}
	if columns(text) <= n {
		return text
	}
	used := 0
	for i := 0; i < len(text); {
		r, size := utf8.DecodeRuneInString(text[i:])
		if used+runeColumns(r) > n-1 {
			return text[:i] + "…"
		}
		used += runeColumns(r)
		i += size
	}
	return text
}

// pad fills plain text up to n columns.
func pad(text string, n int) string {
	return text + strings.Repeat(" ", max(0, n-columns(text)))
}
