package cli

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// progress shows a job to a person while it is followed.
type progress interface {
	// take shows an event. It is called by one goroutine.
	take(event httpapi.Event)
	// reach says that the server can't be reached, or with an empty problem that
	// it answers. It may be called at any time.
	reach(problem string)
	// close takes away what is only for the time being, and returns the board.
	close() *board
}

// Redrawing is for eyes, and lines are for logs: neither needs more.
const (
	redrawEvery = 100 * time.Millisecond
	countsEvery = 10 * time.Second
)

// newProgress redraws in place on a terminal, and prints lines elsewhere.
func newProgress(w io.Writer, to terminal, job httpapi.Job, now func() time.Time) progress {
	if to.is {
		return newLive(w, to, job, now)
	}
	return &log{w: w, board: newBoard(job), now: now, last: now()}
}

// log is progress as lines: one for each repository that ended, and how the job
// stands every now and then.
type log struct {
	w     io.Writer
	board *board
	now   func() time.Time
	last  time.Time // when counts were printed, or printing them was not yet due
}

func (l *log) take(event httpapi.Event) {
	now := l.now()
	if task := l.board.take(event, now); task != nil {
		fmt.Fprintln(l.w, endText(*task))
	}
	if now.Sub(l.last) >= countsEvery {
		fmt.Fprintf(l.w, "%s, %s\n", countsText(l.board.job), costText(l.board.job))
		l.last = now
	}
}

func (l *log) reach(problem string) {
	if problem != "" && l.board.problem == "" {
		fmt.Fprintln(l.w, oneLine(problem))
	}
	if problem == "" && l.board.problem != "" {
		fmt.Fprintln(l.w, "the server answers again")
	}
	l.board.problem = problem
}

func (l *log) close() *board { return l.board }

// endText tells how a task ended: "acme/site: changed, 2 files, +3 −1, $0.02, 42s".
func endText(task httpapi.Task) string {
	parts := []string{outcome(task), diffstat(task), taskCost(task), took(task), place(task), reason(task)}
	parts = slices.DeleteFunc(parts, func(part string) bool { return part == "" })
	return oneLine(task.RepositoryName + ": " + strings.Join(parts, ", "))
}

// live is progress on a terminal. What failed is printed for good, and the rest is
// redrawn below. One goroutine draws, at most ten times a
// second, and close waits for it.
type live struct {
	screen screen
	size   func() (width, height int)
	now    func() time.Time

	mu    sync.Mutex
	board *board
	dirty bool
	above []row // lines to print above what is redrawn

	stop    chan struct{}
	stopped chan struct{}
}

func newLive(w io.Writer, to terminal, job httpapi.Job, now func() time.Time) *live {
	l := &live{
		screen: screen{w: w, colour: to.colour}, size: to.size, now: now,
		board: newBoard(job), dirty: true, stop: make(chan struct{}), stopped: make(chan struct{}),
	}
	go l.draw()
	return l
}

func (l *live) take(event httpapi.Event) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if task := l.board.take(event, l.now()); task != nil && task.Status == string(codybatch.TaskFailed) {
		width, _ := l.size()
		for i, line := range wrap(endText(*task), width-1-len(gap), mostProse) {
			l.above = append(l.above, row{{red, strings.Repeat(gap, min(i, 1)) + line}})
		}
	}
	l.dirty = true
}

func (l *live) reach(problem string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.dirty = l.dirty || l.board.problem != problem
	l.board.problem = problem
}

// Write prints lines above what is redrawn.
func (l *live) Write(text []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	for line := range strings.Lines(string(text)) {
		l.above = append(l.above, row{{plain, strings.TrimSuffix(line, "\n")}})
	}
	return len(text), nil
}

func (l *live) close() *board {
	close(l.stop)
	<-l.stopped
	width, _ := l.size()
	l.screen.print(l.above, width)
	l.screen.clear(width)
	return l.board
}

// draw draws what is new, and once a second in any case: times go on.
func (l *live) draw() {
	defer close(l.stopped)
	ticker := time.NewTicker(redrawEvery)
	defer ticker.Stop()
	var shown time.Time
	var shownWidth int
	for {
		width, height := l.size()
		l.mu.Lock()
		now := l.now()
		var rows []row
		if l.dirty || len(l.above) > 0 || now.Sub(shown) >= time.Second || width != shownWidth {
			rows = l.board.frame(now, width, height)
			l.dirty, shown, shownWidth = false, now, width
		}
		above := l.above
		l.above = nil
		l.mu.Unlock()
		if rows != nil {
			l.screen.print(above, width)
			l.screen.draw(rows, width, height)
		}
		select {
		case <-ticker.C:
		case <-l.stop:
			return
		}
	}
}
