package cli

import (
	"github.com/spf13/cobra"

	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

func (p *program) jobPublish(server *serverFlag) *cobra.Command {
	c := &cobra.Command{
		Use:   "publish <job> [owner/name…]",
		Short: "Push branches and open pull requests",
		Long: `Queue the changes of a job to be published, or those of the repositories that are named.
What is published already, or was rejected in review, is left as it is.`,
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
			result, err := client.PublishJob(c.Context(), id, names)
			if err != nil {
				return err
			}
			return p.printBulk(result, "Queued to be published")
		},
	}
	p.json.add(c, httpapi.BulkResult{})
	return c
}
