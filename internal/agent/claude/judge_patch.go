package claude

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
)

// Bounds of a diff that is shown to a judge.
const (
	maxJudgedDiff  = 160 << 10 // bytes
	maxJudgedFiles = 400
	leftOutMark    = "[left out]"
)

// judgedPatch is a diff as a judge is shown it.
type judgedPatch struct {
	text    string
	leftOut int64 // bytes of the diff that are not in text
}

// patchFile is the diff of one file.
type patchFile struct {
	text []byte // its beginning
	size int64
}

// readPatch reads a diff, of which it holds little more than it shows. One that is
// longer than room bytes is cut: each file's diff keeps its beginning, short ones all,
// and a line says what is left out.
func readPatch(diff io.Reader, room int) (judgedPatch, error) {
	files, left, err := splitPatch(diff, room)
	if err != nil {
		return judgedPatch{}, err
	}
	share := fairShare(files, room)
	var p judgedPatch
	var text strings.Builder
	for _, f := range files {
		kept := f.text[:min(len(f.text), share)]
		if int64(len(kept)) < f.size { // whole lines
			kept = kept[:bytes.LastIndexByte(kept, '\n')+1]
		}
		text.Write(kept)
		if cut := f.size - int64(len(kept)); cut > 0 {
			p.leftOut += cut
			fmt.Fprintf(&text, "%s %d bytes of this file's diff\n", leftOutMark, cut)
		}
	}
	if left.size > 0 {
		p.leftOut += left.size
		fmt.Fprintf(&text, "%s all after the first %d files, %d bytes\n", leftOutMark, maxJudgedFiles, left.size)
	}
	p.text = text.String()
	return p, nil
}

// splitPatch cuts a patch at its files, and keeps up to room bytes of each, and of
// all files not much more than three times that. Content can't look like the line
// that begins a file: its lines begin with a space, a plus, a minus or a backslash,
// and those of a binary file hold no space.
func splitPatch(diff io.Reader, room int) ([]patchFile, patchFile, error) {
	var files []patchFile
	var left patchFile
	current := &left
	err := eachPiece(diff, func(piece []byte, begins bool) {
		if begins && bytes.HasPrefix(piece, []byte("diff --git ")) {
			current = &left
			trim(files, room)
			if len(files) < maxJudgedFiles {
				files = append(files, patchFile{})
				current = &files[len(files)-1]
			}
		}
		current.size += int64(len(piece))
		if current != &left {
			current.text = append(current.text, piece[:min(len(piece), room-len(current.text))]...)
		}
	})
	return files, left, err
}

// trim lets go of what no longer has a place, once that is much: with more files,
// the share of each only becomes smaller.
func trim(files []patchFile, room int) {
	held := 0
	for _, f := range files {
		held += len(f.text)
	}
	if held <= 2*room {
		return
	}
	share := fairShare(files, room)
	for i := range files {
		files[i].text = bytes.Clone(files[i].text[:min(len(files[i].text), share)])
	}
}

// fairShare is how many bytes each file may have so that all fit into room: what
// short ones do not need goes to the long ones.
func fairShare(files []patchFile, room int) int {
	sizes := make([]int64, len(files))
	for i, f := range files {
		sizes[i] = f.size
	}
	slices.Sort(sizes)
	left := int64(room)
	for i, size := range sizes {
		if share := left / int64(len(sizes)-i); size > share {
			return int(share)
		}
		left -= size
	}
	return room
}

// eachPiece calls do for each line, or for pieces of a line that is longer than
// 64 KiB; begins tells the first piece of a line. A piece is do's until it returns.
func eachPiece(r io.Reader, do func(piece []byte, begins bool)) error {
	reader := bufio.NewReaderSize(r, 64<<10)
	for begins := true; ; {
		piece, err := reader.ReadSlice('\n')
		if len(piece) > 0 {
			do(piece, begins)
		}
		switch {
		case errors.Is(err, io.EOF):
			return nil
		case err != nil && !errors.Is(err, bufio.ErrBufferFull):
			return err
		}
		begins = err == nil
	}
}
