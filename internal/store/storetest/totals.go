package storetest

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func totalsTests() []test {
	return []test{
		{"after any moves of tasks at once, totals and lists agree with the tasks", totalsAfterRandomMoves},
	}
}

func totalsAfterRandomMoves(t *testing.T, f fixture) {
	const tasks, movers, moves = 15, 4, 60
	job := f.create(t, limitedJob("job", 40, 3), repositories(tasks))
	var clock atomic.Int64
	for _, err := range atOnce(movers, func(i int) error {
		m := mover{fixture: f, name: fmt.Sprintf("mover-%d", i), clock: &clock, dice: rand.New(rand.NewPCG(1, uint64(i)))}
		for range moves {
			key := codybatch.TaskKey{JobID: job.ID, Repository: repositories(tasks)[m.dice.IntN(tasks)]}
			if err := m.move(t, key); err != nil {
				return err
			}
		}
		return nil
	}) {
		wantError(t, "move tasks", err, nil)
	}

	got := f.job(t, job.ID)
	rows := f.tasks(t, codybatch.TaskQuery{JobID: job.ID, Limit: 7})
	want := job
	want.Counts = codybatch.Counts{}
	seqs := map[int64]bool{}
	for _, row := range rows {
		want = want.Apply(codybatch.Task{}, row)
		seqs[row.Seq] = true
		if row.Seq > got.Seq {
			t.Errorf("a task has Seq %d, and its job only %d", row.Seq, got.Seq)
		}
	}
	if len(rows) != tasks || len(seqs) != tasks {
		t.Errorf("%d tasks with %d different Seqs, want %d of both", len(rows), len(seqs), tasks)
	}
	want.StartedAt, want.CompletedAt, want.Seq = got.StartedAt, got.CompletedAt, got.Seq
	wantEqual(t, "the job, counted again from its tasks,", got, want)
	if c := got.Counts; c.Queued+c.Running+c.Succeeded+c.Failed+c.Canceled != tasks {
		t.Errorf("the counts %+v do not add up to %d", c, tasks)
	}
	if got.StartedAt.IsZero() || got.CompletedAt.IsZero() == got.Finished() {
		t.Errorf("started %s, completed %s, finished %t", got.StartedAt, got.CompletedAt, got.Finished())
	}
	f.wantListed(t, rows)
}

// wantListed checks that all lists of a job's tasks hold what the rows say.
func (f fixture) wantListed(t *testing.T, rows []codybatch.Task) {
	t.Helper()
	for _, status := range codybatch.TaskStatuses() {
		want := slices.DeleteFunc(slices.Clone(rows), func(task codybatch.Task) bool { return task.Status != status })
		got := f.tasks(t, codybatch.TaskQuery{JobID: rows[0].JobID, Status: status, Limit: 4})
		wantEqual(t, "the list of tasks "+string(status), keys(got), keys(want))
		if status.Final() {
			continue
		}
		due := f.due(t, codybatch.DueQuery{Status: status, Before: start.Add(24 * time.Hour), Limit: 4})
		slices.SortFunc(due, func(a, b codybatch.Task) int { return a.Index - b.Index })
		wantEqual(t, "the due tasks "+string(status), keys(due), keys(want))
	}
	for _, outcome := range codybatch.Outcomes() {
		want := slices.DeleteFunc(slices.Clone(rows), func(task codybatch.Task) bool { return task.Outcome != outcome })
		got := f.tasks(t, codybatch.TaskQuery{JobID: rows[0].JobID, Outcome: outcome, Limit: 4})
		wantEqual(t, "the list of tasks with outcome "+string(outcome), keys(got), keys(want))
	}
}

// mover does to tasks whatever may be done to them.
type mover struct {
	fixture
	name  string
	clock *atomic.Int64 // milliseconds since start
	dice  *rand.Rand
}

// move makes one move that the task's state allows. That somebody else was
// quicker is no error.
func (m mover) move(t *testing.T, key codybatch.TaskKey) error {
	tick := m.clock.Add(1)
	now := start.Add(time.Duration(tick) * time.Millisecond)
	task, err := m.Task(t.Context(), key)
	if err != nil {
		return err
	}
	roll := m.dice.IntN(10)
	switch {
	case task.Status == codybatch.TaskQueued && roll > 0:
		claim := codybatch.Claim{Key: key, Attempt: task.Attempt, Worker: fmt.Sprint(m.name, tick), Now: now, LeaseUntil: now.Add(lease)}
		_, _, err = m.ClaimTask(t.Context(), claim)
	case task.Status == codybatch.TaskRunning && roll < 4:
		beat := codybatch.Beat{Now: now, LeaseUntil: now.Add(lease), Phase: task.Phase, Usage: m.more(task.Usage)}
		_, err = m.ExtendLease(t.Context(), key, task.Worker, task.Attempt, beat)
	default:
		_, err = codybatch.Update(t.Context(), m, key, func(task codybatch.Task) (codybatch.Task, error) {
			return m.change(task, roll, now)
		})
	}
	for _, harmless := range []error{codybatch.ErrConflict, codybatch.ErrNotNow, codybatch.ErrBudgetExhausted} {
		if errors.Is(err, harmless) {
			return nil
		}
	}
	return err
}

func (m mover) change(task codybatch.Task, roll int, now time.Time) (codybatch.Task, error) {
	switch task.Status {
	case codybatch.TaskRunning:
		switch {
		case roll < 7:
			return task.Finished(task.Worker, task.Attempt, m.result(task), now)
		case roll < 8:
			return task.Stopped(task.Worker, task.Attempt, m.more(task.Usage), now)
		case roll < 9:
			return task.LeaseExpired(task.LeaseUntil.Add(time.Second))
		default:
			return task.CanceledBy(now)
		}
	case codybatch.TaskSucceeded:
		if roll < 5 {
			return task.Publishing(now)
		}
		return task.Reviewed(codybatch.Review{Decision: codybatch.ReviewRejected, At: now})
	case codybatch.TaskFailed, codybatch.TaskCanceled:
		return task.Retried(now)
	default:
		return task.CanceledBy(now)
	}
}

func (m mover) result(task codybatch.Task) codybatch.TaskResult {
	outcomes := codybatch.Outcomes()
	r := codybatch.TaskResult{Outcome: outcomes[m.dice.IntN(len(outcomes))], Usage: m.more(task.Usage)}
	if m.dice.IntN(2) == 0 {
		r.Outcome = codybatch.OutcomeChanged
	}
	if r.HasDiff = r.Outcome == codybatch.OutcomeChanged; r.HasDiff {
		r.DiffStat = codybatch.DiffStat{Files: 1, Additions: 2}
	}
	if r.HasDiff && m.dice.IntN(3) == 0 {
		r.PullRequest = &codybatch.PullRequest{Number: 1, URL: "https://forge.example/1", State: codybatch.PullRequestOpen}
	}
	return r
}

// more is usage that has grown, or not.
func (m mover) more(u codybatch.Usage) codybatch.Usage {
	return u.Add(codybatch.Usage{
		InputTokens: m.dice.Int64N(3), OutputTokens: m.dice.Int64N(3), CacheReadTokens: m.dice.Int64N(3),
		CacheWriteTokens: m.dice.Int64N(3), Cost: codybatch.Money(m.dice.Int64N(2)) * dollar / 8,
		CostUnknown: m.dice.IntN(50) == 0,
	})
}
