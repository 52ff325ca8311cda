package s3_test

import (
	"bytes"
	"context"
	"crypto/rand"
	"errors"
	"io"
	"net"
	"net/http"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	awss3 "github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/liamzdenek/cody-batch/internal/artifacts/s3"
	"github.com/liamzdenek/cody-batch/internal/awstest"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// world is a bucket of its own, and the line to it, which a test can disturb.
type world struct {
	t      *testing.T
	name   string
	config aws.Config
	admin  *awss3.Client
	line   *line
	*s3.Bucket
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, name: "artifacts-" + strings.ToLower(rand.Text()), line: &line{}}
	cloud := awstest.Moto(t)
	w.admin = awss3.NewFromConfig(cloud.Config(nil))
	if _, err := w.admin.CreateBucket(t.Context(), &awss3.CreateBucketInput{Bucket: &w.name}); err != nil {
		t.Fatal(err)
	}
	w.config = cloud.Config(w.line)
	w.Bucket = w.another()
	return w
}

// another is the same bucket as another process sees it.
func (w *world) another() *s3.Bucket {
	return s3.New(w.config, w.name, s3.Options{MaxBackoff: time.Millisecond, Patience: 200 * time.Millisecond})
}

const key = codybatch.ArtifactKey("jobs/j1/acme/site/1/thread.jsonl")

func (w *world) put(content string) {
	w.t.Helper()
	if err := w.Put(w.t.Context(), key, strings.NewReader(content)); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) add(data string) {
	w.t.Helper()
	if err := w.Append(w.t.Context(), key, []byte(data)); err != nil {
		w.t.Fatal(err)
	}
}

// read is what a process sees that has never seen the document.
func (w *world) read() (string, error) {
	document, err := w.another().Open(w.t.Context(), key)
	if err != nil {
		return "", err
	}
	defer document.Close()
	content, err := io.ReadAll(document)
	return string(content), err
}

func (w *world) expect(want string) {
	w.t.Helper()
	w.line.heal()
	got, err := w.read()
	if err != nil || got != want {
		w.t.Errorf("it holds %d bytes, %.60q (%v); want %d, %.60q", len(got), got, err, len(want), want)
	}
}

func (w *world) expectNone() {
	w.t.Helper()
	w.line.heal()
	if got, err := w.read(); !errors.Is(err, codybatch.ErrNotFound) {
		w.t.Errorf("it holds %.60q (%v); want %v", got, err, codybatch.ErrNotFound)
	}
	left, err := w.admin.ListMultipartUploads(w.t.Context(), &awss3.ListMultipartUploadsInput{Bucket: &w.name})
	if err != nil || len(left.Uploads) != 0 {
		w.t.Errorf("%d uploads were left behind (%v)", len(left.Uploads), err)
	}
}

// call is a request to S3: what it is for, and how much it carries.
type call struct {
	op   string // "PUT", "POST uploads", "PUT partNumber", "GET", …
	sent int64
}

// line is the way to S3. Its fault is asked for every request.
type line struct {
	mu    sync.Mutex
	calls []call
	// fault says what happens to a request: nil: it goes through.
	fault func(op string) *fault
}

// fault is something that goes wrong.
type fault struct {
	status int    // S3 answers with this and
	code   string // with this error code
	lost   bool   // S3 does what it is asked, but the answer is lost
	cut    int64  // the answer's body breaks off after so many bytes
	stalls bool   // or no more of it comes
	first  func() // is called before anything else
	none   bool   // nothing but first
}

func (l *line) heal() { l.disturb(nil) }

func (l *line) disturb(fault func(op string) *fault) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.fault = fault
}

// times disturbs the first n requests of a kind.
func (l *line) times(n int, op string, f fault) {
	l.disturb(func(got string) *fault {
		if got != op || n == 0 {
			return nil
		}
		n--
		return &f
	})
}

// took returns the calls since the last time.
func (l *line) took() []call {
	l.mu.Lock()
	defer l.mu.Unlock()
	calls := l.calls
	l.calls = nil
	return calls
}

func (l *line) RoundTrip(r *http.Request) (*http.Response, error) {
	c := call{op: r.Method, sent: max(0, r.ContentLength)}
	for _, part := range []string{"uploads", "partNumber", "uploadId"} {
		if r.URL.Query().Has(part) {
			c.op += " " + part
			break
		}
	}
	if r.Header.Get("X-Amz-Copy-Source") != "" {
		c.op += " copy"
	}
	l.mu.Lock()
	l.calls = append(l.calls, c)
	var f *fault
	if l.fault != nil {
		f = l.fault(c.op)
	}
	l.mu.Unlock()
	if f != nil && f.first != nil {
		f.first()
	}
	if l.isUnmet(r) {
		f = &fault{status: http.StatusPreconditionFailed, code: "PreconditionFailed"}
	}
	if f == nil || f.none && f.status == 0 {
		return http.DefaultTransport.RoundTrip(r)
	}
	if f.status != 0 {
		return &http.Response{
			StatusCode: f.status, Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
			Header: http.Header{"Content-Type": {"application/xml"}},
			Body:   io.NopCloser(strings.NewReader("<Error><Code>" + f.code + "</Code><Message>so it is</Message></Error>")),
		}, nil
	}
	response, err := http.DefaultTransport.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	if f.lost {
		_, _ = io.Copy(io.Discard, response.Body)
		_ = response.Body.Close()
		return nil, syscall.ECONNRESET
	}
	response.Body = &broken{response.Body, f.cut}
	if f.stalls {
		response.Body = &stalled{ReadCloser: response.Body, ctx: r.Context(), closed: make(chan struct{})}
	}
	return response, nil
}

// isUnmet checks the two conditions that S3 knows and moto does not: of the end of
// an upload in parts, and of a part that is a copy.
func (l *line) isUnmet(r *http.Request) bool {
	want := r.Header.Get("X-Amz-Copy-Source-If-Match")
	if want == "" && r.Method == http.MethodPost {
		want = r.Header.Get("If-Match")
	}
	if want == "" {
		return false
	}
	address := *r.URL
	address.RawQuery = ""
	response, err := http.Head(address.String())
	if err != nil {
		return false
	}
	defer response.Body.Close()
	return response.StatusCode == http.StatusOK && response.Header.Get("ETag") != want
}

// broken is a body whose connection breaks.
type broken struct {
	io.ReadCloser
	left int64
}

func (b *broken) Read(p []byte) (int, error) {
	if b.left <= 0 {
		return 0, syscall.ECONNRESET
	}
	n, err := b.ReadCloser.Read(p[:min(int64(len(p)), b.left)])
	b.left -= int64(n)
	return n, err
}

// stalled is a body of which no more comes where it would break, until somebody gives up.
type stalled struct {
	io.ReadCloser
	ctx    context.Context
	closed chan struct{}
	once   sync.Once
}

func (s *stalled) Read(p []byte) (int, error) {
	n, err := s.ReadCloser.Read(p)
	if errors.Is(err, syscall.ECONNRESET) {
		select {
		case <-s.closed:
			err = net.ErrClosed
		case <-s.ctx.Done():
			err = s.ctx.Err()
		}
	}
	return n, err
}

func (s *stalled) Close() error {
	s.once.Do(func() { close(s.closed) })
	return s.ReadCloser.Close()
}

// count tells how many calls there were of a kind.
func count(calls []call, op string) int {
	n := 0
	for _, c := range calls {
		if c.op == op {
			n++
		}
	}
	return n
}

// pattern is content of n bytes that repeats nowhere at a block's size.
func pattern(n int) string {
	var b bytes.Buffer
	for i := 0; b.Len() < n; i++ {
		b.WriteString("line ")
		b.WriteString(strings.Repeat("x", i%97))
		b.WriteByte('\n')
	}
	return b.String()[:n]
}
