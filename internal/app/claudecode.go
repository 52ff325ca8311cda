package app

import (
	"context"

	"github.com/liamzdenek/cody-batch/internal/agent/claudecode"
	"github.com/liamzdenek/cody-batch/internal/config"
)

// ClaudeCodeVersion finds the Claude Code CLI and asks it for its version. The error
// says why jobs with agent.type claude-code can't run.
func ClaudeCodeVersion(ctx context.Context, c config.Config) (string, error) {
	program, err := claudecode.Find(c.ClaudeCodePath)
	if err != nil {
		return "", err
	}
	return claudecode.Version(ctx, program, Confinement(c))
}
