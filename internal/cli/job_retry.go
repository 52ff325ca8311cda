package cli

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"

	"github.com/spf13/cobra"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

func (p *program) jobRetry(server *serverFlag) *cobra.Command {
	var include []string
	var watch bool
	c := &cobra.Command{
		Use:   "retry <job> [owner/name…]",
		Short: "Run what failed again",
		Long: `Queue the failed repositories of a job again, or those that are named. What succeeded is
never done again.`,
		Args: arguments,
		RunE: func(c *cobra.Command, args []string) error {
			if i := slices.IndexFunc(include, func(what string) bool { return what != "canceled" }); i >= 0 {
				return fmt.Errorf("--include %s: only %q can be included", include[i], "canceled")
			}
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
			done := bulk{did: "Queued again", watch: watch}
			if len(names) > 0 {
				if done.result, err = retryNamed(c.Context(), client, id, names); done.result.Job.JobID == "" {
					return err
				}
				return errors.Join(err, p.finishBulk(c.Context(), client, done))
			}
			if done.result, err = client.RetryJob(c.Context(), id, len(include) > 0); err != nil {
				return err
			}
			if err := addUnfinished(c.Context(), client, id, &done.result); err != nil {
				return err
			}
			if n := done.result.Job.Counts.Canceled; n > 0 {
				done.hint = fmt.Sprintf("%d are canceled: --include canceled queues them, too", n)
			}
			return p.finishBulk(c.Context(), client, done)
		},
	}
	c.Flags().StringSliceVar(&include, "include", nil, "canceled: queue the canceled repositories, too")
	addWatch(c, &watch)
	p.json.add(c, httpapi.BulkResult{})
	return c
}

// retryNamed queues repositories again one by one. Those that can't be are part of
// the result.
func retryNamed(ctx context.Context, client *httpapi.Client, id codybatch.JobID, names []codybatch.RepositoryName) (httpapi.BulkResult, error) {
	result := httpapi.BulkResult{Queued: []string{}, Skipped: []httpapi.Refusal{}}
	if _, err := client.Job(ctx, id); err != nil {
		return result, err // or every repository would seem not to be in it
	}
	var errs []error
	for _, name := range names {
		task, err := client.RetryTask(ctx, codybatch.TaskKey{JobID: id, Repository: name})
		var problem *httpapi.Problem
		switch {
		case err == nil:
			result.Queued = append(result.Queued, task.RepositoryName)
		case errors.As(err, &problem) && problem.Status == http.StatusNotFound:
			result.Skipped = append(result.Skipped, httpapi.Refusal{RepositoryName: string(name), Code: codeNotFound, Reason: "is not a repository of this job"})
		case errors.As(err, &problem) && problem.Status == http.StatusConflict:
			result.Skipped = append(result.Skipped, httpapi.Refusal{RepositoryName: string(name), Code: problem.Code, Reason: problem.Detail})
		default:
			errs = append(errs, err)
		}
	}
	var err error
	result.Job, err = client.Job(ctx, id)
	return result, errors.Join(append(errs, err)...)
}
