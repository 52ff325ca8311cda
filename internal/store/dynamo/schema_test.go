package dynamo

import (
	"encoding/json"
	"flag"
	"os"
	"testing"
)

var update = flag.Bool("update", false, "rewrite testdata")

// deploy/cdk mirrors this file.
func TestSchemaIsWhatTheStackMirrors(t *testing.T) {
	t.Parallel()
	const path = "testdata/schema.json"
	got, err := json.MarshalIndent(map[string]any{"tables": Tables(), "actions": Actions(), "workerActions": WorkerActions()}, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if string(got) != string(want) {
		t.Errorf("the schema is\n%s\nand %s says\n%s\nrun go test ./internal/store/dynamo -update, and change deploy/cdk with it", got, path, want)
	}
}
