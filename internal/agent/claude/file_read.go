package claude

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

const (
	maxReadLines = 2_000
	maxReadBytes = 256 << 10 // of one answer
	maxScanBytes = 10 << 20  // of a file that is read in parts
	maxLineBytes = 2_000     // of one line that is shown
)

type readInput struct {
	FilePath  string `json:"file_path"`
	ViewRange []int  `json:"view_range"`
}

func readTool() tool {
	return tool{
		name: "read",
		description: "Read a text file, with line numbers. Without view_range it gives the first 2,000 lines, of a file of at most 256 KB. " +
			"Lines over 2,000 bytes are cut. Binary files are refused.",
		properties: map[string]any{
			"file_path": property("string", "Path relative to the repository's root"),
			"view_range": map[string]any{
				"type": "array", "items": map[string]any{"type": "integer"},
				"description": "First and last line to give, from 1, for example [200, 260]; [200, -1] reads to the end",
			},
		},
		required: []string{"file_path"},
		run:      runRead,
	}
}

func runRead(_ context.Context, s *session, raw json.RawMessage) (toolResult, error) {
	input, complaint := decode[readInput](raw)
	if complaint != nil {
		return *complaint, nil
	}
	first, last, ok := lineRange(input.ViewRange)
	if !ok {
		return malformed("view_range must be [first, last] with 1 <= first <= last, or last -1 for the end"), nil
	}
	name, err := s.workspace.resolve(input.FilePath)
	if err != nil {
		return fileProblem(err), nil
	}
	f, info, err := s.workspace.open(name)
	if err != nil {
		return fileProblem(err), nil
	}
	defer func() { _ = f.Close() }() // opened for reading
	switch size := info.Size(); {
	case size > maxScanBytes:
		return refusal("%s has %d bytes, more than this tool reads; use bash, for example head, tail or sed -n", name, size), nil
	case size > maxReadBytes && input.ViewRange == nil:
		return refusal("%s has %d bytes; read a part of it with view_range, or search it with grep", name, size), nil
	case size == 0:
		return toolResult{text: "(the file is empty)"}, nil
	}
	result, err := numbered(io.LimitReader(f, maxScanBytes), first, last)
	if err != nil {
		return fileProblem(fmt.Errorf("%s: %w", name, err)), nil
	}
	return result, nil
}

// lineRange turns a view_range into the first and the last line, and reports
// whether it is one.
func lineRange(view []int) (int, int, bool) {
	switch {
	case view == nil:
		return 1, maxReadLines, true
	case len(view) != 2 || view[0] < 1:
		return 0, 0, false
	case view[1] == -1:
		return view[0], view[0] + maxReadLines - 1, true
	}
	return view[0], min(view[1], view[0]+maxReadLines-1), view[1] >= view[0]
}

var errBinary = errors.New("is a binary file; use bash to look at it")

// numbered gives the lines from first to last, from 1, with their numbers, and
// says below what the numbers do not show.
func numbered(r io.Reader, first, last int) (toolResult, error) {
	var out strings.Builder
	reader := bufio.NewReaderSize(r, 64<<10)
	if head, _ := reader.Peek(8_000); isBinary(head) { // a short file is an error here, and no problem
		return toolResult{}, errBinary
	}
	var notes []string
	if head, _ := reader.Peek(len(byteOrderMark)); bytes.Equal(head, byteOrderMark) {
		_, _ = reader.Discard(len(byteOrderMark)) // was peeked
		notes = append(notes, "begins with a byte order mark")
	}
	line, shown, ended, crlf, invalid, more := 0, 0, true, false, false, false
	for {
		text, whole, err := readLine(reader)
		if len(text) == 0 && errors.Is(err, io.EOF) {
			break
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return toolResult{}, err
		}
		line++
		ended = bytes.HasSuffix(text, []byte("\n")) || !whole
		if line < first {
			continue
		}
		if line > last || out.Len() > maxReadBytes {
			more = true
			break
		}
		crlf = crlf || bytes.HasSuffix(text, []byte("\r\n"))
		invalid = invalid || (whole && !utf8.Valid(text)) // a cut may go through a character
		shown++
		fmt.Fprintf(&out, "%6d\t%s", line, printable(strings.TrimRight(string(text), "\r\n")))
		if !whole {
			out.WriteString("… (the line goes on)")
		}
		out.WriteByte('\n')
	}
	if shown == 0 {
		return refusal("the file has %d lines", line), nil
	}
	if crlf {
		notes = append(notes, "lines end with CRLF")
	}
	if invalid {
		notes = append(notes, "some bytes are no UTF-8 and are shown as \uFFFD")
	}
	if !ended && !more {
		notes = append(notes, "no newline at the end")
	}
	if more {
		notes = append(notes, fmt.Sprintf("the file goes on after line %d; use view_range", first+shown-1))
	}
	if notes != nil {
		fmt.Fprintf(&out, "(%s)\n", strings.Join(notes, "; "))
	}
	return toolResult{text: out.String(), truncated: more}, nil
}

// readLine reads a line with its ending, or the first maxLineBytes of it and
// reports that it is not whole.
func readLine(r *bufio.Reader) ([]byte, bool, error) {
	part, err := r.ReadSlice('\n')
	text := bytes.Clone(part)
	for errors.Is(err, bufio.ErrBufferFull) {
		part, err = r.ReadSlice('\n')
		if len(text) <= maxLineBytes {
			text = append(text, part...)
		}
	}
	if len(bytes.TrimRight(text, "\r\n")) > maxLineBytes {
		return text[:maxLineBytes], false, err
	}
	return text, true, err
}
