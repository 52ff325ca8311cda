package cli

import (
	"errors"
	"fmt"
	"slices"

	"github.com/spf13/cobra"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

func (p *program) jobRetry(server *serverFlag) *cobra.Command {
	var include []string
	c := &cobra.Command{
		Use:   "retry <job> [owner/name…]",
		Short: "Run what failed again",
		Long: `Queue the failed repositories of a job again, or those that are named. What succeeded is
never done again.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			if i := slices.IndexFunc(include, func(what string) bool { return what != "canceled" }); i >= 0 {
				return fmt.Errorf("--include %s: only %q can be included", include[i], "canceled")
			}
			client, err := p.client(c.Context(), server)
			if err != nil {
				return err
			}
			id, names, err := jobAndRepositories(c.Context(), client, args)
			if err != nil {
				return err
			}
			if len(names) == 0 {
				result, err := client.RetryJob(c.Context(), id, len(include) > 0)
				if err != nil {
					return err
				}
				return p.printBulk(result, "Queued again")
			}
			var errs []error
			result := httpapi.BulkResult{Queued: []string{}, Skipped: []httpapi.Refusal{}}
			for _, name := range names {
				task, err := client.RetryTask(c.Context(), codybatch.TaskKey{JobID: id, Repository: name})
				errs = append(errs, err)
				if err == nil {
					result.Queued = append(result.Queued, task.RepositoryName)
				}
			}
			if err := errors.Join(errs...); err != nil {
				return err
			}
			if result.Job, err = client.Job(c.Context(), id); err != nil {
				return err
			}
			return p.printBulk(result, "Queued again")
		},
	}
	c.Flags().StringSliceVar(&include, "include", nil, "canceled: queue the canceled repositories, too")
	p.json.add(c, httpapi.BulkResult{})
	return c
}

// printBulk prints what a request over many repositories did: the queued ones as
// results, the others as notes.
func (p *program) printBulk(result httpapi.BulkResult, did codybatch.JobID) error {
	if p.json.set {
		return p.json.write(p.out, result)
	}
	for _, name := range result.Queued {
		if _, err := fmt.Fprintln(p.out, oneLine(name)); err != nil {
			return err
		}
	}
	for _, skipped := range result.Skipped {
		fmt.Fprintf(p.err, "Left as it is: %s: %s\n", oneLine(skipped.RepositoryName), oneLine(skipped.Reason))
	}
	fmt.Fprintf(p.err, "%s: %d of %d repositories\n", did, len(result.Queued), result.Job.RepositoryCount)
	return nil
}
