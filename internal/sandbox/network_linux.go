package sandbox

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"runtime"
	"strconv"
	"syscall"

	ll "github.com/landlock-lsm/go-landlock/landlock/syscall"
	"golang.org/x/sys/unix"
)

// cutOff gives this thread a network of its own, with nothing in it but loopback.
// It takes the right to administrate the machine (CAP_SYS_ADMIN).
func cutOff() error {
	if err := unix.Unshare(unix.CLONE_NEWNET); err != nil {
		return fmt.Errorf("take the network away: %w", err)
	}
	return raiseLoopback()
}

// raiseLoopback switches on the one interface of a new network: servers that tests
// start are to be reached.
func raiseLoopback() error {
	socket, err := unix.Socket(unix.AF_INET, unix.SOCK_DGRAM|unix.SOCK_CLOEXEC, 0)
	if err != nil {
		return fmt.Errorf("switch on loopback: %w", err)
	}
	defer unix.Close(socket) //nolint:errcheck // nothing was written to it
	lo, err := unix.NewIfreq("lo")
	if err != nil {
		return fmt.Errorf("switch on loopback: %w", err)
	}
	lo.SetUint16(unix.IFF_UP)
	if err := unix.IoctlIfreq(socket, unix.SIOCSIFFLAGS, lo); err != nil {
		return fmt.Errorf("switch on loopback: %w", err)
	}
	return nil
}

// insideName is how our own program is called when it is to be a command's first
// step: argument 1 is the step, 2 the wall's flags or "-", 3 the program, and its
// arguments come after. File 3 is the wall.
const insideName = "codybatch-inside"

// The two steps. The first is outside: somebody has to say who is who in the new
// network's user namespace, and this process may not, because it hides its memory.
const (
	stepOut = "out"
	stepIn  = "in"
)

// detour has a command begin as our own program, in a network that belongs to it:
// that is the way for those who may not take the network from themselves. Others
// can't switch on its loopback (user_namespaces(7)).
func detour(cmd *exec.Cmd, around *wall) error {
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find our own program: %w", err)
	}
	flags := noWall
	if around != nil {
		flags = strconv.FormatUint(uint64(around.flags), 10)
		cmd.ExtraFiles = []*os.File{around.file}
	}
	cmd.Args = append([]string{insideName, stepOut, flags, cmd.Path}, cmd.Args...)
	cmd.Path = self
	return nil
}

const (
	noWall   = "-"
	wallFile = 3
)

// Inside must be the first thing that a program does which runs commands without a
// network and may not be root. It returns at once unless this process is a
// command's first step, and then never.
func Inside() {
	if len(os.Args) < 5 || os.Args[0] != insideName {
		return
	}
	var err error
	if os.Args[1] == stepOut {
		err = goOut()
	} else {
		runtime.LockOSThread()
		err = goIn(os.Args[2], os.Args[3], os.Args[4:])
	}
	_, _ = fmt.Fprintln(os.Stderr, "codybatch: keep a command in:", err)
	os.Exit(cannotRun)
}

// cannotRun is the exit code with which a shell says that it can't run a program.
const cannotRun = 126

// goOut starts the other step in a network of its own, and ends as that does. Who
// signals the command signals its whole group.
func goOut() error {
	signals := make(chan os.Signal, 1)
	signal.Notify(signals, unix.SIGTERM, unix.SIGINT, unix.SIGHUP) // to be outlived; a program gets the defaults
	self, err := os.Executable()
	if err != nil {
		return fmt.Errorf("find our own program: %w", err)
	}
	one := func(id int) []syscall.SysProcIDMap {
		return []syscall.SysProcIDMap{{ContainerID: id, HostID: id, Size: 1}}
	}
	cmd := &exec.Cmd{
		Path: self, Args: append([]string{insideName, stepIn}, os.Args[2:]...), Env: os.Environ(),
		Stdin: os.Stdin, Stdout: os.Stdout, Stderr: os.Stderr,
		SysProcAttr: &syscall.SysProcAttr{
			Cloneflags: unix.CLONE_NEWUSER | unix.CLONE_NEWNET, UidMappings: one(os.Geteuid()), GidMappings: one(os.Getegid()),
			AmbientCaps: []uintptr{unix.CAP_NET_ADMIN}, Pdeathsig: syscall.SIGKILL,
		},
	}
	if os.Args[2] != noWall {
		cmd.ExtraFiles = []*os.File{os.NewFile(wallFile, "wall")}
	}
	runtime.LockOSThread() // the other step dies with this thread
	if err := cmd.Run(); cmd.ProcessState == nil {
		return fmt.Errorf("%w: %w", ErrNoCut, err)
	}
	os.Exit(exitCode(cmd.ProcessState))
	return nil
}

// goIn steps behind the wall, and becomes the program.
func goIn(flags, program string, args []string) error {
	if err := raiseLoopback(); err != nil {
		return err
	}
	if err := unix.Prctl(unix.PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0); err != nil {
		return fmt.Errorf("give up rights to come: %w", err)
	}
	if err := unix.Prctl(unix.PR_CAP_AMBIENT, unix.PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0); err != nil {
		return fmt.Errorf("give up rights: %w", err)
	}
	if flags != noWall {
		bits, err := strconv.ParseUint(flags, 10, 32)
		if err != nil {
			return fmt.Errorf("read the wall's flags: %w", err)
		}
		if err := ll.LandlockRestrictSelf(wallFile, uint32(bits)); err != nil {
			return fmt.Errorf("step behind the wall: %w", err)
		}
		_ = unix.Close(wallFile)
	}
	return syscall.Exec(program, args, os.Environ())
}

// needsDetour reports whether err says that this process may not.
func needsDetour(err error) bool { return errors.Is(err, unix.EPERM) }
