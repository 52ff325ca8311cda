package worker

import "testing"

func TestProtectedPathsAreKnownByAnyName(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		".github/workflows/x.yml":   ".github/",
		".GitHub/workflows/x.yml":   ".github/",
		".github":                   ".github/", // a file or a symbolic link
		".claude":                   ".claude/",
		"sub/.husky":                ".husky/",
		".claude/settings.json":     ".claude/",
		".Claude/settings.json":     ".claude/",
		".cla\u200cude/agents/x.md": ".claude/",
		"sub/agents.MD":             "AGENTS.md",
		"docs/CODEOWNERS":           "CODEOWNERS",
		".npmrc.":                   ".npmrc",
		"":                          "",
		"github/x":                  "",
		"docs/.github.md":           "",
		"MY_AGENTS.md":              "",
		"AGENTS.md/x":               "",
		".claude-plugin/x.json":     "",
	} {
		if got := protectedBy(name); got != want {
			t.Errorf("%q falls under %q, want %q", name, got, want)
		}
	}
}

func TestPromptHasToNameAPathAsAPath(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		prompt, rule string
		want         bool
	}{
		{"Update the actions in .github/workflows.", ".github/", true},
		{"Update the actions in .github.", ".github/", true},
		{"Edit `.github`, please", ".github/", true},
		{"(.github/dependabot.yml)", ".github/", true},
		{"./.github/workflows/ci.yml: pin the actions", ".github/", true},
		{".GITHUB/workflows", ".github/", true},
		{"See https://docs.github.com, then edit .github/workflows", ".github/", true},
		{"Add a rule to agents.md", "AGENTS.md", true},
		{"Lege eine sub/AGENTS.md an", "AGENTS.md", true},
		{"把AGENTS.md更新", "AGENTS.md", true},
		{"CODEOWNERS: add @acme/web", "CODEOWNERS", true},
		{"Follow https://docs.github.com/en/actions and bump the version", ".github/", false},
		{"see https://acme.github.io/guide", ".github/", false},
		{"see acme.github.io", ".github/", false},
		{"publish to *.github.io", ".github/", false},
		{"mail me@host.github", ".github/", false},
		{"as in https://github.com/acme/.github/blob/main/x.yml", ".github/", false},
		{"as in [ours](https://github.com/acme/.github)", ".github/", false},
		{"as in github.com/acme/.github", ".github/", false},
		{"as in git@github.com:acme/.github", ".github/", false},
		{"the .github-backup folder", ".github/", false},
		{"the old.github folder", ".github/", false},
		{"Edit MY_AGENTS.md", "AGENTS.md", false},
		{"Edit AGENTS.md.tmpl", "AGENTS.md", false},
		{"Change it.", ".github/", false},
		{"", ".github/", false},
	} {
		if got := isNamedIn(test.prompt, test.rule); got != test.want {
			t.Errorf("%q names %q: %t, want %t", test.prompt, test.rule, got, test.want)
		}
	}
}
