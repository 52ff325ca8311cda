package webui

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"mime"
	"net/http"
	"path"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/liamzdenek/cody-batch/internal/accept"
)

// The forms in which the build holds a file: content codings, as HTTP names them.
const (
	plain   = ""
	gzipped = "gzip"
	brotli  = "br"
)

// file is one file of the dashboard, in one form or several.
type file struct {
	name        string
	contentType string
	forms       map[string]content
	tag         string // of the content; empty for hashed names, which never change
}

// content reads a form of a file.
type content func() ([]byte, error)

func inMemory(data []byte) content { return func() ([]byte, error) { return data, nil } }

// findFiles lists the files of a build by their plain names. Names that begin with a
// dot are nobody's business.
func findFiles(build fs.FS) map[string]file {
	forms := map[string]map[string]content{}
	err := fs.WalkDir(build, ".", func(name string, entry fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		isHidden := strings.HasPrefix(entry.Name(), ".") && name != "."
		switch {
		case isHidden && entry.IsDir():
			return fs.SkipDir
		case isHidden || entry.IsDir():
			return nil
		}
		plainName, form := name, plain
		for extension, coding := range map[string]string{".gz": gzipped, ".br": brotli} {
			if before, isCompressed := strings.CutSuffix(name, extension); isCompressed {
				plainName, form = before, coding
			}
		}
		if forms[plainName] == nil {
			forms[plainName] = map[string]content{}
		}
		forms[plainName][form] = func() ([]byte, error) { return fs.ReadFile(build, name) }
		return nil
	})
	if err != nil {
		panic(err) // it is inside the program
	}
	files := make(map[string]file, len(forms))
	for name, found := range forms {
		files[name] = newFile(name, found)
	}
	return files
}

func newFile(name string, forms map[string]content) file {
	f := file{name: name, contentType: typeOf(name), forms: forms}
	if strings.HasPrefix(name, assets) {
		return f
	}
	sum := sha256.New()
	for _, form := range slices.Sorted(maps.Keys(forms)) {
		data, err := forms[form]()
		if err != nil {
			panic(err) // it is inside the program
		}
		sum.Write(data)
	}
	f.tag = hex.EncodeToString(sum.Sum(nil)[:12])
	return f
}

// serve answers with the form that the client likes best.
func (f file) serve(w http.ResponseWriter, r *http.Request) {
	var offers []string
	for _, coding := range []string{brotli, gzipped} {
		if f.forms[coding] != nil {
			offers = append(offers, coding)
		}
	}
	coding := accept.Encoding(r.Header, offers...)
	data, err := f.read(coding)
	if err != nil {
		http.Error(w, "This file is here only in a form that your client doesn't accept; accept gzip.", http.StatusNotAcceptable)
		return
	}
	header := w.Header()
	if len(offers) > 0 {
		header.Add("Vary", "Accept-Encoding")
	}
	header.Set("Content-Type", f.contentType)
	header.Set("Cache-Control", cacheForever)
	if f.tag != "" {
		header.Set("Cache-Control", cacheNever)
		header.Set("Etag", strconv.Quote(strings.TrimSuffix(f.tag+"-"+coding, "-"))) // each form has its own
	}
	if coding != plain {
		header.Set("Content-Encoding", coding)
		header.Set("Content-Length", strconv.Itoa(len(data))) // ServeContent leaves it out
	}
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// read returns a form of the file, and makes the plain one if the build has none.
func (f file) read(form string) ([]byte, error) {
	if form != plain || f.forms[plain] != nil {
		return f.forms[form]()
	}
	if f.forms[gzipped] == nil {
		return nil, fmt.Errorf("read %s: %w", f.name, fs.ErrNotExist)
	}
	data, err := f.forms[gzipped]()
	if err != nil {
		return nil, err
	}
	unzip, err := gzip.NewReader(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("decompress %s: %w", f.name, err)
	}
	if data, err = io.ReadAll(unzip); err != nil {
		return nil, fmt.Errorf("decompress %s: %w", f.name, err)
	}
	return data, nil
}

// typeOf is the media type that goes with a name. What a dashboard is made of is
// not left to the machine's own table, which may lack it or have it otherwise.
func typeOf(name string) string {
	switch extension := path.Ext(name); extension {
	case ".html":
		return "text/html; charset=utf-8"
	case ".js", ".mjs":
		return "text/javascript; charset=utf-8"
	case ".css":
		return "text/css; charset=utf-8"
	case ".json", ".map":
		return "application/json"
	case ".wasm":
		return "application/wasm"
	case ".woff2":
		return "font/woff2"
	case ".svg":
		return "image/svg+xml"
	case ".png":
		return "image/png"
	case ".ico":
		return "image/x-icon"
	case ".txt":
		return "text/plain; charset=utf-8"
	case ".webmanifest":
		return "application/manifest+json"
	default:
		if known := mime.TypeByExtension(extension); known != "" {
			return known
		}
		return "application/octet-stream"
	}
}
