package codybatch

import (
	"bufio"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"strings"
)

// DiffStat sizes a diff. The zero DiffStat means that nothing was changed.
type DiffStat struct {
	Files     int `json:"files"`
	Additions int `json:"additions"` // lines; a binary file counts as none
	Deletions int `json:"deletions"`
}

// Empty reports whether the diff changes no file.
func (s DiffStat) Empty() bool { return s.Files == 0 }

// String is the form that git users know: "2 files, +10 −3".
func (s DiffStat) String() string {
	if s.Files == 1 {
		return fmt.Sprintf("1 file, +%d −%d", s.Additions, s.Deletions)
	}
	return fmt.Sprintf("%d files, +%d −%d", s.Files, s.Additions, s.Deletions)
}

// FileChange is one path of a diff.
type FileChange struct {
	Path      string // any bytes but NUL
	OldPath   string // of a renamed file; else empty
	Status    byte   // 'A'dded, 'M'odified, 'D'eleted, 'R'enamed, 'T'ype changed
	Additions int    // lines; a binary file counts as none
	Deletions int
	Binary    bool
}

// Fingerprint names a patch by what it adds and removes, whatever the files are
// called, where in them the lines stand and how they are indented. Two tasks
// with the same fingerprint need to be read once. Memory use does not grow with
// the patch; a line over 1 MiB counts by its pieces.
func Fingerprint(patch io.Reader) (string, error) {
	hash := sha256.New()
	reader := bufio.NewReaderSize(patch, 1<<20)
	inHunk, continued := false, false
	for {
		line, isPrefix, err := reader.ReadLine()
		if err == io.EOF {
			return hex.EncodeToString(hash.Sum(nil)[:16]), nil
		}
		if err != nil {
			return "", fmt.Errorf("read patch: %w", err)
		}
		text := string(line)
		switch {
		case continued && inHunk:
			_, _ = io.WriteString(hash, text) // a hash never fails
		case strings.HasPrefix(text, "diff --git "):
			inHunk = false
		case strings.HasPrefix(text, "@@"), strings.HasPrefix(text, "GIT binary patch"):
			inHunk = true
		case inHunk && (strings.HasPrefix(text, "+") || strings.HasPrefix(text, "-")):
			_, _ = io.WriteString(hash, text[:1]+strings.TrimSpace(text[1:])+"\n")
		case inHunk && text != "" && !strings.HasPrefix(text, " ") && !strings.HasPrefix(text, "\\"):
			_, _ = io.WriteString(hash, text+"\n") // binary literal lines
		}
		continued = isPrefix
	}
}
