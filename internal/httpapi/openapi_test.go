package httpapi_test

import (
	"bytes"
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

const descriptionFile = "testdata/openapi.json"

func TestOpenAPI(t *testing.T) {
	t.Parallel()
	document, err := httpapi.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}

	t.Run("is_the_golden_file", func(t *testing.T) {
		t.Parallel()
		golden(t, descriptionFile, document)
	})

	t.Run("is_the_same_every_time", func(t *testing.T) {
		t.Parallel()
		again, err := httpapi.OpenAPI()
		if err != nil || !bytes.Equal(document, again) {
			t.Errorf("a second call gives something else (error %v)", err)
		}
	})

	t.Run("lists_the_statuses_and_outcomes_of_the_domain", func(t *testing.T) {
		t.Parallel()
		var description struct {
			Paths map[string]map[string]struct {
				OperationID string
				Summary     string
				Description string
				Parameters  []struct {
					Name   string
					Schema struct{ Enum []string }
				}
			}
		}
		if err := json.Unmarshal(document, &description); err != nil {
			t.Fatal(err)
		}
		enum := func(path, name string) []string {
			for _, p := range description.Paths[path]["get"].Parameters {
				if p.Name == name {
					return p.Schema.Enum
				}
			}
			return nil
		}
		for _, c := range []struct {
			path, name string
			want       []string
		}{
			{"/jobs", "status", texts(codybatch.JobStatuses())},
			{"/jobs/{jobId}/repositories", "status", texts(codybatch.TaskStatuses())},
			{"/jobs/{jobId}/repositories", "outcome", texts(codybatch.Outcomes())},
		} {
			if got := enum(c.path, c.name); !slices.Equal(got, c.want) {
				t.Errorf("%s?%s= lists %q, the domain %q", c.path, c.name, got, c.want)
			}
		}
		for path, operations := range description.Paths {
			for method, op := range operations {
				if op.OperationID == "" || op.Summary == "" || op.Description == "" {
					t.Errorf("%s %s is not described for people", method, path)
				}
			}
		}
	})

	t.Run("passes_a_public_validator", func(t *testing.T) {
		t.Parallel()
		validator := filepath.Join("..", "..", "tools", "node_modules", ".bin", "redocly")
		if _, err := os.Stat(validator); err != nil {
			if slices.Contains(strings.Split(os.Getenv("CODYBATCH_TEST_REQUIRE"), ","), "redocly") {
				t.Fatalf("redocly is required: %v", err)
			}
			t.Skip("redocly is not installed; run npm ci in tools")
		}
		command := exec.CommandContext(t.Context(), validator, "lint", "--format", "stylish", descriptionFile)
		command.Env = append(os.Environ(), "REDOCLY_TELEMETRY=off", "CI=true", "NO_UPDATE_NOTIFIER=1", "REDOCLY_SUPPRESS_UPDATE_NOTICE=true")
		if output, err := command.CombinedOutput(); err != nil {
			t.Errorf("redocly lint: %v\n%s", err, output)
		}
	})
}

func texts[T ~string](list []T) []string {
	out := make([]string, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}
