package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"

	"github.com/spf13/cobra"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// createFlags describe a job without a file, or change what a file says.
type createFlags struct {
	file           string
	idempotencyKey string
	name           string
	prompt         string
	promptFile     string
	script         string
	repositories   []string
	verify         []string
	model          string
	maxCost        float64
	branch         string
	createPRs      bool
}

func (p *program) jobCreate(server *serverFlag) *cobra.Command {
	var flags createFlags
	var watch bool
	c := &cobra.Command{
		Use:   "create [-f job.yaml] [flags]",
		Short: "Create a job",
		Long: `Create a job, and print its id.

The job's file has the fields of POST /jobs, in YAML or JSON; flags replace what it says.`,
		Example: `  codybatch job create -f job.yaml --watch
  codybatch job create --name "American spelling" --script "sed -i s/colour/color/g README.md" \
    --repo acme/site --repo acme/api --create-prs`,
		Args: cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			spec, file, err := p.jobSpec(c, &flags)
			if err != nil {
				return err
			}
			client, err := p.client(c.Context(), server)
			if err != nil {
				return err
			}
			job, err := client.CreateJob(c.Context(), spec, flags.idempotencyKey)
			if err != nil {
				return file.explain(err)
			}
			if watch {
				fmt.Fprintln(p.err, "Created job", oneLine(job.JobID))
				return p.watchJob(c.Context(), client, codybatch.JobID(job.JobID))
			}
			return p.created(job)
		},
	}
	f := c.Flags()
	f.StringVarP(&flags.file, "file", "f", "", "the job's `file`, - for standard input")
	f.BoolVarP(&watch, "watch", "w", false, "follow the job to its end, and exit with its code")
	f.StringVar(&flags.idempotencyKey, "idempotency-key", "", "create the job once, however often the command is run within 24 hours with this `key`")
	f.StringVar(&flags.name, "name", "", "what people call the job")
	f.StringVar(&flags.prompt, "prompt", "", "what the agent is to do in every repository")
	f.StringVar(&flags.promptFile, "prompt-file", "", "the `file` that holds the prompt, - for standard input")
	f.StringVar(&flags.script, "script", "", "a shell script in the agent's place; run in every repository")
	f.StringSliceVar(&flags.repositories, "repo", nil, "a repository, `owner/name`; may be given again, or several with commas")
	f.StringArrayVar(&flags.verify, "verify", nil, "a `command` that must pass after the change; may be given again")
	f.StringVar(&flags.model, "model", "", "the model")
	f.Float64Var(&flags.maxCost, "max-cost", 0, "the most that the job may cost, in US `dollars`")
	f.StringVar(&flags.branch, "branch", "", "the branch that is pushed")
	f.BoolVar(&flags.createPRs, "create-prs", false, "publish every succeeded change at once")
	c.MarkFlagsMutuallyExclusive("prompt", "prompt-file", "script")
	p.json.add(c, httpapi.Job{})
	return c
}

// created prints a new job: its id for programs, and what comes next for people.
func (p *program) created(job httpapi.Job) error {
	if p.json.set {
		return p.json.write(p.out, job)
	}
	if _, err := fmt.Fprintln(p.out, oneLine(job.JobID)); err != nil {
		return err
	}
	if p.terminal(p.out).is {
		fmt.Fprintln(p.err, "Follow it: codybatch job watch", oneLine(job.JobID))
	}
	return nil
}

// jobSpec joins file and flags.
func (p *program) jobSpec(c *cobra.Command, flags *createFlags) (codybatch.JobSpec, jobFile, error) {
	var file jobFile
	var err error
	given := c.Flags().Changed
	if flags.file == "" && !given("name") {
		return file.spec, file, withHint(errors.New("there is no job: neither -f nor --name is given"), "%s --help tells the flags", c.CommandPath())
	}
	if flags.file != "" {
		if file, err = readJobFile(flags.file, p.in); err != nil {
			return file.spec, file, err
		}
	}
	spec := file.spec
	if flags.promptFile != "" {
		if flags.prompt, err = p.readPrompt(flags.promptFile); err != nil {
			return spec, file, err
		}
	}
	if given("name") {
		spec.Name = flags.name
	}
	if given("prompt") || given("prompt-file") {
		spec.Prompt = flags.prompt
	}
	if given("script") {
		spec.Agent.Type, spec.Agent.Script = codybatch.AgentScript, flags.script
	}
	if given("repo") {
		spec.Repositories = nil
		for _, name := range flags.repositories {
			spec.Repositories = append(spec.Repositories, codybatch.RepositoryName(name))
		}
	}
	if given("verify") {
		spec.Verify = flags.verify
	}
	if given("model") {
		spec.Agent.Model = flags.model
	}
	if given("max-cost") {
		limit := codybatch.USD(flags.maxCost)
		spec.MaxCost = &limit
	}
	if given("branch") {
		spec.PullRequest.Branch = flags.branch
	}
	if given("create-prs") {
		spec.CreatePullRequests = flags.createPRs
	}
	return spec, file, nil
}

func (p *program) readPrompt(path string) (string, error) {
	in := p.in
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("read the prompt: %w", err)
		}
		defer file.Close()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, maxJobFile)) // far more than a prompt may have
	if err != nil {
		return "", fmt.Errorf("read the prompt: %w", err)
	}
	return string(text), nil
}

// watchJob follows a job and prints its results.
func (p *program) watchJob(ctx context.Context, client *httpapi.Client, id codybatch.JobID) error {
	job, tasks, err := p.follow(ctx, client, id, nil)
	if err != nil && stopped(ctx) {
		return withHint(errors.New("stopped watching; the job goes on"), "watch again: codybatch job watch %s\nend it: codybatch job cancel %s", id, id)
	}
	if err != nil {
		return err
	}
	if err := p.printJob(job, tasks); err != nil {
		return err
	}
	return ending(job)
}
