package storetest

import (
	"errors"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func budgetTests() []test {
	return []test{
		{"a claim reserves the smaller of the attempt's limit and what is left of the job's", budgetOfClaim},
		{"claims at once never reserve more than the job has", budgetAtOnce},
		{"what an attempt spends comes out of its reservation", budgetSpentFromReservation},
		{"while running tasks hold all that is left, a claim is not now", budgetNotNow},
		{"when all is spent, a claim is refused for good", budgetExhausted},
		{"scripts and the publishing of a stored diff need no money", budgetNotNeeded},
	}
}

// limitedJob is a job with the limits of the whole and of an attempt, in whole
// dollars; zero is no limit.
func limitedJob(id codybatch.JobID, whole, attempt codybatch.Money) codybatch.Job {
	job := newJob(id)
	if whole *= dollar; whole > 0 {
		job.MaxCost = &whole
	}
	if attempt *= dollar; attempt > 0 {
		job.Agent.MaxCost = &attempt
	}
	return job
}

const dollar = codybatch.Money(1_000_000)

func budgetOfClaim(t *testing.T, f fixture) {
	for _, tt := range []struct {
		id                   codybatch.JobID
		whole, attempt, want codybatch.Money
	}{
		{"no-limit", 0, 0, 0},
		{"attempt-only", 0, 2, 2},
		{"whole-only", 5, 0, 5},
		{"attempt-is-smaller", 5, 2, 2},
		{"whole-is-smaller", 1, 2, 1},
	} {
		task := f.claim(t, f.createOne(t, limitedJob(tt.id, tt.whole, tt.attempt)))
		if got := f.job(t, tt.id).Reserved; task.Reserved != tt.want*dollar || got != tt.want*dollar {
			t.Errorf("%s: the task reserves %s and the job %s, want $%d", tt.id, task.Reserved, got, tt.want)
		}
	}
}

func budgetAtOnce(t *testing.T, f fixture) {
	const tasks = 8
	f.create(t, limitedJob("job", 10, 3), repositories(tasks))
	list := f.tasks(t, codybatch.TaskQuery{JobID: "job", Limit: tasks})
	won := 0
	for _, err := range atOnce(tasks, func(i int) error {
		_, _, err := f.ClaimTask(t.Context(), claimOf(list[i], "worker"))
		return err
	}) {
		if err == nil {
			won++
		} else if !errors.Is(err, codybatch.ErrNotNow) {
			t.Errorf("a claim failed with %v, want not now", err)
		}
	}
	// The dollar that is left waits for what the three give back.
	if reserved := f.job(t, "job").Reserved; won != 3 || reserved != 9*dollar {
		t.Errorf("%d claims hold %s; want three with $3 each", won, reserved)
	}
}

func budgetSpentFromReservation(t *testing.T, f fixture) {
	task := f.claim(t, f.createOne(t, limitedJob("job", 10, 4)))
	beat := codybatch.Beat{Now: start.Add(lease), LeaseUntil: start.Add(2 * lease), Phase: codybatch.PhaseAgent, Usage: codybatch.Usage{InputTokens: 7, Cost: 3 * dollar}}
	task, err := f.ExtendLease(t.Context(), task.Key(), task.Worker, task.Attempt, beat)
	wantError(t, "ExtendLease", err, nil)
	job := f.job(t, "job")
	if task.Reserved != dollar || job.Reserved != dollar || job.Usage != beat.Usage {
		t.Errorf("the task reserves %s, the job %s and has spent %+v; want $1, $1 and what the beat said", task.Reserved, job.Reserved, job.Usage)
	}
	f.finish(t, task, codybatch.OutcomeChanged, 5*dollar) // more than it was given
	job = f.job(t, "job")
	if job.Reserved != 0 || job.Usage.Cost != 5*dollar {
		t.Errorf("the finished job reserves %s and has spent %s; want nothing and $5", job.Reserved, job.Usage.Cost)
	}
}

func budgetNotNow(t *testing.T, f fixture) {
	f.create(t, limitedJob("job", 3, 3), repositories(2))
	list := f.tasks(t, codybatch.TaskQuery{JobID: "job", Limit: 2})
	running := f.claim(t, list[0])
	f.wantRefused(t, claimOf(list[1], "worker"), codybatch.ErrNotNow)
	f.finish(t, running, codybatch.OutcomeChanged, dollar)
	if second := f.claim(t, list[1]); second.Reserved != 2*dollar {
		t.Errorf("the second task reserves %s, want the $2 that the first gave back", second.Reserved)
	}
}

func budgetExhausted(t *testing.T, f fixture) {
	f.create(t, limitedJob("job", 3, 3), repositories(2))
	list := f.tasks(t, codybatch.TaskQuery{JobID: "job", Limit: 2})
	f.finish(t, f.claim(t, list[0]), codybatch.OutcomeChanged, 3*dollar)
	f.wantRefused(t, claimOf(list[1], "worker"), codybatch.ErrBudgetExhausted)
}

func budgetNotNeeded(t *testing.T, f fixture) {
	script := limitedJob("script", 3, 3)
	script.Agent.Type = codybatch.AgentScript
	if task := f.claim(t, f.createOne(t, script)); task.Reserved != 0 {
		t.Errorf("a script reserves %s", task.Reserved)
	}
	result := codybatch.TaskResult{
		Outcome: codybatch.OutcomeChanged, HasDiff: true, DiffStat: codybatch.DiffStat{Files: 1}, Usage: codybatch.Usage{Cost: 3 * dollar},
	}
	task := f.update(t, f.claim(t, f.createOne(t, limitedJob("job", 3, 3))), func(task codybatch.Task) (codybatch.Task, error) {
		return task.Finished(task.Worker, task.Attempt, result, start)
	})
	task = f.update(t, task, func(task codybatch.Task) (codybatch.Task, error) { return task.Publishing(start) })
	if task = f.claim(t, task); task.Reserved != 0 || f.job(t, "job").Reserved != 0 {
		t.Errorf("publishing a stored diff reserves %s", task.Reserved)
	}
}
