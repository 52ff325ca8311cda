package sandbox

import (
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"golang.org/x/sys/unix"
)

// What a program may use at most; see getrlimit(2). What a command uses with all
// that it started is for family.excess.
const (
	maxFileSize  = 1 << 30 // bytes of one file
	maxOpenFiles = 1 << 16
	maxProcesses = 1 << 14 // of this user, all programs and threads together
	niceness     = 10      // programs come after us, or nobody would notice that they are too many
)

// threads is how many a command may have that is not mixed up with others: somewhat
// more than processes, or it would not be noticed that those are too many.
func (c Confinement) threads() int { return 2 * c.processes() }

// limitsOf are a command's limits for one process; nil: there are none. The kernel
// does not count the processes of root.
func limitsOf(c Command, own *user) map[int]uint64 {
	if c.Confinement.Mode == Off {
		return nil
	}
	limits := map[int]uint64{unix.RLIMIT_CORE: 0, unix.RLIMIT_FSIZE: maxFileSize, unix.RLIMIT_NOFILE: maxOpenFiles}
	switch {
	case own != nil && own.lock >= 0:
		limits[unix.RLIMIT_NPROC] = uint64(c.Confinement.threads())
	case own != nil || os.Getuid() != 0:
		limits[unix.RLIMIT_NPROC] = maxProcesses
	}
	if c.Timeout > 0 { // what got away works no longer than all processors could have until then
		limits[unix.RLIMIT_CPU] = (uint64(c.Timeout/time.Second) + 1) * uint64(runtime.NumCPU())
	}
	return limits
}

// limitOther is limit for a process of another user, which only that user may do, or
// who has CAP_SYS_RESOURCE; root in a container has not. This thread is that user
// meanwhile, by the number that the kernel asks for here, and no longer: the other
// could kill us by it. So the process must not run yet.
func limitOther(pid int, limits map[int]uint64, own *user) error {
	const same = ^uintptr(0)
	become := func(uid, gid int) error {
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESGID, uintptr(gid), same, same); errno != 0 {
			return fmt.Errorf("set a limit: %w", errno)
		}
		if _, _, errno := unix.RawSyscall(unix.SYS_SETRESUID, uintptr(uid), same, same); errno != 0 {
			return fmt.Errorf("set a limit: %w", errno)
		}
		return nil
	}
	uid, gid := os.Getuid(), os.Getgid() // of this thread
	err := become(own.id, own.id)
	if err == nil {
		err = limit(pid, limits)
	}
	return errors.Join(err, become(uid, gid))
}

// limit sets the limits of a process, and of all that it will start. Never higher
// than they are.
func limit(pid int, limits map[int]uint64) error {
	if err := unix.Setpriority(unix.PRIO_PROCESS, pid, niceness); err != nil && !errors.Is(err, unix.ESRCH) && !errors.Is(err, unix.EACCES) {
		return fmt.Errorf("set a priority: %w", err) // EACCES: it is even lower already
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
