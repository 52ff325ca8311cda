package github_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/forge/github"
	"github.com/liamzdenek/cody-batch/internal/forge/github/githubtest"
)

// clock is one that nobody waits for: a sleep moves it.
type clock struct {
	mu    sync.Mutex
	at    time.Time
	slept []time.Duration
}

func newClock() *clock { return &clock{at: time.Now()} }

func (c *clock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.at
}

func (c *clock) sleep(ctx context.Context, d time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	c.at, c.slept = c.at.Add(d), append(c.slept, d)
	return nil
}

func (c *clock) sleeps() []time.Duration {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]time.Duration(nil), c.slept...)
}

// logBuffer keeps what is logged; loggers of several goroutines write to it.
type logBuffer struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (b *logBuffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.Write(p)
}

func (b *logBuffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.text.String()
}

// fixture is a forge on a test server, with a clock that nobody waits for.
type fixture struct {
	*githubtest.Server
	forge *github.Forge
	clock *clock
	log   *logBuffer
}

func start(t *testing.T) fixture {
	t.Helper()
	f := fixture{Server: githubtest.Start(t), clock: newClock(), log: &logBuffer{}}
	f.forge = connect(t, f.Server, f.Token, f.clock, f.log)
	t.Cleanup(func() {
		if strings.Contains(f.log.String(), f.Token) {
			t.Error("the token is in the log")
		}
	})
	return f
}

func connect(t *testing.T, s *githubtest.Server, token string, c *clock, log *logBuffer) *github.Forge {
	t.Helper()
	forge, err := github.New(github.Options{
		Token:   func(context.Context) (string, error) { return token, nil },
		BaseURL: s.URL, Now: c.now, Sleep: c.sleep,
		Log: slog.New(slog.NewTextHandler(log, nil)),
	})
	if err != nil {
		t.Fatal(err)
	}
	return forge
}

func names(repositories []codybatch.Repository) []string {
	list := []string{}
	for _, r := range repositories {
		list = append(list, string(r.Name))
	}
	return list
}

func TestNew(t *testing.T) {
	t.Parallel()
	token := func(context.Context) (string, error) { return "t", nil }
	t.Run("derives the host and git's address from the API's", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct{ api, host, remote string }{
			{"", "github.com", "https://github.com/acme/site.git"},
			{"https://api.github.com", "github.com", "https://github.com/acme/site.git"},
			{"https://api.github.com/", "github.com", "https://github.com/acme/site.git"},
			{"https://API.octo.ghe.com", "octo.ghe.com", "https://octo.ghe.com/acme/site.git"},
			{"https://ghe.example/api/v3", "ghe.example", "https://ghe.example/acme/site.git"},
			{"https://ghe.example:8443/api/v3/", "ghe.example:8443", "https://ghe.example:8443/acme/site.git"},
			{"https://example.org/github/api/v3", "example.org", "https://example.org/github/acme/site.git"},
			{"http://127.0.0.1:99/api/v3", "127.0.0.1:99", "http://127.0.0.1:99/acme/site.git"},
			{"http://[::1]:99/api/v3", "[::1]:99", "http://[::1]:99/acme/site.git"},
		} {
			forge, err := github.New(github.Options{BaseURL: c.api, Token: token})
			if err != nil {
				t.Errorf("%q: %v", c.api, err)
				continue
			}
			remote, err := forge.Remote(t.Context(), "acme/site")
			if err != nil || forge.Host() != c.host || remote.URL != c.remote {
				t.Errorf("%q: host %q, remote %q, error %v; want %q, %q", c.api, forge.Host(), remote.URL, err, c.host, c.remote)
			}
		}
	})
	t.Run("refuses an address that it can't use, and names the variable", func(t *testing.T) {
		t.Parallel()
		for _, c := range []struct{ api, want string }{
			{"ghe.example/api/v3", "whole address"},
			{"//ghe.example/api/v3", "whole address"},
			{"https:///api/v3", "whole address"},
			{"ftp://ghe.example/api/v3", "want https"},
			{"http://ghe.example/api/v3", "want https"},
			{"http://127.0.0.1.example/api/v3", "want https"},
			{"https://me:secret-pa55@ghe.example/api/v3", "user name or password"},
			{"https://secret-pa55@ghe.example/api/v3", "user name or password"},
			{"https://me:secret-pa55%zz@ghe.example/api/v3", "not an address"},
			{"https://ghe.example/api/v3?token=1", "no query"},
			{"https://ghe.example/api/v3#x", "no query"},
			{"https://ghe.example", "ends in /api/v3"},
			{"https://ghe.example/api/v4", "ends in /api/v3"},
			{"https://github.com", "https://api.github.com"},
			{"https://github.com/api/v3", "https://api.github.com"},
			{"https://api.github.com/v3", "ends in /api/v3"},
			{"\x00", "not an address"},
		} {
			_, err := github.New(github.Options{BaseURL: c.api, Token: token})
			if err == nil || !strings.Contains(err.Error(), c.want) || !strings.Contains(err.Error(), "GITHUB_API_URL") {
				t.Errorf("%q: error %v, want one with GITHUB_API_URL and %q", c.api, err, c.want)
			} else if strings.Contains(err.Error(), "pa55") {
				t.Errorf("%q: the error quotes the password: %v", c.api, err)
			}
		}
	})
	t.Run("wants a token", func(t *testing.T) {
		t.Parallel()
		if _, err := github.New(github.Options{}); err == nil || !strings.Contains(err.Error(), "GITHUB_TOKEN") {
			t.Errorf("error %v, want one that names GITHUB_TOKEN", err)
		}
	})
}

func TestToken(t *testing.T) {
	t.Parallel()
	t.Run("that GitHub refuses is ErrUnauthorized everywhere, and not quoted", func(t *testing.T) {
		t.Parallel()
		f := start(t)
		f.Add(githubtest.Repository{Name: "acme/site", Files: map[string]string{"a": "b"}})
		forge := connect(t, f.Server, "wrong-secret", f.clock, f.log)
		_, listErr := forge.Repositories(t.Context(), codybatch.RepositoryQuery{Limit: 10})
		_, filterErr := forge.Repositories(t.Context(), codybatch.RepositoryQuery{Limit: 10, Filter: "x"})
		_, lookupErr := forge.Lookup(t.Context(), []codybatch.RepositoryName{"acme/site"})
		_, baseErr := forge.ResolveBase(t.Context(), "acme/site", "main")
		_, _, pullErr := forge.EnsurePullRequest(t.Context(), "acme/site", codybatch.PullRequestSpec{Title: "t", Branch: "b"})
		for i, err := range []error{listErr, filterErr, lookupErr, baseErr, pullErr, forge.Ping(t.Context())} {
			if !errors.Is(err, codybatch.ErrUnauthorized) || !strings.Contains(err.Error(), "GITHUB_TOKEN") || strings.Contains(err.Error(), "wrong-secret") {
				t.Errorf("call %d: %v", i, err)
			}
		}
		if slept := f.clock.sleeps(); len(slept) > 0 {
			t.Errorf("it waited: %v", slept)
		}
	})
	t.Run("that can't be one is not sent", func(t *testing.T) {
		t.Parallel()
		f := start(t)
		for _, token := range []string{"", "pa55\n", "pa 55", "pa55\x00", "pä55"} {
			_, err := connect(t, f.Server, token, f.clock, f.log).Lookup(t.Context(), []codybatch.RepositoryName{"acme/site"})
			if err == nil || !strings.Contains(err.Error(), "GITHUB_TOKEN") || strings.Contains(err.Error(), "55") {
				t.Errorf("token %q: error %v", token, err)
			}
		}
		if n := len(f.Requests()); n > 0 {
			t.Errorf("%d requests were made", n)
		}
	})
	t.Run("is cut out of what a server says", func(t *testing.T) {
		t.Parallel()
		f := start(t)
		f.Script("POST", "", githubtest.Fault{Status: http.StatusBadRequest, Body: `{"message":"odd header Bearer ` + f.Token + `"}`})
		_, err := f.forge.Lookup(t.Context(), []codybatch.RepositoryName{"acme/site"})
		if err == nil || strings.Contains(err.Error(), f.Token) || !strings.Contains(err.Error(), "odd header Bearer [redacted]") {
			t.Errorf("error %v", err)
		}
	})
	t.Run("does not follow a redirect to another host", func(t *testing.T) {
		t.Parallel()
		f, other := start(t), githubtest.Start(t)
		other.Add(githubtest.Repository{Name: "acme/site", Files: map[string]string{"a": "b"}})
		f.Script("GET", "/repos/acme/site", githubtest.Fault{
			Status: http.StatusMovedPermanently, Header: map[string]string{"Location": other.URL + "/repos/acme/site"},
		})
		_, err := f.forge.ResolveBase(t.Context(), "acme/site", "")
		if !errors.Is(err, codybatch.ErrNotFound) {
			t.Errorf("error %v, want ErrNotFound", err)
		}
		if n := len(other.Requests()); n > 0 {
			t.Errorf("the other host got %d requests", n)
		}
	})
}
