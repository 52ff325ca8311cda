// Package script is the agent that is no model: it runs a job's script, or any
// program that the script calls, in the workspace. It costs no token.
package script

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

// engine is what threads and results call this agent.
const engine = "script"

// What the thread keeps of a script's output; the log keeps all of it.
const (
	headBytes = 10 << 10
	tailBytes = 20 << 10
)

// Options of an Agent.
type Options struct {
	Bash        string              // the program that runs scripts; empty: "bash", from PATH
	Confinement sandbox.Confinement // how far scripts are kept in
}

// Agent implements codybatch.Agent. It may be used at once from many goroutines.
type Agent struct{ options Options }

// New makes an Agent.
func New(o Options) *Agent {
	if o.Bash == "" {
		o.Bash = "bash"
	}
	return &Agent{options: o}
}

// Run runs run.Spec.Script by "bash -eu" in the workspace, with REPOSITORY,
// JOB_ID and BASE_COMMIT in its environment. Exit code 0 is OutcomeChanged, and
// the diff has the last word; any other is OutcomeBlocked.
func (a *Agent) Run(ctx context.Context, run codybatch.AgentRun) (codybatch.AgentResult, error) {
	result := codybatch.AgentResult{Engine: engine}
	if ctx.Err() != nil {
		return result, context.Cause(ctx)
	}
	sum := sha256.Sum256([]byte(run.Spec.Script))
	if err := run.Record(ctx, codybatch.ThreadEvent{
		Type: codybatch.EventRunStart, Engine: engine, Repository: run.Key.Repository, BaseCommit: run.BaseCommit,
		PromptSHA: hex.EncodeToString(sum[:]), Limits: &codybatch.RunLimits{TimeoutSeconds: int(run.Spec.Timeout / time.Second)},
	}); err != nil {
		return result, fmt.Errorf("keep the thread: %w", err)
	}

	output := sandbox.NewCapture(headBytes, tailBytes)
	ended, runErr := a.bashScript(ctx, run, io.MultiWriter(output, run.Log))
	text := sandbox.Clean(output.String())
	result.Outcome, result.Reason = outcome(ended, runErr, text)

	ctx = context.WithoutCancel(ctx) // a canceled script is told about as well
	err := run.Record(ctx, toolEvent(run.Spec.Script, text, output.Truncated(), ended))
	if err == nil {
		err = run.Record(ctx, codybatch.ThreadEvent{
			Type: codybatch.EventRunEnd, Outcome: result.Outcome, Reason: result.Reason, Usage: &result.Usage,
		})
	}
	if err != nil {
		err = fmt.Errorf("keep the thread: %w", err)
	}
	return result, errors.Join(runErr, err)
}

// bashScript hands the script over in a file: arguments can be read by everybody
// on the machine, and have a limit.
func (a *Agent) bashScript(ctx context.Context, run codybatch.AgentRun, output io.Writer) (sandbox.Result, error) {
	file := filepath.Join(run.Home, "script.sh")
	if err := os.WriteFile(file, []byte(run.Spec.Script), 0o600); err != nil {
		return sandbox.Result{ExitCode: -1}, fmt.Errorf("write the script: %w", err)
	}
	return sandbox.Run(ctx, sandbox.Command{
		Args: []string{a.options.Bash, "--noprofile", "--norc", "-eu", file},
		Dir:  run.Dir,
		Env: append(sandbox.Environment(run.Home),
			"REPOSITORY="+string(run.Key.Repository), "JOB_ID="+string(run.Key.JobID), "BASE_COMMIT="+run.BaseCommit),
		Writable: []string{run.Dir, run.Home}, Readable: run.Reads, Confinement: a.options.Confinement,
		Output: output,
	})
}

func outcome(ended sandbox.Result, err error, output string) (codybatch.Outcome, string) {
	switch {
	case errors.Is(err, codybatch.ErrCanceled):
		return codybatch.OutcomeCanceled, err.Error()
	case errors.Is(err, codybatch.ErrTimeout):
		return codybatch.OutcomeTimeout, err.Error()
	case errors.Is(err, codybatch.ErrStopped):
		return "", err.Error() // no outcome: the attempt is made again
	case err != nil:
		return codybatch.OutcomeInfraError, err.Error()
	case ended.Exceeded != "":
		return codybatch.OutcomeBlocked, "the script was killed: " + ended.Exceeded
	case ended.ExitCode != 0:
		reason := fmt.Sprintf("script ended with exit code %d", ended.ExitCode)
		if last := lastLines(output); last != "" {
			reason += ": " + last
		}
		return codybatch.OutcomeBlocked, reason
	default:
		return codybatch.OutcomeChanged, ""
	}
}

// lastLines is the end of the output in one line: at most three lines and about
// 500 bytes.
func lastLines(output string) string {
	var lines []string
	for line := range strings.Lines(output) {
		if line = strings.TrimSpace(line); line != "" {
			lines = append(lines, line)
		}
	}
	last := strings.Join(lines[max(0, len(lines)-3):], " / ")
	if len(last) > 500 {
		last = "…" + strings.ToValidUTF8(last[len(last)-500:], "")
	}
	return last
}

// toolEvent has no ToolUseID: no model asked for the script, and so readers are
// told what ran together with what it printed.
func toolEvent(script, output string, truncated bool, ended sandbox.Result) codybatch.ThreadEvent {
	input, _ := json.Marshal(map[string]string{"command": sandbox.Clean(script)}) // strings always marshal
	content, _ := json.Marshal(output)
	return codybatch.ThreadEvent{
		Type: codybatch.EventTool, Name: "bash", Input: input, Content: content, Truncated: truncated,
		ExitCode: &ended.ExitCode, IsError: ended.ExitCode != 0, DurationMs: ended.Duration.Milliseconds(),
	}
}
