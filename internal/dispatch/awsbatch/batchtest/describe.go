package batchtest

import (
	"encoding/json"
	"fmt"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/batch/types"
)

type describeRequest struct {
	Jobs []string `json:"jobs"`
}

type describeAnswer struct {
	Jobs []detail `json:"jobs"`
}

// describeMost is how many jobs a request may name.
const describeMost = 100

// detail is a job in full. Events tell it too.
type detail struct {
	JobARN               string            `json:"jobArn"`
	JobName              string            `json:"jobName"`
	JobID                string            `json:"jobId"`
	JobQueue             string            `json:"jobQueue"`
	Status               types.JobStatus   `json:"status"`
	StatusReason         string            `json:"statusReason,omitempty"`
	Attempts             []map[string]any  `json:"attempts"`
	CreatedAt            int64             `json:"createdAt"`
	StartedAt            int64             `json:"startedAt"`
	StoppedAt            int64             `json:"stoppedAt,omitempty"`
	RetryStrategy        *retryStrategy    `json:"retryStrategy,omitempty"`
	DependsOn            []any             `json:"dependsOn"`
	JobDefinition        string            `json:"jobDefinition"`
	Parameters           map[string]string `json:"parameters"`
	Container            map[string]any    `json:"container,omitempty"`
	ArrayProperties      *arrayProperties  `json:"arrayProperties,omitempty"`
	Timeout              *timeout          `json:"timeout,omitempty"`
	Tags                 map[string]string `json:"tags,omitempty"`
	PlatformCapabilities []string          `json:"platformCapabilities"`
	IsCancelled          bool              `json:"isCancelled,omitempty"`
	IsTerminated         bool              `json:"isTerminated,omitempty"`
}

func (s *Server) describe(in describeRequest) (describeAnswer, error) {
	if len(in.Jobs) > describeMost {
		return describeAnswer{}, clientErrorf("at most %d jobs can be described at once", describeMost)
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	answer := describeAnswer{Jobs: []detail{}}
	for _, id := range in.Jobs {
		if j := s.jobs[id]; j != nil { // of the others AWS Batch says nothing
			answer.Jobs = append(answer.Jobs, s.detail(j))
		}
	}
	return answer, nil
}

func (s *Server) detail(j *job) detail {
	view := detail{
		JobARN: jobARN(j.id), JobName: j.name, JobID: j.id, JobQueue: s.queueARN(), Status: j.status, StatusReason: j.statusReason,
		Attempts: []map[string]any{}, CreatedAt: millis(j.created), StartedAt: millis(j.started), StoppedAt: millis(j.stopped),
		DependsOn: []any{}, JobDefinition: s.definitionARN(), Parameters: map[string]string{}, ArrayProperties: j.array(), Tags: j.tags,
		PlatformCapabilities: []string{"EC2"}, IsCancelled: j.isCancelled, IsTerminated: j.isTerminated,
	}
	if j.retry != nil {
		view.RetryStrategy = wireRetry(*j.retry)
	}
	if j.timeout > 0 {
		view.Timeout = &timeout{AttemptDurationSeconds: int(j.timeout / time.Second)}
	}
	for _, a := range j.attempts {
		view.Attempts = append(view.Attempts, map[string]any{
			"container": a.container(), "startedAt": millis(a.started), "stoppedAt": millis(a.stopped), "statusReason": a.statusReason,
		})
	}
	if !j.isArray() {
		view.Container = s.container(j)
	}
	return view
}

func (s *Server) container(j *job) map[string]any {
	environment := []keyValue{}
	for _, variable := range j.environment {
		environment = append(environment, keyValue{aws.ToString(variable.Name), aws.ToString(variable.Value)})
	}
	container := map[string]any{
		"image": "image", "command": []string{}, "environment": environment, "volumes": []any{}, "mountPoints": []any{}, "ulimits": []any{},
		"networkInterfaces": []any{}, "secrets": []any{},
		"resourceRequirements": []map[string]string{{"type": "VCPU", "value": "2"}, {"type": "MEMORY", "value": "4096"}},
	}
	if j.command != nil {
		container["command"] = j.command
	}
	if n := len(j.attempts); n > 0 {
		for name, value := range j.attempts[n-1].container() {
			container[name] = value
		}
	}
	return container
}

func (a attempt) container() map[string]any {
	container := map[string]any{"logStreamName": "definition/default/0"}
	if a.exitCode != nil {
		container["exitCode"] = *a.exitCode
	}
	if a.reason != "" {
		container["reason"] = a.reason
	}
	return container
}

func wireRetry(strategy types.RetryStrategy) *retryStrategy {
	wire := &retryStrategy{Attempts: int(aws.ToInt32(strategy.Attempts)), EvaluateOnExit: []rule{}}
	for _, r := range strategy.EvaluateOnExit {
		wire.EvaluateOnExit = append(wire.EvaluateOnExit, rule{string(r.Action), r.OnExitCode, r.OnReason, r.OnStatusReason})
	}
	return wire
}

// event is what EventBridge gets when a job has changed its status.
func (s *Server) event(j *job) []byte {
	if s.Events == nil {
		return nil
	}
	event, err := json.Marshal(map[string]any{
		"version": "0", "id": newID(), "detail-type": "Batch Job State Change", "source": "aws.batch",
		"account": Account, "time": time.Now().UTC().Format(time.RFC3339), "region": Region, "resources": []string{jobARN(j.id)},
		"detail": s.detail(j),
	})
	if err != nil {
		panic(fmt.Sprintf("batchtest: %v", err)) // it is made of strings and numbers
	}
	return event
}
