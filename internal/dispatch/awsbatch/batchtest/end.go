package batchtest

import "github.com/aws/aws-sdk-go-v2/service/batch/types"

type endRequest struct {
	JobID  string `json:"jobId"`
	Reason string `json:"reason"`
}

type endAnswer struct{}

// reasonMost is how long a reason may be.
const reasonMost = 1024

func (in endRequest) check() error {
	if in.Reason == "" || len(in.Reason) > reasonMost {
		return clientErrorf("a reason has 1 to %d characters", reasonMost)
	}
	return nil
}

// terminate ends a job wherever it stands, and with an array all its children. An
// id that is unknown, or of a finished job, is no error.
func (s *Server) terminate(in endRequest) (endAnswer, error) {
	return s.endJobs(in, func(j *job) {
		j.isTerminated = true
		if j.process != nil {
			s.stopLocked(j, j.process, byTerminate)
			return
		}
		s.drop(j)
	})
}

// cancel ends a job that has not started; others are left alone.
func (s *Server) cancel(in endRequest) (endAnswer, error) {
	return s.endJobs(in, func(j *job) {
		j.isCancelled = true
		if j.process == nil {
			s.drop(j)
		}
	})
}

// drop fails a job that waits.
func (s *Server) drop(j *job) {
	if !s.Lazy {
		s.move(j, types.JobStatusFailed, j.reason)
	}
}

func (s *Server) endJobs(in endRequest, end func(j *job)) (endAnswer, error) {
	if err := in.check(); err != nil {
		return endAnswer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.jobs[in.JobID]
	if j == nil {
		return endAnswer{}, nil
	}
	jobs := []*job{j}
	if j.isArray() {
		jobs = j.children
		j.isTerminated = true
	}
	for _, one := range jobs {
		if !one.finished() {
			one.reason = in.Reason
			end(one)
		}
	}
	s.fill()
	return endAnswer{}, nil
}
