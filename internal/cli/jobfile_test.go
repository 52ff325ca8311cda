package cli

import (
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func TestReadJobFile(t *testing.T) {
	t.Parallel()

	t.Run("reads YAML", func(t *testing.T) {
		t.Parallel()
		file, err := readJobFile("-", strings.NewReader("name: a\nprompt: |\n  do\n  this\nrepositories: [acme/site]\nagent:\n  maxCostUsd: 1.5\n"))
		if err != nil {
			t.Fatal(err)
		}
		if file.spec.Prompt != "do\nthis\n" || file.spec.Repositories[0] != "acme/site" || *file.spec.Agent.MaxCost != codybatch.USD(1.5) {
			t.Errorf("got %+v", file.spec)
		}
	})

	t.Run("reads JSON", func(t *testing.T) {
		t.Parallel()
		file, err := readJobFile("-", strings.NewReader(`{"name": "a", "repositories": ["acme/site"]}`))
		if err != nil || file.spec.Name != "a" {
			t.Errorf("got %+v, %v", file.spec, err)
		}
	})

	for name, c := range map[string]struct{ text, want string }{
		"an unknown field":     {"name: a\nagent:\n  maxCost: 2\n", "standard input:3: agent.maxCost: is not a known field"},
		"a wrong type":         {"name: a\nverify: go test\n", "standard input:2: verify: must be a list, not a string"},
		"an entry of a list":   {"repositories:\n  - acme/site\n  - 7\n", "standard input:3: repositories[1]: must be a string, not a number"},
		"a field given twice":  {"name: a\nname: b\n", `standard input: line 2: key "name" already set in map`},
		"broken YAML":          {"name: a\n\tprompt: b\n", "standard input: line 2: found a tab character"},
		"a list for a job":     {"- a\n", "standard input:1: the job must be an object, not a list"},
		"a second document":    {"name: a\n---\nname: b\n", "standard input holds more than one document"},
		"nothing at all":       {"", "standard input: the job must be an object, not null"},
		"more than a job is":   {"name: " + strings.Repeat("x", maxJobFile), "standard input is larger than 1048576 bytes"},
		"a bomb of references": {"a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n", "standard input: document contains excessive aliasing"},
	} {
		t.Run("refuses "+name, func(t *testing.T) {
			t.Parallel()
			_, err := readJobFile("-", strings.NewReader(c.text))
			if err == nil || !strings.Contains(message(err), c.want) {
				t.Errorf("got %v, want %s…", err, c.want)
			}
		})
	}

	t.Run("finds the line of what the service objects to", func(t *testing.T) {
		t.Parallel()
		file, err := readJobFile("-", strings.NewReader("name: a\nrepositories:\n  - acme/site\n  - acme/Site\n"))
		if err != nil {
			t.Fatal(err)
		}
		err = file.explain(file.spec.WithDefaults().Validate())
		want := "2 fields can't be accepted\n  standard input:1: prompt: must not be empty\n" +
			`  standard input:4: repositories[1]: "acme/Site" is the same repository as repositories[0]; forges ignore case`
		if err == nil || message(err) != want {
			t.Errorf("got %v, want %s", message(err), want)
		}
	})
}
