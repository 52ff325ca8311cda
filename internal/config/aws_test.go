package config_test

import (
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/config"
)

func TestReadAWS(t *testing.T) {
	t.Parallel()
	stores := []string{"DYNAMODB_JOBS_TABLE=jobs", "DYNAMODB_REPOSITORIES_TABLE=tasks", "ARTIFACTS_BUCKET=documents"}
	dispatches := append(stores[:3:3], "AWS_BATCH_JOB_QUEUE=queue", "AWS_BATCH_JOB_DEFINITION=definition")
	type read func(func(string) (string, bool)) (config.Config, error)
	for name, c := range map[string]struct {
		read   read
		set    []string
		errors []string // what each line begins with; none: it is fine
	}{
		"tables and a bucket":             {config.Read, stores, nil},
		"with a queue and a definition":   {config.Read, dispatches, nil},
		"a table alone":                   {config.Read, stores[:1], []string{"DYNAMODB_REPOSITORIES_TABLE: ", "ARTIFACTS_BUCKET: "}},
		"a bucket alone":                  {config.Read, stores[2:], []string{"DYNAMODB_JOBS_TABLE: ", "DYNAMODB_REPOSITORIES_TABLE: "}},
		"a queue without a definition":    {config.Read, append(stores[:3:3], "AWS_BATCH_JOB_QUEUE=queue"), []string{"AWS_BATCH_JOB_DEFINITION: "}},
		"a queue without tables":          {config.Read, dispatches[3:], []string{"AWS_BATCH_JOB_QUEUE: workers on AWS Batch can't reach SQLite"}},
		"a secret and its parameter":      {config.Read, []string{"GITHUB_TOKEN=hunter2", "GITHUB_TOKEN_PARAMETER=/p/hunter2"}, []string{"GITHUB_TOKEN_PARAMETER: GITHUB_TOKEN is set as well"}},
		"a parameter's ARN":               {config.Read, []string{"API_TOKEN_PARAMETER=arn:aws:ssm:eu-central-1:123456789012:parameter/cody-batch/api-token"}, nil},
		"a secret in a parameter's place": {config.Read, []string{"API_TOKEN_PARAMETER=hunter2+hunter2="}, []string{"API_TOKEN_PARAMETER: want the name"}},
		"another secret in its place":     {config.Read, []string{"GITHUB_TOKEN_PARAMETER=ghp_hunter2"}, []string{"GITHUB_TOKEN_PARAMETER: want the name"}},
		"a function with everything":      {config.ReadLambda, dispatches, nil},
		"a function with nothing": {config.ReadLambda, nil, []string{
			"DYNAMODB_JOBS_TABLE: is not set", "DYNAMODB_REPOSITORIES_TABLE: ", "ARTIFACTS_BUCKET: ", "AWS_BATCH_JOB_QUEUE: ", "AWS_BATCH_JOB_DEFINITION: ",
		}},
		"a job with everything":    {config.ReadBatch, append(stores[:3:3], "CODYBATCH_MANIFEST=jobs/j/manifests/m.json"), nil},
		"a job without a manifest": {config.ReadBatch, stores, []string{"CODYBATCH_MANIFEST: is not set"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := c.read(environment(c.set...))
			if len(c.errors) == 0 {
				if err != nil {
					t.Error(err)
				}
				return
			}
			if err == nil {
				t.Fatal("no error")
			}
			lines := strings.Split(err.Error(), "\n")
			if len(lines) != len(c.errors) || strings.Contains(err.Error(), "hunter2") {
				t.Fatalf("got %q, want %q and no secret", lines, c.errors)
			}
			for i, want := range c.errors {
				if !strings.HasPrefix(lines[i], want) {
					t.Errorf("line %d is %q, want %q", i, lines[i], want)
				}
			}
		})
	}
}

func TestReadParameters(t *testing.T) {
	t.Parallel()
	got, err := config.Read(environment("GITHUB_TOKEN_PARAMETER=/a/g", "ANTHROPIC_API_KEY_PARAMETER=/a/c", "API_TOKEN_PARAMETER=/a/t"))
	if want := (config.Parameters{GitHubToken: "/a/g", ClaudeAPIKey: "/a/c", APIToken: "/a/t"}); err != nil || got.Parameters != want {
		t.Errorf("got %+v, %v, want %+v", got.Parameters, err, want)
	}
}
