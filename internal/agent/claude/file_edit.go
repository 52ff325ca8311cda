package claude

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
)

type editInput struct {
	FilePath   string `json:"file_path"`
	OldString  string `json:"old_string"`
	NewString  string `json:"new_string"`
	ReplaceAll bool   `json:"replace_all"`
}

func editTool() tool {
	return tool{
		name: "edit",
		description: "Replace a piece of a file. old_string must be found exactly once, with its indentation, " +
			"unless replace_all is true; give it without the line numbers that read shows. Everything else of the file stays as it is, " +
			"its line ends too.",
		properties: map[string]any{
			"file_path":   property("string", "Path relative to the repository's root"),
			"old_string":  property("string", "The text to replace, exactly as it is in the file"),
			"new_string":  property("string", "The text to put in its place; empty deletes it"),
			"replace_all": property("boolean", "Replace every occurrence; false if left out"),
		},
		required: []string{"file_path", "old_string", "new_string"},
		run:      runEdit,
	}
}

func runEdit(_ context.Context, s *session, raw json.RawMessage) (toolResult, error) {
	input, complaint := decode[editInput](raw)
	if complaint != nil {
		return *complaint, nil
	}
	switch input.OldString {
	case "":
		return refusal("old_string is empty; use write for a new file"), nil
	case input.NewString:
		return refusal("old_string and new_string are the same"), nil
	}
	name, err := s.workspace.resolve(input.FilePath)
	if err != nil {
		return fileProblem(err), nil
	}
	data, err := s.workspace.readAll(name, maxEditBytes)
	if err != nil {
		return fileProblem(err), nil
	}
	if isBinary(data) {
		return refusal("%s: %s", name, errBinary), nil
	}
	places, length := find(data, input.OldString)
	switch {
	case len(places) == 0:
		return refusal("old_string is not in %s; read the file again and copy the text with its exact spaces and tabs", name), nil
	case len(places) > 1 && !input.ReplaceAll:
		return refusal("old_string is in %s %d times, in lines %s; give more text around it, or set replace_all", name, len(places), lineNumbers(data, places)), nil
	}
	if err := s.workspace.replace(name, substitute(data, places, length, input.NewString)); err != nil {
		return fileProblem(err), nil
	}
	return toolResult{text: fmt.Sprintf("Edited %s: %d replaced, in line %s.", name, len(places), lineNumbers(data, places))}, nil
}

// find gives the places of text in data, and how long it is there. The model
// does not see carriage returns, so where the text is not found as it is, its
// newlines may stand for CRLF.
func find(data []byte, text string) ([]int, int) {
	var places []int
	for _, candidate := range []string{text, strings.ReplaceAll(text, "\n", "\r\n")} {
		from := 0
		for {
			at := bytes.Index(data[from:], []byte(candidate))
			if at < 0 {
				break
			}
			places = append(places, from+at)
			from += at + len(candidate)
		}
		if places != nil {
			return places, len(candidate)
		}
	}
	return nil, 0
}

// substitute puts text in all places, with the line ends that are usual there.
func substitute(data []byte, places []int, length int, text string) []byte {
	unix := []byte(text)
	dos := unix
	if !bytes.Contains(unix, []byte("\r\n")) {
		dos = bytes.ReplaceAll(unix, []byte("\n"), []byte("\r\n"))
	}
	var out bytes.Buffer
	from := 0
	for _, at := range places {
		out.Write(data[from:at])
		if endsWithCRLF(data, at) {
			out.Write(dos)
		} else {
			out.Write(unix)
		}
		from = at + length
	}
	out.Write(data[from:])
	return out.Bytes()
}

// endsWithCRLF tells how the line at a place ends; the last line of a file, if
// it does not end, as the one before it.
func endsWithCRLF(data []byte, at int) bool {
	end := bytes.IndexByte(data[at:], '\n')
	if end >= 0 {
		end += at
	} else {
		end = bytes.LastIndexByte(data[:at], '\n')
	}
	return end > 0 && data[end-1] == '\r'
}

// lineNumbers lists the first ten lines that the places are in.
func lineNumbers(data []byte, places []int) string {
	var list []string
	line, from := 1, 0
	for i, at := range places {
		if i == 10 {
			list = append(list, "…")
			break
		}
		line += bytes.Count(data[from:at], []byte("\n"))
		from = at
		list = append(list, strconv.Itoa(line))
	}
	return strings.Join(list, ", ")
}
