// Package awsbatch dispatches tasks to AWS Batch: one array job for each list of
// tasks, whose child N runs task N of a manifest that is kept as a document. A
// single task is a plain job.
//
// Nothing is remembered about a submission besides what AWS Batch and the
// documents know: a job's name leads to its manifest, so that whoever asks AWS
// Batch for the jobs of that name knows which child runs which task. Any process
// can cancel what another one dispatched, and a crash between SubmitJob and its
// answer is found out at the next dispatch.
package awsbatch

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/aws/retry"
	"github.com/aws/aws-sdk-go-v2/service/batch"
	"github.com/aws/smithy-go"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// arrayLimit is the most children that an array has (AWS Batch's service quotas).
const arrayLimit = 10_000

// tries is how often a request is made until its failure is one.
const tries = 8

// Options of a Dispatcher.
type Options struct {
	Queue      string // the job queue, by name or ARN
	Definition string // the job definition, by name, name:revision or ARN
	// Tags are put on each job besides "codybatch:job", which names ours.
	Tags map[string]string

	// Rate is how many requests a second change something, at most; 0 stands for
	// 50, which is AWS's limit for SubmitJob in an account.
	Rate int
	// Delay is the first pause before a request is tried again, which doubles each
	// time, up to 40 times as much; 0 stands for 500 ms.
	Delay time.Duration

	Now func() time.Time // nil: the clock of the machine
	Log *slog.Logger     // nil: nothing is logged
}

// Dispatcher implements codybatch.Dispatcher. All methods may be called at once.
// Its role needs batch:SubmitJob and batch:TagResource on the queue, the definition
// and the jobs, batch:TerminateJob on the jobs, and batch:ListJobs and
// batch:DescribeJobs, which AWS can't restrict.
//
// It can't tell apart a person's cancel and an instance that is taken away: both
// are a SIGTERM to the child, which learns of a cancel from the task's row.
type Dispatcher struct {
	Options
	client    *batch.Client
	artifacts codybatch.Artifacts
	pace      pace
}

// New makes a Dispatcher that keeps its manifests in artifacts. It asks for
// nothing yet.
func New(config aws.Config, artifacts codybatch.Artifacts, o Options) *Dispatcher {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Rate <= 0 {
		o.Rate = 50
	}
	if o.Delay <= 0 {
		o.Delay = 500 * time.Millisecond
	}
	client := batch.NewFromConfig(config, func(options *batch.Options) {
		options.Retryer = retry.NewStandard(func(standard *retry.StandardOptions) {
			standard.MaxAttempts, standard.MaxBackoff = tries, 40*o.Delay
		})
	})
	return &Dispatcher{Options: o, client: client, artifacts: artifacts, pace: pace{gap: time.Second / time.Duration(o.Rate)}}
}

// Ping tells whether the queue can be asked.
func (d *Dispatcher) Ping(ctx context.Context) error {
	_, err := d.client.ListJobs(ctx, &batch.ListJobsInput{JobQueue: &d.Queue, MaxResults: aws.Int32(1)})
	if err != nil {
		return fmt.Errorf("ask job queue %q: %w", d.Queue, d.explain(err))
	}
	return nil
}

// explain adds to an error of AWS Batch what to do about it.
func (d *Dispatcher) explain(err error) error {
	var api smithy.APIError
	if !errors.As(err, &api) {
		return err
	}
	switch api.ErrorCode() {
	case "ClientException":
		return fmt.Errorf("AWS Batch refuses; look at AWS_BATCH_JOB_QUEUE (%s) and AWS_BATCH_JOB_DEFINITION (%s): %w", d.Queue, d.Definition, err)
	case "AccessDeniedException":
		return fmt.Errorf("give the role batch:SubmitJob, batch:TagResource, batch:TerminateJob, batch:ListJobs and batch:DescribeJobs: %w", err)
	}
	return err
}

// pause waits before something is tried again for the n-th time, from 1: any time
// up to Delay, twice as much, four times …, so that several do not meet again.
func (d *Dispatcher) pause(ctx context.Context, n int) error {
	return sleep(ctx, rand.N(min(d.Delay<<(n-1), 40*d.Delay))+1)
}

func sleep(ctx context.Context, duration time.Duration) error {
	timer := time.NewTimer(duration)
	defer timer.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-timer.C:
		return nil
	}
}

// pace spreads requests over time.
type pace struct {
	gap time.Duration

	mu   sync.Mutex
	next time.Time
}

// wait returns when it is the caller's turn.
func (p *pace) wait(ctx context.Context) error {
	p.mu.Lock()
	now := time.Now()
	at := now
	if p.next.After(now) {
		at = p.next
	}
	p.next = at.Add(p.gap)
	p.mu.Unlock()
	if at.Equal(now) {
		return context.Cause(ctx)
	}
	return sleep(ctx, at.Sub(now))
}
