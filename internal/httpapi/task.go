package httpapi

import (
	"context"
	"net/http"

	"github.com/danielgtaylor/huma/v2"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// taskRoute is where a task lives.
const taskRoute = "/jobs/{jobId}/repositories/{owner}/{name}"

func (a *api) registerTasks(h huma.API) {
	register(a, h, operation("listTasks", http.MethodGet, "/jobs/{jobId}/repositories", tagTasks,
		"List the repositories of a job", "Its tasks, in the order in which the job names them.",
		http.StatusBadRequest, http.StatusNotFound), a.listTasks)
	register(a, h, operation("getTask", http.MethodGet, taskRoute, tagTasks,
		"Get a repository of a job", "The task: the job in one repository.",
		http.StatusNotFound), a.getTask)
	retry := operation("retryTask", http.MethodPost, taskRoute+"/retry", tagTasks,
		"Retry a repository", "Queues a failed or canceled task again.",
		http.StatusNotFound, http.StatusConflict)
	retry.DefaultStatus = http.StatusAccepted
	register(a, h, retry, a.taskAction(a.service.RetryTask))
	publish := operation("publishTask", http.MethodPost, taskRoute+"/publish", tagTasks,
		"Publish a repository's change", "Pushes the stored diff as a branch and makes sure that there is a pull request.",
		http.StatusNotFound, http.StatusConflict)
	publish.DefaultStatus = http.StatusAccepted
	register(a, h, publish, a.taskAction(a.service.PublishTask))
	cancel := operation("cancelTask", http.MethodPost, taskRoute+"/cancel", tagTasks,
		"Cancel a repository", "Cancels a task that is queued or running. A running one needs a moment to end.",
		http.StatusNotFound, http.StatusConflict)
	cancel.DefaultStatus = http.StatusAccepted
	register(a, h, cancel, a.taskAction(a.service.CancelTask))
	review := operation("reviewTask", http.MethodPost, taskRoute+"/review", tagTasks,
		"Review a repository's change", "Records a person's verdict on the diff, or takes it back. What was rejected can't be published.",
		http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	register(a, h, review, a.reviewTask)
	describeBody[ReviewRequest](h, review, true)
	feedback := operation("sendFeedback", http.MethodPost, taskRoute+"/feedback", tagTasks,
		"Send a repository back with a remark", "Queues a finished task again: its agent goes on with the conversation, hears the remark, and mends its change on the same branch. "+
			"What the model has answered is not paid for again. A review of the earlier diff is withdrawn. Scripts take no remarks. "+
			"With an `Idempotency-Key` the same request can be sent again: the answer is the task as it is by then.",
		http.StatusBadRequest, http.StatusNotFound, http.StatusConflict, http.StatusRequestEntityTooLarge, http.StatusUnsupportedMediaType)
	feedback.DefaultStatus = http.StatusAccepted
	register(a, h, feedback, a.sendFeedback)
	describeBody[FeedbackRequest](h, feedback, true)
}

type listTasksInput struct {
	JobPath
	Status  string `query:"status" doc:"Only tasks in this status." enum:"queued,running,succeeded,failed,canceled"`
	Outcome string `query:"outcome" doc:"Only tasks that ended like this." enum:"changed,no_changes,blocked,verify_failed,gate_blocked,budget_exhausted,max_turns,timeout,stuck,refused,conflict,canceled,auth_error,api_error,infra_error"`
	ViewChoice
	Paging
}

func (a *api) listTasks(ctx context.Context, in *listTasksInput) (*answer[TaskPage], error) {
	id, err := in.id()
	if err != nil {
		return nil, err
	}
	page, err := a.service.Tasks(ctx, codybatch.TaskQuery{
		JobID: id, Status: codybatch.TaskStatus(in.Status), Outcome: codybatch.Outcome(in.Outcome),
		Limit: in.Limit, Cursor: in.Cursor,
	})
	return reply(TaskPage{Repositories: mapped(page.Tasks, in.task), NextCursor: Text(page.NextCursor)}, err)
}

func (a *api) getTask(ctx context.Context, in *TaskPath) (*answer[Task], error) {
	key, err := in.key()
	if err != nil {
		return nil, err
	}
	task, err := a.service.Task(ctx, key)
	return reply(newTask(task), err)
}

// findTask turns the name in an address, whose case may differ, into the task's own.
func (a *api) findTask(ctx context.Context, in TaskPath) (codybatch.TaskKey, error) {
	key, err := in.key()
	if err != nil {
		return key, err
	}
	task, err := a.service.Task(ctx, key)
	return task.Key(), err
}

func (a *api) taskAction(do func(context.Context, codybatch.TaskKey) (codybatch.Task, error)) func(context.Context, *TaskPath) (*answer[Task], error) {
	return func(ctx context.Context, in *TaskPath) (*answer[Task], error) {
		key, err := a.findTask(ctx, *in)
		if err != nil {
			return nil, err
		}
		task, err := do(ctx, key)
		return reply(newTask(task), err)
	}
}

type reviewTaskInput struct {
	TaskPath
	document
}

func (a *api) reviewTask(ctx context.Context, in *reviewTaskInput) (*answer[Task], error) {
	var request ReviewRequest
	if err := in.decode(&request, false); err != nil {
		return nil, err
	}
	key, err := a.findTask(ctx, in.TaskPath)
	if err != nil {
		return nil, err
	}
	task, err := a.service.ReviewTask(ctx, key, codybatch.ReviewDecision(request.Decision), request.Note)
	return reply(newTask(task), err)
}

type sendFeedbackInput struct {
	TaskPath
	RemarkKey
	document
}

func (a *api) sendFeedback(ctx context.Context, in *sendFeedbackInput) (*answer[Task], error) {
	var request FeedbackRequest
	if err := checkIdempotencyKey(in.IdempotencyKey); err != nil {
		return nil, err
	}
	if err := in.decode(&request, false); err != nil {
		return nil, err
	}
	key, err := a.findTask(ctx, in.TaskPath)
	if err != nil {
		return nil, err
	}
	task, err := a.service.FeedbackTask(ctx, key, request.Message, in.IdempotencyKey)
	return reply(newTask(task), err)
}
