package httpapi_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"sync"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// wire loses answers of the server on their way to the client: those of the first
// requests, as many as there are entries in losses.
type wire struct {
	mu     sync.Mutex
	losses []func(*http.Response) (*http.Response, error)
	keys   []string // of the requests that the server did
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.keys = append(w.keys, r.Header.Get("Idempotency-Key"))
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil || len(w.losses) == 0 {
		return response, err
	}
	lose := w.losses[0]
	w.losses = w.losses[1:]
	return lose(response)
}

var errCut = errors.New("the connection was cut")

// allOf loses the whole answer.
func allOf(response *http.Response) (*http.Response, error) {
	_ = response.Body.Close()
	return nil, errCut
}

// halfOf loses the end of the answer.
func halfOf(response *http.Response) (*http.Response, error) {
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return nil, err
	}
	_ = response.Body.Close()
	response.Body = io.NopCloser(io.MultiReader(bytes.NewReader(text[:len(text)/2]), cutReader{}))
	return response, nil
}

type cutReader struct{}

func (cutReader) Read([]byte) (int, error) { return 0, errCut }

// gateway answers in the server's place, as one does that has waited for too long.
func gateway(status int) func(*http.Response) (*http.Response, error) {
	return func(response *http.Response) (*http.Response, error) {
		_ = response.Body.Close()
		return &http.Response{StatusCode: status, Header: http.Header{}, Body: http.NoBody, Request: response.Request}, nil
	}
}

// lossy is a client of a real server, whose answers the wire loses.
func lossy(t *testing.T, w *world, losses ...func(*http.Response) (*http.Response, error)) (*httpapi.Client, *wire) {
	t.Helper()
	server := httptest.NewServer(w.handler)
	t.Cleanup(server.Close)
	lost := &wire{losses: losses}
	client, err := httpapi.NewClient(server.URL+"/api", "", &http.Client{Transport: lost})
	if err != nil {
		t.Fatal(err)
	}
	return client, lost
}

// A remark whose answer is lost was perhaps passed on: the client asks again, under the
// same key, and it counts once.
func TestARemarkWhoseAnswerIsLostCountsOnce(t *testing.T) {
	t.Parallel()
	for name, loss := range map[string]func(*http.Response) (*http.Response, error){
		"all of it": allOf, "the end of it": halfOf, "behind a gateway": gateway(http.StatusBadGateway), "behind a gateway that waited": gateway(http.StatusGatewayTimeout),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			site := key(conversed(t, w), "acme/site")
			client, lost := lossy(t, w, loss)
			task, err := client.FeedbackTask(t.Context(), site, "Mend it.", "")
			if err != nil || task.Attempt != 2 || task.Status != "queued" {
				t.Fatalf("got %+v, %v", task, err)
			}
			if len(lost.keys) != 2 || lost.keys[0] == "" || lost.keys[0] != lost.keys[1] {
				t.Errorf("sent under %q", lost.keys)
			}
			answerOf(t, w, site)
			result, err := client.FeedbackTasks(t.Context(), site.JobID, "Mend it more.", []codybatch.RepositoryName{site.Repository}, "")
			if err != nil || len(result.Queued) != 1 || lost.keys[2] == lost.keys[0] {
				t.Errorf("another remark: %+v, %v, under %q", result, err, lost.keys)
			}
			if task, err := client.Task(t.Context(), site); err != nil || task.Attempt != 3 {
				t.Errorf("got %+v, %v", task, err)
			}
		})
	}

	t.Run("of many", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		site := key(conversed(t, w), "acme/site")
		client, lost := lossy(t, w, allOf)
		result, err := client.FeedbackTasks(t.Context(), site.JobID, "Mend it.", []codybatch.RepositoryName{site.Repository}, "mine")
		if err != nil || len(result.Queued) != 1 || len(result.Skipped) != 0 || !slices.Equal(lost.keys, []string{"mine", "mine"}) {
			t.Errorf("got %+v, %v, under %q", result, err, lost.keys)
		}
		if task, err := client.Task(t.Context(), site); err != nil || task.Attempt != 2 {
			t.Errorf("got %+v, %v", task, err)
		}
	})

	t.Run("twice, and is sent again by a person when it was answered", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		site := key(conversed(t, w), "acme/site")
		client, lost := lossy(t, w, allOf, allOf)
		_, err := client.FeedbackTask(t.Context(), site, "Mend it.", "mine")
		if !errors.Is(err, errCut) || !httpapi.AnswerLost(err) || len(lost.keys) != 2 {
			t.Fatalf("got %v after %d requests", err, len(lost.keys))
		}
		answerOf(t, w, site)
		task, err := client.FeedbackTask(t.Context(), site, "Mend it.", "mine")
		if err != nil || task.Attempt != 2 || task.Status != "succeeded" {
			t.Errorf("got %+v, %v", task, err)
		}
	})

	t.Run("but what the server refuses is not sent again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		id := conversed(t, w)
		client, lost := lossy(t, w)
		_, err := client.FeedbackTask(t.Context(), key(id, "acme/api"), "Mend it.", "")
		var problem *httpapi.Problem
		if !errors.As(err, &problem) || httpapi.AnswerLost(err) || len(lost.keys) != 1 {
			t.Errorf("got %v after %d requests", err, len(lost.keys))
		}
	})

	t.Run("nor is anything when the caller has gone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		site := key(conversed(t, w), "acme/site")
		ctx, cancel := context.WithCancel(t.Context())
		client, lost := lossy(t, w, func(response *http.Response) (*http.Response, error) {
			cancel()
			return allOf(response)
		})
		if _, err := client.FeedbackTask(ctx, site, "Mend it.", ""); err == nil || len(lost.keys) != 1 {
			t.Errorf("got %v after %d requests", err, len(lost.keys))
		}
	})
}

// answerOf plays the worker that answers a remark.
func answerOf(t *testing.T, w *world, task codybatch.TaskKey) {
	t.Helper()
	result := w.change(t, task, patch)
	result.Engine = "claude"
	w.finish(t, task, result)
}
