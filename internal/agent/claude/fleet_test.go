package claude

import (
	"fmt"
	"net/http"
	"sync"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/agent/admission"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

// narrowAPI answers so many calls at once, and 429 to the others.
type narrowAPI struct {
	rehearsal *rehearsal.Server
	atOnce    int

	mu                     sync.Mutex
	running, most, refused int
}

func (a *narrowAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	a.mu.Lock()
	a.running++
	a.most = max(a.most, a.running)
	isTooMany := a.running > a.atOnce
	if isTooMany {
		a.refused++
	}
	a.mu.Unlock()
	defer func() { // before the client sees the answer's end
		a.mu.Lock()
		a.running--
		a.mu.Unlock()
	}()
	if !isTooMany {
		a.rehearsal.ServeHTTP(w, r)
		return
	}
	w.Header().Set(RehearsalHeader, "true")
	w.Header().Set("Retry-After", "0.1")
	w.WriteHeader(http.StatusTooManyRequests)
	_, _ = fmt.Fprint(w, `{"type":"error","error":{"type":"rate_limit_error","message":"too many at once"}}`)
}

// The bubble's clock does not run while anything computes, so that a slow machine sees
// the same as a fast one.
func TestAgent_keeps_64_runs_within_what_the_API_takes(t *testing.T) {
	t.Parallel()
	const runs, turns, atOnce = 64, 2, 10
	slow := rehearsal.Call("glob", map[string]string{"pattern": "*"})
	slow.DelayMS = 40
	finish := rehearsal.Finish("no_change_needed", "Fine.", "", "")
	finish.DelayMS = 40
	play(t, func(t *testing.T, own *stage) {
		api := &narrowAPI{rehearsal: own.server, atOnce: atOnce}
		own.handler = api
		agent, err := New(own.options)
		if err != nil {
			t.Fatal(err)
		}
		limiter, release := agent.options.Admission.Limiter(admission.Lane{Key: admission.DigestKey(testKey), Model: DefaultModel})
		defer release()

		var all sync.WaitGroup
		for i := range runs {
			s := newStage(t, own.server)
			s.run.Key.Repository = codybatch.RepositoryName(fmt.Sprintf("acme/r%02d", i))
			all.Go(func() {
				result, err := agent.Run(t.Context(), s.run)
				if err != nil || result.Outcome != codybatch.OutcomeNoChanges {
					t.Errorf("%s: got %+v, %v", s.run.Key.Repository, result, err)
				}
				if retries := len(s.of(codybatch.EventRetry)); retries > maxRetries/2 {
					t.Errorf("%s was refused %d times", s.run.Key.Repository, retries)
				}
			})
		}
		all.Wait()
		if api.most < atOnce {
			t.Errorf("%d calls at once; want %d, up to which nothing was refused", api.most, atOnce)
		}
		if api.refused == 0 || api.refused > runs*turns/4 {
			t.Errorf("%d of %d calls were refused", api.refused, runs*turns)
		}
		at := limiter.Standing()
		if at.Running != 0 || at.Waiting != 0 || at.Window >= api.most {
			t.Errorf("the limiter ended as %+v", at)
		}
		t.Logf("at most %d calls at once, %d refused, the window ended at %d", api.most, api.refused, at.Window)
	}, slow, finish)
}
