// Package githubtest is a GitHub in memory for tests: an Enterprise Server on a
// loopback address, with its APIs at /api/v3 and /api/graphql and real bare git repositories
// behind `git http-backend`.
//
// It holds every request, and every answer of its own, against GitHub's OpenAPI
// description, or its GraphQL schema, where they are installed, and fails the test at its end if one does
// not fit. Like an Enterprise Server it has no rate limits until a test wants
// some; Script makes it refuse, break and drop requests.
package githubtest

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/vektah/gqlparser/v2/ast"

	"github.com/liamzdenek/cody-batch/internal/apispec"
)

// base is where an Enterprise Server has its REST API.
const base = "/api/v3"

// Server is a running GitHub. All methods may be called at once.
type Server struct {
	URL   string // of the API, for GITHUB_API_URL: "http://127.0.0.1:1234/api/v3"
	Host  string // "127.0.0.1:1234"
	Token string // the one that it takes
	Login string // whose token that is

	t           testing.TB
	root        string               // of the bare repositories
	description *apispec.Description // nil: not installed
	schema      *ast.Schema          // nil: not installed
	web         string               // "http://127.0.0.1:1234"

	mu         sync.Mutex
	repos      map[string]*repository // by folded name
	moved      map[string]string      // folded old name → new name
	nextID     int64
	scripts    []script
	requests   []Request
	violations []string
	isLimited  bool
	onGit      func(r *http.Request)
}

// Request is one that the server has got.
type Request struct {
	Method string
	Path   string // below the API's base, escaped; whole for git
	Query  string
	Body   string
	Status int
	Time   time.Time
}

// Start runs a server until the test ends. Without GitHub's descriptions it
// checks nothing and says so; if CODYBATCH_TEST_REQUIRE lists "github-openapi",
// the test fails then.
func Start(t testing.TB) *Server {
	t.Helper()
	s := &Server{
		Token: "github_pat_" + rand.Text(), Login: "cody-bot",
		t: t, root: t.TempDir(),
		repos: map[string]*repository{}, moved: map[string]string{}, nextID: 1000,
	}
	s.description, s.schema = loadDescription(t), loadSchema(t)
	mux := http.NewServeMux()
	mux.Handle(base+"/", s.api(base, s.checked(s.routes())))
	mux.Handle("/api/graphql", s.api("/api", http.HandlerFunc(s.graphQL)))
	mux.Handle("/", s.git())
	server := httptest.NewServer(mux)
	s.web, s.Host = server.URL, strings.TrimPrefix(server.URL, "http://")
	s.URL = server.URL + base
	t.Cleanup(func() {
		server.Close()
		for _, v := range s.Violations() {
			t.Errorf("against GitHub's description: %s", v)
		}
	})
	return s
}

// Requests lists what the API has been asked, oldest first; git is not in it.
func (s *Server) Requests() []Request {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]Request(nil), s.requests...)
}

// Count is how many requests had the method, and a path below the API's base
// that ends so.
func (s *Server) Count(method, suffix string) int {
	n := 0
	for _, r := range s.Requests() {
		if r.Method == method && strings.HasSuffix(r.Path, suffix) {
			n++
		}
	}
	return n
}

// Violations lists the requests and answers that GitHub's description does not
// allow.
func (s *Server) Violations() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.violations...)
}

// TurnLimitsOn makes answers carry the headers of the primary limit, as on
// github.com.
func (s *Server) TurnLimitsOn() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.isLimited = true
}

// answer is what a handler says: a status, and a value for its body.
type answer struct {
	status int
	body   any // nil: none
	header http.Header
}

// api puts faults and credentials before one of the two APIs, and writes down
// what it was asked.
func (s *Server) api(prefix string, next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<20))
		if err != nil {
			return // the client has gone
		}
		path := strings.TrimPrefix(r.URL.EscapedPath(), prefix)
		fault := s.fault(r.Method, path)
		entry := Request{Method: r.Method, Path: path, Query: r.URL.RawQuery, Body: string(body), Time: time.Now()}
		if fault != nil && !fault.Done {
			entry.Status = fault.Status
			s.note(entry)
			fault.write(w)
			return
		}
		recorder := httptest.NewRecorder()
		if r.Header.Get("Authorization") != "Bearer "+s.Token {
			write(recorder, refusal(http.StatusUnauthorized, "Bad credentials"))
		} else {
			r.Body = io.NopCloser(bytes.NewReader(body))
			next.ServeHTTP(recorder, r)
		}
		entry.Status = recorder.Code
		s.note(entry)
		if fault != nil {
			fault.write(w)
			return
		}
		for name, values := range recorder.Header() {
			w.Header()[name] = values
		}
		s.writeLimits(w.Header())
		w.WriteHeader(recorder.Code)
		_, _ = w.Write(recorder.Body.Bytes()) // a client that has gone is its own business
	})
}

// checked holds requests to the REST API and its answers against GitHub's
// description.
func (s *Server) checked(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body) // is in memory
		path := strings.TrimPrefix(r.URL.EscapedPath(), base)
		s.checkRequest(r, path, body)
		r.Body = io.NopCloser(bytes.NewReader(body))
		recorder := httptest.NewRecorder()
		next.ServeHTTP(recorder, r)
		s.checkAnswer(r.Method, path, recorder)
		for name, values := range recorder.Header() {
			w.Header()[name] = values
		}
		w.WriteHeader(recorder.Code)
		_, _ = w.Write(recorder.Body.Bytes()) // into a recorder
	})
}

func (s *Server) note(r Request) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, r)
}

func (s *Server) writeLimits(h http.Header) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.isLimited && h.Get("X-RateLimit-Limit") == "" {
		h.Set("X-RateLimit-Limit", "5000")
		h.Set("X-RateLimit-Remaining", "4990")
		h.Set("X-RateLimit-Reset", strconv.FormatInt(time.Now().Add(time.Hour).Unix(), 10))
		h.Set("X-RateLimit-Resource", "core")
	}
}

func write(w http.ResponseWriter, a answer) {
	for name, values := range a.header {
		w.Header()[name] = values
	}
	if a.body == nil {
		w.WriteHeader(a.status)
		return
	}
	w.Header().Set("Content-Type", "application/json; charset=utf-8")
	w.WriteHeader(a.status)
	_ = json.NewEncoder(w).Encode(a.body) // into a recorder
}

// refusal is a body as GitHub's errors have it.
func refusal(status int, message string, details ...map[string]any) answer {
	body := map[string]any{"message": message, "documentation_url": "https://docs.github.com/rest", "status": strconv.Itoa(status)}
	if len(details) > 0 {
		body["errors"] = details
	}
	return answer{status: status, body: body}
}

func notFound() answer { return refusal(http.StatusNotFound, "Not Found") }
