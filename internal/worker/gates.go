package worker

import (
	"cmp"
	"context"
	"fmt"
	"path"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/git"
)

const gatePathsMax = 20 // paths that a finding names

// codeGateBlocked is the code of a task whose change the gates stopped.
const codeGateBlocked = "gate_blocked"

// gates objects to a diff by rules alone, before anyone reads it.
func (a *attempt) gates(ctx context.Context, place *place, tree string) ([]codybatch.GateFinding, error) {
	changes, err := place.git.Changes(ctx, tree)
	if err != nil {
		return nil, fmt.Errorf("list the changes for the gates: %w", err)
	}
	found := findings{level: func(rule string) codybatch.GateLevel { return a.job.Gates.Level(rule, a.job.Agent.Type) }}
	a.gatePaths(&found, changes)
	if err := gateSymlinks(ctx, &found, place.git, tree, changes); err != nil {
		return nil, err
	}
	known := newKnownValues(a.Secrets)
	lines, err := scanPatch(place.patchFile(), known)
	if err != nil {
		return nil, err
	}
	if err := gateSecrets(ctx, &found, place.git, tree, changes, known, lines.secrets); err != nil {
		return nil, err
	}
	found.add(codybatch.RuleSkippedTests, "skips tests", lines.skips)
	found.add(codybatch.RuleSuppression, "silences a linter or a check", lines.suppressions)
	if lines.bytes > codybatch.LargeDiff {
		found.add(codybatch.RuleLargeDiff, fmt.Sprintf("is %.1f MiB long", float64(lines.bytes)/(1<<20)), []string{"diff.patch"})
	}
	for i := range found.list {
		finding := &found.list[i]
		finding.Message = a.redact.Replace(finding.Message)
		for n, name := range finding.Paths { // a name may be a secret, too
			finding.Paths[n] = a.redact.Replace(name)
		}
		if err := a.recordFinding(ctx, *finding); err != nil {
			return nil, err
		}
	}
	return found.list, nil
}

func (a *attempt) recordFinding(ctx context.Context, finding codybatch.GateFinding) error {
	return a.record.event(ctx, codybatch.ThreadEvent{
		Type: codybatch.EventGate, Rule: finding.Rule, Level: finding.Level, Paths: finding.Paths, Reason: finding.Message,
	})
}

func (a *attempt) gatePaths(found *findings, changes []git.Change) {
	var protected, submodules, binaries, deletedTests []string
	for _, change := range changes {
		for _, name := range []string{change.Path, change.OldPath} {
			if rule := protectedBy(name); rule != "" && !isNamedIn(a.job.Prompt, rule) {
				protected = append(protected, name)
				break
			}
		}
		if change.NewMode == git.ModeSubmodule || change.OldMode == git.ModeSubmodule {
			submodules = append(submodules, change.Path)
		}
		if change.Binary && change.Status != 'D' {
			binaries = append(binaries, change.Path)
		}
		if isTestGone(change) {
			deletedTests = append(deletedTests, cmp.Or(change.OldPath, change.Path))
		}
	}
	found.add(codybatch.RuleProtectedPath, "changes files that decide what runs elsewhere; name them in the prompt to allow that", protected)
	found.add(codybatch.RuleSubmodule, "changes a submodule, or adds a repository inside the repository", submodules)
	found.add(codybatch.RuleBinary, "adds or changes binary files", binaries)
	found.add(codybatch.RuleDeletedTests, "deletes tests, or gives them names and forms that no test has", deletedTests)
	if len(changes) > codybatch.ManyFiles {
		found.add(codybatch.RuleManyFiles, fmt.Sprintf("changes %d files", len(changes)), []string{changes[0].Path})
	}
}

// gateSymlinks finds new symbolic links that can lead out of the repository.
func gateSymlinks(ctx context.Context, found *findings, workspace *git.Workspace, tree string, changes []git.Change) error {
	var escapes []string
	for _, change := range changes {
		if change.NewMode != git.ModeSymlink {
			continue
		}
		target, err := workspace.Blob(ctx, tree, change.Path, 4<<10)
		if err != nil {
			return fmt.Errorf("read the symbolic link %q: %w", change.Path, err)
		}
		if leadsOut(change.Path, string(target)) {
			escapes = append(escapes, change.Path)
		}
	}
	found.add(codybatch.RuleSymlinkEscape, "adds a symbolic link that can lead out of the repository", escapes)
	return nil
}

// leadsOut reports whether a symbolic link can lead out of the repository, or
// into its .git. A ".." after a name counts as such: the name may be that of
// another link, and then ".." is not what it looks like.
func leadsOut(link, target string) bool {
	if path.IsAbs(target) {
		return true
	}
	depth, isBelow := strings.Count(link, "/"), false
	for part := range strings.SplitSeq(target, "/") {
		switch {
		case part == "" || part == ".":
		case part == "..":
			if depth--; depth < 0 || isBelow {
				return true
			}
		case git.IsDotGit(part):
			return true
		default:
			isBelow = true
		}
	}
	return false
}

// isTestGone also knows tests that no test runner finds any more.
func isTestGone(change git.Change) bool {
	switch change.Status {
	case 'D', 'T':
		return isTest(change.Path)
	case 'R':
		return isTest(change.OldPath) && !isTest(change.Path)
	default:
		return false
	}
}

func isTest(name string) bool {
	base := strings.ToLower(path.Base(name))
	return strings.Contains(base, "_test.") || strings.Contains(base, ".test.") || strings.Contains(base, ".spec.") ||
		strings.HasPrefix(base, "test_") || strings.Contains("/"+strings.ToLower(path.Dir(name))+"/", "/tests/")
}

// findings collects objections that have something to object to.
type findings struct {
	level func(rule string) codybatch.GateLevel
	list  []codybatch.GateFinding
}

func (f *findings) add(rule, message string, paths []string) {
	if len(paths) == 0 {
		return
	}
	shown := make([]string, 0, min(len(paths), gatePathsMax))
	for _, name := range paths[:min(len(paths), gatePathsMax)] {
		shown = append(shown, strings.ToValidUTF8(name, "\uFFFD"))
	}
	f.list = append(f.list, codybatch.GateFinding{Rule: rule, Level: f.level(rule), Message: message, Paths: shown})
}

// blockedBy makes blocking findings the error of a task; nil: none blocks.
func blockedBy(list []codybatch.GateFinding) *codybatch.TaskError {
	blocked := blocking(list)
	if len(blocked) == 0 {
		return nil
	}
	return &codybatch.TaskError{Code: codeGateBlocked, Message: "the diff is kept, but it may not be published: " + strings.Join(blocked, "; ")}
}

// blocking lists what stands in the way, for people.
func blocking(list []codybatch.GateFinding) []string {
	var texts []string
	for _, finding := range list {
		if finding.Level == codybatch.GateBlock {
			texts = append(texts, fmt.Sprintf("it %s (%s)", finding.Message, strings.Join(finding.Paths, ", ")))
		}
	}
	return texts
}
