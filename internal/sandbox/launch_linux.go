package sandbox

import (
	"errors"
	"fmt"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// launch starts a program as c wants it confined. The wall goes around one thread,
// which starts the program, waits until release is called, and then ends: what
// Landlock takes from a thread it never gives back. The kernel kills the program
// when that thread ends (see attributes).
func launch(build func() *exec.Cmd, c Command, own *user, held *group) (cmd *exec.Cmd, release func(), err error) { //nolint:nonamedreturns // tells what they are
	if cmd = build(); cmd.Err != nil {
		return nil, nil, cmd.Err
	}
	hasWall, err := c.Confinement.hasWall(wallVersion())
	if err != nil {
		return nil, nil, err
	}
	l := launcher{build: build, limits: limitsOf(c, own), group: held}
	if hasWall {
		if l.around, err = newWall(reachOf(c)); err != nil {
			return nil, nil, err
		}
		defer l.around.close()
	}
	started, over, ended := make(chan error, 1), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		onSpareThread(func() {
			var err error
			cmd, err = l.start(c.Confinement.NoNetwork, own)
			started <- err
			if err == nil {
				<-over
			}
		})
	}()
	release = func() {
		close(over)
		<-ended
	}
	if err := <-started; err != nil {
		<-ended
		return nil, nil, err
	}
	return cmd, release, nil
}

// launcher starts one program from a thread that is there for nothing else.
type launcher struct {
	build  func() *exec.Cmd
	around *wall          // nil: there is none
	limits map[int]uint64 // nil: there are none
	group  *group         // nil: there is none, and never without limits
}

func (l launcher) start(noNetwork bool, own *user) (*exec.Cmd, error) {
	if noNetwork {
		switch err := cutOff(); {
		case err == nil:
		case needsDetour(err) && own == nil:
			cmd, err := l.startByDetour()
			if err != nil {
				return nil, fmt.Errorf("%w: %w", ErrNoCut, err)
			}
			return cmd, nil
		default:
			return nil, fmt.Errorf("%w: %w", ErrNoCut, err)
		}
	}
	if l.around != nil {
		if err := l.around.stepBehind(); err != nil {
			return nil, err
		}
	}
	cmd, err := l.startWithin(func() (*exec.Cmd, error) {
		cmd := l.build()
		if own != nil {
			cmd.SysProcAttr.Credential = own.credential()
		}
		return cmd, nil
	}, own)
	if own != nil && (errors.Is(err, syscall.EPERM) || errors.Is(err, syscall.EINVAL)) {
		err = fmt.Errorf("%w: user %d: %w; it takes CAP_SETUID, CAP_SETGID, CAP_CHOWN and CAP_KILL, and a user of that number", ErrNoUser, own.id, err)
	}
	return cmd, err
}

// startByDetour starts a program that cuts itself off and steps behind the wall.
func (l launcher) startByDetour() (*exec.Cmd, error) {
	return l.startWithin(func() (*exec.Cmd, error) {
		cmd := l.build()
		return cmd, detour(cmd, l.around)
	}, nil)
}

// onSpareThread runs a function on a thread that ends with the goroutine: it is
// never unlocked. The process's first thread can't end, and stands for the whole
// process in /proc, so that one is passed over.
func onSpareThread(do func()) {
	runtime.LockOSThread()
	if unix.Gettid() != unix.Getpid() {
		do()
		return
	}
	defer runtime.UnlockOSThread()
	done := make(chan struct{})
	go func() {
		defer close(done)
		onSpareThread(do)
	}()
	<-done
}

// startWithin starts a program within the limits, and in the group. It is stopped before its first
// instruction until they are set, where the kernel lets its parent do that; else
// they are set a moment later.
func (l launcher) startWithin(build func() (*exec.Cmd, error), own *user) (*exec.Cmd, error) {
	cmd, err := build()
	if err != nil {
		return nil, err
	}
	if l.limits == nil {
		return cmd, cmd.Start()
	}
	cmd.SysProcAttr.Ptrace = true
	err = cmd.Start()
	switch {
	case errors.Is(err, syscall.EPERM) && own == nil:
		if cmd, err = build(); err == nil {
			err = cmd.Start()
		}
		if err != nil {
			return nil, err
		}
		return cmd, errors.Join(l.group.enter(cmd.Process.Pid), limit(cmd.Process.Pid, l.limits))
	case err != nil:
		return nil, err
	}
	pid := cmd.Process.Pid
	waitFor(pid, syscall.WSTOPPED|syscall.WEXITED)
	err = l.group.enter(pid)
	switch {
	case err != nil:
	case own != nil:
		err = limitOther(pid, l.limits, own)
	default:
		err = limit(pid, l.limits)
	}
	if detached := unix.PtraceDetach(pid); err == nil && !errors.Is(detached, syscall.ESRCH) { // ESRCH: it was killed meanwhile
		err = detached
	}
	if err != nil {
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
		return nil, err
	}
	return cmd, nil
}
