package app_test

import (
	"bytes"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/app"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/config"
)

// The demo's job by both engines that ask a model: the same answers of the model lead
// to the same bytes in the diffs.
func TestEnginesAgreeOnTheDemo(t *testing.T) {
	t.Parallel()
	root := sourceRoot()
	program := claudeCode(t)
	folder := t.TempDir()
	names := demoForge(t, root, folder)
	a := open(t, app.Options{
		Config: config.Config{AllowedRepositories: "local/acme/*", ClaudeCodePath: program},
		Data:   filepath.Join(folder, "data"), Forge: app.ForgeLocalGit, ForgeRoot: filepath.Join(folder, "forge"),
		Rehearse: true, Scenario: demoScenario(t, root, folder),
		Workers: 3, Lease: 30 * time.Second, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	diffs := map[codybatch.AgentType]map[codybatch.RepositoryName]string{}
	for _, engine := range []codybatch.AgentType{codybatch.AgentClaude, codybatch.AgentClaudeCode} {
		job, _, err := a.Service.CreateJob(t.Context(), codybatch.JobSpec{
			Name: "Move to version 2", Prompt: "Move every caller to version 2 of the internal API.", Repositories: names,
			Agent: codybatch.AgentSpec{Type: engine, MaxTurns: 40},
		}, "")
		if err != nil {
			t.Fatal(err)
		}
		job = ended(t, a, job.ID)
		if job.Engine != "rehearsal" || job.Usage.Cost == 0 || job.Counts.Changed != 4 || job.Counts.Failed != 1 {
			t.Errorf("%s: engine %q, %+v, %+v", engine, job.Engine, job.Counts, job.Usage)
		}
		diffs[engine] = diffsOf(t, a, job.ID, names)
	}
	if len(diffs[codybatch.AgentClaude]) != 4 {
		t.Errorf("there are diffs of %q", slices.Collect(maps.Keys(diffs[codybatch.AgentClaude])))
	}
	for _, name := range names {
		if byLoop, byProgram := diffs[codybatch.AgentClaude][name], diffs[codybatch.AgentClaudeCode][name]; byLoop != byProgram {
			t.Errorf("%s: claude made\n%s\nand claude-code\n%s", name, byLoop, byProgram)
		}
	}
}

func diffsOf(t *testing.T, a *app.App, id codybatch.JobID, names []codybatch.RepositoryName) map[codybatch.RepositoryName]string {
	t.Helper()
	diffs := map[codybatch.RepositoryName]string{}
	for _, name := range names {
		key := codybatch.TaskKey{JobID: id, Repository: name}
		task, err := a.Service.Task(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		if task.Error != nil && task.Outcome != codybatch.OutcomeBlocked {
			t.Errorf("%s: %s: %s", name, task.Outcome, task.Error.Message)
		}
		if !task.HasDiff {
			continue
		}
		document, err := a.Service.Diff(t.Context(), key)
		if err != nil {
			t.Fatal(err)
		}
		var text bytes.Buffer
		_, err = io.Copy(&text, document)
		_ = document.Close()
		if err != nil {
			t.Fatal(err)
		}
		diffs[name] = text.String()
	}
	return diffs
}

// demoScenario is the demo's, without the pauses that are there for people.
func demoScenario(t *testing.T, root, folder string) string {
	t.Helper()
	scenario, err := os.ReadFile(filepath.Join(root, "demo", "rehearsal.yaml"))
	if err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(folder, "rehearsal.yaml")
	if err := os.WriteFile(file, regexp.MustCompile(`delayMs: \d+`).ReplaceAll(scenario, []byte("delayMs: 0")), 0o600); err != nil {
		t.Fatal(err)
	}
	return file
}

// demoForge makes the demo's repositories in folder/forge.
func demoForge(t *testing.T, root, folder string) []codybatch.RepositoryName {
	t.Helper()
	sources, err := filepath.Glob(filepath.Join(root, "demo", "repositories", "*"))
	if err != nil || len(sources) == 0 {
		t.Fatalf("there are no repositories of the demo: %v", err)
	}
	var names []codybatch.RepositoryName
	for _, source := range sources {
		name := filepath.Base(source)
		bare := filepath.Join(folder, "forge", "acme", name+".git")
		for _, arguments := range [][]string{
			{"init", "-q", "--bare", "-b", "main", bare},
			{"--git-dir", bare, "--work-tree", source, "add", "-A"},
			{"--git-dir", bare, "--work-tree", source, "-c", "user.name=Acme", "-c", "user.email=acme@example.com", "commit", "-q", "-m", "First"},
		} {
			command := exec.CommandContext(t.Context(), "git", arguments...)
			command.Env = append(os.Environ(), "GIT_CONFIG_GLOBAL=/dev/null", "GIT_CONFIG_NOSYSTEM=1")
			if output, err := command.CombinedOutput(); err != nil {
				t.Fatalf("git %s: %v\n%s", arguments, err, output)
			}
		}
		names = append(names, codybatch.RepositoryName(fmt.Sprintf("acme/%s", name)))
	}
	return names
}

func sourceRoot() string {
	_, file, _, _ := runtime.Caller(0)
	return filepath.Join(filepath.Dir(file), "..", "..")
}
