package httpapi_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"path/filepath"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// TestWire keeps one golden file for each kind of answer: what other people's
// programs depend on.
func TestWire(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(t, `{
		"name": "Replace io/ioutil", "description": "For Go 1.16 and later.", "prompt": "Replace io/ioutil.",
		"repositories": ["acme/site", "acme/api", "ACME/diff"],
		"agent": {"type": "claude", "model": "claude-sonnet-5-5", "maxTurns": 40, "maxCostUsd": 1.5, "timeoutSeconds": 600},
		"verify": ["true"], "maxCostUsd": 20,
		"pullRequest": {"title": "Replace io/ioutil", "body": "See the job.", "branch": "cody-batch/ioutil", "labels": ["cody"], "reviewers": ["ann"]}
	}`)
	site, api := key(id, "acme/site"), key(id, "acme/api")
	result := w.change(t, site, patch)
	result.Branch, result.HeadCommit = "cody-batch/ioutil", "cdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcdcd"
	result.PullRequest = &codybatch.PullRequest{Number: 7, URL: "https://forge.example/acme/site/pulls/7", State: codybatch.PullRequestOpen}
	w.record(t, site, 1, conversation()...)
	w.finish(t, site, result)
	w.finish(t, api, codybatch.TaskResult{
		Outcome: codybatch.OutcomeVerifyFailed, Engine: "claude", Usage: codybatch.Usage{InputTokens: 5, CostUnknown: true},
		Error: &codybatch.TaskError{Code: "verify_failed", Message: `"true" fails after the change.`},
	})
	w.claim(t, key(id, "acme/diff"))
	root := "/jobs/" + string(id)
	task := root + "/repositories/acme/site"

	for _, c := range []struct{ name, method, path, body string }{
		{"job", "GET", root, ""},
		{"jobs", "GET", "/jobs?limit=1", ""},
		{"task_published", "GET", task, ""},
		{"task_failed", "GET", root + "/repositories/acme/api", ""},
		{"task_running", "GET", root + "/repositories/acme/diff", ""},
		{"tasks", "GET", root + "/repositories?limit=1", ""},
		{"tasks_brief", "GET", root + "/repositories?limit=1&view=brief", ""},
		{"timeline", "GET", root + "/timeline?buckets=4", ""},
		{"groups", "GET", root + "/groups", ""},
		{"events", "GET", root + "/events", ""},
		{"thread", "GET", task + "/claude-thread", ""},
		{"repositories", "GET", "/repositories", ""},
		{"health", "GET", "/health", ""},
		{"estimate", "POST", "/jobs/estimate", `{"name":"x","prompt":"y","repositories":["acme/site","acme/none","private/plans"]}`},
		{"task_reviewed", "POST", task + "/review", `{"decision":"approved","note":"Reads well."}`},
		{"review", "POST", root + "/review", `{"decision":"withdrawn","repositories":["acme/site","acme/diff"]}`},
		{"publish", "POST", root + "/publish", `{"repositories":["acme/site","acme/none"]}`},
		{"retry", "POST", root + "/retry", ""},
		{"feedback", "POST", root + "/feedback", `{"message":"Keep the old name.","repositories":["acme/site","acme/api","acme/none"]}`},
		{"cancel", "POST", root + "/repositories/cancel", `{"repositories":["acme/api"]}`},
		{"job_cancel", "POST", root + "/cancel", ""},
		{"problem", "POST", "/jobs", `{"name":"","prompt":"","repositories":[]}`},
		{"problem_not_allowed", "POST", "/jobs", `{"name":"x","prompt":"y","repositories":["private/plans"]}`},
	} {
		t.Run(c.name, func(t *testing.T) { // in order: the later ones change the job
			answer := w.ask(t, c.method, c.path, c.body)
			var text bytes.Buffer
			text.WriteString(http.StatusText(answer.Code) + " " + answer.Header().Get("Content-Type") + "\n")
			if err := json.Indent(&text, answer.Body.Bytes(), "", "  "); err != nil {
				t.Fatal(err)
			}
			golden(t, filepath.Join("testdata", "answers", c.name+".txt"), bytes.ReplaceAll(text.Bytes(), []byte(rootOfTests), []byte("/srv")))
		})
	}
}

func conversation() []codybatch.ThreadEvent {
	exit := 1
	usage := codybatch.Usage{InputTokens: 10, OutputTokens: 20, Cost: codybatch.USD(0.001)}
	return []codybatch.ThreadEvent{
		{Type: codybatch.EventRunStart, Engine: "claude", Model: "claude-sonnet-5-5", Repository: "acme/site", BaseCommit: "abab"},
		{Type: codybatch.EventRequest, N: 1, Content: json.RawMessage(`"Replace io/ioutil."`)},
		{
			Type: codybatch.EventAssistant, MessageID: "msg_1", Model: "claude-sonnet-5-5", StopReason: "tool_use", Usage: &usage, DurationMs: 900,
			Content: json.RawMessage(`[{"type":"thinking","thinking":"Hm."},{"type":"text","text":"I look."},{"type":"tool_use","id":"toolu_1","name":"bash","input":{"command":"grep -r ioutil"}}]`),
		},
		{
			Type: codybatch.EventTool, ToolUseID: "toolu_1", Name: "bash", IsError: true, ExitCode: &exit, Truncated: true, DurationMs: 12,
			Content: json.RawMessage(`[{"type":"text","text":"nothing <b>found</b>"}]`),
		},
		{Type: codybatch.EventVerify, Command: "true", ExitCode: new(int), Tail: "ok\n"},
		{Type: codybatch.EventRunEnd, Outcome: codybatch.OutcomeChanged, Usage: &usage},
	}
}
