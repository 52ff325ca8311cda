package worker_test

import (
	"strings"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func TestAWorkerThatIsGoneLosesItsTask(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.repository("site", map[string]string{"a.txt": "x\n"})
	job := w.create(scriptJob("echo y >a.txt", "site"))
	key := codybatch.TaskKey{JobID: job.ID, Repository: "acme/site"}
	w.sent.take()
	now := time.Now()
	if _, _, err := w.store.ClaimTask(t.Context(), codybatch.Claim{Key: key, Attempt: 1, Worker: "batch-7#1", Now: now, LeaseUntil: now.Add(time.Hour)}); err != nil {
		t.Fatal(err)
	}
	gone := func(prefix string) {
		t.Helper()
		if err := w.service.WorkerGone(t.Context(), key, func(worker string) bool { return strings.HasPrefix(worker, prefix) }); err != nil {
			t.Fatal(err)
		}
	}
	gone("batch-8#")
	if task := w.task(job.ID, "site"); task.Status != codybatch.TaskRunning || len(w.sent.take()) != 0 {
		t.Fatalf("somebody else's end took it: %+v", task)
	}
	gone("batch-7#")
	sent := w.sent.take()
	if task := w.task(job.ID, "site"); task.Status != codybatch.TaskQueued || len(sent) != 1 || sent[0].Attempt != 2 {
		t.Fatalf("got %+v, sent %+v", task, sent)
	}
	gone("batch-7#") // events come twice
	if again := w.sent.take(); len(again) != 0 {
		t.Errorf("it was sent twice: %+v", again)
	}
	if err := w.service.WorkerGone(t.Context(), codybatch.TaskKey{JobID: "old", Repository: "acme/site"}, func(string) bool { return true }); err != nil {
		t.Errorf("a job that is no more: %v", err)
	}
}

func TestReconcileFinishesACancel(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.repository("site", map[string]string{"a.txt": "x\n"})
	w.repository("api", map[string]string{"a.txt": "x\n"})
	job := w.create(scriptJob("echo y >a.txt", "site", "api"))
	w.sent.take()
	if _, err := w.store.CancelJob(t.Context(), job.ID, true); err != nil { // and then the function's time was over
		t.Fatal(err)
	}
	sent, err := w.service.Reconcile(t.Context(), 0)
	if err != nil || sent != 0 || len(w.sent.take()) != 0 {
		t.Errorf("%d were sent, %v", sent, err)
	}
	if job := w.job(job.ID); job.Status() != codybatch.JobCanceled || job.Counts.Canceled != 2 {
		t.Errorf("the job is %s with %+v", job.Status(), job.Counts)
	}
}
