package awsbatch_test

import (
	"fmt"
	"testing"

	"github.com/aws/aws-sdk-go-v2/service/batch/types"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/dispatch/awsbatch/batchtest"
)

func TestCancel(t *testing.T) {
	t.Parallel()

	t.Run("of_a_whole_job_takes_one_termination", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 2, nil)
		w.dispatch(refs(50)...)
		w.awaitStarts(2)
		// As Service.CancelJob does: those that run, then those that wait. What was
		// told to stop has not ended when the others are canceled.
		w.cancel(refs(50)[:2]...)
		w.cancel(refs(50)[2:]...)
		if n := w.batch.Requests()["TerminateJob"]; n != 3 {
			t.Errorf("it took %d terminations", n)
		}
		w.idle()
		if got := w.children(); got[types.JobStatusFailed] != 50 {
			t.Errorf("they are %v", got)
		}
		if len(w.started) != 0 {
			t.Errorf("%d more started", len(w.started))
		}
	})

	t.Run("of_10_000_tasks_takes_few_requests", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1, nil)
		w.dispatch(refs(10_000)...)
		w.awaitStarts(1)
		before := w.batch.Requests()
		w.cancel(ref(0))
		w.cancel(refs(10_000)[1:]...)
		total := 0
		for operation, n := range w.batch.Requests() {
			total += n - before[operation]
		}
		if total > 20 {
			t.Errorf("it took %d requests: %v", total, w.batch.Requests())
		}
		w.idle()
		if got := w.children(); got[types.JobStatusFailed] != 10_000 {
			t.Errorf("they are %v", got)
		}
	})

	t.Run("of_some_leaves_the_others_alone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1, nil)
		w.dispatch(refs(6)...)
		w.awaitStarts(1)
		w.cancel(ref(3), ref(4))
		if got := w.children(); got[types.JobStatusRunning] != 1 || got[types.JobStatusRunnable] != 3 || got[types.JobStatusFailed] != 2 {
			t.Errorf("they are %v", got)
		}
		before := w.batch.Requests()["TerminateJob"]
		w.cancel(ref(0), ref(3)) // the second is finished
		w.awaitStarts(1)
		if n := w.batch.Requests()["TerminateJob"] - before; n != 1 {
			t.Errorf("it took %d terminations", n)
		}
	})

	t.Run("finds_what_another_process_submitted_at_any_attempt", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 5, nil)
		second := ref(1)
		second.Attempt = 2
		w.dispatch(ref(0), ref(1))
		w.dispatch(second)
		w.awaitStarts(3)
		if err := w.another(w.artifacts).Cancel(t.Context(), []codybatch.TaskKey{ref(1).Key}); err != nil {
			t.Fatal(err)
		}
		if err := w.batch.Await(w.context(), func([]batchtest.Job) bool { return w.children()[types.JobStatusFailed] == 2 }); err != nil {
			t.Error(err)
		}
		if got := w.children(); got[types.JobStatusRunning] != 1 {
			t.Errorf("they are %v", got)
		}
	})

	t.Run("of_what_is_finished_or_forgotten_asks_for_nothing", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 2, nil)
		w.dispatch(refs(2)...)
		w.awaitStarts(2)
		w.cancel(refs(2)...)
		w.idle()
		before := w.batch.Requests()["TerminateJob"]
		w.cancel(refs(2)...)
		w.batch.Forget()
		w.cancel(refs(2)...)
		w.cancel(codybatch.TaskRef{Key: codybatch.TaskKey{JobID: "no job/*", Repository: "acme/x"}})
		if after := w.batch.Requests()["TerminateJob"]; after != before {
			t.Errorf("it took %d terminations", after-before)
		}
	})

	t.Run("gets_through_faults", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1, nil)
		w.dispatch(refs(4)...)
		w.awaitStarts(1)
		for _, operation := range []string{"ListJobs", "DescribeJobs", "TerminateJob"} {
			w.batch.Fail(operation, 2, batchtest.Fault{Status: 429, Code: "TooManyRequestsException"})
			w.batch.Fail(operation, 2, batchtest.Fault{Done: true})
		}
		w.cancel(refs(4)...)
		w.idle()
		if got := w.children(); got[types.JobStatusFailed] != 4 {
			t.Errorf("they are %v", got)
		}
	})

	t.Run("says_what_it_could_not_do", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t, 1, nil)
		w.dispatch(refs(20)...)
		w.awaitStarts(1)
		w.batch.Fail("TerminateJob", 1_000, batchtest.Fault{Status: 403, Code: "AccessDeniedException"})
		err := w.Cancel(t.Context(), keys(refs(20)[:10]))
		if err == nil || len(fmt.Sprint(err)) > 2_000 {
			t.Errorf("got %v", err)
		}
		if n := w.batch.Requests()["TerminateJob"]; n != 10 { // one does not keep the others from it
			t.Errorf("it tried %d", n)
		}
	})
}
