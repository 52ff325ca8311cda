package cli

import (
	"fmt"
	"strings"
	"time"

	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// frame is what a terminal shows of a job while it runs: a line for each running
// repository as far as they fit, then the job as a whole.
func (b *board) frame(now time.Time, width, height int) []row {
	runners := b.runners()
	rows := make([]row, 0, height)
	room := max(1, height-4) // head, bar, money, and the free line below
	hidden := 0
	if len(runners) > room {
		hidden = len(runners) - room + 1
		runners = runners[:room-1]
	}
	rows = append(rows, b.head())
	name := 0
	for _, task := range runners {
		name = max(name, columns(visible(task.RepositoryName)))
	}
	name = min(name, max(12, width-38)) // so that phase, time and cost stay visible
	for _, task := range runners {
		rows = append(rows, b.runner(task, name, now))
	}
	if hidden > 0 {
		rows = append(rows, row{{faint, fmt.Sprintf("  … and %d more running", hidden)}})
	}
	return append(rows, b.bar(width), b.money(now))
}

func (b *board) head() row {
	head := row{{bold, oneLine(b.job.Name)}, {faint, "  " + b.job.JobID}}
	if b.rehearsed {
		head = append(head, span{yellow, "  rehearsal, not Claude"})
	}
	return head
}

func (b *board) runner(task httpapi.Task, name int, now time.Time) row {
	phase, look := visible(string(task.Phase)), cyan
	if task.CancelRequested {
		phase, look = "canceling", yellow
	}
	parts := row{
		{plain, "  " + pad(cut(visible(task.RepositoryName), name), name) + gap},
		{look, pad(phase, 10) + gap},
		{plain, pad(duration(now.Sub(started(task))), 6) + gap},
	}
	if task.Usage.CostUSD == nil || *task.Usage.CostUSD > 0 {
		parts = append(parts, span{plain, pad(cost(task.Usage.CostUSD), 7) + gap})
	}
	if silent := now.Sub(b.seen[task.RepositoryName]); silent >= 5*time.Second {
		parts = append(parts, span{faint, "last heard of " + duration(silent) + " ago"})
	}
	return parts
}

// bar shows how far the job is, in the order of the outcomes' colours.
func (b *board) bar(width int) row {
	c, all := b.job.Counts, max(1, b.job.RepositoryCount)
	counts := countsText(b.job)
	size := min(30, max(8, width-columns(counts)-4)) // brackets, a blank, and the free column
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
	line = append(line, span{faint, strings.Repeat("·", size-used) + "]"})
	return append(line, span{plain, " " + counts})
}

func (b *board) money(now time.Time) row {
	text := costText(b.job)
	if b.rehearsed {
		text += " (rehearsed)"
	}
	text += ", " + duration(b.elapsed(now))
	if left, ok := b.left(now); ok {
		text += ", about " + duration(left) + " left"
	}
	return row{{plain, text}}
}

// countsText says how a job stands; what is zero is left out.
func countsText(job httpapi.Job) string {
	c := job.Counts
	parts := []string{fmt.Sprintf("%d of %d ended", c.Succeeded+c.Failed+c.Canceled, job.RepositoryCount)}
	for _, part := range []struct {
		n    int
		what string
	}{
		{c.Running, "running"}, {c.Queued, "queued"}, {c.Succeeded, "succeeded"}, {c.Failed, "failed"},
		{c.Canceled, "canceled"}, {c.Changed, "changed"}, {c.Published, "published"},
	} {
		if part.n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", part.n, part.what))
		}
	}
	return strings.Join(parts, ", ")
}

func costText(job httpapi.Job) string {
	text := "cost " + cost(job.Usage.CostUSD)
	if job.MaxCostUSD != nil {
		text += " of at most " + cost(job.MaxCostUSD)
	}
	return text
}
