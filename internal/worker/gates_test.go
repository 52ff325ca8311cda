package worker_test

import (
	"context"
	"encoding/json"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/worker"
)

func TestGates(t *testing.T) {
	t.Parallel()
	tests := map[string]struct {
		script string
		rule   string
		level  codybatch.GateLevel
	}{
		"a link to the system":       {"ln -s /etc/passwd p", "symlink_escape", codybatch.GateBlock},
		"a link that climbs":         {"mkdir d; ln -s ../../x d/p", "symlink_escape", codybatch.GateBlock},
		"a link over a link":         {"mkdir -p a/b; ln -s ../.. a/b/c; ln -s c/../outside a/b/esc", "symlink_escape", codybatch.GateBlock},
		"a renamed test":             {"mv a_test.go a.go.txt", "deleted_tests", codybatch.GateWarn},
		"a test made a link":         {"ln -sf a.txt a_test.go", "deleted_tests", codybatch.GateWarn},
		"a credential":               {"echo 'key = \"ghp_" + strings.Repeat("a", 36) + "\"' > c.txt", "secret", codybatch.GateBlock},
		"a workflow, by a script":    {"mkdir -p .github/workflows; echo on: > .github/workflows/x.yml", "protected_path", codybatch.GateWarn},
		"a link to a folder of ours": {"ln -s d .claude", "protected_path", codybatch.GateWarn},
		"a deleted test":             {"rm a_test.go", "deleted_tests", codybatch.GateWarn},
		"a skipped test":             {"echo 'func x(t T) { t.Skip() }' >> a_test.go", "skipped_tests", codybatch.GateWarn},
		"a silenced linter":          {"echo 'x() //nolint' > b.go", "suppression", codybatch.GateWarn},
		"a binary":                   {"printf 'a\\0b' > blob", "binary", codybatch.GateWarn},
		"a test with another name":   {"mv a_test.go b_test.go; printf 'a\\0b' > blob", "binary", codybatch.GateWarn},
		"many files":                 {"for i in $(seq 101); do echo $i > f$i; done", "many_files", codybatch.GateWarn},
		"a large diff by a script":   {"yes 'a line of some length to fill the file with' | head -c 5000000 > big.txt", "large_diff", codybatch.GateWarn},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.repository("site", map[string]string{"a.txt": "x\n", "a_test.go": "package a\n"})
			task := w.runOne(scriptJob(test.script, "site"))
			want := codybatch.OutcomeChanged
			if test.level == codybatch.GateBlock {
				want = codybatch.OutcomeGateBlocked
			}
			wantOutcome(t, task, want)
			if len(task.Gates) != 1 || task.Gates[0].Rule != test.rule || task.Gates[0].Level != test.level {
				t.Errorf("got %+v", task.Gates)
			}
			if !task.HasDiff {
				t.Error("the diff was not kept")
			}
		})
	}

	t.Run("a link inside the repository is fine", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.repository("site", map[string]string{"d/a.txt": "x\n"})
		if task := w.runOne(scriptJob("ln -s ../d/a.txt d/b", "site")); len(task.Gates) != 0 {
			t.Errorf("got %+v", task.Gates)
		}
	})

	t.Run("a model must not touch workflows, unless the prompt names them", func(t *testing.T) {
		t.Parallel()
		agent := &scripted{rounds: []func(context.Context, codybatch.AgentRun) (codybatch.AgentResult, error){edit(t, ".github/workflows/x.yml", "on: push\n")}}
		w := newWorld(t, withAgent(agent))
		bare := w.repository("site", map[string]string{"a.txt": "x\n"})
		spec := promptJob("site")
		spec.CreatePullRequests = true
		task := w.runOne(spec)
		wantOutcome(t, task, codybatch.OutcomeGateBlocked)
		if out, err := tryGit(t, bare, "rev-parse", "cody-batch/change-it"); err == nil {
			t.Errorf("a blocked diff was pushed: %s", out)
		}
		spec.Prompt = "Follow https://docs.github.com/en/actions and bump the version."
		wantOutcome(t, w.runOne(spec), codybatch.OutcomeGateBlocked)
		spec.Prompt = "Update the actions in .github/workflows."
		wantOutcome(t, w.runOne(spec), codybatch.OutcomeChanged)
	})
}

func TestGatesLookIntoBinaryFiles(t *testing.T) {
	t.Parallel()
	const value = "a-value-that-the-worker-knows"
	for name, test := range map[string]struct {
		script string
		blocks bool
	}{
		"a known value":          {"printf '" + value + "\\0' > blob", true},
		"a credential":           {"printf 'x\\0gh%s\\n' p_" + strings.Repeat("a", 36) + " > blob", true},
		"a credential in UTF-16": {"printf 'gh%s\\n' p_" + strings.Repeat("a", 36) + " | iconv -t UTF-16 > blob", true},
		"a changed file":         {"printf '\\0" + value + "' >> old", true},
		"noise":                  {"head -c 3000000 /dev/urandom > blob", false},
		"a deleted file":         {"rm old; printf '\\0' > blob", false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t, func(o *worker.Options) { o.Secrets = []string{value} })
			w.repository("site", map[string]string{"a.txt": "x\n", "old": "\x00" + value})
			task := w.runOne(scriptJob(test.script, "site"))
			if got := task.Outcome == codybatch.OutcomeGateBlocked; got != test.blocks {
				t.Errorf("got %s, %+v", task.Outcome, task.Gates)
			}
		})
	}
}

// A name that git spells in its own way is not known by the diff's bytes; the gates
// know it.
func TestKnownValuesInNamesThatGitSpellsAreBlocked(t *testing.T) {
	t.Parallel()
	const value = "ein-Schlüssel-des-Servers"
	w := newWorld(t, func(o *worker.Options) { o.Secrets = []string{value} })
	w.repository("site", map[string]string{"a.txt": "x\n"})
	task := w.runOne(scriptJob("echo x > "+value, "site"))
	wantOutcome(t, task, codybatch.OutcomeGateBlocked)
	if len(task.Gates) != 1 || task.Gates[0].Rule != codybatch.RuleSecret || task.Gates[0].Paths[0] != "[redacted]" {
		t.Errorf("got %+v", task.Gates)
	}
	row, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(row), value) || strings.Contains(w.thread(task), value) {
		t.Errorf("it is in the row or the thread:\n%s\n%s", row, w.thread(task))
	}
}

func TestKnownValuesInNamesAreNotRepeated(t *testing.T) {
	t.Parallel()
	const value = "a-value-that-the-worker-knows"
	w := newWorld(t, func(o *worker.Options) { o.Secrets = []string{value} })
	w.repository("site", map[string]string{"a.txt": "x\n"})
	task := w.runOne(scriptJob("mkdir .github; echo x > .github/"+value, "site"))
	if task.Error == nil || task.Error.Code != "secret_in_diff" || task.HasDiff {
		t.Errorf("got %+v", task)
	}
	row, err := json.Marshal(task)
	if err != nil {
		t.Fatal(err)
	}
	if strings.Contains(string(row), value) || strings.Contains(w.thread(task), value) {
		t.Errorf("it is in the row or the thread:\n%s\n%s", row, w.thread(task))
	}
}

func TestStandInsForSecretsAreNoSecrets(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"aws_access_key_id = AKIAIOSFODNN7EXAMPLE",
		"export ANTHROPIC_API_KEY=sk-ant-api03-your-api-key-goes-here",
		`if strings.HasPrefix(s, "-----BEGIN RSA PRIVATE KEY-----") {`,
		"ghp_xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx",
		"SLACK_TOKEN=xoxb-your-token-here",
	} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.repository("site", map[string]string{"README.md": "http://old " + line + "\n"})
			wantOutcome(t, w.runOne(scriptJob("sed -i s,http:,https:, README.md", "site")), codybatch.OutcomeChanged)
		})
	}
	for _, line := range []string{"-----BEGIN RSA PRIVATE KEY-----", `"key": "-----BEGIN PRIVATE KEY-----\nMIIEvQIBADANBg"`} {
		t.Run(line, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.repository("site", map[string]string{"a.txt": "x\n"})
			wantOutcome(t, w.runOne(scriptJob("cat > key <<'END'\n"+line+"\nEND", "site")), codybatch.OutcomeGateBlocked)
		})
	}
}
