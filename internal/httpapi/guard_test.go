package httpapi_test

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// knock sends a request as somebody from outside would.
func (w *world) knock(t *testing.T, method, url string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, url, nil)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	answer := httptest.NewRecorder()
	w.handler.ServeHTTP(answer, r)
	return answer
}

func TestLoopback(t *testing.T) {
	t.Parallel()
	w := newWorld(t, func(o *httpapi.Options) { o.CORSOrigins = []string{"https://dashboard.example"} })
	for _, c := range []struct {
		name, method, url string
		header            []string
		status            int
	}{
		{"localhost", "GET", "http://localhost:8080/api/jobs", nil, 200},
		{"localhost without a port", "GET", "http://LOCALHOST/api/jobs", nil, 200},
		{"127.0.0.1", "GET", "http://127.0.0.1:9/api/jobs", nil, 200},
		{"IPv6", "GET", "http://[::1]:8080/api/jobs", nil, 200},
		{"DNS rebinding", "GET", "http://evil.example:8080/api/jobs", nil, 403},
		{"DNS rebinding of the dashboard", "GET", "http://evil.example:8080/", nil, 403},
		{"a name that begins well", "GET", "http://localhost.evil.example/api/jobs", nil, 403},
		{"another address of this machine", "GET", "http://127.0.0.2/api/jobs", nil, 403},
		{"own page", "POST", "http://localhost:8080/api/jobs", []string{"Origin", "http://localhost:8080", "Sec-Fetch-Site", "same-origin"}, 415},
		{"foreign page", "POST", "http://localhost:8080/api/jobs", []string{"Origin", "https://evil.example"}, 403},
		{"foreign page that reads", "GET", "http://localhost:8080/api/jobs", []string{"Origin", "https://evil.example"}, 403},
		{"page on another port", "POST", "http://localhost:8080/api/jobs", []string{"Origin", "http://localhost:3000"}, 403},
		{"page in a sandbox", "POST", "http://localhost:8080/api/jobs", []string{"Origin", "null"}, 403},
		{"foreign page without an Origin", "GET", "http://localhost:8080/api/jobs", []string{"Sec-Fetch-Site", "cross-site"}, 403},
		{"allowed page", "POST", "http://localhost:8080/api/jobs", []string{"Origin", "https://dashboard.example", "Sec-Fetch-Site", "cross-site"}, 415},
		{"preflight of an allowed page", "OPTIONS", "http://localhost:8080/api/jobs", []string{"Origin", "https://dashboard.example", "Access-Control-Request-Method", "POST"}, 204},
		{"preflight of a foreign page", "OPTIONS", "http://localhost:8080/api/jobs", []string{"Origin", "https://evil.example", "Access-Control-Request-Method", "POST"}, 403},
		{"link to the dashboard", "GET", "http://localhost:8080/jobs/1", []string{"Sec-Fetch-Site", "cross-site", "Sec-Fetch-Mode", "navigate"}, 200},
		{"health", "GET", "http://localhost:8080/api/health", nil, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			answer := w.knock(t, c.method, c.url, c.header...)
			if answer.Code != c.status {
				t.Errorf("status %d, want %d: %s", answer.Code, c.status, answer.Body)
			}
			allowed := answer.Header().Get("Access-Control-Allow-Origin")
			if want := strings.Contains(c.name, "allowed page"); want != (allowed == "https://dashboard.example") || !want && allowed != "" {
				t.Errorf("Access-Control-Allow-Origin is %q", allowed)
			}
		})
	}
}

func TestToken(t *testing.T) {
	t.Parallel()
	const token = "a-very-secret-token"
	w := newWorld(t, func(o *httpapi.Options) { o.Token, o.Loopback = token, false })
	for _, c := range []struct {
		name, url, authorization string
		status                   int
	}{
		{"none", "http://cody.example/api/jobs", "", 401},
		{"wrong", "http://cody.example/api/jobs", "Bearer wrong", 401},
		{"a part", "http://cody.example/api/jobs", "Bearer " + token[:5], 401},
		{"wrong scheme", "http://cody.example/api/jobs", "Basic " + token, 401},
		{"no scheme", "http://cody.example/api/jobs", token, 401},
		{"right", "http://cody.example/api/jobs", "Bearer " + token, 200},
		{"right in another case of the scheme", "http://cody.example/api/jobs", "bearer  " + token, 200},
		{"unknown address without", "http://cody.example/api/nothing", "", 401},
		{"other spelling of the address", "http://cody.example/%61pi/jobs", "", 401},
		{"health without", "http://cody.example/api/health", "", 200},
		{"description without", "http://cody.example/api/openapi.json", "", 200},
		{"configuration without", "http://cody.example/config.json", "", 200},
		{"dashboard without", "http://cody.example/", "", 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			answer := w.knock(t, http.MethodGet, c.url, "Authorization", c.authorization, "Origin", "https://anything.example")
			if answer.Code != c.status {
				t.Errorf("status %d, want %d: %s", answer.Code, c.status, answer.Body)
			}
			if got := answer.Header().Get("WWW-Authenticate"); (c.status == 401) != strings.HasPrefix(got, "Bearer") {
				t.Errorf("WWW-Authenticate %q", got)
			}
		})
	}
	t.Cleanup(func() {
		if strings.Contains(w.log.String(), token) {
			t.Error("the token is in the log")
		}
	})
}

func TestNobodyIsLetInByAccident(t *testing.T) {
	t.Parallel()
	closed := newWorld(t, func(o *httpapi.Options) { o.Loopback = false })
	if answer := closed.knock(t, http.MethodGet, "http://cody.example/api/jobs"); answer.Code != http.StatusUnauthorized || !strings.Contains(answer.Body.String(), "API_TOKEN") {
		t.Errorf("off loopback without a token: %d %s", answer.Code, answer.Body)
	}
}

func TestOpenToAllButToTheirWebPages(t *testing.T) {
	t.Parallel()
	open := newWorld(t, func(o *httpapi.Options) {
		o.Loopback, o.Open, o.Address, o.CORSOrigins = false, true, "[::]:8080", []string{"https://cody.example"}
	})
	anyPage := newWorld(t, func(o *httpapi.Options) { o.Loopback, o.Open, o.CORSOrigins = false, true, []string{"*"} })
	lambda := newWorld(t, func(o *httpapi.Options) { o.Loopback, o.Open, o.Address = false, true, "" })
	withToken := newWorld(t, func(o *httpapi.Options) { o.Loopback, o.Open, o.Token = false, true, "a-very-secret-token" })
	for _, c := range []struct {
		name   string
		w      *world
		url    string
		origin string
		status int
	}{
		{"an IP address", open, "http://192.0.2.7:8080/api/jobs", "", 200},
		{"an IPv6 address", open, "http://[2001:db8::7]:8080/api/jobs", "", 200},
		{"an IPv6 address of a link", open, "http://[fe80::1%25eth0]:8080/api/jobs", "", 200},
		{"this machine", open, "http://localhost:8080/api/jobs", "", 200},
		{"a name that is known", open, "http://Cody.example:8080/api/jobs", "", 200},
		{"own page by an IP address", open, "http://192.0.2.7:8080/api/jobs", "http://192.0.2.7:8080", 200},
		{"known page", open, "http://192.0.2.7:8080/api/jobs", "https://cody.example", 200},
		{"foreign page", open, "http://192.0.2.7:8080/api/jobs", "https://evil.example", 403},
		{"DNS rebinding", open, "http://evil.example:8080/api/jobs", "http://evil.example:8080", 403},
		{"DNS rebinding without an Origin", open, "http://evil.example:8080/api/jobs", "", 403},
		{"DNS rebinding of the dashboard", open, "http://evil.example:8080/", "", 403},
		{"a name that ends well", open, "http://evil.cody.example:8080/api/jobs", "", 403},
		{"any page, as configured", anyPage, "http://evil.example:8080/api/jobs", "http://evil.example:8080", 200},
		{"a gateway's name", lambda, "https://abc.execute-api.example/api/jobs", "", 200},
		{"any name with a token", withToken, "http://any.example/api/health", "", 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			answer := c.w.knock(t, http.MethodGet, c.url, "Origin", c.origin)
			if answer.Code != c.status {
				t.Errorf("status %d, want %d: %s", answer.Code, c.status, answer.Body)
			}
		})
	}
}

func TestSite(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	lambda := newWorld(t, func(o *httpapi.Options) { o.BasePath, o.LongEvents, o.Dashboard = "", false, nil })
	for _, c := range []struct {
		name   string
		w      *world
		path   string
		status int
		body   string
	}{
		{"dashboard", w, "/", 200, "dashboard"},
		{"dashboard's own routes", w, "/jobs/1?tab=groups", 200, "dashboard"},
		{"configuration", w, "/config.json", 200, `{"apiBaseUrl":"/api","live":"auto","version":"1.2.3","authorization":"none","rehearsal":false,`},
		{"description", w, "/openapi.json", 200, `"openapi":"3.1.0"`},
		{"description below the API", w, "/api/openapi.json", 200, `"openapi":"3.1.0"`},
		{"unknown below the API", w, "/api/nothing", 404, `"code":"not_found"`},
		{"the API itself", w, "/api", 404, `"code":"not_found"`},
		{"almost the API", w, "/apis", 200, "dashboard"},
		{"API at the root", lambda, "/jobs", 200, `"jobs":[]`},
		{"configuration at the root", lambda, "/config.json", 200, `{"apiBaseUrl":".","live":"poll","version":"1.2.3",`},
		{"description at the root", lambda, "/openapi.json", 200, `"url":"/"`},
		{"unknown at the root", lambda, "/", 404, `"code":"not_found"`},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			answer := c.w.knock(t, http.MethodGet, "http://localhost"+c.path)
			if answer.Code != c.status || !strings.Contains(answer.Body.String(), c.body) {
				t.Errorf("%d %.300s, want %d %s", answer.Code, answer.Body, c.status, c.body)
			}
			header := answer.Header()
			if header.Get("X-Content-Type-Options") != "nosniff" || !strings.HasPrefix(header.Get("Content-Security-Policy"), "default-src 'none'") || header.Get("X-Request-Id") != "request-1" {
				t.Errorf("headers %v", header)
			}
		})
	}
}
