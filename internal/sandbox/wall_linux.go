package sandbox

import (
	"fmt"
	"os"

	"github.com/landlock-lsm/go-landlock/landlock"
	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// wallVersion is that of the kernel's Landlock, 0 if there is none.
func wallVersion() int {
	version, err := ll.LandlockGetABIVersion()
	if err != nil {
		return 0
	}
	return version
}

// wall is a set of Landlock rules (https://docs.kernel.org/userspace-api/landlock.html):
// what is not named can't be read, changed or run. Who is behind it reads no
// memory or environment of those before it, and sends them no signals.
type wall struct {
	file  *os.File
	flags uint32
}

// newWall makes the rules. The caller closes them.
func newWall(r reach) (*wall, error) {
	var read, readFiles, write, writeFiles, devices []string
	split := func(paths []string, dirs, files *[]string) {
		for _, path := range paths {
			switch info, err := os.Stat(path); {
			case err != nil:
			case info.IsDir():
				*dirs = append(*dirs, path)
			default:
				*files = append(*files, path)
			}
		}
	}
	split(r.read, &read, &readFiles)
	split(r.write, &write, &writeFiles)
	var deviceFolders []string
	split(r.devices, &deviceFolders, &devices)

	// The network is open, so its rights are not named; everything newer than the
	// kernel is left out.
	rights := landlock.Config{HandledAccessFS: landlock.V9.HandledAccessFS, Scoped: landlock.V6.Scoped}
	fd, flags, err := rights.BestEffort().NewRulesetFD(
		landlock.RODirs(read...).WithResolveUnix().IgnoreIfMissing(),
		landlock.ROFiles(readFiles...).IgnoreIfMissing(),
		landlock.RWDirs(write...).WithRefer().WithResolveUnix().IgnoreIfMissing(),
		landlock.RWFiles(writeFiles...).IgnoreIfMissing(),
		landlock.RWDirs(deviceFolders...).WithIoctlDev().IgnoreIfMissing(),
		landlock.RWFiles(devices...).WithIoctlDev().IgnoreIfMissing(),
	)
	if err != nil {
		return nil, fmt.Errorf("make the wall: %w", err)
	}
	if fd < 0 {
		return nil, fmt.Errorf("make the wall: %w", ErrNoWall)
	}
	return &wall{file: os.NewFile(uintptr(fd), "wall"), flags: flags}, nil
}

func (w *wall) close() { _ = w.file.Close() }

// stepBehind puts this thread, and every program that it starts from now on,
// behind the wall. There is no way back. Nor is there one to more rights: sudo and
// its like do not work any more.
func (w *wall) stepBehind() error {
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up rights to come: %w", err)
	}
	if err := dropRights(); err != nil {
		return err
	}
	if err := ll.LandlockRestrictSelf(int(w.file.Fd()), w.flags); err != nil {
		return fmt.Errorf("step behind the wall: %w", err)
	}
	return nil
}
