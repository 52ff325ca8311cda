package main

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"time"

	"github.com/liamzdenek/cody-batch/internal/agent/claude"
	"github.com/liamzdenek/cody-batch/internal/agent/prices"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// session is one long conversation, alone.
func session(ctx context.Context, s *stage, t *table) error {
	if err := s.prepare(0); err != nil {
		return err
	}
	result, err := s.run(ctx, 0)
	if err != nil {
		return err
	}
	u := result.Usage
	prompts := u.InputTokens + u.CacheReadTokens + u.CacheWriteTokens
	price := prices.Default()[claude.DefaultModel][0]
	uncached := float64(prompts*int64(price.Input)+u.OutputTokens*int64(price.Output)) / 1e6
	t.note(fmt.Sprintf("a session of %d turns: tokens of its prompts", len(s.wire.calls)), strconv.FormatInt(prompts, 10))
	t.atLeast("  share that the cache serves", 100*float64(u.CacheReadTokens)/float64(prompts), 90, "%.1f %%")
	t.atMost("  cost, of what it would be without the cache", float64(u.Cost)/uncached, 0.25, "%.3f")
	t.atMost("  our side of a turn, tools included, median", median(s.wire.overheads()).Seconds()*1000, 5, "%.2f ms")
	return nil
}

// fanOut is one prompt in 50 repositories at once. What a request writes can be read
// when an answer to it has begun: those that were sent before the first answer began
// are the ones that write the prefix.
func fanOut(ctx context.Context, s *stage, t *table) error {
	const tasks = 50
	if err := s.all(ctx, tasks); err != nil {
		return err
	}
	t.atMost(fmt.Sprintf("one prompt in %d repositories: times the shared prefix is written", tasks), float64(s.wire.early), 2, "%.0f")
	return nil
}

// memory is what 64 agents hold that wait for an answer in the middle of their
// work, the way to the API included.
func memory(ctx context.Context, s *stage, t *table) error {
	const agents = 64
	s.wire.await = agents * blockedTurn
	running, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	before := heap()
	ended := make(chan error, 1)
	go func() { ended <- s.all(running, agents) }()
	select {
	case <-s.wire.reached:
	case err := <-ended:
		return fmt.Errorf("the agents did not come to wait: %w", err)
	}
	held := heap() - before
	cancel(codybatch.ErrCanceled)
	<-ended //nolint:errcheck // of course they were canceled
	t.atMost(fmt.Sprintf("memory of an agent that waits in turn %d, of %d", blockedTurn, agents), float64(held)/agents/(1<<20), 15, "%.2f MB")
	return nil
}

// all runs so many agents at once, when all their workspaces are there.
func (s *stage) all(ctx context.Context, count int) error {
	for i := range count {
		if err := s.prepare(i); err != nil {
			return err
		}
	}
	var group sync.WaitGroup
	failures := make([]error, count)
	for i := range count {
		group.Go(func() {
			_, failures[i] = s.run(ctx, i)
		})
	}
	group.Wait()
	return errors.Join(failures...)
}

// heap is what is in use after what nobody needs has gone.
func heap() int64 {
	var stats runtime.MemStats
	runtime.GC()
	runtime.GC() // what finalizers let go
	runtime.ReadMemStats(&stats)
	return int64(stats.HeapInuse)
}

func median(times []time.Duration) time.Duration {
	if len(times) == 0 {
		return 0
	}
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}
