package cli

import (
	"github.com/spf13/cobra"

	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

func (p *program) jobPublish(server *serverFlag) *cobra.Command {
	var watch bool
	c := &cobra.Command{
		Use:   "publish <job> [owner/name…]",
		Short: "Push branches and open pull requests",
		Long: `Queue the changes of a job to be published, or those of the repositories that are named.
What is published already, or was rejected in review, is left as it is.`,
		Args: arguments,
		RunE: func(c *cobra.Command, args []string) error {
			if err := p.checkBulk(watch); err != nil {
				return err
			}
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
			if len(names) == 0 {
				if err := addUnfinished(c.Context(), client, id, &result); err != nil {
					return err
				}
			}
			return p.finishBulk(c.Context(), client, bulk{result: result, did: "Queued to be published", watch: watch})
		},
	}
	addWatch(c, &watch)
	p.json.add(c, httpapi.BulkResult{})
	return c
}
