package app_test

import (
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/app"
)

func TestReadBatchJob(t *testing.T) {
	t.Parallel()
	read := func(pairs ...string) (app.BatchJob, error) {
		values := map[string]string{"CODYBATCH_MANIFEST": "manifests/j/d.json"}
		for _, pair := range pairs {
			name, value, _ := strings.Cut(pair, "=")
			values[name] = value
		}
		return app.ReadBatchJob(func(name string) (string, bool) {
			value, ok := values[name]
			return value, ok
		})
	}
	got, err := read("AWS_BATCH_JOB_ID=a:7", "AWS_BATCH_JOB_ATTEMPT=2", "AWS_BATCH_JOB_ARRAY_INDEX=7")
	if want := (app.BatchJob{ID: "a:7", Attempt: 2, Index: 7, Manifest: "manifests/j/d.json"}); err != nil || got != want {
		t.Errorf("a child is %+v, %v, want %+v", got, err, want)
	}
	if got, err := read("AWS_BATCH_JOB_ID=p", "AWS_BATCH_JOB_ATTEMPT=1"); err != nil || got.Index != 0 {
		t.Errorf("a plain job is %+v, %v", got, err)
	}
	for name, pairs := range map[string][]string{
		"AWS_BATCH_JOB_ID: is not set":  {"AWS_BATCH_JOB_ATTEMPT=1"},
		"AWS_BATCH_JOB_ATTEMPT: \"\"":   {"AWS_BATCH_JOB_ID=p"},
		"AWS_BATCH_JOB_ATTEMPT: \"0\"":  {"AWS_BATCH_JOB_ID=p", "AWS_BATCH_JOB_ATTEMPT=0"},
		"AWS_BATCH_JOB_ARRAY_INDEX: \"": {"AWS_BATCH_JOB_ID=p", "AWS_BATCH_JOB_ATTEMPT=1", "AWS_BATCH_JOB_ARRAY_INDEX=-1"},
	} {
		if got, err := read(pairs...); err == nil || !strings.HasPrefix(err.Error(), name) {
			t.Errorf("%q gives %+v, %v", pairs, got, err)
		}
	}
}
