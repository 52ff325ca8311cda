package codybatch

import "time"

// VerifyAuto stands, in the place of a command, for the commands that the worker
// detects in each repository by its files, at the base commit.
const VerifyAuto = "auto"

// VerificationResult is what one verification command said in one run.
type VerificationResult struct {
	Command  string        `json:"command"`
	ExitCode int           `json:"exitCode"` // -1: killed, by a time-out for example
	Duration time.Duration `json:"duration"`
	Baseline bool          `json:"baseline"` // run before the agent touched anything
	Tail     string        `json:"tail"`     // the end of its output, at most 8 KiB

	// Problem is why the command could check nothing where it ran, such as a program
	// that is not installed, and what to do; a line of text for people. Only the
	// baseline has it: what stops working after that is the change's doing. Empty:
	// none can be seen.
	Problem string `json:"problem,omitempty"`
}

// Passed reports whether the command was content.
func (r VerificationResult) Passed() bool { return r.ExitCode == 0 }
