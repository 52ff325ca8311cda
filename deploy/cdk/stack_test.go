package main

import (
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// The contexts that are tried beside the default.
var (
	openContext    = []string{"authorization=none", "allowed-repositories=github.com/acme/*", "cors-origins=https://a.example, https://b.example", "alarm-email=ops@acme.example", "budget-usd=200", "spot=true", "version=v1.2-3-gabc"}
	fargateContext = []string{"compute=fargate", "spot=true", "claude=bedrock", "parameters=/team/cody"}
)

func everyContext() [][]string { return [][]string{nil, openContext, fargateContext} }

func TestOutputs(t *testing.T) {
	m := synth(t)
	outputs := maps.Clone(m.document["Outputs"].(object))
	for name, want := range map[string]string{
		// The plan's.
		"ApiUrl":                `"https://${Gateway}.execute-api.${AWS::Region}.${AWS::URLSuffix}/${GatewayDeploymentStageprod}/"`,
		"FrontendUrl":           `"https://${Distribution.DomainName}"`,
		"JobsTableName":         `"${Jobs}"`,
		"RepositoriesTableName": `"${Repositories}"`,
		"JobQueueArn":           `"${Queue.JobQueueArn}"`,
		"JobDefinitionArn":      `"${Worker}"`,
		// Ours.
		"ArtifactsBucketName":    `"${Artifacts}"`,
		"SiteBucketName":         `"${Site}"`,
		"WorkerLogGroupName":     `"${WorkerLog}"`,
		"ApiLogGroupName":        `"${ApiLog}"`,
		"ReconcilerLogGroupName": `"${ReconcilerLog}"`,
		"DeadLetterQueueUrl":     `"${DeadLetters}"`,
		"AlarmTopicArn":          `"${Alarms}"`,
		"SecretParameters":       `"/cody-batch/github-token /cody-batch/claude-api-key /cody-batch/api-token"`,
		"ApiAuthorization":       `"token: Authorization: Bearer, with the value of /cody-batch/api-token"`,
	} {
		if got := compact(at(outputs, name, "Value")); got != want {
			t.Errorf("%s\n got: %s\nwant: %s", name, got, want)
		}
		if at(outputs, name, "Description") == nil {
			t.Errorf("%s is not described", name)
		}
		delete(outputs, name)
	}
	if len(outputs) > 0 {
		t.Errorf("outputs that nobody expects: %v", slices.Collect(maps.Keys(outputs)))
	}
}

func TestTags(t *testing.T) {
	m := synth(t)
	for name, kind := range map[string]string{
		"Jobs": "AWS::DynamoDB::Table", "Artifacts": "AWS::S3::Bucket", "Api": "AWS::Lambda::Function", "Network": "AWS::EC2::VPC",
		"Compute": "AWS::Batch::ComputeEnvironment", "Worker": "AWS::Batch::JobDefinition", "Distribution": "AWS::CloudFront::Distribution",
	} {
		if tags := compact(at(m.named(t, name, kind), "Properties", "Tags")); !strings.Contains(tags, "cody-batch") {
			t.Errorf("%s has no tag: %s", name, tags)
		}
	}
}

// A new finding of cdk-nag is an error here, and one that stands has its reason in nag.go.
func TestNag(t *testing.T) {
	for _, context := range everyContext() {
		for _, message := range synth(t, context...).messages {
			if strings.Contains(message, "AwsSolutions") || strings.HasPrefix(message, "error") {
				t.Errorf("%v: %s", context, message)
			}
		}
		suppressions := 0
		for id, resource := range synth(t, context...).document["Resources"].(object) {
			rules, _ := at(resource, "Metadata", "cdk_nag", "rules_to_suppress").([]any)
			for _, rule := range rules {
				suppressions++
				if reason, _ := at(rule, "reason").(string); len(reason) < len("people work where they are") {
					t.Errorf("%s: %v stands without a reason: %q", id, at(rule, "id"), reason)
				}
			}
		}
		if suppressions == 0 {
			t.Error("no suppression was found, though there are some")
		}
	}
}

// CloudFormation refuses resources that need each other; CDK does not see all of them.
func TestNoResourceNeedsItself(t *testing.T) {
	for _, context := range everyContext() {
		resources := synth(t, context...).document["Resources"].(object)
		needs := map[string][]string{}
		for id, resource := range resources {
			needs[id] = references(resources, resource)
		}
		done := map[string]int{} // 1: on the way, 2: seen to the end
		var visit func(id string, way []string)
		visit = func(id string, way []string) {
			if done[id] == 1 {
				t.Errorf("%v: %s", context, strings.Join(append(way, id), " needs "))
			}
			if done[id] != 0 {
				return
			}
			done[id] = 1
			for _, next := range needs[id] {
				visit(next, append(way, id))
			}
			done[id] = 2
		}
		for _, id := range slices.Sorted(maps.Keys(needs)) {
			visit(id, nil)
		}
	}
}

// references lists the resources that a value names, in whatever way.
func references(resources object, value any) []string {
	var found []string
	add := func(name any) {
		text, _ := name.(string)
		if resource, _, _ := strings.Cut(text, "."); resources[resource] != nil {
			found = append(found, resource)
		}
	}
	switch value := value.(type) {
	case object:
		for name, member := range value {
			switch name {
			case "Ref":
				add(member)
			case "Fn::GetAtt":
				add(at(member, 0))
			case "Fn::Sub":
				for piece := range strings.SplitSeq(compact(member), "${") {
					name, _, _ := strings.Cut(piece, "}")
					add(name)
				}
			case "DependsOn":
				dependencies, isList := member.([]any)
				if !isList {
					dependencies = []any{member}
				}
				for _, dependency := range dependencies {
					add(dependency)
				}
			}
			found = append(found, references(resources, member)...)
		}
	case []any:
		for _, member := range value {
			found = append(found, references(resources, member)...)
		}
	}
	return found
}

func TestLint(t *testing.T) {
	program := filepath.Join("..", "..", "tools", "aws", "python", "bin", "cfn-lint")
	if _, err := os.Stat(program); err != nil {
		message := "cfn-lint is not installed: run make aws-emulators"
		if slices.Contains(strings.Split(os.Getenv("CODYBATCH_TEST_REQUIRE"), ","), "cfn-lint") {
			t.Fatal(message)
		}
		t.Skip(message)
	}
	arguments := []string{"--regions", "eu-central-1", "--non-zero-exit-code", "error", "--"}
	folder := t.TempDir()
	for i, context := range everyContext() {
		file := filepath.Join(folder, strings.Join([]string{"template", strconv.Itoa(i), "json"}, "."))
		if err := os.WriteFile(file, synth(t, context...).text, 0o600); err != nil {
			t.Fatal(err)
		}
		arguments = append(arguments, file)
	}
	// Warnings are about CDK's own style; errors are what CloudFormation refuses.
	if out, err := exec.CommandContext(t.Context(), program, arguments...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}
