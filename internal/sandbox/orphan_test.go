package sandbox_test

import (
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"syscall"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

// holderFolder makes the test binary a process that is killed in the middle of a
// run; see TestRunDoesNotOutliveItsCaller.
const holderFolder = "CODYBATCH_TEST_HOLDER_FOLDER"

func TestHolder(t *testing.T) {
	t.Parallel()
	dir := os.Getenv(holderFolder)
	if dir == "" {
		t.Skip("only a part of TestRunDoesNotOutliveItsCaller")
	}
	_, _ = sandbox.Run(t.Context(), sandbox.Command{
		Args: []string{"bash", "-c", "exec 9> held; echo started >&9; exec sleep 600"}, Dir: dir, Env: sandbox.Environment(dir), Writable: []string{dir},
	})
}

func TestRunDoesNotOutliveItsCaller(t *testing.T) {
	t.Parallel()
	if runtime.GOOS != "linux" {
		t.Skip("only Linux has a signal for the death of a parent")
	}
	dir := t.TempDir()
	pipe := filepath.Join(dir, "held")
	if err := syscall.Mkfifo(pipe, 0o600); err != nil {
		t.Fatal(err)
	}
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	holder := exec.Command(self, "-test.run=^TestHolder$")
	holder.Env = append(os.Environ(), holderFolder+"="+dir)
	if err := holder.Start(); err != nil {
		t.Fatal(err)
	}
	started, closed := make(chan error, 1), make(chan error, 1)
	go func() {
		f, err := os.Open(pipe) // waits for the program
		if err == nil {
			_, err = f.Read(make([]byte, 100))
		}
		started <- err
		if err == nil {
			_, err = io.Copy(io.Discard, f) // ends when nobody holds the pipe any more
		}
		closed <- err
	}()
	await(t, started, "the program did not start")
	if err := holder.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = holder.Wait()
	await(t, closed, "the program outlived its caller")
}

func await(t *testing.T, done <-chan error, otherwise string) {
	t.Helper()
	select {
	case err := <-done:
		if err != nil {
			t.Fatal(err)
		}
	case <-time.After(30 * time.Second):
		t.Fatal(otherwise)
	}
}
