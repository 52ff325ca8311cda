package sandbox

import (
	"errors"
	"fmt"
	"os"

	"golang.org/x/sys/unix"
)

// What a program may use at most; see getrlimit(2).
const (
	maxFileSize  = 1 << 30 // bytes of one file
	maxOpenFiles = 1 << 16
	maxProcesses = 1 << 14 // of this user, all programs and threads together
)

// limit sets the limits of a process, and of all that it will start. Never higher
// than they are. The kernel does not count the processes of root.
func limit(pid int) error {
	limits := map[int]uint64{unix.RLIMIT_CORE: 0, unix.RLIMIT_FSIZE: maxFileSize, unix.RLIMIT_NOFILE: maxOpenFiles}
	if os.Getuid() != 0 {
		limits[unix.RLIMIT_NPROC] = maxProcesses
	}
	for resource, most := range limits {
		var now unix.Rlimit
		err := unix.Prlimit(pid, resource, nil, &now)
		if err == nil {
			err = unix.Prlimit(pid, resource, &unix.Rlimit{Cur: min(now.Cur, most), Max: min(now.Max, most)}, nil)
		}
		if err != nil && !errors.Is(err, unix.ESRCH) {
			return fmt.Errorf("set a limit: %w", err)
		}
	}
	return nil
}
