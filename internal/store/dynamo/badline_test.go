package dynamo_test

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"net/http"
	"sync"
	"testing"
	"time"

	"github.com/liamzdenek/cody-batch/internal/awstest"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/store/dynamo"
)

// calm is how often one request is made until it goes through for sure. A store gives
// up at the eighth attempt.
const calm = 6

// dice disturb one request of four: it is throttled, or meets another one, or its
// answer is lost.
type dice struct {
	mutex sync.Mutex
	rand  *rand.Rand
}

func (d *dice) roll(n int) int {
	d.mutex.Lock()
	defer d.mutex.Unlock()
	return d.rand.IntN(n)
}

func (d *dice) wire() *wire {
	return &wire{
		perBody: true,
		answer: func(operation string, n int, _ []byte) (*http.Response, error) {
			switch what := d.roll(12); {
			case n%calm == 0:
			case what == 0:
				return refusal("ThrottlingException", nil), nil
			case what == 1 && operation == "TransactWriteItems" && n == 1: // one that was made already is no conflict
				return canceled("TransactionConflict", "None"), nil
			}
			return nil, nil
		},
		lose: func(_ string, n int) bool { return n%calm > 0 && d.roll(6) == 0 },
	}
}

// Workers, a reconciler and a person who cancels and retries, all over a bad line: at
// every moment that a reader sees, and in the end, the job is the sum of its tasks.
func TestEverybodyAtOnceOverABadLine(t *testing.T) {
	t.Parallel()
	const tasks, workers, rounds = 12, 4, 25
	own := newTables(t, awstest.Dynoxide(t))
	for seed := range uint64(3) {
		d := &dice{rand: rand.New(rand.NewPCG(seed, 1))}
		id := codybatch.JobID(fmt.Sprintf("job-%d", seed))
		open := func() *dynamo.Store { return dynamo.WithoutPauses(own.store(t, begun, d.wire())) }
		if _, created, err := open().CreateJob(t.Context(), newJob(id), names(tasks), codybatch.IdempotencyKey{Key: string(id), Request: "r", Now: begun}); err != nil || !created {
			t.Fatalf("created %t, %v", created, err)
		}
		ctx, stop := context.WithCancel(t.Context())
		var readers sync.WaitGroup
		for _, limit := range []int{5, 100} {
			readers.Go(func() { follow(ctx, t, open(), id, limit) })
		}
		var group sync.WaitGroup
		for i := range workers {
			store := open()
			group.Go(func() {
				for round := range rounds {
					key := codybatch.TaskKey{JobID: id, Repository: names(tasks)[d.roll(tasks)]}
					if err := act(t.Context(), store, key, d.roll(6), fmt.Sprintf("worker-%d-%d", i, round)); err != nil && !isAnswer(err) {
						t.Errorf("seed %d: %v", seed, err)
					}
				}
			})
		}
		group.Wait()
		stop()
		readers.Wait()
		job, all, err := own.store(t, begun, nil).Changes(t.Context(), id, 0, 100)
		if err != nil || len(all) != tasks {
			t.Fatalf("%d tasks, %v", len(all), err)
		}
		truth := map[codybatch.RepositoryName]codybatch.Task{}
		for _, task := range all {
			truth[task.Repository] = task
		}
		wantOneMoment(t, job, truth)
	}
}

func isAnswer(err error) bool {
	return errors.Is(err, codybatch.ErrConflict) || errors.Is(err, codybatch.ErrCanceled)
}

// act does one thing to a task, whichever of them fits it.
func act(ctx context.Context, store *dynamo.Store, key codybatch.TaskKey, what int, worker string) error {
	task, err := store.Task(ctx, key)
	if err != nil {
		return err
	}
	at := begun.Add(time.Hour)
	change := func(f func(codybatch.Task) (codybatch.Task, error)) error {
		_, err := codybatch.Update(ctx, store, key, f)
		return err
	}
	switch {
	case what == 0:
		_, err = store.CancelJob(ctx, key.JobID, !task.CancelRequested && worker[len(worker)-1]%2 == 0)
		return err
	case what == 1 && task.Status.Final():
		return change(func(t codybatch.Task) (codybatch.Task, error) { return t.Retried(at) })
	case task.Status == codybatch.TaskQueued:
		claim := claimOf(key)
		claim.Attempt, claim.Worker = task.Attempt, worker
		_, _, err = store.ClaimTask(ctx, claim)
		return err
	case what == 2 && task.Status == codybatch.TaskRunning:
		return change(func(t codybatch.Task) (codybatch.Task, error) { return t.LeaseExpired(at) })
	case what == 3 && task.Status == codybatch.TaskRunning:
		return change(func(t codybatch.Task) (codybatch.Task, error) { return t.CanceledBy(at) })
	case what == 4 && task.Status == codybatch.TaskRunning:
		beat := codybatch.Beat{Now: at, LeaseUntil: task.LeaseUntil.Add(time.Second), Phase: task.Phase, Usage: codybatch.Usage{Cost: task.Usage.Cost + 1}}
		if len(worker)%2 == 0 {
			beat.Usage = task.Usage
		}
		_, err = store.ExtendLease(ctx, key, task.Worker, task.Attempt, beat)
		return err
	case task.Status == codybatch.TaskRunning:
		return change(func(t codybatch.Task) (codybatch.Task, error) {
			return t.Finished(task.Worker, task.Attempt, codybatch.TaskResult{Outcome: codybatch.OutcomeTimeout, Usage: codybatch.Usage{Cost: 7}}, at)
		})
	}
	return nil
}

// follow reads the changes of a job until the end of ctx, and checks each moment.
func follow(ctx context.Context, t *testing.T, store *dynamo.Store, id codybatch.JobID, limit int) {
	known := map[codybatch.RepositoryName]codybatch.Task{}
	after := int64(0)
	for ctx.Err() == nil {
		job, changed, err := store.Changes(ctx, id, after, limit)
		if err != nil {
			if ctx.Err() == nil {
				t.Error(err)
			}
			return
		}
		for _, task := range changed {
			known[task.Repository] = task
			after = task.Seq
		}
		if len(changed) < limit {
			after = job.Seq
			wantOneMoment(t, job, known)
		}
	}
}
