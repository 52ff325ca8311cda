package sandbox

import (
	"errors"
	"fmt"

	"golang.org/x/sys/unix"
)

// dropRights takes from this thread, for good, what root may do around the wall:
// read the memory of others (CAP_PERFMON is enough for /proc/PID/environ since
// Linux 6.13), make devices, load modules. Left are those of files and users,
// which installing packages needs. For others than root there is nothing to take.
func dropRights() error {
	keep := map[uintptr]bool{
		unix.CAP_CHOWN: true, unix.CAP_DAC_OVERRIDE: true, unix.CAP_FOWNER: true, unix.CAP_FSETID: true,
		unix.CAP_KILL: true, unix.CAP_SETGID: true, unix.CAP_SETUID: true, unix.CAP_NET_BIND_SERVICE: true,
	}
	for capability := uintptr(0); ; capability++ {
		has, err := unix.PrctlRetInt(unix.PR_CAPBSET_READ, capability, 0, 0, 0)
		if errors.Is(err, unix.EINVAL) {
			return nil // that was the last one
		}
		if err != nil || has == 0 || keep[capability] {
			continue
		}
		if err := unix.Prctl(unix.PR_CAPBSET_DROP, capability, 0, 0, 0); errors.Is(err, unix.EPERM) {
			return nil // no_new_privs keeps the programs of those who may not drop from getting any
		} else if err != nil {
			return fmt.Errorf("give up capability %d: %w", capability, err)
		}
	}
}
