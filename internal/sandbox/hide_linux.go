package sandbox

import "golang.org/x/sys/unix"

// Hide keeps the programs that agents run from reading this process's environment
// and memory through /proc, where the keys are (prctl(2), PR_SET_DUMPABLE). It
// does not hold against root. There are no core dumps then, either.
func Hide() error { return unix.Prctl(unix.PR_SET_DUMPABLE, 0, 0, 0, 0) }
