package main

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestGolden(t *testing.T) {
	file := filepath.Join("testdata", "template.json")
	got := normal(synth(t).text)
	if *update {
		if err := os.MkdirAll("testdata", 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, want) {
		t.Errorf("%s differs; run go test . -update in deploy/cdk and look at the diff: %s", file, firstDifference(got, want))
	}
}

func TestGolden_does_not_change_with_the_programs(t *testing.T) {
	first, second := synth(t), synthOf(t, "second")
	if bytes.Equal(first.text, second.text) {
		t.Fatal("other programs make no other template")
	}
	if got, want := normal(second.text), normal(first.text); !bytes.Equal(got, want) {
		t.Errorf("other programs make another golden file: %s", firstDifference(got, want))
	}
}

// firstDifference shows the first line that differs.
func firstDifference(got, want []byte) string {
	gotLines, wantLines := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range min(len(gotLines), len(wantLines)) {
		if !bytes.Equal(gotLines[i], wantLines[i]) {
			return "\n got: " + string(gotLines[i]) + "\nwant: " + string(wantLines[i])
		}
	}
	return "one is longer"
}
