package codybatch

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
)

// GateLevel says what a finding does to a task.
type GateLevel string

// The levels of a gate, from the mildest.
const (
	GateAllow GateLevel = "allow" // kept in the thread, and no objection
	GateWarn  GateLevel = "warn"  // shown to the reviewer
	GateBlock GateLevel = "block" // the task fails with OutcomeGateBlocked; the diff is kept
)

// GateLevels lists every level of a gate, from the mildest.
func GateLevels() []GateLevel { return []GateLevel{GateAllow, GateWarn, GateBlock} }

// The rules of the gates. RuleJudge is the judge's, which no level changes: a job
// asks for the judge, or does not.
const (
	RuleProtectedPath = "protected_path"
	RuleSymlinkEscape = "symlink_escape"
	RuleSubmodule     = "submodule"
	RuleSecret        = "secret"
	RuleBinary        = "binary"
	RuleDeletedTests  = "deleted_tests"
	RuleSkippedTests  = "skipped_tests"
	RuleSuppression   = "suppression"
	RuleManyFiles     = "many_files"
	RuleLargeDiff     = "large_diff"
	RuleJudge         = "judge"
)

// Bounds of a diff that the gates let pass.
const (
	ManyFiles = 100     // files; more are many
	LargeDiff = 4 << 20 // bytes of a patch; more are large
)

// GateRule is one kind of objection to a diff, found without reading it.
type GateRule struct {
	Name        string
	Description string    // what it objects to, as "it" would do it: "adds or changes binary files"
	Default     GateLevel // of a model's change
	Script      GateLevel // of a script's change, which a person wrote line by line
	Fixed       bool      // no job may set another level
}

// Levels lists what a job may set the rule to, from the mildest.
func (r GateRule) Levels() []GateLevel {
	if r.Fixed {
		return []GateLevel{r.Default}
	}
	return GateLevels()
}

// DefaultFor is the rule's level for the changes of an agent.
func (r GateRule) DefaultFor(agent AgentType) GateLevel {
	if agent == AgentScript {
		return r.Script
	}
	return r.Default
}

// GateRules lists every rule, the gravest first. It is the one list: what a job may
// ask for, the API's description and the dashboard's form are made of it.
func GateRules() []GateRule {
	return []GateRule{
		{Name: RuleSecret, Description: "adds what looks like a credential", Default: GateBlock, Script: GateBlock, Fixed: true},
		{Name: RuleSymlinkEscape, Description: "adds a symbolic link that can lead out of the repository", Default: GateBlock, Script: GateBlock, Fixed: true},
		{Name: RuleSubmodule, Description: "changes a submodule, or adds a repository inside the repository", Default: GateBlock, Script: GateBlock, Fixed: true},
		{Name: RuleProtectedPath, Description: "changes files that decide what runs elsewhere, such as .github/, and that the prompt does not name", Default: GateBlock, Script: GateWarn},
		{Name: RuleLargeDiff, Description: fmt.Sprintf("is longer than %d MiB", LargeDiff>>20), Default: GateBlock, Script: GateWarn},
		{Name: RuleManyFiles, Description: fmt.Sprintf("changes more than %d files", ManyFiles), Default: GateWarn, Script: GateWarn},
		{Name: RuleDeletedTests, Description: "deletes tests, or gives them names and forms that no test has", Default: GateWarn, Script: GateWarn},
		{Name: RuleSkippedTests, Description: "skips tests", Default: GateWarn, Script: GateWarn},
		{Name: RuleSuppression, Description: "silences a linter or a check", Default: GateWarn, Script: GateWarn},
		{Name: RuleBinary, Description: "adds or changes binary files", Default: GateWarn, Script: GateWarn},
	}
}

// GateSettings are the levels that a job sets, by the names of the rules. The
// others have their defaults.
type GateSettings map[string]GateLevel

// Level is the level of a rule for the changes of an agent. What is not in the list
// of rules blocks: a newer version may have stored it.
func (s GateSettings) Level(rule string, agent AgentType) GateLevel {
	rules := GateRules()
	i := slices.IndexFunc(rules, func(r GateRule) bool { return r.Name == rule })
	switch {
	case i < 0:
		return GateBlock
	case rules[i].Fixed:
		return rules[i].Default
	default:
		return cmp.Or(s[rule], rules[i].DefaultFor(agent))
	}
}

// Judged are findings with the levels of a job: what another job allowed may block
// here. The judge's own findings stay as they are.
func (s GateSettings) Judged(findings []GateFinding, agent AgentType) []GateFinding {
	judged := slices.Clone(findings)
	for i := range judged {
		if judged[i].Rule != RuleJudge {
			judged[i].Level = s.Level(judged[i].Rule, agent)
		}
	}
	return judged
}

// GateFinding is one objection to a diff, made before a person reads it.
type GateFinding struct {
	Rule    string    `json:"rule"` // of GateRules, or RuleJudge
	Level   GateLevel `json:"level"`
	Message string    `json:"message"`
	Paths   []string  `json:"paths"` // at most 20, for people; not for opening files
}

// Objections leaves out what a job allows.
func Objections(findings []GateFinding) []GateFinding {
	return slices.DeleteFunc(slices.Clone(findings), func(f GateFinding) bool { return f.Level == GateAllow })
}

// gates checks the levels that a job sets, in the order of the rules' names.
func (v *validator) gates(settings GateSettings) {
	var names []string
	levels := map[string][]GateLevel{}
	for _, rule := range GateRules() {
		names = append(names, rule.Name)
		levels[rule.Name] = rule.Levels()
	}
	for _, name := range sortedKeys(settings) {
		field := "gates." + name
		possible, known := levels[name]
		switch level := settings[name]; {
		case len(v.fields) >= maxGateErrors:
			return
		case !known && name == RuleJudge:
			v.add("gates.judge", "is no rule with a level: ask for the judge with \"judge\": true")
		case !known:
			v.add(gateField(name), "%.40q is not a rule; the rules are %s", name, strings.Join(names, ", "))
		case slices.Contains(possible, level):
		case len(possible) == 1:
			v.add(field, "%.40q is not possible: this rule is always %q, because what it finds must not be published; the rules that can be set are %s",
				level, possible[0], strings.Join(settable(), ", "))
		default:
			v.add(field, "%.40q is not a level; use %q, %q or %q", level, GateAllow, GateWarn, GateBlock)
		}
	}
}

// gateField names the field of a rule that there may not be, in words that can stand
// in any message.
func gateField(name string) string {
	isOdd := func(r rune) bool {
		return r != '_' && r != '-' && (r < '0' || r > '9') && (r < 'A' || r > 'Z') && (r < 'a' || r > 'z')
	}
	if name == "" || len(name) > 40 || strings.ContainsFunc(name, isOdd) {
		return "gates"
	}
	return "gates." + name
}

// maxGateErrors bounds how many errors of gates are listed.
const maxGateErrors = 50

// settable names the rules whose level a job may set.
func settable() []string {
	var names []string
	for _, rule := range GateRules() {
		if !rule.Fixed {
			names = append(names, rule.Name)
		}
	}
	return names
}

func sortedKeys(settings GateSettings) []string {
	names := make([]string, 0, len(settings))
	for name := range settings {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}
