package worker

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"regexp"
)

// patchLines is what a scan of the added lines found: for each kind of objection
// the files that it was found in.
type patchLines struct {
	bytes        int64
	secrets      []string
	skips        []string
	suppressions []string
}

// skipPattern knows how tests are skipped, suppression how checks are silenced.
var (
	skipPattern = pattern{
		[]string{"t.Skip", "@pytest.mark.skip", "@unittest.skip", ".skip(", "xit(", "xdescribe(", "@Disabled", "@Ignore", "#[ignore]"},
		regexp.MustCompile(`\bt\.Skip(?:Now|f)?\(|@pytest\.mark\.skip|@unittest\.skip|\b(?:it|test|describe)\.skip\(|\bx(?:it|describe)\(|@Disabled\b|@Ignore\b|#\[ignore\]`),
	}
	suppression = pattern{
		[]string{"//nolint", "# noqa", "# type: ignore", "eslint-disable", "@ts-ignore", "@ts-nocheck", "@SuppressWarnings", "#[allow(", "continue-on-error:", "|| true"},
		regexp.MustCompile(`//nolint|# noqa|# type: ignore|eslint-disable|@ts-ignore|@ts-nocheck|@SuppressWarnings|#\[allow\(|continue-on-error: *true|\|\| true\b`),
	}
)

// scanPatch reads a patch once, with memory that does not grow with it. A line of
// more than 1 MiB is looked at in pieces, which overlap.
func scanPatch(name string, known knownValues) (patchLines, error) {
	file, err := os.Open(name)
	if err != nil {
		return patchLines{}, fmt.Errorf("read the diff for the gates: %w", err)
	}
	defer file.Close()
	var found patchLines
	var current string              // the file that the lines belong to
	var inHunk, isAdded, isCut bool // isCut: a piece of the same line came before
	var window []byte               // the end of that piece, and then this one
	overlap := known.overlap()      // bytes
	reader := bufio.NewReaderSize(file, 1<<20)
	for {
		piece, err := reader.ReadSlice('\n')
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) && !errors.Is(err, io.EOF) {
			return found, fmt.Errorf("read the diff for the gates: %w", err)
		}
		found.bytes += int64(len(piece))
		if !isCut { // only the beginning of a line says what it is
			window, isAdded = window[:0], false
			switch {
			case bytes.HasPrefix(piece, []byte("diff --git ")):
				inHunk, current = false, diffPath(piece)
			case bytes.HasPrefix(piece, []byte("@@ ")):
				inHunk = true
			case inHunk && bytes.HasPrefix(piece, []byte("+")):
				isAdded, piece = true, piece[1:]
			}
		}
		goesOn := errors.Is(err, bufio.ErrBufferFull)
		if isAdded {
			if isCut || goesOn {
				window = append(window, piece...)
				piece = window
			}
			found.look(current, piece, known)
			if goesOn {
				window = append(window[:0], window[len(window)-min(overlap, len(window)):]...)
			}
		}
		isCut = goesOn
		if errors.Is(err, io.EOF) {
			return found, nil
		}
	}
}

func (p *patchLines) look(file string, line []byte, known knownValues) {
	once := func(list *[]string) {
		if n := len(*list); n == 0 || (*list)[n-1] != file {
			*list = append(*list, file)
		}
	}
	if secretPattern.isIn(line) || known.areIn(line) {
		once(&p.secrets)
	}
	if skipPattern.isIn(line) {
		once(&p.skips)
	}
	if suppression.isIn(line) {
		once(&p.suppressions)
	}
}

// diffPath is the new name in "diff --git a/old b/new", for people.
func diffPath(line []byte) string {
	line = bytes.TrimSpace(line)
	if i := bytes.LastIndex(line, []byte(" b/")); i >= 0 {
		return string(line[i+3:])
	}
	if i := bytes.LastIndex(line, []byte(` "b/`)); i >= 0 {
		return string(bytes.Trim(line[i+4:], `"`))
	}
	return string(line)
}
