package httpapi_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"testing/synctest"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// between is a handler in front of another, for a request by its number from 0.
func between(next http.Handler, do func(n int, w http.ResponseWriter, r *http.Request) bool) http.Handler {
	var n atomic.Int64
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !do(int(n.Add(1))-1, w, r) {
			next.ServeHTTP(w, r)
		}
	})
}

// apiOf is a handler's API, mounted where a client without knowledge looks for it.
func apiOf(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		r.URL.Path = "/api" + r.URL.Path
		next.ServeHTTP(w, r)
	})
}

// cutter breaks the connection after a number of writes.
type cutter struct {
	http.ResponseWriter
	left int
}

func (c *cutter) Write(p []byte) (int, error) {
	if c.left == 0 {
		panic(http.ErrAbortHandler)
	}
	c.left--
	return c.ResponseWriter.Write(p)
}

func (c *cutter) Flush() {}

// story lets n tasks of a job end one after the other, one a second.
func (w *world) story(t *testing.T, n int) codybatch.JobID {
	t.Helper()
	names := make([]codybatch.RepositoryName, n)
	for i := range names {
		names[i] = codybatch.RepositoryName(fmt.Sprintf("acme/r%02d", i))
	}
	job := codybatch.Job{ID: "story", Name: "story", CreatedAt: w.clock.Now(), RepositoryCount: n, Counts: codybatch.Counts{Queued: n}}
	if _, _, err := w.store.CreateJob(t.Context(), job, names, codybatch.IdempotencyKey{Now: w.clock.Now()}); err != nil {
		t.Fatal(err)
	}
	for i, name := range names {
		time.AfterFunc(time.Duration(i+1)*time.Second, func() {
			w.finish(t, codybatch.TaskKey{JobID: "story", Repository: name}, codybatch.TaskResult{Outcome: codybatch.OutcomeNoChanges})
		})
	}
	return "story"
}

// follow collects events to the end, and checks that their numbers grow.
func follow(t *testing.T, client *httpapi.Client, id codybatch.JobID, after int64) []httpapi.Event {
	t.Helper()
	var events []httpapi.Event
	for event, err := range client.Events(t.Context(), id, after) {
		if err != nil {
			t.Fatal(err)
		}
		if len(events) > 0 && event.Seq <= events[len(events)-1].Seq {
			t.Errorf("%d comes after %d", event.Seq, events[len(events)-1].Seq)
		}
		events = append(events, event)
	}
	return events
}

func wantWholeStory(t *testing.T, events []httpapi.Event, n int) {
	t.Helper()
	ended := map[string]int{}
	for _, e := range events {
		if e.Task != nil && e.Task.Status == "succeeded" {
			ended[e.Task.RepositoryName]++
		}
	}
	for name, times := range ended {
		if times != 1 {
			t.Errorf("the end of %s came %d times", name, times)
		}
	}
	if len(ended) != n {
		t.Errorf("the ends of %d tasks came, want %d", len(ended), n)
	}
	if last := summary(events[len(events)-1]); last != fmt.Sprintf("job succeeded %d", n) {
		t.Errorf("the last event is %q", last)
	}
}

func TestClientFollows(t *testing.T) {
	t.Parallel()
	calm := func(o *httpapi.Options) { o.EventInterval = 250 * time.Millisecond }

	t.Run("a_stream", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, calm)
			wantWholeStory(t, follow(t, httpapi.NewInProcessClient(w.handler), w.story(t, 5), 0), 5)
		})
	})

	t.Run("a_server_that_can_only_be_polled", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, calm, func(o *httpapi.Options) { o.LongEvents = false })
			wantWholeStory(t, follow(t, httpapi.NewInProcessClient(w.handler), w.story(t, 5), 0), 5)
		})
	})

	t.Run("a_connection_that_breaks_all_the_time", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, calm)
			broken := 0
			handler := between(apiOf(w.handler), func(n int, rw http.ResponseWriter, r *http.Request) bool {
				if n%3 != 2 {
					apiOf(w.handler).ServeHTTP(&cutter{rw, n % 3}, r)
					return true
				}
				return false
			})
			client := httpapi.NewInProcessClient(handler)
			client.Reconnecting = func(error, time.Duration) { broken++ }
			wantWholeStory(t, follow(t, client, w.story(t, 9), 0), 9)
			if broken == 0 {
				t.Error("the connection never broke")
			}
		})
	})

	t.Run("a_server_that_is_busy", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, calm)
			var waits []time.Duration
			client := httpapi.NewInProcessClient(between(apiOf(w.handler), func(n int, rw http.ResponseWriter, _ *http.Request) bool {
				if n < 6 {
					rw.Header().Set("Retry-After", map[int]string{0: "7"}[n])
					rw.WriteHeader(map[int]int{0: 429, 1: 503, 2: 502, 3: 500, 4: 504, 5: 408}[n])
				}
				return n < 6
			}))
			client.Reconnecting = func(_ error, wait time.Duration) { waits = append(waits, wait) }
			wantWholeStory(t, follow(t, client, w.story(t, 3), 0), 3)
			if len(waits) != 6 || waits[0] != 7*time.Second || waits[5] < 5*time.Second || waits[5] > 16*time.Second {
				t.Errorf("waits %s", waits)
			}
		})
	})

	t.Run("a_stream_that_falls_silent", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, calm)
			started := time.Now()
			client := httpapi.NewInProcessClient(between(apiOf(w.handler), func(n int, rw http.ResponseWriter, r *http.Request) bool {
				if n > 0 {
					return false
				}
				rw.Header().Set("Content-Type", "text/event-stream")
				rw.WriteHeader(http.StatusOK)
				<-r.Context().Done()
				return true
			}))
			var reason error
			client.Reconnecting = func(err error, _ time.Duration) { reason = err }
			wantWholeStory(t, follow(t, client, w.story(t, 2), 0), 2)
			if took := time.Since(started); took < 45*time.Second || took > 50*time.Second || reason == nil || !strings.Contains(reason.Error(), "silent") {
				t.Errorf("gave up after %s with %v", took, reason)
			}
		})
	})

	t.Run("a_job_that_was_restored_from_a_backup", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, calm)
			wantWholeStory(t, follow(t, httpapi.NewInProcessClient(w.handler), w.story(t, 2), 1_000_000), 2)
		})
	})

	t.Run("nothing_if_the_job_is_over", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t, calm)
			client := httpapi.NewInProcessClient(w.handler)
			events := follow(t, client, w.story(t, 1), 0)
			if again := follow(t, client, "story", events[len(events)-1].Seq); len(again) != 0 {
				t.Errorf("got %q", summaries(again))
			}
		})
	})
}

// deadAddress is an address of this machine where nobody listens.
func deadAddress(t *testing.T) string {
	t.Helper()
	listener, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer listener.Close()
	return listener.Addr().String()
}

func TestClientStopsFollowing(t *testing.T) {
	t.Parallel()

	t.Run("when_the_server_refuses", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		var last error
		for _, err := range httpapi.NewInProcessClient(w.handler).Events(t.Context(), "nope", 0) {
			last = err
		}
		var problem *httpapi.Problem
		if !errors.As(last, &problem) || problem.Status != http.StatusNotFound {
			t.Errorf("got %v", last)
		}
	})

	t.Run("when_something_else_answers", func(t *testing.T) {
		t.Parallel()
		client := httpapi.NewInProcessClient(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
			_, _ = io.WriteString(w, "<html>Welcome to the hotel</html>")
		}))
		var last error
		for _, err := range client.Events(t.Context(), "x", 0) {
			last = err
		}
		if last == nil || !strings.Contains(last.Error(), "is this the address") {
			t.Errorf("got %v", last)
		}
	})

	t.Run("when_its_context_ends", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) {
			w := newWorld(t)
			id := w.create(t, scriptJob)
			stop := errors.New("enough")
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			var last error
			for event, err := range httpapi.NewInProcessClient(w.handler).Events(ctx, id, 0) {
				if last = err; event.Job != nil {
					cancel(stop)
				}
			}
			if !errors.Is(last, stop) {
				t.Errorf("got %v", last)
			}
		})
	})

	// Until then, every try at a server that can't be reached is told.
	t.Run("when_its_context_ends_while_the_server_is_down", func(t *testing.T) {
		t.Parallel()
		address := deadAddress(t)
		synctest.Test(t, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(t.Context())
			defer cancel(nil)
			client, err := httpapi.NewClient("http://"+address+"/api", "", &http.Client{Transport: &http.Transport{DisableKeepAlives: true}})
			if err != nil {
				t.Fatal(err)
			}
			var waits []time.Duration
			announced, stop := time.Now(), errors.New("enough")
			client.Reconnecting = func(err error, wait time.Duration) {
				if !errors.Is(err, syscall.ECONNREFUSED) {
					t.Errorf("try %d is told with %v", len(waits), err)
				}
				if time.Now().Before(announced) {
					t.Errorf("try %d came %s early", len(waits), time.Until(announced))
				}
				waits, announced = append(waits, wait), time.Now().Add(wait)
				if len(waits) == 8 {
					cancel(stop)
				}
			}
			var last error
			for _, err := range client.Events(ctx, "x", 0) {
				last = err
			}
			if !errors.Is(last, stop) {
				t.Errorf("ended with %v", last)
			}
			if len(waits) != 8 || waits[0] < 250*time.Millisecond || waits[0] > 500*time.Millisecond || waits[7] < 15*time.Second || waits[7] > 30*time.Second {
				t.Errorf("told of tries with the waits %s, want 8 from half a second to half a minute", waits)
			}
		})
	})

	t.Run("when_the_consumer_has_enough", func(t *testing.T) {
		t.Parallel()
		synctest.Test(t, func(t *testing.T) { // fails if a goroutine is left
			w := newWorld(t)
			id := w.create(t, scriptJob)
			for _, err := range httpapi.NewInProcessClient(w.handler).Events(t.Context(), id, 0) {
				if err != nil {
					t.Fatal(err)
				}
				break
			}
		})
	})
}
