package cli

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os/exec"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

// gate is the API, which knows one key.
type gate struct {
	api *rehearsal.Server
	key string

	mu      sync.Mutex
	refused int
	most    int // calls, and then the key is revoked; 0: it never is
	calls   int
}

func (g *gate) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	g.mu.Lock()
	g.calls++
	isGood := r.Header.Get("X-Api-Key") == g.key && (g.most == 0 || g.calls <= g.most)
	if !isGood {
		g.refused++
	}
	g.mu.Unlock()
	if isGood {
		g.api.ServeHTTP(w, r)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusUnauthorized)
	_, _ = w.Write([]byte(`{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key ` + r.Header.Get("X-Api-Key") + `"}}`))
}

func TestJobsWaitForAKeyThatIsGood(t *testing.T) {
	t.Parallel()
	const good, bad = "sk-ant-this-one-is-good", "sk-ant-this-one-is-revoked"
	api, err := rehearsal.New(rehearsal.Scenario{Name: "greet", Acts: []rehearsal.Act{{Name: "only", Turns: []rehearsal.Turn{
		rehearsal.Call("write", map[string]string{"file_path": "hello.txt", "content": "hello\n"}),
		rehearsal.Finish("changed", "Greeted.", "Greet the world", ""),
	}}}}, rehearsal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	g := &gate{api: api, key: good}
	server := httptest.NewServer(g)
	t.Cleanup(server.Close)

	const n = 5
	s := newSite(t, n)
	s.more = []string{"ANTHROPIC_BASE_URL=" + server.URL, "CLAUDE_API_KEY=" + bad}
	s.serve("--workers", "1")
	spec := codybatch.JobSpec{Name: "Greet", Prompt: "Greet the world.", Agent: codybatch.AgentSpec{Type: codybatch.AgentClaude}}
	id := s.create(spec)
	var waits httpapi.Task
	s.untilTask(id, func(task httpapi.Task) bool {
		waits = task
		return task.Status == "queued" && task.WaitingFor != ""
	})
	job, err := s.client.Job(t.Context(), id)
	if err != nil || job.Counts.Queued != 2 || job.Counts.Failed != 3 { // that is when it is sure of it
		t.Errorf("the job has %+v, %v", job.Counts, err)
	}
	if text := string(waits.WaitingFor); !strings.HasPrefix(text, "paused until ") || !strings.Contains(text, "401") || strings.Contains(text, bad) {
		t.Errorf("a repository waits for %q", text)
	}
	if err := s.server.end(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if log := s.server.log.String(); strings.Contains(log, bad) {
		t.Errorf("the log tells the key:\n%s", log)
	}
	if g.refused != 3 {
		t.Errorf("the key was tried %d times", g.refused)
	}

	s.more[1] = "CLAUDE_API_KEY=" + good
	s.serve("--workers", "1")
	if job := s.untilEnd(id); job.Counts.Changed != 2 || job.Counts.Failed != 3 {
		t.Errorf("the job has %+v\n%s", job.Counts, s.server.log)
	}
	for name, task := range s.tasks(id) {
		if task.WaitingFor != "" || task.Status == "succeeded" && task.Attempt != 1 || task.Error != nil && strings.Contains(task.Error.Message, bad) {
			t.Errorf("%s is %+v", name, task)
		}
	}
	if _, err := s.client.RetryJob(t.Context(), id, false); err != nil {
		t.Fatal(err)
	}
	if job := s.untilEnd(id); job.Counts.Changed != n {
		t.Errorf("after a retry, the job has %+v", job.Counts)
	}

	// Whoever waits for a job in the foreground hears of it.
	c := exec.Command("codybatch", "run", "-f", "-", "--forge-root", "forge", "--data", "run")
	c.Stdin = strings.NewReader("name: Greet\nprompt: Greet.\nrepositories: [acme/r00]\n")
	s.more[1] = "CLAUDE_API_KEY=" + bad
	c.Dir, c.Env = s.folder, s.environment()
	output, _ := c.CombinedOutput()
	if code := c.ProcessState.ExitCode(); code != exitSignIn || strings.Contains(string(output), bad) {
		t.Errorf("run ends with %d\n%s", code, output)
	}
}

// Publishing asks no model: a person who has reviewed a diff need not wait for a key.
func TestWhatIsReviewedIsPublishedWhileItsJobIsPaused(t *testing.T) {
	t.Parallel()
	const good = "sk-ant-this-one-is-good"
	turns := []rehearsal.Turn{
		rehearsal.Call("write", map[string]string{"file_path": "hello.txt", "content": "hello\n"}),
		rehearsal.Finish("changed", "Greeted.", "Greet the world", ""),
	}
	api, err := rehearsal.New(rehearsal.Play(turns...), rehearsal.Options{})
	if err != nil {
		t.Fatal(err)
	}
	server := httptest.NewServer(&gate{api: api, key: good, most: len(turns)}) // those of one repository
	t.Cleanup(server.Close)
	s := newSite(t, 6)
	s.more = []string{"ANTHROPIC_BASE_URL=" + server.URL, "CLAUDE_API_KEY=" + good}
	s.serve("--workers", "1")
	id := s.create(codybatch.JobSpec{Name: "Greet", Prompt: "Greet the world."})
	s.untilTask(id, func(task httpapi.Task) bool { return task.Status == "queued" && task.WaitingFor != "" })
	if task := s.tasks(id)["acme/r00"]; task.Outcome != "changed" {
		t.Fatalf("the task is %+v", task)
	}

	if _, err := s.client.PublishTask(t.Context(), codybatch.TaskKey{JobID: id, Repository: "acme/r00"}); err != nil {
		t.Fatal(err)
	}
	s.untilTask(id, func(task httpapi.Task) bool {
		return task.RepositoryName == "acme/r00" && task.Status == "succeeded" && task.PullRequest != nil
	})
	if s.pullRequests("acme/r00") != 1 {
		t.Error("there is no pull request")
	}
	waiting := 0
	for _, task := range s.tasks(id) {
		if task.Status == "queued" {
			waiting++
		}
	}
	if waiting != 2 {
		t.Errorf("%d repositories wait for the key", waiting)
	}
}

// untilTask follows a job until one of its tasks is as it should be.
func (s *site) untilTask(id codybatch.JobID, enough func(httpapi.Task) bool) {
	s.t.Helper()
	ctx, cancel := context.WithTimeout(s.t.Context(), time.Minute)
	defer cancel()
	for event, err := range s.client.Events(ctx, id, 0) {
		if err != nil {
			s.t.Fatalf("follow the job: %v\n%s", err, s.server.log)
		}
		if event.Task != nil && enough(*event.Task) {
			cancel()
			return
		}
	}
}
