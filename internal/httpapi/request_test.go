package httpapi_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"net/http"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// job makes the body of POST /jobs out of a good one and changes to it.
func job(changes string) string {
	base := map[string]any{"name": "Tidy", "prompt": "Tidy up.", "repositories": []string{"acme/site"}}
	if err := json.Unmarshal([]byte(changes), &base); err != nil {
		panic(err)
	}
	body, err := json.Marshal(base)
	if err != nil {
		panic(err)
	}
	return string(body)
}

func manyRepositories(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf(`"acme/r%d"`, i)
	}
	return `{"repositories": [` + strings.Join(list, ",") + `]}`
}

// TestBadInput goes through everything that must be refused: a clear error that
// names the field, and nothing stored.
func TestBadInput(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name, body   string
		status       int
		code, field  string
		says         string
		alsoEstimate bool
	}{
		{"unknown repository", job(`{"repositories": ["acme/site", "acme/none"]}`), 422, "validation_failed", "repositories[1]", "does not exist", false},
		{"disallowed repository", job(`{"repositories": ["acme/site", "private/plans"]}`), 403, "repository_not_allowed", "repositories[1]", "private/plans", false},
		{"disallowed and unknown repository", job(`{"repositories": ["acme/none", "private/none"]}`), 422, "validation_failed", "repositories[1]", "private/none", false},
		{"duplicate repositories", job(`{"repositories": ["acme/site", "acme/api", "ACME/Site"]}`), 422, "validation_failed", "repositories[2]", "repositories[0]", true},
		{"repository that is no name", job(`{"repositories": ["acme/site", "../../etc/passwd"]}`), 422, "validation_failed", "repositories[1]", "owner/name", true},
		{"empty prompt", job(`{"prompt": " \n "}`), 422, "validation_failed", "prompt", "empty", true},
		{"no prompt", `{"name": "x", "repositories": ["acme/site"]}`, 422, "validation_failed", "prompt", "empty", true},
		{"65 KiB prompt", job(`{"prompt": "` + strings.Repeat("x", 65<<10) + `"}`), 422, "validation_failed", "prompt", "66560", true},
		{"empty name", job(`{"name": ""}`), 422, "validation_failed", "name", "empty", true},
		{"name with control characters", job(`{"name": "a\u0007b"}`), 422, "validation_failed", "name", "control", true},
		{"name with a line break", job(`{"name": "a\nb"}`), 422, "validation_failed", "name", "control", true},
		{"branch name that git refuses", job(`{"pullRequest": {"branch": "a..b"}}`), 422, "validation_failed", "pullRequest.branch", "git refuses", true},
		{"branch name like an option", job(`{"pullRequest": {"branch": "--upload-pack=x"}}`), 422, "validation_failed", "pullRequest.branch", "git refuses", true},
		{"0 repositories", job(`{"repositories": []}`), 422, "validation_failed", "repositories", "at least one", true},
		{"no repositories", `{"name": "x", "prompt": "y"}`, 422, "validation_failed", "repositories", "at least one", true},
		{"10,001 repositories", job(manyRepositories(10_001)), 422, "validation_failed", "repositories", "10001", true},
		{"negative budget", job(`{"maxCostUsd": -1}`), 422, "validation_failed", "maxCostUsd", "more than 0", true},
		{"budget of nothing", job(`{"agent": {"maxCostUsd": 0}}`), 422, "validation_failed", "agent.maxCostUsd", "more than 0", true},
		{"negative budget of a task", job(`{"agent": {"maxCostUsd": -0.5}}`), 422, "validation_failed", "agent.maxCostUsd", "more than 0", true},
		{"budget beyond all bounds", job(`{"maxCostUsd": 1e300}`), 422, "validation_failed", "maxCostUsd", "at most", true},
		{"budget that is no number", `{"name":"x","prompt":"y","repositories":["acme/site"],"maxCostUsd": 1e999}`, 422, "validation_failed", "maxCostUsd", "reasonable", true},
		{"unknown agent type", job(`{"agent": {"type": "gpt"}}`), 422, "validation_failed", "agent.type", `"script"`, true},
		{"time limit out of bounds", job(`{"agent": {"timeoutSeconds": 1000000000000000}}`), 422, "validation_failed", "agent.timeoutSeconds", "86400", true},
		{"negative time limit", job(`{"agent": {"timeoutSeconds": -5}}`), 422, "validation_failed", "agent.timeoutSeconds", "86400", true},
		{"unknown field", job(`{"repos": ["acme/site"]}`), 422, "validation_failed", "repos", "not a known field", true},
		{"unknown field below", job(`{"agent": {"max_turns": 5}}`), 422, "validation_failed", "agent.max_turns", `did you mean "maxTurns"`, true},
		{"field in another case", job(`{"Verify": []}`), 422, "validation_failed", "Verify", `did you mean "verify"`, true},
		{"strange field", job(`{"a\u0000b": {"c": [1, {"d": 2}]}}`), 422, "validation_failed", `"a\x00b"`, "not a known field", true},
		{"field given twice", `{"name": "a", "name": "b", "prompt": "y", "repositories": ["acme/site"]}`, 422, "validation_failed", "name", "twice", true},
		{"wrong type", job(`{"repositories": "acme/site"}`), 422, "validation_failed", "repositories", "must be a list, not a string", true},
		{"wrong type in a list", job(`{"repositories": ["acme/site", 7]}`), 422, "validation_failed", "repositories[1]", "must be a string, not a number", true},
		{"null in a list", job(`{"repositories": [null]}`), 422, "validation_failed", "repositories[0]", "not null", true},
		{"wrong type below", job(`{"agent": {"maxTurns": 1.5}}`), 422, "validation_failed", "agent.maxTurns", "whole number", true},
		{"wrong type of an object", job(`{"agent": [[{}]], "maxCostUsd": {"a": [1]}}`), 422, "validation_failed", "agent", "must be an object, not a list", true},
		{"a secret that may pass", job(`{"gates": {"secret": "allow"}}`), 422, "validation_failed", "gates.secret", "always", true},
		{"a rule that there is not", job(`{"gates": {"secrets": "block"}}`), 422, "validation_failed", "gates.secrets", "deleted_tests", true},
		{"a level that there is not", job(`{"gates": {"binary": "error"}}`), 422, "validation_failed", "gates.binary", `"warn"`, true},
		{"a level of another type", job(`{"gates": {"binary": true}}`), 422, "validation_failed", "gates.binary", "must be a string, not", true},
		{"a rule that is given twice", strings.Replace(job(`{}`), "{", `{"gates": {"binary": "warn", "binary": "allow"},`, 1), 422, "validation_failed", "gates.binary", "twice", true},
		{"gates in a list", job(`{"gates": [{"binary": "warn"}]}`), 422, "validation_failed", "gates", "must be an object, not a list", true},
		{"a judge for a script", `{"name":"x","repositories":["acme/site"],"judge":true,"agent":{"type":"script","script":"true"}}`, 422, "validation_failed", "judge", "model", true},
		{"a judge with a level", job(`{"gates": {"judge": "warn"}}`), 422, "validation_failed", "gates.judge", `"judge": true`, true},
		{"a list for a job", `[]`, 422, "validation_failed", "body", "must be an object, not a list", true},
		{"null for a job", `null`, 422, "validation_failed", "body", "must be an object, not null", true},
		{"truncated JSON", `{"name": "x",` + "\n" + ` "prompt": "y`, 400, "malformed_json", "", "line 2, column 13: unexpected end", true},
		{"JSON with a tail", job(`{}`) + " {}", 400, "malformed_json", "", "after top-level value", true},
		{"no JSON", `name: x`, 400, "malformed_json", "", "line 1, column 2", true},
		{"JSON that is not UTF-8", "{\"name\": \"\xff\"}", 400, "malformed_json", "", "column 11: the text is not valid UTF-8", true},
		{"nothing", " \n", 400, "malformed_json", "", "empty", true},
		{"too much", job(`{"prompt": "` + strings.Repeat("x", 1<<20) + `"}`), 413, "body_too_large", "", "1048576", true},
		{"prompt for a script", job(`{"agent": {"type": "script", "script": "true"}}`), 422, "validation_failed", "prompt", "agent.script", true},
		{"model for a script", `{"name":"x","repositories":["acme/site"],"agent":{"type":"script","script":"true","model":"m"}}`, 422, "validation_failed", "agent", "model", true},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			for _, path := range []string{"/jobs", "/jobs/estimate"} {
				if path != "/jobs" && !c.alsoEstimate {
					continue
				}
				answer := w.ask(t, http.MethodPost, path, c.body)
				problem := decode[httpapi.Problem](t, answer, c.status)
				var field, message string
				for _, e := range problem.Errors {
					if e.Field == c.field {
						field, message = e.Field, e.Message
					}
				}
				text := problem.Detail + message
				if problem.Code != c.code || field != c.field || !strings.Contains(text, c.says) {
					t.Errorf("%s: got %s %+v, want code %s, field %q, text %q", path, problem.Code, problem, c.code, c.field, c.says)
				}
				if problem.Status != c.status || problem.RequestID != "request-1" || problem.Title == "" || problem.Type != "about:blank" {
					t.Errorf("not a whole problem: %+v", problem)
				}
			}
			w.wantNothingStored(t)
		})
	}
}

func (w *world) wantNothingStored(t *testing.T) {
	t.Helper()
	page, err := w.store.Jobs(t.Context(), codybatch.JobQuery{Limit: 10})
	if err != nil || len(page.Jobs) > 0 {
		t.Errorf("%d jobs were stored (error %v)", len(page.Jobs), err)
	}
	if len(w.dispatched.refs) > 0 {
		t.Errorf("%d tasks were dispatched", len(w.dispatched.refs))
	}
}

// TestBadInputListsEveryField wants all that is wrong with a request in one answer,
// and nothing that is wrong only because of something else.
func TestBadInputListsEveryField(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.service.Unavailable = map[codybatch.AgentType]string{codybatch.AgentClaude: "CLAUDE_API_KEY is not set"}
	for _, c := range []struct{ name, body, fields string }{
		{
			"shapes", `{"title": 1, "prompt": 7, "repositories": [1, "x", {}], "agent": {"maxCostUsd": "2", "typ": "x"}, "verify": true}`,
			"title prompt repositories[0] repositories[2] agent.maxCostUsd agent.typ verify name repositories[1]",
		},
		{
			"shapes and values", `{"name": "", "propmt": "x", "repositories": ["acme/site", "x"], "verify": [""], "pullRequest": {"draft": "yes", "branch": "a..b"}}`,
			"propmt pullRequest.draft name prompt repositories[1] verify[0] pullRequest.branch",
		},
		{"shapes, values and bounds", job(`{"name": "", "x": 1, "maxCostUsd": 1e300, "agent": {"maxTurns": -1}}`), "x maxCostUsd name agent.maxTurns"},
		{"no type of the agent to go by", `{"name": "", "repositories": ["acme/site"], "agent": {"typ": "script", "script": "true"}}`, "agent.typ name"},
		{"a type that is no text", `{"name": "", "repositories": ["acme/site"], "agent": {"type": 1, "script": "true"}}`, "agent.type name"},
		{"no agent to go by", `{"name": "", "repositories": ["acme/site"], "agent": "script"}`, "agent name"},
		{"no document", `[]`, "body"},
		{"only values", `{"name": "a\nb", "prompt": "", "repositories": []}`, "name prompt repositories"},
		{"values and repositories", job(`{"name": "", "repositories": ["acme/none", "acme/site", "private/none", "x"]}`), "name repositories[3] repositories[0] repositories[2]"},
		{"repositories in their order", job(`{"repositories": ["acme/none", "private/none", "acme/site", "acme/nil"]}`), "repositories[0] repositories[1] repositories[3]"},
		{"what only the server lacks", job(`{}`), "agent.type"},
		{"what the server lacks beside the rest", job(`{"repositories": ["acme/none"]}`), "repositories[0]"},
	} {
		t.Run(c.name, func(t *testing.T) { // not at once: what is stored is looked at when all have ended
			problem := decode[httpapi.Problem](t, w.ask(t, http.MethodPost, "/jobs", c.body), http.StatusUnprocessableEntity)
			var fields []string
			for _, e := range problem.Errors {
				fields = append(fields, e.Field)
			}
			if got := strings.Join(fields, " "); got != c.fields {
				t.Errorf("fields %q, want %q", got, c.fields)
			}
		})
	}
	w.wantNothingStored(t)
}

func TestContentType(t *testing.T) {
	t.Parallel()
	for contentType, status := range map[string]int{
		"application/json":                  201,
		"application/json; charset=utf-8":   201,
		"application/vnd.example+json":      201,
		"":                                  415,
		"text/plain":                        415,
		"application/x-www-form-urlencoded": 415,
		"application/yaml":                  415,
		"multipart/form-data; boundary=x":   415,
		"nonsense;;;":                       415,
	} {
		t.Run(contentType, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			answer := w.ask(t, http.MethodPost, "/jobs", scriptJob, "Content-Type", contentType)
			if answer.Code != status {
				t.Fatalf("status %d, want %d: %s", answer.Code, status, answer.Body)
			}
			if status == 415 {
				if problem := decode[httpapi.Problem](t, answer, status); problem.Code != "unsupported_media_type" || !strings.Contains(problem.Detail, "application/json") {
					t.Errorf("got %+v", problem)
				}
				w.wantNothingStored(t)
			}
		})
	}
}

func TestBadParameters(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := string(w.create(t, scriptJob))
	for _, c := range []struct {
		method, path, body string
		status             int
		code, field        string
	}{
		{"GET", "/jobs?limit=0", "", 422, "validation_failed", "limit"},
		{"GET", "/jobs?limit=101", "", 422, "validation_failed", "limit"},
		{"GET", "/jobs?limit=-1", "", 422, "validation_failed", "limit"},
		{"GET", "/jobs?limit=many", "", 422, "validation_failed", "limit"},
		{"GET", "/jobs?status=done", "", 422, "validation_failed", "status"},
		{"GET", "/jobs?cursor=nonsense", "", 400, "invalid_cursor", ""},
		{"GET", "/repositories?limit=101", "", 422, "validation_failed", "limit"},
		{"GET", "/jobs/" + id + "/repositories?outcome=bad", "", 422, "validation_failed", "outcome"},
		{"GET", "/jobs/" + id + "/repositories?cursor=nonsense", "", 400, "invalid_cursor", ""},
		{"GET", "/jobs/" + id + "/timeline?buckets=501", "", 422, "validation_failed", "buckets"},
		{"GET", "/jobs/" + id + "/timeline?buckets=0", "", 422, "validation_failed", "buckets"},
		{"GET", "/jobs/" + id + "/events?after=-1", "", 422, "validation_failed", "after"},
		{"GET", "/jobs/" + id + "/events?wait=21", "", 422, "validation_failed", "wait"},
		{"GET", "/jobs/" + id + "/events?after=100000", "", 410, "cursor_gone", ""},
		{"GET", "/jobs/" + id + "/repositories/acme/site/claude-thread?format=xml", "", 422, "validation_failed", "format"},
		{"GET", "/jobs/nope", "", 404, "not_found", ""},
		{"GET", "/jobs/..%2f..%2fetc", "", 404, "not_found", ""},
		{"GET", "/jobs/%00", "", 404, "not_found", ""},
		{"GET", "/jobs/nope/events", "", 404, "not_found", ""},
		{"GET", "/jobs/nope/repositories", "", 404, "not_found", ""},
		{"GET", "/jobs/nope/groups", "", 404, "not_found", ""},
		{"GET", "/jobs/nope/timeline", "", 404, "not_found", ""},
		{"POST", "/jobs/nope/cancel", "", 404, "not_found", ""},
		{"POST", "/jobs/nope/retry", "", 404, "not_found", ""},
		{"POST", "/jobs/nope/publish", "", 404, "not_found", ""},
		{"GET", "/jobs/" + id + "/repositories/acme/none", "", 404, "not_found", ""},
		{"GET", "/jobs/" + id + "/repositories/acme/a%20b", "", 404, "not_found", ""},
		{"GET", "/jobs/" + id + "/repositories/acme", "", 404, "not_found", ""},
		{"GET", "/jobs/" + id + "/repositories/%2e%2e%2fsite", "", 404, "not_found", ""},
		{"GET", "/jobs/" + id + "/repositories/acme/site/nothing", "", 404, "not_found", ""},
		{"GET", "/nothing", "", 404, "not_found", ""},
		{"GET", "/jobs/", "", 404, "not_found", ""},
		{"GET", "//jobs", "", 404, "not_found", ""},
		{"DELETE", "/jobs", "", 405, "method_not_allowed", ""},
		{"GET", "/jobs/" + id + "/cancel", "", 405, "method_not_allowed", ""},
		{"POST", "/jobs/" + id + "/retry", `{"include":["failed"]}`, 422, "validation_failed", "include[0]"},
		{"POST", "/jobs/" + id + "/retry", `{"includes":[]}`, 422, "validation_failed", "includes"},
		{"POST", "/jobs/" + id + "/publish", `{"repositories":["acme/site","x"]}`, 422, "validation_failed", "repositories[1]"},
		{"POST", "/jobs/" + id + "/repositories/acme/site/review", `{"decision":"maybe"}`, 422, "validation_failed", "decision"},
		{"POST", "/jobs/" + id + "/repositories/acme/site/review", `{"decision":"approved","note":"` + strings.Repeat("x", 4097) + `"}`, 422, "validation_failed", "note"},
		{"POST", "/jobs/" + id + "/repositories/acme/site/review", `{"decision":"approved"}`, 409, "conflict", ""},
		{"POST", "/jobs/" + id + "/repositories/acme/site/publish", "", 409, "conflict", ""},
		{"POST", "/jobs/" + id + "/repositories/acme/site/retry", "", 409, "conflict", ""},
	} {
		t.Run(c.method+" "+c.path, func(t *testing.T) {
			t.Parallel()
			problem := decode[httpapi.Problem](t, w.ask(t, c.method, c.path, c.body), c.status)
			field := ""
			if len(problem.Errors) > 0 {
				field = problem.Errors[0].Field
			}
			if problem.Code != c.code || field != c.field || problem.Detail == "" {
				t.Errorf("got %+v, want code %s and field %q", problem, c.code, c.field)
			}
		})
	}
}

func TestRandomBytesNeverFailInside(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	random := rand.New(rand.NewPCG(1, 2))
	good := []byte(job(`{"agent": {"type": "claude", "maxTurns": 3}, "verify": ["true"], "pullRequest": {"labels": ["a"]}}`))
	for range 1500 {
		body := bytes.Clone(good)
		for range 1 + random.IntN(4) {
			switch at := random.IntN(len(body)); random.IntN(4) {
			case 0:
				body[at] = byte(random.IntN(256))
			case 1:
				body = append(body[:at:at], body[min(len(body), at+random.IntN(8)):]...)
			case 2:
				body = append(body[:at:at], append([]byte(`{"[null,1e999]}`)[random.IntN(14):], body[at:]...)...)
			case 3:
				body = body[:at+1]
			}
			if len(body) == 0 {
				body = []byte("{")
			}
		}
		if answer := w.ask(t, http.MethodPost, "/jobs/estimate", string(body)); answer.Code >= 500 {
			t.Fatalf("%q gives %d: %s", body, answer.Code, answer.Body)
		}
	}
}

func FuzzDecodeJob(f *testing.F) {
	f.Add([]byte(job(`{}`)))
	f.Add([]byte(scriptJob))
	f.Add([]byte(`{"agent":{"maxTurns":[]},"x":{}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		spec, err := httpapi.DecodeJob(data)
		if err != nil {
			return
		}
		again, err := httpapi.EncodeJob(spec)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := httpapi.DecodeJob(again); err != nil {
			t.Fatalf("%s does not come back: %v", again, err)
		}
	})
}

func TestEncodeJobComesBack(t *testing.T) {
	t.Parallel()
	document := []byte(`{"name":"n","description":"d","prompt":"p","repositories":["a/b"],"agent":{"type":"claude","model":"m","maxTurns":3,"maxCostUsd":1.25,"timeoutSeconds":60},"verify":["true"],"maxCostUsd":5,"createPullRequests":true,"pullRequest":{"title":"t","body":"b","branch":"x","base":"main","draft":true,"labels":["l"],"reviewers":["r"]}}`)
	spec, err := httpapi.DecodeJob(document)
	if err != nil {
		t.Fatal(err)
	}
	again, err := httpapi.EncodeJob(spec)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(again, document) {
		t.Errorf("got  %s\nwant %s", again, document)
	}
}
