package main

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
)

func TestFunctions(t *testing.T) {
	m := synth(t)
	environment := map[string]string{
		"DYNAMODB_JOBS_TABLE": "${Jobs}", "DYNAMODB_REPOSITORIES_TABLE": "${Repositories}", "ARTIFACTS_BUCKET": "${Artifacts}",
		"ALLOWED_REPOSITORIES": "", "AWS_BATCH_JOB_QUEUE": "${Queue.JobQueueArn}", "AWS_BATCH_JOB_DEFINITION": "${Worker}",
		"GITHUB_TOKEN_PARAMETER": "/cody-batch/github-token", "CLAUDE_API_KEY_PARAMETER": "/cody-batch/claude-api-key",
	}
	ofAPI := maps.Clone(environment)
	ofAPI["API_TOKEN_PARAMETER"] = "/cody-batch/api-token"
	ofAPI["CORS_ALLOWED_ORIGINS"] = "https://${Distribution.DomainName}"
	for name, c := range map[string]struct {
		timeout     string
		environment map[string]string
	}{"Api": {"29", ofAPI}, "Reconciler": {"240", environment}} {
		function := m.named(t, name, "AWS::Lambda::Function")
		want(t, function, map[string]string{
			"Runtime": `"provided.al2023"`, "Architectures": `["arm64"]`, "Handler": `"bootstrap"`, "MemorySize": "1024",
			"Timeout": c.timeout, "Role": `"${` + name + `Role.Arn}"`, "LoggingConfig.LogGroup": `"${` + name + `Log}"`,
			"Environment.Variables": compact(c.environment),
		})
		want(t, m.named(t, name+"Log", "AWS::Logs::LogGroup"), map[string]string{"RetentionInDays": "30"})
	}
	if got, want := compact(at(m.named(t, "Api", "AWS::Lambda::Function"), "Properties", "Code")), compact(at(m.named(t, "Reconciler", "AWS::Lambda::Function"), "Properties", "Code")); got != want {
		t.Errorf("the two functions are two programs: %s and %s", got, want)
	}
}

// variables are the names that programs know. A misspelt one would be ignored there.
func TestEveryVariableIsOneThatProgramsRead(t *testing.T) {
	var source []byte
	for _, file := range []string{"config.go", "aws.go"} {
		text, err := os.ReadFile(filepath.Join("..", "..", "internal", "config", file))
		if err != nil {
			t.Fatal(err)
		}
		source = append(source, text...)
	}
	known := map[string]bool{}
	for _, name := range regexp.MustCompile(`"([A-Z][A-Z0-9_]{3,})"`).FindAllSubmatch(source, -1) {
		known[string(name[1])], known[string(name[1])+"_PARAMETER"] = true, true
	}
	m := synth(t)
	var names []string
	for _, function := range []string{"Api", "Reconciler"} {
		names = append(names, slices.Collect(maps.Keys(at(m.named(t, function, "AWS::Lambda::Function"), "Properties", "Environment", "Variables").(object)))...)
	}
	for _, list := range []string{"Environment", "Secrets"} {
		for _, variable := range at(m.named(t, "Worker", "AWS::Batch::JobDefinition"), "Properties", "ContainerProperties", list).([]any) {
			names = append(names, at(variable, "Name").(string))
		}
	}
	if len(names) < 20 {
		t.Fatalf("only %d variables: %v", len(names), names)
	}
	for _, name := range names {
		if !known[name] {
			t.Errorf("%s is no name that internal/config knows", name)
		}
	}
}

// methods are the gateway's: "GET /jobs/{jobId}".
func (m template) methods(t *testing.T) []string {
	t.Helper()
	resources := m.ofType("AWS::ApiGateway::Resource")
	var pathOf func(id string) string
	pathOf = func(id string) string {
		resource := resources[id]
		parent, _ := at(resource, "Properties", "ParentId", "Ref").(string)
		path := "/" + at(resource, "Properties", "PathPart").(string)
		if parent == "" {
			return path
		}
		return pathOf(parent) + path
	}
	var methods []string
	for _, method := range m.ofType("AWS::ApiGateway::Method") {
		path := pathOf(at(method, "Properties", "ResourceId", "Ref").(string))
		methods = append(methods, strings.Join([]string{at(method, "Properties", "HttpMethod").(string), path}, " "))
	}
	slices.Sort(methods)
	return methods
}

func TestRoutes_are_those_of_the_description(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "internal", "httpapi", "testdata", "openapi.json"))
	if err != nil {
		t.Fatal(err)
	}
	var description struct {
		Paths map[string]map[string]any
	}
	if err := json.Unmarshal(text, &description); err != nil {
		t.Fatal(err)
	}
	const plain, repositoryName = "{owner}/{name}", "{repositoryName}"
	wanted := map[string]bool{"GET /openapi.json": true, "GET /config.json": true}
	for path, operations := range description.Paths {
		for method := range operations {
			method = strings.ToUpper(method)
			wanted[method+" "+strings.Replace(path, plain, repositoryName, 1)] = true
			wanted[method+" "+strings.Replace(path, plain, repositoryName+"/{name}", 1)] = true
			if strings.Contains(path, plain) { // a repository may be called as a verb
				wanted["GET "+strings.Replace(path, plain, repositoryName, 1)] = true
			}
		}
	}
	for method := range maps.Clone(wanted) {
		_, path, _ := strings.Cut(method, " ")
		wanted["OPTIONS "+path] = true
	}
	got := synth(t).methods(t)
	for _, method := range got {
		if !wanted[method] {
			t.Errorf("the gateway has %s, and the API has not", method)
		}
		delete(wanted, method)
	}
	for method := range wanted {
		t.Errorf("the gateway lacks %s: add it to routes.go", method)
	}
}

func TestRoutes_of_the_plan(t *testing.T) {
	got := synth(t).methods(t)
	for _, method := range []string{
		"GET /health", "GET /repositories", "GET /jobs", "POST /jobs", "GET /jobs/{jobId}", "POST /jobs/{jobId}/cancel",
		"GET /jobs/{jobId}/repositories/{repositoryName}",
		"GET /jobs/{jobId}/repositories/{repositoryName}/diff",
		"GET /jobs/{jobId}/repositories/{repositoryName}/claude-thread",
	} {
		if !slices.Contains(got, method) {
			t.Errorf("the gateway lacks %s", method)
		}
	}
}

func TestEveryMethodReachesTheFunction(t *testing.T) {
	m := synth(t)
	methods := m.ofType("AWS::ApiGateway::Method")
	for id, method := range methods {
		if got := compact(at(method, "Properties", "Integration")); got != `{"IntegrationHttpMethod":"POST","Type":"AWS_PROXY","Uri":"arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/${Api.Arn}/invocations"}` {
			t.Errorf("%s: %s", id, got)
		}
	}
	permissions := 0
	for _, permission := range m.ofType("AWS::Lambda::Permission") {
		if at(permission, "Properties", "Principal") == "apigateway.amazonaws.com" {
			permissions++
			if got := compact(at(permission, "Properties", "SourceArn")); got != `"arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${Gateway}/*/*/*"` {
				t.Errorf("who may call the function: %s", got)
			}
		}
	}
	if permissions != 1 {
		t.Errorf("%d permissions to call the function", permissions)
	}
	if n := len(m.document["Resources"].(object)); n > 400 {
		t.Errorf("%d resources; CloudFormation takes 500", n)
	}
}

func TestGateway(t *testing.T) {
	m := synth(t)
	want(t, m.named(t, "Gateway", "AWS::ApiGateway::RestApi"), map[string]string{
		"EndpointConfiguration": `{"Types":["REGIONAL"]}`, "BinaryMediaTypes": `["*/*"]`, "MinimumCompressionSize": "1024",
	})
	for _, stage := range m.ofType("AWS::ApiGateway::Stage") {
		want(t, stage, map[string]string{
			"StageName":      `"prod"`,
			"MethodSettings": `[{"DataTraceEnabled":false,"HttpMethod":"*","LoggingLevel":"ERROR","ResourcePath":"/*","ThrottlingBurstLimit":100,"ThrottlingRateLimit":50}]`,
		})
		format := at(stage, "Properties", "AccessLogSetting", "Format").(string)
		var fields map[string]string
		// The gateway writes - for what a request does not have.
		if err := json.Unmarshal([]byte(regexp.MustCompile(`\$context[.A-Za-z]+`).ReplaceAllString(format, "-")), &fields); err != nil {
			t.Errorf("the access log is no JSON: %v", err)
		}
		if regexp.MustCompile(`(?i)header|query|body|authorizer`).MatchString(format) {
			t.Errorf("the access log may hold secrets: %s", format)
		}
	}
}

func TestReconciler(t *testing.T) {
	m := synth(t)
	function := m.named(t, "Reconciler", "AWS::Lambda::Function")
	want(t, function, map[string]string{"DeadLetterConfig": `{"TargetArn":"${DeadLetters.Arn}"}`})
	targets := `[{"Arn":"${Reconciler.Arn}","DeadLetterConfig":{"Arn":"${DeadLetters.Arn}"},"Id":"Target0","RetryPolicy":{"MaximumEventAgeInSeconds":7200,"MaximumRetryAttempts":3}}]`
	want(t, m.named(t, "FailedJobs", "AWS::Events::Rule"), map[string]string{
		"EventPattern": `{"detail":{"$or":[{"statusReason":[{"exists":false}]},{"statusReason":[{"anything-but":["canceled in Cody Batch"]}]}],` +
			`"jobQueue":["${Queue.JobQueueArn}"],"status":["FAILED"]},"detail-type":["Batch Job State Change"],"source":["aws.batch"]}`,
		"Targets": targets, "State": `"ENABLED"`,
	})
	want(t, m.named(t, "Sweep", "AWS::Events::Rule"), map[string]string{
		"ScheduleExpression": `"rate(5 minutes)"`, "Targets": targets, "State": `"ENABLED"`,
	})
	for _, invoke := range m.ofType("AWS::Lambda::EventInvokeConfig") {
		want(t, invoke, map[string]string{"FunctionName": `"${Reconciler}"`, "MaximumEventAgeInSeconds": "7200", "MaximumRetryAttempts": "2"})
	}
	want(t, m.named(t, "DeadLetters", "AWS::SQS::Queue"), map[string]string{"MessageRetentionPeriod": "1209600", "SqsManagedSseEnabled": "true"})
}

func TestReconciler_knows_a_persons_cancel(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile(filepath.Join("..", "..", "internal", "dispatch", "awsbatch", "cancel.go"))
	if err != nil {
		t.Fatal(err)
	}
	if declared := regexp.MustCompile(`const terminateReason = "(.*)"`).FindSubmatch(source); declared == nil || string(declared[1]) != terminateReason {
		t.Errorf("the dispatcher gives another reason than %q: %q", terminateReason, declared)
	}
}
