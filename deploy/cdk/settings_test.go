package main

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

func TestOpenMode_is_said_loudly(t *testing.T) {
	m := synth(t, openContext...)
	want(t, m.named(t, "Api", "AWS::Lambda::Function"), map[string]string{
		"Environment.Variables.API_AUTHORIZATION":    `"none"`,
		"Environment.Variables.API_TOKEN_PARAMETER":  "null",
		"Environment.Variables.CODYBATCH_VERSION":    `"v1.2-3-gabc"`,
		"Environment.Variables.ALLOWED_REPOSITORIES": `"github.com/acme/*"`,
		"Environment.Variables.CORS_ALLOWED_ORIGINS": `"https://${Distribution.DomainName},https://a.example,https://b.example"`,
	})
	if got := compact(at(m.document, "Outputs", "ApiAuthorization", "Value")); !strings.HasPrefix(got, `"NONE: `) {
		t.Errorf("the output: %s", got)
	}
	if got := compact(at(m.document, "Outputs", "SecretParameters", "Value")); strings.Contains(got, "api-token") {
		t.Errorf("the output names a token: %s", got)
	}
	if !slices.ContainsFunc(m.messages, func(message string) bool { return strings.Contains(message, "THE API IS OPEN") }) {
		t.Errorf("the synth does not warn: %q", m.messages)
	}
	for _, right := range m.rights(t, "ApiRole") {
		if strings.Contains(right, "api-token") {
			t.Errorf("the API may read a token that it does not need: %s", right)
		}
	}
	if m := synth(t); slices.ContainsFunc(m.messages, func(message string) bool { return strings.Contains(message, "OPEN") }) {
		t.Errorf("the synth warns although the API wants a token: %q", m.messages)
	}
}

func TestFargateSpotAndBedrock(t *testing.T) {
	m := synth(t, fargateContext...)
	want(t, m.named(t, "Compute", "AWS::Batch::ComputeEnvironment"), map[string]string{
		"ComputeResources.Type": `"FARGATE_SPOT"`, "ComputeResources.MaxvCpus": "16", "ComputeResources.SecurityGroupIds": `["${Workers.GroupId}"]`,
	})
	if n := len(m.ofType("AWS::EC2::LaunchTemplate")) + len(m.ofType("AWS::IAM::InstanceProfile")); n != 0 {
		t.Errorf("there are %d parts of instances", n)
	}
	want(t, m.named(t, "Worker", "AWS::Batch::JobDefinition"), map[string]string{
		"PlatformCapabilities":                     `["FARGATE"]`,
		"ContainerProperties.NetworkConfiguration": `{"AssignPublicIp":"ENABLED"}`,
		"ContainerProperties.EphemeralStorage":     `{"SizeInGiB":50}`,
		"ContainerProperties.RuntimePlatform":      `{"CpuArchitecture":"X86_64","OperatingSystemFamily":"LINUX"}`,
		"ContainerProperties.ResourceRequirements": `[{"Type":"MEMORY","Value":"4096"},{"Type":"VCPU","Value":"2"}]`,
		"ContainerProperties.Secrets":              `[{"Name":"GITHUB_TOKEN","ValueFrom":"arn:${AWS::Partition}:ssm:${AWS::Region}:${AWS::AccountId}:parameter/team/cody/github-token"}]`,
		"ContainerProperties.Environment":          `[{"Name":"ALLOWED_REPOSITORIES","Value":""},{"Name":"ARTIFACTS_BUCKET","Value":"${Artifacts}"},{"Name":"AWS_REGION","Value":"${AWS::Region}"},{"Name":"CLAUDE_PROVIDER","Value":"bedrock"},{"Name":"DYNAMODB_JOBS_TABLE","Value":"${Jobs}"},{"Name":"DYNAMODB_REPOSITORIES_TABLE","Value":"${Repositories}"}]`,
	})
	if got, want := m.rights(t, "JobRole"), "bedrock-mantle:CreateInference → arn:${AWS::Partition}:bedrock-mantle:${AWS::Region}:${AWS::AccountId}:project/*"; !slices.Contains(got, want) {
		t.Errorf("the worker may not ask Claude: %q", got)
	}
	for _, function := range []string{"Api", "Reconciler"} {
		want(t, m.named(t, function, "AWS::Lambda::Function"), map[string]string{
			"Environment.Variables.CLAUDE_PROVIDER": `"bedrock"`, "Environment.Variables.CLAUDE_API_KEY_PARAMETER": "null",
			"Environment.Variables.GITHUB_TOKEN_PARAMETER": `"/team/cody/github-token"`,
		})
	}
	if strings.Contains(string(m.text), "claude-api-key") {
		t.Error("the template names a key of Claude's")
	}
}

func TestSpot(t *testing.T) {
	want(t, synth(t, openContext...).named(t, "Compute", "AWS::Batch::ComputeEnvironment"), map[string]string{
		"ComputeResources.Type": `"SPOT"`, "ComputeResources.AllocationStrategy": `"SPOT_PRICE_CAPACITY_OPTIMIZED"`, "ComputeResources.InstanceTypes": `["optimal"]`,
	})
	want(t, synth(t).named(t, "Compute", "AWS::Batch::ComputeEnvironment"), map[string]string{"ComputeResources.AllocationStrategy": `"BEST_FIT_PROGRESSIVE"`})
}

func TestSettings_that_mean_nothing_are_told(t *testing.T) {
	says := func(message string) bool { return strings.Contains(message, "--context alow means nothing here") }
	if m := synth(t, "alow=x"); !slices.ContainsFunc(m.messages, says) {
		t.Errorf("the synth does not warn: %q", m.messages)
	}
	for _, context := range everyContext() {
		if m := synth(t, context...); slices.ContainsFunc(m.messages, func(message string) bool { return strings.Contains(message, "means nothing here") }) {
			t.Errorf("the synth warns without a reason: %q", m.messages)
		}
	}
}

func TestSettings_say_what_is_wrong(t *testing.T) {
	for context, want := range map[string]string{
		"authorization=off":                     `--context authorization: "off" is unknown; use token (the default) or none`,
		"compute=ec3":                           `--context compute: "ec3" is unknown; use ec2 (the default) or fargate`,
		"spot=yes":                              `--context spot: "yes" is unknown; use false (the default) or true`,
		"claude=vertex":                         `--context claude: "vertex" is unknown; use anthropic (the default) or bedrock`,
		"parameters=cody":                       `--context parameters: "cody": want a path such as /cody-batch`,
		"allowed-repositories=acme/*":           `--context allowed-repositories: "acme/*": want host/owner/name, for example github.com/acme/*`,
		"cors-origins=a.example":                `--context cors-origins: "a.example": want an origin such as https://cody.example`,
		"alarm-email=ops":                       `--context alarm-email: "ops" is no address of e-mail`,
		"alarm-email=Ops <ops@acme.example>":    `--context alarm-email: "Ops <ops@acme.example>" is no address of e-mail`,
		"allowed-repositories=github.com/[a/b":  `--context allowed-repositories: "github.com/[a/b": want host/owner/name`,
		"budget-usd=many":                       `--context budget-usd: "many" is no amount of US dollars`,
		"version=v1 or so":                      `--context version: "v1 or so": want at most 64 letters`,
		"budget-usd=5":                          `--context budget-usd: nobody would be told; add --context alarm-email=you@example.com`,
		"cors-origins=https://a.example/path,*": `--context cors-origins: "https://a.example/path": want an origin such as https://cody.example`,
	} {
		cache.Lock()
		_, err := readSettings(newApp(t, context).Node())
		cache.Unlock()
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\n got: %v\nwant: %s", context, err, want)
		}
	}
}

func TestPackages_that_are_missing_are_named(t *testing.T) {
	folder := somePackages(t, "x")
	if err := checkPackages(folder); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(folder, "batch", "batch")); err != nil {
		t.Fatal(err)
	}
	err := checkPackages(folder)
	if err == nil || !strings.Contains(err.Error(), "the package batch is not built: run `npx nx run-many -t build` first") {
		t.Errorf("got: %v", err)
	}
}
