package worker_test

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/agent/script"
	"github.com/liamzdenek/cody-batch/internal/artifacts/dir"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/forge/localgit"
	"github.com/liamzdenek/cody-batch/internal/store/sqlite"
	"github.com/liamzdenek/cody-batch/internal/worker"
)

// world is everything that a worker needs, for real: a database, a folder of
// documents, a folder of git repositories.
type world struct {
	t         *testing.T
	store     *sqlite.Store
	artifacts *dir.Dir
	forge     *localgit.Forge
	forgeRoot string
	service   *codybatch.Service
	worker    *worker.Worker
	log       *bytes.Buffer
	sent      *outbox
}

// outbox is a dispatcher that holds references until a test runs them.
type outbox struct {
	mu   sync.Mutex
	refs []codybatch.TaskRef
}

func (o *outbox) Dispatch(_ context.Context, refs []codybatch.TaskRef) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.refs = append(o.refs, refs...)
	return nil
}

func (o *outbox) Cancel(context.Context, []codybatch.TaskKey) error { return nil }

func (o *outbox) take() []codybatch.TaskRef {
	o.mu.Lock()
	defer o.mu.Unlock()
	refs := o.refs
	o.refs = nil
	return refs
}

const lease = 30 * time.Second

func newWorld(t *testing.T, change ...func(*worker.Options)) *world {
	t.Helper()
	if _, err := exec.LookPath("git"); err != nil {
		if slices.Contains(strings.Split(os.Getenv("CODYBATCH_TEST_REQUIRE"), ","), "git") {
			t.Fatal("git is required and not installed")
		}
		t.Skip("git is not installed")
	}
	w := &world{t: t, forgeRoot: t.TempDir(), log: &bytes.Buffer{}, sent: &outbox{}}
	data := t.TempDir()
	var err error
	if w.store, err = sqlite.Open(t.Context(), filepath.Join(data, "codybatch.db"), sqlite.Options{}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.store.Close() })
	if w.artifacts, err = dir.Open(filepath.Join(data, "artifacts")); err != nil {
		t.Fatal(err)
	}
	if w.forge, err = localgit.New(w.forgeRoot); err != nil {
		t.Fatal(err)
	}
	allow, err := codybatch.ParseAllowList("local/*/*")
	if err != nil {
		t.Fatal(err)
	}
	log := slog.New(slog.NewTextHandler(&syncWriter{to: w.log}, nil))
	var ids atomic.Int64
	w.service = codybatch.NewService(w.store, w.artifacts, w.sent, w.forge, codybatch.ServiceOptions{
		Allow: allow, Now: time.Now, Log: log,
		NewID: func() codybatch.JobID { return codybatch.JobID(fmt.Sprintf("job-%03d", ids.Add(1))) },
	})
	options := worker.Options{
		Store: w.store, Artifacts: w.artifacts, Forge: w.forge, Allow: allow,
		Agents: map[codybatch.AgentType]codybatch.Agent{codybatch.AgentScript: script.New(script.Options{})},
		Root:   filepath.Join(data, "workspaces"), Lease: lease, Now: time.Now, Log: log,
		NewToken: func() string { return fmt.Sprintf("worker-%d", ids.Add(1)) },
	}
	for _, f := range change {
		f(&options)
	}
	if w.worker, err = worker.New(options); err != nil {
		t.Fatal(err)
	}
	return w
}

type syncWriter struct {
	mu sync.Mutex
	to io.Writer
}

func (s *syncWriter) Write(p []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.to.Write(p)
}

// git runs git in a folder, as a person would, without the person's settings.
func git(t *testing.T, in string, args ...string) string {
	t.Helper()
	out, err := tryGit(t, in, args...)
	if err != nil {
		t.Fatalf("git %q: %v\n%s", args, err, out)
	}
	return out
}

func tryGit(t *testing.T, in string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), "git", args...)
	cmd.Dir = in
	cmd.Env = []string{
		"PATH=" + os.Getenv("PATH"), "HOME=" + in, "GIT_CONFIG_NOSYSTEM=1", "LC_ALL=C",
		"GIT_AUTHOR_NAME=Ann", "GIT_AUTHOR_EMAIL=ann@example.com", "GIT_COMMITTER_NAME=Ann", "GIT_COMMITTER_EMAIL=ann@example.com",
	}
	out, err := cmd.CombinedOutput()
	return strings.TrimRight(string(out), "\n"), err
}

// repository makes acme/<name> with the files, and returns where it is.
func (w *world) repository(name string, files map[string]string) string {
	w.t.Helper()
	return w.repositoryFrom(name, func(tree string) {
		for path, content := range files {
			writeFile(w.t, filepath.Join(tree, path), content)
		}
	})
}

func (w *world) repositoryFrom(name string, fill func(tree string)) string {
	w.t.Helper()
	tree := w.t.TempDir()
	git(w.t, tree, "init", "-q", "-b", "main")
	fill(tree)
	writeFile(w.t, filepath.Join(tree, ".git/info/attributes"), "* !text !eol !filter !ident !working-tree-encoding\n")
	git(w.t, tree, "add", "-A", "-f")
	git(w.t, tree, "commit", "-q", "--allow-empty", "-m", "start")
	bare := filepath.Join(w.forgeRoot, "acme", name+".git")
	git(w.t, w.forgeRoot, "clone", "-q", "--bare", "--no-local", tree, bare)
	return bare
}

func writeFile(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
		t.Fatal(err)
	}
}

// scriptJob is a job with a script over acme/<names>.
func scriptJob(text string, names ...string) codybatch.JobSpec {
	spec := codybatch.JobSpec{Name: "Change it", Agent: codybatch.AgentSpec{Type: codybatch.AgentScript, Script: text}}
	for _, name := range names {
		spec.Repositories = append(spec.Repositories, codybatch.RepositoryName("acme/"+name))
	}
	return spec
}

func (w *world) create(spec codybatch.JobSpec) codybatch.Job {
	w.t.Helper()
	job, _, err := w.service.CreateJob(w.t.Context(), spec, "")
	if err != nil {
		w.t.Fatal(err)
	}
	return job
}

// run creates the job and runs all that was dispatched, one after the other.
func (w *world) run(spec codybatch.JobSpec) codybatch.Job {
	w.t.Helper()
	job := w.create(spec)
	w.drain()
	return w.job(job.ID)
}

func (w *world) drain() {
	w.t.Helper()
	for _, ref := range w.sent.take() {
		// Dispatch is at-least-once: a conflict is somebody who came too late.
		if err := w.worker.Run(w.t.Context(), ref); err != nil && !errors.Is(err, codybatch.ErrConflict) {
			w.t.Fatal(err)
		}
	}
}

func (w *world) job(id codybatch.JobID) codybatch.Job {
	w.t.Helper()
	job, err := w.store.Job(w.t.Context(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	return job
}

func (w *world) task(id codybatch.JobID, name string) codybatch.Task {
	w.t.Helper()
	task, err := w.store.Task(w.t.Context(), codybatch.TaskKey{JobID: id, Repository: codybatch.RepositoryName("acme/" + name)})
	if err != nil {
		w.t.Fatal(err)
	}
	return task
}

// runOne runs a job over one repository and returns its task.
func (w *world) runOne(spec codybatch.JobSpec) codybatch.Task {
	w.t.Helper()
	job := w.run(spec)
	return w.task(job.ID, spec.Repositories[0].Name())
}

func (w *world) diff(task codybatch.Task) string {
	w.t.Helper()
	document, err := w.service.Diff(w.t.Context(), task.Key())
	if err != nil {
		w.t.Fatal(err)
	}
	defer document.Close()
	content, err := io.ReadAll(document)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(content)
}

func (w *world) thread(task codybatch.Task) string {
	w.t.Helper()
	document, err := w.service.ThreadEvents(w.t.Context(), task.Key(), 0)
	if err != nil {
		w.t.Fatal(err)
	}
	defer document.Close()
	content, err := io.ReadAll(document)
	if err != nil {
		w.t.Fatal(err)
	}
	return string(content)
}

func wantOutcome(t *testing.T, task codybatch.Task, want codybatch.Outcome) {
	t.Helper()
	if task.Outcome != want || task.Status != want.Status() {
		t.Fatalf("%s ended as %s (%s), want %s; error %+v, gates %+v", task.Repository, task.Outcome, task.Status, want, task.Error, task.Gates)
	}
}

// scripted is an agent whose rounds are functions, for stories that a script
// can't tell: feedback, cost, limits.
type scripted struct {
	rounds []func(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error)
	runs   atomic.Int64
}

func (s *scripted) Run(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
	round := int(s.runs.Add(1)) - 1
	result, err := s.rounds[min(round, len(s.rounds)-1)](ctx, run)
	if result.Engine == "" {
		result.Engine = cmp.Or(string(run.Spec.Type), "claude")
	}
	run.Spent(result.Usage)
	return result, err
}

func withAgent(agent codybatch.Agent) func(*worker.Options) {
	return func(o *worker.Options) { o.Agents[codybatch.AgentClaude] = agent }
}

func promptJob(names ...string) codybatch.JobSpec {
	spec := scriptJob("", names...)
	spec.Prompt, spec.Agent = "Change it.", codybatch.AgentSpec{}
	return spec
}

// edit is a round that writes a file and is content.
func edit(t *testing.T, name, content string) func(context.Context, codybatch.AgentRun) (codybatch.AgentResult, error) {
	return func(_ context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
		writeFile(t, filepath.Join(run.Dir, name), content)
		return codybatch.AgentResult{Outcome: codybatch.OutcomeChanged, Session: "a session", Usage: codybatch.Usage{InputTokens: 100, Cost: codybatch.USD(0.25)}}, nil
	}
}
