package rehearsal

import (
	"fmt"
	"net"
	"net/http"
)

// checkEvents checks a stream before its first byte is sent.
func (s *Server) checkEvents(events []event, isBeta bool) error {
	schema := "MessageStreamEvent"
	if isBeta {
		schema = "BetaMessageStreamEvent"
	}
	for _, e := range events {
		if e.name == "ping" {
			continue // the description leaves it out
		}
		if err := s.description.CheckSchema(schema, e.data); err != nil {
			return fmt.Errorf("event %s: %w", e.name, err)
		}
	}
	return nil
}

// stream sends events as far as the fault lets it.
func (s *Server) stream(w http.ResponseWriter, req *http.Request, next scene, events []event) {
	w.Header().Set("Content-Type", "text/event-stream; charset=utf-8")
	w.Header().Set("Cache-Control", "no-cache")
	flush := http.NewResponseController(w).Flush
	end := len(events)
	switch next.fault.Kind {
	case FaultStreamError, FaultTruncated, FaultReset:
		end = cut(events)
	case FaultSilence:
		end = 1
	default: // all of it
	}
	for i, e := range events[:end] {
		isBegun := i == 2 // after message_start and ping
		if next.fault.Kind == FaultSlow && !wait(req.Context(), next.fault.DelayMS) || isBegun && !wait(req.Context(), next.turn.DelayMS) {
			return
		}
		if !send(w, e) || flush() != nil {
			return // the client has gone away
		}
	}
	switch next.fault.Kind {
	case FaultStreamError:
		data := errorBody("overloaded_error", "Rehearsed: overloaded.", nil, w.Header().Get("Request-Id"))
		if err := s.description.CheckSchema("ErrorResponse", data); err != nil {
			s.log.Error("rehearsal broke the description", "error", err)
		}
		send(w, event{"error", data})
	case FaultReset:
		reset(w)
	case FaultSilence:
		<-req.Context().Done()
	default: // it ends here
	}
}

func send(w http.ResponseWriter, e event) bool {
	_, err := fmt.Fprintf(w, "event: %s\ndata: %s\n\n", e.name, e.data)
	return err == nil
}

// reset breaks the connection so that the client sees ECONNRESET. What was
// flushed before may still be read.
func reset(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // not HTTP/1: the next best thing
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // else it is closed with a FIN, which still breaks the chunked body
	}
	_ = conn.Close() // it is broken on purpose
}

// breakBody plays a fault of the way on an answer that is no stream, and reports
// whether it did.
func (s *Server) breakBody(w http.ResponseWriter, req *http.Request, record RecordedRequest, fault Fault) bool {
	switch fault.Kind {
	case FaultStreamError:
		failure, _ := Fault{Kind: FaultOverloaded}.failure()
		s.fail(w, record, failure)
	case FaultTruncated, FaultReset:
		s.record(record)
		reset(w)
	case FaultSilence:
		s.record(record)
		<-req.Context().Done()
	case FaultSlow:
		return !wait(req.Context(), fault.DelayMS)
	default:
		return false
	}
	return true
}
