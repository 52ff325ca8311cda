package cli

import (
	"slices"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

func TestJoinOptional(t *testing.T) {
	t.Parallel()
	for given, want := range map[string]string{
		"job list --json":                      "job list --json",
		"job list --json jobId,name -L 3":      "job list --json=jobId,name -L 3",
		"job view --json latest":               "job view --json latest",
		"job view --json 0192aa-1":             "job view --json 0192aa-1",
		"job view --json status latest":        "job view --json=status latest",
		"serve --rehearsal demo/r.yaml --json": "serve --rehearsal=demo/r.yaml --json",
		"serve --rehearsal --json":             "serve --rehearsal --json",
		"job create -- --json name":            "job create -- --json name",
	} {
		if got := joinOptional(strings.Fields(given)); !slices.Equal(got, strings.Fields(want)) {
			t.Errorf("%s: got %q", given, got)
		}
	}
}

func TestJSONFlag(t *testing.T) {
	t.Parallel()
	for fields, want := range map[string]string{
		"status,name": "{\n  \"status\": \"queued\",\n  \"name\": \"a <b>\"\n}\n",
		"counts":      "{\n  \"counts\": {\n    \"queued\": 1,\n    \"running\": 0,\n    \"succeeded\": 0,\n    \"failed\": 0,\n    \"canceled\": 0,\n    \"changed\": 0,\n    \"published\": 0\n  }\n}\n",
	} {
		var flag jsonFlag
		if err := flag.Set(fields); err != nil {
			t.Fatal(err)
		}
		var out strings.Builder
		job := jobWithTasks{Job: httpapi.Job{Name: "a <b>", Status: "queued", Counts: httpapi.Counts{Queued: 1}}}
		if err := flag.write(&out, job); err != nil {
			t.Fatal(err)
		}
		if out.String() != want {
			t.Errorf("%s: got %s", fields, out.String())
		}
	}
	if got := fieldNames(jobWithTasks{}); !slices.Contains(got, "jobId") || !slices.Contains(got, "repositories") {
		t.Errorf("fields are %q", got)
	}
}
