package github

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"sync"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const (
	pingEvery   = time.Minute
	pingTimeout = 10 * time.Second
)

// pulse is the last ping and what came of it.
type pulse struct {
	mu  sync.Mutex
	at  time.Time
	err error
}

// Ping asks for the rate limits, which counts against none of them, and
// remembers the answer for a minute, good or bad. It waits for no limit: a GitHub
// that refuses for one is reached.
func (f *Forge) Ping(ctx context.Context) error {
	f.pulse.mu.Lock()
	defer f.pulse.mu.Unlock()
	now := f.now()
	if !f.pulse.at.IsZero() && now.Sub(f.pulse.at) < pingEvery {
		return f.pulse.err
	}
	err := f.ping(ctx)
	if ctx.Err() != nil { // says nothing about GitHub
		return fmt.Errorf("reach GitHub: %w", context.Cause(ctx))
	}
	f.pulse.at, f.pulse.err = now, err
	return err
}

func (f *Forge) ping(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	req, err := f.client.NewRequest(ctx, http.MethodGet, "rate_limit", nil)
	if err != nil {
		return fmt.Errorf("reach GitHub: %w", err)
	}
	resp, err := f.token.RoundTrip(req)
	if err != nil {
		return f.failure(context.WithoutCancel(ctx), "reach GitHub at "+f.address.host, err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, io.LimitReader(resp.Body, 1<<20)) // so that the connection can be used again
	switch {
	case resp.StatusCode == http.StatusUnauthorized:
		return fmt.Errorf("reach GitHub at %s: %w; %s", f.address.host, codybatch.ErrUnauthorized, tokenHint)
	case resp.StatusCode >= http.StatusInternalServerError:
		return fmt.Errorf("reach GitHub at %s: it answers %s", f.address.host, resp.Status)
	default: // 404 where an Enterprise Server has no limits
		return nil
	}
}
