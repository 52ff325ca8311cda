package sandbox

import (
	"bytes"
	"fmt"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// watched is what excess remembers between two looks.
type watched struct {
	due       time.Time // of the next close look
	processes uint16    // of the whole machine, at the last one; the kernel counts no further
	free      uint64    // bytes of memory, at the last one
}

// glance is the time between two looks, in milliseconds.
const glance = 25

// watch tells on a channel when the family is over a limit, and kills whom it saw; a
// memory of 0 is none, and there is no other then. Stop must be called before anything
// else is done with the family. It looks from a thread that comes before all others:
// among hundreds of sessions that want to work, our turn would come too late. For the
// same reason that thread sleeps in the kernel: timers of Go are another's work.
func (f *family) watch(memory int64, processes int) (exceeded <-chan string, stop func()) { //nolint:nonamedreturns // tells what they are
	if memory <= 0 {
		return nil, func() {}
	}
	handle, err := unix.PidfdOpen(f.root, 0)
	if err != nil {
		handle = -1 // before Linux 5.3: then only time wakes us
	}
	over := make(chan string, 1)
	var mu sync.Mutex // held while it looks
	stopped := false
	go func() {
		onSpareThread(func() {
			defer unix.Close(handle) //nolint:errcheck // nothing was written to it
			hurry(unix.Gettid())
			for {
				ended, _ := unix.Poll([]unix.PollFd{{Fd: int32(handle), Events: unix.POLLIN}}, glance)
				mu.Lock()
				excess, isOver := "", stopped || ended > 0
				if !isOver {
					excess = f.excess(memory, processes)
				}
				if excess != "" {
					over <- excess
					isOver = true
				}
				mu.Unlock()
				if isOver {
					return
				}
			}
		})
	}()
	return over, func() {
		mu.Lock()
		defer mu.Unlock()
		stopped = true
	}
}

// excess tells the limit that the family is over, in words. To count a control group
// costs next to nothing. A close look costs milliseconds, and so it is taken twice a
// second at most, unless the machine has
// many more processes, or much less memory, than last time.
func (f *family) excess(memory int64, processes int) string {
	tooMany := fmt.Sprintf("it had more than %d processes at once", processes)
	if len(f.group.members()) > processes {
		f.group.kill() // with one stroke
		return tooMany
	}
	var machine unix.Sysinfo_t
	if unix.Sysinfo(&machine) != nil {
		return ""
	}
	started := time.Now()
	free := machine.Freeram * uint64(machine.Unit)
	if w := f.watched; started.Before(w.due) && machine.Procs < w.processes+uint16(processes/8) && free+uint64(memory)/8 > w.free {
		return ""
	}
	f.isQuick = true
	defer func() { f.isQuick = false }()
	members, _ := f.members()
	exceeded := ""
	if len(members) > processes {
		exceeded = tooMany
		if f.uid == 0 { // a user tells all of them apart
			f.freeze(time.Now().Add(graceForCrowd))
		}
		alive, _ := f.signal(syscall.SIGKILL) // from here, where it is our turn
		for end := time.Now().Add(graceAfterKill); alive > crowd && time.Now().Before(end); {
			alive, _ = f.signal(syscall.SIGKILL)
		}
	} else if used := memoryOf(members, memory); used > memory {
		exceeded = fmt.Sprintf("it used %d MiB of memory, and may use %d MiB", used>>20, memory>>20)
	}
	ended := time.Now()
	pause := min(max(time.Second/2, 20*ended.Sub(started)), 2*time.Second)
	f.watched = watched{due: ended.Add(pause), processes: machine.Procs, free: free}
	return exceeded
}

// hurry puts a thread before all others of the machine, if it may. Neither the
// threads nor the programs that it starts inherit that.
func hurry(thread int) {
	attributes := unix.SchedAttr{Size: unix.SizeofSchedAttr, Policy: unix.SCHED_FIFO, Priority: 1, Flags: unix.SCHED_FLAG_RESET_ON_FORK}
	_ = unix.SchedSetAttr(thread, &attributes, 0) // only root may, and the kernel limits the others' processes
}

// freeze stops everybody where they stand, parents before children, until nobody is
// new. Who was killed first would leave children that nothing tells from strangers.
func (f *family) freeze(until time.Time) {
	for known := -1; len(f.seen) > known && time.Now().Before(until); {
		known = len(f.seen)
		f.signal(syscall.SIGSTOP)
	}
}

// memoryOf is what processes use together, in bytes. What they share is counted
// once for each of them, unless that makes it more than most: then it is counted
// as the kernel shares it out (PSS), which takes the kernel longer.
func memoryOf(members []member, most int64) int64 {
	sum := int64(0)
	for _, m := range members {
		sum += residentOf(m.pid)
	}
	if sum <= most {
		return sum
	}
	sum = 0
	for _, m := range members {
		share, ok := shareOf(m.pid)
		if !ok {
			share = residentOf(m.pid)
		}
		sum += share
	}
	return sum
}

// residentOf reads the second field of /proc/PID/statm, in pages; 0 for who is gone.
func residentOf(pid int) int64 {
	statm, _ := os.ReadFile(fmt.Sprintf("/proc/%d/statm", pid))
	fields := bytes.Fields(statm)
	if len(fields) < 2 {
		return 0
	}
	pages, err := strconv.ParseInt(string(fields[1]), 10, 64)
	if err != nil {
		return 0
	}
	return pages * int64(os.Getpagesize())
}

// shareOf reads the line "Pss: n kB". It is not to be had of programs that hide
// themselves, and on old kernels.
func shareOf(pid int) (int64, bool) {
	rollup, err := os.ReadFile(fmt.Sprintf("/proc/%d/smaps_rollup", pid))
	if err != nil {
		return 0, false
	}
	for line := range strings.Lines(string(rollup)) {
		if value, ok := strings.CutPrefix(line, "Pss:"); ok {
			kib, err := strconv.ParseInt(strings.TrimSpace(strings.TrimSuffix(strings.TrimSpace(value), "kB")), 10, 64)
			return kib << 10, err == nil
		}
	}
	return 0, false
}

// uidOf reads a process's real user, which everybody may; -1 for who is gone.
func uidOf(pid int) int {
	var room [2 << 10]byte
	status, _ := readProcess(room[:0], pid, "status")
	_, rest, _ := bytes.Cut(status, []byte("\nUid:"))
	first, _, _ := bytes.Cut(bytes.TrimLeft(rest, "\t"), []byte("\t"))
	uid, err := strconv.Atoi(string(first))
	if err != nil {
		return -1
	}
	return uid
}

// machineMemory is what this machine has, or the container, in bytes; 0: unknown.
func machineMemory() int64 {
	var machine unix.Sysinfo_t
	if unix.Sysinfo(&machine) != nil {
		return 0
	}
	most := int64(machine.Totalram) * int64(machine.Unit)
	for _, file := range []string{"/sys/fs/cgroup/memory.max", "/sys/fs/cgroup/memory/memory.limit_in_bytes"} {
		content, err := os.ReadFile(file)
		if err != nil {
			continue
		}
		if limit, err := strconv.ParseInt(strings.TrimSpace(string(content)), 10, 64); err == nil && limit > 0 { // "max" is none
			most = min(most, limit)
		}
	}
	return most
}
