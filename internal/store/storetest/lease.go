package storetest

import (
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func leaseTests() []test {
	return []test{
		{"a plain beat moves the lease and nothing else", leasePlainBeat},
		{"a beat with news is a change of the task and the job", leaseBeatWithNews},
		{"a beat tells of a cancel of the task", leaseOfCanceledTask},
		{"a beat tells of the cancel flag of the job", leaseOfCanceledJob},
		{"a beat of somebody who lost the task is a conflict", leaseLost},
	}
}

func beatOf(task codybatch.Task) codybatch.Beat {
	return codybatch.Beat{Now: start.Add(lease / 2), LeaseUntil: start.Add(2 * lease), Phase: task.Phase, Usage: task.Usage}
}

func (f fixture) beat(t *testing.T, task codybatch.Task, beat codybatch.Beat) codybatch.Task {
	t.Helper()
	beaten, err := f.ExtendLease(t.Context(), task.Key(), task.Worker, task.Attempt, beat)
	wantError(t, "ExtendLease", err, nil)
	return beaten
}

func leasePlainBeat(t *testing.T, f fixture) {
	task := f.claim(t, f.createOne(t, newJob("job")))
	job := f.job(t, "job")
	got := f.beat(t, task, beatOf(task))
	task.LeaseUntil = start.Add(2 * lease)
	wantEqual(t, "the task that ExtendLease returned", got, task)
	wantEqual(t, "the task", f.task(t, task.Key()), task)
	wantEqual(t, "the job", f.job(t, "job"), job)
	running := codybatch.DueQuery{Status: codybatch.TaskRunning, Before: start.Add(2*lease - time.Millisecond), Limit: 10}
	if due := f.due(t, running); len(due) > 0 {
		t.Errorf("the task is due before its new lease runs out")
	}
	running.Before = start.Add(2 * lease)
	wantEqual(t, "the due tasks", f.due(t, running), []codybatch.Task{task})
}

func leaseBeatWithNews(t *testing.T, f fixture) {
	task := f.claim(t, f.createOne(t, newJob("job")))
	for _, news := range []func(*codybatch.Beat){
		func(b *codybatch.Beat) { b.Phase = codybatch.PhaseAgent },
		func(b *codybatch.Beat) { b.Usage = codybatch.Usage{InputTokens: 5, OutputTokens: 4, Cost: 3} },
		func(b *codybatch.Beat) { b.Usage.CostUnknown = true },
		func(b *codybatch.Beat) { b.WaitingFor = "the API is overloaded" },
	} {
		before := f.job(t, "job")
		beat := beatOf(task)
		news(&beat)
		want, err := task.Beaten(task.Worker, task.Attempt, beat)
		wantError(t, "Beaten", err, nil)
		got := f.beat(t, task, beat)
		if got.Seq <= before.Seq {
			t.Errorf("the task has Seq %d after news, and the job had %d before", got.Seq, before.Seq)
		}
		want.Seq = got.Seq
		wantEqual(t, "the task that ExtendLease returned", got, want)
		wantEqual(t, "the task", f.task(t, task.Key()), want)
		wantJob := before.Apply(task, want)
		wantJob.Seq = got.Seq
		wantEqual(t, "the job", f.job(t, "job"), wantJob)
		task = got
	}
}

func leaseOfCanceledTask(t *testing.T, f fixture) {
	task := f.claim(t, f.createOne(t, newJob("job")))
	if f.beat(t, task, beatOf(task)).CancelRequested {
		t.Error("a beat tells of a cancel that nobody asked for")
	}
	_, err := codybatch.Update(t.Context(), f, task.Key(), func(task codybatch.Task) (codybatch.Task, error) { return task.CanceledBy(start) })
	wantError(t, "cancel the task", err, nil)
	if !f.beat(t, task, beatOf(task)).CancelRequested {
		t.Error("a beat does not tell of the task's cancel")
	}
}

func leaseOfCanceledJob(t *testing.T, f fixture) {
	task := f.claim(t, f.createOne(t, newJob("job")))
	for _, requested := range []bool{true, false, true} {
		_, err := f.CancelJob(t.Context(), "job", requested)
		wantError(t, "CancelJob", err, nil)
		if got := f.beat(t, task, beatOf(task)).CancelRequested; got != requested {
			t.Errorf("a plain beat says canceled %t, and the job's flag is %t", got, requested)
		}
	}
	news := beatOf(task)
	news.Phase = codybatch.PhaseVerifying
	if !f.beat(t, task, news).CancelRequested {
		t.Error("a beat with news does not tell of the job's cancel flag")
	}
}

func leaseLost(t *testing.T, f fixture) {
	task := f.claim(t, f.createOne(t, newJob("job")))
	wantLost := func(worker string, attempt int) {
		t.Helper()
		before := f.task(t, task.Key())
		_, err := f.ExtendLease(t.Context(), task.Key(), worker, attempt, beatOf(task))
		wantError(t, "ExtendLease", err, codybatch.ErrConflict)
		wantEqual(t, "the task after a stranger's beat", f.task(t, task.Key()), before)
	}
	wantLost("another", task.Attempt)
	wantLost(task.Worker, task.Attempt+1)
	task = f.update(t, task, func(task codybatch.Task) (codybatch.Task, error) {
		return task.LeaseExpired(task.LeaseUntil.Add(time.Second))
	})
	wantLost("worker", 1)
	wantLost("worker", 2)
	f.finish(t, f.claim(t, task), codybatch.OutcomeChanged, 0)
	wantLost("worker", 2)
}
