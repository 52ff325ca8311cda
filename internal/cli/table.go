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
	head  []string
	whole string   // the head of the column that is never cut; empty: none
	spare []string // heads of columns that a narrow window goes without, the first first
	flat  bool     // every row is one line: the last column is not prose
	rows  [][]cell
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

// The last column is for prose: it is wrapped in what the others leave, or below
// the row if that is less than leastProse.
const (
	leastColumn = 8
	leastProse  = 24
	mostProse   = 6 // lines
)

func (t *table) aligned(out *strings.Builder, window int, colour bool) {
	if len(t.rows) == 0 {
		return
	}
	widths := t.widths()
	last := len(widths) - 1
	p := prose{indent: sum(widths[:last]) + len(gap), colour: colour}
	p.width = min(widths[last], window-p.indent)
	switch {
	case t.flat:
		t.fit(widths, window)
		p.width = widths[last]
	case p.width < min(leastProse, widths[last]):
		p = prose{indent: 2 * len(gap), width: window - 2*len(gap), below: true, colour: colour}
		t.squeeze(widths[:last], window)
	}
	head := make([]cell, len(t.head))
	for i, name := range t.head {
		head[i] = cell{text: strings.ToUpper(name), style: faint}
	}
	if p.below {
		head[last].text = ""
	}
	for _, fields := range append([][]cell{head}, t.rows...) {
		var line strings.Builder
		for i, field := range fields[:last] {
			if widths[i] > 0 {
				text := cut(oneLine(field.text), widths[i])
				line.WriteString(paint(colour, field.style, text) + strings.Repeat(" ", widths[i]-columns(text)) + gap)
			}
		}
		p.write(out, line.String(), fields[last])
	}
}

// prose says where the last column's text goes.
type prose struct {
	indent, width int
	below, colour bool
}

// write ends a row with its prose.
func (p prose) write(out *strings.Builder, line string, field cell) {
	text := wrap(oneLine(field.text), p.width, mostProse)
	if len(text) > 0 && !p.below {
		line += paint(p.colour, field.style, text[0])
		text = text[1:]
	}
	out.WriteString(strings.TrimRight(line, " ") + "\n")
	for _, more := range text {
		out.WriteString(strings.Repeat(" ", p.indent) + paint(p.colour, field.style, more) + "\n")
	}
}

// widths gives every column what its widest field needs. Columns without any
// content vanish.
func (t *table) widths() []int {
	widths := make([]int, len(t.head))
	for i, name := range t.head {
		for _, fields := range t.rows {
			if text := oneLine(fields[i].text); text != "" {
				widths[i] = max(widths[i], columns(text), columns(name))
			}
		}
	}
	return widths
}

// fit squeezes all columns into the window, and leaves out spare ones as long as
// that is not enough.
func (t *table) fit(widths []int, window int) {
	for _, name := range t.spare {
		squeezed := slices.Clone(widths)
		t.squeeze(squeezed, window)
		if sum(squeezed) <= window {
			break
		}
		widths[slices.Index(t.head, name)] = 0
	}
	t.squeeze(widths, window)
}

// squeeze takes from the widest columns until they fit into the window, or
// nothing sensible is left to take. Addresses are useless when they are cut: the
// terminal had better wrap them.
func (t *table) squeeze(widths []int, window int) {
	for over := sum(widths) - window; over > 0; over-- {
		widest := -1
		for i, w := range widths {
			if w > leastColumn && t.head[i] != t.whole && (widest < 0 || w >= widths[widest]) {
				widest = i
			}
		}
		if widest < 0 {
			return
		}
		widths[widest]--
	}
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
