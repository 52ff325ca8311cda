package claudecode

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
)

const aSession = "11111111-2222-4333-8444-555555555555"

// Whatever ran in a workspace could write to the home folder: no more is read there than
// the lines of the session, from a file that is nothing else.
func TestReadHome(t *testing.T) {
	t.Parallel()
	line := func(kind, session, more string) string {
		return fmt.Sprintf(`{"type":%q,"sessionId":%q%s}`+"\n", kind, session, more)
	}
	said := line("user", aSession, `,"message":{"role":"user","content":"Hi"}`) + line("assistant", aSession, `,"message":{"id":"msg_1","content":[]}`)
	must := func(t *testing.T, err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	put := func(content string) func(*testing.T, string, string) {
		return func(t *testing.T, _, file string) { must(t, os.WriteFile(file, []byte(content), 0o600)) }
	}
	for name, c := range map[string]struct {
		make  func(t *testing.T, home, file string)
		want  string
		wrong string
	}{
		"a conversation": {put(said), said, ""},
		"lines of something else": {put(line("cost-state", aSession, "") + said + line("user", "another", "") + line("user", aSession, `,"isSidechain":true`) + "no JSON\n" +
			line("mode", aSession, `,"Type":"user"`) + line("user", aSession, `,"message":"no object"`) + `{"type":"user","sessionId":"` + aSession + `"`), said, ""},
		"nothing":   {func(*testing.T, string, string) {}, "", "0 files"},
		"no folder": {func(t *testing.T, home, _ string) { must(t, os.RemoveAll(filepath.Join(home, ".claude"))) }, "", "look for the conversation"},
		"a pipe for a folder": {func(t *testing.T, home, _ string) {
			must(t, os.RemoveAll(filepath.Join(home, ".claude", "projects")))
			must(t, syscall.Mkfifo(filepath.Join(home, ".claude", "projects"), 0o600))
		}, "", "look for the conversation"},
		"a link out of the home folder": {func(t *testing.T, home, file string) {
			must(t, os.WriteFile(filepath.Join(home, "..", "outside"), []byte(said), 0o600))
			must(t, os.Symlink("../../../../outside", file))
		}, "", "is no plain file"},
		"a link within the home folder": {func(t *testing.T, home, file string) {
			must(t, os.WriteFile(filepath.Join(home, "inside"), []byte(said), 0o600))
			must(t, os.Symlink("../../../inside", file))
		}, "", "is no plain file"},
		"folders that are links": {func(t *testing.T, home, file string) {
			must(t, os.RemoveAll(filepath.Dir(file)))
			must(t, os.Mkdir(filepath.Join(home, "..", "outside"), 0o700))
			must(t, os.WriteFile(filepath.Join(home, "..", "outside", aSession+".jsonl"), []byte(said), 0o600))
			must(t, os.Symlink("../../../outside", filepath.Dir(file)))
		}, "", "0 files"},
		"another name of a file": {func(t *testing.T, home, file string) {
			must(t, os.WriteFile(filepath.Join(home, "..", "outside"), []byte(said), 0o600))
			must(t, os.Link(filepath.Join(home, "..", "outside"), file))
		}, "", "is no plain file"},
		"a pipe":   {func(t *testing.T, _, file string) { must(t, syscall.Mkfifo(file, 0o600)) }, "", "is no plain file"},
		"a folder": {func(t *testing.T, _, file string) { must(t, os.Mkdir(file, 0o700)) }, "", "is no plain file"},
		"two files": {func(t *testing.T, home, file string) {
			must(t, os.WriteFile(file, []byte(said), 0o600))
			must(t, os.Mkdir(filepath.Join(home, projects, "other"), 0o700))
			must(t, os.WriteFile(filepath.Join(home, projects, "other", aSession+".jsonl"), []byte(said), 0o600))
		}, "", "2 files"},
		"too many folders": {func(t *testing.T, home, file string) {
			must(t, os.WriteFile(file, []byte(said), 0o600))
			for i := range maxFolders {
				must(t, os.Mkdir(filepath.Join(home, projects, fmt.Sprint(i)), 0o700))
			}
		}, "", "101 folders"},
		"too much of the conversation": {put(strings.Repeat(line("user", aSession, `,"text":"`+strings.Repeat("x", 1<<20)+`"`), 16)), "", "larger than 16 MiB"},
		"too much of anything": {func(t *testing.T, _, file string) {
			must(t, os.WriteFile(file, []byte(said), 0o600))
			must(t, os.Truncate(file, maxTranscript+1)) // and no byte of it on the disk
		}, "", "larger than 64 MiB"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			home := filepath.Join(t.TempDir(), "home")
			file := filepath.Join(home, projects, "-work", aSession+".jsonl")
			must(t, os.MkdirAll(filepath.Dir(file), 0o700))
			c.make(t, home, file)
			records, err := readHome(home, aSession)
			switch {
			case c.wrong != "" && (err == nil || !strings.Contains(err.Error(), c.wrong) || strings.Contains(err.Error(), home)):
				t.Errorf("got %d records, %v; want an error with %q", len(records), err, c.wrong)
			case c.wrong == "" && (err != nil || string(encode(records)) != c.want):
				t.Errorf("got %v and\n%s", err, encode(records))
			}
		})
	}
}
