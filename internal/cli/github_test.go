package cli

import (
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/forge/github/githubtest"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

const mendScript = `
	if [ -e README.md ]; then sed -i.bak s/colour/color/ README.md; rm README.md.bak; fi
	if [ "$REPOSITORY" = acme/api ]; then printf 'caf\303\251\r\n' >'new "file".txt'; chmod +x run.sh; fi`

func TestGitHubRepositoriesAreListed(t *testing.T) {
	t.Parallel()
	s := newHubSite(t, hubRepositories()...)
	s.hub.Add(githubtest.Repository{Name: "acme/old", Archived: true, Files: map[string]string{"README.md": "old\n"}})
	s.hub.Add(githubtest.Repository{Name: "other/secret", Files: map[string]string{"README.md": "theirs\n"}})
	s.hub.AddMany("zoo", "animal", 120) // a second page of what nobody here may have
	s.hub.Add(githubtest.Repository{Name: "acme/zz", Files: map[string]string{"README.md": "last\n"}})
	s.serve()
	var list []struct {
		Name, Description, URL, DefaultBranch, Language string
		Private, Archived, Fork                         bool
	}
	if err := json.Unmarshal([]byte(s.result("repo", "list", "--json")), &list); err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, r := range list {
		if !strings.HasSuffix(r.URL, s.hub.Host+"/"+r.Name) {
			t.Errorf("%s has the address %s", r.Name, r.URL)
		}
		lines = append(lines, fmt.Sprintf("%s %s %s private=%v archived=%v fork=%v %s", r.Name, r.DefaultBranch, r.Language, r.Private, r.Archived, r.Fork, r.Description))
	}
	want := `acme/api trunk Go private=true archived=false fork=false What machines ask
acme/Docs main  private=false archived=false fork=false 
acme/fine main  private=false archived=false fork=false 
acme/fork main  private=false archived=false fork=true 
acme/old main  private=false archived=true fork=false 
acme/site main  private=false archived=false fork=false 
acme/web main  private=false archived=false fork=false 
acme/zz main  private=false archived=false fork=false `
	if got := strings.Join(lines, "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	if got := s.result("repo", "list", "--filter", "DOC"); !strings.HasPrefix(got, "acme/Docs\tmain\t") || strings.Count(got, "\n") != 1 {
		t.Errorf("filtered: %q", got)
	}
}

func TestGitHubJobOpensPullRequestsAsAskedAndReusesThem(t *testing.T) {
	t.Parallel()
	s := newHubSite(t, hubRepositories()...)
	s.serve()
	request := s.job(mendScript)
	request.Repositories[1] = "ACME/docs" // GitHub ignores case
	first := s.createJob(request)
	tasks := s.watch(first, exitSucceeded)
	if len(tasks) != len(s.names) || tasks["acme/fine"].Outcome != "no_changes" || len(s.hub.PullRequests("acme/fine")) != 0 {
		t.Errorf("got %d tasks; without a change to make: %+v", len(tasks), tasks["acme/fine"])
	}
	changed := slices.DeleteFunc(slices.Clone(s.names), func(name codybatch.RepositoryName) bool { return name == "acme/fine" })
	for _, name := range changed {
		s.checkPublished(first, string(name), tasks[string(name)], request)
	}
	if got := s.hub.LabelNames("acme/site"); !slices.Equal(got, []string{"bug", "chore", "needs review"}) {
		t.Errorf("labels of acme/site are %q", got)
	}

	// People work on: one edits, one reviews.
	s.hub.EditPullRequest("acme/site", 1, func(p *githubtest.PullRequest) {
		p.Title, p.Body, p.Draft, p.Reviewers, p.Reviews = "Edited", "by a person", false, nil, []string{"ann"}
	})
	asked := len(s.hub.Requests())
	other := request
	other.Agent.Script += "\n# the same change from another script: nothing is known of it\n"
	for _, again := range []httpapi.JobRequest{request, other} {
		id := s.createJob(again)
		for name, task := range s.watch(id, exitSucceeded) {
			if was := tasks[name]; task.HeadCommit != was.HeadCommit || task.Outcome != was.Outcome || s.hub.Head(name, "mend/spelling") != string(was.HeadCommit) {
				t.Errorf("%s was %+v, is %+v", name, was, task)
			}
			if task.Outcome == "changed" && (len(s.hub.PullRequests(name)) != 1 || task.PullRequest == nil || *task.PullRequest != *tasks[name].PullRequest) {
				t.Errorf("%s has %d pull requests, and the task says %+v", name, len(s.hub.PullRequests(name)), task.PullRequest)
			}
		}
	}
	for _, r := range s.hub.Requests()[asked:] {
		if r.Method != http.MethodGet && r.Path != "/graphql" {
			t.Errorf("a later job asks for %s %s: %s", r.Method, r.Path, r.Body)
		}
	}
	if p := s.hub.PullRequests("acme/site")[0]; p.Title != "Edited" || p.Body != "by a person" || p.Draft || len(p.Reviewers) != 0 {
		t.Errorf("what people have done is gone: %+v", p)
	}
}

// checkPublished looks at a branch and its pull request, as the person who asked
// for them would.
func (s *hubSite) checkPublished(id codybatch.JobID, name string, task httpapi.Task, asked httpapi.JobRequest) {
	s.t.Helper()
	base := s.git(name, "rev-parse", "HEAD")
	branch := asked.PullRequest.Branch
	if task.Outcome != "changed" || string(task.BaseCommit) != base || string(task.Branch) != branch || string(task.HeadCommit) != s.hub.Head(name, branch) {
		s.t.Errorf("%s: base is %s, branch at %s, task %+v", name, base, s.hub.Head(name, branch), task)
	}
	if got := s.git(name, "rev-list", "--parents", "HEAD.."+branch); got != string(task.HeadCommit)+" "+base {
		s.t.Errorf("%s: commits are %q, want one on %s", name, got, base)
	}
	if tree, want := s.applied(name, s.result("job", "diff", string(id), name)), s.git(name, "rev-parse", branch+"^{tree}"); tree != want {
		s.t.Errorf("%s: the diff leads to %s, the branch holds %s", name, tree, want)
	}
	pulls := s.hub.PullRequests(name)
	if len(pulls) != 1 {
		s.t.Fatalf("%s has %d pull requests", name, len(pulls))
	}
	got, want := pulls[0], *asked.PullRequest
	wantBody := fmt.Sprintf("%s\n\nMade by Cody Batch, job `%s`, from `%.12s`.", want.Body, id, base)
	if got.Title != want.Title || got.Body != wantBody || got.Draft != want.Draft || got.Head != branch || got.Base != s.git(name, "branch", "--show-current") {
		s.t.Errorf("%s: the pull request is %+v", name, got)
	}
	sameLabels := slices.EqualFunc(got.Labels, want.Labels, strings.EqualFold) // those that were there keep their spelling
	if !sameLabels || !slices.Equal(got.Reviewers, []string{"ann"}) || !slices.Equal(got.Teams, []string{"platform"}) {
		s.t.Errorf("%s: labels %q, reviewers %q, teams %q", name, got.Labels, got.Reviewers, got.Teams)
	}
	if link := (httpapi.PullRequest{Number: 1, URL: s.hub.PullRequestURL(name, 1), State: "open"}); task.PullRequest == nil || *task.PullRequest != link {
		s.t.Errorf("%s: the task says %+v, want %+v", name, task.PullRequest, link)
	}
}

func TestGitHubTokenStaysWithTheServer(t *testing.T) {
	t.Parallel()
	s := newHubSite(t, hubRepositories()...)
	if err := os.Mkdir(filepath.Join(s.folder, "seen"), 0o700); err != nil {
		t.Fatal(err)
	}
	var looks atomic.Int64
	s.hub.OnGit(func(*http.Request) { // git is running, and waits for the answer
		looks.Add(1)
		s.lookAtProcesses()
		if found, err := s.leakingFiles(filepath.Join(s.folder, "data")); len(found) > 0 || err != nil {
			t.Errorf("the token is in %q, error %v", found, err)
		}
	})
	s.serve()
	// The script brings out all that it can reach: its environment, and the whole
	// folder of the attempt with every git folder.
	id := s.createJob(s.job(mendScript + `
		env | tee "$site/seen/${REPOSITORY#acme/}.env"
		cat .git/config
		git remote -v; git config --list; git log
		cp -R .. "$site/seen/${REPOSITORY#acme/}"`))
	s.watch(id, exitSucceeded)

	for _, name := range s.names {
		log := s.result("job", "log", string(id), string(name))
		for _, want := range []string{"REPOSITORY=" + string(name), "[core]", "core.bare=", "commit "} {
			if !strings.Contains(log, want) {
				t.Errorf("%s: the log has no %q:\n%s", name, want, log)
			}
		}
		text := log + s.result("job", "thread", string(id), string(name), "--full") + s.result("job", "thread", string(id), string(name), "--json")
		if strings.Contains(text, "[redacted]") {
			t.Errorf("%s: the script came across a secret:\n%s", name, log)
		}
		for _, kind := range []string{".env", "/" + name.Name() + "/.git/config"} {
			if _, err := os.Stat(filepath.Join(s.folder, "seen", name.Name()+kind)); err != nil {
				t.Error(err)
			}
		}
	}
	for _, r := range s.hub.Requests() {
		if s.leaks([]byte(r.Path + r.Query + r.Body)) {
			t.Errorf("the token is in %s %s?%s", r.Method, r.Path, r.Query)
		}
	}
	wal, err := os.Stat(filepath.Join(s.folder, "data", "codybatch.db-wal"))
	if err != nil || wal.Size() == 0 {
		t.Errorf("there is no write-ahead log to look at: %v", err)
	}
	check := func() {
		left, err := filepath.Glob("/dev/shm/codybatch-*") // where git's private configurations are made
		if err != nil {
			t.Error(err)
		}
		for _, folder := range append(left, s.folder) {
			if found, err := s.leakingFiles(folder); len(found) > 0 || err != nil {
				t.Errorf("the token is in %q, error %v", found, err)
			}
		}
	}
	check()
	if said := s.stop(); s.leaks([]byte(said)) || !strings.Contains(said, "outcome=changed") {
		t.Errorf("the server says:\n%s", said)
	}
	check()
	if looks.Load() < 4*5 { // each of five branches takes two requests to fetch and two to push
		t.Errorf("only %d git requests were looked at", looks.Load())
	}
}

// lookAtProcesses looks for the token in the arguments of all processes and in the
// environment of all but the server, who has to have it. A child that has not
// become another program yet still shows the server's.
func (s *hubSite) lookAtProcesses() {
	folders, err := filepath.Glob("/proc/[0-9]*")
	if err != nil {
		s.t.Error(err)
	}
	server := strings.Join(s.server.command.Args, "\x00") + "\x00"
	for _, folder := range folders {
		arguments, err := os.ReadFile(filepath.Join(folder, "cmdline"))
		if err != nil { // ended meanwhile
			continue
		}
		environment, _ := os.ReadFile(filepath.Join(folder, "environ")) // or somebody else's
		if s.leaks(arguments) || string(arguments) != server && s.leaks(environment) {
			s.t.Errorf("the token is in the arguments or the environment of %q", arguments)
		}
	}
}

func TestGitHubLimitsAreWaitedOut(t *testing.T) {
	t.Parallel()
	forbidden := githubtest.Fault{Status: http.StatusForbidden, Header: map[string]string{"Retry-After": "1"}, Body: `{"message":"Forbidden"}`}
	cases := []struct {
		name, method, path string
		gateway            githubtest.Fault
		site               *hubSite
		job                codybatch.JobID
	}{
		{name: "find branches", method: http.MethodGet, path: "/git/ref/heads/main", gateway: githubtest.BadGateway()},
		{name: "open pull requests", method: http.MethodPost, path: "/pulls", gateway: githubtest.BadGateway().AfterDoing()},
		{name: "add labels", method: http.MethodPost, path: "/issues/1/labels", gateway: githubtest.BadGateway().AfterDoing()},
		// The last one, because its command waits.
		{name: "look up repositories", method: http.MethodPost, path: "/graphql", gateway: githubtest.BadGateway()},
	}
	// The waits of one GitHub follow each other, so each case has its own, and all
	// wait at the same time.
	for i := range cases {
		c := &cases[i]
		s := newHubSite(t,
			githubtest.Repository{Name: "acme/one", Files: map[string]string{"README.md": "one\n"}, Collaborators: []string{"ann"}, Teams: []string{"platform"}},
			githubtest.Repository{Name: "acme/two", Files: map[string]string{"README.md": "two\n"}, Collaborators: []string{"ann"}, Teams: []string{"platform"}})
		s.hub.Script(c.method, c.path, forbidden, githubtest.TooManyRequests(1), c.gateway, githubtest.RetryAfter(1))
		s.serve()
		c.site, c.job = s, s.createJob(s.job("echo more >>README.md"))
	}
	for _, c := range cases {
		t.Log(c.name)
		s := c.site
		for name, task := range s.watch(c.job, exitSucceeded) {
			if task.Outcome != "changed" || task.Attempt != 1 || task.Error != nil {
				t.Errorf("%s: %s is %+v", c.name, name, task)
			}
			pulls := s.hub.PullRequests(name)
			if len(pulls) != 1 || !slices.Equal(pulls[0].Labels, []string{"chore", "needs review"}) ||
				!slices.Equal(pulls[0].Reviewers, []string{"ann"}) || !slices.Equal(pulls[0].Teams, []string{"platform"}) {
				t.Errorf("%s: pull requests of %s are %+v", c.name, name, pulls)
			}
			if n := s.git(name, "rev-list", "--count", "main..mend/spelling"); n != "1" {
				t.Errorf("%s: %s has %s commits", c.name, name, n)
			}
		}
		s.checkWaits(c.name, c.method, c.path)
		said := s.stop()
		for _, want := range []string{`msg="waiting for GitHub" reason="GitHub asks to slow down" until=`, `msg="waiting for GitHub" reason="GitHub answers 502 Bad Gateway" until=`} {
			if !strings.Contains(said, want) {
				t.Errorf("%s: no %s in the log:\n%s", c.name, want, said)
			}
		}
		if s.leaks([]byte(said)) || strings.Contains(said, "level=WARN") || strings.Contains(said, "level=ERROR") {
			t.Errorf("%s: the log is\n%s", c.name, said)
		}
	}
}

// checkWaits looks whether every fault was met, and whether nobody came back
// within the second that GitHub asked for.
func (s *hubSite) checkWaits(name, method, path string) {
	s.t.Helper()
	last := map[string]githubtest.Request{} // by path
	met := map[int]int{}                    // by status
	for _, r := range s.hub.Requests() {
		if r.Method != method || !strings.HasSuffix(r.Path, path) {
			continue
		}
		met[r.Status]++
		before := last[r.Path]
		isLimit := before.Status == http.StatusForbidden || before.Status == http.StatusTooManyRequests
		if gap := r.Time.Sub(before.Time); isLimit && gap < time.Second {
			s.t.Errorf("%s: %s %s comes back after %s", name, r.Method, r.Path, gap)
		}
		last[r.Path] = r
	}
	// A request that was carried out before its answer was lost is noted with the
	// status that it would have had.
	if met[http.StatusForbidden] != 2 || met[http.StatusTooManyRequests] != 1 {
		s.t.Errorf("%s: statuses were %v", name, met)
	}
	for path, r := range last {
		if r.Status >= http.StatusBadRequest {
			s.t.Errorf("%s: %s was given up with %d", name, path, r.Status)
		}
	}
}
