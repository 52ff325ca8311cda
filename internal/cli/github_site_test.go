package cli

import (
	"bufio"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/forge/github/githubtest"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// hubSite is a site whose repositories are at a GitHub.
type hubSite struct {
	*site
	hub    *githubtest.Server
	token  string
	stdout bytes.Buffer // of the server; complete when it has ended
}

func newHubSite(t *testing.T, repositories ...githubtest.Repository) *hubSite {
	t.Helper()
	requireBackend(t)
	hub := githubtest.Start(t)
	s := &hubSite{site: &site{t: t, folder: t.TempDir()}, hub: hub, token: hub.Token}
	for _, repository := range repositories {
		hub.Add(repository)
		s.names = append(s.names, codybatch.RepositoryName(repository.Name))
	}
	return s
}

// requireBackend skips the test where git can't serve repositories over HTTP, and
// fails it where CODYBATCH_TEST_REQUIRE lists "git-http-backend".
func requireBackend(t *testing.T) {
	t.Helper()
	folder, err := exec.Command("git", "--exec-path").Output()
	if err == nil {
		_, err = os.Stat(filepath.Join(strings.TrimSpace(string(folder)), "git-http-backend"))
	}
	if err == nil {
		return
	}
	if slices.Contains(strings.Split(os.Getenv("CODYBATCH_TEST_REQUIRE"), ","), "git-http-backend") {
		t.Fatalf("git http-backend is required: %v", err)
	}
	t.Skipf("no git http-backend: %v", err)
}

func (s *hubSite) environment() []string {
	return append(s.site.environment(), "ALLOWED_REPOSITORIES="+s.hub.Host+"/acme/*", "GITHUB_API_URL="+s.hub.URL, "GITHUB_TOKEN="+s.token)
}

// serve starts a server, and keeps all that it says.
func (s *hubSite) serve() {
	s.t.Helper()
	command := exec.Command("codybatch", "serve", "--json", "--addr", "127.0.0.1:0", "--forge", "github", "--data", "data")
	s.server = &serverProcess{command: command, log: &bytes.Buffer{}, done: make(chan error, 1)}
	command.Dir, command.Env, command.Stderr = s.folder, s.environment(), s.server.log
	pipe, err := command.StdoutPipe()
	if err != nil {
		s.t.Fatal(err)
	}
	if err := command.Start(); err != nil {
		s.t.Fatal(err)
	}
	stdout := bufio.NewReader(io.TeeReader(pipe, &s.stdout))
	line, err := stdout.ReadBytes('\n')
	var ready ready
	if err == nil {
		err = json.Unmarshal(line, &ready)
	}
	if err != nil {
		_ = command.Wait()
		s.t.Fatalf("the server is not ready: %v\n%s", err, s.server.log)
	}
	go func() {
		_, err := io.Copy(io.Discard, stdout)
		s.server.done <- errors.Join(err, command.Wait())
		close(s.server.done)
	}()
	s.t.Cleanup(func() { _ = s.server.end(syscall.SIGKILL) })
	s.server.url = ready.URL
	if s.client, err = httpapi.NewClient(ready.APIURL, "", nil); err != nil {
		s.t.Fatal(err)
	}
}

// stop ends the server and returns all that it has said.
func (s *hubSite) stop() string {
	s.t.Helper()
	if err := s.server.stop(); err != nil {
		s.t.Fatal(err)
	}
	return s.stdout.String() + s.server.log.String()
}

// leaks reports whether a text holds the token, as it is or as git sends it.
func (s *hubSite) leaks(text []byte) bool {
	return bytes.Contains(text, []byte(s.token)) ||
		bytes.Contains(text, []byte(base64.StdEncoding.EncodeToString([]byte("x-access-token:"+s.token))))
}

// leakingFiles lists the files below a folder that hold the token. Those that go
// away meanwhile don't count.
func (s *hubSite) leakingFiles(folder string) ([]string, error) {
	var found []string
	err := filepath.WalkDir(folder, func(path string, entry fs.DirEntry, err error) error {
		if err == nil && entry.Type().IsRegular() {
			var text []byte
			if text, err = os.ReadFile(path); s.leaks(text) {
				found = append(found, path)
			}
		}
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		return err
	})
	return found, err
}

// command runs codybatch as a person would, who has no token of GitHub's.
func (s *hubSite) command(arguments ...string) (stdout, stderr string, exitCode int) { //nolint:nonamedreturns // the names tell the strings apart
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	command := exec.CommandContext(ctx, "codybatch", arguments...)
	var out, said strings.Builder
	command.Dir, command.Stdout, command.Stderr = s.folder, &out, &said
	command.Env = append(s.site.environment(), "CODYBATCH_SERVER="+s.server.url)
	if err := command.Run(); err != nil && command.ProcessState == nil {
		s.t.Fatal(err)
	}
	if s.leaks([]byte(out.String() + said.String())) {
		s.t.Errorf("codybatch %q prints the token", arguments)
	}
	return out.String(), said.String(), command.ProcessState.ExitCode()
}

// result runs a command that must succeed and returns what it prints.
func (s *hubSite) result(arguments ...string) string {
	s.t.Helper()
	stdout, stderr, code := s.command(arguments...)
	if code != exitSucceeded {
		s.t.Fatalf("codybatch %q: exit code %d\n%s", arguments, code, stderr)
	}
	return stdout
}

// job is a job over all repositories of the site, with a pull request of which
// nothing is left to chance.
func (s *hubSite) job(script string) httpapi.JobRequest {
	request := httpapi.JobRequest{
		Name: "Spelling", CreatePullRequests: true,
		Agent: httpapi.AgentRequest{Type: "script", Script: fmt.Sprintf("site=%q\n%s", s.folder, script)},
		PullRequest: &httpapi.PullRequestRequest{
			Title: "Mend the spelling", Body: "Some *words* were wrong.\n\n- [x] \"quoted\", ünïcode", Branch: "mend/spelling",
			Labels: []string{"chore", "needs review"}, Reviewers: []string{"ann", "acme/platform"}, Draft: true,
		},
	}
	for _, name := range s.names {
		request.Repositories = append(request.Repositories, string(name))
	}
	return request
}

// createJob hands a job over by "codybatch job create" and a file.
func (s *hubSite) createJob(request httpapi.JobRequest) codybatch.JobID {
	s.t.Helper()
	document, err := json.Marshal(request)
	if err != nil {
		s.t.Fatal(err)
	}
	file := filepath.Join(s.folder, "job.yaml") // JSON is YAML
	if err := os.WriteFile(file, document, 0o600); err != nil {
		s.t.Fatal(err)
	}
	return codybatch.JobID(strings.TrimSpace(s.result("job", "create", "-f", file)))
}

// watch follows a job to its end by "codybatch job watch" and returns its tasks.
func (s *hubSite) watch(id codybatch.JobID, want int) map[string]httpapi.Task {
	s.t.Helper()
	stdout, stderr, code := s.command("job", "watch", string(id))
	if code != want {
		s.t.Fatalf("job watch: exit code %d, want %d\n%s%s", code, want, stdout, stderr)
	}
	return s.tasks(id)
}

// git asks the bare repository behind a name.
func (s *hubSite) git(name string, arguments ...string) string {
	s.t.Helper()
	return s.run("", append([]string{"--git-dir", s.hub.GitDir(name)}, arguments...)...)
}

func (s *hubSite) run(stdin string, arguments ...string) string {
	s.t.Helper()
	command := exec.Command("git", arguments...)
	command.Env, command.Stdin = s.site.environment(), strings.NewReader(stdin)
	output, err := command.CombinedOutput()
	if err != nil {
		s.t.Fatalf("git %q: %v\n%s", arguments, err, output)
	}
	return strings.TrimSpace(string(output))
}

// applied is the tree that a diff makes of a repository's default branch.
func (s *hubSite) applied(name, diff string) string {
	s.t.Helper()
	tree := filepath.Join(s.t.TempDir(), "tree")
	s.run("", "clone", "--quiet", s.hub.GitDir(name), tree)
	s.run(diff, "-C", tree, "apply", "--index")
	return s.run("", "-C", tree, "write-tree")
}

func hubRepositories() []githubtest.Repository {
	files := map[string]string{"README.md": "Any colour.\n", "run.sh": "echo run\n"}
	people := githubtest.Repository{Files: files, Collaborators: []string{"ann"}, Teams: []string{"platform"}}
	named := func(name string, change func(*githubtest.Repository)) githubtest.Repository {
		repository := people
		repository.Name = name
		if change != nil {
			change(&repository)
		}
		return repository
	}
	return []githubtest.Repository{
		named("acme/api", func(r *githubtest.Repository) {
			r.DefaultBranch, r.Private, r.Language, r.Description = "trunk", true, "Go", "What machines ask"
		}),
		named("acme/Docs", nil),
		named("acme/fine", func(r *githubtest.Repository) { r.Files = map[string]string{"README.md": "Any color.\n"} }),
		named("acme/fork", func(r *githubtest.Repository) { r.Fork = true }),
		named("acme/site", func(r *githubtest.Repository) { r.Labels = []string{"bug", "chore"} }),
		named("acme/web", func(r *githubtest.Repository) { r.Labels = []string{"Needs Review"} }),
	}
}
