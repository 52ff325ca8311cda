package cli

import "github.com/spf13/cobra"

func (p *program) jobWatch(server *serverFlag) *cobra.Command {
	c := &cobra.Command{
		Use:   "watch <job>",
		Short: "Follow a job to its end, and exit with its code",
		Args:  arguments,
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
			return p.watchJob(c.Context(), client, job)
		},
	}
	p.json.add(c, jobWithTasks{})
	return c
}
