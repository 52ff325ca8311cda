package cli

import (
	"errors"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/forge/github/githubtest"
)

func TestGitHubTokenThatIsRefusedIsNamed(t *testing.T) {
	t.Parallel()
	s := newHubSite(t, hubRepositories()[4:]...)
	refused := githubtest.Fault{Status: http.StatusUnauthorized, Body: `{"message":"Bad credentials"}`}
	for _, arguments := range [][]string{
		{"serve", "--json", "--addr", "127.0.0.1:0"},
		{"run", "-f", "job.yaml"},
	} {
		if err := os.WriteFile(filepath.Join(s.folder, "job.yaml"), []byte("name: A\nrepositories: [acme/site]\nagent: {type: script, script: \":\"}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		s.token = "github_pat_not-the-right-one"
		command := exec.Command("codybatch", append(arguments, "--forge", "github", "--data", "refused")...)
		command.Dir, command.Env = s.folder, s.environment()
		said, _ := command.CombinedOutput() // the exit code tells
		if code := command.ProcessState.ExitCode(); code != exitSignIn || s.leaks(said) ||
			!strings.Contains(string(said), "check GITHUB_TOKEN") || !strings.Contains(string(said), "write access to contents and pull requests") {
			t.Errorf("codybatch %q: exit code %d\n%s", arguments, code, said)
		}
	}
	if _, err := os.Stat(filepath.Join(s.folder, "refused")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("something was stored: %v", err)
	}

	// A token can be revoked while the server runs.
	s.token = s.hub.Token
	s.serve()
	s.hub.Script(http.MethodPost, "/graphql", refused)
	if stdout, stderr, code := s.command("job", "create", "-f", "job.yaml"); code != exitSignIn || stdout != "" || !strings.Contains(stderr, "the forge refuses the server's credentials") {
		t.Errorf("job create: exit code %d\n%s%s", code, stdout, stderr)
	}
	if jobs := s.result("job", "list"); jobs != "" {
		t.Errorf("something was stored: %s", jobs)
	}
	s.hub.Script(http.MethodPost, "/acme/site/pulls", refused)
	tasks := s.watch(s.createJob(s.job(mendScript)), exitSignIn)
	task := tasks["acme/site"]
	if task.Outcome != "auth_error" || task.Error == nil || task.Error.Code != "credentials_refused" || !strings.Contains(task.Error.Message, "check GITHUB_TOKEN") {
		t.Errorf("the task is %+v, error %+v", task, task.Error)
	}
	if tasks["acme/web"].Outcome != "changed" {
		t.Errorf("the other task is %+v", tasks["acme/web"])
	}
	// With a good token nothing has to be done again.
	s.result("job", "retry", "latest")
	task = s.watch(codybatch.JobID(task.JobID), exitSucceeded)["acme/site"]
	if task.Attempt != 2 || task.PullRequest == nil || task.PullRequest.Number != 1 {
		t.Errorf("after the retry the task is %+v", task)
	}
}

func TestGitHubBranchWithSomebodysCommitIsLeftAlone(t *testing.T) {
	t.Parallel()
	s := newHubSite(t, hubRepositories()[4:]...) // acme/site, acme/web
	s.serve()
	s.watch(s.createJob(s.job(mendScript)), exitSucceeded)
	theirs := s.hub.Push("acme/site", "mend/spelling", map[string]string{"README.md": "All colours.\n"})
	ours := s.hub.Head("acme/web", "mend/spelling")

	tasks := s.watch(s.createJob(s.job("echo 'Any hue.' >README.md")), exitFailed)
	task := tasks["acme/site"]
	if task.Outcome != "conflict" || task.Error == nil || task.Error.Code != "branch_conflict" ||
		!strings.Contains(task.Error.Message, `"mend/spelling" holds commits by octo@example.com`) {
		t.Errorf("the task is %+v, error %+v", task, task.Error)
	}
	if head := s.hub.Head("acme/site", "mend/spelling"); head != theirs {
		t.Errorf("the branch is at %s, and was at %s", head, theirs)
	}
	if diff := s.result("job", "diff", task.JobID, "acme/site"); !strings.Contains(diff, "+Any hue.") {
		t.Errorf("the diff is not kept: %s", diff)
	}
	// Our own commit is nobody's work: it is replaced, under the same pull request.
	other := tasks["acme/web"]
	if head := s.hub.Head("acme/web", "mend/spelling"); head == ours || head != string(other.HeadCommit) {
		t.Errorf("the branch is at %s, and was at %s; the task is %+v", head, ours, other)
	}
	for _, name := range s.names {
		if n := len(s.hub.PullRequests(string(name))); n != 1 {
			t.Errorf("%s has %d pull requests", name, n)
		}
	}
}
