package github_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/forge/github"
)

// These tests stand where the network would be, inside synctest's bubble: time
// passes only while everybody waits, so an hour of GitHub's takes no time.

// cloud is github.com as far as pace goes. It fails the test when a limit is
// broken.
type cloud struct {
	t      *testing.T
	answer func(n int, r *http.Request) *http.Response // nil: it is all right
	work   time.Duration                               // each request's

	mu        sync.Mutex
	n         int
	creations []time.Time
	creating  int
	reads     []time.Time
}

func (c *cloud) RoundTrip(r *http.Request) (*http.Response, error) {
	isCreation := r.Method == http.MethodPost
	c.mu.Lock()
	c.n++
	n, now := c.n, time.Now()
	if isCreation {
		c.creating++
		if c.creating > 1 {
			c.t.Error("two creations at once")
		}
		c.creations = append(c.creations, now)
		c.check(now)
	} else {
		c.reads = append(c.reads, now)
	}
	c.mu.Unlock()
	if c.work > 0 {
		time.Sleep(c.work) // the bubble's clock
	}
	if isCreation {
		c.mu.Lock()
		c.creating--
		c.mu.Unlock()
	}
	if c.answer != nil {
		if resp := c.answer(n, r); resp != nil {
			return resp, nil
		}
	}
	if isCreation {
		return reply(http.StatusCreated, `{"number":1,"html_url":"https://github.com/acme/site/pull/1","state":"open"}`), nil
	}
	return reply(http.StatusOK, `[]`), nil
}

// check looks at the limits on creating content; c.mu is held.
func (c *cloud) check(now time.Time) {
	for _, limit := range []struct {
		n   int
		per time.Duration
	}{{1, time.Second}, {80, time.Minute}, {500, time.Hour}} {
		inside := 0
		for _, at := range c.creations {
			if now.Sub(at) < limit.per {
				inside++
			}
		}
		if inside > limit.n {
			c.t.Errorf("%d creations within %v", inside, limit.per)
		}
	}
}

func reply(status int, body string, headers ...string) *http.Response {
	resp := &http.Response{
		StatusCode: status, Status: strconv.Itoa(status) + " " + http.StatusText(status), Proto: "HTTP/1.1",
		Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body)),
	}
	for i := 0; i+1 < len(headers); i += 2 {
		resp.Header.Set(headers[i], headers[i+1])
	}
	return resp
}

type transport func(*http.Request) (*http.Response, error)

func (f transport) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// dotcom is a forge for github.com over a transport, and what it says about
// waits.
func dotcom(t *testing.T, over http.RoundTripper) (*github.Forge, *waits) {
	t.Helper()
	w := &waits{}
	forge, err := github.New(github.Options{
		Token:     func(context.Context) (string, error) { return "token", nil },
		Transport: over, OnWait: w.add,
	})
	if err != nil {
		t.Fatal(err)
	}
	return forge, w
}

type waits struct {
	mu   sync.Mutex
	list []string
}

func (w *waits) add(reason string, until time.Time) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.list = append(w.list, fmt.Sprintf("%s for %s", reason, time.Until(until).Round(time.Second)))
}

func (w *waits) all() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return slices.Clone(w.list)
}

func open(t *testing.T, forge *github.Forge, i int) {
	name := codybatch.RepositoryName(fmt.Sprintf("acme/site-%d", i))
	if _, _, err := forge.EnsurePullRequest(t.Context(), name, codybatch.PullRequestSpec{Title: "t", Branch: "b", Base: "main"}); err != nil {
		t.Error(err)
	}
}

func read(t *testing.T, forge *github.Forge) {
	if _, err := list(t.Context(), forge); err != nil {
		t.Error(err)
	}
}

func list(ctx context.Context, forge *github.Forge) (codybatch.RepositoryPage, error) {
	return forge.Repositories(ctx, codybatch.RepositoryQuery{Limit: 1})
}
