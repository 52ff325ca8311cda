package cli

import (
	"os"
	"path/filepath"
	"testing"
)

// golden compares what a person sees with testdata/<name>.golden; -update rewrites
// that.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden")
	if *update {
		if err := os.WriteFile(path, []byte(got), 0o600); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if got != string(want) {
		t.Errorf("%s differs; -update rewrites it. Got:\n%s\nwant:\n%s", path, got, want)
	}
}
