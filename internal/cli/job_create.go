package cli

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

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
    --repo acme/site --repo acme/api --create-prs
  codybatch repo list --filter acme/ | cut -f1 |
    codybatch job create --name "American spelling" --prompt-file prompt.md --repo-file -`,
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
				return p.watchJob(c.Context(), client, job)
			}
			return p.created(job)
		},
	}
	flags.add(c)
	addWatch(c, &watch)
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

// addWatch gives a command --watch.
func addWatch(c *cobra.Command, watch *bool) {
	c.Flags().BoolVarP(watch, "watch", "w", false, "follow the job to its end, and exit with its code")
}

// watchJob follows a job and prints its results.
func (p *program) watchJob(ctx context.Context, client *httpapi.Client, job httpapi.Job) error {
	id := codybatch.JobID(job.JobID)
	job, tasks, err := p.follow(ctx, client, job, nil)
	if err != nil && stopped(ctx) {
		return withHint(errors.New("stopped watching; the job goes on"), "watch again: codybatch job watch %s\nend it: codybatch job cancel %s", id, id)
	}
	if err != nil {
		return err
	}
	if err := p.printJob(job, tasks); err != nil {
		return err
	}
	return ending(job, tasks)
}
