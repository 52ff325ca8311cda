package cli

import (
	"fmt"
	"io"
	"strings"
)

// span is a piece of a line in one style. Its text may come from anywhere: the
// screen takes out what could move the cursor.
type span struct {
	style style
	text  string
}

// row is one line of the screen.
type row []span

// columns is how wide the row is.
func (r row) columns() int {
	n := 0
	for _, piece := range r {
		n += columns(piece.text)
	}
	return n
}

// screen redraws a few lines at the bottom of a terminal, in place. What was
// printed above stays, and nothing is left behind by clear. It is not for
// several goroutines at once.
type screen struct {
	w      io.Writer
	colour bool
	drawn  []int // columns of the lines that stand there now
}

// draw replaces what it drew before by rows. Lines are cut to the width of the
// terminal, and rows beyond its height are left out from the top, so that
// nothing wraps or scrolls.
func (s *screen) draw(rows []row, width, height int) {
	if len(rows) > height-1 {
		rows = rows[len(rows)-max(0, height-1):]
	}
	var out strings.Builder
	s.home(&out, width)
	drawn := make([]int, 0, len(rows))
	for _, r := range rows {
		used := 0
		for _, piece := range r {
			// One column stays free: in the last one, terminals differ about
			// where the cursor is.
			text := cut(visible(piece.text), width-1-used)
			used += columns(text)
			out.WriteString(paint(s.colour, piece.style, text))
		}
		out.WriteString("\x1b[K\n")
		drawn = append(drawn, used)
	}
	out.WriteString("\x1b[J") // to the end of the screen: lines that are no longer needed
	s.drawn = drawn
	// One write, so that a frame is not seen half.
	_, _ = io.WriteString(s.w, out.String())
}

// print writes lines where the drawing stands, which is gone then. They are not
// cut: they stay, and a terminal wraps them.
func (s *screen) print(rows []row, width int) {
	if len(rows) == 0 {
		return
	}
	s.clear(width)
	var out strings.Builder
	for _, r := range rows {
		for _, piece := range r {
			out.WriteString(paint(s.colour, piece.style, visible(piece.text)))
		}
		out.WriteByte('\n')
	}
	_, _ = io.WriteString(s.w, out.String())
}

// clear takes away what was drawn.
func (s *screen) clear(width int) {
	if len(s.drawn) == 0 {
		return
	}
	var out strings.Builder
	s.home(&out, width)
	out.WriteString("\x1b[J")
	s.drawn = nil
	_, _ = io.WriteString(s.w, out.String())
}

// home moves the cursor to the first column of the first line that was drawn.
// When the window became narrower since, terminals have wrapped those lines.
func (s *screen) home(out *strings.Builder, width int) {
	up := 0
	for _, used := range s.drawn {
		up += max(1, (used+width-1)/max(1, width))
	}
	out.WriteString("\r")
	if up > 0 {
		fmt.Fprintf(out, "\x1b[%dA", up)
	}
}
