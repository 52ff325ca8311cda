package main

import "testing"

func TestCompute(t *testing.T) {
	m := synth(t)
	want(t, m.named(t, "Compute", "AWS::Batch::ComputeEnvironment"), map[string]string{
		"Type": `"managed"`, "State": `"ENABLED"`, "ServiceRole": "null",
		"ComputeResources.Type": `"EC2"`, "ComputeResources.MinvCpus": "0", "ComputeResources.MaxvCpus": "16",
		"ComputeResources.InstanceTypes": `["optimal"]`, "ComputeResources.Ec2Configuration": `[{"ImageType":"ECS_AL2023"}]`,
		"ComputeResources.SecurityGroupIds": `["${Workers.GroupId}"]`,
		"ComputeResources.LaunchTemplate":   `{"LaunchTemplateId":"${Machine}","Version":"${Machine.LatestVersionNumber}"}`,
	})
	want(t, m.named(t, "Queue", "AWS::Batch::JobQueue"), map[string]string{
		"Priority": "1", "ComputeEnvironmentOrder": `[{"ComputeEnvironment":"${Compute.ComputeEnvironmentArn}","Order":1}]`,
		"JobStateTimeLimitActions": `[{"Action":"CANCEL","MaxTimeSeconds":3600,"Reason":"MISCONFIGURATION:COMPUTE_ENVIRONMENT_MAX_RESOURCE","State":"RUNNABLE"},` +
			`{"Action":"CANCEL","MaxTimeSeconds":3600,"Reason":"MISCONFIGURATION:JOB_RESOURCE_REQUIREMENT","State":"RUNNABLE"}]`,
	})
	want(t, m.named(t, "Machine", "AWS::EC2::LaunchTemplate"), map[string]string{
		"LaunchTemplateData.MetadataOptions":     `{"HttpPutResponseHopLimit":1,"HttpTokens":"required"}`,
		"LaunchTemplateData.BlockDeviceMappings": `[{"DeviceName":"/dev/xvda","Ebs":{"DeleteOnTermination":true,"Encrypted":true,"VolumeSize":100,"VolumeType":"gp3"}}]`,
	})
}

func TestNetwork_lets_nothing_in(t *testing.T) {
	m := synth(t)
	want(t, m.named(t, "Workers", "AWS::EC2::SecurityGroup"), map[string]string{
		"SecurityGroupEgress":  `[{"CidrIp":"0.0.0.0/0","Description":"Allow all outbound traffic by default","IpProtocol":"-1"}]`,
		"SecurityGroupIngress": "null",
	})
	for _, kind := range []string{"AWS::EC2::SecurityGroupIngress", "AWS::EC2::NatGateway", "AWS::EC2::EIP"} {
		if n := len(m.ofType(kind)); n != 0 {
			t.Errorf("%d of %s", n, kind)
		}
	}
	if n := len(m.ofType("Custom::VpcRestrictDefaultSG")); n != 1 {
		t.Errorf("the default security group keeps its rules")
	}
	if n := len(m.ofType("AWS::EC2::VPCEndpoint")); n != 2 {
		t.Errorf("%d endpoints, want those of S3 and DynamoDB", n)
	}
}

func TestJobDefinition(t *testing.T) {
	m := synth(t)
	want(t, m.named(t, "Worker", "AWS::Batch::JobDefinition"), map[string]string{
		"Type": `"container"`, "PlatformCapabilities": `["EC2"]`,
		"ContainerProperties.Image":                `{"Fn::Sub":"${AWS::AccountId}.dkr.ecr.${AWS::Region}.${AWS::URLSuffix}/cdk-hnb659fds-container-assets-${AWS::AccountId}-${AWS::Region}:` + imageTag(t, m) + `"}`,
		"ContainerProperties.ResourceRequirements": `[{"Type":"MEMORY","Value":"4096"},{"Type":"VCPU","Value":"2"}]`,
		"ContainerProperties.User":                 `"10001"`,
		"ContainerProperties.Privileged":           "null",
		"ContainerProperties.LinuxParameters":      `{"InitProcessEnabled":true}`,
		"ContainerProperties.JobRoleArn":           `"${JobRole.Arn}"`,
		"ContainerProperties.ExecutionRoleArn":     `"${ExecutionRole.Arn}"`,
		"ContainerProperties.Environment": `[{"Name":"ALLOWED_REPOSITORIES","Value":""},{"Name":"ARTIFACTS_BUCKET","Value":"${Artifacts}"},` +
			`{"Name":"AWS_REGION","Value":"${AWS::Region}"},{"Name":"DYNAMODB_JOBS_TABLE","Value":"${Jobs}"},{"Name":"DYNAMODB_REPOSITORIES_TABLE","Value":"${Repositories}"}]`,
		"ContainerProperties.Secrets": `[{"Name":"CLAUDE_API_KEY","ValueFrom":"arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/cody-batch/claude-api-key"},` +
			`{"Name":"GITHUB_TOKEN","ValueFrom":"arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/cody-batch/github-token"}]`,
		"ContainerProperties.LogConfiguration.Options.awslogs-group": `"${WorkerLog}"`,
		"RetryStrategy": `{"Attempts":5,"EvaluateOnExit":[{"Action":"RETRY","OnStatusReason":"Host EC2*"},{"Action":"RETRY","OnStatusReason":"Your Spot Task was interrupted*"},` +
			`{"Action":"RETRY","OnReason":"CannotPullContainerError:*"},{"Action":"RETRY","OnExitCode":"75"},{"Action":"EXIT","OnReason":"*"}]}`,
		"Timeout":                 `{"AttemptDurationSeconds":90000}`,
		"ResourceRetentionPolicy": `{"SkipDeregisterOnUpdate":true}`,
	})
	want(t, m.named(t, "WorkerLog", "AWS::Logs::LogGroup"), map[string]string{"RetentionInDays": "30"})
}

// imageTag is the fingerprint of the image's folder.
func imageTag(t *testing.T, m template) string {
	t.Helper()
	image := compact(at(m.named(t, "Worker", "AWS::Batch::JobDefinition"), "Properties", "ContainerProperties", "Image"))
	return assetHash.FindString(image)
}
