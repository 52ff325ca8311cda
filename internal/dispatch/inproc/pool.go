// Package inproc dispatches tasks to a bounded pool of goroutines in this
// process. What waits is kept in memory only: after a crash, reconcile sends it
// again.
package inproc

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"sync"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// Options of a Pool.
type Options struct {
	Workers int // how many tasks run at once; less than 1 counts as 1

	// ParkDelay is how long a job waits after codybatch.ErrNotNow, unless another
	// run ends earlier. 0 stands for five seconds.
	ParkDelay time.Duration

	Log *slog.Logger // nil: nothing is logged
}

// errClosed is what Dispatch says after Close.
var errClosed = errors.New("the pool is closed")

// Pool implements codybatch.Dispatcher. Jobs take turns, so that a large one
// does not keep a small one waiting; within a job it is first come, first served.
//
// A run that answers codybatch.ErrNotNow holds its job back until any other run
// ends or ParkDelay is over. Then the job is tried with one task for each free
// worker, so that a job of 10,000 tasks does not ask 10,000 times. A
// codybatch.HeldError holds the job back until its time, whatever else ends. What
// only publishes is in a line of its own: it asks for neither money nor a model.
type Pool struct {
	runner    codybatch.Runner
	workers   int
	parkDelay time.Duration
	log       *slog.Logger

	mu      sync.Mutex
	line    line
	running map[attempt]*running
	ends    int // of runs that were more than an ErrNotNow
	closed  bool
	idle    sync.WaitGroup // counts the runs
}

// attempt identifies a reference: its place in the job does not.
type attempt struct {
	key    codybatch.TaskKey
	number int
}

func attemptOf(ref codybatch.TaskRef) attempt { return attempt{ref.Key, ref.Attempt} }

// New makes a Pool. It needs no goroutine while it has nothing to run. The
// caller closes it.
func New(run codybatch.Runner, o Options) *Pool {
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.ParkDelay <= 0 {
		o.ParkDelay = 5 * time.Second
	}
	return &Pool{
		runner: run, workers: max(1, o.Workers), parkDelay: o.ParkDelay, log: o.Log,
		line: newLine(), running: map[attempt]*running{},
	}
}

// Dispatch puts tasks in line. One that waits already is not put there again;
// one that runs at the moment is run again when that has ended.
func (p *Pool) Dispatch(ctx context.Context, refs []codybatch.TaskRef) error {
	if ctx.Err() != nil {
		return fmt.Errorf("dispatch %d tasks: %w", len(refs), context.Cause(ctx))
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return fmt.Errorf("dispatch %d tasks: %w", len(refs), errClosed)
	}
	for _, ref := range refs {
		if r := p.running[attemptOf(ref)]; r != nil {
			r.again = true
			continue
		}
		p.line.push(ref)
	}
	p.fill()
	return nil
}

// Cancel ends the contexts of running tasks with codybatch.ErrCanceled, without
// waiting for them, and forgets waiting ones. It never fails.
func (p *Pool) Cancel(_ context.Context, keys []codybatch.TaskKey) error {
	set := make(map[codybatch.TaskKey]bool, len(keys))
	for _, key := range keys {
		set[key] = true
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.line.forget(set)
	for a, r := range p.running {
		if set[a.key] {
			r.canceled, r.again = true, false
			r.cancel(codybatch.ErrCanceled)
		}
	}
	return nil
}

// Ping tells whether the pool takes tasks.
func (p *Pool) Ping(context.Context) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return errClosed
	}
	return nil
}

// Close takes no more tasks, forgets the waiting ones, ends the contexts of the
// running ones with codybatch.ErrStopped and waits for them. If the context ends
// first, some still run and the error says so. It may be called again.
func (p *Pool) Close(ctx context.Context) error {
	p.mu.Lock()
	p.closed = true
	p.line.clear()
	for _, r := range p.running {
		r.cancel(codybatch.ErrStopped)
	}
	p.mu.Unlock()

	done := make(chan struct{})
	go func() {
		p.idle.Wait() // ends with the last run, even if nobody waits for it any more
		close(done)
	}()
	select {
	case <-done:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("wait for %d running tasks: %w", len(p.Running()), context.Cause(ctx))
	}
}

// Running lists the tasks that run, by job and repository.
func (p *Pool) Running() []codybatch.TaskKey {
	p.mu.Lock()
	defer p.mu.Unlock()
	keys := make([]codybatch.TaskKey, 0, len(p.running))
	for a := range p.running {
		keys = append(keys, a.key)
	}
	slices.SortFunc(keys, func(a, b codybatch.TaskKey) int {
		return cmp.Or(cmp.Compare(a.JobID, b.JobID), cmp.Compare(a.Repository, b.Repository))
	})
	return keys
}

// Waiting counts the tasks that wait, with those of jobs that are held back.
func (p *Pool) Waiting() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.line.waiting)
}
