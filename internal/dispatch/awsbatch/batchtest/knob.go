package batchtest

import (
	"fmt"
	"maps"
	"slices"
)

// Reclaim takes the instance of a running job away, as Spot does: SIGTERM, after the
// grace SIGKILL, and a status reason that begins with "Host EC2". It reports
// whether the job was running.
func (s *Server) Reclaim(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.jobs[id]
	if j == nil || j.process == nil {
		return false
	}
	s.stopLocked(j, j.process, byReclaim)
	return true
}

// Kill ends the program of a job, and all that it has started, by SIGKILL at once.
// It reports whether the job was running.
func (s *Server) Kill(id string) bool {
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.jobs[id]
	if j == nil || j.process == nil {
		return false
	}
	j.process.cause = byKill
	j.process.kill()
	return true
}

// KillAt ends, once, the next program that prints a line with the text in it, as
// Kill does. It may be called several times.
func (s *Server) KillAt(text string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.killAt = append(s.killAt, text)
}

// Forget drops all finished jobs, as AWS Batch does after some days, also children of
// arrays that go on: nobody has ever heard of them.
func (s *Server) Forget() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.order = slices.DeleteFunc(s.order, func(j *job) bool {
		for _, child := range j.children {
			if child.finished() {
				child.isForgotten = true
				delete(s.jobs, child.id)
			}
		}
		if j.finished() {
			delete(s.jobs, j.id)
		}
		return j.finished()
	})
}

// Log is the end of what a job's programs printed.
func (s *Server) Log(id string) string {
	s.mu.Lock()
	defer s.mu.Unlock()
	if j := s.jobs[id]; j != nil {
		return string(j.log)
	}
	return ""
}

// Fault is what goes wrong with a request. One without a Status has its connection
// broken in the place of an answer.
type Fault struct {
	Status int    // 429, 500, …
	Code   string // "TooManyRequestsException", "ServerException", …
	Done   bool   // the request is carried out all the same
}

type armed struct {
	operation string
	left      int
	fault     Fault
}

// Fail makes the next n requests for an operation, or with "" for any, go wrong.
func (s *Server) Fail(operation string, n int, f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, &armed{operation, n, f})
}

// fault is what goes wrong with a request now; the lock is held.
func (s *Server) fault(operation string) *Fault {
	for _, a := range s.faults {
		if a.left > 0 && (a.operation == "" || a.operation == operation) {
			a.left--
			return &a.fault
		}
	}
	return nil
}

// Requests counts the requests for each operation so far.
func (s *Server) Requests() map[string]int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return maps.Clone(s.requests)
}

// Refused lists the requests that no client should make: those that Amazon's
// description or its documentation does not allow.
func (s *Server) Refused() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return slices.Clone(s.refused)
}

func (s *Server) refuse(operation string, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refused = append(s.refused, fmt.Sprintf("%s: %v", operation, err))
}
