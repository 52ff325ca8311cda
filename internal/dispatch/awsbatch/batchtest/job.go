package batchtest

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/batch/types"
)

// Job is what a test sees of a job.
type Job struct {
	ID       string // of a child "<array id>:<index>"
	Name     string
	Status   types.JobStatus
	Reason   string // of the status
	Attempts int    // how often a program was started for it, or tried to be
	ExitCode *int   // of the last program; nil: none has ended by itself
	IsArray  bool
}

// Finished tells whether nothing more happens to the job.
func (j Job) Finished() bool {
	return j.Status == types.JobStatusSucceeded || j.Status == types.JobStatusFailed
}

// String is short, for errors.
func (j Job) String() string {
	return strings.TrimSpace(fmt.Sprintf("%s %s %s", j.ID, j.Status, j.Reason))
}

// job is a plain job, an array, or a child of one. The server's lock guards it.
type job struct {
	id, name    string
	parent      *job   // of a child
	index       int    // of a child
	children    []*job // of an array
	left        int    // of an array: children that are not finished
	environment []types.KeyValuePair
	command     []string // nil: the program's own arguments
	retry       *types.RetryStrategy
	timeout     time.Duration
	tags        map[string]string

	status       types.JobStatus
	statusReason string
	created      time.Time
	started      time.Time // of the last attempt
	stopped      time.Time
	attempts     []attempt
	isCancelled  bool
	isTerminated bool
	reason       string   // of cancelling or terminating
	process      *process // while it runs
	isForgotten  bool     // of a child: its array goes on without it
	log          []byte   // the end of what its programs printed
}

// attempt is one start of the program, when it is over.
type attempt struct {
	started, stopped time.Time
	exitCode         *int
	reason           string // of the container
	statusReason     string
}

func (j *job) isArray() bool { return len(j.children) > 0 }

func (j *job) finished() bool {
	return j.status == types.JobStatusSucceeded || j.status == types.JobStatusFailed
}

func (j *job) view() Job {
	v := Job{ID: j.id, Name: j.name, Status: j.status, Reason: j.statusReason, Attempts: len(j.attempts), IsArray: j.isArray()}
	if j.process != nil {
		v.Attempts++
	} else if len(j.attempts) > 0 {
		v.ExitCode = j.attempts[len(j.attempts)-1].exitCode
	}
	return v
}

// Jobs lists all jobs, arrays before their children, oldest first.
func (s *Server) Jobs() []Job {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.snapshot()
}

func (s *Server) snapshot() []Job {
	var jobs []Job
	for _, j := range s.order {
		jobs = append(jobs, j.view())
		for _, child := range j.children {
			jobs = append(jobs, child.view())
		}
	}
	return jobs
}

// move gives a job a status, and tells the world. The lock is held.
func (s *Server) move(j *job, status types.JobStatus, reason string) {
	if j.finished() {
		return
	}
	j.status, j.statusReason = status, reason
	if j.finished() {
		j.stopped = time.Now()
		if !j.isArray() {
			s.unfinished--
		}
	}
	s.mail.post(s.event(j))
	s.change()
	if parent := j.parent; parent != nil && j.finished() {
		if parent.left--; parent.left == 0 {
			s.end(parent)
		}
	}
}

// end finishes an array after its last child.
func (s *Server) end(array *job) {
	for _, child := range array.children {
		if child.status == types.JobStatusFailed {
			s.move(array, types.JobStatusFailed, "Array Child Job failed")
			return
		}
	}
	s.move(array, types.JobStatusSucceeded, "")
}

// retries tells what becomes of a job whose attempt failed: the first rule counts
// that matches in all that it says, and without one it is tried again.
func retries(strategy *types.RetryStrategy, made int, last attempt) bool {
	if strategy == nil || made >= int(aws.ToInt32(strategy.Attempts)) {
		return false
	}
	code := ""
	if last.exitCode != nil {
		code = strconv.Itoa(*last.exitCode)
	}
	for _, rule := range strategy.EvaluateOnExit {
		if matches(rule.OnStatusReason, last.statusReason) && matches(rule.OnReason, last.reason) && matches(rule.OnExitCode, code) {
			return strings.EqualFold(string(rule.Action), string(types.RetryActionRetry))
		}
	}
	return true
}

// matches compares with a pattern that may end in "*". A condition that a rule does
// not have is met.
func matches(pattern *string, text string) bool {
	if pattern == nil {
		return true
	}
	if start, ok := strings.CutSuffix(*pattern, "*"); ok {
		return strings.HasPrefix(text, start)
	}
	return text == *pattern
}
