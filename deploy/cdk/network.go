package main

import (
	"github.com/aws/aws-cdk-go/awscdk/v2"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsbatch"
	"github.com/aws/aws-cdk-go/awscdk/v2/awsec2"
	"github.com/aws/jsii-runtime-go"
)

const (
	mostProcessors = 16  // vCPUs, as planned: eight repositories at once
	diskGiB        = 100 // of an instance: clones, tools and caches of up to eight workers
)

// network is where workers run: two public subnets that nothing can be connected to
// from outside, so that no NAT gateway costs 32 dollars a month beside an idle stack.
// Rows and documents go by gateway endpoints, which are free.
type network struct {
	vpc   awsec2.Vpc
	group awsec2.SecurityGroup
}

func newNetwork(stack awscdk.Stack) network {
	n := network{vpc: awsec2.NewVpc(stack, jsii.String("Network"), &awsec2.VpcProps{
		MaxAzs:      jsii.Number(2),
		NatGateways: jsii.Number(0),
		SubnetConfiguration: &[]*awsec2.SubnetConfiguration{{
			Name: jsii.String("workers"), SubnetType: awsec2.SubnetType_PUBLIC, MapPublicIpOnLaunch: jsii.Bool(true),
		}},
		GatewayEndpoints: &map[string]*awsec2.GatewayVpcEndpointOptions{
			"S3":       {Service: awsec2.GatewayVpcEndpointAwsService_S3()},
			"DynamoDB": {Service: awsec2.GatewayVpcEndpointAwsService_DYNAMODB()},
		},
		RestrictDefaultSecurityGroup: jsii.Bool(true),
	})}
	n.group = awsec2.NewSecurityGroup(stack, jsii.String("Workers"), &awsec2.SecurityGroupProps{
		Vpc:         n.vpc,
		Description: jsii.String("Workers of Cody Batch: out to everywhere, in from nowhere"),
		// The default group has no rules left, and would let nothing out.
		AllowAllOutbound: jsii.Bool(true),
	})
	return n
}

// newComputeEnvironment makes the machines: none while nothing runs.
func newComputeEnvironment(stack awscdk.Stack, n network, s settings) awsbatch.IManagedComputeEnvironment {
	subnets := &awsec2.SubnetSelection{SubnetType: awsec2.SubnetType_PUBLIC}
	if s.fargate {
		return awsbatch.NewFargateComputeEnvironment(stack, jsii.String("Compute"), &awsbatch.FargateComputeEnvironmentProps{
			Vpc: n.vpc, VpcSubnets: subnets, SecurityGroups: &[]awsec2.ISecurityGroup{n.group},
			MaxvCpus: jsii.Number(mostProcessors), Spot: jsii.Bool(s.spot),
		})
	}
	template := newLaunchTemplate(stack)
	compute := awsbatch.NewManagedEc2EcsComputeEnvironment(stack, jsii.String("Compute"), &awsbatch.ManagedEc2EcsComputeEnvironmentProps{
		Vpc: n.vpc, VpcSubnets: subnets, SecurityGroups: &[]awsec2.ISecurityGroup{n.group},
		MinvCpus: jsii.Number(0), MaxvCpus: jsii.Number(mostProcessors), Spot: jsii.Bool(s.spot),
		UseOptimalInstanceClasses:  jsii.Bool(true),
		Images:                     &[]*awsbatch.EcsMachineImage{{ImageType: awsbatch.EcsMachineImageType_ECS_AL2023}},
		UpdateToLatestImageVersion: jsii.Bool(true),
		LaunchTemplate:             template,
	})
	// Without a version AWS Batch stays with the first one, whatever is deployed later.
	compute.Node().DefaultChild().(awsbatch.CfnComputeEnvironment).AddPropertyOverride(
		jsii.String("ComputeResources.LaunchTemplate.Version"), template.LatestVersionNumber())
	return compute
}

// newLaunchTemplate is what AWS Batch's own template lacks: an encrypted disk that is
// large enough, and instances that keep their own role to themselves.
func newLaunchTemplate(stack awscdk.Stack) awsec2.LaunchTemplate {
	// AWS Batch runs containers in the instance's own network, so that a limit of hops
	// does not keep them from the metadata service, and from the instance's
	// credentials there. Workers are not root, and need neither: their own role comes
	// from another address.
	commands := awsec2.UserData_ForLinux(nil)
	commands.AddCommands(jsii.String("iptables --insert OUTPUT --destination 169.254.169.254 --match owner ! --uid-owner 0 --jump REJECT"))
	userData := awsec2.NewMultipartUserData(nil) // the form that AWS Batch asks for
	userData.AddUserDataPart(commands, awsec2.MultipartBody_SHELL_SCRIPT(), jsii.Bool(true))
	return awsec2.NewLaunchTemplate(stack, jsii.String("Machine"), &awsec2.LaunchTemplateProps{
		HttpTokens:              awsec2.LaunchTemplateHttpTokens_REQUIRED,
		HttpPutResponseHopLimit: jsii.Number(1),
		UserData:                userData,
		BlockDevices: &[]*awsec2.BlockDevice{{
			DeviceName: jsii.String("/dev/xvda"),
			Volume: awsec2.BlockDeviceVolume_Ebs(jsii.Number(diskGiB), &awsec2.EbsDeviceOptions{
				VolumeType: awsec2.EbsDeviceVolumeType_GP3, Encrypted: jsii.Bool(true), DeleteOnTermination: jsii.Bool(true),
			}),
		}},
	})
}
