package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"time"

	"github.com/liamzdenek/cody-batch/internal/app"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/config"
	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

// The money of the fleet: a job that can pay half of its agents at once, and agents
// that need more than their share to come to the end of their script.
const (
	fleetSize = 64
	fleetCap  = 3.84 // USD, of the job
	agentCap  = 0.12 // USD, of one attempt
	crowd     = 10   // calls that the API takes at once; to more it says 429
)

// fleet is a job on the whole program, with one agent for each repository and an
// API that fails in every way that is tried again. The money is counted on the
// API's side of the wire, broken answers included.
func fleet(ctx context.Context, dir string, t *table) error {
	root := filepath.Join(dir, "forge")
	names, err := makeRepositories(ctx, root)
	if err != nil {
		return err
	}
	server, err := rehearsal.New(rehearsal.Play(faultyScript()...), rehearsal.Options{})
	if err != nil {
		return err
	}
	api := &till{next: server, atOnce: crowd}
	web := httptest.NewServer(api)
	defer web.Close()
	a, err := app.Open(ctx, app.Options{
		Config: config.Config{
			AllowedRepositories: "local/*/*", ClaudeAPIKey: config.NewSecret("bench"), AnthropicBaseURL: web.URL,
		},
		Data: filepath.Join(dir, "data"), Forge: app.ForgeLocalGit, ForgeRoot: root,
		Workers: fleetSize, Lease: time.Minute, Now: time.Now, Log: slog.New(slog.DiscardHandler),
	})
	if err != nil {
		return err
	}
	job, err := runFleet(ctx, a, names)
	if err := errors.Join(err, a.Close(context.WithoutCancel(ctx))); err != nil {
		return err
	}
	if broken := server.Violations(); len(broken) > 0 {
		return fmt.Errorf("rules of the API were broken: %q", broken)
	}
	paid := api.paid()
	t.note(fmt.Sprintf("%d agents in one process, %d calls, of which failed", fleetSize, api.calls), strconv.Itoa(api.failed))
	t.note("  ended by the end of their money", strconv.Itoa(job.Counts.Failed))
	t.atMost("  what the API counted, of the job's limit", float64(paid)/float64(codybatch.USD(fleetCap)), 1, "%.3f")
	t.atMost("  what the API counted, of what was booked", float64(paid)/float64(job.Usage.Cost), 1, "%.3f")
	t.atMost(fmt.Sprintf("  calls that were too many for an API that takes %d at once", crowd), 100*float64(api.refused)/float64(api.calls), 25, "%.1f %%")
	return nil
}

func runFleet(ctx context.Context, a *app.App, names []codybatch.RepositoryName) (codybatch.Job, error) {
	if err := a.Start(ctx); err != nil {
		return codybatch.Job{}, err
	}
	total, each := codybatch.USD(fleetCap), codybatch.USD(agentCap)
	job, _, err := a.Service.CreateJob(ctx, codybatch.JobSpec{
		Name: "fleet", Prompt: prompt, Repositories: names, MaxCost: &total, Agent: codybatch.AgentSpec{MaxCost: &each},
	}, "")
	for err == nil && !job.Finished() {
		select {
		case <-ctx.Done():
			return job, context.Cause(ctx)
		case <-time.After(50 * time.Millisecond):
		}
		job, err = a.Service.Job(ctx, job.ID)
	}
	return job, err
}

// faultyScript is work whose every turn goes wrong at first, each in its own way.
func faultyScript() []rehearsal.Turn {
	script := sessionScript(40)
	for i, kind := range []rehearsal.FaultKind{
		rehearsal.FaultTruncated, rehearsal.FaultStreamError, rehearsal.FaultReset, rehearsal.FaultMaxTokens, rehearsal.FaultServerError,
	} {
		script[1+2*i].Faults = []rehearsal.Fault{{Kind: kind}}
	}
	for i := range script {
		script[i].DelayMS = 100
	}
	return script
}

// makeRepositories makes one bare repository, and copies of it.
func makeRepositories(ctx context.Context, root string) ([]codybatch.RepositoryName, error) {
	first := filepath.Join(root, "acme", "r00.git")
	tree := filepath.Join(root, "tree")
	if err := writeFiles(tree); err != nil {
		return nil, err
	}
	for _, args := range [][]string{
		{"init", "-q", "-b", "main", tree}, {"-C", tree, "add", "."},
		{"-C", tree, "-c", "user.name=bench", "-c", "user.email=bench@example.com", "commit", "-q", "-m", "start"},
		{"clone", "-q", "--bare", tree, first},
	} {
		if out, err := exec.CommandContext(ctx, "git", args...).CombinedOutput(); err != nil {
			return nil, fmt.Errorf("git %s: %w\n%s", args[0], err, out)
		}
	}
	names := []codybatch.RepositoryName{"acme/r00"}
	for i := 1; i < fleetSize; i++ {
		name := fmt.Sprintf("r%02d", i)
		if err := os.CopyFS(filepath.Join(root, "acme", name+".git"), os.DirFS(first)); err != nil {
			return nil, err
		}
		names = append(names, codybatch.RepositoryName("acme/"+name))
	}
	return names, os.RemoveAll(tree)
}
