package cli

import (
	"context"
	"errors"
	"io"
	"net/http"

	"github.com/spf13/cobra"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

func (p *program) jobLog(server *serverFlag) *cobra.Command {
	var attempt int
	c := &cobra.Command{
		Use:   "log <job> <owner/name>",
		Short: "Print what the commands of a repository's attempt said",
		Args:  arguments,
		RunE: func(c *cobra.Command, args []string) error {
			client, err := p.client(c.Context(), server)
			if err != nil {
				return err
			}
			id, names, err := jobAndRepositories(c.Context(), client, args)
			if err != nil {
				return err
			}
			key := codybatch.TaskKey{JobID: id, Repository: names[0]}
			text, err := client.Log(c.Context(), key, attempt)
			if err != nil {
				if attempt == 0 && saidNothing(c.Context(), client, key, err) {
					return nil
				}
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
	c.Flags().IntVar(&attempt, "attempt", 0, "the attempt, from 1; the latest that said something if left out")
	return c
}

// saidNothing reports whether there is no log because a task is finished and its
// commands were silent, as opposed to a task that does not exist or has yet to run.
func saidNothing(ctx context.Context, client *httpapi.Client, key codybatch.TaskKey, err error) bool {
	var problem *httpapi.Problem
	if !errors.As(err, &problem) || problem.Status != http.StatusNotFound {
		return false
	}
	task, err := client.Task(ctx, key)
	return err == nil && codybatch.TaskStatus(task.Status).Final()
}
