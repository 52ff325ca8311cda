package cli

import (
	"io"
	"os"

	"golang.org/x/term"
)

// streams are the ways in and out of a command. Results go to out, and nothing
// else does; progress, notes and errors go to err.
type streams struct {
	in     io.Reader
	out    io.Writer
	err    io.Writer
	lookup func(string) (string, bool) // of environment variables
}

// getenv is a variable's value, empty if it is not set.
func (s *streams) getenv(name string) string {
	value, _ := s.lookup(name)
	return value
}

// terminal describes what a stream leads to.
type terminal struct {
	is     bool // a terminal that can move its cursor
	colour bool
	size   func() (width, height int)
}

// terminal looks at w. A dumb terminal counts as none, because it can't redraw;
// NO_COLOR is honoured as no-color.org has it.
func (s *streams) terminal(w io.Writer) terminal {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) || s.getenv("TERM") == "dumb" {
		return terminal{size: func() (int, int) { return 0, 0 }}
	}
	return terminal{
		is:     true,
		colour: s.getenv("NO_COLOR") == "",
		size: func() (int, int) {
			width, height, err := term.GetSize(int(file.Fd()))
			if err != nil || width <= 0 || height <= 0 {
				return 80, 24
			}
			return width, height
		},
	}
}
