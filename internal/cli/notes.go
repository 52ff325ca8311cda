package cli

import (
	"io"
	"sync"
)

// notes is where log lines go. While progress is drawn on a terminal they are
// printed above it instead of through it.
type notes struct {
	w  io.Writer
	mu sync.Mutex
	to io.Writer // the progress; nil: straight to w
}

// Write prints a line.
func (n *notes) Write(line []byte) (int, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if n.to != nil {
		return n.to.Write(line)
	}
	return n.w.Write(line)
}

// through sends lines to another writer; nil: straight again.
func (n *notes) through(to io.Writer) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.to = to
}
