// Package webui holds the dashboard inside the program: the files that the
// frontend's build puts into dist, and a small page that says so where a build
// has none.
package webui

import (
	"bytes"
	"embed"
	"io/fs"
	"net/http"
	"path"
	"strings"
	"time"
)

// built is the frontend's build. A fresh clone has only .gitkeep in it.
//
//go:embed all:dist
var built embed.FS

//go:embed placeholder.html
var placeholder []byte

const (
	cacheForever = "public, max-age=31536000, immutable"
	cacheNever   = "no-cache" // stored, but asked for again every time
)

// Handler serves the dashboard: its files by their names, index.html at the root,
// and at every other address that a browser asks a page for, because the dashboard
// has routes of its own.
func Handler() http.Handler {
	files, err := fs.Sub(built, "dist")
	if err != nil {
		panic(err) // the name is right, or this would not compile
	}
	return newHandler(files)
}

// IsBuilt reports whether the dashboard is part of this program.
func IsBuilt() bool {
	_, err := fs.Stat(built, "dist/index.html")
	return err == nil
}

type handler struct {
	files fs.FS
	index []byte
}

func newHandler(files fs.FS) *handler {
	index, err := fs.ReadFile(files, "index.html")
	if err != nil {
		index = placeholder
	}
	return &handler{files: files, index: index}
}

// ServeHTTP answers GET and HEAD.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Method not allowed: this is the dashboard; the API lives below /api.", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	isRoot := name == "" || name == "index.html" // the page's own address: whoever asks gets it
	switch {
	case name != "index.html" && h.serveFile(w, r, name):
	case strings.HasPrefix(name+"/", "assets/") || !isRoot && !acceptsPage(r):
		http.Error(w, "Not found.", http.StatusNotFound)
	default:
		w.Header().Set("Content-Type", "text/html; charset=utf-8")
		w.Header().Set("Cache-Control", cacheNever)
		http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(h.index))
	}
}

// serveFile reports whether there is such a file. Names that begin with a dot are
// nobody's business.
func (h *handler) serveFile(w http.ResponseWriter, r *http.Request, name string) bool {
	if !fs.ValidPath(name) || strings.HasPrefix(path.Base(name), ".") {
		return false
	}
	data, err := fs.ReadFile(h.files, name)
	if err != nil { // a folder, or not there
		return false
	}
	w.Header().Set("Cache-Control", cacheNever)
	if strings.HasPrefix(name, "assets/") { // their names change with their content
		w.Header().Set("Cache-Control", cacheForever)
	}
	http.ServeContent(w, r, name, time.Time{}, bytes.NewReader(data))
	return true
}

// acceptsPage tells a browser that wants to show a page from a program, and from a
// page that looks for a file.
func acceptsPage(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}
