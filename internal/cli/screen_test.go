package cli

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// window is as much of a terminal as screen needs: it wraps, scrolls, and wraps
// again what stands there when it is made narrower, as terminals do.
type window struct {
	width, height int
	above         []string // scrolled out
	rows          []string
	row, column   int
}

func newWindow(width, height int) *window {
	return &window{width: width, height: height, rows: []string{""}}
}

func (w *window) Write(p []byte) (int, error) {
	text := []rune(string(p))
	for i := 0; i < len(text); i++ {
		switch r := text[i]; r {
		case '\r':
			w.column = 0
		case '\n':
			w.down()
			w.column = 0
		case '\x1b':
			end := i + 2 + slices.IndexFunc(text[i+2:], func(r rune) bool { return r >= '@' })
			w.control(string(text[i+2:end]), text[end])
			i = end
		default:
			if w.column == w.width {
				w.down()
				w.column = 0
			}
			line := []rune(w.rows[w.row])
			for len(line) <= w.column {
				line = append(line, ' ')
			}
			line[w.column] = r
			w.rows[w.row] = string(line)
			w.column++
		}
	}
	return len(p), nil
}

func (w *window) down() {
	w.row++
	if w.row == len(w.rows) {
		w.rows = append(w.rows, "")
	}
	if len(w.rows) > w.height {
		w.above = append(w.above, w.rows[0])
		w.rows = w.rows[1:]
		w.row--
	}
}

func (w *window) control(parameter string, command rune) {
	switch command {
	case 'A':
		n, _ := strconv.Atoi(parameter)
		w.row = max(0, w.row-n)
	case 'J':
		w.rows = w.rows[:w.row+1]
		w.rows[w.row] = clip(w.rows[w.row], w.column)
	case 'K':
		w.rows[w.row] = clip(w.rows[w.row], w.column)
	case 'm':
	default:
		panic(fmt.Sprintf("the window does not know ESC [ %s %c", parameter, command))
	}
}

func clip(line string, n int) string { return string([]rune(line)[:min(n, len([]rune(line)))]) }

// resize wraps what stands there to another width. The cursor stays with its
// line, which is empty in what screen draws.
func (w *window) resize(width, height int) {
	old := slices.Concat(w.above, w.rows[:w.row])
	w.width, w.height, w.above, w.rows, w.row = width, height, nil, []string{""}, 0
	for _, line := range old {
		line = strings.TrimRight(line, " ")
		for len([]rune(line)) > width {
			w.put(clip(line, width))
			line = string([]rune(line)[width:])
		}
		w.put(line)
	}
	w.column = 0
}

func (w *window) put(line string) {
	w.rows[w.row] = line
	w.down()
}

func (w *window) text() []string {
	var shown []string
	for _, line := range slices.Concat(w.above, w.rows) {
		shown = append(shown, strings.TrimRight(line, " "))
	}
	for len(shown) > 0 && shown[len(shown)-1] == "" {
		shown = shown[:len(shown)-1]
	}
	return shown
}

func TestScreen(t *testing.T) {
	t.Parallel()
	for seed := range uint64(200) {
		random := rand.New(rand.NewPCG(seed, 1))
		w := newWindow(40+random.IntN(80), 40+random.IntN(20))
		s := &screen{w: w, colour: seed%2 == 0}
		var want []string
		_, _ = w.Write([]byte("$ codybatch job watch\n"))
		want = append(want, "$ codybatch job watch")
		for range 30 {
			switch random.IntN(5) {
			case 0:
				// High enough for what stands there when it is wrapped: no program
				// can take back what a terminal has scrolled away.
				w.resize(40+random.IntN(80), 40+random.IntN(20))
				s.draw(randomRows(random), w.width, w.height)
			case 1:
				line := fmt.Sprintf("note %d", random.IntN(1000))
				s.print([]row{{{plain, line}}}, w.width)
				want = append(want, line)
			default:
				s.draw(randomRows(random), w.width, w.height)
			}
		}
		s.clear(w.width)
		// Wrapped lines of what was printed are put together again.
		if got := strings.Join(w.text(), ""); got != strings.Join(want, "") {
			t.Fatalf("seed %d: left behind:\n%q\nwant\n%q", seed, w.text(), want)
		}
	}
}

func randomRows(random *rand.Rand) []row {
	rows := make([]row, random.IntN(12))
	for i := range rows {
		rows[i] = row{{bold, fmt.Sprintf("row %d ", i)}, {plain, strings.Repeat("x", random.IntN(120))}}
	}
	return rows
}

func TestScreenNeverScrolls(t *testing.T) {
	t.Parallel()
	w := newWindow(30, 6)
	s := &screen{w: w}
	random := rand.New(rand.NewPCG(1, 1))
	for range 50 {
		s.draw(randomRows(random), 30, 6)
	}
	s.clear(30)
	if got := w.text(); len(got) != 0 {
		t.Errorf("left behind: %q", got)
	}
}

func TestScreenCutsLinesToTheWindow(t *testing.T) {
	t.Parallel()
	w := newWindow(10, 5)
	s := &screen{w: w}
	s.draw([]row{{{plain, "12345"}, {plain, "67890123"}}, {{plain, "ok"}}}, 10, 5)
	if got, want := w.text(), []string{"12345678…", "ok"}; !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

func TestScreenTakesOutWhatCouldMoveTheCursor(t *testing.T) {
	t.Parallel()
	var out strings.Builder
	s := &screen{w: &out}
	text := "a\x1b]0;owned\x07b\x1b[2Jc\nd\re\u009b2Jf"
	s.print([]row{{{plain, text}}}, 40)
	s.draw([]row{{{plain, text}, {plain, "\t" + text}}}, 40, 5)
	if want := "abc de2Jf\n\rabc de2Jf abc de2Jf\x1b[K\n\x1b[J"; out.String() != want {
		t.Errorf("got %q, want %q", out.String(), want)
	}
}
