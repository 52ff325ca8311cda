// Package sandbox runs programs that nobody vouches for: what a repository or a
// model wants to have run. A program gets an environment without secrets, a
// session of its own without a terminal, and nothing that it started outlives
// it.
//
// Where the kernel has Landlock (Linux 5.19 and later), a wall keeps it in: it
// changes only what its caller names, and reads that, the system and the tools.
// Elsewhere there is no wall. On Linux, memory and processes of a command have a
// limit; it may also be kept off the network, and run as another user. See
// Confinement. On Linux the whole tree of processes is found
// again by session, parents, an environment variable and the output pipe. Only
// a program that shakes off all four on purpose is missed. On other systems
// only the process group is ended. In a container an init must be process 1 (docker
// run --init): nobody else takes away the dead whom their parents left.
package sandbox

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"
)

// Command is a program to run away from the secrets.
type Command struct {
	Args []string // program and arguments; the program is looked up in our own PATH
	Dir  string   // empty: ours
	Env  []string // the whole environment; see Environment

	// Writable are the folders that the program may change; Dir is none of them
	// unless it is named. Caches of tools that Env names may be changed, too.
	Writable    []string
	Readable    []string // what it may read besides
	Confinement Confinement

	// Stdin is what the program reads; nil stands for nothing (/dev/null). A Read
	// that is still blocked when the program ends is left behind.
	Stdin io.Reader

	// Output gets stdout and stderr as they come, through one pipe; nil throws
	// them away. It is written by one goroutine at a time, and not any more when
	// Run has returned. A Write that blocks stops the program, and Run.
	Output io.Writer

	Timeout time.Duration // 0: only the context's
}

// Result is how a program ended.
type Result struct {
	ExitCode int // -1 when Run killed it; 128+n for a signal n from elsewhere
	Duration time.Duration
	TimedOut bool // Command.Timeout was reached

	// Exceeded tells the limit that it was killed at: of memory or of processes,
	// together with all that it started. Empty: none.
	Exceeded string
}

// Run runs a program to its end, and then ends whatever it left running. When
// the context or the time-out ends it, it is asked (SIGTERM) and a second later
// made (SIGKILL) to stop; all of it takes less than three seconds.
//
// An exit status that is not zero, a time-out and a limit are results and no
// errors. The error is context.Cause(ctx), or tells why the program did not start
// (with ErrNoWall, ErrNoCut or ErrNoUser, if that is why), what Output said, or
// that a process could not be killed.
//
// It may be called at once from many goroutines. Each call keeps two threads.
func Run(ctx context.Context, c Command) (Result, error) { return run(ctx, c, newGroup) }

func run(ctx context.Context, c Command, grouped func(Command) *group) (Result, error) {
	killed := Result{ExitCode: -1}
	if len(c.Args) == 0 {
		return killed, errors.New("run a command: it has no program")
	}
	if ctx.Err() != nil {
		return killed, context.Cause(ctx)
	}
	started := time.Now()
	p, err := start(c, grouped)
	if err != nil {
		return killed, fmt.Errorf("start %s: %w", c.Args[0], err)
	}
	why, exceeded, cause := p.await(ctx, c.Timeout)
	err = p.end(why)

	result := Result{ExitCode: -1, Duration: time.Since(started), TimedOut: why == endedByTimeout, Exceeded: exceeded}
	if why == endedItself && err == nil {
		result.ExitCode = exitCode(p.cmd.ProcessState)
	}
	switch {
	case cause != nil:
		return result, cause
	case err != nil:
		return result, fmt.Errorf("end %s: %w", c.Args[0], err)
	case p.output.err != nil:
		return result, fmt.Errorf("pass on the output of %s: %w", c.Args[0], p.output.err)
	}
	return result, nil
}
