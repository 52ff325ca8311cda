package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
)

// tokenHint is what a person does about a token that GitHub refuses. The
// permissions are those of docs.github.com, "Permissions required for fine-grained
// personal access tokens".
const tokenHint = "check GITHUB_TOKEN: it may have expired or been revoked; " +
	"a fine-grained token needs write access to contents and pull requests, a classic one the scope repo"

// authorizer adds the token to requests for the API's host, and to no others.
type authorizer struct {
	next  http.RoundTripper
	fetch func(ctx context.Context) (string, error)
	api   *url.URL

	mu   sync.Mutex
	seen []string // the last few tokens, for redact; tokens of GitHub Apps change by the hour
}

// tokenError means that there is no token to send: no request was made, and
// trying again does not help.
type tokenError struct{ err error }

func (e *tokenError) Error() string { return "get the GitHub token: " + e.err.Error() }
func (e *tokenError) Unwrap() error { return e.err }

// RoundTrip sends the request with the token.
func (a *authorizer) RoundTrip(req *http.Request) (*http.Response, error) {
	if req.URL.Scheme != a.api.Scheme || req.URL.Host != a.api.Host {
		return nil, &tokenError{fmt.Errorf("request for %s, which is not %s", req.URL.Host, a.api.Host)}
	}
	token, err := a.current(req.Context())
	if err != nil {
		return nil, err
	}
	req = req.Clone(req.Context())
	req.Header.Set("Authorization", "Bearer "+token)
	return a.next.RoundTrip(req)
}

// current fetches the token and looks whether it can be one. Errors do not quote
// it.
func (a *authorizer) current(ctx context.Context) (string, error) {
	token, err := a.fetch(ctx)
	if err != nil {
		return "", &tokenError{err}
	}
	if token == "" {
		return "", &tokenError{errors.New("GITHUB_TOKEN is empty")}
	}
	if strings.ContainsFunc(token, func(r rune) bool { return r <= ' ' || r > '~' }) {
		return "", &tokenError{errors.New("GITHUB_TOKEN has a blank, a line end or another odd character in it")}
	}
	a.remember(token)
	return token, nil
}

func (a *authorizer) remember(token string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, s := range a.seen {
		if s == token {
			return
		}
	}
	a.seen = append(a.seen, token)
	if len(a.seen) > 4 {
		a.seen = a.seen[1:]
	}
}

// redact cuts tokens out of a text that somebody else wrote.
func (a *authorizer) redact(text string) string {
	a.mu.Lock()
	defer a.mu.Unlock()
	for _, token := range a.seen {
		text = strings.ReplaceAll(text, token, "[redacted]")
	}
	return text
}
