package sandbox_test

import (
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

// bomb is a tree of 2^8-1 processes that work. It is no more than that, and each ends
// by itself after ten seconds: a bomb that is not stopped must not take the machine
// with it. The first word starts each of them.
func bomb(start string) string {
	return `
bomb='
if [ "$1" -gt 1 ]; then
	for i in 1 2; do ` + start + ` bash -c "$0" "$0" $(($1-1)) >/dev/null 2>&1 & done
fi
while [ $SECONDS -lt 10 ]; do :; done'
bash -c "$bomb" "$bomb" 8 >/dev/null 2>&1
`
}

// inSessions gives everybody a session, and leaves nothing by which they are known.
const inSessions = `env -i PATH="$PATH" setsid`

// few is the limit that the bomb is over.
const few = 100

// stopsABomb is for tests that are alone: the bomb takes all processors until it is
// noticed.
func stopsABomb(t *testing.T, run runner, start string, uid int) {
	t.Helper()
	y := newYard(t)
	y.open(t)
	output := sandbox.NewCapture(64<<10, 64<<10)
	result, err := run(t.Context(), sandbox.Command{
		Args: []string{"bash", "--noprofile", "--norc", "-c", bomb(start)}, Dir: y.tree, Env: sandbox.Environment(y.home),
		Writable: []string{y.tree, y.home}, Output: output, Timeout: time.Minute,
		Confinement: sandbox.Confinement{Processes: few, UID: uid},
	})
	if left := sandbox.KillIn(y.tree); left > 0 {
		t.Errorf("%d processes were left", left)
	}
	if err != nil || result.ExitCode != -1 || !strings.Contains(result.Exceeded, "more than 100 processes") {
		t.Fatalf("got %+v, %v\n%.500s", result, err, output.String())
	}
	t.Logf("it took %s", result.Duration)
}

type runner func(context.Context, sandbox.Command) (sandbox.Result, error)

// TestForkBombIsStopped is about what has neither a user nor a control group: it is
// found in /proc.
func TestForkBombIsStopped(t *testing.T) { //nolint:paralleltest // see stopsABomb
	stopsABomb(t, sandbox.RunWithoutGroup, "command", 0)
}

func TestForkBombIsStoppedByItsUser(t *testing.T) { //nolint:paralleltest // see stopsABomb
	if os.Getuid() != 0 {
		t.Skip("only root has commands run as another user")
	}
	haveThreadsEnough(t, sandbox.RunWithoutGroup, sandbox.AutoUID)
	stopsABomb(t, sandbox.RunWithoutGroup, inSessions, sandbox.AutoUID)
}

func TestForkBombIsStoppedByItsGroup(t *testing.T) { //nolint:paralleltest // see stopsABomb
	if !sandbox.HasGroup() {
		t.Skip("there are no control groups here that we may write to")
	}
	stopsABomb(t, sandbox.Run, inSessions, 0)
	if sandbox.CountsThreads() {
		haveThreadsEnough(t, sandbox.Run, 0)
	}
	if left, err := filepath.Glob(fmt.Sprintf("/sys/fs/cgroup/*/codybatch-%d-*", os.Getpid())); err != nil || len(left) > 0 {
		t.Errorf("groups are left: %v, %v", left, err)
	}
}

// A server that was killed leaves its groups to the next one.
func TestForgottenGroupsAreRemoved(t *testing.T) { //nolint:paralleltest // others start commands, which remove it as well
	if !sandbox.HasGroup() {
		t.Skip("there are no control groups here that we may write to")
	}
	gone := exec.Command("true")
	if err := gone.Run(); err != nil {
		t.Fatal(err)
	}
	var forgotten, ours []string
	for _, parent := range sandbox.OwnGroups() {
		for owner, list := range map[int]*[]string{gone.Process.Pid: &forgotten, os.Getpid(): &ours} {
			dir := filepath.Join(parent, fmt.Sprintf("codybatch-%d-forgotten", owner))
			if os.Mkdir(dir, 0o755) == nil { //nolint:gosec // as those are that the kernel makes
				*list = append(*list, dir)
				t.Cleanup(func() { _ = os.Remove(dir) })
			}
		}
	}
	if _, _, err := bash(t.Context(), t, "true", nil); err != nil {
		t.Fatal(err)
	}
	for _, dir := range forgotten {
		if _, err := os.Stat(dir); err == nil {
			t.Errorf("%s of a server that is gone is left", dir)
		}
	}
	for _, dir := range ours {
		if _, err := os.Stat(dir); err != nil {
			t.Errorf("%s of a server that lives is gone: %v", dir, err)
		}
	}
	if len(forgotten) == 0 {
		t.Error("no group could be forgotten")
	}
}

// haveThreadsEnough shows that the kernel counts: threads are no processes, and
// nobody is killed for them.
func haveThreadsEnough(t *testing.T, run runner, uid int) {
	t.Helper()
	const python = "/usr/bin/python3" // not one in a home that is closed to others
	if _, err := os.Stat(python); err != nil {
		t.Skip(err)
	}
	y := newYard(t)
	y.open(t)
	output := sandbox.NewCapture(64<<10, 64<<10)
	result, err := run(t.Context(), sandbox.Command{
		Args: []string{python, "-c", `
import threading
end = threading.Event()
n = 0
try:
	for n in range(250): threading.Thread(target=end.wait, args=(10,)).start()
except RuntimeError: print(n > 150)
end.set()`},
		Dir: y.tree, Env: sandbox.Environment(y.home), Writable: []string{y.tree, y.home}, Output: output, Timeout: time.Minute,
		Confinement: sandbox.Confinement{Processes: few, UID: uid},
	})
	if err != nil || result.ExitCode != 0 || output.String() != "True\n" {
		t.Errorf("250 threads: got %+v, %v, %s; want about 200", result, err, output.String())
	}
}

func TestMemoryHasALimit(t *testing.T) {
	t.Parallel()
	const most = 128 << 20
	hog := "head -c 400000000 /dev/zero | tail -c 400000000 | { sleep 600; }"
	for name, script := range map[string]string{
		"of_one_program":       hog,
		"of_many":              "for i in $(seq 20); do head -c 20000000 /dev/zero | tail -c 20000000 | { sleep 600; } & done; wait",
		"of_one_that_got_away": "( setsid bash -c '" + hog + "' >/dev/null 2>&1 & ); sleep 600",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			result, output, err := bash(t.Context(), t, script, func(c *sandbox.Command) {
				c.Confinement.Memory, c.Timeout = most, time.Minute
			})
			if err != nil || result.TimedOut || result.ExitCode != -1 || !strings.Contains(result.Exceeded, "memory, and may use 128 MiB") {
				t.Errorf("got %+v, %v\n%s", result, err, output)
			}
		})
	}
	t.Run("that_counts_what_is_shared_once", func(t *testing.T) {
		t.Parallel()
		// One program of 60 MB that forks ten times has them all in one place.
		result, output, err := bash(t.Context(), t, `x=$(head -c 60000000 /dev/zero | tr '\0' x); for i in $(seq 10); do ( read -r -t 2 ) <> <(:) & done; wait; echo ${#x}`,
			func(c *sandbox.Command) { c.Confinement.Memory = 400 << 20 })
		if err != nil || result.ExitCode != 0 || output != "60000000\n" {
			t.Errorf("got %+v, %v, %.200s", result, err, output)
		}
	})
	t.Run("unless_that_is_off", func(t *testing.T) {
		t.Parallel()
		result, _, err := bash(t.Context(), t, "head -c 200000000 /dev/zero | tail -c 200000000 | { sleep 1; wc -c; }", func(c *sandbox.Command) {
			c.Confinement = sandbox.Confinement{Mode: sandbox.Off, Memory: most}
		})
		if err != nil || result.ExitCode != 0 {
			t.Errorf("got %+v, %v", result, err)
		}
	})
}

func TestProcessorTimeHasALimit(t *testing.T) {
	t.Parallel()
	_, output, err := bash(t.Context(), t, "ulimit -H -t", func(c *sandbox.Command) { c.Timeout = 9 * time.Second })
	if want := strconv.Itoa(10 * runtime.NumCPU()); err != nil || strings.TrimSpace(output) != want {
		t.Errorf("got %q, %v; want ten seconds for each processor, %s", output, err, want)
	}
}

// open lets other users enter the yard's folders.
func (y yard) open(t *testing.T) {
	t.Helper()
	for _, dir := range []string{y.root + "/..", y.root, y.root + "/data", y.root + "/data/workspaces", y.root + "/data/workspaces/1"} {
		if err := os.Chmod(dir, 0o711); err != nil { //nolint:gosec // it is to be entered by others
			t.Fatal(err)
		}
	}
}

func TestOwnUser(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	y.open(t)
	apart := func(c *sandbox.Command) { c.Confinement.UID = sandbox.AutoUID }
	if os.Getuid() != 0 {
		if _, output := y.run(t, "id -u", apart); strings.TrimSpace(output) == "0" {
			t.Errorf("got %q", output)
		}
		if err := (sandbox.Confinement{UID: 60600}).Check(); err == nil {
			t.Error("somebody became another user")
		}
		return
	}
	// Without the wall: the user alone has to do it.
	alone := func(c *sandbox.Command) { c.Confinement = sandbox.Confinement{Mode: sandbox.Off, UID: sandbox.AutoUID} }
	for name, script := range map[string]string{
		"reading_the_environment_of_its_maker": "cat /proc/$PPID/environ",
		"looking_through_its_maker":            "ls /proc/$PPID/fd",
		"signals_to_its_maker":                 "kill -0 $PPID",
		"reading_what_is_not_its":              "cat " + y.root + "/outside",
		"listing_what_is_not_its":              "ls " + y.root,
		"reading_the_database":                 "cat " + y.root + "/data/codybatch.db",
		"becoming_root":                        "su -c true || sudo -n true || chroot / true",
		"devices":                              "mknod x c 1 1",
		"groups":                               "test $(id -G) = 0",
	} {
		if code, output := y.run(t, script, alone); code == 0 || strings.Contains(output, "s3cr3t") {
			t.Errorf("%s: got %d, %s", name, code, output)
		}
		if name == "becoming_root" || name == "devices" || name == "groups" {
			continue
		}
		if code, output := y.run(t, script, func(c *sandbox.Command) { c.Confinement.Mode = sandbox.Off }); code != 0 {
			t.Errorf("%s: got %d, %s as our own user; the test proves nothing", name, code, output)
		}
	}
	for _, script := range []string{
		`echo x >>README.md && mkdir -p a/b && echo y >a/b/c && chmod 700 a && mv a/b a/d && rm README.md && echo z >"$HOME/f" && mktemp`,
		"cat a/d/c && echo more >>a/d/c && ln a/d/c link && rm -r a", // by another number than the line before
		"echo more >>link",
		"git init -q . && git -c user.name=a -c user.email=a@b add -A && git -c user.name=a -c user.email=a@b commit -qm one && git log --oneline",
		"printf 'module x\\n\\ngo 1.26\\n' >go.mod && printf 'package main\\n\\nfunc main() { println(1) }\\n' >main.go && go list . && gofmt -l .",
		"test $(ulimit -H -u) -le 1024",
	} {
		if code, output := y.run(t, script, apart); code != 0 {
			t.Errorf("%s: got %d, %s", script, code, output)
		}
	}
	// A file that has another name outside is not given away by it.
	linked := newYard(t)
	linked.open(t)
	outside := filepath.Join(linked.root, "outside")
	if err := os.Link(outside, filepath.Join(linked.tree, "link")); err != nil {
		t.Fatal(err)
	}
	if code, output := linked.run(t, "cat link", apart); code == 0 || strings.Contains(output, "s3cr3t") {
		t.Errorf("a file outside became the command's by a hard link: %d, %s", code, output)
	}
	if err := os.Chmod(y.root, 0o700); err != nil { //nolint:gosec // it is closed again
		t.Fatal(err)
	}
	_, _, err := bash(t.Context(), t, "true", func(c *sandbox.Command) { c.Dir, c.Writable = y.tree, []string{y.tree}; apart(c) })
	if err == nil || !strings.Contains(err.Error(), y.root+";") {
		t.Errorf("got %v; want the folder that is closed", err)
	}
}
