package cli

import (
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// nobody is the user that has no rights on most systems.
const nobody = 65534

func TestAgentsCantReadOurEnvironment(t *testing.T) {
	t.Parallel()
	s := newSite(t, 1)
	program, err := exec.LookPath("codybatch")
	if err != nil {
		t.Fatal(err)
	}
	job := filepath.Join(s.folder, "job.yaml")
	text := `
name: Look around
repositories: [acme/r00]
agent:
  type: script
  script: |
    for process in /proc/[0-9]*; do tr '\0' '\n' <$process/environ; done >all 2>/dev/null || true
    grep -c . all >count
    grep -a CLAUDE_API_KEY all >found || echo nothing >found
    rm all
`
	if err := os.WriteFile(job, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	c := exec.Command(program, "run", "-f", job, "--forge-root", "forge", "--data", "data", "--json", "status")
	if os.Getuid() == 0 { // root reads everything
		c = asNobody(t, s.folder, program, c.Args[1:]...)
	}
	c.Dir, c.Env = s.folder, append(s.environment(), "CLAUDE_API_KEY=sk-ant-not-a-real-key", "SANDBOX=off") // or that would hide it as well
	if output, err := c.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	s.serve()
	jobs, err := s.client.Jobs(t.Context(), "", httpapi.Page{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	show := exec.Command(program, "job", "diff", jobs.Jobs[0].JobID, "acme/r00", "--server", s.server.url)
	show.Env = s.environment()
	diff, err := show.CombinedOutput()
	if err != nil || !strings.Contains(string(diff), "+nothing\n") {
		t.Errorf("the agent saw the key: %v\n%s", err, diff)
	}
}

// asNobody makes a command that runs a copy of program without rights, in a
// folder that it owns.
func asNobody(t *testing.T, folder, program string, arguments ...string) *exec.Cmd {
	t.Helper()
	bin, err := os.ReadFile(program)
	if err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(folder, "codybatch")
	if err := os.WriteFile(copied, bin, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := filepath.WalkDir(folder, func(path string, _ fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		return os.Lchown(path, nobody, nobody)
	}); err != nil {
		t.Fatal(err)
	}
	// Only folders that are this test's own are opened for others.
	for dir := filepath.Dir(folder); strings.HasPrefix(dir, filepath.Clean(os.TempDir())+"/"); dir = filepath.Dir(dir) {
		if err := os.Chmod(dir, 0o711); err != nil {
			t.Fatal(err)
		}
	}
	c := exec.Command(copied, arguments...)
	c.SysProcAttr = &syscall.SysProcAttr{Credential: &syscall.Credential{Uid: nobody, Gid: nobody}}
	return c
}
