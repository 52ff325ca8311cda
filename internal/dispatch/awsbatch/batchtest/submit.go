package batchtest

import (
	"crypto/rand"
	"fmt"
	"regexp"
	"strings"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/batch/types"
)

// Limits that only Amazon's prose tells (SubmitJob and the service quotas).
const (
	arrayLeast, arrayMost = 2, 10_000
	attemptsMost          = 10
	rulesMost             = 5
	timeoutLeast          = 60 // seconds
	payloadMost           = 30 << 10
)

var (
	namePattern    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]{0,127}$`)
	patternPattern = regexp.MustCompile(`^[A-Za-z0-9.:\s]{0,511}\*?$`)
	codePattern    = regexp.MustCompile(`^[0-9]{0,511}\*?$`)
)

type submitRequest struct {
	JobName            string            `json:"jobName"`
	JobQueue           string            `json:"jobQueue"`
	JobDefinition      string            `json:"jobDefinition"`
	ArrayProperties    *sizeOnly         `json:"arrayProperties"`
	ContainerOverrides overrides         `json:"containerOverrides"`
	RetryStrategy      *retryStrategy    `json:"retryStrategy"`
	Timeout            *timeout          `json:"timeout"`
	Tags               map[string]string `json:"tags"`
	PropagateTags      bool              `json:"propagateTags"`

	// What this server does not have.
	DependsOn       []any          `json:"dependsOn"`
	NodeOverrides   map[string]any `json:"nodeOverrides"`
	ShareIdentifier string         `json:"shareIdentifier"`
}

type sizeOnly struct {
	Size *int `json:"size,omitempty"`
}

type overrides struct {
	Command     []string   `json:"command"`
	Environment []keyValue `json:"environment"`
}

type keyValue struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type timeout struct {
	AttemptDurationSeconds int `json:"attemptDurationSeconds"`
}

type retryStrategy struct {
	Attempts       int    `json:"attempts"`
	EvaluateOnExit []rule `json:"evaluateOnExit"`
}

type rule struct {
	Action         string  `json:"action"`
	OnExitCode     *string `json:"onExitCode,omitempty"`
	OnReason       *string `json:"onReason,omitempty"`
	OnStatusReason *string `json:"onStatusReason,omitempty"`
}

type submitAnswer struct {
	JobARN  string `json:"jobArn"`
	JobName string `json:"jobName"`
	JobID   string `json:"jobId"`
}

func (s *Server) submit(in submitRequest) (submitAnswer, error) {
	if err := s.checkSubmission(in); err != nil {
		return submitAnswer{}, err
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	j := s.newJob(in)
	s.jobs[j.id] = j
	s.order = append(s.order, j)
	if in.ArrayProperties == nil {
		s.unfinished++
		s.enqueue(j)
	} else {
		j.left = *in.ArrayProperties.Size
		j.children = make([]*job, j.left)
		for i := range j.children {
			child := s.newJob(in)
			child.id, child.parent, child.index, child.status = fmt.Sprintf("%s:%d", j.id, i), j, i, types.JobStatusPending
			s.jobs[child.id] = child
			j.children[i] = child
			s.unfinished++
		}
		s.move(j, types.JobStatusPending, "")
		for _, child := range j.children {
			s.enqueue(child)
		}
	}
	s.fill()
	return submitAnswer{JobARN: jobARN(j.id), JobName: j.name, JobID: j.id}, nil
}

func (s *Server) enqueue(j *job) {
	s.runnable = append(s.runnable, j)
	s.move(j, types.JobStatusRunnable, "")
}

func (s *Server) newJob(in submitRequest) *job {
	j := &job{
		id: newID(), name: in.JobName, command: in.ContainerOverrides.Command, retry: s.Retry, timeout: s.Timeout, tags: in.Tags,
		status: types.JobStatusSubmitted, created: time.Now(),
	}
	for _, variable := range in.ContainerOverrides.Environment {
		j.environment = append(j.environment, types.KeyValuePair{Name: aws.String(variable.Name), Value: aws.String(variable.Value)})
	}
	if in.RetryStrategy != nil {
		j.retry = in.RetryStrategy.strategy()
	}
	if in.Timeout != nil {
		j.timeout = time.Duration(in.Timeout.AttemptDurationSeconds) * time.Second
	}
	return j
}

func newID() string {
	var b [16]byte
	_, _ = rand.Read(b[:]) // never fails
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (r retryStrategy) strategy() *types.RetryStrategy {
	strategy := &types.RetryStrategy{Attempts: aws.Int32(int32(r.Attempts))}
	for _, rule := range r.EvaluateOnExit {
		strategy.EvaluateOnExit = append(strategy.EvaluateOnExit, types.EvaluateOnExit{
			Action: types.RetryAction(rule.Action), OnExitCode: rule.OnExitCode, OnReason: rule.OnReason, OnStatusReason: rule.OnStatusReason,
		})
	}
	return strategy
}

// checkSubmission checks what the description does not say.
func (s *Server) checkSubmission(in submitRequest) error {
	switch {
	case !namePattern.MatchString(in.JobName):
		return clientErrorf("job name %q: at most 128 letters, digits, hyphens and underscores, the first one no hyphen", in.JobName)
	case in.JobQueue != s.Queue && in.JobQueue != s.queueARN():
		return clientErrorf("job queue %s does not exist", in.JobQueue)
	case in.JobDefinition != s.definitionARN() && strings.TrimSuffix(in.JobDefinition, ":1") != s.Definition:
		return clientErrorf("job definition %s does not exist", in.JobDefinition)
	case len(in.DependsOn) > 0, in.NodeOverrides != nil, in.ShareIdentifier != "":
		return clientErrorf("this server has no dependencies, nodes and shares")
	}
	if array := in.ArrayProperties; array != nil && (array.Size == nil || *array.Size < arrayLeast || *array.Size > arrayMost) {
		return clientErrorf("the size of an array is between %d and %d", arrayLeast, arrayMost)
	}
	if in.Timeout != nil && in.Timeout.AttemptDurationSeconds < timeoutLeast {
		return clientErrorf("a time-out is at least %d seconds", timeoutLeast)
	}
	size := 0
	for _, variable := range in.ContainerOverrides.Environment {
		if variable.Name == "" || strings.Contains(variable.Name, "=") || strings.HasPrefix(variable.Name, "AWS_BATCH") {
			return clientErrorf("an environment variable can't be named %q", variable.Name)
		}
		size += len(variable.Name) + len(variable.Value)
	}
	if size > payloadMost {
		return clientErrorf("the request is larger than 30 KiB")
	}
	if in.RetryStrategy != nil {
		return in.RetryStrategy.check()
	}
	return nil
}

func (r retryStrategy) check() error {
	if r.Attempts < 1 || r.Attempts > attemptsMost || len(r.EvaluateOnExit) > rulesMost {
		return clientErrorf("a retry strategy has 1 to %d attempts and at most %d rules", attemptsMost, rulesMost)
	}
	for _, rule := range r.EvaluateOnExit {
		if rule.OnExitCode == nil && rule.OnReason == nil && rule.OnStatusReason == nil ||
			rule.OnExitCode != nil && !codePattern.MatchString(*rule.OnExitCode) ||
			rule.OnReason != nil && !patternPattern.MatchString(*rule.OnReason) ||
			rule.OnStatusReason != nil && !patternPattern.MatchString(*rule.OnStatusReason) {
			return clientErrorf("a rule of the retry strategy is not valid")
		}
	}
	return nil
}

func jobARN(id string) string { return fmt.Sprintf("arn:aws:batch:%s:%s:job/%s", Region, Account, id) }

func (s *Server) queueARN() string {
	return fmt.Sprintf("arn:aws:batch:%s:%s:job-queue/%s", Region, Account, s.Queue)
}

func (s *Server) definitionARN() string {
	return fmt.Sprintf("arn:aws:batch:%s:%s:job-definition/%s:1", Region, Account, s.Definition)
}
