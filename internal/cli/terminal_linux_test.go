package cli

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/unix"

	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// openTerminal makes a pseudo-terminal, its control and its tty: what is written
// to tty comes out of control as a terminal's screen would get it (pty(7)).
func openTerminal(t *testing.T, width, height uint16) (*os.File, *os.File) {
	t.Helper()
	control, err := os.OpenFile("/dev/ptmx", os.O_RDWR, 0)
	if err != nil {
		t.Skip("no pseudo-terminals here:", err)
	}
	t.Cleanup(func() { control.Close() })
	fd := int(control.Fd())
	if err := unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0); err != nil {
		t.Fatal(err)
	}
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	if err != nil {
		t.Fatal(err)
	}
	if err := unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Col: width, Row: height}); err != nil {
		t.Fatal(err)
	}
	tty, err := os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|syscall.O_NOCTTY, 0)
	if err != nil {
		t.Fatal(err)
	}
	return control, tty
}

// onTerminal runs codybatch on a terminal. When the terminal has shown the text
// until, Ctrl-C is typed. It returns what stands there in the end.
func (s *site) onTerminal(until string, arguments ...string) ([]string, int) {
	s.t.Helper()
	const width, height = 70, 20
	control, tty := openTerminal(s.t, width, height)
	c := exec.Command("codybatch", arguments...)
	c.Dir, c.Env = s.folder, append(s.environment(), "CODYBATCH_SERVER="+s.server.url, "TERM=xterm")
	c.Stdin, c.Stdout, c.Stderr = tty, tty, tty
	c.SysProcAttr = &syscall.SysProcAttr{Setsid: true, Setctty: true}
	if err := c.Start(); err != nil {
		s.t.Fatal(err)
	}
	tty.Close()
	w := newWindow(width, height)
	typed := false
	chunk := make([]byte, 64<<10)
	var pending []byte // a sequence that is not whole yet
	for {
		n, err := control.Read(chunk)
		pending = append(pending, chunk[:n]...)
		if whole := strings.LastIndexByte(string(pending), '\n') + 1; whole > 0 {
			_, _ = w.Write(pending[:whole])
			pending = pending[whole:]
		}
		if until != "" && !typed && strings.Contains(strings.Join(w.text(), "\n"), until) {
			typed = true
			if _, err := control.Write([]byte{3}); err != nil {
				s.t.Fatal(err)
			}
		}
		if err != nil { // EIO when the last program has closed the terminal
			break
		}
	}
	_, _ = io.Writer(w).Write(pending)
	_ = c.Wait() // the exit code tells
	return w.text(), c.ProcessState.ExitCode()
}

func TestProgressOnATerminal(t *testing.T) {
	t.Parallel()
	s := newSite(t, 3)
	s.serve("--workers", "2")
	hold := s.folder + "/hold"
	if err := syscall.Mkfifo(hold, 0o600); err != nil {
		t.Fatal(err)
	}
	id := s.create(s.spec(`echo more >>README.md; if [ "$REPOSITORY" = acme/r02 ]; then read -r line <"$site/hold"; fi`))
	s.until(id, func(job httpapi.Job) bool { return job.Counts.Succeeded == 2 && job.Counts.Running == 1 })

	// Ctrl-C leaves nothing of what was drawn, and no garbage of its own.
	text, code := s.onTerminal("acme/r02", "job", "watch", string(id))
	want := []string{
		"codybatch: stopped watching; the job goes on",
		"watch again: codybatch job watch " + string(id),
		"end it: codybatch job cancel " + string(id),
	}
	if got := strings.Join(text, "\n"); got != strings.Join(want, "\n") || code != exitError {
		t.Errorf("exit code %d, the terminal shows\n%s", code, got)
	}

	if err := os.WriteFile(hold, []byte("go on\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	s.untilEnd(id)
	text, code = s.onTerminal("", "job", "watch", string(id))
	got := strings.Join(text, "\n")
	if code != exitSucceeded || len(text) != 6 /* the last one is wrapped */ || !strings.HasPrefix(text[0], "REPOSITORY  OUTCOME") || !strings.Contains(got, "acme/r02    changed") {
		t.Errorf("exit code %d, the terminal shows\n%s", code, got)
	}
}
