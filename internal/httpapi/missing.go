package httpapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// subject is what the address of a request names: a job, or a repository of it.
// Requests that name neither have no such method.
type subject interface {
	subject() (jobID string, repository codybatch.RepositoryName)
}

func (p JobPath) subject() (string, codybatch.RepositoryName) { return p.JobID, "" }

func (p TaskPath) subject() (string, codybatch.RepositoryName) {
	return p.JobID, codybatch.RepositoryName(p.Owner + "/" + p.Name)
}

// findMissing puts in the place of ErrNotFound what it is that is not there, and
// how to find what is. Other errors stay.
func (a *api) findMissing(ctx context.Context, request any, err error) error {
	var missing *codybatch.MissingError
	asked, ok := request.(subject)
	if !ok || !errors.Is(err, codybatch.ErrNotFound) || errors.As(err, &missing) {
		return err
	}
	jobID, repository := asked.subject()
	jobs := a.BasePath + "/jobs"
	if !jobIDPattern.MatchString(jobID) || isMissing(a.service.Job(ctx, codybatch.JobID(jobID))) {
		return newProblem(http.StatusNotFound, codeNotFound, fmt.Sprintf(
			"there is no job %.80q; ids count to the last character, and GET %s lists the jobs", jobID, jobs))
	}
	if repository != "" && isMissing(a.service.Task(ctx, codybatch.TaskKey{JobID: codybatch.JobID(jobID), Repository: repository})) {
		return newProblem(http.StatusNotFound, codeNotFound, fmt.Sprintf(
			"job %s has no repository %q; GET %s/%s/repositories lists them as the job spells them, case included", jobID, string(repository), jobs, jobID))
	}
	return err
}

// isMissing takes an answer of the service.
func isMissing[T any](_ T, err error) bool { return errors.Is(err, codybatch.ErrNotFound) }
