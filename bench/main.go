// Command bench measures the built program against a shell loop, and against its
// own goals: `make bench`. Times on shared machines drift, so whatever has a peer
// is a ratio of two medians from the same run.
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"syscall"
	"time"
)

func main() {
	binary := flag.String("binary", "bin/codybatch", "the built program")
	small := flag.Int("repositories", 200, "how many repositories the job against the shell loop has")
	large := flag.Int("tasks", 10_000, "how many tasks the large job has")
	workers := flag.Int("workers", 8, "repositories at once, for both")
	rounds := flag.Int("rounds", 3, "how often both are run, in turn")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	signal.Ignore(syscall.SIGPIPE) // whoever reads may go away; the servers still have to be stopped
	if err := run(ctx, *binary, *small, *large, *workers, *rounds); err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, binary string, small, large, workers, rounds int) error {
	binary, err := filepath.Abs(binary)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "codybatch-bench-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	if err := againstShell(ctx, dir, binary, small, workers, rounds); err != nil {
		return fmt.Errorf("%d repositories: %w", small, err)
	}
	if err := largeJob(ctx, dir, binary, large); err != nil {
		return fmt.Errorf("%d tasks: %w", large, err)
	}
	return nil
}

// againstShell gives both sides the same work in turn: clone, edit, commit, push.
func againstShell(ctx context.Context, dir, binary string, count, workers, rounds int) error {
	fmt.Printf("%d repositories of 100 files, %d at once: clone (depth 1), sed, commit, push\n", count, workers)
	var shell, ours []cost
	for round := range rounds {
		root := filepath.Join(dir, fmt.Sprintf("round-%d", round))
		for _, side := range []string{"shell", "ours"} {
			if err := makeRepositories(ctx, filepath.Join(root, side), count, 100); err != nil {
				return err
			}
		}
		a, err := shellLoop(ctx, filepath.Join(root, "shell"), workers)
		if err != nil {
			return err
		}
		b, err := jobOver(ctx, binary, filepath.Join(root, "ours"), filepath.Join(root, "data"), count, workers)
		if err != nil {
			return err
		}
		shell, ours = append(shell, a), append(ours, b)
		fmt.Printf("  round %d: shell %5.2f s (processor %5.2f s), codybatch %5.2f s (%5.2f s)\n",
			round+1, a.wall.Seconds(), a.cpu.Seconds(), b.wall.Seconds(), b.cpu.Seconds())
		if err := os.RemoveAll(root); err != nil {
			return err
		}
	}
	for _, row := range []struct {
		name, goal string
		of         func(cost) time.Duration
	}{
		{"wall time", "goal ≤ 1.50", func(c cost) time.Duration { return c.wall }},
		{"processor", "the server's start and end included", func(c cost) time.Duration { return c.cpu }},
	} {
		a, b := medianOf(shell, row.of), medianOf(ours, row.of)
		fmt.Printf("  %s, median: shell %5.2f s, codybatch %5.2f s, ratio %.2f (%s)\n", row.name, a.Seconds(), b.Seconds(), b.Seconds()/a.Seconds(), row.goal)
	}
	var memory int64
	for _, c := range ours {
		memory = max(memory, c.memory)
	}
	fmt.Printf("  memory of the server, peak: %d MB (goal ≤ 150 MB)\n", memory>>20)
	return nil
}

func medianOf(costs []cost, of func(cost) time.Duration) time.Duration {
	times := make([]time.Duration, len(costs))
	for i, c := range costs {
		times[i] = of(c)
	}
	return median(times)
}

func median(times []time.Duration) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[len(sorted)/2]
}

// percentile is the time that a share of all stayed under.
func percentile(times []time.Duration, share float64) time.Duration {
	sorted := slices.Sorted(slices.Values(times))
	return sorted[min(len(sorted)-1, int(share*float64(len(sorted))))]
}
