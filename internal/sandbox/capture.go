package sandbox

import (
	"bytes"
	"fmt"
	"sync"
)

// Capture is a writer that keeps the beginning and the end of what it is given.
// Its methods may be called at once; Write never fails.
type Capture struct {
	mu         sync.Mutex
	head, tail []byte // tail holds up to twice tailSize before it is cut
	headSize   int
	tailSize   int
	total      int64
}

// NewCapture makes a Capture of the first head and the last tail bytes.
func NewCapture(head, tail int) *Capture {
	return &Capture{headSize: max(0, head), tailSize: max(0, tail)}
}

// Write takes p.
func (c *Capture) Write(p []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	n := len(p)
	c.total += int64(n)
	if room := c.headSize - len(c.head); room > 0 {
		room = min(room, len(p))
		c.head = append(c.head, p[:room]...)
		p = p[room:]
	}
	if len(p) > c.tailSize {
		p = p[len(p)-c.tailSize:]
		c.tail = c.tail[:0]
	}
	c.tail = append(c.tail, p...)
	if len(c.tail) >= 2*c.tailSize { // seldom, so that not every write copies
		c.tail = append(c.tail[:0], c.tail[len(c.tail)-c.tailSize:]...)
	}
	return n, nil
}

// Truncated reports whether something was left out.
func (c *Capture) Truncated() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.total > int64(c.headSize+c.tailSize)
}

// String is what was kept, with a line between its parts that says how much was
// left out. The cuts are between lines, so that nobody sees half of one (half of
// a secret is not known as one), except in a part that is a single line; Clean
// mends a character that is cut in two there.
func (c *Capture) String() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	tail := c.tail[max(0, len(c.tail)-c.tailSize):]
	left := c.total - int64(len(c.head)) - int64(len(tail))
	if left == 0 {
		return string(c.head) + string(tail)
	}
	head := c.head
	if end := bytes.LastIndexByte(head, '\n'); end >= 0 {
		left += int64(len(head) - end)
		head = head[:end]
	}
	if start := bytes.IndexByte(tail, '\n') + 1; start < len(tail) {
		left += int64(start)
		tail = tail[start:]
	}
	return fmt.Sprintf("%s\n… %d bytes left out …\n%s", head, left, tail)
}
