package cli

import (
	"bytes"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

var noon = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

func at(seconds int) *time.Time {
	t := noon.Add(time.Duration(seconds) * time.Second)
	return &t
}

func dollars(amount float64) *float64 { return &amount }

// sampleJob is in the middle of its work: 3 of 8 have ended.
func sampleJob() httpapi.Job {
	return httpapi.Job{
		JobID: "0192f0c1-0000-7000-8000-000000000001", Name: "Move to v2 \x1b[31m of the API", Status: "running",
		CreatedAt: noon, StartedAt: at(0), RepositoryCount: 8, MaxCostUSD: dollars(4),
		Counts: httpapi.Counts{Queued: 2, Running: 3, Succeeded: 2, Failed: 1, Changed: 2, Published: 1}, Seq: 101,
		Usage: httpapi.Usage{CostUSD: dollars(0.42)},
	}
}

func running(name, phase string, since int, amount float64) httpapi.Task {
	return httpapi.Task{
		RepositoryName: name, Status: "running", Phase: httpapi.Text(phase), Attempt: 1, StartedAt: at(since),
		Usage: httpapi.Usage{CostUSD: dollars(amount)},
	}
}

// sampleTasks have ended in every way that looks different.
func sampleTasks() []httpapi.Task {
	zero := httpapi.Usage{CostUSD: dollars(0)}
	return []httpapi.Task{
		{RepositoryName: "acme/site", Status: "succeeded", Outcome: "changed", Attempt: 1, Engine: "claude", Branch: "cody-batch/v2",
			DiffStat: httpapi.DiffStat{Files: 3, Additions: 120, Deletions: 7}, Usage: httpapi.Usage{CostUSD: dollars(0.31), OutputTokens: 1},
			PullRequest: &httpapi.PullRequest{Number: 7, URL: "https://github.com/acme/site/pull/7"}, StartedAt: at(0), CompletedAt: at(83)},
		{RepositoryName: "acme/local", Status: "succeeded", Outcome: "changed", Attempt: 1, Engine: "claude", Branch: "cody-batch/v2",
			DiffStat: httpapi.DiffStat{Files: 1, Additions: 1}, Usage: httpapi.Usage{OutputTokens: 1},
			PullRequest: &httpapi.PullRequest{Number: 1, URL: "local://acme/local/pulls/1"}, StartedAt: at(0), CompletedAt: at(5),
			Verification: []httpapi.Verification{{Command: "make test", ExitCode: 2, Baseline: true}, {Command: "make test", ExitCode: 2}}},
		{RepositoryName: "acme/done", Status: "succeeded", Outcome: "no_changes", Attempt: 1, Engine: "claude", Summary: "Nothing calls v1.",
			Usage: httpapi.Usage{CostUSD: dollars(0.0112), OutputTokens: 1}, StartedAt: at(1), CompletedAt: at(3)},
		{RepositoryName: "acme/broken", Status: "failed", Outcome: "verify_failed", Attempt: 2, Engine: "claude",
			DiffStat: httpapi.DiffStat{Files: 2, Additions: 4, Deletions: 4}, Usage: httpapi.Usage{CostUSD: dollars(1.9)},
			Error: &httpapi.TaskError{Code: "verify_failed", Message: "go test ./... passed before the change and fails after it:\n\x1b]0;owned\x07--- FAIL: TestOrder"}, StartedAt: at(0), CompletedAt: at(3700)},
		{RepositoryName: "acme/waiting", Status: "queued", Attempt: 1, Usage: zero},
		{RepositoryName: "acme/gone", Status: "canceled", Outcome: "canceled", Attempt: 1, Usage: zero},
	}
}

// shown is what a window shows of a frame.
func shown(b *board, now time.Time, width, height int) string {
	w := newWindow(width, height)
	s := &screen{w: w}
	s.draw(b.frame(now, width, height), width, height)
	return strings.Join(w.text(), "\n") + "\n"
}

func TestFrame(t *testing.T) {
	t.Parallel()
	b := newBoard(sampleJob())
	for _, task := range []httpapi.Task{
		running("acme/site", "agent", 0, 0.31), running("acme/a-repository-with-a-rather-long-name", "verifying", 35, 0), running("acme/api", "cloning", 60, 0),
	} {
		b.take(httpapi.Event{Task: &task}, *at(60))
	}
	canceling := running("acme/site", "agent", 0, 0.31)
	canceling.CancelRequested = true
	b.take(httpapi.Event{Task: &canceling}, *at(75))

	var got strings.Builder
	for _, size := range []struct{ width, height int }{{120, 24}, {80, 24}, {40, 24}, {24, 12}} {
		fmt.Fprintf(&got, "== %d × %d\n%s", size.width, size.height, shown(b, *at(80), size.width, size.height))
	}
	b.problem = "can't reach http://127.0.0.1:8080, trying again"
	fmt.Fprintf(&got, "== without the server\n%s", shown(b, *at(80), 80, 24))
	b.problem = ""
	waiting := running("acme/api", "agent", 0, 0)
	waiting.WaitingFor = "the Messages API is overloaded (529), try 4 of 8; trying again in 8s\x1b[2J"
	b.take(httpapi.Event{Task: &waiting}, *at(75))
	fmt.Fprintf(&got, "== while one waits\n%s", shown(b, *at(80), 60, 24))
	for i := range 30 {
		task := running(fmt.Sprintf("acme/r%02d", i), "agent", 70, 0)
		b.take(httpapi.Event{Task: &task}, *at(80))
	}
	rehearsed := sampleTasks()[2]
	rehearsed.Engine = engineRehearsal
	b.take(httpapi.Event{Task: &rehearsed}, *at(80))
	fmt.Fprintf(&got, "== more than fit, rehearsed\n%s", shown(b, *at(80), 100, 9))
	golden(t, "frame", got.String())
}

func TestTaskTable(t *testing.T) {
	t.Parallel()
	var got strings.Builder
	for _, width := range []int{140, 90, 40} {
		fmt.Fprintf(&got, "== %d columns\n", width)
		to := terminal{is: true, size: func() (int, int) { return width, 24 }}
		if err := taskTable(sampleTasks(), true).write(&got, to); err != nil {
			t.Fatal(err)
		}
	}
	fmt.Fprintln(&got, "== in a pipe")
	if err := taskTable(sampleTasks(), false).write(&got, terminal{}); err != nil {
		t.Fatal(err)
	}
	golden(t, "table", got.String())
}

func TestLog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	now := noon
	l := newProgress(&out, terminal{}, sampleJob(), func() time.Time { return now })
	old := running("acme/old", "agent", 0, 0)
	old.Status = "failed"
	l.take(httpapi.Event{Seq: sampleJob().Seq - 1, Task: &old}) // no news: it was so at the start
	for i, task := range sampleTasks() {
		for range 2 { // an end that is told again is not shown again
			now = now.Add(3 * time.Second)
			l.take(httpapi.Event{Seq: sampleJob().Seq + 1 + int64(i), Task: &task})
		}
	}
	for _, problem := range []string{"", "can't reach http://localhost, trying again", "can't reach http://localhost, trying again", "", ""} {
		l.reach(problem)
	}
	golden(t, "log", out.String())
}

func TestLeft(t *testing.T) {
	t.Parallel()
	b := newBoard(sampleJob())
	if left, ok := b.left(*at(30)); !ok || left != 50*time.Second {
		t.Errorf("three of eight took 30 s: got %s, %t", left, ok)
	}
	b.job.Counts = httpapi.Counts{Queued: 8}
	if _, ok := b.left(*at(30)); ok {
		t.Error("an estimate out of nothing")
	}
}

func TestDuration(t *testing.T) {
	t.Parallel()
	for d, want := range map[time.Duration]string{
		0: "0s", 59*time.Second + 600*time.Millisecond: "1m00s", 61 * time.Second: "1m01s", 3*time.Hour + 125*time.Second: "3h02m",
	} {
		if got := duration(d); got != want {
			t.Errorf("%s: got %s, want %s", d, got, want)
		}
	}
}
