package github_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/forge/github"
)

func TestPace(t *testing.T) {
	t.Parallel()
	t.Run("a thousand pull requests take as long as the limit on creations, and no longer", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := &cloud{t: t, work: 100 * time.Millisecond}
			forge, w := dotcom(t, c)
			start := time.Now()
			var wait sync.WaitGroup
			for i := range 1000 {
				wait.Go(func() { open(t, forge, i) })
			}
			wait.Wait()
			// 500 in the first 500 seconds, and each of the others an hour after one
			// of them: the last begins at 3600 + 499 seconds. Reads come before.
			took, limit := time.Since(start), 3600*time.Second+499*time.Second
			if took < limit || took > limit+time.Second {
				t.Errorf("took %v, the limit's own time is %v", took, limit)
			}
			if len(c.creations) != 1000 {
				t.Errorf("%d creations", len(c.creations))
			}
			if got := w.all(); len(got) != 1 || !strings.Contains(got[0], "limit on creating content for 51m") {
				t.Errorf("waits that were told: %q", got)
			}
		})
	})
	t.Run("reads never wait for creations", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := &cloud{t: t}
			forge, _ := dotcom(t, c)
			var wait sync.WaitGroup
			for i := range 20 {
				wait.Go(func() { open(t, forge, i) })
			}
			start := time.Now()
			for range 100 {
				read(t, forge)
			}
			if took := time.Since(start); took > 0 {
				t.Errorf("100 reads took %v", took)
			}
			wait.Wait()
		})
	})
	t.Run("an Enterprise Server without limits is not paced until it speaks of one", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			limited := false
			forge, err := github.New(github.Options{
				Token: func(context.Context) (string, error) { return "token", nil }, BaseURL: "https://ghe.example/api/v3",
				Transport: transport(func(r *http.Request) (*http.Response, error) {
					resp := reply(http.StatusCreated, `{"number":1}`)
					if r.Method == http.MethodGet {
						resp = reply(http.StatusOK, `[]`)
					}
					if limited {
						resp.Header.Set("X-RateLimit-Limit", "5000")
					}
					return resp, nil
				}),
			})
			if err != nil {
				t.Fatal(err)
			}
			start := time.Now()
			for i := range 10 {
				open(t, forge, i)
			}
			if took := time.Since(start); took > 0 {
				t.Errorf("10 creations took %v", took)
			}
			limited = true
			for i := range 10 {
				open(t, forge, i)
			}
			if took := time.Since(start); took != 10*time.Second {
				t.Errorf("10 more took %v, want 10s", took)
			}
		})
	})
}

func TestGates(t *testing.T) {
	t.Parallel()
	const secondary = `{"message":"You have exceeded a secondary rate limit. Please wait a few minutes before you try again."}`
	const creation = `{"message":"You have exceeded a secondary rate limit and have been temporarily blocked from content creation."}`
	t.Run("a used-up primary limit holds everybody back, is told once, and nobody is refused twice", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now()
			reset := begin.Add(30 * time.Minute)
			refused := 0
			c := &cloud{t: t, work: time.Millisecond, answer: func(n int, r *http.Request) *http.Response {
				header := []string{"X-RateLimit-Limit", "5000", "X-RateLimit-Remaining", "0", "X-RateLimit-Reset", strconv.FormatInt(reset.Unix(), 10)}
				switch {
				case time.Now().After(reset):
					return nil
				case n == 5: // the last one that is let through says so
					return reply(http.StatusOK, `[]`, header...)
				case n > 5:
					refused++
					return reply(http.StatusForbidden, `{"message":"API rate limit exceeded"}`, header...)
				}
				return nil
			}}
			forge, w := dotcom(t, c)
			for range 5 {
				read(t, forge)
			}
			var wait sync.WaitGroup
			for range 50 {
				wait.Go(func() { read(t, forge) })
			}
			wait.Wait()
			if took := time.Since(begin); took < 30*time.Minute || took > 30*time.Minute+5*time.Second {
				t.Errorf("took %v", took)
			}
			if refused != 0 {
				t.Errorf("%d requests were refused, none had to be", refused)
			}
			if got := w.all(); len(got) != 1 || !strings.Contains(got[0], "rate limit is used up for 30m") {
				t.Errorf("waits that were told: %q", got)
			}
		})
	})
	t.Run("a secondary limit without a time grows only when it comes again after the wait", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			begin := time.Now()
			c := &cloud{t: t, work: time.Millisecond, answer: func(_ int, r *http.Request) *http.Response {
				if time.Since(begin) < 150*time.Second {
					return reply(http.StatusForbidden, secondary)
				}
				return nil
			}}
			forge, w := dotcom(t, c)
			var wait sync.WaitGroup
			for range 8 { // all refused at once
				wait.Go(func() { read(t, forge) })
			}
			wait.Wait()
			if got := fmt.Sprint(w.all()); got != "[GitHub asks to slow down for 1m0s GitHub asks to slow down for 2m0s]" {
				t.Errorf("waits that were told: %s", got)
			}
			c.answer = func(n int, _ *http.Request) *http.Response {
				if len(c.reads) == 25 {
					return reply(http.StatusForbidden, secondary)
				}
				return nil
			}
			read(t, forge)
			if got := w.all(); got[len(got)-1] != "GitHub asks to slow down for 1m0s" {
				t.Errorf("after a success the waits go on as %q", got)
			}
		})
	})
	t.Run("a limit on creating content holds back creations only", func(t *testing.T) {
		t.Parallel()
		for name, refusal := range map[string]*http.Response{
			"secondary limit": reply(http.StatusForbidden, creation),
			"too quickly":     reply(http.StatusUnprocessableEntity, `{"message":"Validation Failed","errors":[{"resource":"PullRequest","code":"custom","message":"was submitted too quickly"}]}`),
		} {
			synctest.Test(t, func(t *testing.T) {
				begin, refused := time.Now(), false
				c := &cloud{t: t}
				c.answer = func(_ int, r *http.Request) *http.Response {
					if r.Method == http.MethodPost && !refused {
						refused = true
						return refusal
					}
					return nil
				}
				forge, w := dotcom(t, c)
				var wait sync.WaitGroup
				wait.Go(func() { open(t, forge, 1) })
				synctest.Wait()
				read(t, forge)
				if took := time.Since(begin); took > 0 {
					t.Errorf("%s: a read waited %v", name, took)
				}
				wait.Wait()
				if took := time.Since(begin); took != time.Minute {
					t.Errorf("%s: the creation took %v, want 1m", name, took)
				}
				if got := fmt.Sprint(w.all()); got != "[GitHub asks to create content more slowly for 1m0s]" {
					t.Errorf("%s: waits that were told: %s", name, got)
				}
			})
		}
	})
	t.Run("a wait ends with the context, and the error tells its cause and until when it would have lasted", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			c := &cloud{t: t, answer: func(int, *http.Request) *http.Response {
				return reply(http.StatusForbidden, secondary, "Retry-After", "3600")
			}}
			forge, _ := dotcom(t, c)
			ctx, cancel := context.WithTimeoutCause(t.Context(), time.Minute, codybatch.ErrTimeout)
			defer cancel()
			begin := time.Now()
			_, err := list(ctx, forge)
			until := begin.Add(time.Hour).UTC().Format(time.RFC3339)
			if !errors.Is(err, codybatch.ErrTimeout) || !strings.Contains(err.Error(), until) || time.Since(begin) != time.Minute {
				t.Errorf("after %v: error %v, want ErrTimeout and %s", time.Since(begin), err, until)
			}
			canceled, cancelNow := context.WithCancelCause(t.Context())
			cancelNow(codybatch.ErrCanceled)
			if _, err := list(canceled, forge); !errors.Is(err, codybatch.ErrCanceled) {
				t.Errorf("error %v, want ErrCanceled", err)
			}
			_, _, err = forge.EnsurePullRequest(canceled, "acme/site", codybatch.PullRequestSpec{Title: "t", Branch: "b", Base: "main"})
			if !errors.Is(err, codybatch.ErrCanceled) {
				t.Errorf("error %v, want ErrCanceled", err)
			}
		})
	})
}

func TestUnreachable(t *testing.T) {
	t.Parallel()
	dial := func(err error) error { return &net.OpError{Op: "dial", Net: "tcp", Err: err} }
	reset := &net.OpError{Op: "read", Net: "tcp", Err: syscall.ECONNRESET}
	for _, c := range []struct {
		name  string
		err   error
		fails int // how many times
		tries int // that are made
		ok    bool
	}{
		{"a name that does not exist is given up at once", dial(&net.DNSError{Err: "no such host", Name: "ghe.example", IsNotFound: true}), 99, 1, false},
		{"a host that refuses connections is given up after five tries", dial(syscall.ECONNREFUSED), 99, 5, false},
		{"a host that refuses a few times is reached", dial(syscall.ECONNREFUSED), 3, 4, true},
		{"a connection that breaks is made again for as long as it takes", reset, 40, 41, true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				tries := 0
				forge, w := dotcom(t, transport(func(*http.Request) (*http.Response, error) {
					if tries++; tries <= c.fails {
						return nil, c.err
					}
					return reply(http.StatusOK, `[]`), nil
				}))
				_, err := list(t.Context(), forge)
				if tries != c.tries || (err == nil) != c.ok || len(w.all()) != c.tries-1 {
					t.Errorf("%d tries, want %d; %d waits; error %v", tries, c.tries, len(w.all()), err)
				}
			})
		})
	}
	t.Run("a server that never answers is asked again", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			tries := 0
			forge, _ := dotcom(t, transport(func(r *http.Request) (*http.Response, error) {
				if tries++; tries > 2 {
					return reply(http.StatusOK, `[]`), nil
				}
				<-r.Context().Done()
				return nil, r.Context().Err()
			}))
			if _, err := list(t.Context(), forge); err != nil || tries != 3 {
				t.Errorf("%d tries, error %v", tries, err)
			}
		})
	})
}
