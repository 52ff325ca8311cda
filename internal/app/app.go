// Package app puts the parts together: it is the only one that knows every
// adapter, and it decides by short switches which of them run.
package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"time"

	"github.com/google/uuid"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/config"
	"github.com/liamzdenek/cody-batch/internal/dispatch/awsbatch"
	"github.com/liamzdenek/cody-batch/internal/dispatch/inproc"
	"github.com/liamzdenek/cody-batch/internal/forge/github"
	"github.com/liamzdenek/cody-batch/internal/forge/localgit"
	"github.com/liamzdenek/cody-batch/internal/worker"
)

// The forges that Options.Forge names.
const (
	ForgeGitHub   = "github"
	ForgeLocalGit = "localgit"
)

// longestPause is how long a server's jobs wait for a key that is refused, or for an
// account that can't pay, before their tasks fail.
const longestPause = 24 * time.Hour

// retention is how long jobs are kept at AWS, where their tables forget by themselves.
const retention = 30 * 24 * time.Hour

// Options say which parts run, and where they keep what they keep.
type Options struct {
	Config    config.Config
	Data      string // the folder for jobs, documents and workspaces, as far as they are kept here; made if it is not there
	Forge     string
	ForgeRoot string        // ForgeLocalGit only: the folder of repositories
	Workers   int           // repositories at once
	Lease     time.Duration // how long a silent worker keeps a task

	// Rehearse lets a script answer in Claude's place: Scenario, a file of
	// internal/rehearsal, or a built-in one if that is empty. Claude is never asked
	// then, even if there is a key.
	Rehearse bool
	Scenario string

	// OwnJobsOnly leaves the tasks of other jobs in the same folder alone: only
	// jobs that are created or adopted by this App run.
	OwnJobsOnly bool

	Now func() time.Time
	Log *slog.Logger
}

// App is a running installation in one process.
type App struct {
	Service *codybatch.Service
	Allow   codybatch.AllowList
	Host    string // of the forge, as in patterns of the allow-list

	options Options
	prices  priceList
	storage storage
	pool    *inproc.Pool // nil: AWS Batch does the work
	stage   *stage       // of the rehearsal; nil: there is none
	mine    jobSet
	rounds  rounds
}

// Open opens every part. It starts no work; see Start.
func Open(ctx context.Context, o Options) (*App, error) {
	a := &App{}
	var err error
	if a.Allow, err = codybatch.ParseAllowList(o.Config.AllowedRepositories); err != nil {
		return nil, fmt.Errorf("%s: %w", config.AllowedRepositories, err)
	}
	if o.Rehearse && o.Config.AWS.Dispatches() {
		return nil, fmt.Errorf("workers on AWS Batch can't rehearse: they ask Claude; unset %s and %s, or start without --rehearsal",
			config.AWSBatchJobQueue, config.AWSBatchJobDefinition)
	}
	if o.Data, err = filepath.Abs(o.Data); err != nil {
		return nil, fmt.Errorf("find the data folder: %w", err)
	}
	if o.Config, err = readParameters(ctx, o.Config, !o.Config.AWS.Dispatches()); err != nil {
		return nil, err
	}
	a.options = o
	if a.prices, err = readPrices(o.Config.ClaudePrices); err != nil {
		return nil, err
	}
	if err := Confinement(o.Config).Check(); err != nil {
		return nil, fmt.Errorf("%s, %s and %s: %w", config.Sandbox, config.SandboxNetwork, config.SandboxUID, err)
	}
	forge, err := openForge(o)
	if err != nil {
		return nil, err
	}
	a.Host = forge.Host()
	if !o.Config.AWS.Dispatches() { // workers elsewhere find out by themselves
		if err := signIn(ctx, forge, o.Log); err != nil {
			return nil, err
		}
	}
	if err := a.open(ctx, o, forge); err != nil {
		return nil, errors.Join(err, a.Close(ctx))
	}
	return a, nil
}

// Config is what the App runs with: that of its options, with the secrets that were
// read from parameters.
func (a *App) Config() config.Config { return a.options.Config }

func (a *App) open(ctx context.Context, o Options, forge codybatch.Forge) error {
	var err error
	if a.storage, err = openStorage(ctx, o); err != nil {
		return err
	}
	dispatcher, unavailable, err := a.dispatcher(ctx, o, forge)
	if err != nil {
		return err
	}
	options := codybatch.ServiceOptions{
		Allow: a.Allow, Unavailable: unavailable, Engines: a.engines(),
		HasPrice: a.prices.Has, Now: o.Now, NewID: a.newID, Log: o.Log,
	}
	if o.Config.AWS.Stores() {
		options.Retention = retention
	}
	a.Service = codybatch.NewService(a.storage.store, a.storage.artifacts, dispatcher, forge, options)
	return nil
}

// dispatcher opens what gets tasks done: AWS Batch if the environment names it, else
// workers in this process. It says of the agents that can't be had there why not.
func (a *App) dispatcher(ctx context.Context, o Options, forge codybatch.Forge) (codybatch.Dispatcher, map[codybatch.AgentType]string, error) {
	if o.Config.AWS.Dispatches() {
		return awsbatch.New(a.storage.aws, a.storage.artifacts, awsbatch.Options{
			Queue: o.Config.AWS.JobQueue, Definition: o.Config.AWS.JobDefinition, Log: o.Log,
		}), elsewhere(o.Config), nil
	}
	if o.Rehearse {
		var err error
		if a.stage, err = openStage(ctx, o); err != nil {
			return nil, nil, err
		}
	}
	work, unavailable, err := a.worker(ctx, o, forge, worker.Options{Lease: o.Lease, NewToken: uuid.NewString})
	if err != nil {
		return nil, nil, err
	}
	a.pool = inproc.New(a.own(work.Run), inproc.Options{Workers: o.Workers, Log: o.Log})
	return a.pool, unavailable, nil
}

// worker completes the options of a worker, which says how it claims, and makes it.
func (a *App) worker(ctx context.Context, o Options, forge codybatch.Forge, w worker.Options) (*worker.Worker, map[codybatch.AgentType]string, error) {
	agents, judges, unavailable, err := a.agents(ctx, o)
	if err != nil {
		return nil, nil, err
	}
	if o.Config.SandboxUID != 0 { // another user has to get through to the workspaces; what else is here is closed by itself
		if err := os.Chmod(o.Data, 0o711); err != nil { //nolint:gosec // see above
			return nil, nil, fmt.Errorf("open the data folder for %s: %w", config.SandboxUID, err)
		}
	}
	w.Store, w.Artifacts, w.Forge, w.Allow = a.storage.store, a.storage.artifacts, forge, a.Allow
	w.Agents, w.Judges, w.Engines = agents, judges, a.engines()
	w.Root, w.Secrets, w.Confinement = filepath.Join(o.Data, "workspaces"), secrets(o.Config), Confinement(o.Config)
	w.Now, w.Log = o.Now, o.Log
	work, err := worker.New(w)
	return work, unavailable, err
}

func openForge(o Options) (codybatch.Forge, error) {
	switch o.Forge {
	case ForgeLocalGit:
		if o.ForgeRoot == "" {
			return nil, errors.New("--forge localgit needs --forge-root, the folder that holds <owner>/<name>.git")
		}
		return localgit.New(o.ForgeRoot)
	case ForgeGitHub:
		if !o.Config.GitHubToken.IsSet() {
			return nil, missingError(config.GitHubToken + " is not set; GitHub needs a token that may read repositories, push branches and open pull requests")
		}
		token := o.Config.GitHubToken
		return github.New(github.Options{
			Token:   func(context.Context) (string, error) { return token.Reveal(), nil },
			BaseURL: o.Config.GitHubAPIURL, Now: o.Now, Log: o.Log,
		})
	default:
		return nil, fmt.Errorf("forge %q is unknown; use %s or %s", o.Forge, ForgeGitHub, ForgeLocalGit)
	}
}
