package sandbox

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// attributes give the program a session of its own, and with it a process group
// and no terminal to ask questions on. It dies with us.
func attributes() *syscall.SysProcAttr {
	return &syscall.SysProcAttr{Setsid: true, Pdeathsig: syscall.SIGKILL}
}

// awaitExit blocks until the program has ended and leaves it to be waited for,
// so that its process id can't be given to another meanwhile.
func awaitExit(cmd *exec.Cmd) { waitFor(cmd.Process.Pid, syscall.WEXITED) }

// waitFor blocks until a child is as the options of waitid(2) say, and leaves it to
// be waited for.
func waitFor(pid, options int) {
	const onePID = 1 // P_PID of waitid(2); the kernel accepts a nil siginfo
	for {
		_, _, errno := syscall.Syscall6(syscall.SYS_WAITID, onePID, uintptr(pid), 0, uintptr(options|syscall.WNOWAIT), 0, 0)
		if errno != syscall.EINTR {
			return
		}
	}
}

// family finds everything that descends from one program. See proc(5) for the
// files that it reads.
type family struct {
	root    int    // process id, process group and session of the program
	mark    []byte // "NAME=1" in the environment of everybody who did not clear it
	pipe    string // what /proc/PID/fd/1 links to; empty: there is no output
	started uint64 // of the program, in clock ticks since boot; nobody in the family is older
	// seen holds everybody who was ever found, by process id and start: who is
	// dying shows neither mark nor pipe any more, and is still alive.
	seen map[identity]bool
	// uid is the user that nobody else is; 0: there is none.
	uid     int
	group   *group // everybody in it belongs to the family; nil: there is none
	watched watched

	environment []byte // room for the one that is looked at
	// isQuick leaves out the marks where there is a crowd: to read an environment is
	// to wait for a process that is about to fork or to become another program, and
	// among thousands that takes minutes.
	isQuick bool
}

func newFamily(root int, mark string, output *os.File, own *user, held *group) *family {
	f := &family{root: root, mark: []byte(mark), seen: map[identity]bool{}, group: held}
	if own != nil && own.lock >= 0 {
		f.uid = own.id
	}
	if self, ok := readMember(root); ok {
		f.started = self.started
	}
	if output != nil {
		if info, err := output.Stat(); err == nil {
			if stat, ok := info.Sys().(*syscall.Stat_t); ok {
				f.pipe = fmt.Sprintf("pipe:[%d]", stat.Ino)
			}
		}
	}
	return f
}

// signal sends a signal to all who live, and tells how many those were. Unsure
// says that there is somebody who can't be told from a stranger at the moment.
func (f *family) signal(sig syscall.Signal) (alive int, unsure bool) { //nolint:nonamedreturns // tells what the bool is
	_ = syscall.Kill(-f.root, sig) // at once, before anybody forks; members finds whom it missed
	members, unsure := f.members()
	for _, m := range members {
		m.signal(sig)
	}
	return len(members), unsure
}

// kernelThreads is the process id of kthreadd, the parent of all that have neither
// arguments nor an environment.
const kernelThreads = 2

// members lists the living: those in the session, those with the mark or the pipe
// in the control group or of the user that is theirs alone, and all children of these.
// A process in the middle of execve(2) shows an empty environment for a moment: then
// unsure is true, and a second look helps.
func (f *family) members() (living []member, unsure bool) { //nolint:nonamedreturns // tells what the bool is
	entries, err := os.ReadDir("/proc")
	if err != nil {
		return nil, false // no /proc: the group is all that can be reached
	}
	all := make([]member, 0, len(entries))
	children := map[int][]int{} // parent's process id → indexes in all
	for _, entry := range entries {
		pid, err := strconv.Atoi(entry.Name())
		if err != nil || pid == os.Getpid() {
			continue
		}
		m, ok := readMember(pid)
		if !ok || m.started < f.started {
			continue
		}
		children[m.parent] = append(children[m.parent], len(all))
		all = append(all, m)
	}
	grouped := f.group.members()
	found := map[int]bool{}
	var take func(i int)
	take = func(i int) {
		if found[i] {
			return
		}
		found[i] = true
		for _, child := range children[all[i].pid] {
			take(child)
		}
	}
	for i, m := range all {
		if found[i] {
			continue
		}
		if m.pid == f.root || m.session == f.root || m.parent == f.root || grouped[m.pid] || f.seen[m.identity] || f.uid != 0 && uidOf(m.pid) == f.uid {
			take(i)
			continue
		}
		if f.isQuick && len(all) > crowd {
			continue
		}
		marked, sure := f.marked(m.pid)
		if marked {
			take(i)
		}
		unsure = unsure || !sure && m.living() && m.parent != kernelThreads
	}
	for i, m := range all {
		if found[i] && m.living() {
			f.seen[m.identity] = true
			living = append(living, m)
		}
	}
	return living, unsure
}

// marked reads what only the same user may; what can't be read isn't ours.
func (f *family) marked(pid int) (marked, sure bool) { //nolint:nonamedreturns // tells the bools apart
	marked, isEmpty := f.hasMark(pid)
	if marked || f.holdsPipe(pid) {
		return true, true
	}
	if !isEmpty {
		return false, true
	}
	if !hasArguments(pid) {
		return false, false
	}
	// The program may have come into place between the two readings.
	marked, _ = f.hasMark(pid)
	return marked, true
}

func (f *family) hasMark(pid int) (hasMark, isEmpty bool) { //nolint:nonamedreturns // tells the bools apart
	environ, err := readProcess(f.environment[:0], pid, "environ")
	f.environment = environ
	for variable := range bytes.SplitSeq(environ, []byte{0}) {
		if bytes.Equal(variable, f.mark) {
			return true, false
		}
	}
	return false, err == nil && len(environ) == 0
}

// hasArguments tells a process that cleared its environment from one that is in
// the middle of execve(2), which has no arguments either.
func hasArguments(pid int) bool {
	arguments, err := os.ReadFile(fmt.Sprintf("/proc/%d/cmdline", pid))
	return err != nil || len(arguments) > 0
}

func (f *family) holdsPipe(pid int) bool {
	if f.pipe == "" {
		return false
	}
	for _, fd := range []int{1, 2} { // no others: for a moment, our own new children have all our files
		if link, err := os.Readlink(fmt.Sprintf("/proc/%d/fd/%d", pid, fd)); err == nil && link == f.pipe {
			return true
		}
	}
	return false
}

// identity names a process even when its id is given to another.
type identity struct {
	pid     int
	started uint64 // clock ticks since boot
}

// member is one process, as /proc/PID/stat tells.
type member struct {
	identity
	parent, session int
	state           byte
}

func (m member) living() bool { return m.state != 'Z' && m.state != 'X' }

func readMember(pid int) (member, bool) {
	var room [1 << 10]byte // more than it has
	stat, err := readProcess(room[:0], pid, "stat")
	if err != nil {
		return member{}, false // gone meanwhile
	}
	// The second field is the name, in parentheses, and may itself hold ") ".
	m, n := member{identity: identity{pid: pid}}, 0
	var errs [3]error
	for field := range bytes.FieldsSeq(stat[bytes.LastIndexByte(stat, ')')+1:]) {
		switch n {
		case 0:
			m.state = field[0]
		case 1:
			m.parent, errs[0] = strconv.Atoi(string(field))
		case 3:
			m.session, errs[1] = strconv.Atoi(string(field))
		case 19:
			m.started, errs[2] = strconv.ParseUint(string(field), 10, 64)
		}
		n++
	}
	return m, n >= 20 && errs == [3]error{}
}

// readProcess appends a file of /proc/PID to a buffer, and returns that. It is asked
// for by the thousand: os.ReadFile leaves garbage.
func readProcess(buffer []byte, pid int, name string) ([]byte, error) {
	file, err := unix.Open("/proc/"+strconv.Itoa(pid)+"/"+name, unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return buffer, err
	}
	defer unix.Close(file) //nolint:errcheck // nothing was written to it
	for {
		buffer = slices.Grow(buffer, 512)
		n, err := unix.Read(file, buffer[len(buffer):cap(buffer)])
		switch {
		case errors.Is(err, unix.EINTR):
		case err != nil || n == 0:
			return buffer, err
		default:
			buffer = buffer[:len(buffer)+n]
		}
	}
}

// signal goes through a handle on the process (pidfd), taken before it is looked
// at once more: a number that was given to another in between is left alone.
func (m member) signal(sig syscall.Signal) {
	process, err := os.FindProcess(m.pid)
	if err != nil {
		return
	}
	defer func() { _ = process.Release() }()
	if now, ok := readMember(m.pid); ok && now.started == m.started {
		_ = process.Signal(sig)
	}
}

// hasEnded counts those as ended that only wait to be taken away.
func hasEnded(pid int) bool {
	m, ok := readMember(pid)
	return !ok || !m.living()
}
