package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

const promptedJob = `{"name": "Tidy", "prompt": "Tidy up.", "maxCostUsd": 5, "repositories": ["acme/site", "acme/api", "acme/diff"]}`

// conversed is a job whose acme/site was changed in a conversation, while acme/api
// waits for a worker.
func conversed(t *testing.T, w *world) codybatch.JobID {
	t.Helper()
	id := w.create(t, promptedJob)
	result := w.change(t, key(id, "acme/site"), patch)
	result.Engine = "claude"
	w.finish(t, key(id, "acme/site"), result)
	return id
}

func TestFeedback(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := conversed(t, w)
	site := "/jobs/" + string(id) + "/repositories/acme/site"
	w.ask(t, http.MethodPost, site+"/review", `{"decision":"rejected"}`)
	if task := get[httpapi.Task](t, w, site); strings.Join(task.AvailableActions, " ") != "retry review feedback" || task.Feedback != nil {
		t.Fatalf("before: %+v", task)
	}
	task := decode[httpapi.Task](t, w.ask(t, http.MethodPost, "/jobs/"+string(id)+"/repositories/acme/site/feedback", `{"message":"Mend it."}`), http.StatusAccepted)
	if task.Status != "queued" || task.Attempt != 2 || task.Review != nil || task.Feedback == nil || task.Feedback.Message != "Mend it." || task.Feedback.About != 1 {
		t.Errorf("got %+v", task)
	}
	if sent := w.dispatched.refs; len(sent) == 0 || sent[len(sent)-1].Attempt != 2 {
		t.Errorf("dispatched: %+v", sent)
	}
}

func TestFeedbackByName(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := conversed(t, w)
	path := "/jobs/" + string(id) + "/feedback"
	got := bulk(t, w, path, `{"message":"Mend it.","repositories":["acme/site","acme/api","acme/none"]}`, http.StatusAccepted)
	if strings.Join(got.Queued, " ") != "acme/site" || skipped(got) != "acme/api conflict, acme/none not_found" || got.Job.Counts.Queued != 3 {
		t.Errorf("got %+v", got)
	}
	if got.Skipped[0].Reason != "it is still queued; wait until it is finished, or cancel it" {
		t.Errorf("skipped: %+v", got.Skipped)
	}
}

func TestFeedbackThatCanNotBeHad(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := conversed(t, w)
	job := "/jobs/" + string(id)
	site, api := job+"/repositories/acme/site/feedback", job+"/repositories/acme/api/feedback"
	script := w.create(t, scriptJob)
	w.finish(t, key(script, "acme/site"), w.change(t, key(script, "acme/site"), patch))
	poor := w.create(t, promptedJob)
	spent := w.change(t, key(poor, "acme/site"), patch)
	spent.Engine, spent.Usage.Cost = "claude", codybatch.USD(5)
	w.finish(t, key(poor, "acme/site"), spent)
	tooLong := `{"message":"` + strings.Repeat("x", 8<<10+1) + `"}`
	for name, test := range map[string]struct {
		path, body string
		status     int
		want       string
	}{
		"no JSON":         {site, `x`, http.StatusBadRequest, "malformed_json"},
		"no message":      {site, `{}`, http.StatusUnprocessableEntity, `"field":"message"`},
		"blanks":          {site, `{"message":" \n"}`, http.StatusUnprocessableEntity, "must say something"},
		"too long":        {site, tooLong, http.StatusUnprocessableEntity, "8193 bytes long; at most 8192"},
		"another field":   {site, `{"message":"x","note":"y"}`, http.StatusUnprocessableEntity, "note"},
		"a NUL":           {site, `{"message":"a\u0000"}`, http.StatusUnprocessableEntity, "NUL"},
		"a queued task":   {api, `{"message":"x"}`, http.StatusConflict, "it is still queued"},
		"no such task":    {job + "/repositories/acme/none/feedback", `{"message":"x"}`, http.StatusNotFound, "not_found"},
		"no such job":     {"/jobs/none/feedback", `{"message":"x","repositories":["acme/site"]}`, http.StatusNotFound, "not_found"},
		"none named":      {job + "/feedback", `{"message":"x"}`, http.StatusUnprocessableEntity, "must name at least one"},
		"no names":        {job + "/feedback", `{"message":"x","repositories":["site"]}`, http.StatusUnprocessableEntity, "repositories[0]"},
		"many, no remark": {job + "/feedback", `{"message":"","repositories":["acme/site"]}`, http.StatusUnprocessableEntity, `"field":"message"`},
		"a script":        {"/jobs/" + string(script) + "/repositories/acme/site/feedback", `{"message":"x"}`, http.StatusConflict, "takes no remarks"},
		"no money":        {"/jobs/" + string(poor) + "/repositories/acme/site/feedback", `{"message":"x"}`, http.StatusConflict, "maxCostUsd of $5.00 is spent"},
	} {
		t.Run(name, func(t *testing.T) {
			answer := w.ask(t, http.MethodPost, test.path, test.body)
			if answer.Code != test.status || !strings.Contains(answer.Body.String(), test.want) || answer.Header().Get("Content-Type") != "application/problem+json" {
				t.Errorf("got %d %s", answer.Code, answer.Body)
			}
		})
	}
	if task := get[httpapi.Task](t, w, job+"/repositories/acme/site"); task.Status != "succeeded" || task.Attempt != 1 {
		t.Errorf("something was done: %+v", task)
	}
}
