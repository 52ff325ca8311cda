package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"strings"
	"time"

	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

// The rehearsal is a process of its own, so that neither its memory nor its work
// is taken for the agent's.

// sessionTurns is how long the session is that is measured, blockedTurn where the
// agents wait whose memory is measured.
const (
	sessionTurns = 40
	blockedTurn  = 20
)

// prefill is how long the API takes before an answer begins, in the fan-out: what
// a request writes can be read only from then on.
const prefill = 500 * time.Millisecond

func scenarioOf(name string) (rehearsal.Scenario, time.Duration) {
	switch name {
	case "session":
		return rehearsal.Play(sessionScript(sessionTurns)...), 0
	case "blocked":
		turns := sessionScript(blockedTurn)
		turns[blockedTurn-1].DelayMS = 10 * 60 * 1000
		return rehearsal.Play(turns...), 0
	default:
		return rehearsal.Play(sessionScript(4)...), prefill
	}
}

// sessionScript is the work of so many turns: most read, some edit what was read.
func sessionScript(turns int) []rehearsal.Turn {
	script := []rehearsal.Turn{rehearsal.Call("glob", map[string]string{"pattern": "**/*.go"})}
	for i := 1; i < turns-1; i++ {
		name := fileName(i - i%2)
		turn := rehearsal.Call("read", map[string]string{"file_path": fileName(i)})
		if i%4 == 3 {
			turn = rehearsal.Call("edit", map[string]string{
				"file_path": name, "old_string": lineOf(i-i%2, 7), "new_string": strings.ToUpper(lineOf(i-i%2, 7)),
			})
		}
		turn.Text = fmt.Sprintf("Step %d: I look at what the task touches here, and change it where it has to be changed.", i)
		script = append(script, turn)
	}
	return append(script, rehearsal.Finish("changed", "Changed what the task touches.", "", ""))
}

// rehearse serves a scenario until standard input ends, and fails if a rule of the
// API was broken.
func rehearse(ctx context.Context, name string) error {
	scenario, delay := scenarioOf(name)
	server, err := rehearsal.New(scenario, rehearsal.Options{})
	if err != nil {
		return err
	}
	var config net.ListenConfig
	listener, err := config.Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	web := &http.Server{ReadHeaderTimeout: 10 * time.Second, Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		timer := time.NewTimer(delay)
		defer timer.Stop()
		select {
		case <-timer.C:
			server.ServeHTTP(w, r)
		case <-r.Context().Done():
		}
	})}
	served := make(chan error, 1)
	go func() { served <- web.Serve(listener) }()
	fmt.Println("http://" + listener.Addr().String())
	_, _ = io.Copy(io.Discard, os.Stdin)
	err = web.Close()
	<-served //nolint:errcheck // it was closed
	if broken := server.Violations(); len(broken) > 0 {
		return errors.Join(err, fmt.Errorf("rules of the API were broken:\n%s", strings.Join(broken, "\n")))
	}
	return err
}

// startRehearsal starts this program as a server. The caller calls what it returns.
func startRehearsal(ctx context.Context, scenario string) (string, func() error, error) {
	self, err := os.Executable()
	if err != nil {
		return "", nil, err
	}
	command := exec.CommandContext(ctx, self, "-rehearse", scenario)
	command.Stderr = os.Stderr
	in, err := command.StdinPipe()
	if err != nil {
		return "", nil, err
	}
	out, err := command.StdoutPipe()
	if err != nil {
		return "", nil, err
	}
	if err := command.Start(); err != nil {
		return "", nil, err
	}
	stop := func() error { return errors.Join(in.Close(), command.Wait()) }
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		return "", nil, errors.Join(fmt.Errorf("wait for the rehearsal to be ready: %w", err), stop())
	}
	return strings.TrimSpace(line), stop, nil
}
