package cli

import (
	"io"
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

// The last column is for prose: it is wrapped in what the others leave, which is
// at least leastProse, and no longer than mostProse lines.
const (
	leastColumn = 8
	leastProse  = 24
	mostProse   = 6
)

func (t *table) aligned(out *strings.Builder, window int, colour bool) {
	if len(t.rows) == 0 {
		return
	}
	head := make([]cell, len(t.head))
	for i, name := range t.head {
		head[i] = cell{text: strings.ToUpper(name), style: faint}
	}
	widths := t.widths(window)
	for _, fields := range append([][]cell{head}, t.rows...) {
		prose := wrap(oneLine(fields[len(fields)-1].text), widths[len(fields)-1], mostProse)
		for n := range max(1, len(prose)) {
			var line strings.Builder
			for i, field := range fields {
				text := cut(oneLine(field.text), widths[i])
				switch last := i == len(fields)-1; {
				case widths[i] == 0:
					continue
				case last && n < len(prose):
					text = prose[n]
				case last || n > 0:
					text = ""
				}
				line.WriteString(paint(colour, field.style, text) + strings.Repeat(" ", widths[i]-columns(text)) + gap)
			}
			out.WriteString(strings.TrimRight(line.String(), " ") + "\n")
		}
	}
}

// widths gives every column what its widest field needs, except the last: that
// gets what is left. If the window is too narrow, the widest columns give way.
// Columns without any content vanish.
func (t *table) widths(window int) []int {
	widths := make([]int, len(t.head))
	for i, name := range t.head {
		for _, fields := range t.rows {
			if text := oneLine(fields[i].text); text != "" {
				widths[i] = max(widths[i], columns(text), columns(name))
			}
		}
	}
	last := len(widths) - 1
	over := sum(widths) - window
	give := min(over, widths[last]-leastProse)
	if give > 0 {
		widths[last] -= give
		over -= give
	}
	for ; over > 0; over-- {
		i := widest(widths)
		if widths[i] <= leastColumn {
			break // the terminal wraps; nothing sensible is left to cut
		}
		widths[i]--
	}
	return widths
}

// widest is the index of the widest column, the last one of several.
func widest(widths []int) int {
	at := 0
	for i, w := range widths {
		if w >= widths[at] {
			at = i
		}
	}
	return at
}

// sum is the width of all columns with the gaps between them.
func sum(widths []int) int {
	total := 0
	for _, w := range widths {
		if w > 0 {
			total += w + len(gap)
		}
	}
	return max(0, total-len(gap))
}

// wrap breaks a line between words into lines of at most width columns. What is
// beyond most lines is left out, marked by "…".
func wrap(text string, width, most int) []string {
	if width <= 0 || text == "" {
		return nil
	}
	var broken []string
	line := ""
	for word := range strings.FieldsSeq(text) {
		switch {
		case line == "":
			line = word
		case columns(line)+1+columns(word) <= width:
			line += " " + word
		case len(broken) == most-1:
			return append(broken, cut(line+" "+word, width))
		default:
			broken = append(broken, cut(line, width))
			line = word
		}
	}
	return append(broken, cut(line, width))
}
