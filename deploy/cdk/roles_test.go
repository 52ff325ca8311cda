package main

import (
	"slices"
	"strings"
	"testing"
)

// rights are the statements of a role's policies, one a line: actions → resources.
func (m template) rights(t *testing.T, role string) []string {
	t.Helper()
	var rights []string
	for _, policy := range m.ofType("AWS::IAM::Policy") {
		if compact(at(policy, "Properties", "Roles", 0)) != `"${`+role+`}"` {
			continue
		}
		for _, statement := range at(policy, "Properties", "PolicyDocument", "Statement").([]any) {
			if at(statement, "Effect") != "Allow" || at(statement, "NotAction") != nil || at(statement, "NotResource") != nil {
				t.Errorf("%s: %s", role, compact(statement))
			}
			rights = append(rights, strings.Join([]string{list(at(statement, "Action")), list(at(statement, "Resource"))}, " → "))
		}
	}
	slices.Sort(rights)
	return rights
}

// list writes one or several values in the order of the alphabet.
func list(value any) string {
	values, isList := value.([]any)
	if !isList {
		values = []any{value}
	}
	var texts []string
	for _, value := range values {
		text, isText := textOf(value)
		if !isText {
			text = compact(value)
		}
		texts = append(texts, text)
	}
	slices.Sort(texts)
	return strings.Join(texts, " ")
}

const (
	rows = "dynamodb:BatchGetItem dynamodb:BatchWriteItem dynamodb:DeleteItem dynamodb:PutItem dynamodb:Query dynamodb:UpdateItem → " +
		"${Jobs.Arn} ${Jobs.Arn}/index/* ${Repositories.Arn} ${Repositories.Arn}/index/*"
	workerRows     = "dynamodb:BatchGetItem dynamodb:DeleteItem dynamodb:PutItem dynamodb:UpdateItem → ${Jobs.Arn} ${Repositories.Arn}"
	documentsRight = "s3:AbortMultipartUpload s3:GetObject s3:PutObject → ${Artifacts.Arn}/*"
	findRight      = "s3:ListBucket → ${Artifacts.Arn}"
	batchARN       = "arn:${AWS::Partition}:batch:${AWS::Region}:${AWS::AccountId}:"
	submitRight    = "batch:SubmitJob batch:TagResource → ${Queue.JobQueueArn} " + batchARN + "job/* " + batchARN + `{"Fn::Select":[5,{"Fn::Split":[":","${Worker}"]}]}:*`
	stopRight      = "batch:TerminateJob → " + batchARN + "job/*"
	lookRight      = "batch:DescribeJobs batch:ListJobs → *"
	ssmARN         = "arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/cody-batch/"
)

func logRight(name string) string {
	return "logs:CreateLogStream logs:PutLogEvents → ${" + name + ".Arn}"
}

func TestRoles_may_do_what_they_must(t *testing.T) {
	m := synth(t)
	for role, want := range map[string][]string{
		"ApiRole": {
			rows, documentsRight, findRight, submitRight, stopRight, lookRight, logRight("ApiLog"),
			"ssm:GetParameters → " + ssmARN + "api-token " + ssmARN + "github-token",
		},
		"ReconcilerRole": {
			rows, documentsRight, findRight, submitRight, lookRight, logRight("ReconcilerLog"),
			"ssm:GetParameters → " + ssmARN + "github-token", "sqs:SendMessage → ${DeadLetters.Arn}",
		},
		"JobRole": {workerRows, documentsRight, findRight},
		"ExecutionRole": {
			"ecr:BatchCheckLayerAvailability ecr:BatchGetImage ecr:GetDownloadUrlForLayer → arn:${AWS::Partition}:ecr:${AWS::Region}:${AWS::AccountId}:repository/" +
				"{\"Fn::Sub\":\"cdk-hnb659fds-container-assets-${AWS::AccountId}-${AWS::Region}\"}",
			"ecr:GetAuthorizationToken → *",
			logRight("WorkerLog"),
			"ssm:DescribeParameters ssm:GetParameter ssm:GetParameterHistory ssm:GetParameters → " + ssmARN + "claude-api-key " + ssmARN + "github-token",
		},
	} {
		got := m.rights(t, role)
		slices.Sort(want)
		if !slices.Equal(got, want) {
			t.Errorf("%s\n got: %s\nwant: %s", role, strings.Join(got, "\n      "), strings.Join(want, "\n      "))
		}
	}
}

func TestRoles_do_to_rows_what_the_store_does(t *testing.T) {
	schema := readSchema(t)
	for role, actions := range map[string][]string{"ApiRole": schema.Actions, "ReconcilerRole": schema.Actions, "JobRole": schema.WorkerActions} {
		want := strings.Join(actions, " ")
		var got string
		for _, right := range synth(t).rights(t, role) {
			if strings.HasPrefix(right, "dynamodb:") {
				got, _, _ = strings.Cut(right, " → ")
			}
		}
		if got != want {
			t.Errorf("%s\n got: %s\nwant: %s", role, got, want)
		}
	}
}

func TestRoles_are_for_one_service(t *testing.T) {
	m := synth(t)
	ofThisAccount := `"Condition":{"StringEquals":{"aws:SourceAccount":"${AWS::AccountId}"}},`
	for role, service := range map[string]string{
		"ApiRole": "lambda.amazonaws.com", "ReconcilerRole": "lambda.amazonaws.com", "JobRole": "ecs-tasks.amazonaws.com", "ExecutionRole": "ecs-tasks.amazonaws.com",
	} {
		condition := ""
		if service == "ecs-tasks.amazonaws.com" {
			condition = ofThisAccount
		}
		want(t, m.named(t, role, "AWS::IAM::Role"), map[string]string{
			"AssumeRolePolicyDocument.Statement": `[{"Action":"sts:AssumeRole",` + condition + `"Effect":"Allow","Principal":{"Service":"` + service + `"}}]`,
			"ManagedPolicyArns":                  "null",
		})
	}
}

// A secret would be a value in the template, where everybody who may read stacks sees it.
func TestNoSecretIsInTheTemplate(t *testing.T) {
	for _, m := range []template{synth(t), synth(t, openContext...)} {
		if len(at(m.document, "Parameters").(object)) != 1 { // CDK's own, of its bootstrap
			t.Errorf("the stack asks for parameters: %s", compact(m.document["Parameters"]))
		}
		for _, reserved := range []string{"AWS_REGION", "GITHUB_TOKEN", "CLAUDE_API_KEY", "API_TOKEN"} {
			for id, function := range m.ofType("AWS::Lambda::Function") {
				if at(function, "Properties", "Environment", "Variables", reserved) != nil {
					t.Errorf("%s has %s", id, reserved)
				}
			}
		}
		for _, variable := range at(m.named(t, "Worker", "AWS::Batch::JobDefinition"), "Properties", "ContainerProperties", "Environment").([]any) {
			if name := at(variable, "Name").(string); strings.Contains(name, "TOKEN") || strings.Contains(name, "KEY") {
				t.Errorf("the worker has %s in its plain environment", name)
			}
		}
	}
}
