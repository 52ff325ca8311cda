package apispec_test

import (
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/apispec"
)

// shop is an OpenAPI 3.0 description with the peculiarities of that version.
const shop = `{
  "openapi": "3.0.3", "info": {"title": "shop", "version": "1"},
  "paths": {
    "/repos/{owner}/{repo}/issues": {
      "parameters": [{"$ref": "#/components/parameters/owner"}, {"name": "repo", "in": "path", "required": true, "schema": {"type": "string"}}],
      "get": {
        "parameters": [
          {"name": "per_page", "in": "query", "schema": {"type": "integer", "maximum": 100}},
          {"name": "state", "in": "query", "required": true, "schema": {"type": "string", "enum": ["open", "closed"]}},
          {"name": "labels", "in": "query", "explode": false, "schema": {"type": "array", "items": {"type": "integer"}}},
          {"name": "deep", "in": "query", "schema": {"type": "boolean"}},
          {"name": "X-Trace", "in": "header", "schema": {"type": "string", "pattern": "^[^\\u2028]*$"}}
        ],
        "responses": {
          "200": {"description": "ok", "content": {"application/json": {"schema": {"type": "array", "items": {"$ref": "#/components/schemas/issue"}}}}},
          "4XX": {"$ref": "#/components/responses/problem"},
          "304": {"description": "same"}
        }
      },
      "post": {
        "requestBody": {"required": true, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/issue"}}}},
        "responses": {"201": {"description": "made", "content": {"application/json": {"schema": {"$ref": "#/components/schemas/issue"}}}}}
      }
    },
    "/repos/{owner}/{repo}/issues/{number}": {"get": {
      "parameters": [{"name": "number", "in": "path", "required": true, "schema": {"type": "integer"}}],
      "responses": {"default": {"description": "any"}}}},
    "/repos/{owner}/{repo}/issues/latest": {"get": {"responses": {"204": {"description": "none"}}}},
    "/files/{path}": {"get": {"parameters": [{"name": "path", "in": "path", "required": true, "schema": {"type": "string", "enum": ["a/b"]}}],
      "responses": {"204": {"description": "none"}}}}
  },
  "components": {
    "parameters": {"owner": {"name": "owner", "in": "path", "required": true, "schema": {"type": "string", "minLength": 2}}},
    "responses": {"problem": {"description": "no", "content": {"application/problem+json": {"schema": {"type": "object", "required": ["message"]}}}}},
    "schemas": {
      "user": {"type": "object", "required": ["login"], "properties": {"login": {"type": "string"}}, "example": {"$ref": "not a reference"}},
      "issue": {"type": "object", "required": ["title"], "additionalProperties": false, "properties": {
        "title": {"type": "string", "example": "Broken"},
        "state": {"type": "string", "nullable": true, "enum": ["open"]},
        "score": {"type": "number", "minimum": 0, "exclusiveMinimum": true},
        "assignee": {"nullable": true, "allOf": [{"$ref": "#/components/schemas/user"}]},
        "parent": {"$ref": "#/components/schemas/issue"},
        "at": {"type": "string", "format": "date-time"},
        "body": {"oneOf": [
          {"type": "object", "required": ["type", "text"], "properties": {"type": {"type": "string", "enum": ["text"]}, "text": {"type": "string"}}},
          {"type": "object", "required": ["type", "url"], "properties": {"type": {"type": "string", "enum": ["image"]}, "url": {"type": "string"}}}
        ]}
      }},
      "broken": {"type": "nonsense"}
    }
  }
}`

func load(t testing.TB, text string) *apispec.Description {
	t.Helper()
	d, err := apispec.Load(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// wantError fails unless err says all the words, or is nil if there are none.
func wantError(t *testing.T, err error, words ...string) {
	t.Helper()
	if len(words) == 0 {
		if err != nil {
			t.Errorf("unexpected error: %v", err)
		}
		return
	}
	for _, word := range words {
		if err == nil || !strings.Contains(err.Error(), word) {
			t.Errorf("error is %v, want it to say %q", err, word)
		}
	}
}

func TestLoad(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ text, want string }{
		"no JSON":        {"openapi: 3.0.0", "parse API description"},
		"Swagger 2":      {`{"swagger": "2.0"}`, `"openapi" is missing`},
		"future version": {`{"openapi": "4.0.0"}`, `version "4.0.0"`},
		"paths no map":   {`{"openapi": "3.1.0", "paths": []}`, "/paths"},
		"truncated":      {`{"openapi": "3.1.0", "paths": {`, "unexpected end"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := apispec.Load(strings.NewReader(test.text))
			wantError(t, err, test.want)
		})
	}
}

func TestDescriptionChecksRequests(t *testing.T) {
	t.Parallel()
	d := load(t, shop)
	for name, test := range map[string]struct {
		method, path, query, body, contentType, trace string
		want                                          []string
	}{
		"a good list":                   {method: "GET", path: "/repos/me/x/issues", query: "state=open&per_page=100&labels=1,2&deep=true"},
		"HEAD is GET":                   {method: "HEAD", path: "/repos/me/x/issues", query: "state=open"},
		"missing query parameter":       {method: "GET", path: "/repos/me/x/issues", want: []string{"GET /repos/{owner}/{repo}/issues", "query parameter state", "required"}},
		"value outside of the enum":     {method: "GET", path: "/repos/me/x/issues", query: "state=ajar", want: []string{`"ajar"`, "one of 'open', 'closed'"}},
		"number too large":              {method: "GET", path: "/repos/me/x/issues", query: "state=open&per_page=101", want: []string{"per_page", "maximum"}},
		"text for a number":             {method: "GET", path: "/repos/me/x/issues", query: "state=open&per_page=all", want: []string{"per_page", "want integer"}},
		"text in a list of numbers":     {method: "GET", path: "/repos/me/x/issues", query: "state=open&labels=1,b", want: []string{"labels"}},
		"number for a boolean":          {method: "GET", path: "/repos/me/x/issues", query: "state=open&deep=1", want: []string{"deep", "want boolean"}},
		"two values for one":            {method: "GET", path: "/repos/me/x/issues", query: "state=open&state=closed", want: []string{"state"}},
		"unknown query parameter":       {method: "GET", path: "/repos/me/x/issues", query: "state=open&perPage=3", want: []string{"query parameter perPage", "no such parameter"}},
		"shared path parameter":         {method: "GET", path: "/repos/m/x/issues", query: "state=open", want: []string{"path parameter owner", "minLength"}},
		"pattern of ECMAScript":         {method: "GET", path: "/repos/me/x/issues", query: "state=open", trace: "a\u2028b", want: []string{"header parameter X-Trace"}},
		"pattern of ECMAScript, good":   {method: "GET", path: "/repos/me/x/issues", query: "state=open", trace: "ab"},
		"unknown path":                  {method: "GET", path: "/repos/me/x", want: []string{"GET /repos/me/x", "no such path"}},
		"slash at the end":              {method: "GET", path: "/repos/me/x/issues/", want: []string{"no such path"}},
		"unknown method":                {method: "PUT", path: "/repos/me/x/issues", want: []string{"not with this method"}},
		"the literal path wins":         {method: "GET", path: "/repos/me/x/issues/latest"},
		"path parameter of wrong type":  {method: "GET", path: "/repos/me/x/issues/first", want: []string{"path parameter number", "want integer"}},
		"slashes in the last parameter": {method: "GET", path: "/files/a/b"},
		"an escaped slash":              {method: "GET", path: "/files/a%2Fb"},
		"slashes, bad":                  {method: "GET", path: "/files/a/c", want: []string{`"a/c"`}},

		"a good body":           {method: "POST", path: "/repos/me/x/issues", body: `{"title": "a", "state": null, "assignee": null, "score": 0.1}`},
		"no body":               {method: "POST", path: "/repos/me/x/issues", want: []string{"body", "required"}},
		"body without type":     {method: "POST", path: "/repos/me/x/issues", body: `{"title": "a"}`, contentType: "-", want: []string{"no Content-Type"}},
		"body of another type":  {method: "POST", path: "/repos/me/x/issues", body: `title=a`, contentType: "text/plain", want: []string{"text/plain", "want application/json"}},
		"body with charset":     {method: "POST", path: "/repos/me/x/issues", body: `{"title": "a"}`, contentType: "application/json; charset=utf-8"},
		"cut-off body":          {method: "POST", path: "/repos/me/x/issues", body: `{"title": "a`, want: []string{"not JSON"}},
		"body where none goes":  {method: "GET", path: "/repos/me/x/issues/latest", body: `{}`, want: []string{"takes none"}},
		"unknown property":      {method: "POST", path: "/repos/me/x/issues", body: `{"title": "a", "titel": "b"}`, want: []string{"/: ", "'titel' not allowed"}},
		"wrong type deep down":  {method: "POST", path: "/repos/me/x/issues", body: `{"title": "a", "parent": {"title": "b", "parent": {"title": 1}}}`, want: []string{"/parent/parent/title: got number, want string"}},
		"null that may not be":  {method: "POST", path: "/repos/me/x/issues", body: `{"title": null}`, want: []string{"/title: got null"}},
		"exclusive minimum":     {method: "POST", path: "/repos/me/x/issues", body: `{"title": "a", "score": 0}`, want: []string{"/score"}},
		"inside of a nullable":  {method: "POST", path: "/repos/me/x/issues", body: `{"title": "a", "assignee": {}}`, want: []string{"/assignee: missing property 'login'"}},
		"no date":               {method: "POST", path: "/repos/me/x/issues", body: `{"title": "a", "at": "today"}`, want: []string{"/at", "date-time"}},
		"the branch meant":      {method: "POST", path: "/repos/me/x/issues", body: `{"title": "a", "body": {"type": "image"}}`, want: []string{"/body: missing property 'url'"}},
		"no branch of a union":  {method: "POST", path: "/repos/me/x/issues", body: `{"title": "a", "body": {"type": "sound"}}`, want: []string{"/body/type", "'text'", "'image'"}},
		"no kind for the union": {method: "POST", path: "/repos/me/x/issues", body: `{"title": "a", "body": 7}`, want: []string{"/body: got number, want object"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			query, err := url.ParseQuery(test.query)
			if err != nil {
				t.Fatal(err)
			}
			header := http.Header{}
			switch {
			case test.contentType == "" && test.body != "":
				header.Set("Content-Type", "application/json")
			case test.contentType != "-":
				header.Set("Content-Type", test.contentType)
			}
			if test.trace != "" {
				header.Set("X-Trace", test.trace)
			}
			wantError(t, d.CheckRequest(test.method, test.path, query, header, []byte(test.body)), test.want...)
		})
	}
}

func TestDescriptionChecksResponses(t *testing.T) {
	t.Parallel()
	d := load(t, shop)
	for name, test := range map[string]struct {
		method, path string
		status       int
		contentType  string
		body         string
		want         []string
	}{
		"a good list":                {"GET", "/repos/me/x/issues", 200, "application/json; charset=utf-8", `[{"title": "a"}]`, nil},
		"wrong item":                 {"GET", "/repos/me/x/issues", 200, "application/json", `[{"title": "a"}, {}]`, []string{"response 200 to GET /repos/{owner}/{repo}/issues", "/1: missing property 'title'"}},
		"no body":                    {"GET", "/repos/me/x/issues", 200, "application/json", ``, []string{"body: it is missing"}},
		"no body to HEAD":            {"HEAD", "/repos/me/x/issues", 200, "", ``, nil},
		"wrong content type":         {"GET", "/repos/me/x/issues", 200, "text/html", `<p>`, []string{"text/html"}},
		"no content type":            {"GET", "/repos/me/x/issues", 200, "", `[]`, []string{"content type"}},
		"a class of statuses":        {"GET", "/repos/me/x/issues", 404, "application/problem+json", `{"message": "no"}`, nil},
		"a class of statuses, wrong": {"GET", "/repos/me/x/issues", 404, "application/problem+json", `{}`, []string{"'message'"}},
		"undescribed status":         {"GET", "/repos/me/x/issues", 500, "application/json", `{}`, []string{"not described"}},
		"body where none goes":       {"GET", "/repos/me/x/issues/latest", 204, "application/json", `{}`, []string{"none is described"}},
		"default without a body":     {"GET", "/repos/me/x/issues/3", 418, "", ``, nil},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantError(t, d.CheckResponse(test.method, test.path, test.status, test.contentType, []byte(test.body)), test.want...)
		})
	}
}

func TestCheckSchema(t *testing.T) {
	t.Parallel()
	d := load(t, shop)
	wantError(t, d.CheckSchema("user", []byte(`{"login": "a"}`)))
	wantError(t, d.CheckSchema("user", []byte(`{"login": 1}`)), "schema user", "/login: got number, want string")
	wantError(t, d.CheckSchema("nobody", []byte(`{}`)), "schema nobody", "no such schema")
	wantError(t, d.CheckSchema("broken", []byte(`{}`)), "/components/schemas/broken")
}

func TestReferencesThatLeadNowhere(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct{ ref, want string }{
		"in a circle": {"#/components/requestBodies/a", "circle"},
		"outside":     {"https://example.org/body.json", "outside of the description"},
		"missing":     {"#/components/requestBodies/b", "nothing at /components/requestBodies/b"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			d := load(t, `{"openapi": "3.1.0", "paths": {"/": {"post": {"requestBody": {"$ref": "#/components/requestBodies/a"}}}},
				"components": {"requestBodies": {"a": {"$ref": "`+test.ref+`"}}}}`)
			wantError(t, d.CheckRequest("POST", "/", nil, nil, []byte("x")), "POST /", test.want)
		})
	}
}

func TestTrim(t *testing.T) {
	t.Parallel()
	data, err := apispec.Trim(strings.NewReader(shop), []string{"/repos/{owner}/{repo}/issues"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	d := load(t, string(data))
	header := http.Header{"Content-Type": {"application/json"}}
	wantError(t, d.CheckRequest("POST", "/repos/me/x/issues", nil, header, []byte(`{"title": "a", "assignee": {}}`)), "/assignee")
	wantError(t, d.CheckRequest("GET", "/repos/me/x/issues/latest", nil, nil, nil), "no such path")
	wantError(t, d.CheckSchema("broken", []byte(`{}`)), "no such schema")
	_, err = apispec.Trim(strings.NewReader(shop), []string{"/nowhere"}, nil)
	wantError(t, err, "/nowhere")
}
