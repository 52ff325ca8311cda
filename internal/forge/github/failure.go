package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	gh "github.com/google/go-github/v92/github"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// failure turns what the client says into an error of the port, with what was
// being done. The token is cut out of GitHub's words, in case that they quote it.
func (f *Forge) failure(ctx context.Context, doing string, err error) error {
	if ctx.Err() != nil {
		if reason, until := f.pacer.waiting(); reason != "" {
			doing += ", waiting until " + until.UTC().Format(time.RFC3339) + " because " + reason
		}
		return fmt.Errorf("%s: %w", doing, context.Cause(ctx))
	}
	if _, ok := errors.AsType[*gh.RedirectionError](err); ok {
		return fmt.Errorf("%s: the repository has moved; use its new name: %w", doing, codybatch.ErrNotFound)
	}
	if refusal, ok := errors.AsType[*gh.ErrorResponse](err); ok {
		words := f.token.redact(wordsOf(refusal))
		switch refusal.Response.StatusCode {
		case http.StatusUnauthorized:
			return fmt.Errorf("%s: GitHub answers %s: %w; %s", doing, words, codybatch.ErrUnauthorized, tokenHint)
		case http.StatusNotFound, http.StatusGone:
			return fmt.Errorf("%s: %w", doing, codybatch.ErrNotFound)
		default:
			return fmt.Errorf("%s: GitHub answers %s", doing, words)
		}
	}
	if wrapped, ok := errors.AsType[*url.Error](err); ok {
		err = wrapped.Err // the address is no news
	}
	if text := err.Error(); text != f.token.redact(text) {
		return fmt.Errorf("%s: %s", doing, f.token.redact(text))
	}
	return fmt.Errorf("%s: %w", doing, err)
}

// wordsOf is what GitHub says, in one line: status, message, the details of each
// field, and the permission that the token lacks.
func wordsOf(refusal *gh.ErrorResponse) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%d", refusal.Response.StatusCode)
	if refusal.Message != "" {
		fmt.Fprintf(&b, " %q", refusal.Message)
	}
	for _, e := range refusal.Errors {
		switch {
		case e.Message != "":
			fmt.Fprintf(&b, ", %q", e.Message)
		case e.Field != "":
			fmt.Fprintf(&b, ", %s %s", e.Field, e.Code)
		}
	}
	// Which permission a fine-grained token needs; source: docs.github.com,
	// "Troubleshooting the REST API".
	needed := refusal.Response.Header.Get("X-Accepted-GitHub-Permissions")
	if needed != "" && refusal.Response.StatusCode == http.StatusForbidden {
		fmt.Fprintf(&b, " (the token needs %s)", needed)
	}
	return b.String()
}

// says reports whether err is GitHub's refusal with this status, and some words
// in its message or details.
func says(err error, status int, words string) bool {
	refusal, ok := errors.AsType[*gh.ErrorResponse](err)
	return ok && refusal.Response.StatusCode == status &&
		strings.Contains(strings.ToLower(wordsOf(refusal)), words)
}

// status is the HTTP status of GitHub's refusal, or 0 if err is none.
func status(err error) int {
	if refusal, ok := errors.AsType[*gh.ErrorResponse](err); ok {
		return refusal.Response.StatusCode
	}
	return 0
}
