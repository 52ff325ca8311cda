package sandbox

import (
	"bytes"
	"crypto/rand"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// group is a control group (cgroups(7)) that holds a command with all that it starts,
// whatever they do to hide. There is one where the server's own group may be written
// to: as root on the machine itself, in a container that has them for itself, in a
// unit of systemd with Delegate=yes. A nil group holds nobody.
//
// Behind the wall nobody leaves it, because /sys is only read there.
type group struct {
	dirs []string // of version 2, and of version 1's counter of processes; one of them, or both
	into []int    // cgroup.procs of each, open: to be written to from behind the wall
}

// groupPrefix begins the names of our groups; the server's process id comes next.
const groupPrefix = "codybatch-"

// newGroup makes a group for a command, and limits its threads where the kernel counts
// them for us; nil: none is to be had, or wanted. The caller ends it.
func newGroup(c Command) *group {
	if c.Confinement.Mode == Off {
		return nil
	}
	name := groupPrefix + strconv.Itoa(os.Getpid()) + "-" + rand.Text()
	g := &group{}
	for _, parent := range ownGroups() {
		removeForgotten(parent)
		dir := filepath.Join(parent, name)
		if os.Mkdir(dir, 0o755) != nil { //nolint:gosec // as those are that the kernel makes
			continue
		}
		into, err := unix.Open(filepath.Join(dir, "cgroup.procs"), unix.O_WRONLY|unix.O_CLOEXEC, 0)
		if err != nil {
			_ = os.Remove(dir)
			continue
		}
		g.dirs, g.into = append(g.dirs, dir), append(g.into, into)
		_ = writeGroup(dir, "pids.max", strconv.Itoa(c.Confinement.threads())) // not there: version 2 without that controller
	}
	if len(g.dirs) == 0 {
		return nil
	}
	return g
}

// ownGroups are the folders of the groups that we are in: the one of version 2, and
// the one of version 1 that counts processes.
func ownGroups() []string {
	content, _ := os.ReadFile("/proc/self/cgroup")
	var dirs []string
	for line := range strings.Lines(string(content)) {
		_, rest, _ := strings.Cut(strings.TrimSpace(line), ":")
		controllers, path, _ := strings.Cut(rest, ":")
		switch controllers {
		case "":
			for _, mount := range []string{"/sys/fs/cgroup", "/sys/fs/cgroup/unified"} {
				var at unix.Statfs_t
				if unix.Statfs(mount, &at) == nil && at.Type == unix.CGROUP2_SUPER_MAGIC {
					dirs = append(dirs, filepath.Join(mount, path))
				}
			}
		case "pids":
			dirs = append(dirs, filepath.Join("/sys/fs/cgroup/pids", path))
		}
	}
	return dirs
}

// removeForgotten removes the groups of servers that were killed. One that still has
// a process can't be removed.
func removeForgotten(parent string) {
	old, _ := filepath.Glob(filepath.Join(parent, groupPrefix+"*")) // the pattern is good
	for _, dir := range old {
		owner, _, _ := strings.Cut(strings.TrimPrefix(filepath.Base(dir), groupPrefix), "-")
		if pid, err := strconv.Atoi(owner); err == nil && hasEnded(pid) {
			_ = os.Remove(dir)
		}
	}
}

// enter puts a process in, which must have no children yet.
func (g *group) enter(pid int) error {
	if g == nil {
		return nil
	}
	for i, into := range g.into {
		if _, err := unix.Write(into, []byte(strconv.Itoa(pid))); err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("put process %d into %s: %w", pid, g.dirs[i], err)
		}
	}
	return nil
}

// members are the process ids of all that is in it.
func (g *group) members() map[int]bool {
	if g == nil {
		return nil
	}
	content, _ := os.ReadFile(filepath.Join(g.dirs[0], "cgroup.procs"))
	members := map[int]bool{}
	for line := range bytes.Lines(content) {
		if pid, err := strconv.Atoi(string(bytes.TrimSpace(line))); err == nil && pid > 0 {
			members[pid] = true
		}
	}
	return members
}

// kill kills all that is in it, at once where the kernel does it (version 2, since
// Linux 5.14). Elsewhere nobody can start others any more, and the caller kills
// those that members names.
func (g *group) kill() {
	if g == nil {
		return
	}
	for _, dir := range g.dirs {
		_ = writeGroup(dir, "pids.max", "0")
		_ = writeGroup(dir, "cgroup.kill", "1")
	}
}

// end gives the group back, which takes a moment after the last has died. One that
// is left over is removed when another server starts a command.
func (g *group) end() {
	if g == nil {
		return
	}
	for _, into := range g.into {
		_ = unix.Close(into)
	}
	deadline := time.Now().Add(graceAfterKill)
	for _, dir := range g.dirs {
		for pause := time.Millisecond; errors.Is(syscall.Rmdir(dir), unix.EBUSY) && time.Now().Before(deadline); pause *= 2 {
			again := time.NewTimer(pause)
			<-again.C
		}
	}
}

// writeGroup writes one of the kernel's files; it makes none.
func writeGroup(dir, name, value string) error {
	file, err := os.OpenFile(filepath.Join(dir, name), os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	_, err = file.WriteString(value)
	return errors.Join(err, file.Close())
}

// hasGroup reports whether commands get a group here.
func hasGroup() bool {
	g := newGroup(Command{})
	g.end()
	return g != nil
}

// countsThreads reports whether the kernel counts the threads of a group here.
func countsThreads() bool {
	g := newGroup(Command{})
	defer g.end()
	if g == nil {
		return false
	}
	for _, dir := range g.dirs {
		if _, err := os.Stat(filepath.Join(dir, "pids.max")); err == nil {
			return true
		}
	}
	return false
}
