package worker

import (
	"context"
	"errors"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// errLost is the cause of an attempt whose lease is somebody else's by now. It
// leaves everything as it is.
var errLost = errors.New("the lease was lost")

// heartbeat holds an attempt's lease until it is stopped.
type heartbeat struct {
	cancel context.CancelFunc
	done   chan struct{}
}

// startHeartbeat tells the store that the attempt lives: at once when there is
// news, and often enough to keep the lease. endLife is called with ErrCanceled
// when the answer says so, and with errLost when the lease is gone.
func (a *attempt) startHeartbeat(ctx context.Context, endLife context.CancelCauseFunc) *heartbeat {
	ctx, cancel := context.WithCancel(ctx)
	h := &heartbeat{cancel: cancel, done: make(chan struct{})}
	go func() {
		defer close(h.done)
		ticker := time.NewTicker(a.Lease / 3)
		defer ticker.Stop()
		leaseUntil := a.task.LeaseUntil
		for {
			select {
			case <-ctx.Done():
				return
			case <-ticker.C:
			case <-a.news:
			}
			beat := a.beat()
			task, err := a.tellStore(ctx, beat, leaseUntil)
			switch {
			case err == nil && task.CancelRequested:
				endLife(codybatch.ErrCanceled)
			case err == nil:
				leaseUntil = beat.LeaseUntil
			case errors.Is(err, codybatch.ErrConflict), a.Now().After(leaseUntil):
				endLife(errLost)
			case ctx.Err() == nil:
				a.Log.WarnContext(ctx, "a sign of life did not reach the store; trying again",
					"task", a.task.Key().String(), "leaseUntil", leaseUntil, "error", err)
			}
		}
	}()
	return h
}

// tellStore waits no longer than the lease lasts, or a beat once it is over: a store that
// does not answer must not hide that.
func (a *attempt) tellStore(ctx context.Context, beat codybatch.Beat, leaseUntil time.Time) (codybatch.Task, error) {
	ctx, cancel := context.WithTimeout(ctx, max(leaseUntil.Sub(beat.Now), a.Lease/3))
	defer cancel()
	return a.Store.ExtendLease(ctx, a.task.Key(), a.task.Worker, a.task.Attempt, beat)
}

// stop ends the heartbeat and waits for it.
func (h *heartbeat) stop() {
	h.cancel()
	<-h.done
}

func (a *attempt) beat() codybatch.Beat {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := a.Now()
	return codybatch.Beat{Now: now, LeaseUntil: now.Add(a.Lease), Phase: a.phase, WaitingFor: a.waiting, Usage: a.usage}
}
