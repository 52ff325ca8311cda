package worker_test

import (
	"context"
	"net/http"
	"net/http/cgi"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/worker"
)

// overHTTP is a folder of repositories whose git is behind a web server.
type overHTTP struct {
	codybatch.Forge
	url string
}

func (f overHTTP) Remote(_ context.Context, name codybatch.RepositoryName) (codybatch.Remote, error) {
	return codybatch.Remote{URL: f.url + "/" + string(name) + ".git"}, nil
}

// expectWait waits until the row of the only task says what is waited for.
func (w *world) expectWait(text string) {
	look := time.NewTicker(10 * time.Millisecond)
	defer look.Stop()
	for range 500 {
		task, err := w.store.Task(context.Background(), codybatch.TaskKey{JobID: "job-001", Repository: "acme/site"})
		if err == nil && strings.Contains(task.WaitingFor, text) {
			return
		}
		<-look.C
	}
	w.t.Errorf("the row never said that the task waits because of %q", text)
}

func TestRemoteThatIsNotAvailableForAMoment(t *testing.T) {
	t.Parallel()
	path, err := exec.CommandContext(t.Context(), "git", "--exec-path").Output()
	backend := filepath.Join(strings.TrimSpace(string(path)), "git-http-backend")
	if _, statErr := os.Stat(backend); err != nil || statErr != nil {
		if slices.Contains(strings.Split(os.Getenv("CODYBATCH_TEST_REQUIRE"), ","), "git-http-backend") {
			t.Fatal("git http-backend is required and not installed")
		}
		t.Skip("git http-backend is not installed")
	}
	var root string
	var w *world
	var fetches, pushes atomic.Int64
	server := httptest.NewServer(http.HandlerFunc(func(answer http.ResponseWriter, request *http.Request) {
		switch {
		case strings.HasSuffix(request.URL.Path, "/git-upload-pack") && fetches.Add(1) == 1:
			answer.WriteHeader(http.StatusBadGateway)
		case strings.HasSuffix(request.URL.Path, "/git-receive-pack") && pushes.Add(1) == 1:
			answer.WriteHeader(http.StatusTooManyRequests)
		case strings.HasSuffix(request.URL.Path, "/git-upload-pack") && fetches.Load() == 2:
			w.expectWait("502")
			fallthrough
		default:
			(&cgi.Handler{Path: backend, Env: []string{
				"GIT_PROJECT_ROOT=" + root, "GIT_HTTP_EXPORT_ALL=1", "REMOTE_USER=ann",
				"GIT_CONFIG_COUNT=1", "GIT_CONFIG_KEY_0=safe.directory", "GIT_CONFIG_VALUE_0=*",
			}}).ServeHTTP(answer, request)
		}
	}))
	t.Cleanup(server.Close)
	w = newWorld(t, func(o *worker.Options) { o.Forge = overHTTP{o.Forge, server.URL} })
	root = w.forgeRoot
	bare := w.repository("site", map[string]string{"a.txt": "x\n"})
	task := w.runOne(publishJob("echo y > a.txt", "site"))
	wantOutcome(t, task, codybatch.OutcomeChanged)
	if git(t, bare, "rev-parse", "cody-batch/change") != task.HeadCommit || fetches.Load() < 2 || pushes.Load() < 2 {
		t.Errorf("%d fetches, %d pushes", fetches.Load(), pushes.Load())
	}
	if task.WaitingFor != "" {
		t.Errorf("a finished task waits for %q", task.WaitingFor)
	}
	if task.WaitingFor != "" {
		t.Errorf("a finished task waits for %q", task.WaitingFor)
	}
	if thread := w.thread(task); strings.Count(thread, `"type":"retry"`) != 2 {
		t.Errorf("the waits are not in the thread:\n%s", thread)
	}
}
