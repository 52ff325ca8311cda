package config_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/config"
)

func environment(pairs ...string) func(string) (string, bool) {
	values := map[string]string{}
	for _, pair := range pairs {
		name, value, _ := strings.Cut(pair, "=")
		values[name] = value
	}
	return func(name string) (string, bool) {
		value, ok := values[name]
		return value, ok
	}
}

func TestRead(t *testing.T) {
	t.Parallel()

	t.Run("takes every variable", func(t *testing.T) {
		t.Parallel()
		got, err := config.Read(environment(
			"GITHUB_TOKEN=gh", "GITHUB_API_URL=https://github.example/api/v3/", "CLAUDE_API_KEY=claude",
			"ANTHROPIC_BASE_URL=http://127.0.0.1:9", "CLAUDE_CODE_PATH=/opt/claude", "ALLOWED_REPOSITORIES=github.com/acme/*, local/acme/site",
			"API_TOKEN=token\n", "API_AUTHORIZATION=none", "CORS_ALLOWED_ORIGINS=https://a.example, http://b.example:81/",
			"SANDBOX=require", "SANDBOX_READ=/srv/sdk:/srv/data", "SANDBOX_WRITE=/tmp",
			"DYNAMODB_JOBS_TABLE=jobs", "DYNAMODB_REPOSITORIES_TABLE=tasks", "ARTIFACTS_BUCKET=documents",
			"AWS_BATCH_JOB_QUEUE=queue", "AWS_BATCH_JOB_DEFINITION=definition:3",
			"HOME=/home/me"))
		if err != nil {
			t.Fatal(err)
		}
		want := config.Config{
			AWS:         config.AWS{JobsTable: "jobs", RepositoriesTable: "tasks", ArtifactsBucket: "documents", JobQueue: "queue", JobDefinition: "definition:3"},
			GitHubToken: config.NewSecret("gh"), GitHubAPIURL: "https://github.example/api/v3",
			ClaudeAPIKey: config.NewSecret("claude"), AnthropicBaseURL: "http://127.0.0.1:9",
			ClaudeCodePath:      "/opt/claude",
			AllowedRepositories: "github.com/acme/*, local/acme/site", APIToken: config.NewSecret("token"), OpenToAll: true,
			CORSAllowedOrigins: []string{"https://a.example", "http://b.example:81"},
			Sandbox:            config.SandboxRequire, SandboxRead: []string{"/srv/sdk", "/srv/data"}, SandboxWrite: []string{"/tmp"},
			DataHome: "/home/me/.local/share",
		}
		if !reflect.DeepEqual(got, want) {
			t.Errorf("got %+v with token %q, want %+v", got, got.APIToken.Reveal(), want)
		}
	})

	t.Run("is content with an empty environment", func(t *testing.T) {
		t.Parallel()
		got, err := config.Read(environment())
		if err != nil || !reflect.DeepEqual(got, config.Config{}) {
			t.Errorf("got %+v, %v", got, err)
		}
	})

	t.Run("prefers CLAUDE_API_KEY to ANTHROPIC_API_KEY", func(t *testing.T) {
		t.Parallel()
		for want, lookup := range map[string]func(string) (string, bool){
			"first":  environment("CLAUDE_API_KEY=first", "ANTHROPIC_API_KEY=second"),
			"second": environment("CLAUDE_API_KEY=", "ANTHROPIC_API_KEY=second"),
		} {
			got, err := config.Read(lookup)
			if err != nil || got.ClaudeAPIKey.Reveal() != want {
				t.Errorf("got %q, %v, want %q", got.ClaudeAPIKey.Reveal(), err, want)
			}
		}
	})

	t.Run("reports all problems at once, by variable, without secrets", func(t *testing.T) {
		t.Parallel()
		_, err := config.Read(environment(
			"GITHUB_TOKEN=hunter2 hunter2", "GITHUB_API_URL=https://me:hunter2@github.example", "ANTHROPIC_BASE_URL=nowhere",
			"ALLOWED_REPOSITORIES=acme/site,github.com/[/x", "API_AUTHORIZATION=maybe", "CORS_ALLOWED_ORIGINS=https://a.example/path",
			"SANDBOX=maybe", "SANDBOX_WRITE=build",
			"DYNAMODB_JOBS_TABLE=jobs", "AWS_BATCH_JOB_QUEUE=queue", "CLAUDE_API_KEY_PARAMETER=hunter2 is the key"))
		if err == nil {
			t.Fatal("no error")
		}
		for _, name := range []string{
			"GITHUB_TOKEN", "GITHUB_API_URL", "ANTHROPIC_BASE_URL", "ALLOWED_REPOSITORIES", "API_AUTHORIZATION",
			"CORS_ALLOWED_ORIGINS", "SANDBOX", "SANDBOX_WRITE", "DYNAMODB_REPOSITORIES_TABLE", "ARTIFACTS_BUCKET", "AWS_BATCH_JOB_DEFINITION", "CLAUDE_API_KEY_PARAMETER",
		} {
			if !strings.Contains(err.Error(), name+": ") {
				t.Errorf("error does not name %s: %v", name, err)
			}
		}
		if strings.Contains(err.Error(), "hunter2") {
			t.Errorf("error holds a secret: %v", err)
		}
		if n := strings.Count(err.Error(), "\n"); n != 12 { // thirteen problems: both patterns count
			t.Errorf("error has %d lines, want 13: %v", n+1, err)
		}
	})

	t.Run("takes a relative XDG_DATA_HOME for none, as its specification says", func(t *testing.T) {
		t.Parallel()
		got, err := config.Read(environment("XDG_DATA_HOME=data", "HOME=/home/me"))
		if err != nil || got.DataHome != "/home/me/.local/share" {
			t.Errorf("got %q, %v", got.DataHome, err)
		}
	})
}

func TestReadConfinement(t *testing.T) {
	t.Parallel()
	for variable, want := range map[string]config.Config{
		"SANDBOX_NETWORK=off":    {SandboxNoNetwork: true},
		"SANDBOX_NETWORK=on":     {},
		"SANDBOX_NETWORK= off\n": {SandboxNoNetwork: true},
		"SANDBOX_UID=auto":       {SandboxUID: -1},
		"SANDBOX_UID=off":        {},
		"SANDBOX_UID=1234":       {SandboxUID: 1234},
		"SANDBOX_MEMORY=4GiB":    {SandboxMemory: 4 << 30},
		"SANDBOX_MEMORY=512 MiB": {SandboxMemory: 512 << 20},
	} {
		if got, err := config.Read(environment(variable)); err != nil || !reflect.DeepEqual(got, want) {
			t.Errorf("%s: got %+v, %v", variable, got, err)
		}
	}
	for name, values := range map[string][]string{
		"SANDBOX_NETWORK": {"none", "OFF", "0"},
		"SANDBOX_UID":     {"0", "root", "-1", "-5", "4294967296", "1.5", "auto,1"},
		"SANDBOX_MEMORY":  {"0", "67108864", "63MiB", "4GB", "-4GiB", "GiB", "0.5GiB", "1KiB", "99999999999GiB", "9999999999999999999999"},
	} {
		for _, value := range values {
			if _, err := config.Read(environment(name + "=" + value)); err == nil || !strings.Contains(err.Error(), name+": ") {
				t.Errorf("%s=%s: got %v", name, value, err)
			}
		}
	}
}

func TestReadProvider(t *testing.T) {
	t.Parallel()
	got, err := config.Read(environment("CLAUDE_PROVIDER=bedrock", "AWS_REGION=eu-central-1"))
	if err != nil || !got.Bedrock || got.AWSRegion != "eu-central-1" {
		t.Errorf("got %+v, %v", got, err)
	}
	if got, err := config.Read(environment("CLAUDE_PROVIDER=anthropic", "AWS_REGION=wherever")); err != nil || got.Bedrock {
		t.Errorf("got %+v, %v", got, err) // without Bedrock the region is somebody else's
	}
	for _, wrong := range [][]string{
		{"CLAUDE_PROVIDER=bedrock"}, {"CLAUDE_PROVIDER=bedrock", "AWS_REGION=evil.example/"}, {"CLAUDE_PROVIDER=vertex"},
	} {
		if _, err := config.Read(environment(wrong...)); err == nil || !strings.Contains(err.Error(), "CLAUDE_PROVIDER") {
			t.Errorf("%q: got %v", wrong, err)
		}
	}
}

func TestReadClient(t *testing.T) {
	t.Parallel()
	got, err := config.ReadClient(environment("CODYBATCH_SERVER=http://127.0.0.1:8080/", "API_TOKEN=token", "DYNAMODB_JOBS_TABLE=jobs"))
	if err != nil || got.Server != "http://127.0.0.1:8080" || got.APIToken.Reveal() != "token" {
		t.Errorf("got %+v, %v", got, err)
	}
	if _, err := config.ReadClient(environment("CODYBATCH_SERVER=127.0.0.1:8080")); err == nil || !strings.Contains(err.Error(), "CODYBATCH_SERVER") {
		t.Errorf("got %v, want an error that names CODYBATCH_SERVER", err)
	}
}

func TestSecret(t *testing.T) {
	t.Parallel()
	const value = "hunter2"
	secret := config.NewSecret(value)
	holder := struct {
		Open   config.Secret
		hidden config.Secret
		list   []config.Secret
	}{secret, secret, []config.Secret{secret}}

	var printed bytes.Buffer
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%d"} {
		for _, what := range []any{secret, &secret, holder, &holder, []any{secret}, map[string]config.Secret{"k": secret}} {
			fmt.Fprintf(&printed, verb+"\n", what)
		}
		if got := fmt.Sprintf(verb, secret); got != "[redacted]" {
			t.Errorf("%s prints %q", verb, got)
		}
	}
	slog.New(slog.NewTextHandler(&printed, nil)).Info("text", "secret", secret, "holder", holder)
	slog.New(slog.NewJSONHandler(&printed, nil)).Info("json", "secret", secret, "holder", holder)
	for _, what := range []any{secret, holder, map[config.Secret]int{secret: 1}} {
		document, err := json.Marshal(what)
		if err != nil {
			t.Fatal(err)
		}
		printed.Write(document)
	}
	if strings.Contains(printed.String(), value) || strings.Contains(printed.String(), fmt.Sprintf("%x", value)) {
		t.Errorf("the secret got out:\n%s", printed.String())
	}
	if secret.Reveal() != value || !secret.IsSet() || (config.Secret{}).IsSet() || (config.Secret{}).Reveal() != "" {
		t.Error("the secret is not what was put in")
	}
}
