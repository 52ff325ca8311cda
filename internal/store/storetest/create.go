package storetest

import (
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func createTests() []test {
	return []test{
		{"a job comes back with its totals and one queued task for each repository", createStoresTasks},
	}
}

func createStoresTasks(t *testing.T, f fixture) {
	names := repositories(3)
	stored := f.create(t, newJob("job"), names)
	page, err := f.Tasks(t.Context(), codybatch.TaskQuery{JobID: stored.ID, Limit: 10})
	wantError(t, "list tasks", err, nil)
	if len(page.Tasks) != 3 {
		t.Fatalf("%d tasks", len(page.Tasks))
	}
}
