package cli

import (
	"bufio"
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// quickRace keeps programs that are built with the race detector from sleeping for
// a second when they end (https://go.dev/doc/articles/race_detector#Options).
const quickRace = "atexit_sleep_ms=0"

// serverKey finds a script's server.
type serverKey struct{}

// TestMain makes this binary two programs more, which scripts and tests find in
// PATH: codybatch, and request, a curl that is always there.
func TestMain(m *testing.M) {
	sandbox.Inside()
	testscript.Main(m, map[string]func(){
		"codybatch": func() { os.Exit(Process()) },
		"request":   request,
	})
}

// TestScript runs what users do: testdata/script/*.txtar.
func TestScript(t *testing.T) {
	t.Parallel()
	testscript.Run(t, testscript.Params{
		Dir:                 "testdata/script",
		RequireExplicitExec: true,
		RequireUniqueNames:  true,
		UpdateScripts:       *update,
		Setup: func(env *testscript.Env) error {
			env.Values[serverKey{}] = new(*serverProcess)
			env.Setenv("HOME", env.WorkDir)
			env.Setenv("GIT_CONFIG_GLOBAL", "/dev/null")
			env.Setenv("GIT_CONFIG_NOSYSTEM", "1")
			env.Setenv("ALLOWED_REPOSITORIES", "local/acme/*")
			env.Setenv("GORACE", quickRace)
			return os.MkdirAll(filepath.Join(env.WorkDir, "forge"), 0o700)
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"repository": repositoryCommand,
			"serve":      serveCommand,
			"stop":       stopCommand,
			"exits":      exitsCommand,
		},
	})
}

// repositoryCommand is "repository owner/name folder": makes a bare repository in
// forge/ of a folder's files.
func repositoryCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: repository owner/name folder")
	}
	ts.Check(makeRepository(ts.MkAbs("forge"), args[0], ts.MkAbs(args[1])))
}

// makeRepository commits a folder's files to a bare repository below forge.
func makeRepository(forge, name, folder string) error {
	bare := filepath.Join(forge, filepath.FromSlash(name)+".git")
	environment := append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1",
		"GIT_AUTHOR_NAME=Acme", "GIT_AUTHOR_EMAIL=acme@example.com", "GIT_AUTHOR_DATE=2026-01-01T00:00:00Z",
		"GIT_COMMITTER_NAME=Acme", "GIT_COMMITTER_EMAIL=acme@example.com", "GIT_COMMITTER_DATE=2026-01-01T00:00:00Z")
	for _, arguments := range [][]string{
		{"init", "-q", "--bare", "-b", "main", bare},
		{"--git-dir", bare, "--work-tree", folder, "add", "-A"},
		{"--git-dir", bare, "--work-tree", folder, "commit", "-q", "-m", "First version"},
	} {
		command := exec.Command("git", arguments...)
		command.Env = environment
		if output, err := command.CombinedOutput(); err != nil {
			return fmt.Errorf("git %s: %w: %s", arguments[0], err, output)
		}
	}
	return nil
}

// exitsCommand is "exits code program arguments…": runs a program and compares its
// exit code, which exec does not tell.
func exitsCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: exits code program arguments…")
	}
	_ = ts.Exec("sh", append([]string{"-c", `"$@"; echo $? >exit-code`, "exits"}, args[1:]...)...)
	if got := strings.TrimSpace(ts.ReadFile("exit-code")); got != args[0] {
		ts.Fatalf("%s: exit code %s, want %s", strings.Join(args[1:], " "), got, args[0])
	}
}

// serveCommand is "serve flags…": starts codybatch serve on a free port with the
// folders forge and data, waits until it is ready, and sets CODYBATCH_SERVER.
func serveCommand(ts *testscript.TestScript, neg bool, args []string) {
	if neg {
		ts.Fatalf("serve can't be negated")
	}
	var environment []string
	for _, name := range []string{"PATH", "HOME", "ALLOWED_REPOSITORIES", "API_TOKEN", "GIT_CONFIG_GLOBAL", "GIT_CONFIG_NOSYSTEM", "TMPDIR", "GORACE"} {
		environment = append(environment, name+"="+ts.Getenv(name))
	}
	arguments := append([]string{"--forge-root", "forge", "--data", "data"}, args...)
	server, err := startServer(ts.MkAbs("."), environment, arguments...)
	ts.Check(err)
	ts.Setenv("CODYBATCH_SERVER", server.url)
	ts.Defer(func() { _ = server.stop() })
	*ts.Value(serverKey{}).(**serverProcess) = server
}

// stopCommand is "stop": ends the server gently, and leaves what it said in
// serve.log.
func stopCommand(ts *testscript.TestScript, _ bool, _ []string) {
	server := *ts.Value(serverKey{}).(**serverProcess)
	ts.Check(server.stop())
	ts.Check(os.WriteFile(ts.MkAbs("serve.log"), server.log.Bytes(), 0o600))
}

// serverProcess is a codybatch serve in a process of its own.
type serverProcess struct {
	url     string
	command *exec.Cmd
	log     *bytes.Buffer
	done    chan error // closed after the end was told
}

func startServer(folder string, environment []string, arguments ...string) (*serverProcess, error) {
	s := &serverProcess{log: &bytes.Buffer{}, done: make(chan error, 1)}
	s.command = exec.Command("codybatch", append([]string{"serve", "--json", "--addr", "127.0.0.1:0"}, arguments...)...)
	s.command.Dir, s.command.Env, s.command.Stderr = folder, environment, s.log
	stdout, err := s.command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := s.command.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(stdout).ReadBytes('\n')
	var ready struct{ URL string }
	if err == nil {
		err = json.Unmarshal(line, &ready)
	}
	if err != nil {
		_ = s.command.Wait()
		return nil, fmt.Errorf("the server is not ready: %w\n%s", err, s.log)
	}
	s.url = ready.URL
	go func() {
		s.done <- s.command.Wait()
		close(s.done)
	}()
	return s, nil
}

// stop ends the server gently; a second time it does nothing.
func (s *serverProcess) stop() error { return s.end(syscall.SIGTERM) }

// end sends a signal and waits for the end.
func (s *serverProcess) end(signal syscall.Signal) error {
	_ = s.command.Process.Signal(signal) // it may have ended
	select {
	case err := <-s.done:
		if err != nil && signal == syscall.SIGTERM {
			return fmt.Errorf("the server did not end well: %w\n%s", err, s.log)
		}
		return nil
	case <-time.After(30 * time.Second):
		_ = s.command.Process.Kill()
		return fmt.Errorf("the server did not end within 30 seconds\n%s", s.log)
	}
}

// request is a program: "request METHOD path [file]" sends a file to the server
// and prints the answer. Its exit code is 1 if that is no success.
func request() {
	method, address := os.Args[1], os.Getenv("CODYBATCH_SERVER")+os.Args[2]
	var body io.Reader
	if len(os.Args) > 3 {
		file, err := os.Open(os.Args[3])
		if err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		defer file.Close()
		body = file
	}
	r, err := http.NewRequest(method, address, body)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(r)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	_, err = io.Copy(os.Stdout, response.Body)
	if err != nil || response.StatusCode > 299 {
		fmt.Fprintln(os.Stderr, response.Status, err)
		os.Exit(1)
	}
}
