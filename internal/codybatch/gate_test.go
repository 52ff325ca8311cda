package codybatch_test

import (
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func TestGateLevelsOfAJob(t *testing.T) {
	t.Parallel()
	script := codybatch.AgentSpec{Type: codybatch.AgentScript, Script: "true"}
	for name, test := range map[string]struct {
		gates codybatch.GateSettings
		judge bool
		agent codybatch.AgentSpec
		field string   // "": it is fine
		says  []string // parts of the message
	}{
		"every level of a rule": {gates: codybatch.GateSettings{
			codybatch.RuleProtectedPath: codybatch.GateAllow, codybatch.RuleDeletedTests: codybatch.GateBlock, codybatch.RuleBinary: codybatch.GateWarn,
		}},
		"what always blocks, as it is": {gates: codybatch.GateSettings{codybatch.RuleSecret: codybatch.GateBlock}},
		"a secret that may pass": {
			gates: codybatch.GateSettings{codybatch.RuleSecret: codybatch.GateAllow},
			field: "gates.secret", says: []string{"allow", "always", "block", "protected_path", "deleted_tests"},
		},
		"a secret that only warns": {gates: codybatch.GateSettings{codybatch.RuleSecret: codybatch.GateWarn}, field: "gates.secret"},
		"a link out":               {gates: codybatch.GateSettings{codybatch.RuleSymlinkEscape: codybatch.GateWarn}, field: "gates.symlink_escape"},
		"a submodule":              {gates: codybatch.GateSettings{codybatch.RuleSubmodule: codybatch.GateAllow}, field: "gates.submodule"},
		"no level": {
			gates: codybatch.GateSettings{codybatch.RuleBinary: "error"},
			field: "gates.binary", says: []string{"error", "allow", "warn", "block"},
		},
		"no rule": {
			gates: codybatch.GateSettings{"deleted_test": codybatch.GateBlock},
			field: "gates.deleted_test", says: []string{"deleted_test", "deleted_tests", "symlink_escape"},
		},
		"a rule with an odd name": {gates: codybatch.GateSettings{"a\x1b[31m.b": codybatch.GateBlock}, field: "gates"},
		"the judge's own rule": {
			gates: codybatch.GateSettings{codybatch.RuleJudge: codybatch.GateWarn}, field: "gates.judge", says: []string{`"judge": true`},
		},
		"a judge":               {judge: true},
		"a judge of a script":   {judge: true, agent: script, field: "judge", says: []string{"model", "script"}},
		"no judge, of a script": {agent: script},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			spec := goodSpec()
			spec.Gates, spec.Judge = test.gates, test.judge
			if test.agent.Type != "" {
				spec.Agent, spec.Prompt = test.agent, ""
			}
			err := spec.WithDefaults().Validate()
			if test.field == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var invalid *codybatch.ValidationError
			if !errors.As(err, &invalid) || len(invalid.Fields) != 1 || invalid.Fields[0].Field != test.field {
				t.Fatalf("got %v, want an error of %s", err, test.field)
			}
			for _, part := range test.says {
				if !strings.Contains(invalid.Fields[0].Message, part) {
					t.Errorf("%q does not say %q", invalid.Fields[0].Message, part)
				}
			}
			if strings.ContainsAny(invalid.Fields[0].Message, "\x1b") {
				t.Errorf("a control character is in %q", invalid.Fields[0].Message)
			}
		})
	}
}

// Whatever a job asks for, and whoever stored it: what must never be published is
// blocked.
func TestGateSettingsNeverLowerWhatAlwaysBlocks(t *testing.T) {
	t.Parallel()
	settings := codybatch.GateSettings{"made_up_later": codybatch.GateAllow}
	for _, rule := range codybatch.GateRules() {
		settings[rule.Name] = codybatch.GateAllow
	}
	var blocked []string
	for _, rule := range codybatch.GateRules() {
		if settings.Level(rule.Name, codybatch.AgentClaude) == codybatch.GateBlock {
			blocked = append(blocked, rule.Name)
		}
	}
	if want := []string{codybatch.RuleSecret, codybatch.RuleSymlinkEscape, codybatch.RuleSubmodule}; !slices.Equal(blocked, want) {
		t.Errorf("%v are blocked, want %v", blocked, want)
	}
	if level := settings.Level("made_up_later", codybatch.AgentClaude); level != codybatch.GateBlock {
		t.Errorf("a rule that is not known is at %q", level)
	}
}

func TestGateDefaultsDependOnTheAgent(t *testing.T) {
	t.Parallel()
	var none codybatch.GateSettings
	if level := none.Level(codybatch.RuleProtectedPath, codybatch.AgentClaude); level != codybatch.GateBlock {
		t.Errorf("a model's change of a protected path is at %q", level)
	}
	if level := none.Level(codybatch.RuleProtectedPath, codybatch.AgentScript); level != codybatch.GateWarn {
		t.Errorf("a script's change of a protected path is at %q", level)
	}
}

func TestDigestKnowsTheJudgeAndNoLevels(t *testing.T) {
	t.Parallel()
	plain := codybatch.Job{Prompt: "p", Agent: codybatch.AgentSpec{Type: codybatch.AgentClaude, Model: "m"}}
	strict, judged := plain, plain
	strict.Gates = codybatch.GateSettings{codybatch.RuleDeletedTests: codybatch.GateBlock}
	judged.Judge = true
	if plain.Digest("claude") != strict.Digest("claude") {
		t.Error("a job with other levels does not find the result; it would be paid for again")
	}
	if plain.Digest("claude") == judged.Digest("claude") {
		t.Error("a job that asks for the judge would take over what no judge has seen")
	}
}

const goodAnswer = `{"followsTask":true,"outOfScope":[],"weakensTests":false,"suspicious":false,"reasons":["Fine."],"verdict":"accept"}`

func TestParseJudgement(t *testing.T) {
	t.Parallel()
	j, err := codybatch.ParseJudgement(goodAnswer)
	if err != nil || j.Verdict != codybatch.VerdictAccept || !j.FollowsTask || !slices.Equal(j.Reasons, []string{"Fine."}) {
		t.Fatalf("got %+v, %v", j, err)
	}
	change := func(old, replacement string) string {
		if !strings.Contains(goodAnswer, old) {
			t.Fatalf("%q is not in the answer", old)
		}
		return strings.Replace(goodAnswer, old, replacement, 1)
	}
	for name, answer := range map[string]string{
		"nothing":                          "",
		"prose":                            "I accept this change.",
		"a fence around it":                "```json\n" + goodAnswer + "\n```",
		"prose after it":                   goodAnswer + " Done.",
		"two of them":                      goodAnswer + goodAnswer,
		"a list":                           "[" + goodAnswer + "]",
		"cut off":                          goodAnswer[:40],
		"an unknown verdict":               change("accept", "approve"),
		"a verdict in capitals":            change("accept", "ACCEPT"),
		"no verdict":                       change(`,"verdict":"accept"`, ""),
		"a field that is missing":          change(`"suspicious":false,`, ""),
		"null for a list":                  change(`["Fine."]`, "null"),
		"a field that nobody asked for":    change(`{"foll`, `{"override":true,"foll`),
		"a rejection without a reason":     strings.Replace(change(`["Fine."]`, "[]"), "accept", "reject", 1),
		"a reason of blanks only":          strings.Replace(change(`Fine.`, ` \u200b `), "accept", "reject", 1),
		"accepts what it calls suspicious": change(`"suspicious":false`, `"suspicious":true`),
		"accepts what misses the task":     change(`"followsTask":true`, `"followsTask":false`),
		"an entry that nobody would read":  change("Fine.", strings.Repeat("x", 1025)),
		"more entries than anyone reads":   change(`["Fine."]`, `["x"`+strings.Repeat(`,"x"`, 10)+`]`),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if j, err := codybatch.ParseJudgement(answer); err == nil {
				t.Errorf("%s was read as %+v", answer, j)
			}
		})
	}
	t.Run("what could fool a reader is gone", func(t *testing.T) {
		t.Parallel()
		j, err := codybatch.ParseJudgement(change("Fine.", `a\u001b[31m\nb\u202ec`))
		if err != nil || j.Reasons[0] != "a [31m b c" {
			t.Errorf("got %q, %v", j.Reasons, err)
		}
	})
}

// The table for operators is kept by hand, and by this.
func TestTheDocumentationKnowsEveryRule(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile("../../docs/operations.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range codybatch.GateRules() {
		always := ""
		if rule.Fixed {
			always = ", always"
		}
		row := fmt.Sprintf("| `%s` | %s | %s%s | %s%s |\n", rule.Name, rule.Description, rule.Default, always, rule.Script, always)
		if !strings.Contains(string(text), row) {
			t.Errorf("docs/operations.md lacks the row\n%s", row)
		}
	}
}
