package batchtest_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/batch"
	"github.com/aws/aws-sdk-go-v2/service/batch/types"
	"github.com/aws/smithy-go"

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

func TestPrograms(t *testing.T) {
	t.Parallel()

	t.Run("of_an_array_have_the_environment_of_AWS_Batch", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, batchtest.Options{Environment: []string{"FROM=definition"}, Workers: 2})
		id := w.submit(3, "print")
		w.idle()
		for i := range 3 {
			child := fmt.Sprintf("%s:%d", id, i)
			got := strings.Split(strings.TrimSpace(w.Log(child)), "\n")
			slices.Sort(got)
			want := []string{
				"AWS_BATCH_CE_NAME=compute", "AWS_BATCH_JOB_ARRAY_INDEX=" + strconv.Itoa(i), "AWS_BATCH_JOB_ARRAY_SIZE=3",
				"AWS_BATCH_JOB_ATTEMPT=1", "AWS_BATCH_JOB_ID=" + child, "AWS_BATCH_JQ_NAME=queue", "BATCHTEST_DO=print", "FROM=definition",
			}
			if !slices.Equal(got, want) {
				t.Errorf("child %d has %q", i, got)
			}
		}
		if j := w.job(id); j.Status != types.JobStatusSucceeded || !j.IsArray {
			t.Errorf("the array is %v", j)
		}
		if summary := w.describe(id).ArrayProperties.StatusSummary; summary["SUCCEEDED"] != 3 || summary["FAILED"] != 0 {
			t.Errorf("it counts %v", summary)
		}
	})

	t.Run("of_a_plain_job_have_no_index", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, batchtest.Options{})
		id := w.submit(0, "print")
		w.idle()
		if log := w.Log(id); strings.Contains(log, "ARRAY") || !strings.Contains(log, "AWS_BATCH_JOB_ID="+id+"\n") {
			t.Errorf("it has %q", log)
		}
	})

	t.Run("run_no_more_at_once_than_there_are_workers", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, batchtest.Options{Workers: 2})
		id := w.submit(4, "wait")
		w.ready(id+":0", "ready")
		w.ready(id+":1", "ready")
		var got []types.JobStatus
		for i := range 4 {
			got = append(got, w.job(fmt.Sprintf("%s:%d", id, i)).Status)
		}
		if want := []types.JobStatus{"RUNNING", "RUNNING", "RUNNABLE", "RUNNABLE"}; !slices.Equal(got, want) {
			t.Errorf("they are %v", got)
		}
		if j := w.job(id); j.Status != types.JobStatusPending {
			t.Errorf("the array is %v", j)
		}
		w.terminate(id + ":0")
		w.ready(id+":2", "ready")
	})

	t.Run("that_can_not_be_started_fail", func(t *testing.T) {
		t.Parallel()
		s, err := batchtest.Start(batchtest.Options{Program: []string{"/there/is/none"}, Retry: rules})
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(s.Close)
		w := newWorld(t, batchtest.Options{})
		w.Server = s
		url := s.URL()
		w.client = batch.New(w.client.Options(), func(o *batch.Options) { o.BaseEndpoint = &url })
		id := w.submit(0, "exit 0")
		w.idle()
		if j := w.describe(id); j.Status != types.JobStatusFailed || !strings.HasPrefix(aws.ToString(j.Container.Reason), "CannotStartContainerError") {
			t.Errorf("it is %s, %v", j.Status, aws.ToString(j.Container.Reason))
		}
	})
}

func TestRetries(t *testing.T) {
	t.Parallel()

	for name, test := range map[string]struct {
		do       string
		status   types.JobStatus
		attempts int
	}{
		"a_program_that_asks_for_it_is_run_again": {"again 3", types.JobStatusSucceeded, 3},
		"but_not_for_ever":                        {"again 9", types.JobStatusFailed, 3},
		"a_program_that_fails_is_not":             {"exit 1", types.JobStatusFailed, 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, batchtest.Options{Retry: rules})
			id := w.submit(0, test.do)
			w.idle()
			j := w.describe(id)
			if j.Status != test.status || len(j.Attempts) != test.attempts {
				t.Errorf("it is %s after %d attempts", j.Status, len(j.Attempts))
			}
		})
	}

	t.Run("a_reclaimed_job_is_run_again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, batchtest.Options{Retry: rules})
		id := w.submit(2, "wait") + ":0"
		w.ready(id, "ready")
		if !w.Reclaim(id) || w.Reclaim("stranger") {
			t.Error("it was not running, or a stranger was")
		}
		w.ready(id, "stopping")
		if err := w.Await(w.context(), func([]batchtest.Job) bool { return len(w.describe(id).Attempts) == 1 }); err != nil {
			t.Fatal(err)
		}
		a := w.describe(id).Attempts[0]
		if !strings.HasPrefix(aws.ToString(a.StatusReason), "Host EC2 (instance ") {
			t.Errorf("its attempt ended with %q", aws.ToString(a.StatusReason))
		}
		w.await(id, types.JobStatusRunnable) // the other child has its turn
	})

	t.Run("a_killed_job_has_status_137", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, batchtest.Options{Retry: rules})
		id := w.submit(0, "wait")
		w.ready(id, "ready")
		w.Kill(id)
		w.idle()
		if j := w.describe(id); j.Status != types.JobStatusFailed || aws.ToInt32(j.Container.ExitCode) != 137 || len(j.Attempts) != 1 {
			t.Errorf("it is %s with %v", j.Status, j.Container.ExitCode)
		}
	})

	t.Run("a_program_can_be_killed_at_a_line_that_it_prints", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, batchtest.Options{})
		w.KillAt("read")
		first, second := w.submit(0, "wait"), w.submit(0, "exit 0")
		w.idle()
		if a, b := w.job(first), w.job(second); a.ExitCode == nil || *a.ExitCode != 137 || b.Status != types.JobStatusSucceeded {
			t.Errorf("they are %v and %v", a, b)
		}
	})
}

func TestEnds(t *testing.T) {
	t.Parallel()

	t.Run("terminating_an_array_ends_all_children", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, batchtest.Options{Retry: rules})
		id := w.submit(3, "wait")
		w.ready(id+":0", "ready")
		w.terminate(id)
		w.terminate(id) // twice is no error
		w.idle()
		for i := range 3 {
			child := fmt.Sprintf("%s:%d", id, i)
			j := w.describe(child)
			if j.Status != types.JobStatusFailed || aws.ToString(j.StatusReason) != "no more" || !aws.ToBool(j.IsTerminated) {
				t.Errorf("child %d is %s, %s", i, j.Status, aws.ToString(j.StatusReason))
			}
			if started := w.Log(child) != ""; started != (i == 0) {
				t.Errorf("child %d printed %q", i, w.Log(child))
			}
		}
		if j := w.describe(id); j.Status != types.JobStatusFailed || !aws.ToBool(j.IsTerminated) {
			t.Errorf("the array is %s", j.Status)
		}
		w.terminate("stranger")
	})

	t.Run("canceling_leaves_what_runs_alone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, batchtest.Options{})
		id := w.submit(2, "wait")
		w.ready(id+":0", "ready")
		if _, err := w.client.CancelJob(t.Context(), &batch.CancelJobInput{JobId: &id, Reason: aws.String("no more")}); err != nil {
			t.Fatal(err)
		}
		if a, b := w.job(id+":0"), w.job(id+":1"); a.Status != types.JobStatusRunning || b.Status != types.JobStatusFailed {
			t.Errorf("they are %v and %v", a, b)
		}
	})

	t.Run("a_program_that_does_not_stop_is_killed_with_all_that_it_started", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, batchtest.Options{Grace: 50 * time.Millisecond})
		id := w.submit(0, "stubborn")
		_, text, _ := strings.Cut(w.ready(id, "child "), " ")
		child, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		w.terminate(id)
		w.idle()
		if j := w.job(id); j.ExitCode == nil || *j.ExitCode != 137 {
			t.Errorf("it ended as %v", j)
		}
		awaitGone(t, child)
	})

	t.Run("closing_ends_what_runs", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, batchtest.Options{})
		id := w.submit(0, "stubborn")
		_, text, _ := strings.Cut(w.ready(id, "child "), " ")
		child, err := strconv.Atoi(text)
		if err != nil {
			t.Fatal(err)
		}
		w.Close()
		awaitGone(t, child)
	})

	t.Run("a_time_out_is_not_tried_again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, batchtest.Options{Timeout: 300 * time.Millisecond, Retry: rules})
		id := w.submit(0, "wait")
		w.idle()
		if j := w.describe(id); j.Status != types.JobStatusFailed || !strings.Contains(aws.ToString(j.StatusReason), "timeout") || len(j.Attempts) != 1 {
			t.Errorf("it is %s, %s, after %d attempts", j.Status, aws.ToString(j.StatusReason), len(j.Attempts))
		}
	})

	t.Run("what_is_finished_can_be_forgotten", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, batchtest.Options{Workers: 3})
		done, running := w.submit(2, "exit 0"), w.submit(0, "wait")
		w.await(done, types.JobStatusSucceeded)
		w.ready(running, "ready")
		w.Forget()
		out, err := w.client.DescribeJobs(t.Context(), &batch.DescribeJobsInput{Jobs: []string{done, done + ":0", running}})
		if err != nil || len(out.Jobs) != 1 || aws.ToString(out.Jobs[0].JobId) != running {
			t.Errorf("got %v, %v", out, err)
		}
	})
}

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

func TestListing(t *testing.T) {
	t.Parallel()
	w := newWorld(t, batchtest.Options{})
	big := w.submit(1_200, "wait")
	small := w.submit(2, "wait")
	count := func(in *batch.ListJobsInput) (int, int) {
		t.Helper()
		jobs, pages := 0, 0
		for p := batch.NewListJobsPaginator(w.client, in); p.HasMorePages(); pages++ {
			page, err := p.NextPage(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			jobs += len(page.JobSummaryList)
		}
		return jobs, pages
	}
	queue := aws.String("queue")
	name := func(pattern string) []types.KeyValuesPair {
		return []types.KeyValuesPair{{Name: aws.String("JOB_NAME"), Values: []string{pattern}}}
	}
	for what, test := range map[string]struct {
		in          *batch.ListJobsInput
		jobs, pages int
	}{
		"waiting children":   {&batch.ListJobsInput{ArrayJobId: &big, JobStatus: types.JobStatusRunnable}, 1_199, 2},
		"running children":   {&batch.ListJobsInput{ArrayJobId: &big}, 1, 1},
		"in smaller pages":   {&batch.ListJobsInput{ArrayJobId: &big, JobStatus: types.JobStatusRunnable, MaxResults: aws.Int32(300)}, 1_199, 4},
		"arrays":             {&batch.ListJobsInput{JobQueue: queue, JobStatus: types.JobStatusPending}, 2, 1},
		"running in a queue": {&batch.ListJobsInput{JobQueue: queue}, 0, 1},
		"by name":            {&batch.ListJobsInput{JobQueue: queue, Filters: name("JO*")}, 2, 1},
		"by another name":    {&batch.ListJobsInput{JobQueue: queue, Filters: name("jobs")}, 0, 1},
		"of a stranger":      {&batch.ListJobsInput{ArrayJobId: aws.String("stranger"), JobStatus: types.JobStatusRunnable}, 0, 1},
	} {
		if jobs, pages := count(test.in); jobs != test.jobs || pages != test.pages {
			t.Errorf("%s: %d jobs on %d pages", what, jobs, pages)
		}
	}
	out, err := w.client.ListJobs(t.Context(), &batch.ListJobsInput{JobQueue: queue, Filters: name("job")})
	if err != nil || aws.ToString(out.JobSummaryList[0].JobId) != small || aws.ToInt32(out.JobSummaryList[0].ArrayProperties.Size) != 2 {
		t.Errorf("the newest is not the first: %v, %v", out, err)
	}
}

func TestEvents(t *testing.T) {
	t.Parallel()
	type event struct {
		DetailType string `json:"detail-type"`
		Detail     struct {
			JobID           string `json:"jobId"`
			Status          string `json:"status"`
			ArrayProperties struct{ Index *int }
			Container       struct {
				Environment []struct{ Name, Value string }
			}
		}
	}
	collect := func(o batchtest.Options) (func() []string, *world) {
		var mu sync.Mutex
		var got []string
		o.Events = func(data []byte) {
			var e event
			if err := json.Unmarshal(data, &e); err != nil || e.DetailType != "Batch Job State Change" {
				t.Errorf("got %s, %v", data, err)
			}
			_, index, isChild := strings.Cut(e.Detail.JobID, ":")
			if isChild && (e.Detail.ArrayProperties.Index == nil || strconv.Itoa(*e.Detail.ArrayProperties.Index) != index ||
				len(e.Detail.Container.Environment) != 1 || e.Detail.Container.Environment[0].Value != "exit 1") {
				t.Errorf("got %s", data)
			}
			mu.Lock()
			defer mu.Unlock()
			got = append(got, strings.TrimSpace(index+" "+e.Detail.Status))
		}
		w := newWorld(t, o)
		return func() []string {
			mu.Lock()
			defer mu.Unlock()
			return slices.Clone(got)
		}, w
	}
	want := []string{
		"PENDING", "0 RUNNABLE", "1 RUNNABLE", "0 STARTING", "0 RUNNING", "0 FAILED", "1 STARTING", "1 RUNNING", "1 FAILED", "FAILED",
	}

	t.Run("tell_of_every_change_but_the_submission", func(t *testing.T) {
		t.Parallel()
		got, w := collect(batchtest.Options{})
		w.submit(2, "exit 1")
		w.idle()
		if !slices.Equal(got(), want) {
			t.Errorf("got %q", got())
		}
	})

	t.Run("come_again_and_in_any_order", func(t *testing.T) {
		t.Parallel()
		got, w := collect(batchtest.Options{Repeat: 2, Rand: rand.New(rand.NewPCG(1, 2))})
		w.HoldEvents()
		w.submit(2, "exit 1")
		w.idle()
		if len(got()) != 0 {
			t.Errorf("got %q", got())
		}
		w.ReleaseEvents()
		w.idle()
		all := got()
		if slices.IsSorted(all) || slices.Equal(slices.Compact(slices.Clone(all)), want) {
			t.Errorf("they came in order: %q", all)
		}
		slices.Sort(all)
		threefold := slices.Repeat(want, 3)
		slices.Sort(threefold)
		if !slices.Equal(all, threefold) {
			t.Errorf("got %q", all)
		}
	})
}

func TestFaults(t *testing.T) {
	t.Parallel()
	w := newWorld(t, batchtest.Options{})
	in := &batch.SubmitJobInput{JobName: aws.String("job"), JobQueue: aws.String("queue"), JobDefinition: aws.String("definition"),
		ContainerOverrides: &types.ContainerOverrides{Environment: []types.KeyValuePair{{Name: aws.String(doVariable), Value: aws.String("exit 0")}}}}
	w.Fail("SubmitJob", 1, batchtest.Fault{Status: http.StatusTooManyRequests, Code: "TooManyRequestsException"})
	var api smithy.APIError
	if _, err := w.client.SubmitJob(t.Context(), in); !errors.As(err, &api) || api.ErrorCode() != "TooManyRequestsException" {
		t.Errorf("got %v", err)
	}
	if n := len(w.Jobs()); n != 0 {
		t.Errorf("%d jobs were made", n)
	}
	w.Fail("", 1, batchtest.Fault{Done: true})
	if _, err := w.client.SubmitJob(t.Context(), in); err == nil || errors.As(err, &api) && api.ErrorCode() == "ClientException" {
		t.Errorf("got %v", err)
	}
	if n := len(w.Jobs()); n != 1 {
		t.Errorf("%d jobs were made", n)
	}
	if _, err := w.client.SubmitJob(t.Context(), in); err != nil {
		t.Error(err)
	}
	if n := w.Requests()["SubmitJob"]; n != 3 || len(w.Refused()) != 0 {
		t.Errorf("%d requests, refused %q", n, w.Refused())
	}
	w.idle()
}

func TestRequestsThatAWSWouldRefuse(t *testing.T) {
	t.Parallel()
	w := newWorld(t, batchtest.Options{})
	const job = `"jobName":"a","jobQueue":"queue","jobDefinition":"definition"`
	hundred := strings.TrimSuffix(strings.Repeat(`"x",`, 101), ",")
	requests := map[string]string{ // with what the answer says
		`submitjob {"jobName":"a","jobQueue":"queue"}`:                                                                  "jobDefinition is missing",
		`submitjob {` + job + `,"size":3}`:                                                                              "no member size",
		`submitjob {` + job + `,"arrayProperties":{"size":"3"}}`:                                                        "size: is no number",
		`submitjob {` + job + `,"arrayProperties":{"size":3.5}}`:                                                        "is no integer",
		`submitjob {` + job + `,"arrayProperties":{"size":1}}`:                                                          "between 2 and 10000",
		`submitjob {` + job + `,"arrayProperties":{"size":10001}}`:                                                      "between 2 and 10000",
		`submitjob {` + job + `,"arrayProperties":{}}`:                                                                  "between 2 and 10000",
		`submitjob {` + job + `,"tags":{}}`:                                                                             "has 0 entries",
		`submitjob {` + job + `,"tags":{"":"x"}}`:                                                                       "has 0 characters",
		`submitjob {` + job + `,"parameters":["x"]}`:                                                                    "is no map",
		`submitjob {` + job + `,"containerOverrides":{"environment":[{"key":"x"}]}}`:                                    "environment[0]: there is no member key",
		`submitjob {` + job + `,"containerOverrides":{"environment":{"name":"x"}}}`:                                     "is no list",
		`submitjob {` + job + `,"containerOverrides":{"environment":[{"name":"AWS_BATCH_X","value":"x"}]}}`:             "can't be named",
		`submitjob {` + job + `,"retryStrategy":{"attempts":11}}`:                                                       "1 to 10 attempts",
		`submitjob {` + job + `,"retryStrategy":{"attempts":2,"evaluateOnExit":[{"action":"AGAIN","onReason":"*"}]}}`:   "none of",
		`submitjob {` + job + `,"retryStrategy":{"attempts":2,"evaluateOnExit":[{"onReason":"*"}]}}`:                    "action is missing",
		`submitjob {` + job + `,"retryStrategy":{"attempts":2,"evaluateOnExit":[{"action":"RETRY","onExitCode":"x"}]}}`: "not valid",
		`submitjob {` + job + `,"timeout":{"attemptDurationSeconds":59}}`:                                               "at least 60",
		`submitjob {` + job + `,"propagateTags":"yes"}`:                                                                 "is no boolean",
		`submitjob {` + job + `,"dependsOn":[{"jobId":"x"}]}`:                                                           "no dependencies",
		`submitjob {"jobName":"a.b","jobQueue":"queue","jobDefinition":"definition"}`:                                   "job name",
		`submitjob {"jobName":"a","jobQueue":"other","jobDefinition":"definition"}`:                                     "queue other does not exist",
		`submitjob {"jobName":"a","jobQueue":"queue","jobDefinition":"other"}`:                                          "definition other does not exist",
		`submitjob [1]`:   "is no structure",
		`submitjob {`:     "no JSON",
		`submitjob {} {}`: "no JSON",
		`describejobs {"jobs":[` + hundred + `]}`:                                    "at most 100",
		`describejobs {"jobs":[1]}`:                                                  "jobs[0]: is no string",
		`listjobs {}`:                                                                "one of jobQueue",
		`listjobs {"jobQueue":"queue","arrayJobId":"x"}`:                             "one of jobQueue",
		`listjobs {"jobQueue":"queue","jobStatus":"X"}`:                              "none of",
		`listjobs {"jobQueue":"queue","maxResults":0}`:                               "at least 1",
		`listjobs {"jobQueue":"queue","nextToken":"x"}`:                              "nextToken",
		`listjobs {"jobQueue":"other"}`:                                              "does not exist",
		`listjobs {"arrayJobId":"x","filters":[{"name":"JOB_NAME","values":["x"]}]}`: "needs a job queue",
		`terminatejob {"jobId":"x"}`:                                                 "reason is missing",
		`terminatejob {"jobId":"x","reason":""}`:                                     "1 to 1024",
		`canceljob {"reason":"x"}`:                                                   "jobId is missing",
	}
	post := func(path, body, authorization string) (int, string) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, w.URL()+"/v1/"+path, strings.NewReader(body))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", authorization)
		response, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer response.Body.Close()
		content, err := io.ReadAll(response.Body)
		if err != nil {
			t.Fatal(err)
		}
		return response.StatusCode, string(content)
	}
	const signed = "AWS4-HMAC-SHA256 Credential=key/20261127/us-east-1/batch/aws4_request, SignedHeaders=host, Signature=0"
	for request, want := range requests {
		path, body, _ := strings.Cut(request, " ")
		if status, got := post(path, body, signed); status != http.StatusBadRequest || !strings.Contains(got, want) {
			t.Errorf("%.150s: %d %s; want %s", request, status, got, want)
		}
	}
	if status, got := post("submitjob", "{"+job+"}", ""); status != http.StatusBadRequest || !strings.Contains(got, "not signed") {
		t.Errorf("without a signature: %d %s", status, got)
	}
	if status, _ := post("submitjobs", "{"+job+"}", signed); status != http.StatusNotFound {
		t.Errorf("another path: %d", status)
	}
	if refused := len(w.Refused()); refused != len(requests)+2 || len(w.Jobs()) != 0 {
		t.Errorf("%d requests were refused, and there are %d jobs", refused, len(w.Jobs()))
	}
}
