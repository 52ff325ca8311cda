package cli

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// jobWithTasks is a job and what became of its repositories, as run, watch and
// view print it in JSON.
type jobWithTasks struct {
	httpapi.Job
	Repositories []httpapi.Task `json:"repositories"`
}

// printJob prints the results of a job.
func (p *program) printJob(job httpapi.Job, tasks []httpapi.Task) error {
	if p.json.set {
		return p.json.write(p.out, jobWithTasks{Job: job, Repositories: tasks})
	}
	to := p.terminal(p.out)
	if err := taskTable(tasks, to.is).write(p.out, to); err != nil {
		return err
	}
	// The sum is for people: programs have --json.
	w, colour := p.err, p.terminal(p.err).colour
	if to.is {
		w, colour = p.out, to.colour
	}
	note := rehearsalNote(tasks)
	money := costText(job)
	if note != "" {
		money += " (rehearsed)"
	}
	status := oneLine(job.Status)
	parts := slices.Concat([]string{oneLine(job.Name) + ": " + status}, countParts(job), []string{money})
	width := math.MaxInt
	if shown := p.terminal(w); shown.is {
		width, _ = shown.size()
	}
	for i, line := range joined(parts, width) {
		if i == 0 { // the status is painted last, because colours take no columns
			line = strings.Replace(line, ": "+status, ": "+paint(colour, styleOf(job.Status), status), 1)
		}
		fmt.Fprintln(w, line)
	}
	if note != "" {
		fmt.Fprintln(w, paint(colour, yellow, note))
	}
	return nil
}

// taskTable lists what became of repositories. Rehearsed costs are marked, in the
// head where there is one.
func taskTable(tasks []httpapi.Task, hasHead bool) *table {
	t := &table{head: []string{"repository", "outcome", "diff", "branch or pull request", "cost", "time", "reason"}}
	t.whole = t.head[3]
	mark := taskCost
	isReal := func(task httpapi.Task) bool { return task.Engine != engineRehearsal && plainCost(task) != "" }
	if hasHead && rehearsalNote(tasks) != "" && !slices.ContainsFunc(tasks, isReal) {
		t.head[4], mark = "rehearsed", plainCost
	}
	for _, task := range tasks {
		t.add(
			cell{text: task.RepositoryName}, cell{outcome(task), styleOf(task.Status)}, cell{text: diffstat(task)},
			cell{text: place(task)}, cell{text: mark(task)}, cell{text: took(task)}, cell{text: reason(task)},
		)
	}
	return t
}

// rehearsalNote says which results are not Claude's work.
func rehearsalNote(tasks []httpapi.Task) string {
	n := 0
	for _, task := range tasks {
		if task.Engine == engineRehearsal {
			n++
		}
	}
	if n == 0 {
		return ""
	}
	return fmt.Sprintf("REHEARSAL: a script has answered in Claude's place in %d of %d repositories; costs are what the same tokens would have cost.", n, len(tasks))
}

// ending is the error that goes with how a job ended: nil if it succeeded.
func ending(job httpapi.Job, tasks []httpapi.Task) error {
	status := codybatch.JobStatus(job.Status)
	if status == codybatch.JobSucceeded {
		return nil
	}
	failedOtherwise := func(task httpapi.Task) bool {
		return task.Status == string(codybatch.TaskFailed) && task.Outcome != httpapi.Text(codybatch.OutcomeAuthError)
	}
	return &jobError{status: status, needsSignIn: status == codybatch.JobFailed && !slices.ContainsFunc(tasks, failedOtherwise)}
}
