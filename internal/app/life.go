package app

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// Start sends what an earlier process left behind, and then looks for lost work
// from time to time until Close.
func (a *App) Start(ctx context.Context) error {
	// What could not be sent is in the log, and sent in the next round.
	if _, err := a.Service.Reconcile(ctx, 0); err != nil && !errors.Is(err, codybatch.ErrNotSent) {
		return fmt.Errorf("pick up earlier work: %w", err)
	}
	a.rounds.start(a.options.Lease/2, a.look)
	return nil
}

// Close stops in order: no more looking for work, then the running attempts,
// which are put back in line, then what they write to. If the context ends
// first, the rest is closed under them; their leases will run out.
func (a *App) Close(ctx context.Context) error {
	a.rounds.stop()
	var errs []error
	if a.pool != nil {
		errs = append(errs, a.pool.Close(ctx))
	}
	if a.stage != nil {
		errs = append(errs, a.stage.close(ctx))
	}
	if a.storage.close != nil {
		errs = append(errs, a.storage.close())
	}
	return errors.Join(errs...)
}

// queuePatience is how long a task may wait before it is sent to the pool again.
// The pool forgets nothing while it lives, so this is for the unforeseen.
const queuePatience = 5 * time.Minute

// look is one round: it picks up tasks whose worker fell silent.
func (a *App) look(ctx context.Context) {
	if _, err := a.Service.Reconcile(ctx, queuePatience); err != nil && ctx.Err() == nil {
		a.options.Log.ErrorContext(ctx, "can't look for lost work; will try again", "error", err)
	}
}

// rounds calls a function again and again, from one goroutine. The zero rounds
// can be stopped.
type rounds struct {
	cancel context.CancelCauseFunc
	done   sync.WaitGroup
}

func (r *rounds) start(every time.Duration, look func(context.Context)) {
	ctx, cancel := context.WithCancelCause(context.Background())
	r.cancel = cancel
	r.done.Go(func() {
		ticker := time.NewTicker(max(every, 100*time.Millisecond))
		defer ticker.Stop()
		for {
			select {
			case <-ticker.C:
				look(ctx)
			case <-ctx.Done():
				return
			}
		}
	})
}

// stop returns when no call is under way.
func (r *rounds) stop() {
	if r.cancel == nil {
		return
	}
	r.cancel(codybatch.ErrStopped)
	r.done.Wait()
}

// AgentStatus says whether jobs can ask a model: "ready", "rehearsal", or what is
// missing.
func (a *App) AgentStatus() string {
	switch reason := a.Service.Unavailable[codybatch.AgentClaude]; {
	case a.stage != nil:
		return "rehearsal"
	case reason != "":
		return reason
	default:
		return "ready"
	}
}
