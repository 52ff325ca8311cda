package awstest_test

import (
	"archive/zip"
	"io"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/awstest/lambdatest"
)

// How large the function is, and how long it takes until it asks for its first event:
// to read its environment and its secrets, and to open every part. The time is printed.
func TestStartOfTheFunction(t *testing.T) {
	c := newCloud(t, cloudOptions{})
	dir, err := programs()
	if err != nil {
		t.Fatal(err)
	}
	program := filepath.Join(dir, "api")
	const limit = 25_000_000
	size := zipped(t, program)
	t.Logf("bootstrap: %.1f MB zipped, at most %d", float64(size)/1e6, limit/1_000_000)
	if size > limit {
		t.Errorf("it is too large")
	}
	var starts []time.Duration
	for range 7 {
		f, err := lambdatest.Start(t.Context(), lambdatest.Options{Program: program, Env: c.function, Timeout: time.Minute, Stderr: &c.log})
		if err != nil {
			t.Fatal(err)
		}
		starts = append(starts, f.Init())
		f.Close()
	}
	slices.Sort(starts)
	t.Logf("start of the function, with two secrets from SSM: %s (median of %d), goal 150ms", starts[len(starts)/2].Round(time.Millisecond), len(starts))
}

// zipped is how many bytes a program has in an archive.
func zipped(t *testing.T, program string) int64 {
	t.Helper()
	archive, err := os.Create(filepath.Join(t.TempDir(), "function.zip"))
	if err != nil {
		t.Fatal(err)
	}
	defer archive.Close()
	w := zip.NewWriter(archive)
	entry, err := w.Create("bootstrap")
	if err != nil {
		t.Fatal(err)
	}
	source, err := os.Open(program)
	if err != nil {
		t.Fatal(err)
	}
	defer source.Close()
	if _, err := io.Copy(entry, source); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	info, err := archive.Stat()
	if err != nil {
		t.Fatal(err)
	}
	return info.Size()
}
