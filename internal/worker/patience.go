package worker

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/git"
)

// remoteTries is how often git asks a remote that is overloaded or out of reach:
// with pauses of 1, 2, 4, 8 and 16 seconds, each shortened by up to a half at
// random, so that many workers do not come back at the same moment.
const remoteTries = 6

// patiently does what needs the remote, and does it again while the remote is not
// available. What it does has to be safe to repeat.
func (a *attempt) patiently(ctx context.Context, do func() error) error {
	pause := time.Second
	for try := 1; ; try++ {
		err := do()
		if err == nil || try == remoteTries || ctx.Err() != nil || !errors.Is(err, git.ErrUnavailable) {
			return err
		}
		wait := pause - rand.N(pause/2)
		a.Log.WarnContext(ctx, "a git remote is not available; trying again",
			"job", a.task.JobID, "repository", a.task.Repository, "try", try, "in", wait.String(), "error", err)
		if err := a.event(ctx, codybatch.ThreadEvent{
			Type: codybatch.EventRetry, N: try, Reason: fmt.Sprintf("%v; trying again in %s", err, wait.Round(time.Millisecond)),
		}); err != nil {
			return err
		}
		timer := time.NewTimer(wait)
		select {
		case <-ctx.Done():
			timer.Stop()
			return context.Cause(ctx)
		case <-timer.C:
		}
		pause *= 2
	}
}
