package worker

import "testing"

func TestLinksThatCanLeadOut(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		link, target string
		want         bool
	}{
		{"l", "/etc/passwd", true},
		{"l", "..", true},
		{"l", "../x", true},
		{"l", "./../x", true},
		{"d/l", "../../x", true},
		{"d/e/l", "..//..//../x", true},
		{"l", "a/b/c/../../outside", true},
		{"a/b/l", "c/../outside", true}, // c may be a link to ../..
		{"d/l", "../d/../x", true},
		{"l", ".git", true},
		{"l", "./.GIT/config", true},
		{"l", ".g\u200cit", true},
		{"l", "git~1/config", true},
		{"sub/l", "../.git/config", true},
		{"l", "a/b/c/.git/config", true},

		{"l", "d/a.txt", false},
		{"d/l", "..", false},
		{"d/l", "../x/y", false},
		{"d/e/l", "../../x", false},
		{"a/b/c", "../..", false},
		{"l", ".", false},
		{"l", ".github/CODEOWNERS", false},
		{"l", "..x/...", false},
		{"l", "x..y", false},
	} {
		if got := leadsOut(test.link, test.target); got != test.want {
			t.Errorf("%s -> %s leads out: %t, want %t", test.link, test.target, got, test.want)
		}
	}
}
