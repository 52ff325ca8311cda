package cli

import (
	"errors"
	"fmt"
	"strings"

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
		Args: arguments,
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
				return p.printCanceled(job, job.Counts.Running > 0, oneLine(job.Name))
			}
			var errs []error
			var canceled, stillRunning []string
			for _, name := range names {
				task, err := client.CancelTask(c.Context(), codybatch.TaskKey{JobID: id, Repository: name})
				switch {
				case err != nil:
					errs = append(errs, err)
				case codybatch.TaskStatus(task.Status).Final():
					canceled = append(canceled, oneLine(task.RepositoryName))
				default:
					stillRunning = append(stillRunning, oneLine(task.RepositoryName))
				}
			}
			job, err := client.Job(c.Context(), id)
			if err != nil {
				return errors.Join(append(errs, err)...)
			}
			if len(canceled)+len(stillRunning) > 0 {
				what := strings.Join(append(canceled, stillRunning...), ", ") + " of " + oneLine(job.Name)
				errs = append(errs, p.printCanceled(job, len(stillRunning) > 0, what))
			}
			return errors.Join(errs...)
		},
	}
	p.json.add(c, httpapi.Job{})
	return c
}

// printCanceled prints the job that a cancel was about: the object with --json, else
// a line for people. An agent that runs needs a moment to end.
func (p *program) printCanceled(job httpapi.Job, isUnderWay bool, what string) error {
	if p.json.set {
		return p.json.write(p.out, job)
	}
	did := "Canceled"
	if isUnderWay {
		did = "Canceling"
	}
	fmt.Fprintf(p.err, "%s: %s; the job: %s\n", did, what, countsText(job))
	return nil
}
