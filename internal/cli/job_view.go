package cli

import "github.com/spf13/cobra"

func (p *program) jobView(server *serverFlag) *cobra.Command {
	c := &cobra.Command{
		Use:   "view <job>",
		Short: "Show how a job and its repositories stand",
		Args:  cobra.ExactArgs(1),
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
			tasks, err := allTasks(c.Context(), client, id)
			if err != nil {
				return err
			}
			return p.printJob(job, tasks)
		},
	}
	p.json.add(c, jobWithTasks{})
	return c
}
