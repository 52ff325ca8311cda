// Package webui holds the dashboard inside the program: the files that the
// frontend's build puts into dist, and a small page that says so where a build
// has none.
package webui

import (
	"embed"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

// built is the frontend's build. A fresh clone has only .gitkeep in it.
//
//go:embed all:dist
var built embed.FS

//go:embed placeholder.html
var placeholder []byte

const (
	indexName    = "index.html"
	assets       = "assets/" // their names change with their content
	cacheForever = "public, max-age=31536000, immutable"
	cacheNever   = "no-cache" // stored, but asked for again every time
)

// Handler serves the dashboard: its files by their names, index.html at the root,
// and at every other address that a browser asks a page for, because the dashboard
// has routes of its own.
//
// The build writes most files compressed beforehand, as name.br and name.gz, and
// leaves the plain ones of assets/ out to keep the program small. What a client
// gets under the plain name is up to its Accept-Encoding.
func Handler() http.Handler {
	files, err := fs.Sub(built, "dist")
	if err != nil {
		panic(err) // the name is right, or this would not compile
	}
	return newHandler(files)
}

// IsBuilt reports whether the dashboard is part of this program.
func IsBuilt() bool {
	found, err := fs.Glob(built, "dist/"+indexName+"*")
	return err == nil && len(found) > 0
}

type handler struct {
	files map[string]file // by their plain names
	index file
}

func newHandler(build fs.FS) *handler {
	h := &handler{files: findFiles(build)}
	var isThere bool
	if h.index, isThere = h.files[indexName]; !isThere {
		h.index = newFile(indexName, map[string]content{plain: inMemory(placeholder)})
	}
	return h
}

// ServeHTTP answers GET and HEAD.
func (h *handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "Method not allowed: this is the dashboard; the API lives below /api.", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	isRoot := name == "" || name == indexName // the page's own address: whoever asks gets it
	f, isThere := h.files[name]
	switch {
	case isThere:
		f.serve(w, r)
	case strings.HasPrefix(name+"/", assets) || !isRoot && !acceptsPage(r):
		http.Error(w, "Not found.", http.StatusNotFound)
	default:
		h.index.serve(w, r)
	}
}

// acceptsPage tells a browser that wants to show a page from a program, and from a
// page that looks for a file.
func acceptsPage(r *http.Request) bool {
	return strings.Contains(r.Header.Get("Accept"), "text/html")
}
