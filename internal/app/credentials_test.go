package app

import (
	"slices"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/config"
)

func TestSecretsAreAllThatTheProcessHas(t *testing.T) {
	t.Parallel()
	values := map[string]string{
		"GITHUB_TOKEN": "of-github", "CLAUDE_API_KEY": "of-claude", "API_TOKEN": "of-the-api",
		"AWS_SECRET_ACCESS_KEY": "of-aws", "AWS_SESSION_TOKEN": "of-a-session", "AWS_BEARER_TOKEN_BEDROCK": "of-bedrock",
	}
	c, err := config.Read(func(name string) (string, bool) {
		value, ok := values[name]
		return value, ok
	})
	if err != nil {
		t.Fatal(err)
	}
	got := secrets(c)
	for name, value := range values {
		if !slices.Contains(got, value) {
			t.Errorf("%s may be stored", name)
		}
	}
}
