package sandbox_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

func TestKillIn(t *testing.T) {
	t.Parallel()
	dir, err := filepath.EvalSymlinks(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	inside := filepath.Join(dir, "inside")
	if err := os.MkdirAll(filepath.Join(inside, "deep"), 0o700); err != nil {
		t.Fatal(err)
	}
	start := func(where, home string) chan error {
		program := exec.CommandContext(t.Context(), "sleep", "600")
		program.Dir, program.Env = where, []string{"PATH=" + os.Getenv("PATH"), "HOME=" + home}
		if err := program.Start(); err != nil {
			t.Fatal(err)
		}
		ended := make(chan error, 1)
		go func() { ended <- program.Wait() }()
		return ended
	}
	below, atHome := start(filepath.Join(inside, "deep"), "/nowhere"), start("/", inside)
	stranger := start(dir, inside+"-2")
	if killed := sandbox.KillIn(inside); killed != 2 {
		t.Errorf("killed %d, want 2", killed)
	}
	<-below
	<-atHome
	select {
	case err := <-stranger:
		t.Errorf("a stranger was killed: %v", err)
	default:
	}
}
