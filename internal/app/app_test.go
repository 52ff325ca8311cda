package app_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/app"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/config"
)

// options are for a forge in a temporary folder with one repository, acme/site.
func options(t *testing.T) app.Options {
	t.Helper()
	folder := t.TempDir()
	bare := filepath.Join(folder, "forge", "acme", "site.git")
	source := filepath.Join(folder, "source")
	if err := os.Mkdir(source, 0o700); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(source, "README.md"), []byte("site\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, arguments := range [][]string{
		{"init", "-q", "--bare", "-b", "main", bare},
		{"--git-dir", bare, "--work-tree", source, "add", "-A"},
		{"--git-dir", bare, "--work-tree", source, "-c", "user.name=Acme", "-c", "user.email=acme@example.com", "commit", "-q", "-m", "First"},
	} {
		command := exec.Command("git", arguments...)
		command.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
		if output, err := command.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", arguments, err, output)
		}
	}
	return app.Options{
		Config: config.Config{AllowedRepositories: "local/acme/*"},
		Data:   filepath.Join(folder, "data"), Forge: app.ForgeLocalGit, ForgeRoot: filepath.Join(folder, "forge"),
		Workers: 1, Lease: time.Second, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	}
}

func open(t *testing.T, o app.Options) *app.App {
	t.Helper()
	a, err := app.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := a.Close(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return a
}

func create(t *testing.T, a *app.App) codybatch.JobID {
	t.Helper()
	job, _, err := a.Service.CreateJob(t.Context(), codybatch.JobSpec{
		Name: "Append", Repositories: []codybatch.RepositoryName{"acme/site"},
		Agent: codybatch.AgentSpec{Type: codybatch.AgentScript, Script: "echo more >>README.md"},
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	return job.ID
}

// ended waits until a job has ended.
func ended(t *testing.T, a *app.App, id codybatch.JobID) codybatch.Job {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
	defer cancel()
	ticker := time.NewTicker(10 * time.Millisecond)
	defer ticker.Stop()
	for {
		job, err := a.Service.Job(ctx, id)
		if err != nil {
			t.Fatal(err)
		}
		if job.Finished() {
			return job
		}
		<-ticker.C
	}
}

func TestApp(t *testing.T) {
	t.Parallel()

	t.Run("picks up at the start what an earlier process left in line", func(t *testing.T) {
		t.Parallel()
		o := options(t)
		id := queued(t, o)
		a := open(t, o)
		if err := a.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		if job := ended(t, a, id); job.Status() != codybatch.JobSucceeded || job.Counts.Changed != 1 {
			t.Errorf("job is %s with %+v", job.Status(), job.Counts)
		}
	})

	t.Run("leaves the jobs of others alone if it is told to, unless it adopts them", func(t *testing.T) {
		t.Parallel()
		o := options(t)
		others := queued(t, o)
		o.OwnJobsOnly = true
		a := open(t, o)
		if err := a.Start(t.Context()); err != nil {
			t.Fatal(err)
		}
		ended(t, a, create(t, a))
		if job, err := a.Service.Job(t.Context(), others); err != nil || job.Status() != codybatch.JobQueued {
			t.Errorf("the other job is %s, %v", job.Status(), err)
		}
		a.Adopt(others)
		if _, err := a.Service.Reconcile(t.Context(), 0); err != nil {
			t.Fatal(err)
		}
		if job := ended(t, a, others); job.Status() != codybatch.JobSucceeded {
			t.Errorf("the adopted job is %s", job.Status())
		}
	})

	t.Run("does not rehearse where others work", func(t *testing.T) {
		t.Parallel()
		o := options(t)
		o.Rehearse, o.Config.AWS.JobQueue = true, "queue"
		if a, err := app.Open(t.Context(), o); err == nil || !strings.Contains(err.Error(), "AWS_BATCH_JOB_QUEUE") {
			t.Errorf("got %v, %v", a, err)
		}
	})

	t.Run("says what Claude needs", func(t *testing.T) {
		t.Parallel()
		a := open(t, options(t))
		_, _, err := a.Service.CreateJob(t.Context(), codybatch.JobSpec{
			Name: "Ask", Prompt: "Do it", Repositories: []codybatch.RepositoryName{"acme/site"},
		}, "")
		var invalid *codybatch.ValidationError
		if !errors.As(err, &invalid) || invalid.Fields[0].Field != "agent.type" || !strings.Contains(err.Error(), "CLAUDE_API_KEY") {
			t.Errorf("got %v", err)
		}
		if status := a.AgentStatus(); !strings.Contains(status, "--rehearsal") {
			t.Errorf("status is %q", status)
		}
	})
}

func TestClaudeCodeIsSaidToBeMissing(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		config config.Config
		want   string
	}{
		"without a key":     {config.Config{ClaudeCodePath: "/bin/sh"}, "set CLAUDE_API_KEY"},
		"without a program": {config.Config{ClaudeAPIKey: config.NewSecret("k"), ClaudeCodePath: "/nowhere/claude"}, "set CLAUDE_CODE_PATH"},
		"without a network": {config.Config{ClaudeAPIKey: config.NewSecret("k"), ClaudeCodePath: "/bin/sh", SandboxNoNetwork: true}, "unset SANDBOX_NETWORK"},
		"with Bedrock":      {config.Config{Bedrock: true, AWSRegion: "us-east-1", ClaudeCodePath: "/bin/sh"}, "unset CLAUDE_PROVIDER"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			o := options(t)
			c.config.AllowedRepositories = o.Config.AllowedRepositories
			o.Config = c.config
			if err := app.Confinement(o.Config).Check(); err != nil {
				t.Skip(err)
			}
			a := open(t, o)
			_, _, err := a.Service.CreateJob(t.Context(), codybatch.JobSpec{
				Name: "Ask", Prompt: "Do it", Repositories: []codybatch.RepositoryName{"acme/site"}, Agent: codybatch.AgentSpec{Type: codybatch.AgentClaudeCode},
			}, "")
			var invalid *codybatch.ValidationError
			if !errors.As(err, &invalid) || invalid.Fields[0].Field != "agent.type" || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

// queued leaves a job in line: the App that began it was closed in the middle.
func queued(t *testing.T, o app.Options) codybatch.JobID {
	t.Helper()
	goOn := o.Data + ".go-on"
	a, err := app.Open(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	job, _, err := a.Service.CreateJob(t.Context(), codybatch.JobSpec{
		Name: "Append later", Repositories: []codybatch.RepositoryName{"acme/site"},
		Agent: codybatch.AgentSpec{Type: codybatch.AgentScript, Script: fmt.Sprintf("[ -e %q ] || sleep 1000; echo later >>README.md", goOn)},
	}, "")
	if err != nil {
		t.Fatal(err)
	}
	if err := a.Close(t.Context()); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(goOn, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	return job.ID
}

func TestOpen(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		change func(*app.Options)
		want   string
	}{
		"an unknown forge":           {func(o *app.Options) { o.Forge = "sourceforge" }, `forge "sourceforge" is unknown`},
		"a forge without a folder":   {func(o *app.Options) { o.ForgeRoot = "" }, "needs --forge-root"},
		"a folder that is not there": {func(o *app.Options) { o.ForgeRoot += "/nowhere" }, "forge root"},
		"a broken allow-list":        {func(o *app.Options) { o.Config.AllowedRepositories = "acme" }, "ALLOWED_REPOSITORIES: "},
		"GitHub without a token":     {func(o *app.Options) { o.Forge = app.ForgeGitHub }, "GITHUB_TOKEN is not set"},
		"a scenario that is none":    {func(o *app.Options) { o.Rehearse, o.Scenario = true, o.ForgeRoot }, "read the rehearsal's scenario"},
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			t.Parallel()
			o := options(t)
			c.change(&o)
			_, err := app.Open(t.Context(), o)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}
