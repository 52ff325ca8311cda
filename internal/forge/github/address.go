package github

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"strings"
)

// address is where a GitHub lives: its REST API, and the place of its git
// repositories that follows from it.
type address struct {
	api     *url.URL // ends in "/"
	graphQL string   // the other API's address
	git     string   // ends in "/"; owner/name.git follows
	host    string   // of the git repositories, as allow-lists spell it
	limited bool     // GitHub's documented limits hold; else answers tell
}

// parseAddress reads the value of GITHUB_API_URL. Its errors quote the value only
// when it can't hold a password.
func parseAddress(raw string) (address, error) {
	raw = strings.TrimSpace(raw)
	if raw == "" {
		raw = "https://api.github.com"
	}
	u, err := url.Parse(raw)
	if err != nil { // url.Parse quotes its input, passwords too
		return address{}, errors.New("not an address; want for example https://ghe.example/api/v3")
	}
	if u.User != nil {
		return address{}, errors.New("there is a user name or password in the address; put the token into GITHUB_TOKEN")
	}
	if u.Scheme == "" || u.Host == "" || u.Opaque != "" {
		return address{}, fmt.Errorf("%q is not a whole address; want for example https://ghe.example/api/v3", raw)
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return address{}, fmt.Errorf("%q: want https, not %s", raw, u.Scheme)
	case u.Scheme == "http" && !loopback(u.Hostname()):
		return address{}, fmt.Errorf("%q: want https; over http the token could be read on the way", raw)
	case u.RawQuery != "" || u.Fragment != "":
		return address{}, fmt.Errorf("%q: want no query and no fragment", raw)
	}
	u.Scheme, u.Host = strings.ToLower(u.Scheme), strings.ToLower(u.Host)
	path := strings.TrimRight(u.Path, "/")
	git := url.URL{Scheme: u.Scheme, Host: u.Host}
	switch {
	case strings.HasPrefix(u.Host, "api.") && path == "":
		git.Host = strings.TrimPrefix(u.Host, "api.")
	case u.Host == "github.com" || u.Host == "www.github.com":
		return address{}, fmt.Errorf("%q: the API of github.com is https://api.github.com", raw)
	case strings.HasSuffix(path, "/api/v3"):
		git.Path = strings.TrimSuffix(path, "/api/v3")
	default:
		return address{}, fmt.Errorf("%q: the API of GitHub Enterprise Server ends in /api/v3", raw)
	}
	graphQL := *u
	graphQL.Path, graphQL.RawPath = strings.TrimSuffix(path, "/v3")+"/graphql", ""
	u.Path, u.RawPath = path+"/", ""
	return address{
		api:     u,
		graphQL: graphQL.String(),
		git:     strings.TrimRight(git.String(), "/") + "/",
		host:    git.Host,
		// Enterprise Server has no limits until its administrator sets some;
		// source: docs.github.com, "Rate limits for the REST API".
		limited: git.Host == "github.com" || strings.HasSuffix(git.Host, ".ghe.com"),
	}, nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}
