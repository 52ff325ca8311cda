package main

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsevents"
	"github.com/aws/aws-cdk-go/awscdk/v2/awseventstargets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssqs"
	"github.com/aws/jsii-runtime-go"
)

const (
	sweepMinutes      = 5
	reconcilerSeconds = 240 // done before the next sweep
	eventHours        = 2   // an event that is older tells nothing that a sweep does not find
	deadLetterDays    = 14  // the longest that SQS keeps anything
	// terminateReason is what internal/dispatch/awsbatch gives for a person's cancel.
	// AWS Batch calls those jobs failed, too; they are no news, and no alarm.
	terminateReason = "canceled in Cody Batch"
)

// reconciler picks up lost work: it is told of failed AWS Batch jobs, and looks every
// five minutes for tasks whose worker is silent. It is the API's program, told by the
// shape of the event what it is asked.
type reconciler struct {
	function    awslambda.Function
	failures    awsevents.Rule
	deadLetters awssqs.Queue
	logs        awslogs.LogGroup
}

func newReconciler(stack awscdk.Stack, d data, b batch, code string, s settings) reconciler {
	r := reconciler{
		logs: newLog(stack, "ReconcilerLog"),
		deadLetters: awssqs.NewQueue(stack, jsii.String("DeadLetters"), &awssqs.QueueProps{
			Encryption:      awssqs.QueueEncryption_SQS_MANAGED,
			EnforceSSL:      jsii.Bool(true),
			RetentionPeriod: awscdk.Duration_Days(jsii.Number(deadLetterDays)),
		}),
	}
	role := newFunctionRole(stack, "ReconcilerRole", "What the reconciler of Cody Batch may do", r.logs)
	allowData(role, d)
	allowJobs(stack, role, b)
	allowSecrets(stack, role, s.githubTokenParameter())
	r.function = newFunction(stack, "Reconciler", "Cody Batch: picks up lost work", code, reconcilerSeconds, role, r.logs,
		*functionEnvironment(d, b, s), func(props *awslambda.FunctionProps) {
			props.DeadLetterQueue = r.deadLetters
			props.RetryAttempts = jsii.Number(2)
			props.MaxEventAge = awscdk.Duration_Hours(jsii.Number(eventHours))
		})
	target := awseventstargets.NewLambdaFunction(r.function, &awseventstargets.LambdaFunctionProps{
		DeadLetterQueue: r.deadLetters,
		MaxEventAge:     awscdk.Duration_Hours(jsii.Number(eventHours)),
		RetryAttempts:   jsii.Number(3),
	})
	r.failures = awsevents.NewRule(stack, jsii.String("FailedJobs"), &awsevents.RuleProps{
		Description: jsii.String("AWS Batch jobs of Cody Batch that failed"),
		EventPattern: &awsevents.EventPattern{
			Source:     jsii.Strings("aws.batch"),
			DetailType: jsii.Strings("Batch Job State Change"),
			Detail: &map[string]any{
				"jobQueue": []any{b.queue.JobQueueArn()}, "status": []any{"FAILED"},
				"$or": []any{
					map[string]any{"statusReason": []any{map[string]any{"exists": false}}},
					map[string]any{"statusReason": []any{map[string]any{"anything-but": []any{terminateReason}}}},
				},
			},
		},
		Targets: &[]awsevents.IRuleTarget{target},
	})
	awsevents.NewRule(stack, jsii.String("Sweep"), &awsevents.RuleProps{
		Description: jsii.String("Cody Batch looks for tasks whose worker is silent"),
		Schedule:    awsevents.Schedule_Rate(awscdk.Duration_Minutes(jsii.Number(sweepMinutes))),
		Targets:     &[]awsevents.IRuleTarget{target},
	})
	return r
}

// allowOrigins tells the API which web pages may use it: the dashboard's, and those
// that the deployment names.
func allowOrigins(a api, site site, s settings) {
	origins := append([]string{site.url}, s.corsOrigins...)
	a.function.AddEnvironment(jsii.String(corsAllowedOrigins), jsii.String(strings.Join(origins, ",")), nil)
}
