package app

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/config"
	"github.com/liamzdenek/cody-batch/internal/dispatch/awsbatch"
	"github.com/liamzdenek/cody-batch/internal/worker"
)

// A worker on AWS Batch keeps its task for batchLease without a sign of life, of which
// it gives three in that time. After SIGTERM AWS Batch leaves 30 seconds; batchKeep of
// them are for what is to be kept.
const (
	batchLease = 2 * time.Minute
	batchKeep  = 20 * time.Second
)

// BatchJob is what AWS Batch tells a container of the job that it runs
// (https://docs.aws.amazon.com/batch/latest/userguide/job_env_vars.html).
type BatchJob struct {
	ID       string // "<array>:<index>" for a child of an array
	Attempt  int    // from 1: AWS Batch's, not the task's
	Index    int    // the place in the manifest
	Manifest codybatch.ArtifactKey
}

// ReadBatchJob reads it from the environment.
func ReadBatchJob(lookup func(string) (string, bool)) (BatchJob, error) {
	job := BatchJob{}
	var problems []error
	text := func(name string) string {
		value, _ := lookup(name)
		return value
	}
	number := func(name string, least, otherwise int) int {
		value := text(name)
		if value == "" && otherwise >= 0 {
			return otherwise
		}
		n, err := strconv.Atoi(value)
		if err != nil || n < least {
			problems = append(problems, fmt.Errorf("%s: %.100q is no number from %d up; AWS Batch sets it", name, value, least))
		}
		return n
	}
	if job.ID = text("AWS_BATCH_JOB_ID"); job.ID == "" {
		problems = append(problems, errors.New("AWS_BATCH_JOB_ID: is not set; this program is started by AWS Batch"))
	}
	job.Attempt = number("AWS_BATCH_JOB_ATTEMPT", 1, -1)
	job.Index = number(awsbatch.IndexVariable, 0, 0)
	job.Manifest = codybatch.ArtifactKey(text(config.Manifest))
	return job, errors.Join(problems...)
}

// worker names the worker that runs an attempt of a job of AWS Batch.
func (j BatchJob) worker() string { return fmt.Sprintf("%s#%d", j.ID, j.Attempt) }

// isWorkerOf reports whether a worker ran an attempt of the job with that id.
func isWorkerOf(worker, batchID string) bool { return strings.HasPrefix(worker, batchID+"#") }

// RunBatchJob runs the task that a job of AWS Batch stands for. A task that is somebody
// else's, or is over, is no error. ErrStopped says that ctx ended before the task did,
// whatever the job was about by then, and that AWS Batch should try again: the task is
// queued, or still said to be this job's, which the next try takes it from. Any other
// error says that nothing was recorded of it, or not the end.
func RunBatchJob(ctx context.Context, o Options, job BatchJob) error {
	err := runBatchJob(ctx, o, job)
	switch {
	case errors.Is(err, codybatch.ErrConflict), errors.Is(err, codybatch.ErrNotNow):
		o.Log.InfoContext(ctx, "left to somebody else, or to a later time", "reason", err)
		return nil // a task that has to wait is queued, and the sweep sends it again
	case !errors.Is(context.Cause(ctx), codybatch.ErrStopped), errors.Is(err, codybatch.ErrStopped):
		return err
	case err != nil:
		return fmt.Errorf("%w (%w)", codybatch.ErrStopped, err)
	default:
		return codybatch.ErrStopped
	}
}

func runBatchJob(ctx context.Context, o Options, job BatchJob) error {
	a := &App{}
	var err error
	if a.Allow, err = codybatch.ParseAllowList(o.Config.AllowedRepositories); err != nil {
		return fmt.Errorf("%s: %w", config.AllowedRepositories, err)
	}
	if o.Config, err = readParameters(ctx, o.Config, true); err != nil {
		return err
	}
	if a.prices, err = readPrices(o.Config.ClaudePrices); err != nil {
		return err
	}
	forge, err := openForge(o)
	if err != nil {
		return err
	}
	if a.storage, err = openStorage(ctx, o); err != nil {
		return err
	}
	work, _, err := a.worker(ctx, o, forge, worker.Options{Lease: batchLease, Keep: batchKeep, NewToken: job.worker})
	if err != nil {
		return err
	}
	manifest, err := awsbatch.ReadManifest(ctx, a.storage.artifacts, job.Manifest)
	if err != nil {
		return err
	}
	ref, err := manifest.Ref(job.Index)
	if err != nil {
		return err
	}
	if ref, err = a.takeOver(ctx, ref, job, o.Now); err != nil {
		return err
	}
	return work.Run(ctx, ref)
}

// takeOver takes the task from an earlier try of the same job of AWS Batch, which had
// no time to give it back.
func (a *App) takeOver(ctx context.Context, ref codybatch.TaskRef, job BatchJob, now func() time.Time) (codybatch.TaskRef, error) {
	if job.Attempt == 1 {
		return ref, nil
	}
	task, err := a.storage.store.Task(ctx, ref.Key)
	if err != nil {
		return ref, fmt.Errorf("read %s: %w", ref.Key, err)
	}
	if task.Status != codybatch.TaskRunning || !isWorkerOf(task.Worker, job.ID) {
		return ref, nil
	}
	gone, attempt := task.Worker, task.Attempt
	task, err = codybatch.Update(ctx, a.storage.store, ref.Key, func(t codybatch.Task) (codybatch.Task, error) { return t.WorkerLost(gone, attempt, now()) })
	if errors.Is(err, codybatch.ErrConflict) {
		return ref, nil
	}
	return task.Ref(), err
}

// JobEnded takes the news of EventBridge that a job of AWS Batch has failed. If its task
// is still running, it is queued again; news that come twice, late or of others change
// nothing.
func (a *App) JobEnded(ctx context.Context, event []byte) error {
	change, err := awsbatch.ParseStateChange(event)
	switch {
	case errors.Is(err, awsbatch.ErrNotOurs):
		return nil
	case err != nil:
		return err
	}
	ref, err := change.Ref(ctx, a.storage.artifacts)
	switch {
	case errors.Is(err, codybatch.ErrNotFound): // the job is older than its documents are kept
		return nil
	case err != nil:
		return err
	}
	a.options.Log.WarnContext(ctx, "a job of AWS Batch failed", "id", change.BatchID, "task", ref.Key.String(), "reason", change.Reason)
	return a.Service.WorkerGone(ctx, ref.Key, func(worker string) bool { return isWorkerOf(worker, change.BatchID) })
}

// Sweep picks up what no event told of: leases that ran out, and queued tasks that AWS
// Batch has no job for.
func (a *App) Sweep(ctx context.Context) error {
	sent, err := a.Service.Reconcile(ctx, queuePatience)
	if err == nil && sent > 0 {
		a.options.Log.InfoContext(ctx, "looked after queued tasks", "tasks", sent)
	}
	return err
}
