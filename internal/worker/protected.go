package worker

import (
	"path"
	"regexp"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/git"
)

// protectedPaths decide what runs on other machines, or what agents are told.
// Entries with a slash at the end are folders at any depth, and what else has
// their name: a symbolic link can make a folder of it.
var protectedPaths = []string{
	".github/", ".gitlab-ci.yml", ".husky/", "CODEOWNERS", ".claude/", ".mcp.json",
	"AGENTS.md", "CLAUDE.md", ".gitmodules", ".gitattributes", ".npmrc",
}

// protectedBy returns the entry of protectedPaths that a path falls under, or "".
// Names are compared as the most forgiving file system does.
func protectedBy(name string) string {
	if name == "" {
		return ""
	}
	parts := strings.Split(name, "/")
	for i, part := range parts {
		parts[i] = git.FoldName(part)
	}
	folded := "/" + strings.Join(parts, "/") + "/"
	for _, rule := range protectedPaths {
		folder, isFolder := strings.CutSuffix(strings.ToLower(rule), "/")
		if isFolder && strings.Contains(folded, "/"+folder+"/") || !isFolder && path.Base(folded) == folder {
			return rule
		}
	}
	return ""
}

// hostPattern is the beginning of an address that has no scheme.
var hostPattern = regexp.MustCompile(`^(?:[\w.-]+@)?(?:[\w-]+\.)+(?:com|org|net|io|dev)[:/]`)

// isNamedIn reports whether a prompt names a protected path as a path of its own,
// such as ".github/workflows": not as a part of another name (docs.github.com), and
// not in the address of something else (https://github.com/acme/.github).
func isNamedIn(prompt, rule string) bool {
	prompt = strings.ToLower(prompt)
	name := strings.ToLower(strings.TrimSuffix(rule, "/"))
	for at := 0; ; at++ {
		next := strings.Index(prompt[at:], name)
		if next < 0 {
			return false
		}
		at += next
		before, after := prompt[:at], prompt[at+len(name):]
		word := before[strings.LastIndexAny(before, " \t\r\n\"'`<>()[]{},;|")+1:]
		if !endsInName(before) && !goesOnInName(after) && !strings.Contains(word, "://") && !hostPattern.MatchString(word) {
			return true
		}
	}
}

func endsInName(text string) bool {
	return text != "" && (isNameByte(text[len(text)-1]) || strings.HasSuffix(text, "."))
}

// goesOnInName takes a dot for the end of a sentence, unless a name follows it.
func goesOnInName(text string) bool {
	text = strings.TrimPrefix(text, ".")
	return text != "" && isNameByte(text[0])
}

func isNameByte(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_' || c == '-'
}
