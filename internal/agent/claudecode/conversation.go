package claudecode

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"

	"github.com/google/uuid"
)

const (
	projects = ".claude/projects" // in the home folder: a folder for each working folder

	maxFolders      = 100      // of projects that are looked into
	maxTranscript   = 64 << 20 // bytes of the program's file
	maxConversation = 16 << 20 // bytes of what is kept of it
)

// redactedMark stands in a conversation where a secret was.
const redactedMark = "[redacted]"

// record is a line of the file in which the program keeps a conversation, as far as it is
// looked at. An answer of the model has a line for each of its blocks.
type record struct {
	kind        string
	session     string
	isSidechain bool
	uuid        string // of the line; the next one names it as its parent
	version     string // of the program
	message     string // the id of the answer, if it is one
	content     json.RawMessage

	raw []byte // without its end
}

// parseRecord reads a line. Names count as they are spelled, as they do for the program.
func parseRecord(line []byte) (record, bool) {
	r := record{raw: bytes.TrimSpace(line)}
	var fields, message map[string]json.RawMessage
	if json.Unmarshal(r.raw, &fields) != nil {
		return r, false
	}
	for name, into := range map[string]any{"type": &r.kind, "sessionId": &r.session, "isSidechain": &r.isSidechain, "uuid": &r.uuid, "version": &r.version, "message": &message} {
		if value, is := fields[name]; is && json.Unmarshal(value, into) != nil {
			return r, false
		}
	}
	r.content = message["content"]
	return r, message["id"] == nil || json.Unmarshal(message["id"], &r.message) == nil
}

// isKept reports whether the program needs the line to go on with the session, and it
// is nothing else: what it counted, its modes and its copies of requests are left out.
func (r *record) isKept(session string) bool {
	return r.session == session && !r.isSidechain &&
		slices.Contains([]string{"user", "assistant", "attachment", "system", "content-replacement"}, r.kind)
}

// isAnswer reports whether the line is one of an answer's.
func (r *record) isAnswer(id string) bool { return r.kind == "assistant" && r.message == id }

// results are the ids of the calls that the line has results of.
func (r *record) results() []string {
	var blocks []toolResult
	if r.kind != "user" || json.Unmarshal(r.content, &blocks) != nil {
		return nil
	}
	var ids []string
	for _, b := range blocks {
		if b.Type == "tool_result" {
			ids = append(ids, b.ToolUseID)
		}
	}
	return ids
}

// readRecords reads the lines that are kept of a session; "" is whatever session the
// first of them is of. A line without an end, or that is no JSON, is none: the program
// was ended while it wrote, or another wrote there.
func readRecords(from io.Reader, session string) ([]record, error) {
	var records []record
	size := 0
	lines := bufio.NewReader(from)
	for {
		line, err := lines.ReadBytes('\n')
		if errors.Is(err, io.EOF) {
			return records, nil
		}
		if err != nil {
			return nil, err
		}
		r, ok := parseRecord(line)
		if !ok {
			continue
		}
		if session == "" {
			session = r.session
		}
		if !r.isKept(session) {
			continue
		}
		if size += len(r.raw) + 1; size > maxConversation {
			return nil, fmt.Errorf("it is larger than %d MiB", maxConversation>>20)
		}
		records = append(records, r)
	}
}

// encode is the records as a file has them.
func encode(records []record) []byte {
	var b bytes.Buffer
	for _, r := range records {
		b.Write(r.raw)
		b.WriteByte('\n')
	}
	return b.Bytes()
}

// readHome reads the conversation of a session from the program's home folder, where
// everything that ran in the workspace could write: it follows no link, waits for
// nothing, reads no more than maxTranscript, and gives no line of anything else.
func readHome(home, session string) ([]record, error) {
	root, err := os.OpenRoot(home)
	if err != nil {
		return nil, fmt.Errorf("open the home folder of Claude Code: %w", err)
	}
	defer root.Close() //nolint:errcheck // only a folder
	name, err := findTranscript(root, session)
	if err != nil {
		return nil, err
	}
	file, err := openPlain(root, name)
	if err != nil {
		return nil, fmt.Errorf("open the conversation of Claude Code: %w", err)
	}
	defer file.Close()
	limited := &io.LimitedReader{R: file, N: maxTranscript + 1}
	records, err := readRecords(limited, session)
	if limited.N <= 0 && err == nil {
		err = fmt.Errorf("its file is larger than %d MiB", maxTranscript>>20)
	}
	if err != nil {
		return nil, fmt.Errorf("read the conversation of Claude Code: %w", err)
	}
	return records, nil
}

// findTranscript finds the one file of a session. The program names the folder by the
// working folder, in a way of its own.
func findTranscript(root *os.Root, session string) (string, error) {
	folder, err := root.OpenFile(projects, os.O_RDONLY|syscall.O_DIRECTORY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", fmt.Errorf("look for the conversation of Claude Code: %w", err)
	}
	defer folder.Close()
	entries, err := folder.ReadDir(maxFolders + 1)
	if err != nil && !errors.Is(err, io.EOF) {
		return "", fmt.Errorf("look for the conversation of Claude Code: %w", err)
	}
	var found []string
	for _, e := range entries {
		name := path.Join(projects, e.Name(), session+".jsonl")
		if !e.IsDir() {
			continue
		}
		if _, err := root.Lstat(name); err == nil {
			found = append(found, name)
		}
	}
	if len(found) != 1 || len(entries) > maxFolders {
		return "", fmt.Errorf("look for the conversation of Claude Code: its home folder has %d files of the session, and %d folders to look into", len(found), len(entries))
	}
	return found[0], nil
}

// openPlain opens a file that is nothing else: no link, no pipe, and known under this
// name only.
func openPlain(root *os.Root, name string) (*os.File, error) {
	before, err := root.Lstat(name)
	if err != nil {
		return nil, err
	}
	stat, ok := before.Sys().(*syscall.Stat_t)
	if !before.Mode().IsRegular() || ok && stat.Nlink != 1 {
		return nil, fmt.Errorf("%s is no plain file: %s", path.Base(name), before.Mode())
	}
	file, err := root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, err
	}
	now, err := file.Stat()
	if err == nil && !os.SameFile(before, now) {
		err = fmt.Errorf("%s was replaced meanwhile", path.Base(name))
	}
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	return file, nil
}

// writeHome puts a conversation where the program looks for it when it goes on in dir.
// The home folder is new.
func writeHome(home, dir, session string, conversation []byte) error {
	root, err := os.OpenRoot(home)
	if err != nil {
		return fmt.Errorf("open the home folder of Claude Code: %w", err)
	}
	defer root.Close() //nolint:errcheck // only a folder
	folder := path.Join(projects, folderName(dir))
	err = root.MkdirAll(folder, 0o700)
	if err == nil {
		err = root.WriteFile(path.Join(folder, session+".jsonl"), conversation, 0o600)
	}
	if err != nil {
		return fmt.Errorf("give Claude Code its conversation: %w", err)
	}
	return nil
}

// folderName is how the program names the folder for a working folder: every character
// that is no letter or digit of ASCII is a dash. Beyond 200 characters it adds a sum of
// its own; it then finds the file by looking into all folders.
func folderName(dir string) string {
	name := strings.Map(func(r rune) rune {
		switch {
		case 'a' <= r && r <= 'z', 'A' <= r && r <= 'Z', '0' <= r && r <= '9':
			return r
		default:
			return '-'
		}
	}, dir)
	return name[:min(len(name), 200)]
}

// checkSession refuses what is no id of a session: it becomes a file's name, and an
// argument.
func checkSession(id string) error {
	if parsed, err := uuid.Parse(id); err != nil || parsed.String() != id {
		return errors.New("it is of no session")
	}
	return nil
}
