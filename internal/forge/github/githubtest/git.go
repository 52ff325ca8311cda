package githubtest

import (
	"bytes"
	"fmt"
	"io"
	"log"
	"net/http"
	"net/http/cgi"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"time"
)

// git serves the repositories by `git http-backend`, to those who bring the
// token.
func (s *Server) git() http.Handler {
	backend := filepath.Join(strings.TrimSpace(s.run("", nil, "--exec-path")), "git-http-backend")
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		user, password, ok := r.BasicAuth()
		if !ok || user != "x-access-token" || password != s.Token {
			w.Header().Set("WWW-Authenticate", `Basic realm="GitHub"`)
			http.Error(w, "Invalid username or token.", http.StatusUnauthorized)
			return
		}
		owner, rest, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		name, rest, _ := strings.Cut(rest, "/")
		repo := s.repository(owner, strings.TrimSuffix(name, ".git"))
		if repo == nil {
			http.Error(w, "Repository not found.", http.StatusNotFound)
			return
		}
		// CGI wants to know how long the body is, and git sends large packs in
		// chunks.
		body, err := io.ReadAll(r.Body)
		if err != nil {
			return // the client has gone
		}
		s.mu.Lock()
		onGit := s.onGit
		s.mu.Unlock()
		if onGit != nil {
			onGit(r)
		}
		r.Body, r.ContentLength, r.TransferEncoding = io.NopCloser(bytes.NewReader(body)), int64(len(body)), nil
		r.Header.Del("Authorization") // not for the environment of other programs
		r.URL.Path, r.URL.RawPath = "/"+repo.dir+"/"+rest, ""
		isPush := strings.HasSuffix(rest, "git-receive-pack") && r.Method == http.MethodPost
		handler := cgi.Handler{
			Path:       backend,
			Dir:        s.root,
			Env:        append(environment(), "GIT_PROJECT_ROOT="+s.root, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER="+user),
			InheritEnv: []string{"PATH"},
			Logger:     log.New(io.Discard, "", 0),
			Stderr:     io.Discard,
		}
		handler.ServeHTTP(w, r)
		if isPush {
			s.mu.Lock()
			repo.pushedAt = time.Now()
			s.mu.Unlock()
		}
	})
}

// OnGit calls f in the middle of every git request with good credentials, while
// the program that asks is waiting for the answer.
func (s *Server) OnGit(f func(r *http.Request)) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.onGit = f
}

// GitDir is the bare repository behind a name.
func (s *Server) GitDir(name string) string {
	owner, rest, _ := strings.Cut(name, "/")
	repo := s.repository(owner, rest)
	if repo == nil {
		s.t.Fatalf("no repository %s", name)
	}
	return filepath.Join(s.root, repo.dir)
}

// Push commits files on top of a branch, as somebody else would, and returns the
// commit. A branch that does not exist begins at the default branch. A nil map
// makes an empty commit.
func (s *Server) Push(name, branch string, files map[string]string) string {
	dir := s.GitDir(name)
	parent := s.head(dir, branch)
	if parent == "" {
		parent = s.head(dir, strings.TrimSpace(s.run(dir, nil, "symbolic-ref", "--short", "HEAD")))
	}
	s.commit(dir, branch, parent, files)
	return s.head(dir, branch)
}

// Head is the commit of a branch, or "".
func (s *Server) Head(name, branch string) string { return s.head(s.GitDir(name), branch) }

func (s *Server) head(dir, branch string) string {
	cmd := exec.Command("git", "--git-dir", dir, "rev-parse", "--verify", "--quiet", "refs/heads/"+branch+"^{commit}")
	cmd.Env = append(environment(), "PATH="+os.Getenv("PATH"))
	out, _ := cmd.Output() // an exit status of 1 says that there is none
	return strings.TrimSpace(string(out))
}

// commit writes one commit with git fast-import.
func (s *Server) commit(dir, branch, parent string, files map[string]string) {
	var in bytes.Buffer
	fmt.Fprintf(&in, "commit refs/heads/%s\ncommitter Octo Cat <octo@example.com> %d +0000\ndata 4\nseed\n", branch, 1_700_000_000)
	if parent != "" {
		fmt.Fprintf(&in, "from %s\n", parent)
	}
	var paths []string
	for path := range files {
		paths = append(paths, path)
	}
	slices.Sort(paths)
	for _, path := range paths {
		fmt.Fprintf(&in, "M 100644 inline %q\ndata %d\n%s\n", path, len(files[path]), files[path])
	}
	s.run(dir, &in, "fast-import", "--quiet", "--force")
}

// run runs git and fails the test if it fails.
func (s *Server) run(dir string, in io.Reader, args ...string) string {
	s.t.Helper()
	cmd := exec.Command("git", args...)
	cmd.Dir, cmd.Stdin = dir, in
	cmd.Env = append(environment(), "PATH="+os.Getenv("PATH"))
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		s.t.Errorf("git %s: %v: %s", strings.Join(args, " "), err, stderr.String())
	}
	return string(out)
}

// environment keeps the machine's git configuration out.
func environment() []string {
	return []string{"GIT_CONFIG_NOSYSTEM=1", "GIT_CONFIG_GLOBAL=" + os.DevNull, "HOME=" + os.DevNull}
}
