package sandbox

import (
	"maps"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// The kernel's side is in TestLimits, where this process may have more itself.
func TestLimitsOfACommand(t *testing.T) {
	t.Parallel()
	const few = 100
	c := Command{Confinement: Confinement{Processes: few}, Timeout: time.Second}
	for name, test := range map[string]struct {
		own       *user
		processes uint64
	}{
		"a user that others are, too": {&user{id: 1234, lock: -1}, maxProcesses},
		"a user of its own":           {&user{id: firstUser, lock: 3}, 2 * few},
	} {
		got := limitsOf(c, test.own)
		if got[unix.RLIMIT_CPU] == 0 {
			t.Errorf("%s: processor time has no limit", name)
		}
		delete(got, unix.RLIMIT_CPU)
		want := map[int]uint64{
			unix.RLIMIT_CORE: 0, unix.RLIMIT_FSIZE: 1 << 30, unix.RLIMIT_NOFILE: 1 << 16, unix.RLIMIT_NPROC: test.processes,
		}
		if !maps.Equal(got, want) {
			t.Errorf("%s: the limits are %v, want %v", name, got, want)
		}
	}
	c.Confinement.Mode = Off
	if got := limitsOf(c, nil); got != nil {
		t.Errorf("switched off, the limits are %v", got)
	}
}
