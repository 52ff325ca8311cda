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

var (
	// Forms of credentials that their issuers document: Anthropic, GitHub, GitLab,
	// AWS access key ids, Slack, Google API keys, PEM private keys.
	secretPattern = regexp.MustCompile(`sk-ant-[A-Za-z0-9_-]{20,}|gh[pousr]_[A-Za-z0-9]{36}|github_pat_[A-Za-z0-9_]{50,}|glpat-[A-Za-z0-9_-]{20}|\bA(?:KIA|SIA)[A-Z2-7]{16}\b|xox[abprs]-[A-Za-z0-9-]{10,}|AIza[A-Za-z0-9_-]{35}|-----BEGIN (?:[A-Z]+ )?PRIVATE KEY-----`)
	skipPattern   = regexp.MustCompile(`\bt\.Skip(?:Now|f)?\(|@pytest\.mark\.skip|@unittest\.skip|\b(?:it|test|describe)\.skip\(|\bx(?:it|describe)\(|@Disabled\b|@Ignore\b|#\[ignore\]`)
	suppression   = regexp.MustCompile(`//nolint|# noqa|# type: ignore|eslint-disable|@ts-ignore|@ts-nocheck|@SuppressWarnings|#\[allow\(|continue-on-error: *true|\|\| true\b`)
)

// scanPatch reads a patch once, with memory that does not grow with it. Of a line
// over 1 MiB each piece is looked at by itself.
func scanPatch(name string, secrets []string) (patchLines, error) {
	file, err := os.Open(name)
	if err != nil {
		return patchLines{}, fmt.Errorf("read the diff for the gates: %w", err)
	}
	defer file.Close()
	var found patchLines
	var current string
	reader := bufio.NewReaderSize(file, 1<<20)
	inHunk := false
	for {
		line, err := reader.ReadSlice('\n')
		found.bytes += int64(len(line))
		if err != nil && !errors.Is(err, bufio.ErrBufferFull) {
			if errors.Is(err, io.EOF) {
				return found, nil
			}
			return found, fmt.Errorf("read the diff for the gates: %w", err)
		}
		switch {
		case bytes.HasPrefix(line, []byte("diff --git ")):
			inHunk, current = false, diffPath(line)
		case bytes.HasPrefix(line, []byte("@@ ")):
			inHunk = true
		case inHunk && line[0] == '+':
			found.look(current, line[1:], secrets)
		}
	}
}

func (p *patchLines) look(file string, line []byte, secrets []string) {
	once := func(list *[]string) {
		if n := len(*list); n == 0 || (*list)[n-1] != file {
			*list = append(*list, file)
		}
	}
	if secretPattern.Match(line) || holdsAny(line, secrets) {
		once(&p.secrets)
	}
	if skipPattern.Match(line) {
		once(&p.skips)
	}
	if suppression.Match(line) {
		once(&p.suppressions)
	}
}

func holdsAny(line []byte, secrets []string) bool {
	for _, secret := range secrets {
		if len(secret) >= 8 && bytes.Contains(line, []byte(secret)) {
			return true
		}
	}
	return false
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
