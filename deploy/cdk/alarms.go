package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbudgets"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awscloudwatchactions"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssns"
	"github.com/aws/aws-cdk-go/awscdk/v2/awssnssubscriptions"
	"github.com/aws/jsii-runtime-go"
)

// alarms tell a person what needs one; docs/operations.md says what to do about each.
type alarms struct{ topic awssns.Topic }

func newAlarms(stack awscdk.Stack, a api, r reconciler, s settings) alarms {
	topic := awssns.NewTopic(stack, jsii.String("Alarms"), &awssns.TopicProps{
		DisplayName: jsii.String("Cody Batch"), EnforceSSL: jsii.Bool(true),
	})
	// A policy of its own takes the place of SNS's default one, which let alarms in.
	topic.AddToResourcePolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid:        jsii.String("Alarms"),
		Principals: &[]awsiam.IPrincipal{awsiam.NewServicePrincipal(jsii.String("cloudwatch.amazonaws.com"), nil)},
		Actions:    jsii.Strings("sns:Publish"),
		Resources:  &[]*string{topic.TopicArn()},
		Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": stack.Account()}},
	}))
	if s.alarmEmail != "" {
		topic.AddSubscription(awssnssubscriptions.NewEmailSubscription(jsii.String(s.alarmEmail), nil))
	}
	for _, alarm := range []alarm{
		{
			id: "WorkersFailed", metric: failedJobs(r), threshold: 1, periods: 1,
			description: "AWS Batch jobs failed: machines or images, not tasks, whose failures are results",
		},
		{
			id: "ApiFailed", metric: a.function.MetricErrors(sum("")), threshold: 1, periods: 1,
			description: "the API's function crashed, or ran out of time",
		},
		{
			id: "ApiAnswers5xx", metric: a.gateway.MetricServerError(sum("")), threshold: 5, periods: 1,
			description: "clients were told of errors of the server's",
		},
		{
			id: "ReconcilerFailed", metric: r.function.MetricErrors(sum("")), threshold: 1, periods: 3,
			description: "nobody picks up lost work: the reconciler failed three times in a row",
		},
		{
			id: "ReconcilerSilent", metric: r.function.MetricInvocations(sum("")), threshold: 1, periods: 3, isTooFew: true,
			description: "nobody picks up lost work: the reconciler was not started for a quarter of an hour",
		},
		{
			id: "DeadLettersWait", metric: r.deadLetters.MetricApproximateNumberOfMessagesVisible(sum("Maximum")), threshold: 1, periods: 1,
			description: "events that the reconciler could not handle wait in the dead-letter queue",
		},
	} {
		alarm.make(stack, topic)
	}
	newBudget(stack, s)
	return alarms{topic}
}

// alarm goes off when a metric reached its threshold in so many periods of five
// minutes, one after the other.
type alarm struct {
	id, description    string
	metric             awscloudwatch.IMetric
	threshold, periods float64
	isTooFew           bool // below the threshold, and silence is bad
}

func (a alarm) make(stack awscdk.Stack, topic awssns.Topic) {
	props := &awscloudwatch.AlarmProps{
		AlarmDescription:   jsii.String(a.description + " (docs/operations.md, " + a.id + ")"),
		Metric:             a.metric,
		Threshold:          jsii.Number(a.threshold),
		EvaluationPeriods:  jsii.Number(a.periods),
		ComparisonOperator: awscloudwatch.ComparisonOperator_GREATER_THAN_OR_EQUAL_TO_THRESHOLD,
		TreatMissingData:   awscloudwatch.TreatMissingData_NOT_BREACHING,
	}
	if a.isTooFew {
		props.ComparisonOperator = awscloudwatch.ComparisonOperator_LESS_THAN_THRESHOLD
		props.TreatMissingData = awscloudwatch.TreatMissingData_BREACHING
	}
	action := awscloudwatchactions.NewSnsAction(topic)
	made := awscloudwatch.NewAlarm(stack, jsii.String(a.id), props)
	made.AddAlarmAction(action)
	made.AddOkAction(action)
}

// sum is how metrics are read: over five minutes, added up unless said otherwise.
func sum(statistic string) *awscloudwatch.MetricOptions {
	if statistic == "" {
		statistic = "Sum"
	}
	return &awscloudwatch.MetricOptions{Period: awscdk.Duration_Minutes(jsii.Number(5)), Statistic: jsii.String(statistic)}
}

// failedJobs counts events of failed AWS Batch jobs: AWS Batch has no metric of its own.
func failedJobs(r reconciler) awscloudwatch.IMetric {
	return awscloudwatch.NewMetric(&awscloudwatch.MetricProps{
		Namespace: jsii.String("AWS/Events"), MetricName: jsii.String("Invocations"),
		DimensionsMap: &map[string]*string{"RuleName": r.failures.RuleName()},
		Period:        awscdk.Duration_Minutes(jsii.Number(5)), Statistic: jsii.String("Sum"),
	})
}

// newBudget tells by e-mail when the account's bill of the month nears a sum. It stops
// nothing; what Claude costs is limited by each job's maxCostUsd.
func newBudget(stack awscdk.Stack, s settings) {
	if s.budgetUSD == 0 {
		return
	}
	told := []*awsbudgets.CfnBudget_SubscriberProperty{{
		Address: jsii.String(s.alarmEmail), SubscriptionType: jsii.String("EMAIL"),
	}}
	var notifications []*awsbudgets.CfnBudget_NotificationWithSubscribersProperty
	for _, when := range []struct {
		kind    string
		percent float64
	}{{"ACTUAL", 80}, {"ACTUAL", 100}, {"FORECASTED", 100}} {
		notifications = append(notifications, &awsbudgets.CfnBudget_NotificationWithSubscribersProperty{
			Notification: &awsbudgets.CfnBudget_NotificationProperty{
				NotificationType: jsii.String(when.kind), ComparisonOperator: jsii.String("GREATER_THAN"),
				Threshold: jsii.Number(when.percent), ThresholdType: jsii.String("PERCENTAGE"),
			},
			Subscribers: told,
		})
	}
	awsbudgets.NewCfnBudget(stack, jsii.String("Budget"), &awsbudgets.CfnBudgetProps{
		Budget: &awsbudgets.CfnBudget_BudgetDataProperty{
			BudgetType: jsii.String("COST"), TimeUnit: jsii.String("MONTHLY"),
			BudgetLimit: &awsbudgets.CfnBudget_SpendProperty{Amount: jsii.Number(s.budgetUSD), Unit: jsii.String("USD")},
		},
		NotificationsWithSubscribers: notifications,
	})
}
