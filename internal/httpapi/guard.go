package httpapi

import (
	"crypto/sha256"
	"crypto/subtle"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strings"
)

// dashboardPolicy lets the dashboard load what the server itself hands out, and
// nothing else. The diff viewer styles its lines inline; WebAssembly
// highlights diffs. The API that it talks to is of its own origin, event streams
// included, so connect-src 'self' is all; it has no manifest, frames, media or objects,
// which default-src refuses.
const dashboardPolicy = "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; " +
	"img-src 'self' data:; font-src 'self'; connect-src 'self'; worker-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'"

// apiPolicy makes sure that no answer of the API does anything in a browser.
const apiPolicy = "default-src 'none'; frame-ancestors 'none'"

// guard lets in who may come in: it knows the headers that keep browsers honest,
// the Host that keeps DNS rebinding out, the Origin that keeps other web pages
// out, and the token.
func (a *api) guard(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		isAPI := a.isAPI(r.URL.Path)
		a.setHeaders(w.Header(), isAPI)
		if problem := a.refuseHost(r); problem != nil {
			writeProblem(w, r, a.Log, problem)
			return
		}
		if !isAPI {
			next.ServeHTTP(w, r)
			return
		}
		origin := r.Header.Get("Origin")
		if a.allowsOrigin(origin) {
			allowOrigin(w.Header(), origin)
			if r.Method == http.MethodOptions && r.Header.Get("Access-Control-Request-Method") != "" {
				w.WriteHeader(http.StatusNoContent)
				return
			}
		}
		if problem := a.refuse(r, origin); problem != nil {
			writeProblem(w, r, a.Log, problem)
			return
		}
		next.ServeHTTP(w, r)
	})
}

// isAPI tells the API from the dashboard and from what anybody may read.
func (a *api) isAPI(path string) bool {
	if path == "/openapi.json" || path == "/config.json" {
		return false
	}
	return a.BasePath == "" || path == a.BasePath || strings.HasPrefix(path, a.BasePath+"/")
}

func (a *api) setHeaders(header http.Header, isAPI bool) {
	header.Set("X-Content-Type-Options", "nosniff")
	header.Set("Referrer-Policy", "no-referrer")
	header.Set("Cross-Origin-Opener-Policy", "same-origin")
	header.Set("Cross-Origin-Resource-Policy", "same-origin")
	if isAPI {
		header.Set("Content-Security-Policy", apiPolicy)
		header.Set("Cache-Control", "no-store")
		return
	}
	header.Set("Content-Security-Policy", dashboardPolicy)
}

// refuse says why a request to the API is not let in, or nil.
func (a *api) refuse(r *http.Request, origin string) *Problem {
	if a.isPublic(r) {
		return nil
	}
	if a.needsToken() {
		return a.refuseToken(r)
	}
	// Without a token, it is the browser that vouches for who is asking.
	isForeign := origin != "" && !sameOrigin(origin, r.Host)
	isCrossSite := r.Header.Get("Sec-Fetch-Site") == "cross-site"
	if (isForeign || isCrossSite) && !a.allowsOrigin(origin) {
		return newProblem(http.StatusForbidden, codeForbidden,
			"another web page may not use this API; whoever runs the server can allow its origin with CORS_ALLOWED_ORIGINS")
	}
	return nil
}

// needsToken reports whether the API wants a token, also where none is set and so
// nobody can have it.
func (a *api) needsToken() bool { return a.Token != "" || !a.Loopback && !a.Open }

// isPublic is true for what tells nothing that is worth a token.
func (a *api) isPublic(r *http.Request) bool {
	isRead := r.Method == http.MethodGet || r.Method == http.MethodHead
	return isRead && (r.URL.Path == a.BasePath+"/health" || r.URL.Path == a.BasePath+"/openapi.json")
}

func (a *api) refuseToken(r *http.Request) *Problem {
	if a.Token == "" {
		return newProblem(http.StatusUnauthorized, codeUnauthorized,
			"this server listens beyond its own machine without an API_TOKEN, and so lets nobody in; set API_TOKEN, or API_AUTHORIZATION=none to let in everybody")
	}
	scheme, given, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	// Hashes have one length: the comparison tells nothing about the token's.
	want, got := sha256.Sum256([]byte(a.Token)), sha256.Sum256([]byte(strings.TrimSpace(given)))
	if !strings.EqualFold(scheme, "Bearer") || subtle.ConstantTimeCompare(want[:], got[:]) != 1 {
		return newProblem(http.StatusUnauthorized, codeUnauthorized, "send the server's API token as Authorization: Bearer <token>")
	}
	return nil
}

// refuseHost keeps names that merely point to this machine (DNS rebinding) out of
// a server that wants no token, because it trusts its own machine or everybody who
// can connect. A web page of such a name would be of the server's own origin.
func (a *api) refuseHost(r *http.Request) *Problem {
	host := hostName(r.Host)
	_, notIP := netip.ParseAddr(host)
	isOwn := isLocal(host) || (a.Address != "" && strings.EqualFold(r.Host, a.Address))
	switch {
	case isOwn:
		return nil
	case a.Loopback:
		return newProblem(http.StatusForbidden, codeForbidden,
			"this server is for its own machine; address it as localhost or 127.0.0.1")
	case a.Token != "" || !a.Open || a.Address == "" || notIP == nil || a.isOriginHost(host):
		// A token, or a gateway that goes by Host itself, keeps such pages out; an
		// IP address is no name that somebody could point elsewhere.
		return nil
	default:
		return newProblem(http.StatusForbidden, codeForbidden, fmt.Sprintf(
			"without a token this server answers to IP addresses and to names that it knows, so that no web page can pass for its own; whoever runs it can add http://%.100s to CORS_ALLOWED_ORIGINS", r.Host))
	}
}

// isOriginHost reports whether a web page from a host of that name may use the API.
func (a *api) isOriginHost(host string) bool {
	return slices.ContainsFunc(a.CORSOrigins, func(origin string) bool {
		u, err := url.Parse(origin)
		return origin == "*" || err == nil && strings.EqualFold(u.Hostname(), host)
	})
}

func isLocal(host string) bool {
	return strings.EqualFold(host, "localhost") || host == "127.0.0.1" || host == "::1"
}

// hostName drops port and brackets.
func hostName(hostPort string) string {
	host, _, err := net.SplitHostPort(hostPort)
	if err != nil {
		host = hostPort
	}
	return strings.TrimSuffix(strings.TrimPrefix(host, "["), "]")
}

func (a *api) allowsOrigin(origin string) bool {
	return origin != "" && (slices.Contains(a.CORSOrigins, origin) || slices.Contains(a.CORSOrigins, "*"))
}

// sameOrigin reports whether a page of the origin came from the host that it now
// talks to. The scheme is left out: a proxy may have added TLS.
func sameOrigin(origin, host string) bool {
	u, err := url.Parse(origin)
	return err == nil && u.Host != "" && strings.EqualFold(u.Host, host)
}

func allowOrigin(header http.Header, origin string) {
	header.Set("Access-Control-Allow-Origin", origin)
	header.Add("Vary", "Origin")
	header.Set("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS")
	header.Set("Access-Control-Allow-Headers", "Authorization, Content-Type, Idempotency-Key, Last-Event-ID, X-Request-Id")
	header.Set("Access-Control-Expose-Headers", "Location, Retry-After, Idempotency-Replayed, Content-Disposition, X-Request-Id")
	header.Set("Access-Control-Max-Age", "600")
}
