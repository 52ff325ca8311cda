package httpapi

import (
	"compress/gzip"
	"mime"
	"net/http"
	"strconv"
	"sync"

	"github.com/liamzdenek/cody-batch/internal/accept"
)

// minCompressed is from how many bytes on an answer is worth compressing: what is
// smaller fits one packet.
const minCompressed = 1 << 10

// compressor compresses answers of the API for clients that accept gzip. That an
// attacker may learn a secret from the length of an answer that holds both it and
// his own text (BREACH) is no worry: no answer holds a secret.
type compressor struct{ writers sync.Pool }

func newCompressor() *compressor {
	return &compressor{writers: sync.Pool{New: func() any {
		// Fast, because most clients are near: the dashboard on the same machine.
		w, err := gzip.NewWriterLevel(nil, gzip.BestSpeed)
		if err != nil {
			panic(err) // the level is right
		}
		return w
	}}}
}

// serve lets next answer, and compresses what it says if that is worth it. An
// answer that next cuts short by a panic gets no end: the client must not take it
// for a whole one.
func (c *compressor) serve(w http.ResponseWriter, r *http.Request, next http.HandlerFunc) {
	out := &compressedWriter{
		ResponseWriter: w, compressor: c, isHead: r.Method == http.MethodHead,
		isWanted: accept.Encoding(r.Header, "gzip") != "",
	}
	next(out, r)
	out.end()
}

// isCompressible tells by the type whether an answer gets smaller. Streams of events
// don't wait for a block to fill.
func isCompressible(contentType string) bool {
	media, _, _ := mime.ParseMediaType(contentType)
	switch media {
	case typeJSON, typeProblem, typeLines, "text/x-diff", "text/plain":
		return true
	default:
		return false
	}
}

// compressedWriter decides as soon as it knows how long the answer is, or that it is
// long enough. Until then it holds back the status and what was written.
type compressedWriter struct {
	http.ResponseWriter
	compressor *compressor
	isHead     bool
	isWanted   bool // the client accepts gzip

	status  int
	decided bool
	held    []byte
	gzip    *gzip.Writer // nil: the answer goes out as it is
	isMute  bool         // a compressed answer to HEAD: headers only
}

// Unwrap lets http.ResponseController find the connection.
func (w *compressedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// WriteHeader keeps the status, and passes it on if there is nothing to wait for.
func (w *compressedWriter) WriteHeader(status int) {
	if w.status != 0 {
		return
	}
	if status < http.StatusOK { // informational ones come before the answer
		w.ResponseWriter.WriteHeader(status)
		return
	}
	w.status = status
	header := w.Header()
	mayCompress := isCompressible(header.Get("Content-Type")) && header.Get("Content-Encoding") == "" &&
		status != http.StatusNoContent && status != http.StatusNotModified && status != http.StatusPartialContent
	if mayCompress {
		header.Add("Vary", "Accept-Encoding")
	}
	length, err := strconv.ParseInt(header.Get("Content-Length"), 10, 64)
	switch {
	case !mayCompress || !w.isWanted:
		w.decide(false)
	case err == nil:
		w.decide(length >= minCompressed)
	}
}

// Write compresses a piece, or holds it back until it is clear whether to.
func (w *compressedWriter) Write(p []byte) (int, error) {
	w.WriteHeader(http.StatusOK)
	if !w.decided {
		if len(w.held)+len(p) < minCompressed {
			w.held = append(w.held, p...)
			return len(p), nil
		}
		w.decide(true)
		if err := w.release(); err != nil {
			return 0, err
		}
	}
	switch {
	case w.isMute:
		return len(p), nil
	case w.gzip != nil:
		return w.gzip.Write(p)
	default:
		return w.ResponseWriter.Write(p)
	}
}

// FlushError sends what there is, for http.ResponseController.
func (w *compressedWriter) FlushError() error {
	w.WriteHeader(http.StatusOK)
	if !w.decided {
		w.decide(false)
	}
	if err := w.release(); err != nil {
		return err
	}
	if w.gzip != nil {
		if err := w.gzip.Flush(); err != nil {
			return err
		}
	}
	return http.NewResponseController(w.ResponseWriter).Flush()
}

// decide sends status and headers.
func (w *compressedWriter) decide(isCompressed bool) {
	w.decided = true
	if isCompressed {
		header := w.Header()
		header.Set("Content-Encoding", "gzip")
		header.Del("Content-Length")
		header.Del("Accept-Ranges") // ranges are of the plain answer
		if w.isMute = w.isHead; !w.isMute {
			w.gzip, _ = w.compressor.writers.Get().(*gzip.Writer)
			w.gzip.Reset(w.ResponseWriter)
		}
	}
	w.ResponseWriter.WriteHeader(w.status)
}

// release writes what was held back.
func (w *compressedWriter) release() error {
	held := w.held
	w.held = nil
	if len(held) == 0 {
		return nil
	}
	_, err := w.Write(held)
	return err
}

// end finishes the answer. A client that is gone is no news here: the handler got
// the same error, or the server will.
func (w *compressedWriter) end() {
	if w.status != 0 && !w.decided {
		w.decide(false)
	}
	_ = w.release()
	if w.gzip == nil {
		return
	}
	_ = w.gzip.Close()
	w.gzip.Reset(nil) // so that it does not hold on to the connection
	w.compressor.writers.Put(w.gzip)
	w.gzip = nil
}
