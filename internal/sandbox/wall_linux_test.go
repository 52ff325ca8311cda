package sandbox_test

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"

	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

// needWall skips a test where the kernel has no wall to test.
func needWall(t *testing.T) {
	t.Helper()
	if version, err := ll.LandlockGetABIVersion(); err != nil || version < 2 {
		t.Skipf("this kernel has no Landlock that is new enough: version %d, %v", version, err)
	}
}

// yard is a data folder with two workspaces, in a home that has secrets.
type yard struct {
	root, tree, home string
}

func newYard(t *testing.T) yard {
	t.Helper()
	y := yard{root: t.TempDir()}
	y.tree, y.home = filepath.Join(y.root, "data/workspaces/1/tree"), filepath.Join(y.root, "data/workspaces/1/home")
	for _, path := range []string{".ssh/id", ".aws/credentials", ".netrc", ".local/share/keyrings/login", "data/codybatch.db", "data/workspaces/2/tree/file", "outside"} {
		write(t, filepath.Join(y.root, path), "s3cr3t\n")
	}
	write(t, filepath.Join(y.tree, "README.md"), "# Site\n")
	if err := os.MkdirAll(y.home, 0o700); err != nil {
		t.Fatal(err)
	}
	return y
}

// run runs a script behind the wall.
func (y yard) run(t *testing.T, script string, change ...func(*sandbox.Command)) (int, string) {
	t.Helper()
	result, output, err := bash(t.Context(), t, script, func(c *sandbox.Command) {
		c.Dir, c.Env, c.Timeout = y.tree, sandbox.Environment(y.home), 2*time.Minute
		c.Writable = []string{y.tree, y.home}
		for _, f := range change {
			f(c)
		}
	})
	if err != nil {
		t.Fatal(err)
	}
	return result.ExitCode, output
}

// TestWallHidesTheHome is not parallel: it changes HOME.
func TestWallHidesTheHome(t *testing.T) {
	needWall(t)
	y := newYard(t)
	bin := filepath.Join(y.root, ".local/bin")
	write(t, filepath.Join(bin, "tool"), "#!/bin/sh\necho tool runs\n")
	if err := os.Chmod(filepath.Join(bin, "tool"), 0o700); err != nil {
		t.Fatal(err)
	}
	keep := os.Getenv("HOME")
	for _, name := range []string{"GOCACHE", "GOMODCACHE"} { // the caches stay where they are
		out, err := exec.Command("go", "env", name).Output()
		if err == nil {
			t.Setenv(name, strings.TrimSpace(string(out)))
		}
	}
	t.Setenv("HOME", y.root)
	t.Setenv("PATH", bin+string(filepath.ListSeparator)+y.root+string(filepath.ListSeparator)+os.Getenv("PATH"))
	for _, path := range []string{".ssh/id", ".aws/credentials", ".netrc", ".local/share/keyrings/login", "outside"} {
		if code, output := y.run(t, "cat "+filepath.Join(y.root, path)); code == 0 || strings.Contains(output, "s3cr3t") {
			t.Errorf("%s can be read: %d, %s", path, code, output)
		}
	}
	if code, output := y.run(t, "tool && ls "+keep); !strings.HasPrefix(output, "tool runs\n") || keep == "/root" && code == 0 {
		t.Errorf("got %d, %s; want a tool that runs, and a home that can't be listed", code, output)
	}
	// Each layer by itself: a home without the workspace, and what is around the
	// workspace and no home. Both are on PATH.
	elsewhere := newYard(t)
	if code, output := elsewhere.run(t, "cat "+filepath.Join(y.root, "outside")); code == 0 || strings.Contains(output, "s3cr3t") {
		t.Errorf("the home can be read from elsewhere: %d, %s", code, output)
	}
	t.Setenv("HOME", elsewhere.root)
	if code, output := y.run(t, "cat "+filepath.Join(y.root, "outside")); code == 0 || strings.Contains(output, "s3cr3t") {
		t.Errorf("what is around the workspace can be read: %d, %s", code, output)
	}
}

func TestWall(t *testing.T) {
	t.Parallel()
	needWall(t)
	refused := map[string]string{
		"reading_beside_the_workspace":         "cat %[1]s/outside",
		"reading_another_workspace":            "cat ../../2/tree/file",
		"listing_the_data_folder":              "ls %[1]s/data",
		"listing_the_workspaces":               "ls %[1]s/data/workspaces",
		"copying_the_database":                 "cp %[1]s/data/codybatch.db .",
		"reading_by_a_link":                    "ln -sf %[1]s/outside link && cat link",
		"reading_by_a_hard_link":               "ln -f %[1]s/outside link",
		"writing_outside":                      "echo x >%[1]s/outside",
		"emptying_a_file_outside":              "truncate -s 0 %[1]s/outside",
		"making_a_file_outside":                "echo x >%[1]s/new",
		"making_a_folder_outside":              "mkdir %[1]s/new",
		"removing_outside":                     "rm -f %[1]s/outside",
		"moving_out":                           "mv README.md %[1]s/new",
		"writing_to_tmp":                       "f=/tmp/codybatch-wall-$$; echo x >$f && rm $f",
		"listing_the_devices":                  "ls /dev",
		"reading_the_environment_of_its_maker": "cat /proc/$PPID/environ",
		"reading_the_environment_of_all":       "cat /proc/%[2]d/environ",
		"looking_through_the_maker":            "ls /proc/%[2]d/root/ /proc/%[2]d/cwd/ /proc/%[2]d/fd/",
	}
	for name, script := range refused {
		t.Run("refuses_"+name, func(t *testing.T) {
			t.Parallel()
			y := newYard(t)
			script := script
			if strings.Contains(script, "%[2]") {
				script = fmt.Sprintf(script, y.root, os.Getpid())
			} else if strings.Contains(script, "%[1]") {
				script = fmt.Sprintf(script, y.root)
			}
			if code, output := y.run(t, script); code == 0 || !strings.Contains(output, "denied") && !strings.Contains(output, "not permitted") && !strings.Contains(output, "cross-device") {
				t.Errorf("%s: got %d, %s", script, code, output)
			}
			if content, err := os.ReadFile(filepath.Join(y.root, "outside")); err != nil || string(content) != "s3cr3t\n" {
				t.Errorf("the file outside holds %q, %v", content, err)
			}
			// What is refused is there to be had without the wall.
			if code, output := y.run(t, script, func(c *sandbox.Command) { c.Confinement.Mode = sandbox.Off }); code != 0 && !strings.Contains(name, "making_a_folder") {
				t.Errorf("%s: got %d, %s without a wall; the test proves nothing", script, code, output)
			}
		})
	}
	t.Run("keeps_signals_in", func(t *testing.T) {
		t.Parallel()
		if version, _ := ll.LandlockGetABIVersion(); version < 6 {
			t.Skipf("Landlock's version is %d; signals are kept in from 6 on", version)
		}
		y := newYard(t)
		if code, output := y.run(t, fmt.Sprintf("kill -0 %d", os.Getpid())); code == 0 {
			t.Errorf("got %d, %s", code, output)
		}
	})
	t.Run("allows_what_is_named", func(t *testing.T) {
		t.Parallel()
		y := newYard(t)
		code, output := y.run(t, fmt.Sprintf("cat %[1]s/outside && echo x >>%[1]s/data/workspaces/2/tree/file", y.root), func(c *sandbox.Command) {
			c.Confinement.Read = []string{filepath.Join(y.root, "outside")}
			c.Confinement.Write = []string{filepath.Join(y.root, "data/workspaces/2")}
		})
		if code != 0 || output != "s3cr3t\n" {
			t.Errorf("got %d, %s", code, output)
		}
	})
	for name, script := range map[string]string{
		"home":              `echo x >"$HOME/.profile" && mktemp`,
		"moving":            "mkdir -p a b && echo x >a/x && mv a/x b/x && ln b/x a/y",
		"devices":           "echo x >/dev/null && head -c 10 /dev/urandom >/dev/null && cat </dev/zero | head -c 1 >/dev/null",
		"process_list":      "cat /proc/self/status /proc/meminfo >/dev/null && test -r /proc/$$/environ && cat /proc/$$/environ >/dev/null",
		"pipes":             "mkfifo p && (echo through >p &) && cat p && cat <(echo sub) && echo x | tee /dev/stderr",
		"child_reads_child": "sleep 30 & cat /proc/$!/environ >/dev/null; kill $!",
		"names":             "getent hosts localhost",
		"git":               "git init -q . && git -c user.name=a -c user.email=a@b add -A && git -c user.name=a -c user.email=a@b commit -qm one && git log --oneline && git gc -q",
		"go":                "printf 'module x\\n\\ngo 1.26\\n' >go.mod && printf 'package main\\n\\nimport \"fmt\"\\n\\nfunc main() { fmt.Println(1) }\\n' >main.go && GOFLAGS=-buildvcs=false go build -o x . && ./x && go run .",
		"node":              `node -e 'require("fs").mkdtempSync(require("os").tmpdir() + "/x"); require("child_process").execSync("true")'`,
		"python3":           "python3 -c 'import tempfile, multiprocessing, subprocess; tempfile.mkdtemp(); multiprocessing.Queue(); subprocess.check_call([\"true\"])'",
		"npm":               "npm --version",
	} {
		t.Run("allows_"+name, func(t *testing.T) {
			t.Parallel()
			if _, err := exec.LookPath(name); err != nil && strings.Contains(" git go node python3 npm ", " "+name+" ") {
				t.Skipf("%s is not installed", name)
			}
			y := newYard(t)
			if code, output := y.run(t, script); code != 0 {
				t.Errorf("got %d, %s", code, output)
			}
		})
	}
}

func TestWallIsNotLeftToTheCaller(t *testing.T) {
	t.Parallel()
	needWall(t)
	y := newYard(t)
	for range 20 { // more than there are threads
		y.run(t, "true")
		if _, err := os.ReadFile(filepath.Join(y.root, "outside")); err != nil {
			t.Fatal(err)
		}
		if output, err := exec.Command("cat", filepath.Join(y.root, "outside")).CombinedOutput(); err != nil {
			t.Fatalf("%v: %s", err, output)
		}
	}
	status, err := os.ReadFile("/proc/self/status")
	if err != nil || !strings.Contains(string(status), "NoNewPrivs:\t0\n") {
		t.Errorf("the process is behind a wall itself: %v\n%s", err, status)
	}
}

func TestLimits(t *testing.T) {
	t.Parallel()
	y := newYard(t)
	if code, output := y.run(t, "truncate -s 1073741824 big && rm big && ! truncate -s 1073741825 big"); code != 0 {
		t.Errorf("a file over 1 GiB: got %d, %s", code, output)
	}
	if code, output := y.run(t, "head -c 2000000000 /dev/zero | tail -c 1 | wc -c"); code != 0 || strings.TrimSpace(output) != "1" {
		t.Errorf("2 GB through a pipe: got %d, %s", code, output)
	}
	if _, output := y.run(t, "ulimit -H -c; ulimit -H -f; (ulimit -H -c)"); output != "0\n1048576\n0\n" {
		t.Errorf("limits are %q", output)
	}
	t.Run("of_open_files", func(t *testing.T) { //nolint:paralleltest // it changes a limit of this process
		const most = 1 << 16
		var ours unix.Rlimit
		if err := unix.Getrlimit(unix.RLIMIT_NOFILE, &ours); err != nil {
			t.Fatal(err)
		}
		if more := (unix.Rlimit{Cur: ours.Cur, Max: 2 * most}); ours.Max <= most && unix.Setrlimit(unix.RLIMIT_NOFILE, &more) != nil {
			t.Skipf("we may have %d open files ourselves, and no more", ours.Max)
		}
		if _, output := y.run(t, "ulimit -H -n"); strings.TrimSpace(output) != strconv.Itoa(most) {
			t.Errorf("the limit of open files is %s", output)
		}
	})
	if os.Getuid() != 0 {
		if _, output := y.run(t, "ulimit -H -u"); strings.Contains(output, "unlimited") {
			t.Errorf("the limit of processes is %s", output)
		}
	}
}

func TestRequireRefusesWithoutAWall(t *testing.T) {
	t.Parallel()
	c := sandbox.Confinement{Mode: sandbox.Require}
	switch version, err := ll.LandlockGetABIVersion(); {
	case err != nil || version < 2:
		if _, err := sandbox.Run(t.Context(), sandbox.Command{Args: []string{"true"}, Confinement: c}); !errors.Is(err, sandbox.ErrNoWall) {
			t.Errorf("got %v", err)
		}
	default:
		if result, err := sandbox.Run(t.Context(), sandbox.Command{Args: []string{"true"}, Confinement: c}); err != nil || result.ExitCode != 0 {
			t.Errorf("got %+v, %v", result, err)
		}
	}
}
