package claude

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
)

// maxEditBytes is the largest file that write and edit keep the habits of.
const maxEditBytes = 10 << 20

var byteOrderMark = []byte("\xEF\xBB\xBF")

type writeInput struct {
	FilePath string `json:"file_path"`
	Content  string `json:"content"`
}

func writeTool() tool {
	return tool{
		name: "write",
		description: "Write a whole file, new or in the place of an old one. Folders are made as needed. " +
			"An old file keeps its permissions, its byte order mark and its CRLF line ends. For a small change prefer edit.",
		properties: map[string]any{
			"file_path": property("string", "Path relative to the repository's root"),
			"content":   property("string", "All that the file shall hold"),
		},
		required: []string{"file_path", "content"},
		run:      runWrite,
	}
}

func runWrite(_ context.Context, s *session, raw json.RawMessage) (toolResult, error) {
	input, complaint := decode[writeInput](raw)
	if complaint != nil {
		return *complaint, nil
	}
	name, err := s.workspace.resolve(input.FilePath)
	if err != nil {
		return fileProblem(err), nil
	}
	content := []byte(input.Content)
	kept := ""
	if old, err := s.workspace.readAll(name, maxEditBytes); err == nil { // else it is new, or replace says what is wrong
		content, kept = withHabitsOf(old, content)
	}
	if err := s.workspace.replace(name, content); err != nil {
		return fileProblem(err), nil
	}
	return toolResult{text: fmt.Sprintf("Wrote %d bytes to %s%s.", len(content), name, kept)}, nil
}

// withHabitsOf gives new content what the model can't see in the old: the byte
// order mark, and CRLF where every line of the old file ends with it. The string says
// what was kept.
func withHabitsOf(old, content []byte) ([]byte, string) {
	var habits []string
	newlines := bytes.Count(old, []byte("\n"))
	if newlines > 0 && newlines == bytes.Count(old, []byte("\r\n")) && !bytes.Contains(content, []byte("\r\n")) {
		content = bytes.ReplaceAll(content, []byte("\n"), []byte("\r\n"))
		habits = append(habits, "CRLF line ends")
	}
	if bytes.HasPrefix(old, byteOrderMark) && !bytes.HasPrefix(content, byteOrderMark) {
		content = append(bytes.Clone(byteOrderMark), content...)
		habits = append(habits, "byte order mark")
	}
	if habits == nil {
		return content, ""
	}
	return content, ", keeping " + strings.Join(habits, " and ")
}
