package claude

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"github.com/liamzdenek/cody-batch/internal/agent/apierror"
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

const (
	bashTimeout    = 2 * time.Minute
	maxBashTimeout = 10 * time.Minute
	bashHead       = 10 << 10 // bytes of the output's beginning that are kept
	bashTail       = 20 << 10 // and of its end
)

type bashInput struct {
	Command   string `json:"command"`
	TimeoutMs int64  `json:"timeout_ms"`
}

func bashTool() tool {
	return tool{
		name: "bash",
		description: "Run a command with bash in the repository's root. Every call is a fresh shell: cd, variables and background processes do not last. " +
			"There is no terminal and nothing to read from standard input. Gives what the command printed, at most 30 KB (the first 10 and the last 20), " +
			"and its exit status if that is not 0.",
		properties: map[string]any{
			"command":    property("string", "The command line"),
			"timeout_ms": property("integer", "How long it may take, in milliseconds: 120000 if left out, 600000 at most"),
		},
		required: []string{"command"},
		run:      runBash,
	}
}

func runBash(ctx context.Context, s *session, raw json.RawMessage) (toolResult, error) {
	input, complaint := decode[bashInput](raw)
	if complaint != nil {
		return *complaint, nil
	}
	if input.TimeoutMs < 0 {
		return malformed("timeout_ms is negative"), nil
	}
	timeout := bashTimeout
	if input.TimeoutMs > 0 {
		timeout = time.Duration(min(input.TimeoutMs, maxBashTimeout.Milliseconds())) * time.Millisecond
	}
	output := sandbox.NewCapture(bashHead, bashTail)
	result, err := sandbox.Run(ctx, sandbox.Command{
		Args: []string{"bash", "--noprofile", "--norc", "-c", input.Command},
		Dir:  s.run.Dir, Env: s.environment, Output: output, Timeout: timeout,
		Writable: []string{s.run.Dir, s.run.Home}, Readable: s.run.Reads, Confinement: s.agent.options.Confinement,
	})
	text := sandbox.Clean(output.String())
	s.printLog("$ %s\n%s\n", sandbox.Clean(input.Command), text)
	switch {
	case ctx.Err() != nil:
		return refusal("%s\n(the run was ended)", text), context.Cause(ctx)
	case errors.Is(err, sandbox.ErrNoWall), errors.Is(err, sandbox.ErrNoCut), errors.Is(err, sandbox.ErrNoUser): // nothing that Claude can mend
		return refusal("%s", printable(err.Error())), err
	case err != nil:
		return refusal("%s", printable(apierror.Short(err.Error()))), nil
	}
	if text == "" {
		text = "(no output)"
	}
	switch {
	case result.TimedOut:
		text += fmt.Sprintf("\n(killed after %s, with everything that it had started)", timeout)
	case result.Exceeded != "":
		text += fmt.Sprintf("\n(killed, with everything that it had started: %s)", result.Exceeded)
	case result.ExitCode != 0:
		text += fmt.Sprintf("\n(exit status %d)", result.ExitCode)
	}
	return toolResult{text: text, exitCode: &result.ExitCode, truncated: output.Truncated()}, nil
}
