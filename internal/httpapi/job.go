package httpapi

import (
	"context"
	"fmt"
	"net/http"
	"slices"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func (a *api) registerJobs(h huma.API) {
	register(a, h, operation("listJobs", http.MethodGet, "/jobs", tagJobs,
		"List jobs", "The newest first.",
		http.StatusBadRequest), a.listJobs)
	create := operation("createJob", http.MethodPost, "/jobs", tagJobs,
		"Create a job", "Checks everything first: nothing is stored unless all of it can be. The job starts at once.\n\n"+
			"422 tells everything that is wrong with the request; 403 comes if all that is wrong is the allow-list.\n\n"+
			"With an `Idempotency-Key` the same request can be sent again for 24 hours without starting a second job: "+
			"the answer is the first one's job, with `Idempotency-Replayed: true`.",
		http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusBadGateway)
	create.DefaultStatus = http.StatusCreated
	register(a, h, create, a.createJob)
	describeBody[JobRequest](h, create, true)
	estimate := operation("estimateJob", http.MethodPost, "/jobs/estimate", tagJobs,
		"Estimate a job", "What the job would be, without starting anything. Repositories that can't be had are part of the answer.",
		http.StatusBadRequest, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType, http.StatusBadGateway)
	register(a, h, estimate, a.estimateJob)
	describeBody[JobRequest](h, estimate, true)
	register(a, h, operation("getJob", http.MethodGet, "/jobs/{jobId}", tagJobs,
		"Get a job", "The job with its counts and usage.",
		http.StatusNotFound), a.getJob)
	cancel := operation("cancelJob", http.MethodPost, "/jobs/{jobId}/cancel", tagJobs,
		"Cancel a job", "Cancels what is not finished; what is finished stays. Doing it twice changes nothing. Running tasks need a moment to end.",
		http.StatusNotFound, http.StatusConflict)
	cancel.DefaultStatus = http.StatusAccepted
	register(a, h, cancel, a.cancelJob)
	retry := operation("retryJob", http.MethodPost, "/jobs/{jobId}/retry", tagJobs,
		"Retry a job", "Queues the failed tasks again; the canceled ones too, if asked; or the named ones. Finished results are never done again.",
		http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	retry.DefaultStatus = http.StatusAccepted
	register(a, h, retry, a.retryJob)
	describeBody[RetryRequest](h, retry, false)
	publish := operation("publishJob", http.MethodPost, "/jobs/{jobId}/publish", tagJobs,
		"Publish a job", "Pushes the branches and opens the pull requests of all succeeded, changed and unpublished tasks, or of the named ones.",
		http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	publish.DefaultStatus = http.StatusAccepted
	register(a, h, publish, a.publishJob)
	describeBody[PublishRequest](h, publish, false)
	cancelTasks := operation("cancelTasks", http.MethodPost, "/jobs/{jobId}/repositories/cancel", tagJobs,
		"Cancel repositories of a job", "Cancels the named tasks if they are queued or running; the job goes on with the others. Running ones need a moment to end.",
		http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	cancelTasks.DefaultStatus = http.StatusAccepted
	register(a, h, cancelTasks, a.cancelTasks)
	describeBody[CancelTasksRequest](h, cancelTasks, true)
	review := operation("reviewTasks", http.MethodPost, "/jobs/{jobId}/review", tagJobs,
		"Review repositories of a job", "Records one verdict on the diffs of the named tasks, or takes back those that there are. What was rejected can't be published.",
		http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	register(a, h, review, a.reviewTasks)
	describeBody[ReviewTasksRequest](h, review, true)
	feedback := operation("sendFeedbackToTasks", http.MethodPost, "/jobs/{jobId}/feedback", tagJobs,
		"Send repositories of a job back with a remark", "Queues the named tasks again if they are finished and have a conversation: their agents go on with it and hear the remark, the same for all. "+
			"With an `Idempotency-Key` the same request can be sent again: a repository whose last remark this is counts as queued, and is left as it is.",
		http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	feedback.DefaultStatus = http.StatusAccepted
	register(a, h, feedback, a.sendFeedbackToTasks)
	describeBody[FeedbackTasksRequest](h, feedback, true)
	register(a, h, operation("getTimeline", http.MethodGet, "/jobs/{jobId}/timeline", tagJobs,
		"Get a job's timeline", "Counts and cost over time, for a plot. A task that was queued again counts with its latest attempt only.",
		http.StatusNotFound), a.timeline)
	register(a, h, operation("getGroups", http.MethodGet, "/jobs/{jobId}/groups", tagJobs,
		"Group a job's results", "Tasks whose patches are the same after normalising, and failures by cause, so that each needs to be read once.",
		http.StatusNotFound), a.groups)
}

type listJobsInput struct {
	Status string `query:"status" doc:"Only jobs in this status." enum:"queued,running,succeeded,failed,canceled"`
	Paging
}

func (a *api) listJobs(ctx context.Context, in *listJobsInput) (*answer[JobPage], error) {
	page, err := a.service.Jobs(ctx, codybatch.JobQuery{Status: codybatch.JobStatus(in.Status), Limit: in.Limit, Cursor: in.Cursor})
	if err != nil {
		return nil, err
	}
	return reply(JobPage{Jobs: mapped(page.Jobs, newJob), NextCursor: Text(page.NextCursor)}, nil)
}

type createJobInput struct {
	IdempotencyKey string `header:"Idempotency-Key" doc:"1 to 255 printable characters, unique to this request; makes sending it twice count once."`
	document
}

type createJobOutput struct {
	Location string `header:"Location" doc:"The job's address."`
	Replayed string `header:"Idempotency-Replayed" doc:"true: an earlier request with the same Idempotency-Key made the job."`
	Body     Job
}

func (a *api) createJob(ctx context.Context, in *createJobInput) (*createJobOutput, error) {
	if err := checkIdempotencyKey(in.IdempotencyKey); err != nil {
		return nil, err
	}
	spec, err := in.spec()
	if err != nil {
		return nil, err
	}
	job, created, err := a.service.CreateJob(ctx, spec, in.IdempotencyKey)
	if err != nil {
		return nil, forgeError{askedError{err, spec.Repositories}}
	}
	out := &createJobOutput{Location: a.BasePath + "/jobs/" + string(job.ID), Body: newJob(job)}
	if !created {
		out.Replayed = "true"
	}
	return out, nil
}

func checkIdempotencyKey(key string) error {
	if len(key) > 255 || strings.ContainsFunc(key, func(r rune) bool { return r < ' ' || r > '~' }) {
		return invalidField("Idempotency-Key", "must be 1 to 255 printable ASCII characters")
	}
	return nil
}

func (d *document) spec() (codybatch.JobSpec, error) {
	if err := d.check(); err != nil {
		return codybatch.JobSpec{}, err
	}
	return DecodeJob(d.data)
}

type estimateJobInput struct{ document }

func (a *api) estimateJob(ctx context.Context, in *estimateJobInput) (*answer[Estimate], error) {
	spec, err := in.spec()
	if err != nil {
		return nil, err
	}
	estimate, err := a.service.EstimateJob(ctx, spec)
	if err != nil {
		return nil, forgeError{err}
	}
	return reply(Estimate{
		RepositoryCount: len(estimate.Admitted),
		Admitted:        names(estimate.Admitted),
		Refused:         mapped(estimate.Refused, newRefusal),
		MaxCostUSD:      dollars(estimate.MaxCost),
		UsualCostUSD:    dollars(estimate.Usual),
	}, nil)
}

func (a *api) getJob(ctx context.Context, in *JobPath) (*answer[Job], error) {
	return a.withJob(in, func(id codybatch.JobID) (codybatch.Job, error) { return a.service.Job(ctx, id) })
}

func (a *api) cancelJob(ctx context.Context, in *JobPath) (*answer[Job], error) {
	return a.withJob(in, func(id codybatch.JobID) (codybatch.Job, error) { return a.service.CancelJob(ctx, id) })
}

func (*api) withJob(in *JobPath, do func(codybatch.JobID) (codybatch.Job, error)) (*answer[Job], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	job, err := do(id)
	return reply(newJob(job), err)
}

type retryJobInput struct {
	JobPath
	document
}

func (a *api) retryJob(ctx context.Context, in *retryJobInput) (*answer[BulkResult], error) {
	var request RetryRequest
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	if err := in.decode(&request, true); err != nil {
		return nil, err
	}
	var invalid []codybatch.FieldError
	for i, status := range request.Include {
		if status != string(codybatch.TaskCanceled) {
			invalid = append(invalid, codybatch.FieldError{Field: indexed("include", i), Message: `is not known; only "canceled" is`})
		}
	}
	chosen, wrong := chosenNames(request.Repositories)
	if invalid = append(invalid, wrong...); len(invalid) > 0 {
		return nil, validation(invalid)
	}
	if len(chosen) > 0 {
		result, err := a.service.RetryTasks(ctx, id, chosen)
		return a.bulk(ctx, id, result, err)
	}
	result, err := a.service.RetryJob(ctx, id, slices.Contains(request.Include, string(codybatch.TaskCanceled)))
	return a.bulk(ctx, id, result, err)
}

type publishJobInput struct {
	JobPath
	document
}

func (a *api) publishJob(ctx context.Context, in *publishJobInput) (*answer[BulkResult], error) {
	var request PublishRequest
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	if err := in.decode(&request, true); err != nil {
		return nil, err
	}
	chosen, invalid := chosenNames(request.Repositories)
	if len(invalid) > 0 {
		return nil, validation(invalid)
	}
	result, err := a.service.PublishJob(ctx, id, chosen)
	return a.bulk(ctx, id, result, err)
}

type cancelTasksInput struct {
	JobPath
	document
}

func (a *api) cancelTasks(ctx context.Context, in *cancelTasksInput) (*answer[BulkResult], error) {
	var request CancelTasksRequest
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	if err := in.decode(&request, false); err != nil {
		return nil, err
	}
	chosen, invalid := atLeastOneName(request.Repositories)
	if len(invalid) > 0 {
		return nil, validation(invalid)
	}
	result, err := a.service.CancelTasks(ctx, id, chosen)
	return a.bulk(ctx, id, result, err)
}

type reviewTasksInput struct {
	JobPath
	document
}

func (a *api) reviewTasks(ctx context.Context, in *reviewTasksInput) (*answer[BulkResult], error) {
	var request ReviewTasksRequest
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	if err := in.decode(&request, false); err != nil {
		return nil, err
	}
	chosen, invalid := atLeastOneName(request.Repositories)
	if len(invalid) > 0 {
		return nil, validation(invalid)
	}
	result, err := a.service.ReviewTasks(ctx, id, codybatch.ReviewDecision(request.Decision), request.Note, chosen)
	return a.bulk(ctx, id, result, err)
}

// RemarkKey names a remark. It is exported for huma, which finds no other embedded fields.
type RemarkKey struct {
	IdempotencyKey string `header:"Idempotency-Key" doc:"1 to 255 printable characters, unique to this remark; makes sending it twice count once, until there is another remark."`
}

type feedbackTasksInput struct {
	JobPath
	RemarkKey
	document
}

func (a *api) sendFeedbackToTasks(ctx context.Context, in *feedbackTasksInput) (*answer[BulkResult], error) {
	var request FeedbackTasksRequest
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	if err := checkIdempotencyKey(in.IdempotencyKey); err != nil {
		return nil, err
	}
	if err := in.decode(&request, false); err != nil {
		return nil, err
	}
	chosen, invalid := atLeastOneName(request.Repositories)
	if len(invalid) > 0 {
		return nil, validation(invalid)
	}
	result, err := a.service.FeedbackTasks(ctx, id, request.Message, chosen, in.IdempotencyKey)
	return a.bulk(ctx, id, result, err)
}

// chosenNames turns the repositories of a request into the domain's names, or
// lists what is wrong with them.
func chosenNames(texts []string) ([]codybatch.RepositoryName, []codybatch.FieldError) {
	if len(texts) > codybatch.MaxRepositories {
		return nil, []codybatch.FieldError{{Field: "repositories", Message: fmt.Sprintf("must name at most %d, not %d", codybatch.MaxRepositories, len(texts))}}
	}
	var invalid []codybatch.FieldError
	chosen := make([]codybatch.RepositoryName, len(texts))
	for i, text := range texts {
		chosen[i] = codybatch.RepositoryName(text)
		if !chosen[i].Valid() {
			invalid = append(invalid, codybatch.FieldError{Field: indexed("repositories", i), Message: "is not a repository name; write owner/name"})
		}
	}
	return chosen, invalid
}

// atLeastOneName is for requests where none must not mean all.
func atLeastOneName(texts []string) ([]codybatch.RepositoryName, []codybatch.FieldError) {
	if len(texts) == 0 {
		return nil, []codybatch.FieldError{{Field: "repositories", Message: "must name at least one"}}
	}
	return chosenNames(texts)
}

// bulk answers with what was done and the job as it is now.
func (a *api) bulk(ctx context.Context, id codybatch.JobID, result codybatch.BulkResult, err error) (*answer[BulkResult], error) {
	if err != nil {
		return nil, err
	}
	job, err := a.service.Job(ctx, id)
	return reply(BulkResult{
		Applied: names(result.Applied), Queued: names(result.Queued),
		Skipped: mapped(result.Skipped, newRefusal), Job: newJob(job),
	}, err)
}

type timelineInput struct {
	JobPath
	Buckets int `query:"buckets" doc:"How many points." minimum:"1" maximum:"500" default:"150"`
}

func (a *api) timeline(ctx context.Context, in *timelineInput) (*answer[Timeline], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	points, err := a.service.Timeline(ctx, id, in.Buckets)
	return reply(Timeline{Points: mapped(points, func(p codybatch.TimelinePoint) TimelinePoint {
		return TimelinePoint{
			Time: moment(p.Time), Queued: p.Queued, Running: p.Running, Succeeded: p.Succeeded,
			Failed: p.Failed, Canceled: p.Canceled, CostUSD: p.Cost.Dollars(),
		}
	})}, err)
}

func (a *api) groups(ctx context.Context, in *JobPath) (*answer[Groups], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	patches, failures, err := a.service.Groups(ctx, id)
	return reply(Groups{
		Patches: mapped(patches, func(g codybatch.PatchGroup) PatchGroup {
			return PatchGroup{
				Fingerprint: g.Fingerprint, DiffStat: newDiffStat(g.DiffStat),
				RepositoryCount: len(g.Repositories), Repositories: names(g.Repositories),
			}
		}),
		Failures: mapped(failures, func(g codybatch.FailureGroup) FailureGroup {
			return FailureGroup{
				Outcome: string(g.Outcome), Code: g.Code, Message: g.Message,
				RepositoryCount: len(g.Repositories), Repositories: names(g.Repositories),
			}
		}),
	}, err)
}
