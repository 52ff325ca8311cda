package awsbatch

import (
	"context"
	"errors"
	"fmt"
	"sync"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/batch"
	"github.com/aws/aws-sdk-go-v2/service/batch/types"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const (
	// othersLimit is how many children that stay are looked at one by one to find
	// out whether they are ending as well, and the array can be ended as a whole.
	othersLimit = 1_000
	// terminators is how many requests are under way at once.
	terminators = 4
)

// terminateReason is what AWS Batch shows.
const terminateReason = "canceled in Cody Batch"

// Cancel terminates what runs or waits for the tasks, at any attempt: an array with
// one request if nothing else of it is left, else child by child, those that run
// first. A task that AWS Batch knows nothing of is no error.
func (d *Dispatcher) Cancel(ctx context.Context, keys []codybatch.TaskKey) error {
	byJob := map[codybatch.JobID]map[codybatch.TaskKey]bool{}
	for _, key := range keys {
		if !jobIDPattern.MatchString(string(key.JobID)) {
			continue // no submission can have that name
		}
		if byJob[key.JobID] == nil {
			byJob[key.JobID] = map[codybatch.TaskKey]bool{}
		}
		byJob[key.JobID][key] = true
	}
	var failures []error
	for id, wanted := range byJob {
		if err := d.cancelJob(ctx, id, wanted); err != nil {
			failures = append(failures, fmt.Errorf("cancel %d tasks of job %s in AWS Batch: %w", len(wanted), id, err))
		}
	}
	return errors.Join(failures...)
}

func (d *Dispatcher) cancelJob(ctx context.Context, id codybatch.JobID, wanted map[codybatch.TaskKey]bool) error {
	submissions, err := d.live(ctx, id)
	if err != nil {
		return err
	}
	for _, s := range submissions {
		ids, err := d.toTerminate(ctx, s, wanted)
		if err != nil {
			return err
		}
		if err := d.terminate(ctx, ids); err != nil {
			return err
		}
	}
	return nil
}

// toTerminate lists the jobs of a submission that are to end, in order.
func (d *Dispatcher) toTerminate(ctx context.Context, s submission, wanted map[codybatch.TaskKey]bool) ([]string, error) {
	isTouched := false
	for _, ref := range s.refs {
		isTouched = isTouched || wanted[ref.Key]
	}
	if !isTouched || s.isEnding {
		return nil, nil
	}
	open, err := d.without(ctx, s, types.JobStatusSucceeded, types.JobStatusFailed)
	if err != nil {
		return nil, err
	}
	var others []string
	var ending []int
	for i, ref := range s.refs {
		switch {
		case !open[i]:
		case wanted[ref.Key]:
			ending = append(ending, i)
		default:
			others = append(others, s.childID(i))
		}
	}
	if len(ending) == 0 {
		return nil, nil
	}
	if ends, err := d.areEnding(ctx, others); err != nil || ends {
		return []string{s.batchID}, err
	}
	running, err := d.children(ctx, s, types.JobStatusStarting, types.JobStatusRunning)
	if err != nil {
		return nil, err
	}
	var first, rest []string
	for _, i := range ending {
		if running[i] {
			first = append(first, s.childID(i))
		} else {
			rest = append(rest, s.childID(i))
		}
	}
	return append(first, rest...), nil
}

// areEnding tells whether jobs are finished, or terminated but not through. Of too
// many it is not asked.
func (d *Dispatcher) areEnding(ctx context.Context, ids []string) (bool, error) {
	if len(ids) > othersLimit {
		return false, nil
	}
	known, err := d.describe(ctx, ids)
	if err != nil {
		return false, err
	}
	for _, id := range ids {
		job, ok := known[id]
		if !ok || !isFinished(job.Status) && !aws.ToBool(job.IsTerminated) && !aws.ToBool(job.IsCancelled) {
			return false, nil
		}
	}
	return true, nil
}

// terminate ends jobs, wherever they stand. One that can't be ended does not keep
// the others from it.
func (d *Dispatcher) terminate(ctx context.Context, ids []string) error {
	var mu sync.Mutex
	var failures []error
	queue := make(chan string)
	var group sync.WaitGroup
	for range min(terminators, len(ids)) {
		group.Go(func() {
			for id := range queue {
				if err := d.terminateOne(ctx, id); err != nil {
					mu.Lock()
					failures = append(failures, err)
					mu.Unlock()
				}
			}
		})
	}
	for _, id := range ids {
		if ctx.Err() != nil {
			break
		}
		queue <- id
	}
	close(queue)
	group.Wait()
	if ctx.Err() != nil {
		return fmt.Errorf("not all of %d jobs were terminated: %w", len(ids), context.Cause(ctx))
	}
	if len(failures) > 3 { // one reason is like another
		failures = append(failures[:3], fmt.Errorf("and %d more", len(failures)-3))
	}
	return errors.Join(failures...)
}

func (d *Dispatcher) terminateOne(ctx context.Context, id string) error {
	if err := d.pace.wait(ctx); err != nil {
		return err
	}
	_, err := d.client.TerminateJob(ctx, &batch.TerminateJobInput{JobId: &id, Reason: aws.String(terminateReason)})
	if err != nil {
		return fmt.Errorf("terminate %s: %w", id, d.explain(err))
	}
	return nil
}
