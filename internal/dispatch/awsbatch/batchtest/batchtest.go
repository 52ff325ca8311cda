// Package batchtest is AWS Batch for tests: a server for SubmitJob, DescribeJobs,
// ListJobs, TerminateJob and CancelJob that holds every request, and its own
// answers, to Amazon's published description of the service, and really starts a
// program for each job.
//
// It does what AWS's user guide says about array jobs, retries (evaluateOnExit),
// time-outs, termination (SIGTERM, then SIGKILL), the environment of jobs, and
// "Batch Job State Change" events. Of what a job definition has it knows what
// Options says. It has no dependencies between jobs, no fair shares, and one queue.
package batchtest

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"net/http"
	"sync"
	"time"

	"github.com/aws/aws-sdk-go-v2/service/batch/types"
)

// Options of a Server.
type Options struct {
	Program     []string // what jobs run: the program with its arguments
	Environment []string // of the program, "NAME=value"; nothing of this process's is handed on
	Dir         string   // where it runs; empty: here

	Queue      string // the name of the one job queue; empty stands for "queue"
	Definition string // the name of the one job definition; empty stands for "definition"

	Workers int                  // how many programs run at once; less than 1 counts as 1
	Retry   *types.RetryStrategy // the job definition's; nil: one attempt
	Timeout time.Duration        // the job definition's, of one attempt; 0: none
	Grace   time.Duration        // between SIGTERM and SIGKILL; 0 stands for 30 seconds, as on AWS

	// Lazy makes jobs that wait fail only when it is their turn, after they were
	// canceled or terminated, as AWS Batch may do.
	Lazy bool

	// Events is called with each "Batch Job State Change" event, one call after the
	// other, outside of any request.
	Events func(event []byte)
	Repeat int        // how often each event comes again
	Rand   *rand.Rand // not nil: of the events that wait, any one comes next

	Output io.Writer // what the programs print, each line after its job's id; nil: nowhere
}

// The parts of all ARNs.
const (
	Region  = "us-east-1"
	Account = "123456789012"
)

// ComputeEnvironment is the name of the one that all jobs run in.
const ComputeEnvironment = "compute"

// Server is a running AWS Batch. All methods may be called at once.
type Server struct {
	Options
	model  *model
	server *http.Server
	url    string

	mail     mail
	programs sync.WaitGroup

	mu         sync.Mutex
	jobs       map[string]*job // by id; children as "<array id>:<index>"
	order      []*job          // without children, oldest first
	runnable   []*job
	running    int
	unfinished int // children count, arrays do not
	closed     bool
	changed    chan struct{} // is closed, and made anew, whenever anything changes
	faults     []*armed
	requests   map[string]int
	refused    []string // what was wrong with requests
	killAt     []string
}

// Start starts a server on a port of 127.0.0.1. The caller closes it.
func Start(o Options) (*Server, error) {
	if len(o.Program) == 0 {
		return nil, errors.New("start AWS Batch for tests: there is no program to run")
	}
	m, err := loadModel()
	if err != nil {
		return nil, err
	}
	if o.Queue == "" {
		o.Queue = "queue"
	}
	if o.Definition == "" {
		o.Definition = "definition"
	}
	if o.Grace <= 0 {
		o.Grace = 30 * time.Second
	}
	o.Workers = max(1, o.Workers)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start AWS Batch for tests: %w", err)
	}
	s := &Server{
		Options: o, model: m, url: fmt.Sprintf("http://%s", listener.Addr()), jobs: map[string]*job{},
		changed: make(chan struct{}), requests: map[string]int{},
	}
	s.server = &http.Server{Handler: http.HandlerFunc(s.serve), ReadHeaderTimeout: 10 * time.Second}
	s.mail.start(o)
	go func() { _ = s.server.Serve(listener) }() // ends with Close
	return s, nil
}

// URL is the address that AWS_ENDPOINT_URL_BATCH takes.
func (s *Server) URL() string { return s.url }

// Close kills the programs that run, with all that they have started, waits for
// them, and stops the server. Events that were not delivered are dropped.
func (s *Server) Close() {
	_ = s.server.Close()
	s.mu.Lock()
	s.closed = true
	s.runnable = nil
	for _, j := range s.jobs {
		if j.process != nil {
			j.process.kill()
		}
	}
	s.mu.Unlock()
	s.programs.Wait()
	s.mail.stop()
}

// Await returns when done says so of the jobs, children included and arrays too,
// oldest first. It is asked whenever anything changes, or a program prints a line.
func (s *Server) Await(ctx context.Context, done func(jobs []Job) bool) error {
	for {
		s.mu.Lock()
		changed := s.changed
		jobs := s.snapshot()
		s.mu.Unlock()
		if done(jobs) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for jobs: %w; they are %v", context.Cause(ctx), jobs)
		}
	}
}

// AwaitIdle returns when all jobs are finished and all events delivered that are
// not held back.
func (s *Server) AwaitIdle(ctx context.Context) error {
	for {
		s.mu.Lock()
		changed, left := s.changed, s.unfinished
		s.mu.Unlock()
		if left == 0 {
			return s.mail.await(ctx)
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return fmt.Errorf("wait for %d jobs: %w", left, context.Cause(ctx))
		}
	}
}

// change tells those who wait. The lock is held.
func (s *Server) change() {
	close(s.changed)
	s.changed = make(chan struct{})
}
