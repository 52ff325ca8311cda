package awsbatch

import (
	"context"
	"fmt"

	"github.com/aws/aws-sdk-go-v2/service/batch/types"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// Lost returns those of the given running tasks, each at its attempt, in order,
// that nothing in AWS Batch runs or is going to run any more: every job that was to
// is finished, or AWS Batch has forgotten it. The tasks may be of several jobs. Their
// rows must have been read before this is called, so that what runs is found.
//
// A task whose job waits to be tried again by AWS Batch is not lost: its lease says
// when somebody else may take over.
func (d *Dispatcher) Lost(ctx context.Context, running []codybatch.TaskRef) ([]codybatch.TaskRef, error) {
	asked := map[codybatch.JobID]map[attempt]bool{}
	for _, ref := range running {
		if asked[ref.Key.JobID] == nil {
			asked[ref.Key.JobID] = map[attempt]bool{}
		}
		asked[ref.Key.JobID][attemptOf(ref)] = true
	}
	alive := map[attempt]bool{}
	for id, attempts := range asked {
		if err := d.findAlive(ctx, id, attempts, alive); err != nil {
			return nil, fmt.Errorf("look for %d tasks of job %s in AWS Batch: %w", len(attempts), id, err)
		}
	}
	var lost []codybatch.TaskRef
	for _, ref := range running {
		if !alive[attemptOf(ref)] {
			lost = append(lost, ref)
		}
	}
	return lost, nil
}

// findAlive adds to alive those of a job's attempts for which a job is not finished.
func (d *Dispatcher) findAlive(ctx context.Context, id codybatch.JobID, asked, alive map[attempt]bool) error {
	if !jobIDPattern.MatchString(string(id)) {
		return nil
	}
	submissions, err := d.live(ctx, id)
	if err != nil {
		return err
	}
	children := map[string]attempt{}
	var ids []string
	for _, s := range submissions {
		for i, ref := range s.refs {
			a := attemptOf(ref)
			if !asked[a] || alive[a] {
				continue
			}
			if s.size == 0 || s.status == types.JobStatusSubmitted { // it is live itself, or its children are still to be made
				alive[a] = true
				continue
			}
			children[s.childID(i)] = a
			ids = append(ids, s.childID(i))
		}
	}
	known, err := d.describe(ctx, ids)
	if err != nil {
		return err
	}
	for child, a := range children {
		if job, ok := known[child]; ok && !isFinished(job.Status) {
			alive[a] = true
		}
	}
	return nil
}
