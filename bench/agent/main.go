// Command agent measures the Claude loop against a rehearsal of the API: how much
// of a conversation comes from the cache, what our side adds to a turn, and what a
// waiting agent holds in memory: `make bench-agent`. Tokens are the rehearsal's
// guess (four bytes each), and the same everywhere; times are this machine's.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"unicode/utf8"
)

func main() {
	scenario := flag.String("rehearse", "", "serve this scenario until standard input ends; used by the program itself")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	var err error
	if *scenario != "" {
		err = rehearse(ctx, *scenario)
	} else {
		err = run(ctx)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		os.Exit(1)
	}
}

// table is what was measured, and what it should be at most or at least.
type table struct{ rows []row }

type row struct {
	what, value, goal string
	holds             bool
}

func (t *table) atMost(what string, value, goal float64, format string) {
	t.rows = append(t.rows, row{what, fmt.Sprintf(format, value), "≤ " + fmt.Sprintf(format, goal), value <= goal})
}

func (t *table) atLeast(what string, value, goal float64, format string) {
	t.rows = append(t.rows, row{what, fmt.Sprintf(format, value), "≥ " + fmt.Sprintf(format, goal), value >= goal})
}

// note is for comparison: it has no goal.
func (t *table) note(what, value string) { t.rows = append(t.rows, row{what, value, "", true}) }

func (t *table) print() {
	left, right := 0, 0
	for _, r := range t.rows {
		left, right = max(left, utf8.RuneCountInString(r.what)), max(right, utf8.RuneCountInString(r.value))
	}
	judged, over := 0, 0
	for _, r := range t.rows {
		mark := " "
		if r.goal != "" {
			judged++
		}
		if !r.holds {
			mark = "✗"
			over++
		}
		fmt.Printf("%s %-*s  %*s  %s\n", mark, left, r.what, right, r.value, r.goal)
	}
	fmt.Printf("\n%d of %d within their goal. Times and memory are this machine's, while it did what it did; tokens are the same everywhere.\n", judged-over, judged)
}

func run(ctx context.Context) error {
	dir, err := os.MkdirTemp("", "codybatch-bench-agent-")
	if err != nil {
		return err
	}
	defer func() { _ = os.RemoveAll(dir) }()
	var t table
	defer t.print() // also what was measured before something went wrong
	for _, m := range []struct {
		scenario string
		measure  func(context.Context, *stage, *table) error
	}{{"blocked", memory}, {"session", session}, {"fanout", fanOut}} {
		s, err := newStage(ctx, dir, m.scenario)
		if err != nil {
			return err
		}
		if err := errors.Join(m.measure(ctx, s, &t), s.close()); err != nil {
			return fmt.Errorf("%s: %w", m.scenario, err)
		}
	}
	return fleet(ctx, dir, &t)
}
