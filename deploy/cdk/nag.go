package main

import (
	"strings"

	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/constructs-go/constructs/v10"
	"github.com/aws/jsii-runtime-go"
	"github.com/cdklabs/cdk-nag-go/cdknag/v2"
)

// finding is one of cdk-nag's that stands, and why.
type finding struct{ rule, reason string }

// suppress says of each finding that stands why it does. A new one fails the tests.
func suppress(stack awscdk.Stack) {
	for _, of := range []struct {
		paths    []string // of constructs below the stack; those that a deployment does not have are passed over
		findings []finding
	}{
		{[]string{"ApiRole", "ReconcilerRole", "JobRole"}, []finding{
			{"AwsSolutions-IAM5", "index/* are the indexes of our own tables, and /* the objects of our own bucket; job/* because AWS Batch names " +
				"jobs when they are submitted; :* is any revision of our own job definition; project/* because who has no project of his own is in Bedrock's default one; " +
				"DescribeJobs and ListJobs know no resource but *"},
		}},
		{[]string{"ExecutionRole"}, []finding{
			{"AwsSolutions-IAM5", "ecr:GetAuthorizationToken, which CDK grants with the image, knows no resource but *"},
		}},
		{[]string{"Compute/InstanceProfileRole"}, []finding{
			{"AwsSolutions-IAM4", "AWS keeps this policy in step with the ECS agent, whose instances it is made for; containers can't reach it (network.go)"},
		}},
		{[]string{"Network"}, []finding{
			{"AwsSolutions-VPC7", "nothing can be connected to from outside; logs of every connection to GitHub and Claude would cost more than they tell"},
		}},
		{[]string{"AccessLogs"}, []finding{
			{"AwsSolutions-S1", "it holds the access logs: logs of who wrote them would be logs of themselves"},
		}},
		{[]string{"Gateway"}, []finding{
			{"AwsSolutions-APIG2", "the handler validates every request against the API's own description, and says what is wrong with it"},
			{"AwsSolutions-APIG3", "no firewall: it costs 5 dollars a month and more at rest; the stage is throttled, and the API wants a token"},
			{"AwsSolutions-APIG4", "the handler wants a bearer token, compared in constant time; an authorizer would be a second place that knows it. Open only by --context authorization=none, which says so loudly"},
			{"AwsSolutions-COG4", "people sign in with the token of the installation, as everywhere else; Cognito would be a second directory of users"},
			{"AwsSolutions-IAM4", "the role by which API Gateway writes logs for the whole account and region, with the policy that AWS asks for"},
		}},
		{[]string{"Distribution"}, []finding{
			{"AwsSolutions-CFR1", "people work where they are"},
			{"AwsSolutions-CFR2", "no firewall: it costs 5 dollars a month and more at rest; the site is files that are public, and the API wants a token"},
			{"AwsSolutions-CFR4", "CloudFront's own certificate comes with its own choice of protocols; a domain of your own can ask for more"},
		}},
		{uploaders(stack), []finding{
			{"AwsSolutions-IAM4", "CDK's own function, which runs while a deployment uploads the site, and writes its log"},
			{"AwsSolutions-IAM5", "CDK's own function copies from the bucket of its assets into ours, and is granted what a copy takes"},
			{"AwsSolutions-L1", "CDK chooses the runtime of its own function, and tests it with that"},
		}},
	} {
		for _, path := range of.paths {
			ignore(find(stack.Node(), path), of.findings)
		}
	}
}

func ignore(construct constructs.IConstruct, findings []finding) {
	if construct == nil {
		return
	}
	var suppressions []*cdknag.NagPackSuppression
	for _, f := range findings {
		suppressions = append(suppressions, &cdknag.NagPackSuppression{Id: jsii.String(f.rule), Reason: jsii.String(f.reason)})
	}
	cdknag.NagSuppressions_AddResourceSuppressions(construct, &suppressions, jsii.Bool(true))
}

// find returns the construct at a path, or nil.
func find(node constructs.Node, path string) constructs.IConstruct {
	name, rest, isDeeper := strings.Cut(path, "/")
	child := node.TryFindChild(jsii.String(name))
	if child == nil || !isDeeper {
		return child
	}
	return find(child.Node(), rest)
}

// uploaders are the functions with which CDK uploads files; it names them by what they
// are made of.
func uploaders(stack awscdk.Stack) []string {
	var names []string
	for _, child := range *stack.Node().Children() {
		if name := *child.Node().Id(); strings.HasPrefix(name, "Custom::CDKBucketDeployment") {
			names = append(names, name)
		}
	}
	return names
}
