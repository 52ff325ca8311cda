package cli

import (
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

func (p *program) jobList(server *serverFlag) *cobra.Command {
	var status string
	var limit int
	c := &cobra.Command{
		Use:     "list",
		Aliases: []string{"ls"},
		Short:   "List jobs, newest first",
		Args:    cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			client, err := p.client(c.Context(), server)
			if err != nil {
				return err
			}
			jobs := []httpapi.Job{}
			for page := (httpapi.Page{Limit: pageSize}); len(jobs) < limit; {
				next, err := client.Jobs(c.Context(), codybatch.JobStatus(status), page)
				if err != nil {
					return err
				}
				jobs = append(jobs, next.Jobs...)
				if page.Cursor = string(next.NextCursor); page.Cursor == "" {
					break
				}
			}
			jobs = jobs[:min(len(jobs), max(0, limit))]
			if p.json.set {
				return p.json.write(p.out, jobs)
			}
			return p.jobTable(jobs).write(p.out, p.terminal(p.out))
		},
	}
	c.Flags().StringVar(&status, "status", "", "only jobs that are queued, running, succeeded, failed or canceled")
	c.Flags().IntVarP(&limit, "limit", "L", 30, "at most so many jobs")
	p.json.add(c, httpapi.Job{})
	return c
}

func (p *program) jobTable(jobs []httpapi.Job) *table {
	t := &table{head: []string{"job", "name", "status", "repositories", "cost", "created"}, whole: "job"}
	person := p.terminal(p.out).is
	for _, job := range jobs {
		c := job.Counts
		ended := fmt.Sprintf("%d/%d", c.Succeeded+c.Failed+c.Canceled, job.RepositoryCount)
		created := job.CreatedAt.UTC().Format(time.RFC3339)
		if person {
			created = duration(p.now().Sub(job.CreatedAt)) + " ago"
		}
		t.add(cell{text: job.JobID}, cell{text: job.Name}, cell{job.Status, styleOf(job.Status)}, cell{text: ended},
			cell{text: cost(job.Usage.CostUSD)}, cell{text: created})
	}
	return t
}
