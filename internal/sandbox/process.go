package sandbox

import (
	"context"
	"crypto/rand"
	"errors"
	"io"
	"os"
	"os/exec"
	"syscall"
	"time"
)

// How long the end of a run may take; together less than three seconds, but
// for a crowd.
const (
	graceAfterTerm = time.Second            // for programs that tidy up
	graceAfterKill = 5 * time.Second        // for the kernel to do away with them
	graceForCrowd  = 20 * time.Second       // and of more than crowd at once
	graceForOutput = 500 * time.Millisecond // for what is left in the pipe, see pump
)

var errStillAlive = errors.New("a process is still alive after SIGKILL")

type ending int

const (
	endedItself ending = iota
	endedByTimeout
	endedByContext
	endedByLimit
)

// process is a started program with the goroutines that serve it.
type process struct {
	cmd    *exec.Cmd
	family *family
	output *pump
	stdin  *os.File      // our end; nil if the program reads a file
	exited chan struct{} // closed when the program has ended; its process id is still taken
	reap   chan struct{} // closed to free the process id
	reaped chan struct{} // closed when that is done

	release func() // ends the thread that the program dies with
	own     *user  // whom it runs as; nil: us
	group   *group // that holds it; nil: none
	memory  int64  // bytes that the family may use; 0: nobody looks

	processes int // that the family may have at once
}

// start starts the program, in a group that grouped makes, and the goroutines. On error
// nothing is left over.
func start(c Command, grouped func(Command) *group) (*process, error) {
	own, err := takeUser(c.Confinement)
	if err != nil {
		return nil, err
	}
	if own != nil {
		if c, err = own.moveIn(c); err != nil {
			own.release()
			return nil, err
		}
	}
	held := grouped(c)
	p, err := startAs(own, held, c)
	if err != nil {
		held.kill()
		held.end()
		own.release()
	}
	return p, err
}

func startAs(own *user, held *group, c Command) (*process, error) {
	mark := "CODYBATCH_RUN_" + rand.Text() + "=1"
	p := &process{own: own, group: held, exited: make(chan struct{}), reap: make(chan struct{}), reaped: make(chan struct{})}
	var output, input *os.File // the program's

	var theirs []*os.File // ends of pipes that the program has, and we need no more
	defer func() {
		for _, f := range theirs {
			_ = f.Close()
		}
	}()
	p.output = &pump{to: c.Output}
	if c.Output != nil {
		r, w, err := os.Pipe()
		if err != nil {
			return nil, err
		}
		theirs = append(theirs, w)
		p.output.from, output = r, w
	}
	switch in := c.Stdin.(type) {
	case nil:
	case *os.File:
		input = in
	default:
		r, w, err := os.Pipe()
		if err != nil {
			p.output.close()
			return nil, err
		}
		theirs = append(theirs, r)
		input, p.stdin = r, w
	}
	var err error
	p.cmd, p.release, err = launch(func() *exec.Cmd {
		cmd := exec.Command(c.Args[0], c.Args[1:]...)
		cmd.Dir, cmd.SysProcAttr = c.Dir, attributes()
		cmd.Env = c.environment(mark)
		if output != nil { // a nil file in an interface is not nil
			cmd.Stdout, cmd.Stderr = output, output
		}
		if input != nil {
			cmd.Stdin = input
		}
		return cmd
	}, c, own, held)
	if err != nil {
		p.output.close()
		if p.stdin != nil {
			_ = p.stdin.Close()
		}
		return nil, err
	}
	p.family = newFamily(p.cmd.Process.Pid, mark, p.output.from, own, held)
	if c.Confinement.Mode != Off {
		p.memory, p.processes = c.Confinement.memory(), c.Confinement.processes()
	}
	p.serve(c.Stdin)
	return p, nil
}

// serve starts the goroutines; end waits for them.
func (p *process) serve(stdin io.Reader) {
	p.output.start()
	if p.stdin != nil {
		go func() {
			_, _ = io.Copy(p.stdin, stdin) // a program need not read what it is offered
			_ = p.stdin.Close()
		}()
	}
	go func() {
		awaitExit(p.cmd)
		close(p.exited)
		<-p.reap
		_ = p.cmd.Wait() // ProcessState tells the same
		close(p.reaped)
	}()
}

// await waits for the program to end, or for a reason to end it: a cause, or the
// words for a limit that it reached.
func (p *process) await(ctx context.Context, timeout time.Duration) (ending, string, error) {
	var expired <-chan time.Time
	if timeout > 0 {
		timer := time.NewTimer(timeout)
		defer timer.Stop()
		expired = timer.C
	}
	exceeded, stop := p.family.watch(p.memory, p.processes)
	defer stop()
	select {
	case <-p.exited:
		stop()
		select {
		case limit := <-exceeded: // that is what it ended of
			return endedByLimit, limit, nil
		default:
			return endedItself, "", nil
		}
	case <-expired:
		return endedByTimeout, "", nil
	case <-ctx.Done():
		return endedByContext, "", context.Cause(ctx)
	case limit := <-exceeded:
		return endedByLimit, limit, nil
	}
}

// end ends what is left of the family, politely first unless it ended itself or had
// no manners, and waits for the goroutines. The process id stays taken until all is
// over, so that the signals can't hit a stranger who got the same number.
func (p *process) end(why ending) error {
	switch why {
	case endedByTimeout, endedByContext:
		p.family.signal(syscall.SIGTERM)
		timer := time.NewTimer(graceAfterTerm)
		select {
		case <-p.exited:
		case <-timer.C:
		}
		timer.Stop()
	case endedItself, endedByLimit:
	}
	err := p.kill()
	close(p.reap)
	if err == nil {
		<-p.reaped
	}
	p.release()
	p.group.end()
	if err == nil {
		p.own.release() // else somebody of that number is still about
	}
	p.output.stop()
	if p.stdin != nil {
		_ = p.stdin.Close()
	}
	return err
}

// kill sends SIGKILL until nobody is left. Nothing tells when somebody else's
// child is gone, so it looks again after growing pauses. Where there is a crowd it
// has no pauses, and more time: they may be quicker than it is.
func (p *process) kill() error {
	p.group.kill()
	alive, unsure := p.family.signal(syscall.SIGKILL)
	for end := time.Now().Add(graceForCrowd); alive > crowd && time.Now().Before(end); {
		alive, unsure = p.family.signal(syscall.SIGKILL)
	}
	deadline := time.Now().Add(graceAfterKill)
	for pause := time.Millisecond; alive > 0 || unsure; pause = min(2*pause, 50*time.Millisecond) {
		if !time.Now().Before(deadline) {
			return errStillAlive
		}
		again := time.NewTimer(pause)
		<-again.C
		alive, unsure = p.family.signal(syscall.SIGKILL)
	}
	return p.awaitUntil(deadline)
}

// crowd is how many processes are no accident.
const crowd = 64

func (p *process) awaitUntil(deadline time.Time) error {
	timer := time.NewTimer(time.Until(deadline))
	defer timer.Stop()
	select {
	case <-p.exited:
		return nil
	case <-timer.C:
		return errStillAlive
	}
}

// exitCode is the shell's: 128+n for signal n.
func exitCode(state *os.ProcessState) int {
	if status, ok := state.Sys().(syscall.WaitStatus); ok && status.Signaled() {
		return 128 + int(status.Signal())
	}
	return state.ExitCode()
}
