package git

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"
)

// maxErrorText bounds what git says in an error, in bytes.
const maxErrorText = 2 << 10

// Error is a git process that ended badly.
type Error struct {
	Command  string // "fetch", "push", …
	ExitCode int    // -1: killed
	Stderr   string // what git said: cleaned, cut, without credentials
	cause    error  // a sentinel of this package, or nil
}

// Error names the command and what git said.
func (e *Error) Error() string {
	text := e.Stderr
	if text == "" {
		text = fmt.Sprintf("exit status %d", e.ExitCode)
	}
	if e.cause != nil {
		return fmt.Sprintf("git %s: %v: %s", e.Command, e.cause, text)
	}
	return fmt.Sprintf("git %s: %s", e.Command, text)
}

// Unwrap gives the reason that callers tell apart, if there is one.
func (e *Error) Unwrap() error { return e.cause }

// MovedError says that a branch is not at the commit that was asked for, and
// that the server does not hand out commits which are no branch's head.
type MovedError struct{ Branch, Want, Found string }

// Error names the branch and both commits.
func (e *MovedError) Error() string {
	return fmt.Sprintf("branch %s has moved from %s to %s, and the server does not hand out the earlier commit", e.Branch, e.Want, e.Found)
}

// classify reads the reason out of what git said. The texts are those of git
// with LC_ALL=C (http.c, remote-curl.c, connect.c, upload-pack.c).
func classify(stderr string) error {
	has := func(texts ...string) bool {
		for _, text := range texts {
			if strings.Contains(stderr, text) {
				return true
			}
		}
		return false
	}
	switch {
	case has("Authentication failed", "could not read Username", "could not read Password", "returned error: 401", "returned error: 403"):
		return ErrUnauthorized
	case has("returned error: 30"):
		return errors.New("remote redirects to another address, which is not followed because the credential would go there")
	case has("not found", "does not appear to be a git repository", "returned error: 404", "couldn't find remote ref", "not our ref", "unadvertised object"):
		return ErrNotFound
	case has("returned error: 429", "returned error: 500", "returned error: 502", "returned error: 503", "returned error: 504",
		"Could not resolve host", "Failed to connect", "Couldn't connect to server", "Connection reset", "Connection timed out", "Operation timed out",
		"Operation too slow", "Empty reply from server", "early EOF", "unexpected disconnect", "the remote end hung up"):
		return ErrUnavailable
	default:
		return nil
	}
}

// refusesCommit reports whether a server does not hand out a commit by its id.
func refusesCommit(err error) bool {
	var failed *Error
	return errors.As(err, &failed) &&
		(strings.Contains(failed.Stderr, "not our ref") || strings.Contains(failed.Stderr, "unadvertised object"))
}

var (
	ansiSequence = regexp.MustCompile(`\x1b(\[[0-9;?]*[ -/]*[@-~]|\][^\x07\x1b]*(\x07|\x1b\\)?)`)
	userInfo     = regexp.MustCompile(`://[^/\s'"@]*@`)
)

// clean makes what a process said fit for people and for logs: no terminal
// sequences, no control characters, no secrets, not much.
func clean(text string, secrets []string) string {
	for _, secret := range secrets {
		if secret != "" {
			text = strings.ReplaceAll(text, secret, "[redacted]")
		}
	}
	text = userInfo.ReplaceAllString(text, "://[redacted]@")
	text = ansiSequence.ReplaceAllString(strings.ToValidUTF8(text, "\uFFFD"), "")
	text = strings.Map(func(r rune) rune {
		switch {
		case r == '\r':
			return '\n'
		case r == '\n' || r == '\t':
			return r
		case r < ' ' || r == 0x7f || (r >= 0x80 && r < 0xa0):
			return -1
		default:
			return r
		}
	}, text)
	lines := strings.Split(text, "\n")
	kept := lines[:0]
	for _, line := range lines {
		if line = strings.TrimRight(line, " \t"); line != "" {
			kept = append(kept, line)
		}
	}
	return cut(strings.Join(kept, "\n"), maxErrorText)
}

// cut leaves out the middle: git names the cause first and the fatal end last.
func cut(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	head, tail := limit/2, len(text)-limit/2
	for head > 0 && !utf8.RuneStart(text[head]) {
		head--
	}
	for tail < len(text) && !utf8.RuneStart(text[tail]) {
		tail++
	}
	return text[:head] + " […] " + text[tail:]
}
