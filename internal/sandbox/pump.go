package sandbox

import (
	"io"
	"os"
	"time"
)

// pump moves a program's output to a writer. It must never stop reading while
// the program runs: a full pipe would stop the program.
type pump struct {
	from *os.File // nil: there is no output
	to   io.Writer
	done chan struct{}
	err  error // what the writer said first; read it after stop
}

func (p *pump) start() {
	if p.from == nil {
		return
	}
	p.done = make(chan struct{})
	go func() {
		defer close(p.done)
		buffer := make([]byte, 64<<10) // what a pipe holds
		for {
			n, err := p.from.Read(buffer)
			if n > 0 && p.err == nil {
				_, p.err = p.to.Write(buffer[:n])
			}
			if err != nil {
				return // the end, or the deadline of stop
			}
		}
	}()
}

// stop waits until the output is at its end. A process that got away may keep
// the pipe open, so the waiting has an end too.
func (p *pump) stop() {
	if p.from == nil {
		return
	}
	_ = p.from.SetReadDeadline(time.Now().Add(graceForOutput))
	<-p.done
	p.close()
}

func (p *pump) close() {
	if p.from != nil {
		_ = p.from.Close()
	}
}
