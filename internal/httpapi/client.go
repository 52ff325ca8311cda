package httpapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// maxAnswer bounds a JSON answer that the client reads into memory: 100 tasks
// with all that their commands said are well below it.
const maxAnswer = 64 << 20

// Client speaks to a server's API. All its methods may be called at once. What
// the server refuses comes back as a *Problem; other errors mean that there was no
// usable answer.
type Client struct {
	base  *url.URL
	token string
	http  *http.Client

	// Reconnecting, if set before the first call, is told each time that Events
	// lost its connection or did not get one: why, and how long it waits before it
	// tries again.
	Reconnecting func(err error, wait time.Duration)
}

// NewClient makes a client for the API at an address such as
// "http://127.0.0.1:8080/api"; see Discover for an address that people know.
// Without an http.Client it uses one without a time limit, because event streams
// have none: requests end with their contexts.
func NewClient(baseURL, token string, client *http.Client) (*Client, error) {
	base, err := url.Parse(baseURL)
	if err != nil {
		return nil, fmt.Errorf("server address: %w", err)
	}
	if (base.Scheme != "http" && base.Scheme != "https") || base.Host == "" {
		return nil, fmt.Errorf("server address %q: want http://host or https://host, and a path if the API is not at the root", base.Redacted())
	}
	if client == nil {
		client = &http.Client{}
	}
	base.Path = strings.TrimSuffix(base.Path, "/")
	base.RawPath, base.RawQuery, base.Fragment = "", "", ""
	return &Client{base: base, token: token, http: client}, nil
}

// Discover finds the API of a server by the address that people know, that of the
// dashboard, with the help of its /config.json. A server without one is taken for
// the API itself.
func Discover(ctx context.Context, server string, client *http.Client) (string, error) {
	root, err := NewClient(server, "", client)
	if err != nil {
		return "", err
	}
	var config siteConfig
	err = root.get(ctx, "/config.json", nil, &config)
	var problem *Problem
	switch {
	case errors.As(err, &problem) || errors.Is(err, errNotJSON):
		return root.base.String(), nil
	case err != nil:
		return "", fmt.Errorf("reach %s: %w", root.base, err)
	}
	api, err := root.base.JoinPath("/").Parse(config.APIBaseURL)
	if err != nil {
		return "", fmt.Errorf("read apiBaseUrl of %s: %w", root.base, err)
	}
	return strings.TrimSuffix(api.String(), "/"), nil
}

// Health tells how the server is. While the store is down the answer comes
// together with a *Problem whose status is 503.
func (c *Client) Health(ctx context.Context) (Health, error) {
	var health Health
	err := c.get(ctx, "/health", nil, &health)
	return health, err
}

// Page asks for a part of a list. A limit of 0 is the server's default.
type Page struct {
	Limit  int
	Cursor string
}

func (p Page) query(more ...string) url.Values {
	query := url.Values{}
	if p.Limit > 0 {
		query.Set("limit", strconv.Itoa(p.Limit))
	}
	set(query, "cursor", p.Cursor)
	for i := 0; i+1 < len(more); i += 2 {
		set(query, more[i], more[i+1])
	}
	return query
}

// set leaves out what is empty.
func set(query url.Values, name, value string) {
	if value != "" {
		query.Set(name, value)
	}
}

// Repositories lists repositories whose names contain filter.
func (c *Client) Repositories(ctx context.Context, filter string, page Page) (RepositoryPage, error) {
	var out RepositoryPage
	err := c.get(ctx, "/repositories", page.query("filter", filter), &out)
	return out, err
}

// Jobs lists jobs, newest first. An empty status means all.
func (c *Client) Jobs(ctx context.Context, status codybatch.JobStatus, page Page) (JobPage, error) {
	var out JobPage
	err := c.get(ctx, "/jobs", page.query("status", string(status)), &out)
	return out, err
}

// CreateJob creates a job. Sending it twice with the same idempotency key, which
// may be empty, counts once.
func (c *Client) CreateJob(ctx context.Context, spec codybatch.JobSpec, idempotencyKey string) (Job, error) {
	var job Job
	header := http.Header{}
	if idempotencyKey != "" {
		header.Set("Idempotency-Key", idempotencyKey)
	}
	err := c.post(ctx, "/jobs", header, jobRequest(spec), &job)
	return job, err
}

// EstimateJob tells what a job would be, without creating it.
func (c *Client) EstimateJob(ctx context.Context, spec codybatch.JobSpec) (Estimate, error) {
	var out Estimate
	err := c.post(ctx, "/jobs/estimate", nil, jobRequest(spec), &out)
	return out, err
}

// Job returns a job.
func (c *Client) Job(ctx context.Context, id codybatch.JobID) (Job, error) {
	var job Job
	err := c.get(ctx, jobPath(id), nil, &job)
	return job, err
}

// CancelJob cancels what is not finished.
func (c *Client) CancelJob(ctx context.Context, id codybatch.JobID) (Job, error) {
	var job Job
	err := c.post(ctx, jobPath(id)+"/cancel", nil, nil, &job)
	return job, err
}

// RetryJob queues the failed tasks again, and the canceled ones too if asked.
func (c *Client) RetryJob(ctx context.Context, id codybatch.JobID, includeCanceled bool) (BulkResult, error) {
	var request RetryRequest
	if includeCanceled {
		request.Include = []string{string(codybatch.TaskCanceled)}
	}
	var out BulkResult
	err := c.post(ctx, jobPath(id)+"/retry", nil, request, &out)
	return out, err
}

// PublishJob publishes the named tasks, or all that can be.
func (c *Client) PublishJob(ctx context.Context, id codybatch.JobID, repositories []codybatch.RepositoryName) (BulkResult, error) {
	var out BulkResult
	err := c.post(ctx, jobPath(id)+"/publish", nil, PublishRequest{Repositories: names(repositories)}, &out)
	return out, err
}

// RetryTasks queues the named tasks again, if they are failed, canceled or rejected.
func (c *Client) RetryTasks(ctx context.Context, id codybatch.JobID, repositories []codybatch.RepositoryName) (BulkResult, error) {
	return c.bulk(ctx, id, "/retry", RetryRequest{Repositories: names(repositories)}, repositories)
}

// CancelTasks cancels the named tasks, if they are queued or running.
func (c *Client) CancelTasks(ctx context.Context, id codybatch.JobID, repositories []codybatch.RepositoryName) (BulkResult, error) {
	return c.bulk(ctx, id, "/repositories/cancel", CancelTasksRequest{Repositories: names(repositories)}, repositories)
}

// ReviewTasks records one verdict on the diffs of the named tasks, or withdraws
// those that there are.
func (c *Client) ReviewTasks(ctx context.Context, id codybatch.JobID, decision codybatch.ReviewDecision, note string, repositories []codybatch.RepositoryName) (BulkResult, error) {
	return c.bulk(ctx, id, "/review", ReviewTasksRequest{Decision: string(decision), Note: note, Repositories: names(repositories)}, repositories)
}

// FeedbackTasks sends the named tasks back to their agents with one remark. See
// FeedbackTask for the idempotency key.
func (c *Client) FeedbackTasks(ctx context.Context, id codybatch.JobID, message string, repositories []codybatch.RepositoryName, idempotencyKey string) (BulkResult, error) {
	if len(repositories) == 0 {
		return BulkResult{}, errNoNames
	}
	var out BulkResult
	err := c.postOnce(ctx, jobPath(id)+"/feedback", idempotencyKey, FeedbackTasksRequest{Message: message, Repositories: names(repositories)}, &out)
	return out, err
}

// errNoNames keeps a list that came out empty from meaning all.
var errNoNames = errors.New("no repository is named")

func (c *Client) bulk(ctx context.Context, id codybatch.JobID, action string, body any, repositories []codybatch.RepositoryName) (BulkResult, error) {
	if len(repositories) == 0 {
		return BulkResult{}, errNoNames
	}
	var out BulkResult
	err := c.post(ctx, jobPath(id)+action, nil, body, &out)
	return out, err
}

// Timeline tells how a job went, in 1 to 500 steps.
func (c *Client) Timeline(ctx context.Context, id codybatch.JobID, buckets int) (Timeline, error) {
	var out Timeline
	err := c.get(ctx, jobPath(id)+"/timeline", url.Values{"buckets": {strconv.Itoa(buckets)}}, &out)
	return out, err
}

// Groups sorts a job's results.
func (c *Client) Groups(ctx context.Context, id codybatch.JobID) (Groups, error) {
	var out Groups
	err := c.get(ctx, jobPath(id)+"/groups", nil, &out)
	return out, err
}

// Tasks lists the tasks of a job. Empty filters mean all.
func (c *Client) Tasks(ctx context.Context, id codybatch.JobID, status codybatch.TaskStatus, outcome codybatch.Outcome, page Page) (TaskPage, error) {
	var out TaskPage
	err := c.get(ctx, jobPath(id)+"/repositories", page.query("status", string(status), "outcome", string(outcome)), &out)
	return out, err
}

// Task returns a task.
func (c *Client) Task(ctx context.Context, key codybatch.TaskKey) (Task, error) {
	var task Task
	err := c.get(ctx, taskPath(key), nil, &task)
	return task, err
}

// RetryTask queues a failed or canceled task again.
func (c *Client) RetryTask(ctx context.Context, key codybatch.TaskKey) (Task, error) {
	return c.taskAction(ctx, key, "/retry", nil)
}

// PublishTask publishes the diff of a succeeded task.
func (c *Client) PublishTask(ctx context.Context, key codybatch.TaskKey) (Task, error) {
	return c.taskAction(ctx, key, "/publish", nil)
}

// CancelTask cancels a queued or running task.
func (c *Client) CancelTask(ctx context.Context, key codybatch.TaskKey) (Task, error) {
	return c.taskAction(ctx, key, "/cancel", nil)
}

// ReviewTask records a verdict on a diff, or withdraws it.
func (c *Client) ReviewTask(ctx context.Context, key codybatch.TaskKey, decision codybatch.ReviewDecision, note string) (Task, error) {
	return c.taskAction(ctx, key, "/review", ReviewRequest{Decision: string(decision), Note: note})
}

// FeedbackTask sends a finished task back to its agent with a remark. Sending it twice
// with the same idempotency key counts once, until there is another remark; empty stands
// for a new key. If the answer is lost on the way, the request is sent once more with
// that key. If that is lost as well (see AnswerLost), only who has given a key can send
// the remark again without having it counted twice.
func (c *Client) FeedbackTask(ctx context.Context, key codybatch.TaskKey, message, idempotencyKey string) (Task, error) {
	var task Task
	err := c.postOnce(ctx, taskPath(key)+"/feedback", idempotencyKey, FeedbackRequest{Message: message}, &task)
	return task, err
}

func (c *Client) taskAction(ctx context.Context, key codybatch.TaskKey, action string, body any) (Task, error) {
	var task Task
	err := c.post(ctx, taskPath(key)+action, nil, body, &task)
	return task, err
}

// Thread reads a page of a conversation. Attempt 0 means the latest that has one.
func (c *Client) Thread(ctx context.Context, key codybatch.TaskKey, attempt int, after int64) (Thread, error) {
	query := url.Values{"after": {strconv.FormatInt(after, 10)}, "attempt": {strconv.Itoa(attempt)}}
	var out Thread
	err := c.get(ctx, taskPath(key)+"/claude-thread", query, &out)
	return out, err
}

// Diff opens the patch of a task. The caller closes it; a read error means that it
// is not complete.
func (c *Client) Diff(ctx context.Context, key codybatch.TaskKey) (io.ReadCloser, error) {
	return c.open(ctx, taskPath(key)+"/diff", nil)
}

// AttemptDiff opens the patch of one attempt, 0 for Diff. The caller closes it.
func (c *Client) AttemptDiff(ctx context.Context, key codybatch.TaskKey, attempt int) (io.ReadCloser, error) {
	return c.open(ctx, taskPath(key)+"/diff", url.Values{"attempt": {strconv.Itoa(attempt)}})
}

// ThreadEvents opens the conversation as it is stored, one JSON object a line. The
// caller closes it.
func (c *Client) ThreadEvents(ctx context.Context, key codybatch.TaskKey, attempt int) (io.ReadCloser, error) {
	return c.open(ctx, taskPath(key)+"/claude-thread", url.Values{"format": {"jsonl"}, "attempt": {strconv.Itoa(attempt)}})
}

// Log opens what the commands of an attempt printed. The caller closes it.
func (c *Client) Log(ctx context.Context, key codybatch.TaskKey, attempt int) (io.ReadCloser, error) {
	return c.open(ctx, taskPath(key)+"/log", url.Values{"attempt": {strconv.Itoa(attempt)}})
}

func jobPath(id codybatch.JobID) string { return "/jobs/" + url.PathEscape(string(id)) }

func taskPath(key codybatch.TaskKey) string {
	return jobPath(key.JobID) + "/repositories/" + url.PathEscape(key.Repository.Owner()) + "/" + url.PathEscape(key.Repository.Name())
}

// errNotJSON means that something else than the API answered.
var errNotJSON = errors.New("the answer is not JSON; is this the address of a Cody Batch server?")
