package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// frame is what a terminal shows of a job while it runs: a line for each running
// repository as far as they fit, then the job as a whole.
func (b *board) frame(now time.Time, width, height int) []row {
	runners := b.runners()
	rows := make([]row, 0, height)
	tail := slices.Concat(b.counts(width), b.money(now, width))
	if b.problem != "" {
		tail = append(tail, row{{yellow, b.problem}})
	}
	if b.paused != "" && len(runners) == 0 {
		tail = append(tail, row{{yellow, cut(oneLine(b.paused), width-1)}})
	}
	room := max(1, height-2-len(tail)) // the head, and the free line below
	hidden := 0
	if len(runners) > room {
		hidden = len(runners) - room + 1
		runners = runners[:room-1]
	}
	spare := room - len(runners) - min(hidden, 1) // rows for what tasks wait for
	rows = append(rows, b.head())
	name := 0
	for _, task := range runners {
		name = max(name, columns(visible(task.RepositoryName)))
	}
	name = min(name, max(12, width-38)) // so that phase, time and cost stay visible
	for _, task := range runners {
		rows = append(rows, b.runner(task, name, width, now))
		if task.WaitingFor != "" && spare > 0 {
			spare--
			rows = append(rows, row{{yellow, cut("    "+oneLine(string(task.WaitingFor)), width-1)}})
		}
	}
	if hidden > 0 {
		rows = append(rows, row{{faint, fmt.Sprintf("  … and %d more running", hidden)}})
	}
	return append(rows, tail...)
}

func (b *board) head() row {
	head := row{{bold, oneLine(b.job.Name)}, {faint, "  " + b.job.JobID}}
	if b.rehearsed {
		head = append(head, span{yellow, "  rehearsal, not Claude"})
	}
	return head
}

func (b *board) runner(task httpapi.Task, name, width int, now time.Time) row {
	phase, look := visible(string(task.Phase)), cyan
	if task.CancelRequested {
		phase, look = "canceling", yellow
	}
	parts := row{
		{plain, "  " + pad(cut(visible(task.RepositoryName), name), name) + gap},
		{look, pad(phase, 10) + gap},
		{plain, pad(duration(now.Sub(started(task))), 6) + gap},
	}
	var remarks []string
	if task.Attempt > 1 {
		remarks = append(remarks, fmt.Sprintf("attempt %d", task.Attempt))
	}
	if silent := now.Sub(b.seen[task.RepositoryName]); silent >= 5*time.Second {
		remarks = append(remarks, "last heard of "+duration(silent)+" ago")
	}
	more := row{{faint, strings.Join(remarks, ", ")}}
	if task.Usage.CostUSD == nil || *task.Usage.CostUSD > 0 {
		more = slices.Insert(more, 0, span{plain, pad(cost(task.Usage.CostUSD), 7) + gap})
	}
	for _, part := range more {
		if parts.columns()+columns(strings.TrimRight(part.text, " ")) < width { // half of it helps nobody
			parts = append(parts, part)
		}
	}
	return parts
}

// counts shows how far the job is: a bar, and numbers beside it and below.
func (b *board) counts(width int) []row {
	parts := countParts(b.job)
	beside := len(parts)
	if columns(strings.Join(parts, ", "))+barFrame+leastBar > width {
		beside = min(2, len(parts)) // what has ended, and what failed
	}
	text := strings.Join(parts[:beside], ", ")
	size := min(30, max(leastBar, width-columns(text)-barFrame))
	rows := []row{append(b.bar(size), span{plain, " " + text})}
	for _, line := range joined(parts[beside:], width-3) {
		rows = append(rows, row{{plain, "  " + line}})
	}
	return rows
}

const (
	leastBar = 8
	barFrame = 4 // brackets, a blank, and the free column
)

// bar shows how far the job is, in the order of the outcomes' colours.
func (b *board) bar(size int) row {
	c, all := b.job.Counts, max(1, b.job.RepositoryCount)
	var line row
	used := 0
	segment := func(n int, look style, mark string) {
		part := n * size / all
		if n > 0 && part == 0 {
			part = 1
		}
		part = min(part, size-used)
		used += part
		line = append(line, span{look, strings.Repeat(mark, part)})
	}
	line = append(line, span{faint, "["})
	segment(c.Failed, red, "█") // first, so that no rounding hides a failure
	segment(c.Canceled, yellow, "█")
	segment(c.Succeeded, green, "█")
	segment(c.Running, cyan, "▒")
	return append(line, span{faint, strings.Repeat("·", size-used) + "]"})
}

func (b *board) money(now time.Time, width int) []row {
	parts := []string{costText(b.job), duration(b.elapsed(now))}
	if b.rehearsed {
		parts[0] += " (rehearsed)"
	}
	if left, ok := b.left(now); ok {
		parts = append(parts, "about "+duration(left)+" left")
	}
	var rows []row
	for _, line := range joined(parts, width-1) {
		rows = append(rows, row{{plain, line}})
	}
	return rows
}

// joined puts parts, whole, into lines of at most width columns.
func joined(parts []string, width int) []string {
	var all []string
	for _, part := range parts {
		if last := len(all) - 1; last >= 0 && columns(all[last])+2+columns(part) < width {
			all[last] += ", " + part
			continue
		} else if last >= 0 {
			all[last] += ","
		}
		all = append(all, part)
	}
	return all
}

// countsText says how a job stands in one line.
func countsText(job httpapi.Job) string { return strings.Join(countParts(job), ", ") }

// countParts says how a job stands; what is zero is left out. What went wrong comes
// early, so that no narrow window hides it.
func countParts(job httpapi.Job) []string {
	c := job.Counts
	parts := []string{fmt.Sprintf("%d of %d ended", c.Succeeded+c.Failed+c.Canceled, job.RepositoryCount)}
	for _, part := range []struct {
		n    int
		what string
	}{
		{c.Failed, "failed"}, {c.Running, "running"}, {c.Queued, "queued"}, {c.Succeeded, "succeeded"},
		{c.Canceled, "canceled"}, {c.Changed, "changed"}, {c.Published, "published"},
	} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	return parts
}

func costText(job httpapi.Job) string {
	text := "cost " + cost(job.Usage.CostUSD)
	if job.MaxCostUSD != nil {
		text += " of at most " + cost(job.MaxCostUSD)
	}
	return text
}
