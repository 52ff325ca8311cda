package main

import (
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"syscall"
	"testing"
)

// The instance can be taken away before the task is claimed: while the secrets or the
// manifest are read. AWS Batch has to try that again, as it does later.
func TestAStopBeforeTheTaskIsClaimedIsTriedAgain(t *testing.T) {
	var once sync.Once
	aws := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		once.Do(func() {
			if err := syscall.Kill(os.Getpid(), syscall.SIGTERM); err != nil {
				t.Error(err)
			}
		})
		<-r.Context().Done() // the stop ends the request, not we
	}))
	defer aws.Close()
	t.Setenv("AWS_ENDPOINT_URL", aws.URL)
	t.Setenv("AWS_ACCESS_KEY_ID", "test")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "test")
	t.Setenv("AWS_REGION", "us-east-1")
	t.Setenv("TMPDIR", t.TempDir())
	environment := map[string]string{
		"DYNAMODB_JOBS_TABLE": "jobs", "DYNAMODB_REPOSITORIES_TABLE": "tasks", "ARTIFACTS_BUCKET": "documents", "AWS_REGION": "us-east-1",
		"GITHUB_TOKEN": "token", "ALLOWED_REPOSITORIES": "github.com/acme/*",
		"AWS_BATCH_JOB_ID": "a:0", "AWS_BATCH_JOB_ATTEMPT": "1", "AWS_BATCH_JOB_ARRAY_INDEX": "0",
		"CODYBATCH_MANIFEST": "manifests/j/" + strings.Repeat("0", 32) + ".json",
	}
	var log strings.Builder
	code := run(t.Context(), func(name string) (string, bool) {
		value, ok := environment[name]
		return value, ok
	}, slog.New(slog.NewTextHandler(&log, nil)))
	if code != exitTryAgain {
		t.Errorf("it exits with %d, want %d:\n%s", code, exitTryAgain, &log)
	}
}
