package webui

import (
	"bytes"
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"strconv"
	"testing"
	"testing/fstest"
)

func zipped(t *testing.T, text string) *fstest.MapFile {
	t.Helper()
	var out bytes.Buffer
	zip := gzip.NewWriter(&out)
	if _, err := zip.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := zip.Close(); err != nil {
		t.Fatal(err)
	}
	return &fstest.MapFile{Data: out.Bytes()}
}

// request asks for a file with pairs of header names and values.
func request(t *testing.T, h http.Handler, method, path string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	return answer
}

func TestCompressedFiles(t *testing.T) {
	t.Parallel()
	h := newHandler(fstest.MapFS{
		"index.html": {Data: []byte("<title>app</title>")}, "index.html.br": {Data: []byte("br of index")}, "index.html.gz": zipped(t, "<title>app</title>"),
		"theme.js":                {Data: []byte("small")},
		"assets/app-1a.js.br":     {Data: []byte("br of app")},
		"assets/app-1a.js.gz":     zipped(t, "let app"),
		"assets/diff-2b.wasm.br":  {Data: []byte("br of wasm")},
		"assets/diff-2b.wasm.gz":  zipped(t, "\x00asm"),
		"assets/font-3c.woff2":    {Data: []byte("wOF2")},
		"assets/icon-4d.svg.gz":   zipped(t, "<svg/>"),
		"assets/rare-5e.js.br":    {Data: []byte("br of rare")},
		".vite/manifest.json":     {Data: []byte("{}")},
		"assets/.hidden/x.js.br":  {Data: []byte("x")},
		"assets/data-6f.bin-odd":  {Data: []byte{0, 1}},
		"assets/chunk-7a.js":      {Data: []byte("tiny")},
		"assets/styles-8b.css.gz": zipped(t, "a{}"),
	})
	const forever, never, script = "public, max-age=31536000, immutable", "no-cache", "text/javascript; charset=utf-8"
	for _, c := range []struct {
		path, accepts               string
		status                      int
		coding, contentType, caches string
		vary, body                  string
	}{
		{"/assets/app-1a.js", "gzip, deflate, br, zstd", 200, "br", script, forever, "Accept-Encoding", "br of app"},
		{"/assets/app-1a.js", "gzip", 200, "gzip", script, forever, "Accept-Encoding", string(zipped(t, "let app").Data)},
		{"/assets/app-1a.js", "br;q=0, gzip;q=0.1", 200, "gzip", script, forever, "Accept-Encoding", string(zipped(t, "let app").Data)},
		{"/assets/app-1a.js", "", 200, "", script, forever, "Accept-Encoding", "let app"},
		{"/assets/app-1a.js", "gzip;q=0", 200, "", script, forever, "Accept-Encoding", "let app"},
		{"/assets/diff-2b.wasm", "br", 200, "br", "application/wasm", forever, "Accept-Encoding", "br of wasm"},
		{"/assets/diff-2b.wasm", "", 200, "", "application/wasm", forever, "Accept-Encoding", "\x00asm"},
		{"/assets/icon-4d.svg", "br", 200, "", "image/svg+xml", forever, "Accept-Encoding", "<svg/>"},
		{"/assets/font-3c.woff2", "br", 200, "", "font/woff2", forever, "", "wOF2"},
		{"/assets/chunk-7a.js", "br", 200, "", script, forever, "", "tiny"},
		{"/assets/styles-8b.css", "gzip", 200, "gzip", "text/css; charset=utf-8", forever, "Accept-Encoding", string(zipped(t, "a{}").Data)},
		{"/assets/data-6f.bin-odd", "br", 200, "", "application/octet-stream", forever, "", "\x00\x01"},
		{"/assets/rare-5e.js", "gzip", 406, "", "text/plain; charset=utf-8", "", "", ""},
		{"/", "br", 200, "br", "text/html; charset=utf-8", never, "Accept-Encoding", "br of index"},
		{"/", "", 200, "", "text/html; charset=utf-8", never, "Accept-Encoding", "<title>app</title>"},
		{"/jobs/1", "br", 200, "br", "text/html; charset=utf-8", never, "Accept-Encoding", "br of index"},
		{"/theme.js", "br", 200, "", script, never, "", "small"},
		{"/assets/app-1a.js.br", "br", 404, "", "text/plain; charset=utf-8", "", "", ""},
		{"/assets/gone-00.js", "br", 404, "", "text/plain; charset=utf-8", "", "", ""},
		{"/assets/.hidden/x.js", "br", 404, "", "text/plain; charset=utf-8", "", "", ""},
	} {
		t.Run(c.path+" "+c.accepts, func(t *testing.T) {
			t.Parallel()
			answer := request(t, h, http.MethodGet, c.path, "Accept", "text/html", "Accept-Encoding", c.accepts)
			header := answer.Header()
			if answer.Code != c.status || header.Get("Content-Encoding") != c.coding || header.Get("Content-Type") != c.contentType || header.Get("Cache-Control") != c.caches || header.Get("Vary") != c.vary {
				t.Errorf("%d %v", answer.Code, header)
			}
			if c.body != "" && answer.Body.String() != c.body {
				t.Errorf("body %q, want %q", answer.Body, c.body)
			}
			head := request(t, h, http.MethodHead, c.path, "Accept", "text/html", "Accept-Encoding", c.accepts)
			if c.status == 200 && (head.Body.Len() > 0 || head.Header().Get("Content-Length") != strconv.Itoa(len(c.body))) {
				t.Errorf("HEAD has %d bytes and tells %s, want 0 and %d", head.Body.Len(), head.Header().Get("Content-Length"), len(c.body))
			}
		})
	}
	if answer := request(t, h, http.MethodGet, "/.vite/manifest.json"); answer.Code != http.StatusNotFound {
		t.Errorf("a hidden folder is served: %d", answer.Code)
	}
}

func TestETags(t *testing.T) {
	t.Parallel()
	build := func(text string) http.Handler {
		return newHandler(fstest.MapFS{
			"index.html": {Data: []byte(text)}, "index.html.gz": zipped(t, text),
			"theme.js": {Data: []byte("theme")}, "assets/app-1a.js": {Data: []byte("app")},
		})
	}
	h, next := build("old"), build("new")
	tag := func(h http.Handler, path, accepts string) string {
		t.Helper()
		return request(t, h, http.MethodGet, path, "Accept", "text/html", "Accept-Encoding", accepts).Header().Get("Etag")
	}
	index, packed := tag(h, "/", ""), tag(h, "/", "gzip")
	if index == "" || packed == index || tag(h, "/jobs/1", "") != index || tag(next, "/", "") == index || tag(next, "/theme.js", "") != tag(h, "/theme.js", "") {
		t.Errorf("tags %s, %s, %s", index, packed, tag(next, "/", ""))
	}
	if tag(h, "/assets/app-1a.js", "") != "" {
		t.Error("a hashed file has a tag")
	}
	for _, c := range []struct {
		h               http.Handler
		accepts, known  string
		status          int
		coding, example string
	}{
		{h, "", index, 304, "", ""},
		{h, "", `"other", W/` + index, 304, "", ""},
		{h, "gzip", packed, 304, "", ""},
		{h, "gzip", index, 200, "gzip", ""},
		{next, "", index, 200, "", "new"},
	} {
		answer := request(t, c.h, http.MethodGet, "/", "Accept-Encoding", c.accepts, "If-None-Match", c.known)
		if answer.Code != c.status || answer.Header().Get("Content-Encoding") != c.coding || c.example != "" && answer.Body.String() != c.example {
			t.Errorf("%q knows %s: %d %v", c.accepts, c.known, answer.Code, answer.Header())
		}
		if c.status == 304 && (answer.Body.Len() > 0 || answer.Header().Get("Cache-Control") != "no-cache" || answer.Header().Get("Vary") != "Accept-Encoding") {
			t.Errorf("304 with %d bytes and %v", answer.Body.Len(), answer.Header())
		}
	}
}
