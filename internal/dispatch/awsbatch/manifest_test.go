package awsbatch_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/dispatch/awsbatch"
	"github.com/liamzdenek/cody-batch/internal/dispatch/awsbatch/batchtest"
)

func TestReadManifestRefusesWhatIsNone(t *testing.T) {
	t.Parallel()
	const digest = "0123456789abcdef0123456789abcdef"
	good := codybatch.ManifestKey(jobID, digest)
	task := `{"repository":"acme/r0","attempt":1,"index":0}`
	document := func(tasks string) string {
		return fmt.Sprintf(`{"version":1,"jobId":"%s","tasks":[%s]}`, jobID, tasks)
	}
	for name, test := range map[string]struct{ document, want string }{
		"nothing":           {"", "EOF"},
		"no JSON":           {"<Error>", "invalid character"},
		"no tasks":          {document(""), "lists 1 to"},
		"another version":   {`{"version":2,"jobId":"x","tasks":[]}`, "version 2"},
		"another job":       {strings.Replace(document(task), string(jobID), "another", 1), `job "another"`},
		"hostile job":       {strings.Replace(document(task), string(jobID), "../x", 1), "does not fit"},
		"hostile name":      {document(`{"repository":"acme/..","attempt":1,"index":0}`), "no repository name"},
		"no name":           {document(`{"attempt":1,"index":0}`), "no repository name"},
		"attempt 0":         {document(`{"repository":"acme/r0","attempt":0,"index":0}`), "attempt 0"},
		"index below 0":     {document(`{"repository":"acme/r0","attempt":1,"index":-1}`), "index -1"},
		"unknown member":    {document(`{"repository":"acme/r0","attempt":1,"index":0,"x":1}`), "unknown field"},
		"not what it names": {document(task), "has been changed"},
		"too many tasks":    {document(strings.TrimSuffix(strings.Repeat(task+",", 10_001), ",")), "not 10001"},
		"too large":         {strings.Repeat(" ", 8<<20+1), "at most"},
	} {
		_, err := awsbatch.ReadManifest(t.Context(), &memory{documents: map[codybatch.ArtifactKey]string{good: test.document}}, good)
		if err == nil || !strings.Contains(err.Error(), test.want) || !strings.Contains(err.Error(), digest) {
			t.Errorf("%s: %v; want %q", name, err, test.want)
		}
	}
	for _, key := range []codybatch.ArtifactKey{
		"", "manifests", "jobs/x/acme/r0/1/diff.patch", "manifests/../" + digest + ".json", codybatch.ManifestKey("a b", digest),
		codybatch.ManifestKey(jobID, "x"), codybatch.ManifestKey(jobID, digest) + "x", "x/" + codybatch.ManifestKey(jobID, digest), codybatch.ManifestKey("", digest),
	} {
		if _, err := awsbatch.ReadManifest(t.Context(), &memory{documents: map[codybatch.ArtifactKey]string{key: document(task)}}, key); err == nil || !strings.Contains(err.Error(), "no key of a manifest") {
			t.Errorf("%q: %v", key, err)
		}
	}
	if _, err := awsbatch.ReadManifest(t.Context(), &memory{}, good); !errors.Is(err, codybatch.ErrNotFound) {
		t.Errorf("one that is gone: %v", err)
	}
}

func TestStateChangesTellWhichTaskFailed(t *testing.T) {
	t.Parallel()
	events := make(chan []byte, 1_000)
	w := newWorld(t, 4, nil, func(o *batchtest.Options) { o.Events = func(event []byte) { events <- event } })
	w.dispatch(refs(3)...)
	w.dispatch(ref(3))
	w.awaitStarts(4)
	array, plain := w.submissions()[0].ID, w.submissions()[1].ID
	w.batch.Kill(array + ":1")
	w.batch.Kill(plain)
	w.cancel(ref(0), ref(2))
	w.idle()
	close(events)
	got := map[string]codybatch.TaskRef{}
	reasons := map[string]string{}
	others := 0
	for event := range events {
		change, err := awsbatch.ParseStateChange(event)
		if errors.Is(err, awsbatch.ErrNotOurs) {
			others++
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		ref, err := change.Ref(t.Context(), w.artifacts)
		if err != nil || change.JobID != jobID {
			t.Fatalf("%+v: %v", change, err)
		}
		got[change.BatchID], reasons[change.BatchID] = ref, change.Reason
	}
	want := map[string]codybatch.TaskRef{array + ":0": ref(0), array + ":1": ref(1), array + ":2": ref(2), plain: ref(3)}
	if len(got) != len(want) || got[array+":0"] != ref(0) || got[array+":1"] != ref(1) || got[array+":2"] != ref(2) || got[plain] != ref(3) {
		t.Errorf("got %v", got)
	}
	if others < 13 { // the array's own, and three before each end
		t.Errorf("%d were about something else", others)
	}
	for id, words := range map[string][]string{array + ":0": {"canceled in Cody Batch"}, plain: {"Essential container in task exited", "OutOfMemoryError", "exit status 137"}} {
		for _, word := range words {
			if !strings.Contains(reasons[id], word) {
				t.Errorf("%s: reason %q", id, reasons[id])
			}
		}
	}
}

// failedChild is an event as AWS Batch's user guide shows it, of a child of ours.
func failedChild() map[string]any {
	const digest = "0123456789abcdef0123456789abcdef"
	return map[string]any{
		"version": "0", "id": "c8f9c4b5-76e5-d76a-f980-7011e206042b", "detail-type": "Batch Job State Change", "source": "aws.batch",
		"account": "123456789012", "time": "2026-11-27T00:36:40Z", "region": "us-east-1", "resources": []any{"arn:aws:batch:us-east-1:123456789012:job/4c7599ae:7"},
		"detail": map[string]any{
			"jobArn": "arn:aws:batch:us-east-1:123456789012:job/4c7599ae:7", "jobName": "cody-batch-" + string(jobID) + "-" + digest, "jobId": "4c7599ae:7",
			"jobQueue": "arn:aws:batch:us-east-1:123456789012:job-queue/queue", "status": "FAILED", "statusReason": "Host EC2 (instance i-0) terminated.",
			"createdAt": 1641944200058, "attempts": []any{}, "arrayProperties": map[string]any{"index": 7, "statusSummary": map[string]any{}},
			"container": map[string]any{"image": "image", "environment": []any{
				map[string]any{"name": "OTHER", "value": "x"},
				map[string]any{"name": "CODYBATCH_MANIFEST", "value": "manifests/" + string(jobID) + "/" + digest + ".json"},
			}},
			"somethingNew": map[string]any{"a": 1},
		},
	}
}

func TestParseStateChange(t *testing.T) {
	t.Parallel()
	detail := func(change func(d map[string]any)) []byte {
		event := failedChild()
		change(event["detail"].(map[string]any))
		data, err := json.Marshal(event)
		if err != nil {
			t.Fatal(err)
		}
		return data
	}
	set := func(name string, value any) []byte { return detail(func(d map[string]any) { d[name] = value }) }
	good := detail(func(map[string]any) {})
	change, err := awsbatch.ParseStateChange(good)
	if err != nil || change.BatchID != "4c7599ae:7" || change.Index != 7 || change.JobID != jobID || change.Reason != "Host EC2 (instance i-0) terminated." ||
		change.Manifest != codybatch.ManifestKey(jobID, "0123456789abcdef0123456789abcdef") {
		t.Errorf("got %+v, %v", change, err)
	}

	environment := func(value any) []byte {
		return set("container", map[string]any{"environment": []any{map[string]any{"name": "CODYBATCH_MANIFEST", "value": value}}})
	}
	for name, test := range map[string]struct {
		event []byte
		want  string
	}{
		"nothing":                  {nil, "JSON"},
		"no JSON":                  {[]byte("null and void"), "invalid character"},
		"a list":                   {[]byte("[]"), "cannot unmarshal"},
		"two events":               {slices.Concat(good, good), "after top-level value"},
		"no detail":                {[]byte(`{"detail-type":"Batch Job State Change","source":"aws.batch"}`), "no detail"},
		"a detail that is null":    {[]byte(`{"detail-type":"Batch Job State Change","source":"aws.batch","detail":null}`), "no detail"},
		"a detail that is a text":  {[]byte(`{"detail-type":"Batch Job State Change","source":"aws.batch","detail":"x"}`), "cannot unmarshal"},
		"no jobId":                 {set("jobId", ""), "no detail"},
		"no name":                  {set("jobName", nil), "no detail"},
		"a status of another type": {set("status", 7), "cannot unmarshal"},
		"an index that is none":    {set("jobId", "4c7599ae:x"), "no child"},
		"an index below 0":         {set("jobId", "4c7599ae:-1"), "no child"},
		"an index with a sign":     {set("jobId", "4c7599ae:+7"), "no child"},
		"an index with zeros":      {set("jobId", "4c7599ae:007"), "no child"},
		"an index that is large":   {set("jobId", "4c7599ae:10000"), "no child"},
		"an index of an index":     {set("jobId", "4c7599ae:7:7"), "no child"},
		"no parent":                {set("jobId", ":7"), "no child"},
		"a long id":                {set("jobId", strings.Repeat("x", 201)), "201 bytes"},
		"two indexes":              {set("arrayProperties", map[string]any{"index": 8}), "array index 8"},
		"another manifest":         {environment("manifests/another/0123456789abcdef0123456789abcdef.json"), "CODYBATCH_MANIFEST"},
		"a manifest elsewhere":     {environment("../../etc/passwd"), "CODYBATCH_MANIFEST"},
		"a manifest of a number":   {environment(7), "cannot unmarshal"},
	} {
		got, err := awsbatch.ParseStateChange(test.event)
		if err == nil || errors.Is(err, awsbatch.ErrNotOurs) || !strings.Contains(err.Error(), test.want) || got != (awsbatch.StateChange{}) {
			t.Errorf("%s: %+v, %v; want %q", name, got, err, test.want)
		}
	}
	for name, event := range map[string][]byte{
		"an object":              []byte("{}"),
		"another source":         []byte(`{"detail-type":"Batch Job State Change","source":"aws.ecs","detail":{}}`),
		"another kind":           []byte(`{"detail-type":"Batch Job Queue Blocked","source":"aws.batch","detail":{}}`),
		"another program's job":  set("jobName", "nightly"),
		"a name that looks like": set("jobName", "cody-batch-x-y"),
		"a hostile name":         set("jobName", "cody-batch-../../x-0123456789abcdef0123456789abcdef"),
		"a job that runs":        set("status", "RUNNING"),
		"a job that succeeded":   set("status", "SUCCEEDED"),
		"an array": detail(func(d map[string]any) {
			d["jobId"], d["arrayProperties"] = "4c7599ae", map[string]any{"size": 10}
		}),
	} {
		if got, err := awsbatch.ParseStateChange(event); !errors.Is(err, awsbatch.ErrNotOurs) {
			t.Errorf("%s: %+v, %v", name, got, err)
		}
	}

	loud, err := awsbatch.ParseStateChange(set("statusReason", "a\x00b\nc\x1b[31m"+strings.Repeat("é", 1_000)))
	if err != nil || len(loud.Reason) > 500 || strings.ContainsAny(loud.Reason, "\x00\n\x1b\ufffd") {
		t.Errorf("got reason %q, %v", loud.Reason, err)
	}
	if _, err := loud.Ref(t.Context(), &memory{}); !errors.Is(err, codybatch.ErrNotFound) {
		t.Errorf("without a manifest: %v", err)
	}
}

func FuzzParseStateChange(f *testing.F) {
	data, err := json.Marshal(failedChild())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte(`{"detail-type":"Batch Job State Change","source":"aws.batch","detail":{"jobId":"a","jobName":"b","status":"FAILED"}}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		change, err := awsbatch.ParseStateChange(data)
		if err == nil && (change.Index < 0 || change.Index >= 10_000 || change.Manifest == "" || change.BatchID == "") {
			t.Errorf("%q: %+v", data, change)
		}
	})
}
