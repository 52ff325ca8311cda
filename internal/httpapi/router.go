// Package httpapi is the HTTP face of the domain: one http.Handler for
// `codybatch serve` and for Lambda, its OpenAPI description, and the Client that
// speaks to it. Wire structs live in wire.go and wire_request.go, status codes in errors.go; the
// handlers only translate between them and codybatch.Service.
package httpapi

import (
	"bytes"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const (
	maxBodyBytes         = 1 << 20
	defaultEventInterval = 100 * time.Millisecond
)

// Token is a bearer token. It prints as "[redacted]".
type Token string

// String hides the token from logs.
func (Token) String() string { return "[redacted]" }

// GoString hides the token from %#v.
func (Token) GoString() string { return "[redacted]" }

// LogValue hides the token from slog.
func (Token) LogValue() slog.Value { return slog.StringValue("[redacted]") }

// Options are the facts that the handler can't know. The zero Options make an API
// at the root that nobody may use: set Token, Loopback or Open.
type Options struct {
	Version  string
	BasePath string // where the API lives: "/api" beside a dashboard, "" by itself

	Token    Token // wanted as "Authorization: Bearer …" if set
	Loopback bool  // only this machine can connect: no token needed, Host and Origin checked
	Open     bool  // API_AUTHORIZATION=none: everybody may do everything
	// Address is host:port that the server listens on; a Host that it takes, too.
	// Without one (Lambda, where the gateway goes by Host) Open checks no Host.
	Address string

	CORSOrigins []string // origins of other web pages that may use the API; "*" for all

	// AgentStatus says for GET /health whether models can be asked: "ready",
	// "rehearsal", or what is missing.
	AgentStatus string

	// Models that jobs can name, and the month of their prices ("2026-11"), for
	// people who choose one.
	Models     []Model
	PricesAsOf string

	// Dashboard answers what is not below BasePath; nil if there is none.
	Dashboard http.Handler

	// LinkFrom is from how many bytes on a document is not answered with but its
	// address in the bucket, to which the client is sent (307); 0: never. For where
	// answers are limited (Lambda).
	LinkFrom int64

	// LongEvents says that an answer may take long: the events route streams and
	// waits. Where it is false (Lambda) clients poll. The server ends streams by
	// ending the requests' contexts (http.Server.BaseContext) before it shuts down.
	LongEvents    bool
	EventInterval time.Duration // how often changes are looked for; 0: every 100 ms

	Now       func() time.Time
	RequestID func() string // unique, for requests that bring none; nil: random
	Log       *slog.Logger
}

// api is the handler's state: the service and the options, nothing that changes.
type api struct {
	Options
	service     *codybatch.Service
	routes      *http.ServeMux
	description []byte // /openapi.json
	siteConfig  []byte // /config.json
	compressor  *compressor
}

// New makes the handler: the API below Options.BasePath, its description,
// /config.json for the dashboard, and the dashboard for everything else.
func New(service *codybatch.Service, o Options) http.Handler {
	if o.EventInterval <= 0 {
		o.EventInterval = defaultEventInterval
	}
	if o.RequestID == nil {
		o.RequestID = randomID
	}
	a := &api{Options: o, service: service, routes: http.NewServeMux(), compressor: newCompressor()}
	a.description = mustMarshal(a.register())
	a.siteConfig = mustMarshal(a.config())
	return &server{api: a, handler: a.middleware(http.HandlerFunc(a.site))}
}

// server is what New returns. NewInProcessClient asks it where the API lives.
type server struct {
	api     *api
	handler http.Handler
}

// ServeHTTP answers a request.
func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) { s.handler.ServeHTTP(w, r) }

// register makes all routes, and returns their description.
func (a *api) register() *huma.OpenAPI {
	config := huma.Config{
		OpenAPI:       newDescription(a.BasePath),
		Formats:       huma.DefaultFormats,
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{fromHuma},
	}
	h := humago.NewWithPrefix(a.routes, a.BasePath, config)
	a.registerJobs(h)
	a.registerTasks(h)
	a.registerDocuments(h)
	a.registerEvents(h)
	a.registerRepositories(h)
	a.registerHealth(h)
	finishDescription(h.OpenAPI())
	return h.OpenAPI()
}

// site answers a request that the middleware has let in.
func (a *api) site(w http.ResponseWriter, r *http.Request) {
	switch {
	case r.URL.Path == "/openapi.json", r.URL.Path == a.BasePath+"/openapi.json":
		a.compressor.serve(w, r, func(w http.ResponseWriter, r *http.Request) { a.file(w, r, a.description) })
	case r.URL.Path == "/config.json":
		a.compressor.serve(w, r, func(w http.ResponseWriter, r *http.Request) { a.file(w, r, a.siteConfig) })
	case a.isAPI(r.URL.Path):
		a.compressor.serve(w, r, a.route)
	case a.Dashboard == nil:
		a.notFound(w, r)
	default: // its files are compressed beforehand
		a.Dashboard.ServeHTTP(w, r)
	}
}

// file answers with a small JSON document that is made once.
func (a *api) file(w http.ResponseWriter, r *http.Request, data []byte) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		a.methodNotAllowed(w, r, "GET, HEAD")
		return
	}
	w.Header().Set("Content-Type", typeJSON)
	w.Header().Set("Cache-Control", "no-cache")
	http.ServeContent(w, r, "", time.Time{}, bytes.NewReader(data))
}

// route answers a request to the API.
func (a *api) route(w http.ResponseWriter, r *http.Request) {
	r = plainNames(r, a.BasePath)
	if r.URL.Path != path.Clean(r.URL.Path) { // the mux would answer with a redirect in HTML
		a.notFound(w, r)
		return
	}
	handler, pattern := a.routes.Handler(r)
	if pattern != "" {
		a.routes.ServeHTTP(w, r)
		return
	}
	answer := &headOnly{header: http.Header{}}
	handler.ServeHTTP(answer, r)
	if answer.status != http.StatusMethodNotAllowed {
		a.notFound(w, r)
		return
	}
	a.methodNotAllowed(w, r, answer.header.Get("Allow"))
}

func (a *api) methodNotAllowed(w http.ResponseWriter, r *http.Request, allow string) {
	w.Header().Set("Allow", allow)
	writeProblem(w, r, a.Log, newProblem(http.StatusMethodNotAllowed, codeMethod, r.Method+" is not possible here; use "+allow))
}

func (a *api) notFound(w http.ResponseWriter, r *http.Request) {
	writeProblem(w, r, a.Log, newProblem(http.StatusNotFound, codeNotFound, "there is nothing at this address; /openapi.json lists all routes"))
}

// headOnly takes an answer of the mux to learn its status.
type headOnly struct {
	header http.Header
	status int
}

func (h *headOnly) Header() http.Header         { return h.header }
func (h *headOnly) Write(p []byte) (int, error) { return len(p), nil }
func (h *headOnly) WriteHeader(status int)      { h.status = status }

// plainNames turns the spelling /repositories/owner%2Fname of an address into
// /repositories/owner/name. Other escaped slashes stay, and find no route.
func plainNames(r *http.Request, base string) *http.Request {
	escaped, ok := strings.CutPrefix(r.URL.EscapedPath(), base+"/jobs/")
	if !ok || !strings.Contains(strings.ToUpper(escaped), "%2F") {
		return r
	}
	parts := strings.SplitN(escaped, "/", 4)
	if len(parts) < 3 || parts[1] != "repositories" {
		return r
	}
	for i, part := range parts {
		unescaped, err := url.PathUnescape(part)
		if err != nil || (i != 2 && i != 3 && strings.Contains(unescaped, "/")) {
			return r
		}
		parts[i] = unescaped
	}
	if !codybatch.RepositoryName(parts[2]).Valid() {
		return r
	}
	plain := r.Clone(r.Context())
	plain.URL.Path, plain.URL.RawPath = base+"/jobs/"+strings.Join(parts, "/"), ""
	return plain
}

func writeJSON(w http.ResponseWriter, r *http.Request, log *slog.Logger, status int, body any) {
	w.WriteHeader(status)
	if r.Method == http.MethodHead {
		return
	}
	encoder := json.NewEncoder(w)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(body); err != nil {
		log.DebugContext(r.Context(), "answer was cut short", "request", requestID(r.Context()), "error", err)
	}
}

func mustMarshal(document any) []byte {
	data, err := json.Marshal(document)
	if err != nil {
		panic(err) // it is made of our own structs
	}
	return data
}
