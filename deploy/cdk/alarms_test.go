package main

import (
	"strings"
	"testing"
)

func TestAlarms(t *testing.T) {
	m := synth(t)
	for name, metric := range map[string]string{
		"WorkersFailed":    "AWS/Events Invocations Sum 300 >= 1 × 1 silence notBreaching",
		"ApiFailed":        "AWS/Lambda Errors Sum 300 >= 1 × 1 silence notBreaching",
		"ApiAnswers5xx":    "AWS/ApiGateway 5XXError Sum 300 >= 5 × 1 silence notBreaching",
		"ReconcilerFailed": "AWS/Lambda Errors Sum 300 >= 1 × 3 silence notBreaching",
		"ReconcilerSilent": "AWS/Lambda Invocations Sum 300 < 1 × 3 silence breaching",
		"DeadLettersWait":  "AWS/SQS ApproximateNumberOfMessagesVisible Maximum 300 >= 1 × 1 silence notBreaching",
	} {
		alarm := m.named(t, name, "AWS::CloudWatch::Alarm")
		operator := map[any]string{"GreaterThanOrEqualToThreshold": ">=", "LessThanThreshold": "<"}[at(alarm, "Properties", "ComparisonOperator")]
		var words []string
		for _, word := range []any{
			at(alarm, "Properties", "Namespace"), at(alarm, "Properties", "MetricName"), at(alarm, "Properties", "Statistic"), at(alarm, "Properties", "Period"),
			operator, at(alarm, "Properties", "Threshold"), "×", at(alarm, "Properties", "EvaluationPeriods"), "silence", at(alarm, "Properties", "TreatMissingData"),
		} {
			words = append(words, strings.Trim(compact(word), `"`))
		}
		if got := strings.Join(words, " "); got != metric {
			t.Errorf("%s\n got: %s\nwant: %s", name, got, metric)
		}
		want(t, alarm, map[string]string{"AlarmActions": `["${Alarms}"]`, "OKActions": `["${Alarms}"]`})
		if description, _ := at(alarm, "Properties", "AlarmDescription").(string); !strings.Contains(description, "docs/operations.md, "+name) {
			t.Errorf("%s does not say where to read on: %s", name, description)
		}
	}
	if n := len(m.ofType("AWS::CloudWatch::Alarm")); n != 6 {
		t.Errorf("%d alarms", n)
	}
	want(t, m.named(t, "WorkersFailed", "AWS::CloudWatch::Alarm"), map[string]string{"Dimensions": `[{"Name":"RuleName","Value":"${FailedJobs}"}]`})
	statements := compact(at(m.named(t, "AlarmsPolicy", "AWS::SNS::TopicPolicy"), "Properties", "PolicyDocument", "Statement"))
	for _, want := range []string{
		`"Action":"sns:Publish","Condition":{"StringEquals":{"aws:SourceAccount":"${AWS::AccountId}"}},"Effect":"Allow","Principal":{"Service":"cloudwatch.amazonaws.com"}`,
		`"Condition":{"Bool":{"aws:SecureTransport":"false"}},"Effect":"Deny"`,
	} {
		if !strings.Contains(statements, want) {
			t.Errorf("the topic's policy lacks %s: %s", want, statements)
		}
	}
}

func TestBudget(t *testing.T) {
	if n := len(synth(t).ofType("AWS::Budgets::Budget")) + len(synth(t).ofType("AWS::SNS::Subscription")); n != 0 {
		t.Errorf("somebody is told who was not named")
	}
	m := synth(t, openContext...)
	budgets := m.ofType("AWS::Budgets::Budget")
	want(t, budgets["Budget"], map[string]string{
		"Budget": `{"BudgetLimit":{"Amount":200,"Unit":"USD"},"BudgetType":"COST","TimeUnit":"MONTHLY"}`,
	})
	notifications := compact(at(budgets["Budget"], "Properties", "NotificationsWithSubscribers"))
	for _, want := range []string{
		`"NotificationType":"ACTUAL","Threshold":80`, `"NotificationType":"ACTUAL","Threshold":100`, `"NotificationType":"FORECASTED","Threshold":100`,
		`"Subscribers":[{"Address":"ops@acme.example","SubscriptionType":"EMAIL"}]`,
	} {
		if !strings.Contains(notifications, want) {
			t.Errorf("lacks %s: %s", want, notifications)
		}
	}
	for _, subscription := range m.ofType("AWS::SNS::Subscription") {
		want(t, subscription, map[string]string{"Protocol": `"email"`, "Endpoint": `"ops@acme.example"`, "TopicArn": `"${Alarms}"`})
	}
}
