package claudecode

import "bytes"

// maxLine bounds a line of the program's output, in bytes. A tool's result comes in
// one line, and files are in it twice.
const maxLine = 32 << 20

// lines cuts what is written into lines. One that is too long is left out, and told
// of. It is used by one goroutine.
type lines struct {
	take    func(line []byte)
	tooLong func()

	buffer   []byte
	skipping bool
}

// Write takes p. It never fails.
func (l *lines) Write(p []byte) (int, error) {
	n := len(p)
	for len(p) > 0 {
		end := bytes.IndexByte(p, '\n')
		piece := p
		if end >= 0 {
			piece = p[:end]
		}
		p = p[len(piece):]
		if !l.skipping && len(l.buffer)+len(piece) > maxLine {
			l.skipping, l.buffer = true, nil
			l.tooLong()
		}
		if !l.skipping {
			l.buffer = append(l.buffer, piece...)
		}
		if end >= 0 {
			p = p[1:]
			l.end()
		}
	}
	return n, nil
}

// end takes the line that is there, whole or not.
func (l *lines) end() {
	if line := bytes.TrimSpace(l.buffer); !l.skipping && len(line) > 0 {
		l.take(line)
	}
	l.buffer, l.skipping = l.buffer[:0], false
	if cap(l.buffer) > 1<<20 { // one large line does not keep its memory for the run
		l.buffer = nil
	}
}
