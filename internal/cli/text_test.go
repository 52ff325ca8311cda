package cli

import "testing"

func TestOneLine(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"plain":                          "plain",
		"two\n lines\tand a tab":         "two lines and a tab",
		"\x1b[31mred\x1b[0m\x07":         "red",
		"\u202egnp.exe\u200b":            "gnp.exe",
		"bad \xff byte":                  "bad \uFFFD byte",
		"\x1b[12":                        "[12", // the escape is gone, so the rest is only text
		"\x1b]0;owned\x07\x1b[2J\r\nok ": "ok",
	} {
		if got := oneLine(text); got != want {
			t.Errorf("oneLine(%q) = %q, want %q", text, got, want)
		}
	}
}

func TestCut(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		text string
		n    int
		want string
	}{
		{"short", 10, "short"},
		{"exactly ten", 11, "exactly ten"},
		{"a little too long", 8, "a littl…"},
		{"日本語のテキスト", 9, "日本語の…"}, // four wide ones are eight columns
		{"日本語のテキスト", 8, "日本語…"},
		{"e\u0301e\u0301e\u0301", 3, "e\u0301e\u0301e\u0301"}, // combining marks take no column
		{"x", 0, ""},
		{"xy", 1, "…"},
	} {
		if got := cut(c.text, c.n); got != c.want {
			t.Errorf("cut(%q, %d) = %q, want %q", c.text, c.n, got, c.want)
		}
		if got := columns(cut(c.text, c.n)); got > c.n {
			t.Errorf("cut(%q, %d) takes %d columns", c.text, c.n, got)
		}
	}
}

func TestShellWord(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"data": "data", "/srv/my-forge_1.git": "/srv/my-forge_1.git", "my data": "'my data'", "it's": `'it'\''s'`, "$(x)": "'$(x)'", "~/data": "'~/data'",
	} {
		if got := shellWord(text); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}
