package main

import (
	"maps"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsapigateway"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslambda"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/jsii-runtime-go"
)

const (
	stage               = "prod"
	requestsPerSecond   = 50 // of all clients together; a dashboard asks about once a second
	requestsAtOnce      = 100
	lambdaMemory        = 1024 // MB, as planned; also what its share of a processor follows
	gatewayLimit        = 29   // seconds: the gateway gives up then, whatever Lambda is allowed
	corsAllowedOrigins  = "CORS_ALLOWED_ORIGINS"
	claudeProvider      = "CLAUDE_PROVIDER"
	bedrock             = "bedrock"
	allowedRepositories = "ALLOWED_REPOSITORIES"
)

// api is what answers HTTP: API Gateway, and a Lambda function behind every method.
type api struct {
	gateway  awsapigateway.RestApi
	function awslambda.Function
	logs     awslogs.LogGroup
}

func newAPI(stack awscdk.Stack, d data, b batch, code string, s settings) api {
	a := api{logs: newLog(stack, "ApiLog")}
	role := newFunctionRole(stack, "ApiRole", "What the API of Cody Batch may do", a.logs)
	allowData(role, d)
	allowJobs(stack, role, b)
	allow(role, "Stop", []string{"batch:TerminateJob"}, anyJob(stack))
	// CLAUDE_API_KEY_PARAMETER only says that Claude is set up: the API never asks it,
	// and may not read the key.
	environment := map[string]*string{}
	secrets := []string{s.githubTokenParameter()}
	if s.open {
		environment["API_AUTHORIZATION"] = jsii.String("none")
	} else {
		environment["API_TOKEN_PARAMETER"] = jsii.String(s.apiTokenParameter())
		secrets = append(secrets, s.apiTokenParameter())
	}
	allowSecrets(stack, role, secrets...)
	maps.Copy(environment, *functionEnvironment(d, b, s))
	a.function = newFunction(stack, "Api", "Cody Batch: answers HTTP", code, gatewayLimit, role, a.logs, environment, nil)
	a.gateway = newGateway(stack, a.function)
	return a
}

// functionEnvironment is what both Lambda functions are told. AWS_REGION is Lambda's
// own to set, and refused in a template.
func functionEnvironment(d data, b batch, s settings) *map[string]*string {
	environment := map[string]*string{
		"DYNAMODB_JOBS_TABLE":         d.jobs.TableName(),
		"DYNAMODB_REPOSITORIES_TABLE": d.repositories.TableName(),
		"ARTIFACTS_BUCKET":            d.artifacts.BucketName(),
		allowedRepositories:           jsii.String(s.allowedRepositories),
		"AWS_BATCH_JOB_QUEUE":         b.queue.JobQueueArn(),
		"AWS_BATCH_JOB_DEFINITION":    b.definition.JobDefinitionArn(),
		"GITHUB_TOKEN_PARAMETER":      jsii.String(s.githubTokenParameter()),
	}
	if s.version != "" {
		environment["CODYBATCH_VERSION"] = jsii.String(s.version)
	}
	if s.bedrock {
		environment[claudeProvider] = jsii.String(bedrock)
	} else {
		environment["CLAUDE_API_KEY_PARAMETER"] = jsii.String(s.claudeAPIKeyParameter())
	}
	return &environment
}

// newFunction makes a Lambda function of the one Go program that both are.
func newFunction(stack awscdk.Stack, id, description, code string, seconds float64, role awsiam.Role, logs awslogs.LogGroup,
	environment map[string]*string, more func(*awslambda.FunctionProps),
) awslambda.Function {
	props := &awslambda.FunctionProps{
		Description:   jsii.String(description),
		Runtime:       awslambda.Runtime_PROVIDED_AL2023(),
		Architecture:  awslambda.Architecture_ARM_64(),
		Handler:       jsii.String("bootstrap"),
		Code:          awslambda.Code_FromAsset(jsii.String(code), nil),
		MemorySize:    jsii.Number(lambdaMemory),
		Timeout:       awscdk.Duration_Seconds(jsii.Number(seconds)),
		Role:          role,
		LogGroup:      logs,
		LoggingFormat: awslambda.LoggingFormat_TEXT,
		Environment:   &environment,
	}
	if more != nil {
		more(props)
	}
	return awslambda.NewFunction(stack, jsii.String(id), props)
}

func newGateway(stack awscdk.Stack, function awslambda.Function) awsapigateway.RestApi {
	access := newLog(stack, "AccessLog")
	gateway := awsapigateway.NewRestApi(stack, jsii.String("Gateway"), &awsapigateway.RestApiProps{
		RestApiName:   jsii.String("cody-batch"),
		Description:   jsii.String("The API of Cody Batch"),
		EndpointTypes: &[]awsapigateway.EndpointType{awsapigateway.EndpointType_REGIONAL}, // CloudFront is in front
		// Patches hold any bytes, and come in base64 then; the gateway compresses, not the handler.
		BinaryMediaTypes:   jsii.Strings("*/*"),
		MinCompressionSize: awscdk.Size_Kibibytes(jsii.Number(1)),
		// One for all APIs of the account and region, and without it the gateway writes
		// no logs. It stays when this stack goes: others may use it by then.
		CloudWatchRole:              jsii.Bool(true),
		CloudWatchRoleRemovalPolicy: awscdk.RemovalPolicy_RETAIN,
		DeployOptions: &awsapigateway.StageOptions{
			StageName:            jsii.String(stage),
			ThrottlingRateLimit:  jsii.Number(requestsPerSecond),
			ThrottlingBurstLimit: jsii.Number(requestsAtOnce),
			LoggingLevel:         awsapigateway.MethodLoggingLevel_ERROR,
			DataTraceEnabled:     jsii.Bool(false), // it would log prompts
			AccessLogDestination: awsapigateway.NewLogGroupLogDestination(access),
			AccessLogFormat:      awsapigateway.AccessLogFormat_Custom(jsii.String(accessLogFormat)),
		},
	})
	gateway.Node().TryRemoveChild(jsii.String("Endpoint")) // an output of CDK's own, the same as ApiUrl
	integration := awsapigateway.NewLambdaIntegration(function, &awsapigateway.LambdaIntegrationOptions{
		ScopePermissionToMethod: jsii.Bool(false), // one permission for this API, not seventy
	})
	addRoutes(gateway, integration)
	return gateway
}

// addRoutes makes a method of the gateway for every method of the API. OPTIONS goes to
// the function, too: one program decides which web pages may ask, and a mock of the
// gateway answers preflights with 500 where */* is binary.
func addRoutes(gateway awsapigateway.RestApi, integration awsapigateway.Integration) {
	added := map[route]bool{}
	for _, of := range append(routes(), documents()...) {
		for _, r := range of.resources() {
			resource := gateway.Root().ResourceForPath(jsii.String(r.path))
			for _, method := range []route{r, {"OPTIONS", r.path}} {
				if !added[method] {
					added[method] = true
					resource.AddMethod(jsii.String(method.method), integration, nil)
				}
			}
		}
	}
}

// accessLogFormat tells who asked for what, and how it went: no header, no query and
// no body, which may hold secrets. All is quoted, because the gateway writes - for what
// a request does not have, and nothing is told that can hold a quotation mark.
const accessLogFormat = `{"requestId":"$context.requestId","time":"$context.requestTime","ip":"$context.identity.sourceIp",` +
	`"method":"$context.httpMethod","path":"$context.path","resource":"$context.resourcePath","status":"$context.status",` +
	`"bytes":"$context.responseLength","ms":"$context.responseLatency","error":"$context.error.responseType"}`
