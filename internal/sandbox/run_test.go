package sandbox_test

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

// bash runs a script as Run would run a repository's.
func bash(ctx context.Context, t *testing.T, script string, change func(*sandbox.Command)) (sandbox.Result, string, error) {
	t.Helper()
	dir := t.TempDir()
	output := sandbox.NewCapture(64<<10, 64<<10)
	c := sandbox.Command{
		Args: []string{"bash", "--noprofile", "--norc", "-c", script}, Dir: dir, Env: sandbox.Environment(dir), Writable: []string{dir}, Output: output,
	}
	if change != nil {
		change(&c)
	}
	result, err := sandbox.Run(ctx, c)
	return result, output.String(), err
}

// errPerson is a cause that a test gives.
var errPerson = errors.New("canceled by a person")

func TestRun(t *testing.T) {
	t.Parallel()

	t.Run("tells_the_exit_code_and_passes_on_both_outputs", func(t *testing.T) {
		t.Parallel()
		result, output, err := bash(t.Context(), t, "echo out; echo err >&2; exit 3", nil)
		if err != nil || result.ExitCode != 3 || result.TimedOut || result.Duration <= 0 || output != "out\nerr\n" {
			t.Fatalf("got %+v, %q, %v", result, output, err)
		}
	})

	t.Run("tells_a_signal_from_elsewhere_as_the_shell_does", func(t *testing.T) {
		t.Parallel()
		result, _, err := bash(t.Context(), t, "kill -SEGV $$", nil)
		if want := 128 + int(syscall.SIGSEGV); err != nil || result.ExitCode != want {
			t.Fatalf("got %+v, %v; want exit code %d", result, err, want)
		}
	})

	t.Run("gives_an_empty_input_when_there_is_none", func(t *testing.T) {
		t.Parallel()
		result, output, err := bash(t.Context(), t, "cat", nil)
		if err != nil || result.ExitCode != 0 || output != "" {
			t.Fatalf("got %+v, %q, %v", result, output, err)
		}
	})

	t.Run("passes_on_the_input", func(t *testing.T) {
		t.Parallel()
		_, output, err := bash(t.Context(), t, "cat", func(c *sandbox.Command) { c.Stdin = strings.NewReader("hello") })
		if err != nil || output != "hello" {
			t.Fatalf("got %q, %v", output, err)
		}
	})

	t.Run("does_not_mind_a_program_that_leaves_its_input_unread", func(t *testing.T) {
		t.Parallel()
		result, _, err := bash(t.Context(), t, "true", func(c *sandbox.Command) {
			c.Stdin = io.MultiReader(strings.NewReader(strings.Repeat("x", 1<<20)), blocked{t})
		})
		if err != nil || result.ExitCode != 0 {
			t.Fatalf("got %+v, %v", result, err)
		}
	})

	t.Run("gives_no_terminal", func(t *testing.T) {
		t.Parallel()
		result, _, err := bash(t.Context(), t, "echo secret? > /dev/tty", nil)
		if err != nil || result.ExitCode == 0 {
			t.Fatalf("got %+v, %v; want a failure to open the terminal", result, err)
		}
	})

	t.Run("says_why_a_program_did_not_start", func(t *testing.T) {
		t.Parallel()
		for _, c := range []sandbox.Command{{}, {Args: []string{"no-such-program-anywhere"}}, {Args: []string{"true"}, Dir: "/no/such/folder"}} {
			if result, err := sandbox.Run(t.Context(), c); err == nil || result.ExitCode != -1 {
				t.Errorf("%v: got %+v, %v; want an error", c, result, err)
			}
		}
	})

	t.Run("says_when_the_output_is_not_taken", func(t *testing.T) {
		t.Parallel()
		full := errors.New("disk is full")
		result, _, err := bash(t.Context(), t, "head -c 1000000 /dev/zero", func(c *sandbox.Command) { c.Output = failing{full} })
		if !errors.Is(err, full) || result.ExitCode != 0 {
			t.Fatalf("got %+v, %v; want exit code 0 and %v", result, err, full)
		}
	})

	t.Run("ends_a_program_whose_time_is_up", func(t *testing.T) {
		t.Parallel()
		result, _, err := bash(t.Context(), t, "sleep 600", func(c *sandbox.Command) { c.Timeout = 50 * time.Millisecond })
		if err != nil || result.ExitCode != -1 || !result.TimedOut {
			t.Fatalf("got %+v, %v", result, err)
		}
	})

	t.Run("asks_before_it_kills", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancelCause(t.Context())
		output := sandbox.NewCapture(100, 0)
		_, _, err := bash(ctx, t, "trap 'echo tidied; exit' TERM; echo ready; sleep 600 & wait", func(c *sandbox.Command) {
			c.Output = writerFunc(func(p []byte) (int, error) {
				cancel(errPerson)
				return output.Write(p)
			})
		})
		if got := output.String(); !errors.Is(err, errPerson) || got != "ready\ntidied\n" {
			t.Fatalf("got %q, %v", got, err)
		}
	})

	t.Run("kills_what_does_not_listen_in_less_than_three_seconds", func(t *testing.T) {
		t.Parallel()
		const limit = 500 * time.Millisecond
		result, _, err := bash(t.Context(), t, "trap '' TERM; setsid bash -c 'trap \"\" TERM; sleep 600' & sleep 600; sleep 600", func(c *sandbox.Command) { c.Timeout = limit })
		if err != nil || result.ExitCode != -1 || result.Duration > limit+3*time.Second {
			t.Fatalf("got %+v, %v", result, err)
		}
	})

	t.Run("returns_the_cause_of_a_canceled_context", func(t *testing.T) {
		t.Parallel()
		ctx, cancel := context.WithCancelCause(t.Context())
		result, _, err := bash(ctx, t, "echo started; sleep 600", func(c *sandbox.Command) {
			c.Output = writerFunc(func(p []byte) (int, error) {
				cancel(errPerson)
				return len(p), nil
			})
		})
		if !errors.Is(err, errPerson) || result.ExitCode != -1 || result.TimedOut {
			t.Fatalf("got %+v, %v; want %v", result, err, errPerson)
		}
		if _, _, err := bash(ctx, t, "true", nil); !errors.Is(err, errPerson) {
			t.Fatalf("with a context that is canceled already, got %v", err)
		}
	})
}

// TestRunLeavesNothingAlive has programs start a child in every way that
// usually gets it away. The child says by a pipe when it has started.
func TestRunLeavesNothingAlive(t *testing.T) {
	t.Parallel()
	const told = "\nread -r pid < told; echo $pid > pid\n"
	scripts := map[string]string{
		"background":                     "bash child &" + told,
		"nohup":                          "nohup bash child > /dev/null 2>&1 &" + told,
		"session_of_its_own":             "setsid bash child &" + told,
		"orphan_in_a_session_of_its_own": "( setsid bash child > /dev/null 2>&1 & )" + told,
		"orphan_that_ignores_signals":    "trap '' TERM HUP INT; ( setsid bash child > /dev/null 2>&1 & )" + told,
		"job_control":                    "set -m; ( env -i PATH=\"$PATH\" bash child > /dev/null 2>&1 & )" + told,
		"orphan_without_the_environment": "( env -i PATH=\"$PATH\" setsid bash child & )" + told,
		"child_of_such_an_orphan":        "( env -i PATH=\"$PATH\" setsid bash -c 'env -u PATH bash child > /dev/null 2>&1 & wait' & )" + told,
		"failing_parent":                 "setsid bash child &" + told + "exit 7",
		"killed_parent":                  "( setsid bash child & )" + told + "kill -9 $$",
	}
	for name, script := range scripts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if runtime.GOOS != "linux" {
				t.Skip("only the process group is ended on this system")
			}
			var dir string
			_, output, err := bash(t.Context(), t, "mkfifo told\n"+script, func(c *sandbox.Command) {
				dir, c.Timeout = c.Dir, 30*time.Second
				write(t, filepath.Join(dir, "child"), "echo $$ > told; exec sleep 600")
			})
			if err != nil {
				t.Fatal(err, output)
			}
			content, err := os.ReadFile(filepath.Join(dir, "pid"))
			if err != nil {
				t.Fatal(err, output)
			}
			pid, err := strconv.Atoi(strings.TrimSpace(string(content)))
			if err != nil {
				t.Fatal(err, output)
			}
			if alive(pid) {
				t.Errorf("process %d is still alive", pid)
			}
		})
	}
}

// TestRunLeavesOthersAlone: a process of the same user and parent, started
// before or after, is no business of Run.
func TestRunLeavesOthersAlone(t *testing.T) {
	t.Parallel()
	start := func() *exec.Cmd {
		other := exec.Command("sleep", "600")
		if err := other.Start(); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = other.Process.Kill(); _ = other.Wait() })
		return other
	}
	before := start()
	var during *exec.Cmd
	_, _, err := bash(t.Context(), t, "echo go; read -r line", func(c *sandbox.Command) {
		r, w := io.Pipe()
		var once sync.Once
		c.Stdin = r
		c.Output = writerFunc(func(p []byte) (int, error) {
			once.Do(func() {
				during = start()
				go func() { _, _ = io.WriteString(w, "\n"); _ = w.Close() }()
			})
			return len(p), nil
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, other := range []*exec.Cmd{before, during} {
		if !alive(other.Process.Pid) {
			t.Errorf("process %d was killed", other.Process.Pid)
		}
	}
}

// TestRunOutputOfAGigabyteTakesNoMemory is alone: it measures the process.
func TestRunOutputOfAGigabyteTakesNoMemory(t *testing.T) {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	output := sandbox.NewCapture(10<<10, 20<<10)
	result, _, err := bash(t.Context(), t, "echo start; head -c 1073741824 /dev/zero; echo end", func(c *sandbox.Command) { c.Output = output })
	runtime.ReadMemStats(&after)
	if err != nil || result.ExitCode != 0 {
		t.Fatalf("got %+v, %v", result, err)
	}
	if kept := output.String(); !strings.HasPrefix(kept, "start\n") || !strings.HasSuffix(kept, "end\n") || !output.Truncated() {
		t.Errorf("kept the wrong parts: %d bytes", len(kept))
	}
	if grown := after.TotalAlloc - before.TotalAlloc; grown > 32<<20 { // the watch over the processes takes some, the longer the command runs
		t.Errorf("allocated %d bytes", grown)
	}
}

func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return false
	}
	_, state, _ := strings.Cut(string(stat), ") ")
	return !strings.HasPrefix(state, "Z") && !strings.HasPrefix(state, "X")
}

// blocked is a reader that says nothing until the test is over.
type blocked struct{ t *testing.T }

func (b blocked) Read([]byte) (int, error) {
	<-b.t.Context().Done()
	return 0, io.EOF
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

type writerFunc func(p []byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }

func write(t *testing.T, path, content string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
}
