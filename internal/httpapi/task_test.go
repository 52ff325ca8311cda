package httpapi_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

func TestRepositoryNames(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(t, scriptJob)
	w.finish(t, key(id, "acme/site"), w.change(t, key(id, "acme/site"), patch))
	w.finish(t, key(id, "acme/diff"), w.change(t, key(id, "acme/diff"), patch))
	root := "/jobs/" + string(id) + "/repositories/"

	for _, name := range []string{"acme/site", "acme%2Fsite", "acme%2fsite", "acm%65%2Fsite", "acm%65/site"} {
		t.Run("spelling_"+name, func(t *testing.T) {
			t.Parallel()
			if task := get[httpapi.Task](t, w, root+name); task.RepositoryName != "acme/site" {
				t.Errorf("the task is of %s", task.RepositoryName)
			}
			if answer := w.ask(t, http.MethodGet, root+name+"/diff", ""); answer.Code != 200 || answer.Body.String() != patch {
				t.Errorf("diff: %d %s", answer.Code, answer.Body)
			}
			if answer := w.ask(t, http.MethodPost, root+name+"/review", `{"decision":"approved"}`); answer.Code != 200 {
				t.Errorf("review: %d %s", answer.Code, answer.Body)
			}
		})
	}
	t.Run("a_repository_called_diff_is_no_route", func(t *testing.T) {
		t.Parallel()
		for _, name := range []string{"acme/diff", "acme%2Fdiff"} {
			if task := get[httpapi.Task](t, w, root+name); task.RepositoryName != "acme/diff" {
				t.Errorf("the task is of %s", task.RepositoryName)
			}
			if answer := w.ask(t, http.MethodGet, root+name+"/diff", ""); answer.Body.String() != patch {
				t.Errorf("diff: %d %s", answer.Code, answer.Body)
			}
		}
	})
}

func TestTaskActions(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(t, scriptJob)
	root := "/jobs/" + string(id)
	task := func(name, action string) httpapi.Task {
		t.Helper()
		return decode[httpapi.Task](t, w.ask(t, http.MethodPost, root+"/repositories/"+name+action, ""), http.StatusAccepted)
	}

	w.claim(t, key(id, "acme/api"))
	if got := task("acme%2Fapi", "/cancel"); got.Status != "running" || !got.CancelRequested {
		t.Errorf("a canceled running task is %+v", got)
	}
	if len(w.dispatched.canceled) != 1 || w.dispatched.canceled[0] != key(id, "acme/api") {
		t.Errorf("the dispatcher was told to cancel %v", w.dispatched.canceled)
	}
	if got := task("acme/diff", "/cancel"); got.Status != "canceled" || got.Outcome != "canceled" {
		t.Errorf("a canceled queued task is %+v", got)
	}
	if got := task("acme/diff", "/retry"); got.Status != "queued" || got.Attempt != 2 || got.Outcome != "" {
		t.Errorf("a retried task is %+v", got)
	}
	w.finish(t, key(id, "acme/site"), w.change(t, key(id, "acme/site"), patch))
	if got := task("acme/site", "/publish"); got.Status != "queued" || !got.PublishRequested || *got.WereChangesNecessary != true {
		t.Errorf("a task to publish is %+v", got)
	}
	w.finish(t, key(id, "acme/diff"), codybatch.TaskResult{Outcome: codybatch.OutcomeNoChanges})
	if got := get[httpapi.Task](t, w, root+"/repositories/acme/diff"); got.WereChangesNecessary == nil || *got.WereChangesNecessary {
		t.Errorf("a task without changes is %+v", got)
	}
}

func TestListTasks(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(t, scriptJob)
	w.finish(t, key(id, "acme/api"), codybatch.TaskResult{Outcome: codybatch.OutcomeTimeout})
	root := "/jobs/" + string(id) + "/repositories"
	listed := func(page httpapi.TaskPage) string {
		var names []string
		for _, task := range page.Repositories {
			names = append(names, task.RepositoryName)
		}
		return strings.Join(names, " ")
	}

	first := get[httpapi.TaskPage](t, w, root+"?limit=2")
	second := get[httpapi.TaskPage](t, w, root+"?limit=2&cursor="+string(first.NextCursor))
	if listed(first) != "acme/site acme/api" || listed(second) != "acme/diff" || second.NextCursor != "" {
		t.Errorf("pages %q and %q, then cursor %q", listed(first), listed(second), second.NextCursor)
	}
	for query, want := range map[string]string{
		"?status=queued": "acme/site acme/diff", "?outcome=timeout": "acme/api", "?status=failed&outcome=timeout": "acme/api",
		"?status=running": "", "?status=&limit=": "acme/site acme/api acme/diff",
	} {
		if got := listed(get[httpapi.TaskPage](t, w, root+query)); got != want {
			t.Errorf("%s lists %q, want %q", query, got, want)
		}
	}
}

func TestDiff(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(t, scriptJob)
	path := "/jobs/" + string(id) + "/repositories/acme/site/diff"

	if problem := decode[httpapi.Problem](t, w.ask(t, http.MethodGet, path, ""), 404); !strings.Contains(problem.Detail, "there is none yet; the task is queued") {
		t.Errorf("before: %s", problem.Detail)
	}
	odd := "diff --git \"a/\\303\\244\\n\" \"b/x\"\n\x00\xff\xfe no newline at the end\r\n" + strings.Repeat("+x\n", 100_000) + "+"
	w.finish(t, key(id, "acme/site"), w.change(t, key(id, "acme/site"), odd))
	for _, method := range []string{http.MethodGet, http.MethodHead} {
		answer := w.ask(t, method, path, "")
		want := map[string]string{
			"Content-Type": "text/x-diff; charset=utf-8", "Content-Length": "300060", "X-Content-Type-Options": "nosniff",
			"Content-Disposition": `attachment; filename="acme-site.patch"`, "Content-Security-Policy": "default-src 'none'; frame-ancestors 'none'",
		}
		for name, value := range want {
			if got := answer.Header().Get(name); got != value {
				t.Errorf("%s %s: %q, want %q", method, name, got, value)
			}
		}
		if method == http.MethodGet && answer.Body.String() != odd {
			t.Errorf("the diff does not come byte for byte")
		}
		if method == http.MethodHead && answer.Body.Len() > 0 {
			t.Errorf("HEAD has a body of %d bytes", answer.Body.Len())
		}
	}

	w.finish(t, key(id, "acme/api"), codybatch.TaskResult{Outcome: codybatch.OutcomeNoChanges})
	if problem := decode[httpapi.Problem](t, w.ask(t, http.MethodGet, "/jobs/"+string(id)+"/repositories/acme/api/diff", ""), 404); !strings.Contains(problem.Detail, "no change was needed") {
		t.Errorf("without changes: %s", problem.Detail)
	}
}

func TestDiffOfAnAttempt(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(t, scriptJob)
	site := key(id, "acme/site")
	says := func(query string, status int, want string) {
		t.Helper()
		answer := w.ask(t, http.MethodGet, "/jobs/"+string(id)+"/repositories/acme/site/diff"+query, "")
		text := answer.Body.String()
		if status == http.StatusNotFound {
			text = decode[httpapi.Problem](t, answer, status).Detail
		}
		if answer.Code != status || text != want {
			t.Errorf("%s: %d %q, want %d %q", query, answer.Code, text, status, want)
		}
	}
	retry := func() {
		t.Helper()
		w.ask(t, http.MethodPost, "/jobs/"+string(id)+"/retry", `{"repositories":["acme/site"]}`)
	}

	says("?attempt=1", 404, "diff of acme/site: there is none yet; the task is queued")
	says("?attempt=2", 404, "diff of acme/site: there is no attempt 2; there was only one")
	first := w.change(t, site, patch)
	first.Outcome = codybatch.OutcomeVerifyFailed
	w.finish(t, site, first)
	retry()
	says("?attempt=1", 200, patch)
	says("", 200, patch)
	says("?attempt=2", 404, "diff of acme/site: there is none yet; the task is queued")
	w.finish(t, site, codybatch.TaskResult{Outcome: codybatch.OutcomeTimeout})
	says("?attempt=2", 404, "diff of acme/site: nothing was changed before the task ended as timeout")
	says("?attempt=1", 200, patch)
	says("?attempt=0", 404, "diff of acme/site: nothing was changed before the task ended as timeout")
	retry()
	says("?attempt=2", 404, "diff of acme/site: attempt 2 left none")
	w.finish(t, site, w.change(t, site, patch+"+more\n"))
	says("?attempt=3", 200, patch+"+more\n")
	says("", 200, patch+"+more\n")
	says("?attempt=1", 200, patch)
	says("?attempt=9", 404, "diff of acme/site: there is no attempt 9; there were only 3")
}

func TestThread(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(t, scriptJob)
	site := key(id, "acme/site")
	path := "/jobs/" + string(id) + "/repositories/acme/site/claude-thread"

	if problem := decode[httpapi.Problem](t, w.ask(t, http.MethodGet, path, ""), 404); !strings.Contains(problem.Detail, "none yet") {
		t.Errorf("before: %s", problem.Detail)
	}
	w.record(t, site, 1, conversation()...)
	w.claim(t, site)
	running := get[httpapi.Thread](t, w, path)
	if len(running.Messages) != 6 || running.Complete || running.NextAfter != 6 || running.Attempt != 1 {
		t.Errorf("while it runs: %+v", running)
	}
	rest := get[httpapi.Thread](t, w, path+"?after=4")
	if len(rest.Messages) != 2 || rest.Messages[0].Seq != 5 || *rest.Usage.CostUSD != 0.001 {
		t.Errorf("after 4: %+v", rest)
	}
	lines := w.ask(t, http.MethodGet, path+"?format=jsonl&attempt=1", "")
	if ct := lines.Header().Get("Content-Type"); ct != "application/jsonl" || strings.Count(lines.Body.String(), "\n") != 6 {
		t.Errorf("stored events as %s: %s", ct, lines.Body)
	}
	if answer := w.ask(t, http.MethodGet, path+"?attempt=2", ""); answer.Code != 404 {
		t.Errorf("an attempt without a thread: %d", answer.Code)
	}
	if err := w.artifacts.Append(t.Context(), codybatch.LogKey(site, 1), []byte("hello\n")); err != nil {
		t.Fatal(err)
	}
	if answer := w.ask(t, http.MethodGet, "/jobs/"+string(id)+"/repositories/acme/site/log", ""); answer.Body.String() != "hello\n" {
		t.Errorf("log: %d %s", answer.Code, answer.Body)
	}
}

// TestLog plays a task whose first attempt prints something and is then published:
// the second attempt prints nothing.
func TestLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(t, scriptJob)
	site, quiet := key(id, "acme/site"), key(id, "acme/api")
	says := func(k codybatch.TaskKey, query string, status int, want string) {
		t.Helper()
		answer := w.ask(t, http.MethodGet, "/jobs/"+string(id)+"/repositories/"+string(k.Repository)+query, "")
		text := answer.Body.String()
		if status == http.StatusNotFound {
			text = decode[httpapi.Problem](t, answer, status).Detail
		}
		if answer.Code != status || text != want {
			t.Errorf("%s%s: %d %q, want %d %q", k.Repository, query, answer.Code, text, status, want)
		}
	}

	says(site, "/log", 404, "log of acme/site: there is none yet; the task is queued")
	w.claim(t, quiet)
	says(quiet, "/log", 404, "log of acme/api: there is none yet; the task is running")
	if err := w.artifacts.Append(t.Context(), codybatch.LogKey(site, 1), []byte("hello\n")); err != nil {
		t.Fatal(err)
	}
	w.finish(t, site, w.change(t, site, patch))
	says(site, "/log", 200, "hello\n")
	says(site, "/log?attempt=2", 404, "log of acme/site: there is no attempt 2; there was only one")
	says(site, "/claude-thread", 404, "thread of acme/site: it ended before anything was said")

	w.ask(t, http.MethodPost, "/jobs/"+string(id)+"/repositories/acme/site/publish", "")
	says(site, "/log", 200, "hello\n")
	says(site, "/log?attempt=2", 404, "log of acme/site: there is none yet; the task is queued")
	w.finish(t, site, w.change(t, site, patch))
	says(site, "/log", 200, "hello\n")
	says(site, "/log?attempt=0", 200, "hello\n")
	says(site, "/log?attempt=2", 404, "log of acme/site: the commands of attempt 2 printed nothing")
	says(site, "/log?attempt=99", 404, "log of acme/site: there is no attempt 99; there were only 2")
	says(site, "/claude-thread?attempt=99&format=jsonl", 404, "thread of acme/site: there is no attempt 99; there were only 2")

	last := key(id, "acme/diff")
	w.finish(t, last, codybatch.TaskResult{Outcome: codybatch.OutcomeNoChanges})
	says(last, "/log", 404, "log of acme/diff: its commands printed nothing")
}

// TestThreadTellsAReasonOnce plays a script that fails: the agent tells why, and so
// does the worker.
func TestThreadTellsAReasonOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(t, scriptJob)
	site := key(id, "acme/site")
	const reason = "script ended with exit code 1"
	w.record(t, site, 1,
		codybatch.ThreadEvent{Type: codybatch.EventRunEnd, Outcome: codybatch.OutcomeBlocked, Reason: reason},
		codybatch.ThreadEvent{Type: codybatch.EventNotice, Outcome: codybatch.OutcomeBlocked, Reason: reason},
		codybatch.ThreadEvent{Type: codybatch.EventNotice, Reason: "something else"},
	)
	w.finish(t, site, codybatch.TaskResult{Outcome: codybatch.OutcomeBlocked})
	for after, want := range map[string]string{"0": "Ended: blocked. " + reason + "|something else", "1": "something else", "3": ""} {
		thread := get[httpapi.Thread](t, w, "/jobs/"+string(id)+"/repositories/acme/site/claude-thread?after="+after)
		var texts []string
		for _, message := range thread.Messages {
			texts = append(texts, message.Blocks[0].Text)
		}
		if got := strings.Join(texts, "|"); got != want || thread.NextAfter != 3 || !thread.Complete {
			t.Errorf("after %s: %q, next %d, complete %v; want %q", after, got, thread.NextAfter, thread.Complete, want)
		}
	}
}

// TestMissing wants every 404 to say what is not there, and how to find what is.
func TestMissing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := string(w.create(t, scriptJob))
	noJob := func(id string) string {
		return fmt.Sprintf("there is no job %q; ids count to the last character, and GET /api/jobs lists the jobs", id)
	}
	noRepository := func(name string) string {
		return fmt.Sprintf("job %s has no repository %q; GET /api/jobs/%s/repositories lists them as the job spells them, case included", id, name, id)
	}
	for _, c := range []struct{ method, path, want string }{
		{"GET", "/jobs/nope", noJob("nope")},
		{"GET", "/jobs/" + id[:6], noJob(id[:6])},
		{"GET", "/jobs/a%20b", noJob("a b")},
		{"GET", "/jobs/nope/repositories", noJob("nope")},
		{"GET", "/jobs/nope/events", noJob("nope")},
		{"POST", "/jobs/nope/cancel", noJob("nope")},
		{"POST", "/jobs/nope/publish", noJob("nope")},
		{"GET", "/jobs/nope/repositories/acme/site", noJob("nope")},
		{"GET", "/jobs/nope/repositories/acme/site/diff", noJob("nope")},
		{"POST", "/jobs/nope/repositories/acme/site/retry", noJob("nope")},
		{"GET", "/jobs/" + id + "/repositories/acme/none", noRepository("acme/none")},
		{"GET", "/jobs/" + id + "/repositories/ACME%2FSite", noRepository("ACME/Site")},
		{"GET", "/jobs/" + id + "/repositories/acme/none/claude-thread", noRepository("acme/none")},
		{"GET", "/jobs/" + id + "/repositories/acme/none/log", noRepository("acme/none")},
		{"POST", "/jobs/" + id + "/repositories/acme/none/publish", noRepository("acme/none")},
		{"GET", "/jobs/" + id + "/repositories/acme/site/diff", "diff of acme/site: there is none yet; the task is queued"},
		{"GET", "/jobs/" + id + "/repositories/acme/site/claude-thread", "thread of acme/site: there is none yet; the task is queued"},
		{"GET", "/jobs/" + id + "/nothing", "there is nothing at this address; /openapi.json lists all routes"},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			t.Parallel()
			problem := decode[httpapi.Problem](t, w.ask(t, c.method, c.path, ""), http.StatusNotFound)
			if problem.Code != "not_found" || problem.Detail != c.want {
				t.Errorf("%s %q, want %q", problem.Code, problem.Detail, c.want)
			}
		})
	}
}
