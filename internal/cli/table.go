package cli

import (
	"io"
	"slices"
	"strings"
)

// cell is one field of a table.
type cell struct {
	text  string
	style style
}

// table is a list of results. On a terminal it is aligned, has a head and is cut
// to the window; in a pipe it is one line a row, fields parted by tabs, whole and
// without a head, for cut and awk.
type table struct {
	head []string
	rows [][]cell
}

// add appends a row of plain fields.
func (t *table) add(fields ...cell) { t.rows = append(t.rows, fields) }

// write prints the table for the terminal, or for a pipe if it is none.
func (t *table) write(w io.Writer, to terminal) error {
	var out strings.Builder
	if to.is {
		width, _ := to.size()
		t.aligned(&out, width, to.colour)
	} else {
		t.tabbed(&out)
	}
	_, err := io.WriteString(w, out.String())
	return err
}

func (t *table) tabbed(out *strings.Builder) {
	for _, fields := range t.rows {
		for i, field := range fields {
			if i > 0 {
				out.WriteByte('\t')
			}
			out.WriteString(oneLine(field.text))
		}
		out.WriteByte('\n')
	}
}

const gap = "  "

func (t *table) aligned(out *strings.Builder, window int, colour bool) {
	if len(t.rows) == 0 {
		return
	}
	head := make([]cell, len(t.head))
	for i, name := range t.head {
		head[i] = cell{text: strings.ToUpper(name), style: faint}
	}
	all := append([][]cell{head}, t.rows...)
	widths := t.widths(all, window)
	for _, fields := range all {
		var line strings.Builder
		for i, field := range fields {
			if widths[i] == 0 {
				continue
			}
			text := cut(oneLine(field.text), widths[i])
			line.WriteString(paint(colour, field.style, text) + strings.Repeat(" ", widths[i]-columns(text)) + gap)
		}
		out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
	}
}

// widths gives every column what its widest field needs. If the window is too
// narrow, the widest columns give way first; columns without any content vanish.
func (t *table) widths(rows [][]cell, window int) []int {
	widths := make([]int, len(t.head))
	for r, fields := range rows {
		for i, field := range fields {
			if r > 0 && field.text != "" || r == 0 && t.filled(i) {
				widths[i] = max(widths[i], columns(oneLine(field.text)))
			}
		}
	}
	const least = 8 // below that a column says nothing
	for over := sum(widths, len(gap)) - window; over > 0; over-- {
		widest := slices.Max(widths)
		if widest <= least {
			break // the terminal wraps; nothing sensible is left to cut
		}
		// The last of the widest ones: reasons come last.
		for i := len(widths) - 1; i >= 0; i-- {
			if widths[i] == widest {
				widths[i]--
				break
			}
		}
	}
	return widths
}

func (t *table) filled(column int) bool {
	return slices.ContainsFunc(t.rows, func(fields []cell) bool { return fields[column].text != "" })
}

func sum(widths []int, between int) int {
	total := 0
	for _, w := range widths {
		if w > 0 {
			total += w + between
		}
	}
	return max(0, total-between)
}
