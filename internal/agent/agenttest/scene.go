package agenttest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// patience is how long a test waits for something that does happen when all is
// well, and at once.
const patience = 30 * time.Second

const (
	repository = codybatch.RepositoryName("acme/site")
	baseCommit = "0123456789abcdef0123456789abcdef01234567"
)

// stage is what a test gets.
type stage struct {
	Fixture
	*scene
}

// scene is the world around one workspace, and what the agent told it.
type scene struct {
	root, dir, home string

	mu        sync.Mutex
	events    []codybatch.ThreadEvent
	recordErr error // what Record answers
	spent     []codybatch.Usage
	log       bytes.Buffer
}

func newScene(t *testing.T) *scene {
	t.Helper()
	root := t.TempDir()
	s := &scene{root: root, dir: filepath.Join(root, "workspace"), home: filepath.Join(root, "home")}
	for _, dir := range []string{s.dir, s.home} {
		if err := os.Mkdir(dir, 0o700); err != nil {
			t.Fatal(err)
		}
	}
	for path, content := range map[string]string{filepath.Join(s.dir, "README.md"): "# Site\n", filepath.Join(root, "outside"): "not yours\n"} {
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// fill completes a fixture's run.
func (s *scene) fill(run codybatch.AgentRun) codybatch.AgentRun {
	run.Key = codybatch.TaskKey{JobID: "job", Repository: repository}
	run.BaseCommit, run.Dir, run.Home = baseCommit, s.dir, s.home
	run.Verify = func(context.Context) ([]codybatch.VerificationResult, error) { return nil, nil }
	run.Record = func(_ context.Context, event codybatch.ThreadEvent) error {
		s.mu.Lock()
		defer s.mu.Unlock()
		if s.recordErr != nil {
			return s.recordErr
		}
		s.events = append(s.events, event)
		return nil
	}
	run.Spent = func(u codybatch.Usage) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.spent = append(s.spent, u)
	}
	run.Log = logger{s}
	return run
}

type logger struct{ *scene }

func (l logger) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.log.Write(p)
}

// lastSpent is the usage that was reported last.
func (s *scene) lastSpent() codybatch.Usage {
	s.mu.Lock()
	defer s.mu.Unlock()
	if len(s.spent) == 0 {
		return codybatch.Usage{}
	}
	return s.spent[len(s.spent)-1]
}

// run runs the agent to an end without an error.
func (s stage) run(t *testing.T, run codybatch.AgentRun) codybatch.AgentResult {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	result, err := s.Agent.Run(ctx, s.fill(run))
	if err != nil {
		t.Fatalf("run: %v", err)
	}
	return result
}

// file is the content of a file of the workspace, "" if there is none.
func (s *scene) file(t *testing.T, name string) string {
	t.Helper()
	content, err := os.ReadFile(filepath.Join(s.dir, name))
	if err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	return string(content)
}

// childScript starts a process that ignores its parent's end, and waits until it
// runs. Where there is setsid, it is also an orphan in a session of its own.
const childScript = `
mkfifo told
cat > child <<'END'
trap '' HUP TERM
echo $$ > told
exec sleep 600
END
if command -v setsid > /dev/null; then
  ( setsid bash child > /dev/null 2>&1 & )
else
  nohup bash child > /dev/null 2>&1 &
fi
read -r pid < told
echo "$pid" > pid
`

// expectChildDead checks that the process of childScript was there, and is gone.
func (s *scene) expectChildDead(t *testing.T) {
	t.Helper()
	pid, err := strconv.Atoi(strings.TrimSpace(s.file(t, "pid")))
	if err != nil {
		t.Fatalf("the child did not start: %v", err)
	}
	if alive(pid) {
		t.Errorf("process %d is alive", pid)
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
}

// alive does not count the dead whom nobody waited for.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		_, noProc := os.Stat("/proc/self")
		return noProc != nil && syscall.Kill(pid, 0) == nil
	}
	fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
	return len(fields) > 0 && fields[0] != "Z" && fields[0] != "X"
}

// pipe makes a named pipe in the workspace and returns a function that waits for
// a line in it.
func (s *scene) pipe(t *testing.T, name string) func() error {
	t.Helper()
	path := filepath.Join(s.dir, name)
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
	f, err := os.OpenFile(path, os.O_RDWR, 0) // for writing too, so that opening does not wait
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = f.Close() })
	return func() error {
		if err := f.SetReadDeadline(time.Now().Add(patience)); err != nil {
			return err
		}
		_, err := f.Read(make([]byte, 100))
		return err
	}
}
