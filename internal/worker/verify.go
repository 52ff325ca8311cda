package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

const (
	verifyTimeout = 10 * time.Minute // of one command
	verifyTail    = 8 << 10          // bytes of output that are kept in the row
)

// baseline settles what verifies the change, and runs it before the agent touches
// anything: what fails by itself is not held against the change.
func (a *attempt) baseline(ctx context.Context, place *place) error {
	if len(a.job.Verify) == 0 {
		return nil
	}
	a.enter(codybatch.PhaseBaseline)
	if err := a.settleVerify(ctx, place); err != nil {
		return err
	}
	if len(a.commands) == 0 {
		return nil
	}
	results, err := a.verify(ctx, place, true)
	if err != nil {
		return err
	}
	a.result.Verified = results
	if err := a.tellProblems(ctx, results); err != nil {
		return err
	}
	return place.restore(ctx, a.result.BaseCommit)
}

// tellProblems says in the thread what can't be verified here, and why.
func (a *attempt) tellProblems(ctx context.Context, results []codybatch.VerificationResult) error {
	var problems []string
	commands := map[string][]string{}
	for _, result := range results {
		if result.Problem == "" {
			continue
		}
		if commands[result.Problem] == nil {
			problems = append(problems, result.Problem)
		}
		commands[result.Problem] = append(commands[result.Problem], strconv.Quote(result.Command))
	}
	for _, problem := range problems {
		notice := fmt.Sprintf("%s can't check the change here: %s.", strings.Join(commands[problem], " and "), problem)
		if err := a.record.event(ctx, codybatch.ThreadEvent{Type: codybatch.EventNotice, Reason: notice}); err != nil {
			return err
		}
	}
	return nil
}

// settleVerify puts what is detected in the place of "auto". It reads the base
// commit's files: an agent that edits them does not change what judges it.
func (a *attempt) settleVerify(ctx context.Context, place *place) error {
	auto := slices.Index(a.job.Verify, codybatch.VerifyAuto)
	if auto < 0 {
		a.commands = a.job.Verify
		return nil
	}
	root, err := os.OpenRoot(place.tree) // no link leads out of it
	if err != nil {
		return fmt.Errorf("detect the verification: %w", err)
	}
	defer root.Close() //nolint:errcheck // only read
	found := detect(root.FS(), codybatch.MaxVerify-len(a.job.Verify)+1)
	a.commands = slices.Clone(a.job.Verify[:auto])
	for _, command := range slices.Concat(found.commands(), a.job.Verify[auto+1:]) {
		if !slices.Contains(a.commands, command) { // the job may name what is detected, too
			a.commands = append(a.commands, command)
		}
	}
	notice := found.String()
	if len(a.commands) == 0 {
		notice += " The change is not verified."
	}
	return a.record.event(ctx, codybatch.ThreadEvent{Type: codybatch.EventNotice, Reason: notice})
}

// tryVerify is verification for an agent that is not done yet: afterwards the
// workspace is as the agent had it.
func (a *attempt) tryVerify(ctx context.Context, place *place) ([]codybatch.VerificationResult, error) {
	tree, err := place.git.Snapshot(ctx)
	if err != nil {
		return nil, fmt.Errorf("take a snapshot of the workspace: %w", err)
	}
	results, err := a.verify(ctx, place, false)
	// Also when the time is over: what is kept then is what the agent made.
	restoring, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.Keep)
	defer cancel()
	return results, errors.Join(err, place.restore(restoring, tree))
}

// verify runs every command, also after one has failed: a person wants
// the whole picture. Only the end of the context is an error. The home folder is
// a new one: what an agent left in its own must not decide what passes.
func (a *attempt) verify(ctx context.Context, place *place, baseline bool) ([]codybatch.VerificationResult, error) {
	home, err := os.MkdirTemp(place.root, "verify-")
	if err != nil {
		return nil, fmt.Errorf("make a home folder for verification: %w", err)
	}
	defer func() { _ = removeAll(home) }() // the place goes as a whole in the end
	results := make([]codybatch.VerificationResult, 0, len(a.commands))
	afterFailure := false
	for _, command := range a.commands {
		tail := sandbox.NewCapture(0, verifyTail)
		_, _ = fmt.Fprintf(a.record, "$ %s\n", command) // the log is best effort
		ran, err := sandbox.Run(ctx, sandbox.Command{
			Args: []string{"bash", "--noprofile", "--norc", "-c", command},
			Dir:  place.tree, Env: sandbox.Environment(home),
			Writable: []string{place.tree, home}, Readable: place.reads(), Confinement: a.Confinement,
			Output: io.MultiWriter(tail, a.record), Timeout: verifyTimeout,
		})
		if err != nil {
			return nil, fmt.Errorf("run %q: %w", command, err)
		}
		result := codybatch.VerificationResult{
			Command: command, ExitCode: ran.ExitCode, Duration: ran.Duration, Baseline: baseline,
			Tail: a.redact.Replace(sandbox.Clean(tail.String())),
		}
		if ran.TimedOut {
			result.Tail += fmt.Sprintf("\n(killed after %s)", verifyTimeout)
		}
		if ran.Exceeded != "" {
			result.Tail += fmt.Sprintf("\n(killed: %s)", ran.Exceeded)
		}
		if baseline {
			result.Problem = problemOf(result.ExitCode, result.Tail, place.root, a.Confinement.NoNetwork, afterFailure)
			afterFailure = afterFailure || !result.Passed()
		}
		results = append(results, result)
		if err := a.record.event(ctx, codybatch.ThreadEvent{
			Type: codybatch.EventVerify, Command: command, ExitCode: &result.ExitCode,
			DurationMs: ran.Duration.Milliseconds(), Tail: result.Tail, Baseline: baseline,
		}); err != nil {
			return nil, err
		}
	}
	return results, nil
}

func baselineOf(results []codybatch.VerificationResult) []codybatch.VerificationResult {
	var before []codybatch.VerificationResult
	for _, result := range results {
		if result.Baseline {
			before = append(before, result)
		}
	}
	return before
}

// brokenBy lists the commands that fail after the change and passed before it.
func brokenBy(results []codybatch.VerificationResult) []codybatch.VerificationResult {
	failedBefore := map[string]bool{}
	var broken []codybatch.VerificationResult
	for _, result := range results {
		switch {
		case result.Passed():
		case result.Baseline:
			failedBefore[result.Command] = true
		case !failedBefore[result.Command]:
			broken = append(broken, result)
		}
	}
	return broken
}

func describeFailures(failures []codybatch.VerificationResult) string {
	if len(failures) == 1 {
		return fmt.Sprintf("%q passed before the change and ends with exit code %d after it; the diff is kept", failures[0].Command, failures[0].ExitCode)
	}
	return fmt.Sprintf("%d commands that passed before the change fail after it, the first is %q; the diff is kept", len(failures), failures[0].Command)
}
