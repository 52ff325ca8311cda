package app_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/config"
)

// A key that one engine saw refused is spared by the other, too: its tasks wait, and its
// program is not started.
func TestEnginesShareWhatTheyHearOfTheKey(t *testing.T) {
	t.Parallel()
	var asked atomic.Int64
	web := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		asked.Add(1)
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = io.WriteString(w, `{"type":"error","error":{"type":"authentication_error","message":"invalid x-api-key"}}`)
	}))
	t.Cleanup(web.Close)
	started := filepath.Join(t.TempDir(), "started")
	program := filepath.Join(t.TempDir(), "claude")
	if err := os.WriteFile(program, []byte("#!/bin/sh\necho started >>'"+started+"'\n"), 0o700); err != nil { //nolint:gosec // a program for the test
		t.Fatal(err)
	}
	o := options(t)
	o.Config = config.Config{
		AllowedRepositories: o.Config.AllowedRepositories, ClaudeAPIKey: config.NewSecret("sk-ant-refused"), AnthropicBaseURL: web.URL, ClaudeCodePath: program,
	}
	a := open(t, o)
	create := func(engine codybatch.AgentType) codybatch.JobID {
		job, _, err := a.Service.CreateJob(t.Context(), codybatch.JobSpec{
			Name: "Change it", Prompt: "Change it.", Repositories: []codybatch.RepositoryName{"acme/site"},
			Agent: codybatch.AgentSpec{Type: engine},
		}, "")
		if err != nil {
			t.Fatal(err)
		}
		return job.ID
	}
	for range 3 {
		if job := ended(t, a, create(codybatch.AgentClaude)); job.Counts.Failed != 1 {
			t.Fatalf("the job is %+v", job)
		}
	}
	key := codybatch.TaskKey{JobID: create(codybatch.AgentClaudeCode), Repository: "acme/site"}
	for end := time.Now().Add(time.Minute); ; time.Sleep(10 * time.Millisecond) {
		task, err := a.Service.Task(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if task.Status == codybatch.TaskQueued && strings.HasPrefix(task.WaitingFor, "paused until") {
			break
		}
		if task.Status == codybatch.TaskFailed || time.Now().After(end) {
			t.Fatalf("the task is %+v, %+v", task, task.Error)
		}
	}
	if _, err := os.Stat(started); !os.IsNotExist(err) || asked.Load() != 3 {
		t.Errorf("the API was asked %d times; the program was started: %v", asked.Load(), err == nil)
	}
}
