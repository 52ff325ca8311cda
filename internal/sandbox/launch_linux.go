package sandbox

import (
	"errors"
	"os/exec"
	"runtime"
	"syscall"

	"golang.org/x/sys/unix"
)

// launch starts a program as c wants it confined. The wall goes around one thread,
// which starts the program, waits until release is called, and then ends: what
// Landlock takes from a thread it never gives back. The kernel kills the program
// when that thread ends (see attributes).
func launch(build func() *exec.Cmd, c Command) (cmd *exec.Cmd, release func(), err error) { //nolint:nonamedreturns // tells what they are
	if cmd = build(); cmd.Err != nil {
		return nil, nil, cmd.Err
	}
	hasWall, err := c.Confinement.hasWall(wallVersion())
	if err != nil {
		return nil, nil, err
	}
	var around *wall
	if hasWall {
		if around, err = newWall(reachOf(c)); err != nil {
			return nil, nil, err
		}
		defer around.close()
	}
	started, over, ended := make(chan error, 1), make(chan struct{}), make(chan struct{})
	go func() {
		defer close(ended)
		onSpareThread(func() {
			if around != nil {
				if err := around.stepBehind(); err != nil {
					started <- err
					return
				}
			}
			var err error
			cmd, err = startWithin(build, c.Confinement.Mode != Off)
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

// startWithin starts a program within the limits. It is stopped before its first
// instruction until they are set, where the kernel lets its parent do that; else
// they are set a moment later.
func startWithin(build func() *exec.Cmd, limited bool) (*exec.Cmd, error) {
	cmd := build()
	if !limited {
		return cmd, cmd.Start()
	}
	cmd.SysProcAttr.Ptrace = true
	err := cmd.Start()
	switch {
	case errors.Is(err, syscall.EPERM):
		cmd = build()
		if err := cmd.Start(); err != nil {
			return nil, err
		}
		return cmd, limit(cmd.Process.Pid)
	case err != nil:
		return nil, err
	}
	pid := cmd.Process.Pid
	waitFor(pid, syscall.WSTOPPED|syscall.WEXITED)
	err = limit(pid)
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
