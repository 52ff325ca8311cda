package cli

import (
	"github.com/spf13/cobra"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func (p *program) jobView(server *serverFlag) *cobra.Command {
	var status, outcome string
	c := &cobra.Command{
		Use:     "view <job>",
		Short:   "Show how a job and its repositories stand",
		Example: `  codybatch job view latest --outcome verify_failed`,
		Args:    arguments,
		RunE: func(c *cobra.Command, args []string) error {
			client, err := p.client(c.Context(), server)
			if err != nil {
				return err
			}
			id, err := jobID(c.Context(), client, args[0])
			if err != nil {
				return err
			}
			job, err := client.Job(c.Context(), id)
			if err != nil {
				return err
			}
			tasks, err := allTasks(c.Context(), client, codybatch.TaskQuery{
				JobID: id, Status: codybatch.TaskStatus(status), Outcome: codybatch.Outcome(outcome),
			})
			if err != nil {
				return err
			}
			return p.printJob(job, tasks)
		},
	}
	c.Flags().StringVar(&status, "status", "", "only repositories that are queued, running, succeeded, failed or canceled")
	c.Flags().StringVar(&outcome, "outcome", "", "only repositories that ended so: changed, no_changes, verify_failed, …")
	p.json.add(c, jobWithTasks{})
	return c
}
