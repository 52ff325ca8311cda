package main

import (
	"context"
	"fmt"
	"net/http"
	"path/filepath"
	"time"
)

// largeJob measures what a job with very many tasks costs whoever looks at it,
// while its tasks run.
func largeJob(ctx context.Context, dir, binary string, count int) error {
	fmt.Printf("a job of %d tasks\n", count)
	root := filepath.Join(dir, "large")
	if err := makeRepositories(ctx, root, count, 1); err != nil {
		return err
	}
	s, err := startServer(ctx, binary, root, filepath.Join(dir, "data"), 1)
	if err != nil {
		return err
	}
	defer s.stop()
	start := time.Now()
	created, err := s.createJob(ctx, count, "true", false)
	if err != nil {
		return err
	}
	fmt.Printf("  POST /jobs:                 %6.0f ms (goal < 3,000 ms)\n", milliseconds(time.Since(start)))
	for _, page := range []struct {
		name, path string
		goal       int
	}{
		{"GET /jobs/{id}", "/jobs/" + created.ID, 20},
		{"GET a page of 100 tasks", "/jobs/" + created.ID + "/repositories?limit=100", 30},
		{"GET … by status", "/jobs/" + created.ID + "/repositories?limit=100&status=queued", 30},
		{"GET /jobs", "/jobs", 30},
	} {
		var times []time.Duration
		for range 200 {
			start := time.Now()
			if err := s.call(ctx, http.MethodGet, page.path, nil, nil); err != nil {
				return err
			}
			times = append(times, time.Since(start))
		}
		fmt.Printf("  %-27s %6.1f ms median, %.1f ms p99 (goal < %d ms)\n", page.name+":", milliseconds(median(times)), milliseconds(percentile(times, 0.99)), page.goal)
	}
	peak, err := s.peak()
	if err != nil {
		return err
	}
	fmt.Printf("  memory of the server, peak: %d MB (goal ≤ 150 MB)\n", peak>>20)
	return s.call(ctx, http.MethodPost, "/jobs/"+created.ID+"/cancel", nil, nil)
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }
