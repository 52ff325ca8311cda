package httpapi_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

func TestView(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(t, scriptJob)
	site, path := key(id, "acme/site"), "/jobs/"+string(id)
	long := strings.Repeat("ä", 4_000)
	result := w.change(t, site, patch)
	result.Outcome, result.Summary, result.Error = codybatch.OutcomeVerifyFailed, long, &codybatch.TaskError{Code: "verify_failed", Message: "x" + long}
	result.Verified = []codybatch.VerificationResult{{Command: "go test " + long, Duration: time.Second, ExitCode: 1, Tail: long}}
	result.Gates = []codybatch.GateFinding{{Rule: "large", Level: codybatch.GateWarn, Message: long, Paths: []string{long}}}
	w.finish(t, site, result)
	w.ask(t, http.MethodPost, path+"/repositories/acme/site/review", `{"decision":"rejected","note":"`+long[:4<<10]+`"}`)

	full := get[httpapi.Task](t, w, path+"/repositories/acme/site")
	if full.Summary != long || full.Verification[0].Tail != long || full.Error.Message != "x"+long {
		t.Error("the task itself is cut")
	}
	page := get[httpapi.TaskPage](t, w, path+"/repositories?limit=1&view=brief")
	var event httpapi.Task
	for _, e := range get[httpapi.EventPage](t, w, path+"/events?view=brief").Events {
		if e.Task != nil && e.Task.RepositoryName == "acme/site" {
			event = *e.Task
		}
	}
	for where, brief := range map[string]httpapi.Task{"list": page.Repositories[0], "events": event} {
		text, err := json.Marshal(brief)
		if err != nil {
			t.Fatal(err)
		}
		if brief.Summary != "" || brief.Verification[0].Tail != "" || len(text) > 4_000 {
			t.Errorf("%s: %d bytes: %s", where, len(text), text)
		}
		for field, cut := range map[string]string{
			"command": brief.Verification[0].Command, "gate": brief.Gates[0].Message, "path": brief.Gates[0].Paths[0],
			"note": brief.Review.Note, "error": brief.Error.Message,
		} {
			if len(cut) > 300 || len(cut) < 296 || !utf8.ValidString(cut) || !strings.HasSuffix(cut, "ä…") {
				t.Errorf("%s: %s has %d bytes: %s", where, field, len(cut), cut)
			}
		}
		if brief.Seq != full.Seq || brief.DiffStat != full.DiffStat || brief.Verification[0].ExitCode != 1 || brief.Error.Code != "verify_failed" {
			t.Errorf("%s: lacks what a row shows: %s", where, text)
		}
	}

	for _, same := range []string{"?limit=1", "?limit=1&view=full", "?limit=1&view="} {
		if got := get[httpapi.TaskPage](t, w, path+"/repositories"+same).Repositories[0]; got.Summary != long {
			t.Errorf("%s is cut", same)
		}
	}
	problem := decode[httpapi.Problem](t, w.ask(t, http.MethodGet, path+"/repositories?view=tiny", ""), http.StatusUnprocessableEntity)
	if len(problem.Errors) != 1 || problem.Errors[0].Field != "view" {
		t.Errorf("an unknown view: %+v", problem)
	}
}
