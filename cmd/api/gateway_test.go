package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"io"
	"log/slog"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-lambda-go/events"
)

// asked has a handler answer a request, and reads the answer as API Gateway does.
func asked(t *testing.T, handler http.HandlerFunc, e events.APIGatewayProxyRequest) events.APIGatewayProxyResponse {
	t.Helper()
	encoded := answer(t.Context(), handler, e)
	if len(encoded) > maxAnswer {
		t.Errorf("the answer has %d bytes", len(encoded))
	}
	var response events.APIGatewayProxyResponse
	if err := json.Unmarshal(encoded, &response); err != nil {
		t.Fatal(err)
	}
	return response
}

func TestGatewayPassesRequestsOn(t *testing.T) {
	t.Parallel()
	e := events.APIGatewayProxyRequest{
		HTTPMethod: "POST", Path: "/jobs/j/repositories/acme%2Fsite/diff",
		MultiValueQueryStringParameters: map[string][]string{"filter": {"a b&c"}, "status": {"x", "y"}},
		MultiValueHeaders: map[string][]string{
			"Host": {"api.example"}, "authorization": {"Bearer t"}, "Accept-Encoding": {"gzip"}, "X-Two": {"1", "2"},
		},
		Body: base64.StdEncoding.EncodeToString([]byte("{\"name\":\"\xff\"}")), IsBase64Encoded: true,
	}
	e.RequestContext.RequestID, e.RequestContext.Identity.SourceIP = "request-7", "192.0.2.1"
	response := asked(t, func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		for what, pair := range map[string][2]string{
			"path":            {r.URL.EscapedPath(), "/jobs/j/repositories/acme%2Fsite/diff"},
			"query":           {r.URL.Query().Get("filter") + strings.Join(r.URL.Query()["status"], ""), "a b&cxy"},
			"host":            {r.Host, "api.example"},
			"authorization":   {r.Header.Get("Authorization"), "Bearer t"},
			"two headers":     {strings.Join(r.Header.Values("X-Two"), ""), "12"},
			"accept-encoding": {r.Header.Get("Accept-Encoding"), ""},
			"request id":      {r.Header.Get("X-Request-Id"), "request-7"},
			"address":         {r.RemoteAddr, "192.0.2.1"},
			"body":            {string(body), "{\"name\":\"\xff\"}"},
			"length":          {r.Method, "POST"},
		} {
			if pair[0] != pair[1] {
				t.Errorf("%s is %q, want %q", what, pair[0], pair[1])
			}
		}
		w.Header().Add("Vary", "a")
		w.Header().Add("Vary", "b")
		w.WriteHeader(http.StatusCreated)
		_, _ = io.WriteString(w, "<made>")
	}, e)
	if response.StatusCode != http.StatusCreated || response.Body != "<made>" || response.IsBase64Encoded || len(response.MultiValueHeaders["Vary"]) != 2 {
		t.Errorf("got %+v", response)
	}
}

// A path that begins with two slashes is no name of a host.
func TestGatewayKeepsPathsAsTheyAre(t *testing.T) {
	t.Parallel()
	for _, path := range []string{"//elsewhere/jobs", "/jobs//x", "/jobs/a%20b%3Fc", "/jobs/a:b", "/jobs/%2F%2e%2e"} {
		asked(t, func(_ http.ResponseWriter, r *http.Request) {
			if r.URL.EscapedPath() != path || r.URL.Host != "" || r.Host != "api.example" {
				t.Errorf("%s became %+v of %s", path, r.URL, r.Host)
			}
		}, events.APIGatewayProxyRequest{HTTPMethod: "GET", Path: path, MultiValueHeaders: map[string][]string{"Host": {"api.example"}}})
	}
}

func TestGatewayAnswers(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		handler http.HandlerFunc
		path    string
		body    string
		status  int
		says    string
	}{
		"text": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "+ä\n") }, "/x", "", 200, "+ä\n"},
		"a diff that is not UTF-8": {func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "+\xe4\n") }, "/x", "", 200,
			base64.StdEncoding.EncodeToString([]byte("+\xe4\n"))},
		"nothing":                  {func(http.ResponseWriter, *http.Request) {}, "/x", "", 200, ""},
		"an answer that breaks":    {func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) }, "/x", "", 502, `"code":"internal"`},
		"an answer beyond 6 MB":    {func(w http.ResponseWriter, _ *http.Request) { fill(w, "a", 7<<20) }, "/x", "", 507, `"code":"answer_too_large"`},
		"6 MB of quotation marks":  {func(w http.ResponseWriter, _ *http.Request) { fill(w, `"`, 4<<20) }, "/x", "", 507, `"code":"answer_too_large"`},
		"2 MB of markup":           {func(w http.ResponseWriter, _ *http.Request) { fill(w, "<", linkFrom) }, "/x", "", 200, "<<<"},
		"a path that is none":      {nil, "x%zz", "", 400, `"code":"malformed"`},
		"a body that is no base64": {nil, "/x", "%", 400, `"code":"malformed"`},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			response := asked(t, c.handler, events.APIGatewayProxyRequest{HTTPMethod: "GET", Path: c.path, Body: c.body, IsBase64Encoded: c.body != ""})
			if response.StatusCode != c.status || !strings.Contains(response.Body, c.says) {
				t.Errorf("got %d %.200q, want %d %q", response.StatusCode, response.Body, c.status, c.says)
			}
			if response.IsBase64Encoded != strings.HasPrefix(name, "a diff") {
				t.Errorf("base64 is %t", response.IsBase64Encoded)
			}
			if response.StatusCode >= 400 && response.Headers["Content-Type"] != "application/problem+json" {
				t.Errorf("its headers are %v", response.Headers)
			}
		})
	}
}

// Lambda ends a function at its time limit, and the client hears of nothing then.
func TestGatewayAnswersBeforeLambdaEndsTheFunction(t *testing.T) {
	t.Parallel()
	limit, cancel := context.WithTimeout(t.Context(), reserve+50*time.Millisecond)
	defer cancel()
	encoded := answer(limit, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		<-r.Context().Done()
		w.WriteHeader(http.StatusServiceUnavailable)
	}), events.APIGatewayProxyRequest{HTTPMethod: "GET", Path: "/x"})
	if limit.Err() != nil || !strings.Contains(string(encoded), `"statusCode":503`) {
		t.Errorf("got %s (%v)", encoded, limit.Err())
	}
}

func fill(w http.ResponseWriter, with string, bytes int) {
	for range bytes / 1024 {
		if _, err := io.WriteString(w, strings.Repeat(with, 1024)); err != nil {
			panic(http.ErrAbortHandler)
		}
	}
}

func TestInvokeTellsEventsApart(t *testing.T) {
	t.Parallel()
	f := &function{api: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(w, r.URL.Path) })}
	got, err := f.Invoke(t.Context(), []byte(`{"httpMethod":"GET","path":"/health"}`))
	if err != nil || !strings.Contains(string(got), `"body":"/health"`) {
		t.Errorf("got %s, %v", got, err)
	}
	for _, payload := range []string{"", "[]", `{"httpMethod":7}`, `{}`, `{"detail-type":"Object Created"}`, `{"httpMethod":"GET","path":"/x","headers":7}`} {
		if got, err := f.Invoke(t.Context(), []byte(payload)); err == nil {
			t.Errorf("%q is taken: %s", payload, got)
		}
	}
}

func TestTheFunctionTellsItsVersion(t *testing.T) {
	t.Parallel()
	environment := map[string]string{
		"DYNAMODB_JOBS_TABLE": "jobs", "DYNAMODB_REPOSITORIES_TABLE": "tasks", "ARTIFACTS_BUCKET": "documents",
		"AWS_BATCH_JOB_QUEUE": "queue", "AWS_BATCH_JOB_DEFINITION": "definition", "AWS_REGION": "eu-central-1",
		"GITHUB_TOKEN": "token", "API_TOKEN": "token",
	}
	for given, want := range map[string]string{"": "dev", "v1.2-3-gabc": "v1.2-3-gabc"} {
		environment["CODYBATCH_VERSION"] = given
		f, err := open(t.Context(), func(name string) (string, bool) { return environment[name], true }, slog.New(slog.DiscardHandler))
		if err != nil {
			t.Fatal(err)
		}
		got, err := f.Invoke(t.Context(), []byte(`{"httpMethod":"GET","path":"/config.json"}`))
		if err != nil || !strings.Contains(string(got), `\"version\":\"`+want+`\"`) {
			t.Errorf("with %q got %s, %v", given, got, err)
		}
	}
}
