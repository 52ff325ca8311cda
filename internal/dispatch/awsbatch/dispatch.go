package awsbatch

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/batch"
	"github.com/aws/aws-sdk-go-v2/service/batch/types"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// jobTag is the tag that names our job, for people and for costs.
const jobTag = "codybatch:job"

// Dispatch submits the tasks, in arrays of at most 10,000, that do not wait in AWS
// Batch already. It can be repeated after any failure: what was submitted is found
// by its name. A task that runs at the moment is submitted again, since its row may
// have been queued again meanwhile; the second child finds out by its claim.
//
// The tasks must be of one job.
func (d *Dispatcher) Dispatch(ctx context.Context, refs []codybatch.TaskRef) error {
	if len(refs) == 0 {
		return nil
	}
	id := refs[0].Key.JobID
	if err := d.dispatch(ctx, id, refs); err != nil {
		return fmt.Errorf("dispatch %d tasks of job %s to AWS Batch: %w", len(refs), id, err)
	}
	return nil
}

func (d *Dispatcher) dispatch(ctx context.Context, id codybatch.JobID, refs []codybatch.TaskRef) error {
	for chunk := range slices.Chunk(refs, arrayLimit) { // nothing is submitted if anything is wrong
		if _, err := newManifest(id, chunk); err != nil {
			return err
		}
	}
	before, err := d.live(ctx, id)
	if err != nil {
		return err
	}
	waiting, err := d.waiting(ctx, before)
	if err != nil {
		return err
	}
	var fresh []codybatch.TaskRef
	for _, ref := range refs {
		if a := attemptOf(ref); !waiting[a] {
			waiting[a] = true
			fresh = append(fresh, ref)
		}
	}
	for chunk := range slices.Chunk(fresh, arrayLimit) {
		m, err := newManifest(id, chunk)
		if err != nil {
			return err
		}
		if err := d.submit(ctx, m, before); err != nil {
			return err
		}
	}
	return nil
}

// attempt identifies a reference: its place in the job does not.
type attempt struct {
	key    codybatch.TaskKey
	number int
}

func attemptOf(ref codybatch.TaskRef) attempt { return attempt{ref.Key, ref.Attempt} }

// waiting tells which attempts of tasks wait in AWS Batch: those whose program has
// not begun.
func (d *Dispatcher) waiting(ctx context.Context, submissions []submission) (map[attempt]bool, error) {
	waiting := map[attempt]bool{}
	for _, s := range submissions {
		if s.isEnding {
			continue
		}
		places, err := d.without(ctx, s, types.JobStatusRunning, types.JobStatusFailed, types.JobStatusSucceeded)
		if err != nil {
			return nil, err
		}
		for i, ref := range s.refs {
			if places[i] {
				waiting[attemptOf(ref)] = true
			}
		}
	}
	return waiting, nil
}

// submit stores the manifest and submits its job. Before has what was submitted
// earlier.
func (d *Dispatcher) submit(ctx context.Context, m Manifest, before []submission) error {
	if err := d.artifacts.Put(ctx, m.key(), bytes.NewReader(m.document())); err != nil {
		return fmt.Errorf("store the manifest: %w", err)
	}
	in := &batch.SubmitJobInput{
		JobName: aws.String(m.name()), JobQueue: &d.Queue, JobDefinition: &d.Definition,
		ContainerOverrides: &types.ContainerOverrides{Environment: []types.KeyValuePair{
			{Name: aws.String(ManifestVariable), Value: aws.String(string(m.key()))},
		}},
		Tags: d.tags(m.JobID),
	}
	if m.Len() > 1 {
		in.ArrayProperties = &types.ArrayProperties{Size: aws.Int32(int32(m.Len()))}
	}
	for try := 1; ; try++ {
		batchID, err := d.submitOnce(ctx, in, m, before)
		if err == nil {
			d.Log.InfoContext(ctx, "submitted to AWS Batch", "job", m.JobID, "tasks", m.Len(), "batchJob", batchID)
			return nil
		}
		if try == tries || ctx.Err() != nil || retryable.IsErrorRetryable(err) != aws.TrueTernary {
			return fmt.Errorf("submit %s: %w", m.name(), d.explain(err))
		}
		d.Log.WarnContext(ctx, "AWS Batch did not take a submission; trying again", "job", m.JobID, "tasks", m.Len(), "error", err)
		if err := d.pause(ctx, try); err != nil {
			return err
		}
	}
}

var (
	retryable = retry.IsErrorRetryables(retry.DefaultRetryables)
	throttled = retry.IsErrorThrottles(retry.DefaultThrottles)
)

// submitOnce submits a job. SubmitJob has no token that makes it count once. So if
// an answer is lost, what was asked for is looked for by its name; and the SDK must
// not repeat the request by itself.
func (d *Dispatcher) submitOnce(ctx context.Context, in *batch.SubmitJobInput, m Manifest, before []submission) (string, error) {
	if err := d.pace.wait(ctx); err != nil {
		return "", err
	}
	out, err := d.client.SubmitJob(ctx, in, func(o *batch.Options) { o.Retryer = aws.NopRetryer{} })
	if err == nil {
		return aws.ToString(out.JobId), nil
	}
	if throttled.IsErrorThrottle(err) == aws.TrueTernary || retryable.IsErrorRetryable(err) != aws.TrueTernary {
		return "", err // it was surely not taken
	}
	now, listed := d.live(ctx, m.JobID)
	if listed != nil {
		return "", errors.Join(err, listed)
	}
	for _, s := range now {
		isOld := slices.ContainsFunc(before, func(old submission) bool { return old.batchID == s.batchID })
		if s.name == m.name() && !isOld && !s.isEnding {
			return s.batchID, nil
		}
	}
	return "", err
}

func (d *Dispatcher) tags(id codybatch.JobID) map[string]string {
	tags := maps.Clone(d.Tags)
	if tags == nil {
		tags = map[string]string{}
	}
	tags[jobTag] = string(id)
	return tags
}
