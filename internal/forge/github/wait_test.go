package github_test

import (
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/forge/github/githubtest"
)

func TestLimitsAndFaultsAreWaitedOut(t *testing.T) {
	t.Parallel()
	const second = time.Second
	cases := map[string]struct {
		faults []githubtest.Fault
		least  []time.Duration // of each wait
		most   []time.Duration
		says   string
	}{
		"403 with Retry-After": {
			[]githubtest.Fault{githubtest.RetryAfter(7)}, []time.Duration{7 * second}, []time.Duration{7 * second}, "slow down",
		},
		"429 with Retry-After": {
			[]githubtest.Fault{githubtest.TooManyRequests(3)}, []time.Duration{3 * second}, []time.Duration{3 * second}, "slow down",
		},
		"a secondary limit without a time, three times": {
			[]githubtest.Fault{githubtest.SecondaryLimit(), githubtest.SecondaryLimit(), githubtest.SecondaryLimit()},
			[]time.Duration{60 * second, 120 * second, 240 * second}, []time.Duration{60 * second, 120 * second, 240 * second}, "slow down",
		},
		"a primary limit": {
			[]githubtest.Fault{githubtest.Exhausted(20 * time.Minute)}, []time.Duration{20*time.Minute + second}, []time.Duration{20*time.Minute + second}, "rate limit is used up",
		},
		"502, twice": {
			[]githubtest.Fault{githubtest.BadGateway(), githubtest.BadGateway()}, []time.Duration{second / 2, second}, []time.Duration{second, 2 * second}, "502",
		},
		"503 and 504": {
			[]githubtest.Fault{{Status: 503, Header: map[string]string{"Retry-After": "9"}}, {Status: 504}},
			[]time.Duration{9 * second, second}, []time.Duration{9 * second, 2 * second}, "50",
		},
		"a broken connection": {
			[]githubtest.Fault{githubtest.Dropped()}, []time.Duration{second / 2}, []time.Duration{second}, "reached",
		},
	}
	calls := map[string]func(t *testing.T, f fixture) error{
		"GET": func(t *testing.T, f fixture) error {
			_, err := f.forge.ResolveBase(t.Context(), site, "main")
			return err
		},
		"POST": func(t *testing.T, f fixture) error {
			_, _, err := f.forge.EnsurePullRequest(t.Context(), site, spec())
			return err
		},
	}
	for name, c := range cases {
		for method, call := range calls {
			t.Run(name+" to "+method, func(t *testing.T) {
				t.Parallel()
				f := startSite(t, nil)
				f.Script(method, "", c.faults...)
				if err := call(t, f); err != nil {
					t.Fatal(err)
				}
				if n := len(f.PullRequests(site)); method == "POST" && n != 1 {
					t.Errorf("%d pull requests", n)
				}
				slept := f.clock.sleeps()
				if method == "POST" && len(slept) > len(c.least) {
					slept = slept[:len(c.least)] // the headers of a limit turn the pace on
				}
				if len(slept) != len(c.least) {
					t.Fatalf("waits %v, want %d of them", slept, len(c.least))
				}
				for i, d := range slept {
					if d < c.least[i] || d > c.most[i] {
						t.Errorf("wait %d is %v, want %v to %v", i, d, c.least[i], c.most[i])
					}
				}
				if n := strings.Count(f.log.String(), "waiting for GitHub"); n != len(c.least) || !strings.Contains(f.log.String(), c.says) {
					t.Errorf("%d lines, want %d, with %q:\n%s", n, len(c.least), c.says, f.log)
				}
			})
		}
	}
}

func TestGraphQLLimitsAreWaitedOut(t *testing.T) {
	t.Parallel()
	f := start(t)
	f.Add(githubtest.Repository{
		Name: site, Files: map[string]string{"a": "b"},
		// Words of a stranger make nobody wait.
		Description: `{"type":"RATE_LIMITED"} You have exceeded a secondary rate limit. "was submitted too quickly"`,
	})
	secondary := githubtest.SecondaryLimit()
	secondary.Status, secondary.Body = 200, `{"data":null,"errors":[{"message":"You have exceeded a secondary rate limit."}]}`
	f.Script("POST", "/graphql",
		githubtest.GraphQLLimit(10*time.Minute), secondary, githubtest.BadGateway(), githubtest.Dropped(), githubtest.TooManyRequests(5))
	found, err := f.forge.Lookup(t.Context(), []codybatch.RepositoryName{site})
	if err != nil || len(found) != 1 {
		t.Fatalf("found %v, error %v", found, err)
	}
	slept := f.clock.sleeps()
	if len(slept) != 5 || slept[0] != 601*time.Second || slept[1] != 60*time.Second || slept[4] != 5*time.Second {
		t.Errorf("waits %v", slept)
	}
	if _, err := f.forge.ResolveBase(t.Context(), site, "main"); err != nil || len(f.clock.sleeps()) != 5 {
		t.Errorf("waits %v, error %v", f.clock.sleeps(), err)
	}
}
