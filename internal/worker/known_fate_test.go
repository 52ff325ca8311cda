package worker_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/worker"
)

// What comes after the agent can be interrupted here as well.
func TestABlockedResultThatIsBeingCheckedIsNotPaidForAfterAnInterruption(t *testing.T) {
	t.Parallel()
	waits := make(chan string, 1)
	judge := &bench{answers: []answer{
		func(ctx context.Context, request codybatch.JudgeRequest) (codybatch.JudgeResult, error) {
			if _, err := says(codybatch.VerdictAccept)(ctx, request); err != nil {
				t.Error(err)
			}
			waits <- ""
			<-ctx.Done()
			return codybatch.JudgeResult{}, context.Cause(ctx)
		},
	}}
	w, did := dropsInSite(t, withJudge(judge), func(o *worker.Options) { o.Lease = 300 * time.Millisecond })
	mild, strict := mildJob()
	mild.Judge, strict.Judge = true, true
	first := w.runOne(strict)
	job, key, _ := w.interrupt(mild, waits)
	if err := w.worker.Run(t.Context(), codybatch.TaskRef{Key: key, Attempt: 2}); err != nil {
		t.Fatal(err)
	}
	task := w.task(job.ID, "site")
	wantOutcome(t, task, codybatch.OutcomeChanged)
	if did.Load() != 1 || len(judge.asked) != 1 || task.ReusedFrom != first.JobID || task.Judgement == nil {
		t.Errorf("the work was done %d times, %d questions; the task is %+v", did.Load(), len(judge.asked), task)
	}
	if thread := w.thread(task); strings.Count(thread, `"type":"judge"`) != 1 || !strings.Contains(thread, "Attempt 1 was interrupted") {
		t.Errorf("the thread is\n%s", thread)
	}
	if cost := costOf(task); cost != codybatch.USD(0.05) || w.job(job.ID).Usage.Cost != cost {
		t.Errorf("the task cost %s, the job %s", cost, w.job(job.ID).Usage.Cost)
	}
}

// Going on with it may be what kills the workers: then the work is done anew.
func TestABlockedResultThatEndsWorkersIsLeftAlone(t *testing.T) {
	t.Parallel()
	waits := make(chan string, 1)
	stuck := func(ctx context.Context, _ codybatch.JudgeRequest) (codybatch.JudgeResult, error) {
		waits <- ""
		<-ctx.Done()
		return codybatch.JudgeResult{}, context.Cause(ctx)
	}
	judge := &bench{answers: []answer{stuck, stuck, says(codybatch.VerdictAccept)}}
	w, did := dropsInSite(t, withJudge(judge), func(o *worker.Options) { o.Lease = 300 * time.Millisecond })
	mild, strict := mildJob()
	mild.Judge, strict.Judge = true, true
	wantOutcome(t, w.runOne(strict), codybatch.OutcomeGateBlocked)
	job, key, _ := w.interrupt(mild, waits)
	ended := make(chan error, 1)
	go func() { ended <- w.worker.Run(t.Context(), codybatch.TaskRef{Key: key, Attempt: 2}) }()
	<-waits
	w.lose(job.ID)
	if err := <-ended; !errors.Is(err, codybatch.ErrConflict) {
		t.Fatal(err)
	}
	if err := w.worker.Run(t.Context(), codybatch.TaskRef{Key: key, Attempt: 3}); err != nil {
		t.Fatal(err)
	}
	task := w.task(job.ID, "site")
	wantOutcome(t, task, codybatch.OutcomeChanged)
	if did.Load() != 2 || task.ReusedFrom != "" {
		t.Errorf("the work was done %d times; the task is %+v", did.Load(), task)
	}
}

func TestABlockedResultThatAPersonRejectedIsForgotten(t *testing.T) {
	t.Parallel()
	reject := func(w *world, task codybatch.Task) {
		if _, err := w.service.ReviewTask(t.Context(), task.Key(), codybatch.ReviewRejected, "No."); err != nil {
			t.Error(err)
		}
	}

	t.Run("by the job that it is of", func(t *testing.T) {
		t.Parallel()
		w, did := dropsInSite(t)
		mild, strict := mildJob()
		reject(w, w.runOne(strict))
		if task := w.runOne(mild); task.ReusedFrom != "" || did.Load() != 2 || costOf(task) != codybatch.USD(0.1) {
			t.Errorf("the work was done %d times: %+v", did.Load(), task)
		}
	})

	t.Run("also while it is checked for another job", func(t *testing.T) {
		t.Parallel()
		var w *world
		var first codybatch.Task
		judge := &bench{answers: []answer{func(ctx context.Context, request codybatch.JudgeRequest) (codybatch.JudgeResult, error) {
			if len(w.task(first.JobID, "site").Gates) > 0 && w.task(first.JobID, "site").Review == nil {
				reject(w, first)
			}
			return says(codybatch.VerdictAccept)(ctx, request)
		}}}
		w, did := dropsInSite(t, withJudge(judge))
		mild, strict := mildJob()
		mild.Judge, strict.Judge = true, true
		first = w.runOne(strict)
		wantOutcome(t, w.runOne(mild), codybatch.OutcomeChanged) // a person may still reject it there, too
		if task := w.runOne(mild); task.ReusedFrom != "" || did.Load() != 2 {
			t.Errorf("the work was done %d times: %+v", did.Load(), task)
		}
	})
}

func TestABlockedResultWhoseDiffIsGone(t *testing.T) {
	t.Parallel()
	mild, strict := mildJob()
	for name, spec := range map[string]codybatch.JobSpec{"is no answer": strict, "is not checked": mild} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, did := dropsInSite(t)
			first := w.runOne(strict)
			if err := w.artifacts.Put(t.Context(), codybatch.DiffKey(first.Key(), first.Attempt), strings.NewReader("another\n")); err != nil {
				t.Fatal(err)
			}
			if task := w.runOne(spec); did.Load() != 2 || task.ReusedFrom != "" {
				t.Errorf("the work was done %d times: %+v", did.Load(), task)
			}
		})
	}
}

// mute are artifacts to which nothing can be appended once they are full.
type mute struct {
	codybatch.Artifacts
	isFull atomic.Bool
}

func (m *mute) Append(ctx context.Context, key codybatch.ArtifactKey, data []byte) error {
	if m.isFull.Load() {
		return errors.New("the disk is full")
	}
	return m.Artifacts.Append(ctx, key, data)
}

// Whoever finds the thread of another job in a task, after a crash too, must not book it.
func TestAThreadThatIsTakenOverSaysSoFromTheFirst(t *testing.T) {
	t.Parallel()
	var m *mute
	w, _ := dropsInSite(t, func(o *worker.Options) {
		m = &mute{Artifacts: o.Artifacts}
		o.Artifacts = m
	})
	mild, _ := mildJob()
	first := w.runOne(mild)
	m.isFull.Store(true)
	task := w.runOne(mild)
	if thread := w.thread(task); !strings.Contains(thread, `"reusedFrom":"`+string(first.JobID)+`"`) || strings.Count(thread, `"seq":4,`) != 1 {
		t.Errorf("the thread is\n%s", thread)
	}
}

// A crash between the record and the row costs nothing.
func TestABlockedResultWhoseWorkerWasLostBeforeTheRow(t *testing.T) {
	t.Parallel()
	var w *world
	isLost := false
	w, did := dropsInSite(t, func(o *worker.Options) { o.Lease = time.Hour }, withPut(func(_ context.Context, key codybatch.ArtifactKey) error {
		if strings.HasPrefix(string(key), "results/") && !isLost {
			isLost = true
			w.lose("job-001")
		}
		return nil
	}))
	_, strict := mildJob()
	w.create(strict)
	ref := w.sent.take()[0]
	if err := w.worker.Run(t.Context(), ref); !errors.Is(err, codybatch.ErrConflict) {
		t.Fatalf("the worker that lost its lease says %v", err)
	}
	if err := w.worker.Run(t.Context(), codybatch.TaskRef{Key: ref.Key, Attempt: 2}); err != nil {
		t.Fatal(err)
	}
	task := w.task("job-001", "site")
	wantOutcome(t, task, codybatch.OutcomeGateBlocked)
	if did.Load() != 1 || task.ReusedFrom != "" || costOf(task) != codybatch.USD(0.1) || w.job("job-001").Usage.Cost != costOf(task) {
		t.Errorf("the work was done %d times: %+v", did.Load(), task)
	}
}
