package claude

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"regexp"
	"strings"
)

const (
	maxGrepResults  = 200
	maxGrepFile     = 4 << 20   // bytes; larger files are passed over
	maxGrepLine     = 300       // bytes of a line that are shown
	maxGrepSearched = 64 << 10  // bytes of a line that are searched
	maxGrepBytes    = 30 << 10  // of one answer
	maxGrepTotal    = 512 << 20 // bytes that one search reads
)

type grepInput struct {
	Pattern string `json:"pattern"`
	Path    string `json:"path"`
}

func grepTool() tool {
	return tool{
		name: "grep",
		description: "Search the lines of all text files for a regular expression (RE2 syntax: no lookaround, no backreferences; (?i) ignores case). " +
			"Gives path:line:text, at most 200 lines. Binary files, files over 4 MB, .git and node_modules are left out.",
		properties: map[string]any{
			"pattern": property("string", `For example func \w+Handler\(`),
			"path":    property("string", "The folder or file to search, the repository's root if left out"),
		},
		required: []string{"pattern"},
		run:      runGrep,
	}
}

func runGrep(ctx context.Context, s *session, raw json.RawMessage) (toolResult, error) {
	input, complaint := decode[grepInput](raw)
	if complaint != nil {
		return *complaint, nil
	}
	if len(input.Pattern) > maxPattern {
		return refusal("the pattern has more than %d bytes", maxPattern), nil
	}
	pattern, err := regexp.Compile(input.Pattern)
	if err != nil {
		return refusal("%s", printable(err.Error())), nil
	}
	start, err := s.workspace.resolve(orRoot(input.Path))
	if err != nil {
		return fileProblem(err), nil
	}
	search := grepSearch{workspace: s.workspace, pattern: pattern}
	err = s.workspace.walk(ctx, start, func(name string, entry fs.DirEntry) error {
		if !entry.Type().IsRegular() {
			return nil
		}
		return search.file(ctx, name)
	})
	result, err := searchResult(search.found, "nothing matches", err)
	if search.giants > 0 {
		result.text += fmt.Sprintf("\n(%d files over %d MB were not searched)", search.giants, maxGrepFile>>20)
	}
	return result, err
}

type grepSearch struct {
	workspace *workspace
	pattern   *regexp.Regexp
	found     []string
	bytes     int   // of found
	read      int64 // of files
	giants    int
}

// file searches one file. What can't be opened is passed over.
func (g *grepSearch) file(ctx context.Context, name string) error {
	f, info, err := g.workspace.open(name)
	if err != nil {
		return nil
	}
	defer func() { _ = f.Close() }() // opened for reading
	if info.Size() > maxGrepFile {
		g.giants++
		return nil
	}
	if g.read += info.Size(); g.read > maxGrepTotal {
		return errTooLarge
	}
	reader := bufio.NewReaderSize(io.LimitReader(f, maxGrepFile), maxGrepSearched)
	if head, _ := reader.Peek(8_000); isBinary(head) { // a short file is an error here, and no problem
		return nil
	}
	for line, starts := 1, true; ; {
		text, err := reader.ReadSlice('\n')
		if starts && len(text) > 0 {
			if err := g.line(name, line, text); err != nil {
				return err
			}
		}
		switch {
		case err == nil:
			line, starts = line+1, true
		case errors.Is(err, bufio.ErrBufferFull):
			starts = false // the rest of an overlong line
		default:
			return nil // the end of the file, or as much of it as can be read
		}
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
}

func (g *grepSearch) line(name string, number int, text []byte) error {
	text = bytes.TrimRight(text, "\r\n")
	at := g.pattern.FindIndex(text)
	if at == nil {
		return nil
	}
	if len(g.found) == maxGrepResults || g.bytes > maxGrepBytes {
		return errEnough
	}
	shown := string(text)
	if len(shown) > maxGrepLine {
		from := max(0, min(at[0]-maxGrepLine/3, len(shown)-maxGrepLine))
		shown = "…" + strings.ToValidUTF8(shown[from:from+maxGrepLine], "") + "…"
	}
	match := fmt.Sprintf("%s:%d:%s", printable(name), number, printable(shown))
	g.found, g.bytes = append(g.found, match), g.bytes+len(match)
	return nil
}
