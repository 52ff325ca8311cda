package cli

import (
	"fmt"
	"strconv"
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
			if err := checkLimit(limit); err != nil {
				return err
			}
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
			jobs = jobs[:min(len(jobs), limit)]
			if p.json.set {
				return p.json.write(p.out, jobs)
			}
			return p.jobTable(jobs, p.terminal(p.out).is).write(p.out, p.terminal(p.out))
		},
	}
	c.Flags().StringVar(&status, "status", "", "only jobs that are queued, running, succeeded, failed or canceled")
	c.Flags().IntVarP(&limit, "limit", "L", 30, "at most so many jobs")
	p.json.add(c, httpapi.Job{})
	return c
}

// checkLimit refuses lists of nothing.
func checkLimit(limit int) error {
	if limit < 1 {
		return fmt.Errorf("--limit %d: must be at least 1", limit)
	}
	return nil
}

func (p *program) jobTable(jobs []httpapi.Job, isPerson bool) *table {
	t := &table{
		head: []string{"job", "name", "status", "ended", "failed", "cost", "created"}, whole: "job", flat: true,
		spare: []string{"cost", "age"},
	}
	if isPerson {
		t.head[6] = "age"
	}
	for _, job := range jobs {
		c := job.Counts
		ended := fmt.Sprintf("%d/%d", c.Succeeded+c.Failed+c.Canceled, job.RepositoryCount)
		failed, created := strconv.Itoa(c.Failed), job.CreatedAt.UTC().Format(time.RFC3339)
		if isPerson {
			created = age(p.now().Sub(job.CreatedAt))
			if c.Failed == 0 {
				failed = ""
			}
		}
		t.add(cell{text: job.JobID}, cell{text: job.Name}, cell{job.Status, styleOf(job.Status)}, cell{text: ended},
			cell{failed, red}, cell{text: cost(job.Usage.CostUSD)}, cell{text: created})
	}
	return t
}

// age shows a time to one unit: "42s", "3m", "2h", "5d".
func age(d time.Duration) string {
	switch d = max(0, d); {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm", int(d.Minutes()))
	case d < 48*time.Hour:
		return fmt.Sprintf("%dh", int(d.Hours()))
	default:
		return fmt.Sprintf("%dd", int(d.Hours()/24))
	}
}
