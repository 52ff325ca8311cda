package awsbatch_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/batch"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/dispatch/awsbatch"
	"github.com/liamzdenek/cody-batch/internal/dispatch/awsbatch/batchtest"
)

func TestDispatch(t *testing.T) {
	t.Parallel()

	t.Run("of_a_large_job_is_one_array", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1, nil)
		began := time.Now()
		w.dispatch(refs(10_000)...)
		t.Logf("10,000 tasks took %s", time.Since(began))
		all := w.submissions()
		if len(all) != 1 || !all[0].IsArray || len(w.batch.Jobs()) != 10_001 {
			t.Fatalf("there are %d submissions, %d jobs", len(all), len(w.batch.Jobs()))
		}
		if requests := w.batch.Requests(); requests["SubmitJob"] != 1 || requests["ListJobs"] != 1 || requests["DescribeJobs"] != 0 {
			t.Errorf("it took %v", requests)
		}
		name := regexp.MustCompile(`^cody-batch-` + string(jobID) + `-[0-9a-f]{32}$`)
		if !name.MatchString(all[0].Name) || len(all[0].Name) > 128 {
			t.Errorf("it is named %q", all[0].Name)
		}
		digest := all[0].Name[len(all[0].Name)-32:]
		m, err := awsbatch.ReadManifest(t.Context(), w.artifacts, codybatch.ManifestKey(jobID, digest))
		if err != nil || m.Len() != 10_000 || m.JobID != jobID {
			t.Fatalf("the manifest lists %d of %s, %v", m.Len(), m.JobID, err)
		}
		for _, i := range []int{0, 1, 4_711, 9_999} {
			if got, err := m.Ref(i); err != nil || got != ref(i) {
				t.Errorf("place %d has %+v, %v", i, got, err)
			}
		}
		for _, i := range []int{-1, 10_000} {
			if got, err := m.Ref(i); err == nil {
				t.Errorf("place %d has %+v", i, got)
			}
		}
	})

	t.Run("of_more_is_several", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1, nil)
		w.dispatch(refs(10_001)...)
		all := w.submissions()
		if len(all) != 2 || !all[0].IsArray || all[1].IsArray {
			t.Errorf("there are %v", all)
		}
	})

	t.Run("carries_the_job_as_a_tag", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1, nil)
		d := awsbatch.New(w.config, w.artifacts, awsbatch.Options{Queue: "queue", Definition: "definition", Tags: map[string]string{"team": "web"}})
		if err := d.Dispatch(t.Context(), refs(1)); err != nil {
			t.Fatal(err)
		}
		client := batch.NewFromConfig(w.config)
		out, err := client.DescribeJobs(t.Context(), &batch.DescribeJobsInput{Jobs: []string{w.submissions()[0].ID}})
		if err != nil || len(out.Jobs) != 1 {
			t.Fatal(err)
		}
		job := out.Jobs[0]
		if len(job.Tags) != 2 || job.Tags["codybatch:job"] != string(jobID) || job.Tags["team"] != "web" || job.ArrayProperties != nil {
			t.Errorf("it has %v", job.Tags)
		}
		if environment := job.Container.Environment; len(environment) != 1 || aws.ToString(environment[0].Name) != "CODYBATCH_MANIFEST" {
			t.Errorf("it has %v", environment)
		}
	})

	t.Run("of_what_waits_already_submits_nothing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1, nil)
		w.dispatch(refs(5)...)
		w.awaitStarts(1)
		for range 2 {
			if err := w.another(w.artifacts).Dispatch(t.Context(), refs(5)[1:]); err != nil {
				t.Fatal(err)
			}
		}
		w.dispatch(append(refs(5)[2:4], ref(7))...) // one of them is new
		if all := w.submissions(); len(all) != 2 || all[1].IsArray {
			t.Errorf("there are %v", all)
		}
		next := ref(3)
		next.Attempt = 2
		w.dispatch(next) // another attempt is another thing
		if all := w.submissions(); len(all) != 3 {
			t.Errorf("there are %v", all)
		}
	})

	t.Run("of_what_has_run_submits_it_again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 2, func(context.Context, codybatch.TaskRef) error { return nil })
		for range 2 {
			w.dispatch(refs(3)...)
			w.idle()
		}
		if all := w.submissions(); len(all) != 2 || all[0].Name != all[1].Name {
			t.Errorf("there are %v", all)
		}
	})

	t.Run("of_what_is_being_canceled_submits_it_again", func(t *testing.T) {
		t.Parallel()
		started, release := make(chan struct{}), make(chan struct{})
		w := newWorld(t, 1, func(context.Context, codybatch.TaskRef) error {
			close(started)
			<-release // it takes its time to stop
			return nil
		}, func(o *batchtest.Options) { o.Lazy = true })
		t.Cleanup(func() { close(release) })
		w.dispatch(refs(3)...)
		<-started
		w.cancel(refs(3)...)
		w.dispatch(refs(3)[1:]...)
		if all := w.submissions(); len(all) != 2 {
			t.Errorf("there are %v", all)
		}
	})

	t.Run("of_what_an_old_array_has_run_and_AWS_has_forgotten_submits_it_again", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1, nil)
		w.dispatch(refs(4)...)
		w.awaitStarts(1)
		w.cancel(ref(3)) // one of it is finished
		w.batch.Forget()
		later := w.later()
		if err := later.Dispatch(t.Context(), refs(4)[1:]); err != nil {
			t.Fatal(err)
		}
		if all := w.submissions(); len(all) != 2 || all[1].IsArray {
			t.Errorf("there are %v", all)
		}
		if err := later.Cancel(t.Context(), keys(refs(3))); err != nil { // all that is left of it
			t.Fatal(err)
		}
		if n := w.batch.Requests()["TerminateJob"]; n != 2 {
			t.Errorf("it took %d terminations", n)
		}
	})

	t.Run("of_two_jobs_at_once_is_refused_before_anything_is_submitted", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1, nil)
		stranger := ref(1)
		stranger.Key.JobID = "another"
		hostile := ref(1)
		hostile.Key.Repository = "acme/../x"
		long := ref(1)
		long.Key.JobID = codybatch.JobID(strings.Repeat("x", 85))
		odd := ref(1)
		odd.Key.JobID = "a job"
		for _, bad := range [][]codybatch.TaskRef{{ref(0), stranger}, {hostile}, {long}, {odd}, append(refs(10_000), stranger)} {
			if err := w.Dispatch(t.Context(), bad); err == nil {
				t.Errorf("it took %v", bad[len(bad)-1])
			}
		}
		if len(w.batch.Requests()) != 0 {
			t.Errorf("it asked %v", w.batch.Requests())
		}
	})
}

func TestFaults(t *testing.T) {
	t.Parallel()

	for name, fault := range map[string]batchtest.Fault{
		"throttled":        {Status: http.StatusTooManyRequests, Code: "TooManyRequestsException"},
		"broken_inside":    {Status: http.StatusInternalServerError, Code: "ServerException"},
		"unavailable":      {Status: http.StatusServiceUnavailable, Code: "ServiceUnavailable"},
		"without_answer":   {},
		"done_but_unknown": {Done: true},
		"done_but_broken":  {Status: http.StatusInternalServerError, Code: "ServerException", Done: true},
	} {
		t.Run("a_submission_that_is_"+name+"_is_made_once", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, 1, nil)
			w.batch.Fail("SubmitJob", 3, fault)
			w.dispatch(refs(3)...)
			if all := w.submissions(); len(all) != 1 {
				t.Errorf("there are %v", all)
			}
			if fault.Done && w.batch.Requests()["SubmitJob"] != 1 {
				t.Errorf("it asked %v", w.batch.Requests())
			}
		})
	}

	t.Run("one_whose_answer_was_lost_is_told_from_an_earlier_one_of_the_same_name", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 3, nil)
		w.dispatch(refs(2)...)
		w.awaitStarts(2)
		// The tasks run, and so are submitted again; the first answer is lost before
		// anything was done.
		w.batch.Fail("SubmitJob", 1, batchtest.Fault{})
		w.dispatch(refs(2)...)
		if all := w.submissions(); len(all) != 2 || all[0].Name != all[1].Name {
			t.Errorf("there are %v", all)
		}
	})

	t.Run("a_crash_after_a_submission_does_not_make_a_second_one", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1, nil)
		busy := ref(0)
		busy.Key.JobID = "another"
		w.dispatch(busy)
		w.awaitStarts(1)
		ctx, crash := context.WithCancel(t.Context())
		w.batch.Fail("SubmitJob", 1, batchtest.Fault{Done: true})
		failing := &crashing{Artifacts: w.artifacts, crash: crash}
		if err := w.another(failing).Dispatch(ctx, refs(3)); err == nil {
			t.Error("the crash was none")
		}
		if err := w.another(w.artifacts).Dispatch(t.Context(), refs(3)); err != nil { // reconcile, in another process
			t.Error(err)
		}
		if all := w.submissions(); len(all) != 2 {
			t.Errorf("there are %v", all)
		}
	})

	t.Run("a_queue_that_is_not_there_is_named", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1, nil)
		for _, o := range []awsbatch.Options{{Queue: "other", Definition: "definition"}, {Queue: "queue", Definition: "other"}} {
			d := awsbatch.New(w.config, w.artifacts, o)
			err := d.Dispatch(t.Context(), refs(2))
			if err == nil || !strings.Contains(err.Error(), "AWS_BATCH_JOB_QUEUE ("+o.Queue+")") || !strings.Contains(err.Error(), "AWS_BATCH_JOB_DEFINITION ("+o.Definition+")") {
				t.Errorf("got %v", err)
			}
			if ping := d.Ping(t.Context()); (ping == nil) != (o.Queue == "queue") {
				t.Errorf("%s: ping says %v", o.Queue, ping)
			}
		}
		if asked := w.batch.Requests()["SubmitJob"]; asked > 1 {
			t.Errorf("it asked %d times", asked)
		}
		w.batch = mustStart(t) // whose refusals are not of interest
	})

	t.Run("rights_that_are_missing_are_named", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1, nil)
		w.batch.Fail("", 1, batchtest.Fault{Status: http.StatusForbidden, Code: "AccessDeniedException"})
		if err := w.Dispatch(t.Context(), refs(2)); err == nil || !strings.Contains(err.Error(), "batch:SubmitJob") {
			t.Errorf("got %v", err)
		}
	})

	t.Run("a_manifest_that_can_not_be_stored_submits_nothing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1, nil)
		lost := errors.New("no bucket")
		if err := w.another(&failing{Artifacts: w.artifacts, err: lost}).Dispatch(t.Context(), refs(2)); !errors.Is(err, lost) {
			t.Errorf("got %v", err)
		}
		if len(w.submissions()) != 0 {
			t.Errorf("there are %v", w.submissions())
		}
	})

	t.Run("a_service_that_stays_away_is_an_error", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1, nil)
		w.batch.Fail("SubmitJob", 1_000, batchtest.Fault{Status: http.StatusTooManyRequests, Code: "TooManyRequestsException"})
		if err := w.Dispatch(t.Context(), refs(2)); err == nil || !strings.Contains(err.Error(), "TooManyRequests") {
			t.Errorf("got %v", err)
		}
		if asked := w.batch.Requests()["SubmitJob"]; asked != 8 {
			t.Errorf("it asked %d times", asked)
		}
	})
}

func mustStart(t *testing.T) *batchtest.Server {
	t.Helper()
	s, err := batchtest.Start(batchtest.Options{Program: []string{"true"}})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

// crashing ends its process, so to speak, when a submission that was made is looked
// for.
type crashing struct {
	codybatch.Artifacts
	crash func()
}

func (c *crashing) Open(ctx context.Context, _ codybatch.ArtifactKey) (codybatch.Artifact, error) {
	c.crash()
	return codybatch.Artifact{}, ctx.Err()
}

// failing stores nothing.
type failing struct {
	codybatch.Artifacts
	err error
}

func (f *failing) Put(context.Context, codybatch.ArtifactKey, io.Reader) error { return f.err }
