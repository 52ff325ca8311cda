package main

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"regexp"
	"strconv"
	"syscall"
	"time"
)

// server is a running `codybatch serve`.
type server struct {
	command *exec.Cmd
	api     string
}

func startServer(ctx context.Context, binary, root, data string, workers int) (*server, error) {
	command := exec.CommandContext(ctx, binary, "serve", "--json", "--addr", "127.0.0.1:0",
		"--data", data, "--forge", "localgit", "--forge-root", root, "--workers", strconv.Itoa(workers))
	command.Env = append(os.Environ(), "ALLOWED_REPOSITORIES=local/*/*", "API_TOKEN=")
	command.Cancel = func() error { return command.Process.Signal(syscall.SIGTERM) }
	out, err := command.StdoutPipe()
	if err != nil {
		return nil, err
	}
	if err := command.Start(); err != nil {
		return nil, err
	}
	line, err := bufio.NewReader(out).ReadBytes('\n')
	if err != nil {
		_ = command.Process.Kill()
		return nil, fmt.Errorf("wait for the server to be ready: %w", err)
	}
	var ready struct {
		APIURL string `json:"apiUrl"`
	}
	if err := json.Unmarshal(line, &ready); err != nil {
		return nil, fmt.Errorf("read %q: %w", line, err)
	}
	return &server{command: command, api: ready.APIURL}, nil
}

func (s *server) stop() {
	_ = s.command.Process.Signal(syscall.SIGTERM)
	_ = s.command.Wait()
}

var peakLine = regexp.MustCompile(`VmHWM:\s+(\d+) kB`)

// peak is the most memory that the server held at once, in bytes (Linux).
func (s *server) peak() (int64, error) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", s.command.Process.Pid))
	if err != nil {
		return 0, err
	}
	match := peakLine.FindSubmatch(status)
	if match == nil {
		return 0, fmt.Errorf("no VmHWM in %s", status)
	}
	kilobytes, err := strconv.ParseInt(string(match[1]), 10, 64)
	return kilobytes << 10, err
}

// call asks the API and decodes its answer.
func (s *server) call(ctx context.Context, method, path string, body, answer any) error {
	var content io.Reader
	if body != nil {
		encoded, err := json.Marshal(body)
		if err != nil {
			return err
		}
		content = bytes.NewReader(encoded)
	}
	request, err := http.NewRequestWithContext(ctx, method, s.api+path, content)
	if err != nil {
		return err
	}
	request.Header.Set("Content-Type", "application/json")
	response, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer response.Body.Close()
	text, err := io.ReadAll(response.Body)
	if err != nil {
		return err
	}
	if response.StatusCode >= 300 {
		return fmt.Errorf("%s %s: %s: %s", method, path, response.Status, text)
	}
	if answer == nil {
		return nil
	}
	return json.Unmarshal(text, answer)
}

// cost is what one side of a comparison took.
type cost struct {
	wall, cpu time.Duration
	memory    int64 // bytes, peak of the server
}

// cpuTime is that of an ended process and all its children.
func cpuTime(command *exec.Cmd) time.Duration {
	return command.ProcessState.UserTime() + command.ProcessState.SystemTime()
}

type job struct {
	ID     string `json:"jobId"`
	Status string `json:"status"`
	Counts struct {
		Queued, Running, Succeeded, Published int
	} `json:"counts"`
}

func (s *server) createJob(ctx context.Context, count int, script string, publish bool) (job, error) {
	names := make([]string, count)
	for i := range names {
		names[i] = fmt.Sprintf("acme/r%05d", i)
	}
	var created job
	err := s.call(ctx, http.MethodPost, "/jobs", map[string]any{
		"name": "bench", "repositories": names, "createPullRequests": publish,
		"agent": map[string]any{"type": "script", "script": script},
	}, &created)
	return created, err
}

// jobOver runs one job over all repositories, on a server of its own. The server's
// start and end count as processor time, not as wall time.
func jobOver(ctx context.Context, binary, root, data string, count, workers int) (cost, error) {
	s, err := startServer(ctx, binary, root, data, workers)
	if err != nil {
		return cost{}, err
	}
	wall, peak, err := s.timeJob(ctx, count)
	s.stop()
	return cost{wall: wall, cpu: cpuTime(s.command), memory: peak}, err
}

func (s *server) timeJob(ctx context.Context, count int) (time.Duration, int64, error) {
	start := time.Now()
	current, err := s.createJob(ctx, count, "sed -i s/old/new/ file001.txt", true)
	if err != nil {
		return 0, 0, err
	}
	poll := time.NewTicker(20 * time.Millisecond)
	defer poll.Stop()
	for current.Status == "queued" || current.Status == "running" {
		select {
		case <-ctx.Done():
			return 0, 0, ctx.Err()
		case <-poll.C:
		}
		if err := s.call(ctx, http.MethodGet, "/jobs/"+current.ID, nil, &current); err != nil {
			return 0, 0, err
		}
	}
	took := time.Since(start)
	if current.Counts.Published != count {
		return 0, 0, fmt.Errorf("%d of %d were published: %+v", current.Counts.Published, count, current)
	}
	peak, err := s.peak()
	return took, peak, err
}
