// Package github is the forge that GitHub runs: github.com, GitHub with data
// residency (ghe.com) and GitHub Enterprise Server.
//
// It keeps the promises of codybatch.Forge over GitHub's REST API. Every request
// of a Forge passes one pacer, which waits out GitHub's rate limits and its bad
// moments, so that callers see answers and not limits; pacer.go tells how. The
// token is added to a request in one place, token.go, and goes to one host.
package github

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"strings"
	"time"

	gh "github.com/google/go-github/v92/github"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// Options are what a Forge needs to know. Token is required; the zero value of
// everything else is a default.
type Options struct {
	// Token fetches the credential: a personal access token, fine-grained or
	// classic. It is called for every request, maybe at once, and should be
	// quick. What it returns is never logged, and cut out of every error.
	Token func(ctx context.Context) (string, error)

	// BaseURL is the address of the REST API, the value of GITHUB_API_URL:
	// "https://ghe.example/api/v3" on Enterprise Server. Empty stands for
	// https://api.github.com.
	BaseURL string

	// Transport makes one request. Nil: HTTPS with the proxy that the
	// environment names.
	Transport http.RoundTripper

	// Now and Sleep are the clock. Sleep returns when the time is over, or with
	// the context's cause. Nil: the machine's clock.
	Now   func() time.Time
	Sleep func(ctx context.Context, d time.Duration) error

	// Log gets one line when a wait begins. Nil: none.
	Log *slog.Logger

	// OnWait is called when a wait begins, with a reason for people and its end.
	// It may be called at once from several goroutines. Nil: nobody wants to
	// know.
	OnWait func(reason string, until time.Time)
}

// Forge is GitHub. All methods may be called at once.
type Forge struct {
	address address
	client  *gh.Client
	token   *authorizer
	pacer   *pacer
	now     func() time.Time
	listing listing
	pulse   pulse
}

var _ codybatch.Forge = (*Forge)(nil)

// New returns a forge that has made no request yet. An address that can't be
// used is an error that names GITHUB_API_URL and holds no credential.
func New(o Options) (*Forge, error) {
	address, err := parseAddress(o.BaseURL)
	if err != nil {
		return nil, fmt.Errorf("GITHUB_API_URL: %w", err)
	}
	if o.Token == nil {
		return nil, errors.New("GITHUB_TOKEN: GitHub needs a token, and none is given")
	}
	o = o.withDefaults()

	token := &authorizer{next: o.Transport, fetch: o.Token, api: address.api}
	pacer := newPacer(token, o, address.limited)
	httpClient := &http.Client{
		Transport: pacer,
		// A redirect means that a repository has moved: it is another one now,
		// which the allow-list has not seen. It also could lead a token away.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	api := address.api.String()
	client, err := gh.NewClient(
		gh.WithHTTPClient(httpClient),
		gh.WithURLs(&api, nil),
		gh.WithUserAgent("cody-batch"),
		gh.WithDisableRateLimitCheck(), // the pacer's business
	)
	if err != nil {
		return nil, fmt.Errorf("make a client for GitHub: %w", err)
	}
	return &Forge{address: address, client: client, token: token, pacer: pacer, now: o.Now}, nil
}

// Host is "github.com", or the Enterprise host with its port if it has one.
func (f *Forge) Host() string { return f.address.host }

// Remote tells git the repository's address on the same host, and a credential
// that GitHub takes for any kind of token. It makes no request.
func (f *Forge) Remote(_ context.Context, name codybatch.RepositoryName) (codybatch.Remote, error) {
	if !name.Valid() {
		return codybatch.Remote{}, fmt.Errorf("address of %q: %w", name, codybatch.ErrNotFound)
	}
	return codybatch.Remote{
		URL: f.address.git + string(name) + ".git",
		Credential: func(ctx context.Context) (string, string, error) {
			token, err := f.token.current(ctx)
			// The user name is GitHub's own for tokens of all kinds; source:
			// docs.github.com, "Authenticating as a GitHub App installation".
			return "x-access-token", token, err
		},
	}, nil
}

func (o Options) withDefaults() Options {
	if o.Transport == nil {
		o.Transport = http.DefaultTransport
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Sleep == nil {
		o.Sleep = sleep
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.OnWait == nil {
		o.OnWait = func(string, time.Time) {}
	}
	return o
}

// fold is how GitHub compares names, labels and users.
func fold(s string) string { return strings.ToLower(strings.TrimSpace(s)) }
