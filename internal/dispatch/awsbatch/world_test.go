package awsbatch_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/batch/types"

	"github.com/liamzdenek/cody-batch/internal/artifacts/dir"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/dispatch/awsbatch"
	"github.com/liamzdenek/cody-batch/internal/dispatch/awsbatch/batchtest"
	"github.com/liamzdenek/cody-batch/internal/dispatch/dispatchtest"
)

// world is a Dispatcher, the AWS Batch that it talks to, and its documents.
type world struct {
	t *testing.T
	*awsbatch.Dispatcher
	batch     *batchtest.Server
	artifacts *dir.Dir
	config    aws.Config
	started   chan codybatch.TaskRef
}

// newWorld makes one whose children do what the runner does; nil: they wait until
// they are told to stop.
func newWorld(t *testing.T, workers int, runner codybatch.Runner, change ...func(*batchtest.Options)) *world {
	t.Helper()
	w := &world{t: t, started: make(chan codybatch.TaskRef, 10_000)}
	folder := t.TempDir()
	var err error
	if w.artifacts, err = dir.Open(folder); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.artifacts.Close() })
	if runner == nil {
		runner = func(ctx context.Context, ref codybatch.TaskRef) error {
			w.started <- ref
			<-ctx.Done()
			return context.Cause(ctx)
		}
	}
	runs := serveRuns(t, runner)
	o := batchtest.Options{
		Program: []string{os.Args[0]}, Workers: workers,
		Environment: []string{fmt.Sprintf("%s=%s", folderVariable, folder), fmt.Sprintf("%s=%s", addressVariable, runs.listener.Addr())},
		Retry: &types.RetryStrategy{Attempts: aws.Int32(10), EvaluateOnExit: []types.EvaluateOnExit{
			{Action: types.RetryActionRetry, OnStatusReason: aws.String("Host EC2*")},
			{Action: types.RetryActionRetry, OnExitCode: aws.String("75")},
			{Action: types.RetryActionExit, OnReason: aws.String("*")},
		}},
	}
	for _, f := range change {
		f(&o)
	}
	if w.batch, err = batchtest.Start(o); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(w.batch.Close)
	t.Cleanup(func() {
		if refused := w.batch.Refused(); len(refused) > 0 {
			t.Errorf("AWS would refuse %q", refused)
		}
	})
	url := w.batch.URL()
	w.config = aws.Config{Region: batchtest.Region, BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("key", "secret", "")}
	w.Dispatcher = w.another(w.artifacts)
	return w
}

// another is the Dispatcher of another process.
func (w *world) another(artifacts codybatch.Artifacts) *awsbatch.Dispatcher {
	return awsbatch.New(w.config, artifacts, awsbatch.Options{Queue: "queue", Definition: "definition", Rate: 10_000, Delay: time.Millisecond})
}

// later is the Dispatcher of a process a day later, when AWS Batch may have forgotten
// what is finished.
func (w *world) later() *awsbatch.Dispatcher {
	return awsbatch.New(w.config, w.artifacts, awsbatch.Options{
		Queue: "queue", Definition: "definition", Rate: 10_000, Delay: time.Millisecond,
		Now: func() time.Time { return time.Now().Add(25 * time.Hour) },
	})
}

func TestDispatcherKeepsThePromises(t *testing.T) {
	t.Parallel()
	dispatchtest.Run(t, func(t *testing.T, run codybatch.Runner) codybatch.Dispatcher {
		return newWorld(t, dispatchtest.Workers, run).Dispatcher
	})
}

func (w *world) dispatch(refs ...codybatch.TaskRef) {
	w.t.Helper()
	if err := w.Dispatch(w.t.Context(), refs); err != nil {
		w.t.Fatal(err)
	}
}

func (w *world) cancel(refs ...codybatch.TaskRef) {
	w.t.Helper()
	if err := w.Cancel(w.t.Context(), keys(refs)); err != nil {
		w.t.Fatal(err)
	}
}

func keys(refs []codybatch.TaskRef) []codybatch.TaskKey {
	var all []codybatch.TaskKey
	for _, ref := range refs {
		all = append(all, ref.Key)
	}
	return all
}

// awaitStarts waits until n children run.
func (w *world) awaitStarts(n int) {
	w.t.Helper()
	for i := range n {
		select {
		case <-w.started:
		case <-time.After(30 * time.Second):
			w.t.Fatalf("%d of %d children started", i, n)
		}
	}
}

func (w *world) context() context.Context {
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	w.t.Cleanup(cancel)
	return ctx
}

func (w *world) idle() {
	w.t.Helper()
	if err := w.batch.AwaitIdle(w.context()); err != nil {
		w.t.Fatal(err)
	}
}

// submissions lists the jobs that were submitted: arrays and plain ones.
func (w *world) submissions() []batchtest.Job {
	var all []batchtest.Job
	for _, job := range w.batch.Jobs() {
		if !strings.Contains(job.ID, ":") {
			all = append(all, job)
		}
	}
	return all
}

// children counts the jobs that run a task, by status.
func (w *world) children() map[types.JobStatus]int {
	count := map[types.JobStatus]int{}
	for _, job := range w.batch.Jobs() {
		if !job.IsArray {
			count[job.Status]++
		}
	}
	return count
}

const jobID = codybatch.JobID("019ac000-7c1f-7000-8000-0123456789ab")

func ref(i int) codybatch.TaskRef {
	return codybatch.TaskRef{
		Key: codybatch.TaskKey{JobID: jobID, Repository: codybatch.RepositoryName(fmt.Sprintf("acme/r%d", i))}, Attempt: 1, Index: i,
	}
}

func refs(n int) []codybatch.TaskRef {
	var all []codybatch.TaskRef
	for i := range n {
		all = append(all, ref(i))
	}
	return all
}

// memory keeps documents for the tests of what is read.
type memory struct {
	codybatch.Artifacts
	mu        sync.Mutex
	documents map[codybatch.ArtifactKey]string
}

func (m *memory) Open(_ context.Context, key codybatch.ArtifactKey) (codybatch.Artifact, error) {
	m.mu.Lock()
	defer m.mu.Unlock()
	document, ok := m.documents[key]
	if !ok {
		return codybatch.Artifact{}, codybatch.ErrNotFound
	}
	return codybatch.Artifact{ReadCloser: io.NopCloser(bytes.NewReader([]byte(document))), Size: int64(len(document))}, nil
}
