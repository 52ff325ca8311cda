package git_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/git"
)

const (
	username = "x-access-token"
	password = "s3cret-p4ssw0rd-%\"\\#;"
)

type serveOptions struct {
	private   bool // wants username and password
	headsOnly bool // speaks protocol 0, which hands out heads of branches only
	watch     func(r *http.Request)
}

type server struct {
	url      string
	mu       sync.Mutex
	requests []string // status and path of each
}

// serve serves the repositories of a folder as git's own server does.
func serve(t *testing.T, dir string, options serveOptions) *server {
	t.Helper()
	path, err := exec.LookPath("git")
	if err != nil {
		t.Fatal(err)
	}
	backend := &cgi.Handler{
		Path: path, Args: []string{"http-backend"}, Dir: dir,
		Env: []string{
			"GIT_PROJECT_ROOT=" + dir, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=somebody", "GIT_CONFIG_NOSYSTEM=1",
			"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*", "HOME=/nonexistent",
		},
		Stderr: io.Discard,
	}
	s := &server{}
	http := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if options.watch != nil {
			options.watch(r)
		}
		if options.headsOnly {
			r.Header.Del("Git-Protocol")
		}
		if user, pass, _ := r.BasicAuth(); options.private && (user != username || pass != password) {
			s.note("401 " + r.URL.Path)
			w.Header().Set("WWW-Authenticate", `Basic realm="x"`)
			http.Error(w, "who are you?", http.StatusUnauthorized)
			return
		}
		s.note("200 " + r.URL.Path)
		r.Header.Del("Authorization") // a CGI program would get it in its environment
		backend.ServeHTTP(w, r)
	}))
	t.Cleanup(http.Close)
	s.url = http.URL
	return s
}

func (s *server) note(request string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, request)
}

func credential(user, pass string) git.Credential {
	return func(context.Context) (string, string, error) { return user, pass, nil }
}

func checkoutFrom(t *testing.T, remote git.Remote, commit string) (*git.Workspace, string, string, error) {
	t.Helper()
	gitDir, work := folders(t)
	w, err := git.Checkout(t.Context(), git.CheckoutOptions{Remote: remote, Branch: "main", Commit: commit, GitDir: gitDir, WorkTree: work})
	return w, work, gitDir, err
}

func TestCredentialIsSentAtOnceAndLeftNowhere(t *testing.T) {
	t.Parallel()
	origin, base := newOrigin(t, nil)
	sh(t, origin, "git", "config", "http.receivepack", "true")
	var mu sync.Mutex
	var seen bytes.Buffer // arguments and environment of every git process while the server answers
	s := serve(t, filepath.Dir(origin), serveOptions{private: true, watch: func(*http.Request) {
		mu.Lock()
		defer mu.Unlock()
		for _, pattern := range []string{"/proc/[0-9]*/cmdline", "/proc/[0-9]*/environ"} {
			files, _ := filepath.Glob(pattern)
			for _, file := range files {
				content, _ := os.ReadFile(file)
				seen.Write(content)
			}
		}
	}})
	remote := git.Remote{URL: s.url + "/origin.git", Credential: credential(username, password)}
	w, work, gitDir, err := checkoutFrom(t, remote, base)
	if err != nil {
		t.Fatal(err)
	}
	if err := w.LendGit(t.Context()); err != nil {
		t.Fatal(err)
	}
	write(t, work, "new", "n\n")
	commit, err := w.Commit(t.Context(), snapshot(t, w), commitOptions())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Push(t.Context(), remote, commit, "b", ""); err != nil {
		t.Fatal(err)
	}
	if head, err := git.RemoteHead(t.Context(), remote, "b"); err != nil || head != commit {
		t.Errorf("the branch is at %s, %v", head, err)
	}
	if _, err := w.FetchCommit(t.Context(), remote, commit); err != nil {
		t.Error(err)
	}
	for _, request := range s.requests {
		if strings.HasPrefix(request, "401") {
			t.Errorf("the credential was not sent at once: %q", s.requests)
			break
		}
	}
	encoded := "eC1hY2Nlc3MtdG9rZW46" // the beginning, of "x-access-token:"
	if strings.Contains(seen.String(), password) || strings.Contains(seen.String(), encoded) {
		t.Error("the credential is in an argument or in the environment")
	}
	for _, dir := range []string{work, gitDir} {
		err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			content, err := os.ReadFile(path)
			if bytes.Contains(content, []byte(password)) || bytes.Contains(content, []byte(encoded)) {
				t.Errorf("the credential is in %s", path)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	}
}

func TestRequestsAreFew(t *testing.T) {
	t.Parallel()
	origin, base := newOrigin(t, nil)
	sh(t, origin, "git", "config", "http.receivepack", "true")
	s := serve(t, filepath.Dir(origin), serveOptions{private: true})
	remote := git.Remote{URL: s.url + "/origin.git", Credential: credential(username, password)}
	w, work, _, err := checkoutFrom(t, remote, base)
	if err != nil {
		t.Fatal(err)
	}
	if len(s.requests) > 2 {
		t.Errorf("a checkout takes %q", s.requests)
	}
	s.requests = nil
	write(t, work, "new", "n\n")
	commit, err := w.Commit(t.Context(), snapshot(t, w), commitOptions())
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Push(t.Context(), remote, commit, "b", ""); err != nil {
		t.Fatal(err)
	}
	if len(s.requests) > 2 {
		t.Errorf("a push takes %q", s.requests)
	}
}

func TestRefusedCredentialIsUnauthorizedAndNotShown(t *testing.T) {
	t.Parallel()
	origin, base := newOrigin(t, nil)
	s := serve(t, filepath.Dir(origin), serveOptions{private: true})
	for name, wrong := range map[string]git.Credential{"wrong": credential(username, "wr0ng-p4ssw0rd"), "none": nil} {
		remote := git.Remote{URL: s.url + "/origin.git", Credential: wrong}
		if _, _, _, err := checkoutFrom(t, remote, base); !errors.Is(err, git.ErrUnauthorized) || strings.Contains(err.Error(), "wr0ng") {
			t.Errorf("%s: checkout: %v", name, err)
		}
		if _, err := git.RemoteHead(t.Context(), remote, "main"); !errors.Is(err, git.ErrUnauthorized) {
			t.Errorf("%s: branch: %v", name, err)
		}
	}
	broken := errors.New("no token to be had")
	remote := git.Remote{URL: s.url + "/origin.git", Credential: func(context.Context) (string, string, error) { return "", "", broken }}
	if _, _, _, err := checkoutFrom(t, remote, base); !errors.Is(err, broken) {
		t.Errorf("a credential that can't be had: %v", err)
	}
	remote = git.Remote{URL: s.url + "/missing.git", Credential: credential(username, password)}
	if _, _, _, err := checkoutFrom(t, remote, base); !errors.Is(err, git.ErrNotFound) {
		t.Errorf("a repository that is not there: %v", err)
	}
}

func TestRedirectDoesNotGetTheCredential(t *testing.T) {
	t.Parallel()
	origin, base := newOrigin(t, nil)
	asked := make(chan *http.Request, 10)
	elsewhere := serve(t, filepath.Dir(origin), serveOptions{watch: func(r *http.Request) { asked <- r }})
	for _, status := range []int{http.StatusMovedPermanently, http.StatusFound, http.StatusTemporaryRedirect} {
		redirects := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, elsewhere.url+r.URL.RequestURI(), status)
		}))
		t.Cleanup(redirects.Close)
		remote := git.Remote{URL: redirects.URL + "/origin.git", Credential: credential(username, password)}
		_, _, _, err := checkoutFrom(t, remote, base)
		if err == nil || !strings.Contains(err.Error(), "redirect") {
			t.Errorf("%d: the error is %v", status, err)
		}
	}
	if len(asked) > 0 {
		t.Errorf("the other host was asked, with %v", (<-asked).Header)
	}
}

func TestServersWordsAreCleaned(t *testing.T) {
	t.Parallel()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, pass, _ := r.BasicAuth()
		w.Header().Set("Content-Type", "text/plain")
		w.WriteHeader(http.StatusInternalServerError)
		_, _ = io.WriteString(w, "\x1b]0;title\x07\x1b[31mgot "+user+":"+pass+" at https://bob:hunter2@example.com/"+strings.Repeat(" too much", 10_000))
	}))
	t.Cleanup(s.Close)
	_, err := git.RemoteHead(t.Context(), git.Remote{URL: s.URL + "/x.git", Credential: credential(username, password)}, "main")
	if err == nil {
		t.Fatal("a broken server is fine")
	}
	text := err.Error()
	if strings.Contains(text, password) || strings.Contains(text, "hunter2") || strings.ContainsAny(text, "\x1b\x07") || len(text) > 4096 {
		t.Errorf("the error is %d bytes: %q", len(text), text)
	}
}
