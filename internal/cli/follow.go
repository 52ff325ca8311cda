package cli

import (
	"context"
	"errors"
	"io"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

// latest stands for the job that was created last.
const latest = "latest"

// pageSize is the most that the API gives at once.
const pageSize = 100

// follow shows what becomes of a job until it has ended, and returns it with all
// its tasks. What had ended when the job was read is no news, and not shown. Log
// lines that come meanwhile go through notes, if that is not nil.
func (p *program) follow(ctx context.Context, client *httpapi.Client, job httpapi.Job, notes *notes) (httpapi.Job, []httpapi.Task, error) {
	id := codybatch.JobID(job.JobID)
	if notes == nil { // somebody else runs the job, and knows what answers there
		p.announceRemoteRehearsal(ctx, client, job)
	}
	shown := newProgress(p.err, p.terminal(p.err), job, p.now)
	if above, ok := shown.(io.Writer); ok && notes != nil {
		notes.through(above)
		defer notes.through(nil)
	}
	p.contact.tell(shown.reach)
	err := watch(ctx, client, id, shown)
	p.contact.tell(nil)
	shown.close()
	if err != nil {
		return job, nil, err
	}
	if job, err = client.Job(ctx, id); err != nil {
		return job, nil, err
	}
	tasks, err := allTasks(ctx, client, codybatch.TaskQuery{JobID: id})
	return job, tasks, err
}

// watch passes on what happens until nothing more will.
func watch(ctx context.Context, client *httpapi.Client, id codybatch.JobID, to progress) error {
	for event, err := range client.Events(ctx, id, 0) {
		if err != nil {
			return err
		}
		to.take(event)
	}
	return nil
}

// allTasks reads all tasks that fit, page by page.
func allTasks(ctx context.Context, client *httpapi.Client, q codybatch.TaskQuery) ([]httpapi.Task, error) {
	tasks := []httpapi.Task{}
	for page := (httpapi.Page{Limit: pageSize}); ; {
		next, err := client.Tasks(ctx, q.JobID, q.Status, q.Outcome, page)
		if err != nil {
			return nil, err
		}
		tasks = append(tasks, next.Repositories...)
		if page.Cursor = string(next.NextCursor); page.Cursor == "" {
			return tasks, nil
		}
	}
}

// jobID reads the name of a job as people type it: an id, or latest.
func jobID(ctx context.Context, client *httpapi.Client, name string) (codybatch.JobID, error) {
	if name != latest {
		return codybatch.JobID(name), nil
	}
	page, err := client.Jobs(ctx, "", httpapi.Page{Limit: 1})
	if err != nil {
		return "", err
	}
	if len(page.Jobs) == 0 {
		return "", withHint(errors.New("there is no job yet"), "codybatch job create -f job.yaml makes one")
	}
	return codybatch.JobID(page.Jobs[0].JobID), nil
}

// jobAndRepositories reads the arguments "<job> [owner/name…]".
func jobAndRepositories(ctx context.Context, client *httpapi.Client, args []string) (codybatch.JobID, []codybatch.RepositoryName, error) {
	id, err := jobID(ctx, client, args[0])
	if err != nil {
		return "", nil, err
	}
	invalid := &codybatch.ValidationError{}
	names := make([]codybatch.RepositoryName, 0, len(args)-1)
	for _, name := range args[1:] {
		names = append(names, codybatch.RepositoryName(name))
		if !codybatch.RepositoryName(name).Valid() {
			invalid.Fields = append(invalid.Fields, codybatch.FieldError{Field: name, Message: "is not a repository; write owner/name"})
		}
	}
	if len(invalid.Fields) > 0 {
		return "", nil, invalid
	}
	return id, names, nil
}
