package cli

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// engineRehearsal is what a task's engine says when nobody but a script answered
// in Claude's place.
const engineRehearsal = "rehearsal"

// cost shows dollars, and an unknown amount as unknown: never as zero.
func cost(dollars *float64) string {
	if dollars == nil {
		return "unknown"
	}
	return codybatch.USD(*dollars).String()
}

// plainCost is what a task cost; nothing for what took no token.
func plainCost(task httpapi.Task) string {
	if task.Usage.CostUSD != nil && *task.Usage.CostUSD == 0 {
		return ""
	}
	return cost(task.Usage.CostUSD)
}

// taskCost is plainCost with a mark if nothing was really spent.
func taskCost(task httpapi.Task) string {
	text := plainCost(task)
	if text != "" && task.Engine == engineRehearsal {
		text += " (rehearsed)"
	}
	return text
}

// duration shows a time to the second: "42s", "3m05s", "2h07m".
func duration(d time.Duration) string {
	d = d.Round(time.Second)
	switch {
	case d < time.Minute:
		return fmt.Sprintf("%ds", int(d.Seconds()))
	case d < time.Hour:
		return fmt.Sprintf("%dm%02ds", int(d.Minutes()), int(d.Seconds())%60)
	default:
		return fmt.Sprintf("%dh%02dm", int(d.Hours()), int(d.Minutes())%60)
	}
}

// diffstat shows the size of a task's diff, or nothing if there is none.
func diffstat(task httpapi.Task) string {
	stat := codybatch.DiffStat(task.DiffStat)
	if stat.Empty() {
		return ""
	}
	return stat.String()
}

// outcome is why a task ended as it did, or where it stands.
func outcome(task httpapi.Task) string {
	if task.Outcome != "" {
		return string(task.Outcome)
	}
	return task.Status
}

// took is how long a task's latest attempt ran; empty if it did not.
func took(task httpapi.Task) string {
	if task.StartedAt == nil || task.CompletedAt == nil {
		return ""
	}
	return duration(task.CompletedAt.Sub(*task.StartedAt))
}

// place is where a task's change can be looked at: the page of the pull request,
// or the branch where the forge has no pages, or nowhere yet.
func place(task httpapi.Task) string {
	switch {
	case task.PullRequest == nil:
		return string(task.Branch)
	case strings.HasPrefix(task.PullRequest.URL, "http"):
		return task.PullRequest.URL
	default:
		return fmt.Sprintf("%s #%d", task.Branch, task.PullRequest.Number)
	}
}

// reason is what a person should know about how a task ended, in one line.
func reason(task httpapi.Task) string {
	text := remark(task)
	isBlocked := task.Outcome == httpapi.Text(codybatch.OutcomeGateBlocked)
	if task.ReusedFrom == "" || task.Status != string(codybatch.TaskSucceeded) && !isBlocked {
		return text
	}
	reused := oneLine("same as job " + string(task.ReusedFrom) + ", not run again")
	if text == "" {
		return reused
	}
	return reused + "; " + text
}

func remark(task httpapi.Task) string {
	if task.Error != nil {
		return oneLine(task.Error.Message)
	}
	if task.Review != nil && task.Review.Decision == string(codybatch.ReviewRejected) {
		return oneLine(strings.TrimSuffix("rejected in review: "+task.Review.Note, ": "))
	}
	if text := alreadyFailing(task); text != "" {
		return oneLine(text)
	}
	for _, gate := range task.Gates {
		if gate.Level == string(codybatch.GateWarn) {
			return oneLine("look at this: it " + gate.Message)
		}
	}
	if task.Outcome == httpapi.Text(codybatch.OutcomeNoChanges) {
		return oneLine(task.Summary)
	}
	return ""
}

// alreadyFailing says what became of verification commands that failed before the
// change; empty if all passed. One that still fails comes first.
func alreadyFailing(task httpapi.Task) string {
	text := ""
	for _, before := range task.Verification {
		if !before.Baseline || before.ExitCode == 0 {
			continue
		}
		after := slices.IndexFunc(task.Verification, func(v httpapi.Verification) bool { return !v.Baseline && v.Command == before.Command })
		switch {
		case after >= 0 && task.Verification[after].ExitCode != 0 && before.Problem != "":
			return "not checked by " + before.Command + ": " + before.Problem
		case after >= 0 && task.Verification[after].ExitCode != 0:
			return before.Command + " failed before the change, too"
		case text != "":
		case after >= 0:
			text = before.Command + " failed before, passes now"
		case task.Outcome == httpapi.Text(codybatch.OutcomeNoChanges):
			text = before.Command + " fails on the base commit"
		default: // the attempt ended before the commands were run again
			text = before.Command + " failed before the change"
		}
	}
	return text
}

// styleOf is the colour of a status; everything that a person has to look at is
// red or yellow.
func styleOf(status string) style {
	switch codybatch.TaskStatus(status) {
	case codybatch.TaskSucceeded:
		return green
	case codybatch.TaskFailed:
		return red
	case codybatch.TaskCanceled:
		return yellow
	case codybatch.TaskRunning:
		return cyan
	default:
		return faint
	}
}
