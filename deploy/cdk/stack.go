package main

import (
	"path/filepath"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// stackName is also how `cdk deploy` and the AWS console call it.
const stackName = "CodyBatch"

// newStack puts the parts together. Packages is the folder with what `nx build` made.
// The stack names no account and no region: it is deployed to those of the profile.
func newStack(scope constructs.Construct, packages string, s settings) {
	stack := awscdk.NewStack(scope, jsii.String(stackName), &awscdk.StackProps{
		Description: jsii.String("Cody Batch: one prompt, many repositories, one reviewed pull request in each"),
	})
	awscdk.Tags_Of(stack).Add(jsii.String("Application"), jsii.String("cody-batch"), nil)
	data := newData(stack)
	batch := newBatch(stack, data, filepath.Join(packages, "batch"), s)
	api := newAPI(stack, data, batch, filepath.Join(packages, "api"), s)
	reconciler := newReconciler(stack, data, batch, filepath.Join(packages, "api"), s)
	site := newSite(stack, data, api, filepath.Join(packages, "frontend"), s)
	allowOrigins(api, site, s)
	alarms := newAlarms(stack, api, reconciler, s)
	suppress(stack)

	for _, output := range []struct{ name, value, description string }{
		{"ApiUrl", *api.gateway.Url(), "the API; the dashboard and the command line use FrontendUrl"},
		{"FrontendUrl", site.url, "the dashboard; below /api the API (CODYBATCH_SERVER)"},
		{"JobsTableName", *data.jobs.TableName(), "rows of jobs"},
		{"RepositoriesTableName", *data.repositories.TableName(), "rows of tasks"},
		{"JobQueueArn", *batch.queue.JobQueueArn(), "where tasks wait for a machine"},
		{"JobDefinitionArn", *batch.definition.JobDefinitionArn(), "what runs for each task"},
		{"ArtifactsBucketName", *data.artifacts.BucketName(), "diffs, threads, logs and manifests"},
		{"SiteBucketName", *site.bucket.BucketName(), "the files of the dashboard"},
		{"WorkerLogGroupName", *batch.logs.LogGroupName(), "what workers log"},
		{"ApiLogGroupName", *api.logs.LogGroupName(), "what the API logs"},
		{"ReconcilerLogGroupName", *reconciler.logs.LogGroupName(), "what the reconciler logs"},
		{"DeadLetterQueueUrl", *reconciler.deadLetters.QueueUrl(), "events that the reconciler could not handle"},
		{"AlarmTopicArn", *alarms.topic.TopicArn(), "where alarms are told"},
		{"SecretParameters", s.secretNames(), "the parameters that have to be there before a job runs"},
		{"ApiAuthorization", s.authorizationText(), "who may use the API"},
	} {
		awscdk.NewCfnOutput(stack, jsii.String(output.name), &awscdk.CfnOutputProps{
			Value: jsii.String(output.value), Description: jsii.String(output.description),
		})
	}
	warn(stack, s)
}

// warn says at every synth what is easily forgotten, and dear.
func warn(stack awscdk.Stack, s settings) {
	annotations := awscdk.Annotations_Of(stack)
	if s.open {
		annotations.AddWarningV2(jsii.String("cody-batch:open"), jsii.String(
			"THE API IS OPEN (--context authorization=none): whoever finds its address can run jobs, spend your money and read your diffs"))
	}
	for _, name := range s.unknown {
		annotations.AddWarningV2(jsii.String("cody-batch:context-"+name), jsii.String(
			"--context "+name+" means nothing here; docs/aws.md lists what can be said"))
	}
	if s.allowedRepositories == "" {
		annotations.AddWarningV2(jsii.String("cody-batch:allow-list"), jsii.String(
			"no repository is allowed, so no job can be created; add --context allowed-repositories='github.com/acme/*'"))
	}
	if s.alarmEmail == "" {
		annotations.AddWarningV2(jsii.String("cody-batch:alarms"), jsii.String(
			"nobody is told of alarms; add --context alarm-email=you@example.com"))
	}
}

func (s settings) authorizationText() string {
	if s.open {
		return "NONE: whoever finds the address can run jobs, spend your money and read your diffs"
	}
	return "token: Authorization: Bearer, with the value of " + s.apiTokenParameter()
}
