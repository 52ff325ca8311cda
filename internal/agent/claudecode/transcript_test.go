package claudecode

import (
	"context"
	"encoding/json"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

func TestACallWaitsForTheResultsThatItCarries(t *testing.T) {
	for name, c := range map[string]struct {
		ids   []string
		lines []string
		waits time.Duration
		tools int
	}{
		"that are printed later": {
			[]string{"one", "two"},
			[]string{result("one"), result("two")}, 2 * time.Millisecond, 2,
		},
		"that are never printed, for a while": {[]string{"one"}, nil, patience, 0},
		"of calls that nobody made, not":      {[]string{"none"}, nil, 0, 0},
		"of which there are none, not":        {nil, nil, 0, 0},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var told []codybatch.ThreadEvent
				s := &transcript{
					ctx: t.Context(), now: time.Now, stop: func(err error) { t.Error(err) },
					called: map[string]toolCall{}, told: make(chan struct{}), plain: sandbox.NewCapture(1<<10, 1<<10),
					thread: &thread{engine: EngineRehearsal, record: func(_ context.Context, e codybatch.ThreadEvent) error {
						told = append(told, e)
						return nil
					}},
				}
				s.heard(json.RawMessage(`[{"type":"tool_use","id":"one","name":"Read"},{"type":"tool_use","id":"two","name":"Read"}]`))
				go func() {
					for _, line := range c.lines {
						time.Sleep(time.Millisecond)
						s.line([]byte(line))
					}
				}()
				started := time.Now()
				s.await(t.Context(), c.ids)
				if waited := time.Since(started); waited != c.waits || len(told) != c.tools {
					t.Errorf("it waited %s for %d results, want %s for %d", waited, len(told), c.waits, c.tools)
				}
				synctest.Wait()
			})
		})
	}
}

func TestResultsOfARequest(t *testing.T) {
	for body, want := range map[string][]string{
		`{"model":"m","messages":[{"role":"user","content":[{"type":"tool_result","tool_use_id":"old"}]},{"role":"user","content":[{"type":"text","text":"x"},{"type":"tool_result","tool_use_id":"new"}]}]}`: {"new"},
		`{"model":"m","messages":[{"role":"user","content":"plain"}]}`: nil,
		`{"model":"m","messages":[]}`:                                  nil,
		`{"model":"m","messages":"none"}`:                              nil,
		`{"model":"m"}`:                                                nil,
	} {
		r, err := parseRequest([]byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if got := r.results(); !slices.Equal(got, want) {
			t.Errorf("%s carries results of %q, want %q", body, got, want)
		}
	}
}

func result(id string) string {
	return `{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"` + id + `","content":"said"}]}}`
}
