package cli

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// site is a folder with a forge, a data folder and maybe a server.
type site struct {
	t      *testing.T
	folder string
	names  []codybatch.RepositoryName
	server *serverProcess
	client *httpapi.Client
	more   []string // of the environment
}

// newSite makes n small repositories acme/r00, acme/r01, ….
func newSite(t *testing.T, n int) *site {
	t.Helper()
	s := &site{t: t, folder: t.TempDir()}
	source := filepath.Join(s.folder, "source")
	if err := os.Mkdir(source, 0o700); err != nil {
		t.Fatal(err)
	}
	for i := range n {
		name := codybatch.RepositoryName(fmt.Sprintf("acme/r%02d", i))
		if err := os.WriteFile(filepath.Join(source, "README.md"), []byte(name+"\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := makeRepository(filepath.Join(s.folder, "forge"), string(name), source); err != nil {
			t.Fatal(err)
		}
		s.names = append(s.names, name)
	}
	return s
}

func (s *site) environment() []string {
	return append([]string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + s.folder, "TMPDIR=" + s.folder,
		"SANDBOX_WRITE=" + s.folder, // what scripts leave there tells the tests what they did
		"ALLOWED_REPOSITORIES=local/acme/*", "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1", "GORACE=" + quickRace,
	}, s.more...)
}

// serve starts a server on the site's folders.
func (s *site) serve(arguments ...string) {
	s.t.Helper()
	var err error
	s.server, err = startServer(s.folder, s.environment(), append([]string{"--forge-root", "forge", "--data", "data"}, arguments...)...)
	if err != nil {
		s.t.Fatal(err)
	}
	s.t.Cleanup(func() { _ = s.server.end(syscall.SIGKILL) })
	if s.client, err = httpapi.NewClient(s.server.url+"/api", "", nil); err != nil {
		s.t.Fatal(err)
	}
}

func (s *site) create(spec codybatch.JobSpec) codybatch.JobID {
	s.t.Helper()
	spec.Repositories = s.names
	job, err := s.client.CreateJob(s.t.Context(), spec, "")
	if err != nil {
		s.t.Fatal(err)
	}
	return codybatch.JobID(job.JobID)
}

// until follows a job until enough says so, or it has ended.
func (s *site) until(id codybatch.JobID, enough func(httpapi.Job) bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	for event, err := range s.client.Events(ctx, id, 0) {
		if err != nil {
			s.t.Fatalf("follow the job: %v\n%s", err, s.server.log)
		}
		if event.Job != nil && enough(*event.Job) {
			cancel() // or the client would wait for the stream's next sign of life
			return
		}
	}
}

func (s *site) untilEnd(id codybatch.JobID) httpapi.Job {
	s.t.Helper()
	s.until(id, func(httpapi.Job) bool { return false })
	job, err := s.client.Job(s.t.Context(), id)
	if err != nil {
		s.t.Fatal(err)
	}
	return job
}

// tasks lists the job's tasks by repository.
func (s *site) tasks(id codybatch.JobID) map[string]httpapi.Task {
	s.t.Helper()
	tasks := map[string]httpapi.Task{}
	page := httpapi.Page{Limit: 100}
	for {
		next, err := s.client.Tasks(s.t.Context(), id, "", "", page)
		if err != nil {
			s.t.Fatal(err)
		}
		for _, task := range next.Repositories {
			tasks[task.RepositoryName] = task
		}
		if page.Cursor = string(next.NextCursor); page.Cursor == "" {
			return tasks
		}
	}
}

// branches lists what a repository has beside main.
func (s *site) branches(name codybatch.RepositoryName) []string {
	s.t.Helper()
	output, err := exec.Command("git", "--git-dir", filepath.Join(s.folder, "forge", string(name)+".git"),
		"for-each-ref", "--format=%(refname:short) %(objectname)", "refs/heads/cody-batch/").Output()
	if err != nil {
		s.t.Fatal(err)
	}
	return strings.Split(strings.TrimSpace(string(output)), "\n")
}

func (s *site) pullRequests(name codybatch.RepositoryName) int {
	s.t.Helper()
	document, err := os.ReadFile(filepath.Join(s.folder, "forge", string(name)+".pulls.json"))
	if err != nil {
		s.t.Fatal(err)
	}
	var list []json.RawMessage
	if err := json.Unmarshal(document, &list); err != nil {
		s.t.Fatal(err)
	}
	return len(list)
}

// runs counts how often the script ran to its end, by repository.
func (s *site) runs() map[string]int {
	s.t.Helper()
	text, err := os.ReadFile(filepath.Join(s.folder, "runs"))
	if err != nil {
		s.t.Fatal(err)
	}
	counts := map[string]int{}
	for name := range strings.FieldsSeq(string(text)) {
		counts[name]++
	}
	return counts
}

func (s *site) spec(script string) codybatch.JobSpec {
	return codybatch.JobSpec{
		Name: "Append", CreatePullRequests: true,
		Agent: codybatch.AgentSpec{Type: codybatch.AgentScript, Script: fmt.Sprintf("site=%q\n%s", s.folder, script)},
	}
}

const appendScript = `echo more >>README.md; echo "$REPOSITORY" >>"$site/runs"`

func TestServeAfterKillEndsTheJobAndDoesNothingTwice(t *testing.T) {
	t.Parallel()
	s := newSite(t, 50)
	s.serve("--lease", "2s")
	id := s.create(s.spec(appendScript))
	s.until(id, func(job httpapi.Job) bool { return job.Counts.Succeeded >= 15 })
	if err := s.server.end(syscall.SIGKILL); err != nil {
		t.Fatal(err)
	}

	s.serve("--lease", "2s")
	before := s.tasks(id)
	runsBefore := s.runs()
	job := s.untilEnd(id)
	if job.Status != "succeeded" || job.Counts.Succeeded != 50 || job.Counts.Published != 50 {
		t.Errorf("job is %s with %+v", job.Status, job.Counts)
	}
	after, runs := s.tasks(id), s.runs()
	done, again := 0, 0
	for _, name := range s.names {
		was, is := before[string(name)], after[string(name)]
		if was.Status == "succeeded" {
			done++
			if was.HeadCommit != is.HeadCommit || !was.CompletedAt.Equal(*is.CompletedAt) || is.Attempt != 1 || runs[string(name)] != 1 {
				t.Errorf("%s was done before and is done again, %d times: %+v", name, runs[string(name)], is)
			}
		}
		if is.Attempt > 1 {
			again++
		}
		if list := s.branches(name); len(list) != 1 || list[0] != "cody-batch/append "+string(is.HeadCommit) {
			t.Errorf("branches of %s are %q, the task says %s", name, list, is.HeadCommit)
		}
		if n := s.pullRequests(name); n != 1 {
			t.Errorf("%s has %d pull requests", name, n)
		}
	}
	if done < 15 || done == 50 {
		t.Errorf("%d of 50 were done when the server was killed", done)
	}
	t.Logf("%d were done, %d ran (%d of them to the end of their script), and %d began again", done, 4, len(runsBefore)-done, again)
}

func TestServeStopsGentlyAndGoesOn(t *testing.T) {
	t.Parallel()
	s := newSite(t, 12)
	s.serve("--workers", "2")
	// The third run holds until the server stops.
	id := s.create(s.spec(`
		echo more >>README.md
		if [ "$REPOSITORY" = acme/r02 ] && ! [ -e "$site/held" ]; then touch "$site/held"; sleep 1000; fi
		echo "$REPOSITORY" >>"$site/runs"`))
	s.until(id, func(job httpapi.Job) bool { return job.Counts.Succeeded >= 4 })
	if err := s.server.stop(); err != nil {
		t.Fatal(err)
	}
	s.serve()
	if job := s.untilEnd(id); job.Status != "succeeded" || job.Counts.Published != 12 {
		t.Errorf("job is %s with %+v", job.Status, job.Counts)
	}
	for name, task := range s.tasks(id) {
		if task.Attempt != 1 {
			t.Errorf("%s took %d attempts: a stop costs none", name, task.Attempt)
		}
	}
	if runs := s.runs()["acme/r02"]; runs != 1 {
		t.Errorf("acme/r02 ran to its end %d times", runs)
	}
}

func TestCancelEndsAgentsAndTheirChildren(t *testing.T) {
	t.Parallel()
	s := newSite(t, 4)
	alive := filepath.Join(s.folder, "alive")
	if err := syscall.Mkfifo(alive, 0o600); err != nil {
		t.Fatal(err)
	}
	s.serve("--workers", "2")
	// What holds the pipe open for writing is alive: the script, and children that
	// leave its session and do not listen.
	id := s.create(s.spec(`
		echo more >>README.md
		if [ "$REPOSITORY" = acme/r00 ]; then exit 0; fi
		exec 9>"$site/alive"
		(trap "" TERM INT HUP; while :; do sleep 1000; done) &
		setsid sleep 1000 &
		echo "$REPOSITORY" >&9
		wait`))
	pipe, err := os.Open(alive) // waits for the first writer
	if err != nil {
		t.Fatal(err)
	}
	defer pipe.Close()
	if _, err := pipe.Read(make([]byte, 100)); err != nil {
		t.Fatal(err)
	}
	s.until(id, func(job httpapi.Job) bool { return job.Counts.Succeeded == 1 })

	started := time.Now()
	if _, err := s.client.CancelJob(t.Context(), id); err != nil {
		t.Fatal(err)
	}
	if err := pipe.SetReadDeadline(started.Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	for {
		if _, err = pipe.Read(make([]byte, 100)); err != nil {
			break
		}
	}
	if took := time.Since(started); err.Error() != "EOF" || took > 5*time.Second {
		t.Errorf("agents or their children were alive after %s: %v", took, err)
	}
	job := s.untilEnd(id)
	if job.Status != "canceled" || job.Counts.Succeeded != 1 || job.Counts.Canceled != 3 {
		t.Errorf("job is %s with %+v", job.Status, job.Counts)
	}
	if done := s.tasks(id)["acme/r00"]; done.Status != "succeeded" || done.PullRequest == nil {
		t.Errorf("what was done is gone: %+v", done)
	}
}

func TestRunStoppedIsResumed(t *testing.T) {
	t.Parallel()
	s := newSite(t, 3)
	job := filepath.Join(s.folder, "job.yaml")
	text := fmt.Sprintf("name: Append\nrepositories: [acme/r00, acme/r01, acme/r02]\ncreatePullRequests: true\nagent:\n  type: script\n  script: |\n"+
		"    echo more >>README.md\n    if ! [ -e %[1]s/held ]; then touch %[1]s/held; echo >%[1]s/running; sleep 1000; fi\n", s.folder)
	if err := os.WriteFile(job, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	running := filepath.Join(s.folder, "running")
	if err := syscall.Mkfifo(running, 0o600); err != nil {
		t.Fatal(err)
	}
	run := func(arguments ...string) *exec.Cmd {
		c := exec.Command("codybatch", append([]string{"run", "--forge-root", "forge", "--data", "data", "--workers", "1"}, arguments...)...)
		c.Dir, c.Env = s.folder, s.environment()
		return c
	}
	first := run("-f", job)
	var said strings.Builder
	first.Stderr = &said
	if err := first.Start(); err != nil {
		t.Fatal(err)
	}
	if _, err := os.ReadFile(running); err != nil { // waits until the first repository is at work
		t.Fatal(err)
	}
	if err := first.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	err := first.Wait()
	if first.ProcessState.ExitCode() != 1 || !strings.Contains(said.String(), "go on: codybatch run --resume ") {
		t.Errorf("exit: %v, said:\n%s", err, said.String())
	}
	output, err := run("--resume", "latest", "--json", "status,counts").Output()
	if err != nil || !strings.Contains(string(output), `"published": 3`) {
		t.Errorf("resumed: %v\n%s", err, output)
	}
}
