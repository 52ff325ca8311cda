package sandbox

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"syscall"
)

// KillIn kills every process of this user that works below a folder, or has its
// home there: what outlived a caller that was killed itself. It returns how many
// it found. On systems other than Linux it finds nobody.
func KillIn(dir string) int {
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return 0
	}
	killed := 0
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() || !livesIn(pid, dir) {
			continue
		}
		if m, ok := readMember(pid); ok && m.living() {
			m.signal(syscall.SIGKILL)
			killed++
		}
	}
	return killed
}

func livesIn(pid int, dir string) bool {
	within := func(path string) bool { return path == dir || strings.HasPrefix(path, dir+"/") }
	if cwd, err := os.Readlink(fmt.Sprintf("/proc/%d/cwd", pid)); err == nil && within(strings.TrimSuffix(cwd, " (deleted)")) {
		return true
	}
	environ, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
	if err != nil {
		return false
	}
	for variable := range bytes.SplitSeq(environ, []byte{0}) {
		if home, ok := bytes.CutPrefix(variable, []byte("HOME=")); ok && within(string(home)) {
			return true
		}
	}
	return false
}
