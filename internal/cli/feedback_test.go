package cli

import (
	"bytes"
	"errors"
	"net/http"
	"net/http/httptest"
	"net/http/httputil"
	"net/url"
	"os/exec"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// A remark whose answer is lost on the way may have been passed on, and paid for. The
// command sends it again by itself, and then tells how a person can.
func TestARemarkWhoseAnswerIsLostIsPassedOnOnce(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	s.serve("--rehearsal")
	id := s.create(codybatch.JobSpec{Name: "Try", Prompt: "Leave a note."})
	s.untilEnd(id)

	server, err := url.Parse(s.server.url)
	if err != nil {
		t.Fatal(err)
	}
	var isCut atomic.Bool
	var cut atomic.Int64
	proxy := &httputil.ReverseProxy{
		Rewrite: func(r *httputil.ProxyRequest) { r.SetURL(server) },
		ModifyResponse: func(r *http.Response) error {
			if isCut.Load() && strings.HasSuffix(r.Request.URL.Path, "/feedback") {
				cut.Add(1)
				return errors.New("cut") // what was asked for is done
			}
			return nil
		},
		ErrorHandler: func(http.ResponseWriter, *http.Request, error) { panic(http.ErrAbortHandler) },
	}
	web := httptest.NewServer(proxy)
	t.Cleanup(web.Close)
	feedback := func(arguments ...string) (string, int) {
		c := exec.Command("codybatch", append([]string{"job", "feedback", "latest", "acme/r00", "-m", "Say more.", "--server", web.URL}, arguments...)...)
		var stderr bytes.Buffer
		c.Dir, c.Env, c.Stderr = s.folder, s.environment(), &stderr
		_ = c.Run() // the exit code tells
		return stderr.String(), c.ProcessState.ExitCode()
	}

	isCut.Store(true)
	said, code := feedback()
	found := regexp.MustCompile(`may have been passed on; add (--idempotency-key) (\S+) to send it again`).FindStringSubmatch(said)
	if code != exitError || found == nil || cut.Load() < 2 {
		t.Fatalf("exit code %d after %d lost answers\n%s", code, cut.Load(), said)
	}
	s.untilEnd(id)
	isCut.Store(false)
	if said, code := feedback(found[1:]...); code != exitSucceeded || !strings.Contains(said, "Sent back: 1 of 1") {
		t.Errorf("exit code %d\n%s", code, said)
	}
	s.untilEnd(id)
	if task := s.tasks(id)["acme/r00"]; task.Attempt != 2 || task.Status != "succeeded" {
		t.Errorf("the task is %+v", task)
	}
	// Without the key it is another remark.
	if said, code := feedback(); code != exitSucceeded {
		t.Errorf("exit code %d\n%s", code, said)
	}
	s.untilEnd(id)
	if task := s.tasks(id)["acme/r00"]; task.Attempt != 3 {
		t.Errorf("the task is %+v", task)
	}
}
