package cli

import (
	"io"

	"github.com/spf13/cobra"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func (p *program) jobLog(server *serverFlag) *cobra.Command {
	var attempt int
	c := &cobra.Command{
		Use:   "log <job> <owner/name>",
		Short: "Print what the commands of a repository's attempt said",
		Args:  cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			client, err := p.client(c.Context(), server)
			if err != nil {
				return err
			}
			id, names, err := jobAndRepositories(c.Context(), client, args)
			if err != nil {
				return err
			}
			text, err := client.Log(c.Context(), codybatch.TaskKey{JobID: id, Repository: names[0]}, attempt)
			if err != nil {
				return err
			}
			defer text.Close()
			if p.terminal(p.out).is {
				return paintDiff(p.out, text, false)
			}
			_, err = io.Copy(p.out, text)
			return err
		},
	}
	c.Flags().IntVar(&attempt, "attempt", 0, "the attempt, from 1; the latest if left out")
	return c
}
