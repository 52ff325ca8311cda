package cli

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

func (p *program) jobCancel(server *serverFlag) *cobra.Command {
	c := &cobra.Command{
		Use:   "cancel <job> [owner/name…]",
		Short: "Cancel a job, or some of its repositories",
		Long: `Cancel what is not finished of a job, or of some of its repositories. Running agents are
ended at once; finished results stay. "codybatch job retry --include canceled" takes it back.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			client, err := p.client(c.Context(), server)
			if err != nil {
				return err
			}
			id, names, err := jobAndRepositories(c.Context(), client, args)
			if err != nil {
				return err
			}
			if len(names) == 0 {
				job, err := client.CancelJob(c.Context(), id)
				if err != nil {
					return err
				}
				return p.printState(job, "Canceled")
			}
			var errs []error
			for _, name := range names {
				_, err := client.CancelTask(c.Context(), codybatch.TaskKey{JobID: id, Repository: name})
				errs = append(errs, err)
			}
			if err := errors.Join(errs...); err != nil {
				return err
			}
			job, err := client.Job(c.Context(), id)
			if err != nil {
				return err
			}
			return p.printState(job, "Canceled")
		},
	}
	p.json.add(c, httpapi.Job{})
	return c
}

// printState prints the job that a request was about: the object with --json, else
// a word for people.
func (p *program) printState(job httpapi.Job, did codybatch.JobID) error {
	if p.json.set {
		return p.json.write(p.out, job)
	}
	fmt.Fprintf(p.err, "%s: %s, %s\n", did, oneLine(job.Name), countsText(job))
	return nil
}
