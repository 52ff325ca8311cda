package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/config"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// The exit codes of every command. Nothing else in the program knows them.
const (
	exitSucceeded = 0 // also: what was asked for is done
	exitError     = 1
	exitFailed    = 2 // the job ended, and some of its repositories failed
	exitCanceled  = 3
	exitSignIn    = 4 // credentials are missing or refused
)

// jobError is the end of a job that did not succeed. The table has said it
// already, so it has no text of its own.
type jobError struct {
	status      codybatch.JobStatus
	needsSignIn bool // nothing failed but for want of credentials
}

func (e *jobError) Error() string { return "the job ended as " + string(e.status) }

// hintError is an error together with what to do next.
type hintError struct {
	err  error
	hint string
}

func (e *hintError) Error() string { return e.err.Error() }
func (e *hintError) Unwrap() error { return e.err }

// withHint says what to do next about err.
func withHint(err error, format string, args ...any) error {
	return &hintError{err: err, hint: fmt.Sprintf(format, args...)}
}

// report prints an error for a person and returns the exit code that goes with
// it.
func report(ctx context.Context, w io.Writer, err error) int {
	if err == nil {
		return exitSucceeded
	}
	if ended := (*jobError)(nil); errors.As(err, &ended) {
		switch {
		case ended.status == codybatch.JobCanceled:
			return exitCanceled
		case ended.needsSignIn:
			return exitSignIn
		default:
			return exitFailed
		}
	}
	if errors.Is(err, context.Canceled) && ctx.Err() != nil {
		err = context.Cause(ctx)
	}
	if lost := (*url.Error)(nil); errors.As(err, &lost) && err == error(lost) { //nolint:errorlint // only the bare error: others say more
		if plain := unreachable(err); plain != nil {
			err = plain
		}
	}
	fmt.Fprintln(w, "codybatch:", message(err))
	if hint := (*hintError)(nil); errors.As(err, &hint) {
		fmt.Fprintf(w, "%s\n", lines(hint.hint))
	}
	if isSignIn(err) {
		return exitSignIn
	}
	return exitError
}

// message is the text of an error: one line, or one for each field or problem.
func message(err error) string {
	var texts []string
	for _, field := range fieldErrors(err) {
		texts = append(texts, oneLine(field.Field+": "+field.Message))
	}
	switch {
	case len(texts) > 1:
		return fmt.Sprintf("%d fields can't be accepted\n  %s", len(texts), strings.Join(texts, "\n  "))
	case len(texts) == 1:
		return texts[0]
	}
	for line := range strings.SplitSeq(strings.TrimSpace(err.Error()), "\n") {
		texts = append(texts, oneLine(line))
	}
	return strings.Join(texts, "\n  ")
}

// wantsKey reports whether a job is refused because its agent has no API key.
func wantsKey(field codybatch.FieldError) bool {
	return strings.HasSuffix(field.Field, "agent.type") && strings.Contains(field.Message, config.ClaudeAPIKey)
}

// isSignIn reports whether err means that credentials are missing or refused.
func isSignIn(err error) bool {
	if errors.Is(err, codybatch.ErrUnauthorized) || slices.ContainsFunc(fieldErrors(err), wantsKey) {
		return true
	}
	var problem *httpapi.Problem
	if !errors.As(err, &problem) {
		return false
	}
	switch problem.Code {
	case "unauthorized", "forbidden", "forge_credentials_refused":
		return true
	case "repository_not_allowed": // also 403, but no credential helps
		return false
	default:
		return problem.Status == http.StatusUnauthorized || problem.Status == http.StatusForbidden
	}
}
