package awsbatch

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/batch"
	"github.com/aws/aws-sdk-go-v2/service/batch/types"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// submission is a job in AWS Batch that a Dispatcher has submitted, of this process
// or of another.
type submission struct {
	batchID  string
	name     string
	manifest codybatch.ArtifactKey
	status   types.JobStatus

	// What live finds out besides.
	size     int // of the array; 0: a plain job
	created  time.Time
	isEnding bool // somebody has canceled or terminated it
	refs     []codybatch.TaskRef
}

// isLive tells whether anything of it can still run.
func (s submission) isLive() bool { return !isFinished(s.status) }

func isFinished(status types.JobStatus) bool {
	return status == types.JobStatusSucceeded || status == types.JobStatusFailed
}

// childID is the job that runs the task at a place of the manifest.
func (s submission) childID(index int) string {
	if s.size == 0 {
		return s.batchID
	}
	return fmt.Sprintf("%s:%d", s.batchID, index)
}

// list finds all submissions of a job that AWS Batch still knows, by their names.
func (d *Dispatcher) list(ctx context.Context, id codybatch.JobID) ([]submission, error) {
	var submissions []submission
	pages := batch.NewListJobsPaginator(d.client, &batch.ListJobsInput{
		JobQueue: &d.Queue,
		Filters:  []types.KeyValuesPair{{Name: aws.String("JOB_NAME"), Values: []string{fmt.Sprintf("%s%s-*", namePrefix, id)}}},
	})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, fmt.Errorf("list the jobs in AWS Batch: %w", d.explain(err))
		}
		for _, summary := range page.JobSummaryList {
			owner, digest, ok := splitName(aws.ToString(summary.JobName))
			if !ok || owner != id { // AWS compares without regard to case
				continue
			}
			submissions = append(submissions, submission{
				batchID: aws.ToString(summary.JobId), name: aws.ToString(summary.JobName), manifest: codybatch.ManifestKey(id, digest),
				status: summary.Status,
			})
		}
	}
	return submissions, nil
}

// live finds the submissions of a job that are not finished, with their tasks.
// Without its manifest a submission runs nothing, so that it is left out.
func (d *Dispatcher) live(ctx context.Context, id codybatch.JobID) ([]submission, error) {
	all, err := d.list(ctx, id)
	if err != nil {
		return nil, err
	}
	var ids []string
	for _, s := range all {
		if s.isLive() {
			ids = append(ids, s.batchID)
		}
	}
	known, err := d.describe(ctx, ids)
	if err != nil {
		return nil, err
	}
	var live []submission
	for _, s := range all {
		detail, ok := known[s.batchID]
		if !ok || isFinished(detail.Status) { // meanwhile
			continue
		}
		s.status, s.created = detail.Status, time.UnixMilli(aws.ToInt64(detail.CreatedAt))
		if detail.ArrayProperties != nil {
			s.size = int(aws.ToInt32(detail.ArrayProperties.Size))
		}
		s.isEnding = aws.ToBool(detail.IsTerminated) || aws.ToBool(detail.IsCancelled)
		m, err := ReadManifest(ctx, d.artifacts, s.manifest)
		if errors.Is(err, codybatch.ErrNotFound) {
			d.Log.WarnContext(ctx, "a job in AWS Batch has lost its manifest; it will run nothing", "job", id, "batchJob", s.batchID)
			continue
		}
		if err != nil {
			return nil, err
		}
		if s.size > 0 && s.size != m.Len() || s.size == 0 && m.Len() != 1 {
			d.Log.WarnContext(ctx, "a job in AWS Batch is not of the size of its manifest; somebody else made it", "job", id, "batchJob", s.batchID)
			continue
		}
		s.refs = m.refs
		live = append(live, s)
	}
	return live, nil
}

// remembered is how long AWS Batch surely knows a finished job. The user guide says
// that it keeps them for days.
const remembered = 24 * time.Hour

// without tells which places of a submission have a job that is in none of the
// statuses. Children that AWS Batch has not made yet count, and those of an old array
// that it has forgotten do not: only finished ones are forgotten.
func (d *Dispatcher) without(ctx context.Context, s submission, statuses ...types.JobStatus) (map[int]bool, error) {
	if s.size == 0 {
		return map[int]bool{0: !slices.Contains(statuses, s.status)}, nil
	}
	if d.Now().Sub(s.created) > remembered {
		others := slices.DeleteFunc(s.status.Values(), func(status types.JobStatus) bool { return slices.Contains(statuses, status) })
		return d.children(ctx, s, others...)
	}
	listed, err := d.children(ctx, s, statuses...)
	if err != nil {
		return nil, err
	}
	found := map[int]bool{}
	for i := range s.refs {
		if !listed[i] {
			found[i] = true
		}
	}
	return found, nil
}

// children tells which children of an array AWS Batch lists in one of the statuses,
// by their index. A plain job has no children.
func (d *Dispatcher) children(ctx context.Context, s submission, statuses ...types.JobStatus) (map[int]bool, error) {
	found := map[int]bool{}
	if s.size == 0 {
		return found, nil
	}
	for _, status := range statuses {
		pages := batch.NewListJobsPaginator(d.client, &batch.ListJobsInput{ArrayJobId: &s.batchID, JobStatus: status})
		for pages.HasMorePages() {
			page, err := pages.NextPage(ctx)
			if err != nil {
				return nil, fmt.Errorf("list the %s children of %s in AWS Batch: %w", status, s.batchID, d.explain(err))
			}
			for _, summary := range page.JobSummaryList {
				if summary.ArrayProperties != nil && summary.ArrayProperties.Index != nil {
					found[int(*summary.ArrayProperties.Index)] = true
				}
			}
		}
	}
	return found, nil
}

// describeLimit is how many jobs a request describes.
const describeLimit = 100

// describe returns the jobs that AWS Batch knows, by their ids.
func (d *Dispatcher) describe(ctx context.Context, ids []string) (map[string]types.JobDetail, error) {
	known := make(map[string]types.JobDetail, len(ids))
	for len(ids) > 0 {
		some := ids[:min(len(ids), describeLimit)]
		ids = ids[len(some):]
		out, err := d.client.DescribeJobs(ctx, &batch.DescribeJobsInput{Jobs: some})
		if err != nil {
			return nil, fmt.Errorf("describe %d jobs in AWS Batch: %w", len(some), d.explain(err))
		}
		for _, job := range out.Jobs {
			known[aws.ToString(job.JobId)] = job
		}
	}
	return known, nil
}
