package batchtest

import (
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/batch/types"
)

// cause says what ended a program, other than itself.
type cause int

const (
	byItself cause = iota
	byTimeout
	byTerminate // TerminateJob
	byReclaim   // its instance was taken away
	byKill      // out of memory, say
)

// process is a program that runs. The server's lock guards it.
type process struct {
	cmd     *exec.Cmd
	cause   cause
	forced  bool // it did not end in time
	timers  []*time.Timer
	waiting bool // SIGTERM was sent
}

// logLimit bounds what is kept of a job's output, in bytes.
const logLimit = 64 << 10

// fill starts programs while there is room. The lock is held.
func (s *Server) fill() {
	for !s.closed && s.running < s.Workers && len(s.runnable) > 0 {
		j := s.runnable[0]
		s.runnable = s.runnable[1:]
		if j.isCancelled || j.isTerminated {
			s.move(j, types.JobStatusFailed, j.reason) // if it has not failed already
			continue
		}
		s.running++
		s.move(j, types.JobStatusStarting, "")
		s.launch(j)
	}
}

func (s *Server) launch(j *job) {
	arguments := s.Program[1:]
	if j.command != nil {
		arguments = j.command
	}
	cmd := exec.Command(s.Program[0], arguments...)
	cmd.Dir, cmd.Env = s.Dir, s.environment(j)
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	cmd.WaitDelay = time.Second // for the output of what outlives the program
	output := &output{server: s, job: j}
	cmd.Stdout, cmd.Stderr = output, output
	j.started = time.Now()
	p := &process{cmd: cmd}
	if err := cmd.Start(); err != nil {
		s.running--
		s.settle(j, attempt{started: j.started, stopped: j.started, reason: fmt.Sprintf("CannotStartContainerError: %v", err), statusReason: "Task failed to start"}, p)
		return
	}
	j.process = p
	s.move(j, types.JobStatusRunning, "")
	if j.timeout > 0 {
		p.timers = append(p.timers, time.AfterFunc(j.timeout, func() { s.stop(j, p, byTimeout) }))
	}
	s.programs.Go(func() {
		err := cmd.Wait()
		p.killGroup() // what it left ends with its container
		output.end()
		s.mu.Lock()
		defer s.mu.Unlock()
		for _, timer := range p.timers {
			timer.Stop()
		}
		j.process = nil
		s.running--
		s.settle(j, s.outcome(j, p, err), p)
		s.fill()
	})
}

// environment is what AWS Batch sets, besides what the caller says.
func (s *Server) environment(j *job) []string {
	environment := slices.Clone(s.Environment)
	set := func(name, value string) { environment = append(environment, strings.Join([]string{name, value}, "=")) }
	for _, variable := range j.environment {
		set(aws.ToString(variable.Name), aws.ToString(variable.Value))
	}
	set("AWS_BATCH_JOB_ID", j.id)
	set("AWS_BATCH_JOB_ATTEMPT", strconv.Itoa(len(j.attempts)+1))
	set("AWS_BATCH_JQ_NAME", s.Queue)
	set("AWS_BATCH_CE_NAME", ComputeEnvironment)
	if j.parent != nil {
		set("AWS_BATCH_JOB_ARRAY_INDEX", strconv.Itoa(j.index))
		set("AWS_BATCH_JOB_ARRAY_SIZE", strconv.Itoa(len(j.parent.children)))
	}
	return environment
}

// outcome is the attempt that ended.
func (s *Server) outcome(j *job, p *process, err error) attempt {
	last := attempt{started: j.started, stopped: time.Now(), statusReason: "Essential container in task exited"}
	var exit *exec.ExitError
	code := 0
	switch {
	case errors.As(err, &exit):
		if code = exit.ExitCode(); code < 0 { // by a signal
			code = 128 + int(exit.Sys().(syscall.WaitStatus).Signal())
		}
	case err != nil && !errors.Is(err, exec.ErrWaitDelay):
		code = 1
	}
	last.exitCode = &code
	switch p.cause {
	case byItself:
	case byTimeout:
		last.statusReason = "Job attempt duration exceeded timeout"
	case byTerminate:
		last.statusReason = j.reason
	case byReclaim:
		last.statusReason = "Host EC2 (instance i-0123456789abcdef0) terminated."
		if p.forced {
			last.exitCode = nil // nobody saw it end
		}
	case byKill:
		last.reason = "OutOfMemoryError: Container killed due to memory usage"
	}
	return last
}

// settle decides what becomes of a job after an attempt. The lock is held.
func (s *Server) settle(j *job, last attempt, p *process) {
	j.attempts = append(j.attempts, last)
	isFinal := p.cause == byTimeout || p.cause == byTerminate // never tried again
	switch {
	case !isFinal && last.exitCode != nil && *last.exitCode == 0:
		s.move(j, types.JobStatusSucceeded, last.statusReason)
	case !isFinal && !j.isTerminated && !j.isCancelled && !s.closed && retries(j.retry, len(j.attempts), last):
		s.runnable = append(s.runnable, j)
		s.move(j, types.JobStatusRunnable, last.statusReason)
	default:
		s.move(j, types.JobStatusFailed, last.statusReason)
	}
}

// stop asks a program to end, and makes it after the grace.
func (s *Server) stop(j *job, p *process, why cause) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.stopLocked(j, p, why)
}

func (s *Server) stopLocked(j *job, p *process, why cause) {
	if j.process != p || p.waiting {
		return
	}
	p.cause, p.waiting = why, true
	_ = p.cmd.Process.Signal(syscall.SIGTERM) // it may have ended just now
	p.timers = append(p.timers, time.AfterFunc(s.Grace, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		if j.process == p {
			p.forced = true
			p.kill()
		}
	}))
}

// kill ends a program and all that it has started, as the end of a container does.
func (p *process) kill() {
	for _, pid := range descendants(p.cmd.Process.Pid) {
		_ = syscall.Kill(pid, syscall.SIGKILL)
	}
	p.killGroup()
}

func (p *process) killGroup() { _ = syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) }

// descendants lists the processes that a process has started, and they in turn, if
// the system shows them in /proc.
func descendants(root int) []int {
	children := map[int][]int{}
	files, _ := filepath.Glob("/proc/[0-9]*/stat")
	for _, file := range files {
		stat, err := os.ReadFile(file)
		if err != nil {
			continue // it has ended
		}
		fields := strings.Fields(string(stat[bytes.LastIndexByte(stat, ')')+1:]))
		pid, err := strconv.Atoi(filepath.Base(filepath.Dir(file)))
		if err != nil || len(fields) < 2 {
			continue
		}
		if parent, err := strconv.Atoi(fields[1]); err == nil {
			children[parent] = append(children[parent], pid)
		}
	}
	var all []int
	for waiting := []int{root}; len(waiting) > 0; waiting = waiting[1:] {
		all = append(all, children[waiting[0]]...)
		waiting = append(waiting, children[waiting[0]]...)
	}
	return all
}

// output takes what a program prints, line by line.
type output struct {
	server *Server
	job    *job
	rest   []byte
}

// Write is called by one goroutine at a time.
func (o *output) Write(p []byte) (int, error) {
	o.rest = append(o.rest, p...)
	for {
		line, rest, ok := bytes.Cut(o.rest, []byte("\n"))
		if !ok {
			return len(p), nil
		}
		o.line(line)
		o.rest = rest
	}
}

func (o *output) end() {
	if len(o.rest) > 0 {
		o.line(o.rest)
	}
}

func (o *output) line(line []byte) {
	s := o.server
	s.mu.Lock()
	defer s.mu.Unlock()
	o.job.log = append(append(o.job.log, line...), '\n')
	if over := len(o.job.log) - logLimit; over > 0 {
		o.job.log = o.job.log[over:]
	}
	if s.Output != nil {
		fmt.Fprintf(s.Output, "%s: %s\n", o.job.id, line)
	}
	s.change()
	for i, text := range s.killAt {
		if p := o.job.process; p != nil && bytes.Contains(line, []byte(text)) {
			s.killAt = slices.Delete(s.killAt, i, i+1)
			p.cause = byKill
			p.kill()
			return
		}
	}
}
