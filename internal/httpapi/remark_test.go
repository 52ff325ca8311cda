package httpapi_test

import (
	"net/http"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// A client that got no answer sends its remark again: perhaps after the first one was
// answered by the model, and paid for.
func TestARemarkThatIsSentTwiceCountsOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := conversed(t, w)
	job := "/jobs/" + string(id)
	one, all := job+"/repositories/acme/site/feedback", job+"/feedback"
	const remark, named = `{"message":"Mend it."}`, `{"message":"Mend it.","repositories":["acme/site","acme/api"]}`
	send := func(path, body, key string, status int) httpapi.Task {
		t.Helper()
		res := w.ask(t, http.MethodPost, path, body, "Idempotency-Key", key)
		if path == all {
			decode[httpapi.BulkResult](t, res, status)
			return get[httpapi.Task](t, w, job+"/repositories/acme/site")
		}
		return decode[httpapi.Task](t, res, status)
	}
	answer := func() {
		t.Helper()
		result := w.change(t, key(id, "acme/site"), patch)
		result.Engine, result.Usage.Cost = "claude", codybatch.USD(0.1)
		w.finish(t, key(id, "acme/site"), result)
	}
	if task := send(one, remark, "first", http.StatusAccepted); task.Attempt != 2 {
		t.Fatalf("got %+v", task)
	}
	if task := send(one, remark, "first", http.StatusAccepted); task.Attempt != 2 || task.Status != "queued" {
		t.Errorf("while it waits: %+v", task)
	}
	answer()
	if task := send(one, remark, "first", http.StatusAccepted); task.Attempt != 2 || task.Status != "succeeded" {
		t.Errorf("after it was answered: %+v", task)
	}
	got := decode[httpapi.BulkResult](t, w.ask(t, http.MethodPost, all, named, "Idempotency-Key", "first"), http.StatusAccepted)
	if strings.Join(got.Queued, " ") != "acme/site" || skipped(got) != "acme/api conflict" || got.Job.Counts.Queued != 2 {
		t.Errorf("with others: %+v", got)
	}
	for _, path := range []string{one, all} {
		res := w.ask(t, http.MethodPost, path, strings.Replace(map[string]string{one: remark, all: named}[path], "Mend", "End", 1), "Idempotency-Key", "first")
		if res.Code != http.StatusUnprocessableEntity || !strings.Contains(res.Body.String(), "idempotency_key_reused") {
			t.Errorf("another remark under the same key got %d %s", res.Code, res.Body)
		}
		if res := w.ask(t, http.MethodPost, path, remark, "Idempotency-Key", "é"); res.Code != http.StatusUnprocessableEntity {
			t.Errorf("a key that can't be one got %d", res.Code)
		}
	}
	if task := send(all, named, "second", http.StatusAccepted); task.Attempt != 3 || task.Status != "queued" {
		t.Errorf("another key: %+v", task)
	}
	answer()
	w.ask(t, http.MethodPost, one, remark)
	if res := w.ask(t, http.MethodPost, one, remark, "Idempotency-Key", "second"); res.Code != http.StatusConflict {
		t.Errorf("after a remark without a key: %d %s", res.Code, res.Body)
	}
}
