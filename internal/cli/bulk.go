package cli

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// codeNotFound is the API's word for a repository that a job does not have.
const codeNotFound = "not_found"

// mostSkipped is how many repositories are named that were left as they are for the
// same reason.
const mostSkipped = 5

// addUnfinished adds the tasks that a request over a whole job passed over because
// they are still at work.
func addUnfinished(ctx context.Context, client *httpapi.Client, id codybatch.JobID, result *httpapi.BulkResult) error {
	if result.Job.Counts.Running+result.Job.Counts.Queued <= len(result.Queued) {
		return nil
	}
	for _, status := range []codybatch.TaskStatus{codybatch.TaskRunning, codybatch.TaskQueued} {
		tasks, err := allTasks(ctx, client, codybatch.TaskQuery{JobID: id, Status: status})
		if err != nil {
			return err
		}
		for _, task := range tasks {
			isOurs := slices.Contains(result.Queued, task.RepositoryName)
			isTold := slices.ContainsFunc(result.Skipped, func(r httpapi.Refusal) bool { return r.RepositoryName == task.RepositoryName })
			if !isOurs && !isTold {
				result.Skipped = append(result.Skipped, httpapi.Refusal{RepositoryName: task.RepositoryName, Code: "conflict", Reason: "it is still " + string(status)})
			}
		}
	}
	return nil
}

// bulk is a request over many tasks, done.
type bulk struct {
	result httpapi.BulkResult
	did    string
	hint   string // what to do if nothing was queued; may be empty
	watch  bool
}

// checkBulk refuses to print two things at once.
func (p *program) checkBulk(watch bool) error {
	if watch && p.json.set {
		return errors.New("--json prints what was queued, and --watch what became of it: give one of them")
	}
	return nil
}

// finishBulk prints what a request over many tasks did, and follows the job if
// asked. A repository that was named and is not in the job is an error then.
func (p *program) finishBulk(ctx context.Context, client *httpapi.Client, b bulk) error {
	if err := p.printBulk(b); err != nil {
		return err
	}
	unknown := 0
	for _, skipped := range b.result.Skipped {
		if skipped.Code == codeNotFound {
			unknown++
		}
	}
	if unknown > 0 {
		return withHint(fmt.Errorf("%d of the repositories that were named are not in the job", unknown),
			"codybatch job view %s lists those that are", b.result.Job.JobID)
	}
	if b.watch {
		return p.watchJob(ctx, client, b.result.Job)
	}
	return nil
}

// printBulk prints what a request over many repositories did: the queued ones as
// results, unless what becomes of them is followed, and the others as notes.
func (p *program) printBulk(b bulk) error {
	if p.json.set {
		return p.json.write(p.out, b.result)
	}
	if !b.watch {
		for _, name := range b.result.Queued {
			if _, err := fmt.Fprintln(p.out, oneLine(name)); err != nil {
				return err
			}
		}
	}
	told := map[string]int{} // by reason
	var reasons []string
	for _, skipped := range b.result.Skipped {
		if told[skipped.Reason]++; told[skipped.Reason] <= mostSkipped {
			fmt.Fprintf(p.err, "Left as it is: %s: %s\n", oneLine(skipped.RepositoryName), oneLine(skipped.Reason))
		} else if told[skipped.Reason] == mostSkipped+1 {
			reasons = append(reasons, skipped.Reason)
		}
	}
	for _, reason := range reasons {
		fmt.Fprintf(p.err, "Left as they are: %d more: %s\n", told[reason]-mostSkipped, oneLine(reason))
	}
	fmt.Fprintf(p.err, "%s: %d of %d repositories\n", b.did, len(b.result.Queued), b.result.Job.RepositoryCount)
	if b.hint != "" && len(b.result.Queued) == 0 {
		fmt.Fprintln(p.err, b.hint)
	}
	return nil
}
