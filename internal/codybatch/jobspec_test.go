package codybatch_test

import (
	"errors"
	"fmt"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func goodSpec() codybatch.JobSpec {
	return codybatch.JobSpec{Name: "Replace io/ioutil", Prompt: "Replace it.", Repositories: []codybatch.RepositoryName{"acme/site"}}
}

func names(n int) []codybatch.RepositoryName {
	list := make([]codybatch.RepositoryName, n)
	for i := range list {
		list[i] = codybatch.RepositoryName(fmt.Sprintf("acme/r%05d", i))
	}
	return list
}

func TestJobSpecValidate(t *testing.T) {
	t.Parallel()
	negative := codybatch.USD(-1)
	tests := map[string]struct {
		change func(*codybatch.JobSpec)
		field  string // "": the spec is fine
	}{
		"good":                          {func(*codybatch.JobSpec) {}, ""},
		"10,000 repositories":           {func(s *codybatch.JobSpec) { s.Repositories = names(10_000) }, ""},
		"a prompt of 64 KiB":            {func(s *codybatch.JobSpec) { s.Prompt = strings.Repeat("x", 64<<10) }, ""},
		"empty name":                    {func(s *codybatch.JobSpec) { s.Name = " " }, "name"},
		"name with control characters":  {func(s *codybatch.JobSpec) { s.Name = "a\x07b" }, "name"},
		"name with a line end":          {func(s *codybatch.JobSpec) { s.Name = "a\nb" }, "name"},
		"empty prompt":                  {func(s *codybatch.JobSpec) { s.Prompt = "\n " }, "prompt"},
		"prompt of 65 KiB":              {func(s *codybatch.JobSpec) { s.Prompt = strings.Repeat("x", 65<<10) }, "prompt"},
		"prompt that is no text":        {func(s *codybatch.JobSpec) { s.Prompt = "\xff" }, "prompt"},
		"no repositories":               {func(s *codybatch.JobSpec) { s.Repositories = nil }, "repositories"},
		"10,001 repositories":           {func(s *codybatch.JobSpec) { s.Repositories = names(10_001) }, "repositories"},
		"repository without an owner":   {func(s *codybatch.JobSpec) { s.Repositories = []codybatch.RepositoryName{"site"} }, "repositories[0]"},
		"repository that climbs":        {func(s *codybatch.JobSpec) { s.Repositories = []codybatch.RepositoryName{"acme/.."} }, "repositories[0]"},
		"the same repository twice":     {func(s *codybatch.JobSpec) { s.Repositories = append(s.Repositories, "Acme/SITE") }, "repositories[1]"},
		"unknown agent type":            {func(s *codybatch.JobSpec) { s.Agent.Type = "gpt" }, "agent.type"},
		"script without a script":       {func(s *codybatch.JobSpec) { s.Agent.Type, s.Prompt = codybatch.AgentScript, "" }, "agent.script"},
		"script with a prompt":          {func(s *codybatch.JobSpec) { s.Agent.Type, s.Agent.Script = codybatch.AgentScript, "true" }, "prompt"},
		"negative budget of the job":    {func(s *codybatch.JobSpec) { s.MaxCost = &negative }, "maxCostUsd"},
		"negative budget of a task":     {func(s *codybatch.JobSpec) { s.Agent.MaxCost = &negative }, "agent.maxCostUsd"},
		"negative timeout":              {func(s *codybatch.JobSpec) { s.Agent.Timeout = -1 }, "agent.timeoutSeconds"},
		"negative turns":                {func(s *codybatch.JobSpec) { s.Agent.MaxTurns = -1 }, "agent.maxTurns"},
		"model that is an option":       {func(s *codybatch.JobSpec) { s.Agent.Model = "--help" }, "agent.model"},
		"branch that git refuses":       {func(s *codybatch.JobSpec) { s.PullRequest.Branch = "a..b" }, "pullRequest.branch"},
		"branch that is an option":      {func(s *codybatch.JobSpec) { s.PullRequest.Branch = "--force" }, "pullRequest.branch"},
		"branch that is its own base":   {func(s *codybatch.JobSpec) { s.PullRequest.Branch, s.PullRequest.Base = "main", "main" }, "pullRequest.branch"},
		"empty verification command":    {func(s *codybatch.JobSpec) { s.Verify = []string{"true", ""} }, "verify[1]"},
		"auto and a command":            {func(s *codybatch.JobSpec) { s.Verify = []string{"auto", "true"} }, ""},
		"auto twice":                    {func(s *codybatch.JobSpec) { s.Verify = []string{"auto", "true", "auto"} }, "verify[2]"},
		"auto in other letters":         {func(s *codybatch.JobSpec) { s.Verify = []string{"true", "Auto "} }, "verify[1]"},
		"label with control characters": {func(s *codybatch.JobSpec) { s.PullRequest.Labels = []string{"a\x00"} }, "pullRequest.labels[0]"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := goodSpec()
			test.change(&spec)
			err := spec.WithDefaults().Validate()
			if test.field == "" {
				if err != nil {
					t.Fatalf("refused: %v", err)
				}
				return
			}
			var invalid *codybatch.ValidationError
			if !errors.As(err, &invalid) {
				t.Fatalf("got %v, want a ValidationError", err)
			}
			if !slices.ContainsFunc(invalid.Fields, func(f codybatch.FieldError) bool { return f.Field == test.field }) {
				t.Errorf("got %v, want field %q", invalid, test.field)
			}
		})
	}
}

func TestValidateReportsEveryFieldAtOnce(t *testing.T) {
	t.Parallel()
	err := codybatch.JobSpec{Agent: codybatch.AgentSpec{Type: "gpt"}}.WithDefaults().Validate()
	var invalid *codybatch.ValidationError
	if !errors.As(err, &invalid) || len(invalid.Fields) != 3 { // name, agent.type, repositories
		t.Fatalf("got %v", err)
	}
}

// Title and branch that were made of a bad name are nobody's mistake.
func TestValidateBlamesWhatWasWritten(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*codybatch.JobSpec)
		fields string
	}{
		"no name":              {func(s *codybatch.JobSpec) { s.Name = "" }, "name"},
		"long name":            {func(s *codybatch.JobSpec) { s.Name = strings.Repeat("x", 300) }, "name"},
		"name with a line end": {func(s *codybatch.JobSpec) { s.Name = "a\nb" }, "name"},
		"name that is no text": {func(s *codybatch.JobSpec) { s.Name = "\xff" }, "name"},
		"name and title":       {func(s *codybatch.JobSpec) { s.Name, s.PullRequest.Title = "a\nb", "c\nd" }, "name pullRequest.title"},
		"base is the branch":   {func(s *codybatch.JobSpec) { s.Name, s.PullRequest.Base = "x", "cody-batch/x" }, "pullRequest.base"},
		"many at once, in order": {func(s *codybatch.JobSpec) {
			s.Name, s.PullRequest.Labels, s.PullRequest.Reviewers = "", []string{""}, []string{""}
		}, "name pullRequest.labels[0] pullRequest.reviewers[0]"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := goodSpec()
			c.change(&spec)
			var invalid *codybatch.ValidationError
			if err := spec.WithDefaults().Validate(); !errors.As(err, &invalid) {
				t.Fatalf("got %v", err)
			}
			var fields []string
			for _, f := range invalid.Fields {
				fields = append(fields, f.Field)
			}
			if got := strings.Join(fields, " "); got != c.fields {
				t.Errorf("blames %q, want %q", got, c.fields)
			}
		})
	}
}

func TestCheckBranchAgreesWithGit(t *testing.T) {
	t.Parallel()
	if _, err := exec.LookPath("git"); err != nil {
		t.Skip("git is not installed")
	}
	for _, name := range []string{
		"main", "a/b/c", "cody-batch/replace-io-ioutil", "ä/ö", "a.b", "a@b", "1", "a{b", "a}", "x.lock.y",
		"", "-a", "a..b", "/a", "a/", "a//b", "a.", ".a", "a/.b", "a.lock", "a.lock/b", "a b", "a~b", "a^b", "a:b",
		"a?b", "a*b", "a[b", "a\\b", "a@{b", "a\tb", "a\x7fb", "HEAD",
	} {
		wantErr := exec.CommandContext(t.Context(), "git", "check-ref-format", "--branch", name).Run() != nil
		if err := codybatch.CheckBranch(name); (err != nil) != wantErr {
			t.Errorf("%q: got %v, git refuses it: %t", name, err, wantErr)
		}
	}
}

// git reads "@" as HEAD before it checks, and so lets it through; a branch of that
// name would be a trap.
func TestCheckBranchRefusesAt(t *testing.T) {
	t.Parallel()
	if codybatch.CheckBranch("@") == nil {
		t.Error("accepted")
	}
}

func TestDefaultBranchIsAValidBranch(t *testing.T) {
	t.Parallel()
	for name, want := range map[string]string{
		"Replace io/ioutil":             "cody-batch/replace-io-ioutil",
		"  ..weird -- name!! ":          "cody-batch/weird-name",
		"日本語":                           "cody-batch/job",
		strings.Repeat("long name ", 9): "cody-batch/long-name-long-name-long-name-long-name-long-name",
	} {
		spec := goodSpec()
		spec.Name = name
		branch := spec.WithDefaults().PullRequest.Branch
		if branch != want {
			t.Errorf("%q: got %q, want %q", name, branch, want)
		}
		if err := codybatch.CheckBranch(branch); err != nil {
			t.Errorf("%q: %v", branch, err)
		}
	}
}

func TestDigestIsTheSpecWithoutItsLimits(t *testing.T) {
	t.Parallel()
	job := codybatch.Job{Prompt: "p", Agent: codybatch.AgentSpec{Type: codybatch.AgentClaude, Model: "m", MaxTurns: 1}, Verify: []string{"true"}}
	same, other := job, job
	same.Agent.MaxTurns, same.Name = 99, "another name"
	other.Verify = []string{"false"}
	if job.Digest("claude") != same.Digest("claude") {
		t.Error("a limit or a name changes the digest")
	}
	if job.Digest("claude") == other.Digest("claude") {
		t.Error("verification does not change the digest")
	}
	if job.Digest("claude") == job.Digest("rehearsal") {
		t.Error("a rehearsal's result could pass for Claude's")
	}
}
