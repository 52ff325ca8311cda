package batchtest_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/batch"
	"github.com/aws/aws-sdk-go-v2/service/batch/types"

	"github.com/liamzdenek/cody-batch/internal/dispatch/awsbatch/batchtest"
)

// world is a server with the real client of it.
type world struct {
	*batchtest.Server
	t      *testing.T
	client *batch.Client
}

func newWorld(t *testing.T, o batchtest.Options) *world {
	t.Helper()
	o.Program = []string{os.Args[0]}
	s, err := batchtest.Start(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	url := s.URL()
	return &world{Server: s, t: t, client: batch.New(batch.Options{
		Region: batchtest.Region, BaseEndpoint: &url, Credentials: credentials.NewStaticCredentialsProvider("key", "secret", ""),
		Retryer: aws.NopRetryer{},
	})}
}

// submit submits a job whose program does something; with size 0 a plain one.
func (w *world) submit(size int, do string) string {
	w.t.Helper()
	in := &batch.SubmitJobInput{
		JobName: aws.String("job"), JobQueue: aws.String("queue"), JobDefinition: aws.String("definition"),
		ContainerOverrides: &types.ContainerOverrides{Environment: []types.KeyValuePair{{Name: aws.String(doVariable), Value: &do}}},
	}
	if size > 0 {
		in.ArrayProperties = &types.ArrayProperties{Size: aws.Int32(int32(size))}
	}
	out, err := w.client.SubmitJob(w.t.Context(), in)
	if err != nil {
		w.t.Fatal(err)
	}
	return aws.ToString(out.JobId)
}

func (w *world) context() context.Context {
	ctx, cancel := context.WithTimeout(w.t.Context(), 30*time.Second)
	w.t.Cleanup(cancel)
	return ctx
}

func (w *world) idle() {
	w.t.Helper()
	if err := w.AwaitIdle(w.context()); err != nil {
		w.t.Fatal(err)
	}
}

// await waits until a job has a status.
func (w *world) await(id string, status types.JobStatus) {
	w.t.Helper()
	if err := w.Await(w.context(), func([]batchtest.Job) bool { return w.job(id).Status == status }); err != nil {
		w.t.Fatal(err)
	}
}

// ready waits until a job's program has printed a line, and returns the line.
func (w *world) ready(id, start string) string {
	w.t.Helper()
	var found string
	err := w.Await(w.context(), func([]batchtest.Job) bool {
		for line := range strings.Lines(w.Log(id)) {
			if strings.HasPrefix(line, start) {
				found = strings.TrimSpace(line)
				return true
			}
		}
		return false
	})
	if err != nil {
		w.t.Fatalf("%s printed %q: %v", id, w.Log(id), err)
	}
	return found
}

func (w *world) job(id string) batchtest.Job {
	for _, j := range w.Jobs() {
		if j.ID == id {
			return j
		}
	}
	return batchtest.Job{}
}

func (w *world) describe(id string) types.JobDetail {
	w.t.Helper()
	out, err := w.client.DescribeJobs(w.t.Context(), &batch.DescribeJobsInput{Jobs: []string{id}})
	if err != nil || len(out.Jobs) != 1 {
		w.t.Fatalf("describe %s: %d jobs, %v", id, len(out.Jobs), err)
	}
	return out.Jobs[0]
}

func (w *world) terminate(id string) {
	w.t.Helper()
	if _, err := w.client.TerminateJob(w.t.Context(), &batch.TerminateJobInput{JobId: &id, Reason: aws.String("no more")}); err != nil {
		w.t.Fatal(err)
	}
}

// rules are those of the deployed job definition.
var rules = &types.RetryStrategy{Attempts: aws.Int32(3), EvaluateOnExit: []types.EvaluateOnExit{
	{Action: types.RetryActionRetry, OnStatusReason: aws.String("Host EC2*")},
	{Action: types.RetryActionRetry, OnExitCode: aws.String("75")},
	{Action: types.RetryActionExit, OnReason: aws.String("*")},
}}

// awaitGone waits until a process is no more, or only waits to be reaped.
func awaitGone(t *testing.T, pid int) {
	t.Helper()
	for deadline := time.Now().Add(10 * time.Second); ; {
		stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
		if err != nil && syscall.Kill(pid, 0) != nil || err == nil && bytes.Contains(stat, []byte(") Z ")) {
			return
		}
		if time.Now().After(deadline) {
			_ = syscall.Kill(pid, syscall.SIGKILL)
			t.Fatalf("process %d is still there", pid)
		}
		time.Sleep(5 * time.Millisecond) // nothing tells of a process that is not ours
	}
}
