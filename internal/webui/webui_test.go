package webui

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/fstest"
)

func ask(t *testing.T, h http.Handler, method, path, accept string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, nil)
	r.Header.Set("Accept", accept)
	answer := httptest.NewRecorder()
	h.ServeHTTP(answer, r)
	return answer
}

func TestHandler(t *testing.T) {
	t.Parallel()
	const page, anything = "text/html,application/xhtml+xml,*/*;q=0.8", "*/*"
	h := newHandler(fstest.MapFS{
		"index.html":          {Data: []byte("<title>app</title>")},
		"favicon.svg":         {Data: []byte("<svg/>")},
		"assets/app-1a2b.js":  {Data: []byte("let x")},
		"assets/app-1a2b.css": {Data: []byte("a{}")},
		".gitkeep":            {Data: []byte("secret")},
	})
	for _, c := range []struct {
		name, method, path, accept string
		status                     int
		contentType, cache, body   string
	}{
		{"the page", "GET", "/", page, 200, "text/html; charset=utf-8", "no-cache", "<title>app</title>"},
		{"the page by name", "GET", "/index.html", page, 200, "text/html; charset=utf-8", "no-cache", "<title>app</title>"},
		{"the page for a program", "GET", "/", anything, 200, "text/html; charset=utf-8", "no-cache", "<title>app</title>"},
		{"the page for a program that says nothing", "GET", "/", "", 200, "text/html; charset=utf-8", "no-cache", "<title>app</title>"},
		{"the page by name for a program", "GET", "/index.html", anything, 200, "text/html; charset=utf-8", "no-cache", "<title>app</title>"},
		{"a route for a program", "GET", "/jobs/1", anything, 404, "text/plain; charset=utf-8", "", "Not found."},
		{"a route of the dashboard", "GET", "/jobs/1/repos/acme/site.js?tab=log", page, 200, "text/html; charset=utf-8", "no-cache", "<title>app</title>"},
		{"the head of the page", "HEAD", "/jobs", page, 200, "text/html; charset=utf-8", "no-cache", ""},
		{"a hashed file", "GET", "/assets/app-1a2b.js", anything, 200, "text/javascript; charset=utf-8", "public, max-age=31536000, immutable", "let x"},
		{"a style sheet", "GET", "/assets/app-1a2b.css", "text/css", 200, "text/css; charset=utf-8", "public, max-age=31536000, immutable", "a{}"},
		{"another file", "GET", "/favicon.svg", anything, 200, "image/svg+xml", "no-cache", "<svg/>"},
		{"a hashed file that is gone", "GET", "/assets/app-0000.js", page, 404, "text/plain; charset=utf-8", "", "Not found."},
		{"the folder of hashed files", "GET", "/assets/", page, 404, "text/plain; charset=utf-8", "", "Not found."},
		{"a file that is not there", "GET", "/robots.txt", anything, 404, "text/plain; charset=utf-8", "", "Not found."},
		{"a hidden file", "GET", "/.gitkeep", anything, 404, "text/plain; charset=utf-8", "", "Not found."},
		{"a way out", "GET", "/assets/../../../etc/passwd", anything, 404, "text/plain; charset=utf-8", "", "Not found."},
		{"a form", "POST", "/", page, 405, "text/plain; charset=utf-8", "", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			answer := ask(t, h, c.method, c.path, c.accept)
			header := answer.Header()
			if answer.Code != c.status || header.Get("Content-Type") != c.contentType || header.Get("Cache-Control") != c.cache {
				t.Errorf("%d %q %q, want %d %q %q", answer.Code, header.Get("Content-Type"), header.Get("Cache-Control"), c.status, c.contentType, c.cache)
			}
			if c.body != "" && strings.TrimSpace(answer.Body.String()) != c.body {
				t.Errorf("body %q, want %q", answer.Body, c.body)
			}
		})
	}
}

func TestPlaceholder(t *testing.T) {
	t.Parallel()
	answer := ask(t, newHandler(fstest.MapFS{".gitkeep": {}}), http.MethodGet, "/jobs", "text/html")
	text := answer.Body.String()
	for _, want := range []string{"isn’t part of this build", `href="/api/jobs"`, `href="/api/openapi.json"`, `href="/api/health"`, `lang="en"`, "light-dark("} {
		if !strings.Contains(text, want) {
			t.Errorf("the page lacks %q", want)
		}
	}
	for _, unwanted := range []string{"<script", "http://localhost", "https://", "@import", "url("} {
		if strings.Contains(text, unwanted) {
			t.Errorf("the page has %q", unwanted)
		}
	}
}

func TestHandlerServesWhatIsBuilt(t *testing.T) {
	t.Parallel()
	answer := ask(t, Handler(), http.MethodGet, "/", "text/html")
	if isPlaceholder := strings.Contains(answer.Body.String(), "isn’t part of this build"); answer.Code != 200 || isPlaceholder == IsBuilt() {
		t.Errorf("status %d, placeholder %v, built %v", answer.Code, isPlaceholder, IsBuilt())
	}
}
