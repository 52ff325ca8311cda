package batchtest_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/batch"
	"github.com/aws/aws-sdk-go-v2/service/batch/types"

	"github.com/liamzdenek/cody-batch/internal/dispatch/awsbatch/batchtest"
)

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
