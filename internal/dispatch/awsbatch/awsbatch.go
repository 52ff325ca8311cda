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
	"log/slog"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/batch"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// arrayLimit is the most children that an array has (AWS Batch's service quotas).
const arrayLimit = 10_000

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
	// time; 0 stands for 500 ms.
	Delay time.Duration

	Log *slog.Logger // nil: nothing is logged
}

// Dispatcher implements codybatch.Dispatcher. All methods may be called at once.
type Dispatcher struct {
	Options
	client    *batch.Client
	artifacts codybatch.Artifacts
}

// New makes a Dispatcher that keeps its manifests in artifacts. It asks for
// nothing yet.
func New(config aws.Config, artifacts codybatch.Artifacts, o Options) *Dispatcher {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	return &Dispatcher{Options: o, client: batch.NewFromConfig(config), artifacts: artifacts}
}

var errUnfinished = errors.New("not built yet")

// Dispatch submits the tasks that don't wait in AWS Batch already.
func (d *Dispatcher) Dispatch(ctx context.Context, refs []codybatch.TaskRef) error {
	return errUnfinished
}

// Cancel terminates the jobs of tasks, waiting or running.
func (d *Dispatcher) Cancel(ctx context.Context, keys []codybatch.TaskKey) error {
	return errUnfinished
}

// Lost returns those of the given running tasks, each at its attempt, that no job
// of AWS Batch runs or is going to run any more: all that were to are finished, or
// AWS Batch has forgotten them.
func (d *Dispatcher) Lost(ctx context.Context, running []codybatch.TaskRef) ([]codybatch.TaskRef, error) {
	return nil, errUnfinished
}

// Ping tells whether the queue can be asked.
func (d *Dispatcher) Ping(ctx context.Context) error { return errUnfinished }
