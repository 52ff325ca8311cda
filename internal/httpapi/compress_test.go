package httpapi_test

import (
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

func unzip(t *testing.T, data []byte) string {
	t.Helper()
	r, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		t.Fatal(err)
	}
	text, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return string(text)
}

func TestCompression(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(t, scriptJob)
	site := key(id, "acme/site")
	w.record(t, site, 1, conversation()...)
	if err := w.artifacts.Append(t.Context(), codybatch.LogKey(site, 1), []byte(strings.Repeat("log\n", 1_000))); err != nil {
		t.Fatal(err)
	}
	w.finish(t, site, w.change(t, site, patch+strings.Repeat("+x\n", 100_000)))
	small := key(id, "acme/api")
	w.finish(t, small, w.change(t, small, patch))
	root := "http://localhost/api/jobs/" + string(id)

	for _, c := range []struct {
		name, path   string
		isCompressed bool
	}{
		{"JSON", root + "/repositories", true},
		{"events as JSON", root + "/events", true},
		{"diff", root + "/repositories/acme/site/diff", true},
		{"small diff", root + "/repositories/acme/api/diff", false},
		{"conversation", root + "/repositories/acme/site/claude-thread", true},
		{"conversation as lines", root + "/repositories/acme/site/claude-thread?format=jsonl", true},
		{"log", root + "/repositories/acme/site/log", true},
		{"small JSON", "http://localhost/api/health", false},
		{"problem", root + "/repositories/acme/none", false},
		{"description", "http://localhost/openapi.json", true},
		{"description below the API", "http://localhost/api/openapi.json", true},
		{"dashboard", "http://localhost/", false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			want := w.knock(t, http.MethodGet, c.path)
			for accepts, isAccepted := range map[string]bool{"gzip, deflate, br": true, "br, gzip;q=0": false, "": false} {
				answer := w.knock(t, http.MethodGet, c.path, "Accept-Encoding", accepts)
				header, text := answer.Header(), answer.Body.String()
				isCompressed := header.Get("Content-Encoding") == "gzip"
				if isCompressed != (c.isCompressed && isAccepted) || answer.Code != want.Code {
					t.Fatalf("%q: %d %v", accepts, answer.Code, header)
				}
				if isCompressed {
					text = unzip(t, answer.Body.Bytes())
					if header.Get("Content-Length") != "" || header.Get("Accept-Ranges") != "" {
						t.Errorf("%q: headers of the plain answer: %v", accepts, header)
					}
				} else if header.Get("Content-Length") != want.Header().Get("Content-Length") {
					t.Errorf("%q: headers %v", accepts, header)
				}
				if vary := strings.Join(header.Values("Vary"), ", "); (vary == "Accept-Encoding") != (c.name != "dashboard") {
					t.Errorf("%q: Vary %q", accepts, vary)
				}
				if text != want.Body.String() || header.Get("Content-Type") != want.Header().Get("Content-Type") {
					t.Errorf("%q: another answer: %.200q", accepts, text)
				}
				head := w.knock(t, http.MethodHead, c.path, "Accept-Encoding", accepts)
				for _, name := range []string{"Content-Encoding", "Content-Length", "Content-Type", "Vary"} {
					if got, want := head.Header().Get(name), header.Get(name); got != want {
						t.Errorf("%q: HEAD has %s %q, GET %q", accepts, name, got, want)
					}
				}
				if isCompressed && head.Body.Len() > 0 {
					t.Errorf("%q: HEAD has a body", accepts)
				}
			}
		})
	}

	t.Run("a_part_goes_out_as_it_is", func(t *testing.T) {
		t.Parallel()
		answer := w.knock(t, http.MethodGet, "http://localhost/openapi.json", "Accept-Encoding", "gzip", "Range", "bytes=0-1999")
		if answer.Code != http.StatusPartialContent || answer.Header().Get("Content-Encoding") != "" || answer.Body.Len() != 2000 {
			t.Errorf("%d, %d bytes, %v", answer.Code, answer.Body.Len(), answer.Header())
		}
	})

	t.Run("events_come_at_once", func(t *testing.T) {
		t.Parallel()
		server := httptest.NewServer(w.handler)
		t.Cleanup(server.Close)
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/api/jobs/"+string(id)+"/events", nil)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Accept", "text/event-stream")
		r.Header.Set("Accept-Encoding", "gzip")
		answer, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer answer.Body.Close()
		first, err := bufio.NewReader(answer.Body).ReadString('\n') // the job is not finished: the stream stays open
		if err != nil || first != ":\n" || answer.Header.Get("Content-Encoding") != "" {
			t.Errorf("%q, %v, %v", first, err, answer.Header)
		}
	})
}

// shortArtifacts have one byte less than they say.
type shortArtifacts struct{ codybatch.Artifacts }

func (a shortArtifacts) Open(ctx context.Context, key codybatch.ArtifactKey) (codybatch.Artifact, error) {
	document, err := a.Artifacts.Open(ctx, key)
	document.Size++
	return document, err
}

// TestCompressedAnswerThatIsCutShort wants a client to notice that a document came
// without its end.
func TestCompressedAnswerThatIsCutShort(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(t, scriptJob)
	site := key(id, "acme/site")
	var long strings.Builder
	long.WriteString(patch)
	for i := range 5_000 { // so much of it goes out before the end
		fmt.Fprintf(&long, "+%x\n", sha256.Sum256([]byte{byte(i), byte(i >> 8)}))
	}
	w.finish(t, site, w.change(t, site, long.String()))
	log := slog.New(slog.DiscardHandler)
	service := codybatch.NewService(w.store, shortArtifacts{w.artifacts}, w.dispatched, nil, codybatch.ServiceOptions{Now: w.clock.Now, Log: log})
	server := httptest.NewServer(httpapi.New(service, httpapi.Options{BasePath: "/api", Loopback: true, Now: w.clock.Now, Log: log}))
	t.Cleanup(server.Close)
	client, err := httpapi.NewClient(server.URL+"/api", "", nil)
	if err != nil {
		t.Fatal(err)
	}
	body, err := client.Diff(t.Context(), site)
	if err != nil {
		t.Fatal(err)
	}
	defer body.Close()
	if text, err := io.ReadAll(body); err == nil || !strings.HasPrefix(long.String(), string(text)) {
		t.Errorf("%d bytes and error %v", len(text), err)
	}
}
