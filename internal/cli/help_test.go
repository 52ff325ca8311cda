package cli

import (
	"strings"
	"testing"
)

func TestHelp(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	for _, command := range []string{
		"", "serve", "run", "job", "job create", "job list", "job view", "job watch", "job diff", "job thread", "job log",
		"job cancel", "job retry", "job publish", "job review", "job feedback", "repo list", "doctor", "version",
	} {
		got.WriteString("== codybatch " + command + "\n")
		arguments := append(strings.Fields(command), "--help")
		code := Main(t.Context(), arguments, strings.NewReader(""), &got, &got, func(string) (string, bool) { return "", false })
		if code != exitSucceeded {
			t.Errorf("%s --help: exit code %d", command, code)
		}
	}
	golden(t, "help", got.String())
}
