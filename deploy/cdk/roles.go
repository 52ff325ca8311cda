package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsiam"
	"github.com/aws/aws-cdk-go/awscdk/v2/awslogs"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsssm"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
)

// The secrets are SecureStrings in Parameter Store that a person makes before the
// first deployment. Their values are in no template, no variable and no event.
func (s settings) githubTokenParameter() string  { return s.parameters + "/github-token" }
func (s settings) claudeAPIKeyParameter() string { return s.parameters + "/claude-api-key" }
func (s settings) apiTokenParameter() string     { return s.parameters + "/api-token" }

// secretNames lists the parameters that this deployment reads.
func (s settings) secretNames() string {
	names := s.githubTokenParameter()
	if !s.bedrock {
		names += " " + s.claudeAPIKeyParameter()
	}
	if !s.open {
		names += " " + s.apiTokenParameter()
	}
	return names
}

// secret is a parameter by its name; it need not be there yet.
func secret(scope constructs.Construct, id, name string) awsssm.IStringParameter {
	return awsssm.StringParameter_FromSecureStringParameterAttributes(scope, jsii.String(id),
		&awsssm.SecureStringParameterAttributes{ParameterName: jsii.String(name)})
}

// newRole makes a role for one service of this account.
func newRole(stack awscdk.Stack, id, service, description string) awsiam.Role {
	return awsiam.NewRole(stack, jsii.String(id), &awsiam.RoleProps{
		Description: jsii.String(description),
		AssumedBy: awsiam.NewServicePrincipal(jsii.String(service), &awsiam.ServicePrincipalOpts{
			// No other account can have the service use this role in its stead.
			Conditions: &map[string]any{"StringEquals": map[string]any{"aws:SourceAccount": stack.Account()}},
		}),
	})
}

// newFunctionRole makes a role for a Lambda function, which may write to its own log.
// Lambda assumes roles without naming the account, so that no condition can ask for it.
func newFunctionRole(stack awscdk.Stack, id, description string, logs awslogs.LogGroup) awsiam.Role {
	role := awsiam.NewRole(stack, jsii.String(id), &awsiam.RoleProps{
		Description: jsii.String(description),
		AssumedBy:   awsiam.NewServicePrincipal(jsii.String("lambda.amazonaws.com"), nil),
	})
	logs.GrantWrite(role)
	return role
}

// allow adds a statement: these actions, on these things, and no others.
func allow(role awsiam.Role, sid string, actions []string, resources ...*string) {
	role.AddToPolicy(awsiam.NewPolicyStatement(&awsiam.PolicyStatementProps{
		Sid: jsii.String(sid), Actions: jsii.Strings(actions...), Resources: &resources,
	}))
}

// allowData lets a role read, list and write rows, and read and write documents.
func allowData(role awsiam.Role, d data) {
	allow(role, "Rows", tableActions(),
		d.jobs.TableArn(), awscdk.Fn_Join(jsii.String(""), &[]*string{d.jobs.TableArn(), jsii.String("/index/*")}),
		d.repositories.TableArn(), awscdk.Fn_Join(jsii.String(""), &[]*string{d.repositories.TableArn(), jsii.String("/index/*")}))
	allowDocuments(role, d)
}

// allowTasks lets the role of workers read and write rows whose keys they know, and
// documents. They run what strangers wrote, and have no business with other rows.
func allowTasks(role awsiam.Role, d data) {
	allow(role, "Rows", workerActions(), d.jobs.TableArn(), d.repositories.TableArn())
	allowDocuments(role, d)
}

// allowDocuments lets a role read and write documents. ListBucket is what makes S3
// answer "not found" for a document that is not there, in place of "forbidden".
func allowDocuments(role awsiam.Role, d data) {
	allow(role, "Documents", []string{"s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"}, d.artifacts.ArnForObjects(jsii.String("*")))
	allow(role, "FindDocuments", []string{"s3:ListBucket"}, d.artifacts.BucketArn())
}

// anyJob is every job of AWS Batch in the account and region. A job gets its ARN when it
// is submitted, and an array's children theirs: no narrower pattern is known beforehand.
func anyJob(stack awscdk.Stack) *string {
	return stack.FormatArn(&awscdk.ArnComponents{Service: jsii.String("batch"), Resource: jsii.String("job"), ResourceName: jsii.String("*")})
}

// allowJobs lets a role send work to AWS Batch, and look at it.
func allowJobs(stack awscdk.Stack, role awsiam.Role, b batch) {
	allow(role, "Submit", []string{"batch:SubmitJob", "batch:TagResource"}, b.queue.JobQueueArn(), b.anyRevision(stack), anyJob(stack))
	// AWS knows no resource for these two actions: anything but * would deny them.
	allow(role, "Look", []string{"batch:DescribeJobs", "batch:ListJobs"}, jsii.String("*"))
}

// allowSecrets lets a role read these parameters. They are encrypted with the
// account's own key for Parameter Store, whose policy lets in who may read them.
func allowSecrets(stack awscdk.Stack, role awsiam.Role, names ...string) {
	var arns []*string
	for _, name := range names {
		arns = append(arns, stack.FormatArn(&awscdk.ArnComponents{
			Service: jsii.String("ssm"), Resource: jsii.String("parameter"), ResourceName: jsii.String(name[1:]),
		}))
	}
	allow(role, "Secrets", []string{"ssm:GetParameters"}, arns...)
}

// newLog makes a log group of our own: those that services make are kept for ever.
func newLog(stack awscdk.Stack, id string) awslogs.LogGroup {
	return awslogs.NewLogGroup(stack, jsii.String(id), &awslogs.LogGroupProps{
		Retention: awslogs.RetentionDays_ONE_MONTH, RemovalPolicy: awscdk.RemovalPolicy_DESTROY,
	})
}
