package batchtest

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/batch/types"
)

type listRequest struct {
	JobQueue       string   `json:"jobQueue"`
	ArrayJobID     string   `json:"arrayJobId"`
	MultiNodeJobID string   `json:"multiNodeJobId"`
	JobStatus      string   `json:"jobStatus"`
	MaxResults     *int     `json:"maxResults"`
	NextToken      string   `json:"nextToken"`
	Filters        []filter `json:"filters"`
}

type filter struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
}

type listAnswer struct {
	JobSummaryList []summary `json:"jobSummaryList"`
	NextToken      string    `json:"nextToken,omitempty"`
}

// Lists are cut: one by status after 1,000 jobs, one by a filter after 100.
const (
	pageOfStatus = 1_000
	pageOfFilter = 100
)

func (s *Server) list(in listRequest) (listAnswer, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	jobs, most, err := s.find(in)
	if err != nil {
		return listAnswer{}, err
	}
	if in.MaxResults != nil {
		if *in.MaxResults < 1 {
			return listAnswer{}, clientErrorf("maxResults is at least 1")
		}
		most = min(most, *in.MaxResults)
	}
	from := 0
	if in.NextToken != "" {
		token, ok := strings.CutPrefix(in.NextToken, "after-")
		if from, err = strconv.Atoi(token); err != nil || !ok || from < 0 || from > len(jobs) {
			return listAnswer{}, clientErrorf("nextToken is not valid")
		}
	}
	answer := listAnswer{JobSummaryList: []summary{}}
	for i := from; i < len(jobs); i++ {
		if len(answer.JobSummaryList) == most {
			answer.NextToken = "after-" + strconv.Itoa(i)
			break
		}
		answer.JobSummaryList = append(answer.JobSummaryList, s.summary(jobs[i]))
	}
	return answer, nil
}

func (s *Server) find(in listRequest) ([]*job, int, error) {
	given := 0
	for _, id := range []string{in.JobQueue, in.ArrayJobID, in.MultiNodeJobID} {
		if id != "" {
			given++
		}
	}
	if given != 1 {
		return nil, 0, clientErrorf("one of jobQueue, arrayJobId and multiNodeJobId has to be given")
	}
	if len(in.Filters) > 0 {
		jobs, err := s.filter(in)
		return jobs, pageOfFilter, err
	}
	wanted := types.JobStatusRunning
	if in.JobStatus != "" {
		wanted = types.JobStatus(in.JobStatus)
	}
	var among []*job
	switch {
	case in.ArrayJobID != "":
		if array := s.jobs[in.ArrayJobID]; array != nil {
			among = array.children
		}
	case in.JobQueue == s.Queue, in.JobQueue == s.queueARN():
		among = s.order
	case in.JobQueue != "":
		return nil, 0, clientErrorf("job queue %s does not exist", in.JobQueue)
	}
	var jobs []*job
	for _, j := range among {
		if j.status == wanted && !j.isForgotten {
			jobs = append(jobs, j)
		}
	}
	return jobs, pageOfStatus, nil
}

// filter finds jobs by name, newest first. Children are not found.
func (s *Server) filter(in listRequest) ([]*job, error) {
	if in.JobQueue != s.Queue && in.JobQueue != s.queueARN() {
		return nil, clientErrorf("a filter needs a job queue; %q does not exist", in.JobQueue)
	}
	if len(in.Filters) != 1 || in.Filters[0].Name != "JOB_NAME" || len(in.Filters[0].Values) != 1 {
		return nil, clientErrorf("this server knows one filter, JOB_NAME, with one value")
	}
	var jobs []*job
	for _, j := range slices.Backward(s.order) {
		if matches(aws.String(strings.ToLower(in.Filters[0].Values[0])), strings.ToLower(j.name)) {
			jobs = append(jobs, j)
		}
	}
	return jobs, nil
}

type summary struct {
	JobARN          string           `json:"jobArn"`
	JobID           string           `json:"jobId"`
	JobName         string           `json:"jobName"`
	JobDefinition   string           `json:"jobDefinition"`
	Status          types.JobStatus  `json:"status"`
	StatusReason    string           `json:"statusReason,omitempty"`
	CreatedAt       int64            `json:"createdAt"`
	StartedAt       int64            `json:"startedAt,omitempty"`
	StoppedAt       int64            `json:"stoppedAt,omitempty"`
	Container       map[string]any   `json:"container,omitempty"`
	ArrayProperties *arrayProperties `json:"arrayProperties,omitempty"`
	IsCancelled     bool             `json:"isCancelled,omitempty"`
	IsTerminated    bool             `json:"isTerminated,omitempty"`
}

type arrayProperties struct {
	Size          int                     `json:"size,omitempty"`
	Index         *int                    `json:"index,omitempty"`
	StatusSummary map[types.JobStatus]int `json:"statusSummary,omitempty"`
}

func (s *Server) summary(j *job) summary {
	view := summary{
		JobARN: jobARN(j.id), JobID: j.id, JobName: j.name, JobDefinition: s.definitionARN(), Status: j.status, StatusReason: j.statusReason,
		CreatedAt: millis(j.created), StartedAt: millis(j.started), StoppedAt: millis(j.stopped), ArrayProperties: j.array(),
		IsCancelled: j.isCancelled, IsTerminated: j.isTerminated,
	}
	if n := len(j.attempts); n > 0 {
		view.Container = j.attempts[n-1].container()
		delete(view.Container, "logStreamName")
	}
	return view
}

func (j *job) array() *arrayProperties {
	switch {
	case j.parent != nil:
		return &arrayProperties{Index: &j.index}
	case j.isArray():
		properties := &arrayProperties{Size: len(j.children), StatusSummary: map[types.JobStatus]int{}}
		for _, status := range types.JobStatus("").Values() {
			properties.StatusSummary[status] = 0
		}
		for _, child := range j.children {
			properties.StatusSummary[child.status]++
		}
		return properties
	default:
		return nil
	}
}

// millis is a time as AWS Batch tells it; 0: not yet.
func millis(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}
