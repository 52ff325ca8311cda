package batchtest

import (
	"context"
	"math/rand/v2"
	"slices"
	"sync"
)

// mail delivers events, as EventBridge does: at least once, in any order.
type mail struct {
	deliver func(event []byte)
	repeat  int
	rand    *rand.Rand

	mu      sync.Mutex
	waiting [][]byte
	held    bool
	busy    bool // an event is being delivered
	stopped bool
	changed *sync.Cond
	ended   chan struct{}
}

func (m *mail) start(o Options) {
	m.deliver, m.repeat, m.rand = o.Events, o.Repeat, o.Rand
	m.changed, m.ended = sync.NewCond(&m.mu), make(chan struct{})
	if m.deliver == nil {
		close(m.ended)
		return
	}
	go m.run() // ends with stop
}

func (m *mail) post(event []byte) {
	if m.deliver == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	for range m.repeat + 1 {
		m.waiting = append(m.waiting, event)
	}
	m.changed.Broadcast()
}

func (m *mail) run() {
	defer close(m.ended)
	m.mu.Lock()
	defer m.mu.Unlock()
	for {
		for !m.stopped && (m.held || len(m.waiting) == 0) {
			m.changed.Wait()
		}
		if m.stopped {
			return
		}
		next := 0
		if m.rand != nil {
			next = m.rand.IntN(len(m.waiting))
		}
		event := m.waiting[next]
		m.waiting = slices.Delete(m.waiting, next, next+1)
		m.busy = true
		m.mu.Unlock()
		m.deliver(event)
		m.mu.Lock()
		m.busy = false
		m.changed.Broadcast()
	}
}

// await returns when nothing waits that is not held back.
func (m *mail) await(ctx context.Context) error {
	stop := context.AfterFunc(ctx, func() {
		m.mu.Lock()
		defer m.mu.Unlock()
		m.changed.Broadcast()
	})
	defer stop()
	m.mu.Lock()
	defer m.mu.Unlock()
	for m.deliver != nil && !m.stopped && (m.busy || !m.held && len(m.waiting) > 0) {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		m.changed.Wait()
	}
	return nil
}

func (m *mail) hold(held bool) {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.held = held
	m.changed.Broadcast()
}

func (m *mail) stop() {
	m.mu.Lock()
	m.stopped = true
	m.changed.Broadcast()
	m.mu.Unlock()
	<-m.ended
}

// HoldEvents keeps events back until ReleaseEvents, so that with Options.Rand they
// come in any order.
func (s *Server) HoldEvents() { s.mail.hold(true) }

// ReleaseEvents delivers what was held back, and what comes.
func (s *Server) ReleaseEvents() { s.mail.hold(false) }
