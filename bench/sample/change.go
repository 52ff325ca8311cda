package main

import (
	"bytes"
	"cmp"
	"crypto/sha1"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/diff"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// file is one file before and after a change.
type file struct {
	path          string
	before, after string // empty: it is not there
}

// change is what becomes of a repository, and what is said about it.
type change struct {
	files                         []file // in the order in which they are edited
	plan, summary, broken, passed string
	title, body, search           string
	whole                         []byte // the patch, where it does not come of files
}

// edit is a hunk as the edit tool is given it.
type edit struct {
	line     int
	old, new string
}

// patch is the unified diff, as git writes it.
func (c change) patch() []byte {
	if c.whole != nil {
		return c.whole
	}
	sorted := slices.SortedFunc(slices.Values(c.files), func(a, b file) int { return cmp.Compare(a.path, b.path) })
	var out bytes.Buffer
	for _, f := range sorted {
		f.patch(&out)
	}
	return out.Bytes()
}

// patch writes the part of the diff that is about the file.
func (f file) patch(out *bytes.Buffer) {
	if f.before == f.after {
		return
	}
	from, to, mode := "a/"+f.path, "b/"+f.path, " 100644"
	fmt.Fprintf(out, "diff --git %s %s\n", from, to)
	oldID, newID := blobID(f.before), blobID(f.after)
	switch {
	case f.before == "":
		out.WriteString("new file mode 100644\n")
		from, oldID, mode = "/dev/null", strings.Repeat("0", 40), ""
	case f.after == "":
		out.WriteString("deleted file mode 100644\n")
		to, newID, mode = "/dev/null", strings.Repeat("0", 40), ""
	}
	fmt.Fprintf(out, "index %s..%s%s\n--- %s\n+++ %s\n", oldID, newID, mode, from, to)
	out.WriteString(f.hunks())
}

// hunks is the diff without its head.
func (f file) hunks() string {
	text := diff.Diff("a", []byte(f.before), "b", []byte(f.after))
	_, hunks, _ := strings.Cut(string(text), "+++ b\n")
	before := strings.Split(f.before, "\n")
	var out strings.Builder
	for line := range strings.Lines(hunks) {
		var start int
		if n, _ := fmt.Sscanf(line, "@@ -%d", &start); n == 1 {
			line = strings.TrimSuffix(line, "\n") + place(before[:max(0, start-1)]) + "\n"
		}
		out.WriteString(line)
	}
	return out.String()
}

// place is what git shows behind the numbers of a hunk: the last line above it that
// does not begin with white space or a sign.
func place(above []string) string {
	for _, line := range slices.Backward(above) {
		if line != "" && (line[0] == '_' || line[0] == '$' || line[0]|0x20 >= 'a' && line[0]|0x20 <= 'z') {
			return " " + line[:min(len(line), 80)]
		}
	}
	return ""
}

// edits are the hunks, ready for the edit tool.
func (f file) edits() []edit {
	var all []edit
	var old, replacement strings.Builder
	flush := func() {
		if len(all) > 0 {
			last := &all[len(all)-1]
			last.old, last.new = strings.TrimSuffix(old.String(), "\n"), strings.TrimSuffix(replacement.String(), "\n")
		}
		old.Reset()
		replacement.Reset()
	}
	for line := range strings.Lines(f.hunks()) {
		switch line[0] {
		case '@':
			flush()
			var e edit
			_, _ = fmt.Sscanf(line, "@@ -%d", &e.line) // it is our own
			all = append(all, e)
		case '-':
			old.WriteString(line[1:])
		case '+':
			replacement.WriteString(line[1:])
		default:
			old.WriteString(line[1:])
			replacement.WriteString(line[1:])
		}
	}
	flush()
	return all
}

// numbered is the file as the read tool shows it.
func numbered(text string) string {
	var out strings.Builder
	n := 0
	for line := range strings.Lines(text) {
		n++
		fmt.Fprintf(&out, "%6d\t%s", n, line)
	}
	return out.String()
}

// statOf counts as git does.
func statOf(patch []byte) codybatch.DiffStat {
	var stat codybatch.DiffStat
	inHunk := false
	for line := range bytes.Lines(patch) {
		switch {
		case bytes.HasPrefix(line, []byte("diff --git ")):
			stat.Files++
			inHunk = false
		case bytes.HasPrefix(line, []byte("@@")):
			inHunk = true
		case inHunk && line[0] == '+':
			stat.Additions++
		case inHunk && line[0] == '-':
			stat.Deletions++
		}
	}
	return stat
}

// blobID is git's name of a file with that content.
func blobID(content string) string {
	sum := sha1.Sum(fmt.Appendf(nil, "blob %d\x00%s", len(content), content))
	return hex.EncodeToString(sum[:])
}
