package worker

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// attempt is one execution of a task.
type attempt struct {
	*Worker
	job    codybatch.Job
	task   codybatch.Task // as claimed
	result codybatch.TaskResult
	record *recorder
	// commands verify the change: the job's, with what was detected for "auto".
	commands []string
	// diffSHA is the SHA-256 of the diff that was kept last, in hex.
	diffSHA string
	// judged is what the judge has said in this conversation.
	judged judged

	// mu guards what the heartbeat reads while the story goes on.
	mu      sync.Mutex
	phase   codybatch.Phase
	waiting string
	usage   codybatch.Usage
	news    chan struct{} // holds one element when one of these is new
}

func (w *Worker) newAttempt(job codybatch.Job, task codybatch.Task) *attempt {
	return &attempt{
		Worker: w, job: job, task: task, phase: task.Phase,
		result: codybatch.TaskResult{Untouched: true},
		record: newRecorder(w, task),
		news:   make(chan struct{}, 1),
	}
}

// run is the attempt between claim and finish, while a heartbeat holds the lease.
func (a *attempt) run(ctx context.Context) error {
	alive, endLife := context.WithCancelCause(ctx)
	heartbeat := a.startHeartbeat(context.WithoutCancel(ctx), endLife)
	defer endLife(nil)
	defer heartbeat.stop() // the lease holds until the end is written
	err := a.story(alive)
	cause := context.Cause(alive)

	finish, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.Keep)
	defer cancel()
	switch {
	case err == nil:
	case errors.Is(cause, errLost):
		return fmt.Errorf("attempt %d of %s: %w", a.task.Attempt, a.task.Key(), codybatch.ErrConflict)
	case errors.Is(cause, codybatch.ErrStopped), errors.Is(cause, context.Canceled):
		return a.putBack(finish, "")
	}
	var held *codybatch.HeldError
	if cause == nil && errors.As(err, &held) && !errors.Is(err, codybatch.ErrTimeout) {
		if err := a.putBack(finish, held.Reason); err != nil {
			return err
		}
		return fmt.Errorf("attempt %d of %s: %w", a.task.Attempt, a.task.Key(), held)
	}
	a.explain(err)
	return a.finish(finish)
}

// story does the work within its time. Its error is the cause that ended it
// early, or what went wrong; what was reached by then is in a.result.
func (a *attempt) story(ctx context.Context) error {
	ctx, cancel := context.WithTimeoutCause(ctx, a.job.Agent.Timeout, codybatch.ErrTimeout)
	defer cancel()
	err := a.work(ctx)
	if err != nil && ctx.Err() != nil {
		// Whatever broke, it broke because of this.
		return fmt.Errorf("%w (%w)", context.Cause(ctx), err)
	}
	return err
}

// work is the attempt, from top to bottom.
func (a *attempt) work(ctx context.Context) error {
	if !a.Allow.Admits(a.Forge.Host(), a.task.Repository) {
		return &codybatch.NotAllowedError{Host: a.Forge.Host(), Repositories: []codybatch.RepositoryName{a.task.Repository}}
	}
	left, err := a.findLeftover(ctx)
	if err != nil {
		return err
	}
	base, err := a.resolve(ctx)
	if err != nil {
		return err
	}
	if left != nil { // the branch may have moved on since
		base.Commit = left.base
	}
	a.result.BaseCommit = base.Commit
	if a.job.PullRequest.Branch == base.Branch && (a.job.CreatePullRequests || a.publishesStored()) {
		return &conflictError{base.Branch, "is the branch that the change is for"} // before anything is paid
	}
	known, err := a.knownResult(ctx, base)
	if err != nil {
		return err
	}
	if known != nil && known.unchecked {
		if left == nil && !a.hasTried() {
			left, err = a.takeUp(ctx, *known)
		}
		if err != nil {
			return err
		}
		known = nil
	}
	if known != nil && !a.mustPublish(known.Result) {
		return a.takeOver(ctx, known)
	}

	place, err := a.makePlace()
	if err != nil {
		return err
	}
	defer place.remove(a.Log)
	if err := place.checkout(ctx, a, base); err != nil {
		return err
	}
	var tree string
	if known != nil {
		tree, err = a.applyKnown(ctx, place, known)
	} else {
		tree, err = a.change(ctx, place, left)
	}
	if err != nil || a.result.Outcome.Status() != codybatch.TaskSucceeded || !a.mustPublish(a.result) {
		return err
	}
	return a.publish(ctx, place, base, tree)
}

// hasTried reports whether workers were lost with this task, or something was spent on
// it, since it was queued by a person.
func (a *attempt) hasTried() bool {
	interrupted := a.task.Interrupted
	return a.task.Lost > 1 || interrupted != nil && interrupted.Usage != (codybatch.Usage{})
}

func (a *attempt) resolve(ctx context.Context) (codybatch.Base, error) {
	a.enter(codybatch.PhaseResolving)
	base, err := a.Forge.ResolveBase(ctx, a.task.Repository, a.job.PullRequest.Base)
	if err != nil {
		return base, fmt.Errorf("find the commit to start from: %w", err)
	}
	if a.publishesStored() {
		// What was reviewed is what is published: it starts from its own commit.
		base.Commit = a.task.BaseCommit
	}
	return base, nil
}

// publishesStored reports whether the attempt is there to publish the diff that
// the task has.
func (a *attempt) publishesStored() bool { return a.task.PublishesStored(a.job) }

// mustPublish: what nobody has looked at is published only if the job said so.
func (a *attempt) mustPublish(result codybatch.TaskResult) bool {
	return result.Outcome == codybatch.OutcomeChanged && (a.job.CreatePullRequests || a.publishesStored())
}

// explain turns the error that ended the story into the outcome and the words
// that a person reads. What was kept by then stays.
func (a *attempt) explain(err error) {
	if err == nil {
		return
	}
	a.result.Outcome, a.result.Error = outcomeOf(err)
	a.result.Error.Message = a.redact.Replace(a.result.Error.Message)
}

func (a *attempt) finish(ctx context.Context) error {
	now := a.Now()
	a.Log.DebugContext(ctx, "phase", "job", a.task.JobID, "repository", a.task.Repository, "attempt", a.task.Attempt, "phase", "finishing")
	a.result.Usage = a.spent()
	if err := a.record.end(ctx, a.result); err != nil {
		a.Log.ErrorContext(ctx, "the end of a thread could not be kept", "task", a.task.Key().String(), "error", err)
	}
	task, err := a.write(ctx, func(t codybatch.Task) (codybatch.Task, error) {
		return t.Finished(a.task.Worker, a.task.Attempt, a.result, now)
	})
	if err != nil {
		return fmt.Errorf("finish %s: %w", a.task.Key(), err)
	}
	a.Log.InfoContext(ctx, "attempt ended", "job", task.JobID, "repository", task.Repository, "attempt", task.Attempt,
		"outcome", task.Outcome, "seconds", now.Sub(task.StartedAt).Seconds())
	return nil
}

// putBack leaves the attempt to a later claim, which has to wait for something if
// that is said.
func (a *attempt) putBack(ctx context.Context, waitsFor string) error {
	a.record.flush(ctx)
	_, err := a.write(ctx, func(t codybatch.Task) (codybatch.Task, error) {
		return t.Held(a.task.Worker, a.task.Attempt, a.spent(), a.waitingText(waitsFor), a.Now())
	})
	if err != nil {
		return fmt.Errorf("give %s back: %w", a.task.Key(), err)
	}
	return nil
}

// write moves the task for the last time in this attempt. What is not written is
// done, and paid, again: so a store that fails is asked again until ctx ends.
func (a *attempt) write(ctx context.Context, change func(codybatch.Task) (codybatch.Task, error)) (codybatch.Task, error) {
	for pause := 50 * time.Millisecond; ; pause = min(2*pause, 2*time.Second) {
		task, err := codybatch.Update(ctx, a.Store, a.task.Key(), change)
		if err == nil || errors.Is(err, codybatch.ErrConflict) || errors.Is(err, codybatch.ErrNotFound) {
			return task, err
		}
		a.Log.WarnContext(ctx, "the end of an attempt could not be stored; trying again", "task", a.task.Key().String(), "error", err)
		timer := time.NewTimer(pause)
		select {
		case <-ctx.Done():
			timer.Stop()
			return task, err
		case <-timer.C:
		}
	}
}

// enter tells what the attempt is doing now.
func (a *attempt) enter(phase codybatch.Phase) {
	a.mu.Lock()
	a.phase, a.waiting = phase, ""
	a.mu.Unlock()
	a.Log.Debug("phase", "job", a.task.JobID, "repository", a.task.Repository, "attempt", a.task.Attempt, "phase", phase)
	a.tell()
}

// waitingLimit bounds what a row says of a wait, in bytes.
const waitingLimit = 300

// event records an event of the thread. One that says that something is tried
// again is also what people see while they wait.
func (a *attempt) event(ctx context.Context, event codybatch.ThreadEvent) error {
	waiting := ""
	if event.Type == codybatch.EventRetry {
		waiting = a.waitingText(event.Reason)
	}
	a.mu.Lock()
	isNews := a.waiting != waiting
	a.waiting = waiting
	a.mu.Unlock()
	if isNews {
		a.tell()
	}
	return a.record.event(ctx, event)
}

func (a *attempt) waitingText(reason string) string {
	reason = a.redact.Replace(reason)
	return strings.ToValidUTF8(reason[:min(len(reason), waitingLimit)], "")
}

// spend tells what the attempt has used so far.
func (a *attempt) spend(usage codybatch.Usage) {
	a.mu.Lock()
	a.usage = usage
	a.mu.Unlock()
	a.tell()
}

func (a *attempt) spent() codybatch.Usage {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.usage
}

func (a *attempt) tell() {
	select {
	case a.news <- struct{}{}:
	default: // the heartbeat has not fetched the last news yet
	}
}

// removeAll removes a folder that programs have made, whatever modes they left.
func removeAll(dir string) error {
	err := os.RemoveAll(dir)
	if err == nil {
		return nil
	}
	makeWritable(dir)
	return os.RemoveAll(dir)
}
