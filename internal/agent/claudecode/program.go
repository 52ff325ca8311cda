package claudecode

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

// versionTime is how long the program may take to say its version.
const versionTime = 20 * time.Second

// ErrNoProgram says that Claude Code is not installed where it is looked for.
var ErrNoProgram = errors.New("the Claude Code CLI is not there")

// Find finds the program: at path, which is absolute, or as "claude" on PATH if
// path is empty. The error is ErrNoProgram.
func Find(path string) (string, error) {
	if path == "" {
		found, err := exec.LookPath("claude")
		if err != nil {
			return "", fmt.Errorf("%w: there is no program \"claude\" on PATH", ErrNoProgram)
		}
		return filepath.Abs(found)
	}
	if info, err := os.Stat(path); err != nil || !filepath.IsAbs(path) || !info.Mode().IsRegular() || info.Mode()&0o111 == 0 {
		return "", fmt.Errorf("%w: %q is not the absolute path of a program", ErrNoProgram, path)
	}
	return path, nil
}

// Version asks the program for its version, such as "2.1.330". It runs as it does in
// a session: without secrets, and confined.
func Version(ctx context.Context, program string, c sandbox.Confinement) (string, error) {
	home, err := os.MkdirTemp("", "codybatch-claude-code-")
	if err != nil {
		return "", fmt.Errorf("make a home folder for Claude Code: %w", err)
	}
	defer func() { _ = os.RemoveAll(home) }()
	var output bytes.Buffer
	result, err := sandbox.Run(ctx, sandbox.Command{
		Args: []string{program, "--version"}, Dir: home, Env: sandbox.Environment(home),
		Writable: []string{home}, Readable: installation(program), Confinement: c, Output: &output, Timeout: versionTime,
	})
	said := cut(strings.TrimSpace(sandbox.Clean(output.String())), longestReason)
	switch {
	case err != nil:
		return "", fmt.Errorf("ask Claude Code for its version: %w", err)
	case result.ExitCode != 0 || said == "":
		return "", fmt.Errorf("ask Claude Code for its version: %s ended with exit code %d: %s", program, result.ExitCode, said)
	}
	version, _, _ := strings.Cut(said, " ")
	return version, nil
}

// installation is what the program must be able to read of itself: the program, and
// the folder of its npm package if it is in one.
func installation(program string) []string {
	paths := []string{program}
	resolved, err := filepath.EvalSymlinks(program)
	if err != nil {
		return paths // starting it will say what is wrong
	}
	paths = append(paths, resolved)
	const scope = "/@anthropic-ai/"
	if at := strings.LastIndex(resolved, scope); at >= 0 {
		paths = append(paths, resolved[:at+len(scope)-1])
	}
	return paths
}
