package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

func (p *program) jobReview(server *serverFlag) *cobra.Command {
	var approve, reject bool
	var note string
	c := &cobra.Command{
		Use:     "review <job> <owner/name> (--approve | --reject)",
		Short:   "Record a verdict on a diff",
		Long:    `Record a verdict on a diff. A rejected one is not published.`,
		Example: `  codybatch job review latest acme/site --reject --note "leave the tests alone"`,
		Args:    arguments,
		RunE: func(c *cobra.Command, args []string) error {
			client, err := p.client(c.Context(), server)
			if err != nil {
				return err
			}
			id, names, err := jobAndRepositories(c.Context(), client, args)
			if err != nil {
				return err
			}
			decision := codybatch.ReviewRejected
			if approve {
				decision = codybatch.ReviewApproved
			}
			task, err := client.ReviewTask(c.Context(), codybatch.TaskKey{JobID: id, Repository: names[0]}, decision, note)
			if err != nil {
				return err
			}
			if p.json.set {
				return p.json.write(p.out, task)
			}
			fmt.Fprintf(p.err, "%s is %s\n", oneLine(task.RepositoryName), decision)
			return nil
		},
	}
	c.Flags().BoolVar(&approve, "approve", false, "the diff is good")
	c.Flags().BoolVar(&reject, "reject", false, "the diff must not be published")
	c.Flags().StringVar(&note, "note", "", "why")
	c.MarkFlagsMutuallyExclusive("approve", "reject")
	c.MarkFlagsOneRequired("approve", "reject")
	p.json.add(c, httpapi.Task{})
	return c
}
