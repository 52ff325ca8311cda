package main

import (
	"strconv"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecrassets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsecs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"
)

const (
	workerProcessors = 2
	workerGiB        = 4
	workerDiskGiB    = 50      // on Fargate; on EC2 it is the instance's
	workerUser       = "10001" // as in cmd/batch/Dockerfile
	workerAttempts   = 5       // of AWS Batch, for what is no fault of the task
	// workerHours is longer than any task may take (24 hours): it ends what hangs
	// although its own time limit should have.
	workerHours = 25
	// exitTryAgain is how a worker says that it was stopped and gave its task back.
	exitTryAgain = 75
	// stuckMinutes is how long a job at the head of the queue may wait for something
	// that will never come. Waiting for one's turn is not meant.
	stuckMinutes = 60
)

// batch is what runs tasks: machines, a queue, and what runs for each repository.
type batch struct {
	queue      awsbatch.JobQueue
	definition awsbatch.EcsJobDefinition
	logs       awslogs.LogGroup
}

func newBatch(stack awscdk.Stack, d data, image string, s settings) batch {
	b := batch{logs: newLog(stack, "WorkerLog")}
	compute := newComputeEnvironment(stack, newNetwork(stack), s)
	b.queue = awsbatch.NewJobQueue(stack, jsii.String("Queue"), &awsbatch.JobQueueProps{
		Priority:            jsii.Number(1),
		ComputeEnvironments: &[]*awsbatch.OrderedComputeEnvironment{{ComputeEnvironment: compute, Order: jsii.Number(1)}},
		JobStateTimeLimitActions: &[]*awsbatch.JobStateTimeLimitAction{
			giveUp(awsbatch.JobStateTimeLimitActionsReason_COMPUTE_ENVIRONMENT_MAX_RESOURCE),
			giveUp(awsbatch.JobStateTimeLimitActionsReason_JOB_RESOURCE_REQUIREMENT),
		},
	})
	b.definition = awsbatch.NewEcsJobDefinition(stack, jsii.String("Worker"), &awsbatch.EcsJobDefinitionProps{
		Container:       newContainer(stack, d, image, b.logs, s),
		RetryAttempts:   jsii.Number(workerAttempts),
		RetryStrategies: retryStrategies(),
		Timeout:         awscdk.Duration_Hours(jsii.Number(workerHours)),
		PropagateTags:   jsii.Bool(true),
		// What waits in the queue was submitted with an earlier revision, and still needs it.
		SkipDeregisterOnUpdate: jsii.Bool(true),
	})
	return b
}

// giveUp cancels a job that can never start. A lack of instances is not such a
// reason: it passes.
func giveUp(reason awsbatch.JobStateTimeLimitActionsReason) *awsbatch.JobStateTimeLimitAction {
	return &awsbatch.JobStateTimeLimitAction{
		State: awsbatch.JobStateTimeLimitActionsState_RUNNABLE, Reason: reason,
		MaxTime: awscdk.Duration_Minutes(jsii.Number(stuckMinutes)), Action: awsbatch.JobStateTimeLimitActionsAction_CANCEL,
	}
}

// retryStrategies are read from the top, five at most; without the last one AWS Batch
// would repeat what matches none. A task's own retries are the store's business.
func retryStrategies() *[]awsbatch.RetryStrategy {
	retry, exit := awsbatch.Action_RETRY, awsbatch.Action_EXIT
	return &[]awsbatch.RetryStrategy{
		awsbatch.RetryStrategy_Of(retry, awsbatch.Reason_SPOT_INSTANCE_RECLAIMED()), // and instances that died
		awsbatch.RetryStrategy_Of(retry, awsbatch.Reason_Custom(&awsbatch.CustomReason{OnStatusReason: jsii.String("Your Spot Task was interrupted*")})),
		awsbatch.RetryStrategy_Of(retry, awsbatch.Reason_CANNOT_PULL_CONTAINER()),
		awsbatch.RetryStrategy_Of(retry, awsbatch.Reason_Custom(&awsbatch.CustomReason{OnExitCode: jsii.String(strconv.Itoa(exitTryAgain))})),
		awsbatch.RetryStrategy_Of(exit, awsbatch.Reason_Custom(&awsbatch.CustomReason{OnReason: jsii.String("*")})),
	}
}

// newContainer is what runs for each repository. The image is built when the stack is
// deployed, not when the template is made.
func newContainer(stack awscdk.Stack, d data, image string, logs awslogs.LogGroup, s settings) awsbatch.IEcsContainerDefinition {
	var (
		from = awsecs.ContainerImage_FromDockerImageAsset(awsecrassets.NewDockerImageAsset(stack, jsii.String("WorkerImage"),
			&awsecrassets.DockerImageAssetProps{Directory: jsii.String(image), Platform: awsecrassets.Platform_LINUX_AMD64()}))
		// One process reaps what agents leave behind, and passes SIGTERM on.
		linux   = awsbatch.NewLinuxParameters(stack, jsii.String("WorkerInit"), &awsbatch.LinuxParametersProps{InitProcessEnabled: jsii.Bool(true)})
		logging = awsecs.LogDriver_AwsLogs(&awsecs.AwsLogDriverProps{StreamPrefix: jsii.String("worker"), LogGroup: logs})
		cpu     = jsii.Number(workerProcessors)
		memory  = awscdk.Size_Gibibytes(jsii.Number(workerGiB))
		own     = newJobRole(stack, d, s)
		start   = newRole(stack, "ExecutionRole", "ecs-tasks.amazonaws.com", "Starts workers of Cody Batch: image, log and secrets")
	)
	if s.fargate {
		return awsbatch.NewEcsFargateContainerDefinition(stack, jsii.String("Container"), &awsbatch.EcsFargateContainerDefinitionProps{
			Image: from, Cpu: cpu, Memory: memory, JobRole: own, ExecutionRole: start, Logging: logging, LinuxParameters: linux,
			Environment: workerEnvironment(stack, d, s), Secrets: workerSecrets(stack, s), User: jsii.String(workerUser),
			AssignPublicIp: jsii.Bool(true), FargateCpuArchitecture: awsecs.CpuArchitecture_X86_64(),
			FargateOperatingSystemFamily: awsecs.OperatingSystemFamily_LINUX(),
			EphemeralStorageSize:         awscdk.Size_Gibibytes(jsii.Number(workerDiskGiB)),
		})
	}
	return awsbatch.NewEcsEc2ContainerDefinition(stack, jsii.String("Container"), &awsbatch.EcsEc2ContainerDefinitionProps{
		Image: from, Cpu: cpu, Memory: memory, JobRole: own, ExecutionRole: start, Logging: logging, LinuxParameters: linux,
		Environment: workerEnvironment(stack, d, s), Secrets: workerSecrets(stack, s), User: jsii.String(workerUser),
	})
}

// newJobRole is what a worker itself may do. Whatever an agent starts can reach these
// credentials: they open rows and documents of this installation, and nothing else.
func newJobRole(stack awscdk.Stack, d data, s settings) awsiam.Role {
	role := newRole(stack, "JobRole", "ecs-tasks.amazonaws.com", "What a worker of Cody Batch may do")
	allowTasks(role, d)
	if s.bedrock {
		allow(role, "Claude", []string{"bedrock-mantle:CreateInference"}, stack.FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("bedrock-mantle"), Resource: jsii.String("project"), ResourceName: jsii.String("*"),
		}))
	}
	return role
}

func workerEnvironment(stack awscdk.Stack, d data, s settings) *map[string]*string {
	environment := map[string]*string{
		"DYNAMODB_JOBS_TABLE":         d.jobs.TableName(),
		"DYNAMODB_REPOSITORIES_TABLE": d.repositories.TableName(),
		"ARTIFACTS_BUCKET":            d.artifacts.BucketName(),
		allowedRepositories:           jsii.String(s.allowedRepositories),
		"AWS_REGION":                  stack.Region(), // on EC2 nobody else sets it
	}
	if s.bedrock {
		environment[claudeProvider] = jsii.String(bedrock)
	}
	return &environment
}

// workerSecrets are put into the environment of a container when it starts.
func workerSecrets(stack awscdk.Stack, s settings) *map[string]awsbatch.Secret {
	secrets := map[string]awsbatch.Secret{
		"GITHUB_TOKEN": awsbatch.Secret_FromSsmParameter(secret(stack, "GitHubToken", s.githubTokenParameter())),
	}
	if !s.bedrock {
		secrets["CLAUDE_API_KEY"] = awsbatch.Secret_FromSsmParameter(secret(stack, "ClaudeApiKey", s.claudeAPIKeyParameter()))
	}
	return &secrets
}

// anyRevision is the job definition without its revision: an update must not take the
// right from a function that still runs with the one before.
func (b batch) anyRevision(stack awscdk.Stack) *string {
	name := awscdk.Fn_Select(jsii.Number(5), awscdk.Fn_Split(jsii.String(":"), b.definition.JobDefinitionArn(), nil))
	return awscdk.Fn_Join(jsii.String(""), &[]*string{
		jsii.String("arn:"), stack.Partition(), jsii.String(":batch:"), stack.Region(), jsii.String(":"), stack.Account(), jsii.String(":"), name, jsii.String(":*"),
	})
}
