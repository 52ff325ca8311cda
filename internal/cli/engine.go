package cli

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/liamzdenek/cody-batch/internal/app"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/config"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// engineFlags say how jobs are run in this process: those of serve and run.
type engineFlags struct {
	data      string
	forge     string
	forgeRoot string
	workers   int
	lease     time.Duration
	rehearsal string // a file, builtIn, or empty: none
}

const (
	builtIn        = "built-in"
	defaultWorkers = 4
	defaultLease   = 30 * time.Second
	shortestLease  = time.Second
	mostWorkers    = 256
)

func (f *engineFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.StringVar(&f.data, "data", "", "`folder` for jobs, diffs and threads (default $XDG_DATA_HOME/codybatch, or ~/.local/share/codybatch)")
	flags.StringVar(&f.forge, "forge", "", "where the repositories are: github or localgit (default localgit with --forge-root, else github)")
	flags.StringVar(&f.forgeRoot, "forge-root", "", "localgit: `folder` that holds the repositories as <owner>/<name>[.git]")
	flags.IntVar(&f.workers, "workers", defaultWorkers, "how many repositories are worked on at once")
	flags.DurationVar(&f.lease, "lease", defaultLease, "how long a worker that fell silent keeps its repository")
	flags.StringVar(&f.rehearsal, "rehearsal", "", "let a script answer in Claude's place: a scenario `file`, or a built-in one without")
	flags.Lookup("rehearsal").NoOptDefVal = builtIn
}

// options joins flags and environment.
func (p *program) options(f *engineFlags, log *slog.Logger) (app.Options, error) {
	c, err := config.Read(p.lookup)
	if err != nil {
		return app.Options{}, err
	}
	o := app.Options{
		Config: c, Data: f.data, Forge: f.forge, ForgeRoot: f.forgeRoot, Workers: f.workers, Lease: f.lease,
		Rehearse: f.rehearsal != "", Now: p.now, Log: log,
	}
	if f.rehearsal != builtIn {
		o.Scenario = f.rehearsal
	}
	if o.Data == "" {
		if c.DataHome == "" {
			return o, errors.New("there is neither XDG_DATA_HOME nor HOME; say --data")
		}
		o.Data = filepath.Join(c.DataHome, "codybatch")
	}
	if o.Forge == "" {
		o.Forge = app.ForgeGitHub
		if o.ForgeRoot != "" {
			o.Forge = app.ForgeLocalGit
		}
	}
	if o.Workers < 1 || o.Workers > mostWorkers {
		return o, fmt.Errorf("--workers %d: must be from 1 to %d", o.Workers, mostWorkers)
	}
	if o.Lease < shortestLease {
		return o, fmt.Errorf("--lease %s: must be at least %s, or workers could not keep it", o.Lease, shortestLease)
	}
	return o, nil
}

// announceRemoteRehearsal says the same of a server.
func (p *program) announceRemoteRehearsal(ctx context.Context, client *httpapi.Client, job httpapi.Job) {
	if !codybatch.AgentType(job.Agent.Type).AsksModel() || job.CompletedAt != nil {
		return
	}
	health, err := client.Health(ctx)
	if err == nil && strings.HasPrefix(health.Dependencies.Agent.Detail, engineRehearsal) {
		fmt.Fprintln(p.err, paint(p.terminal(p.err).colour, yellow, "REHEARSAL: on this server a script answers in Claude's place. Nothing is spent."))
	}
}

// announceRehearsal says before anything else that Claude will not be asked.
func (p *program) announceRehearsal(o app.Options) {
	if !o.Rehearse {
		return
	}
	colour := p.terminal(p.err).colour
	fmt.Fprintln(p.err, paint(colour, yellow, "REHEARSAL: a script answers in Claude's place. No model is asked, and nothing is spent; costs are what the same tokens would have cost."))
	if o.Config.ClaudeAPIKey.IsSet() {
		fmt.Fprintln(p.err, paint(colour, yellow, "There is an API key, and it is not used: --rehearsal asked for that."))
	}
}
