package codybatch

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"
)

// Limits of a job, and what a job gets that does not say.
const (
	MaxRepositories  = 10_000
	MaxPromptBytes   = 64 << 10
	MaxNameRunes     = 200
	MaxTurnsLimit    = 1_000
	MaxTimeout       = 24 * time.Hour
	DefaultModel     = "claude-sonnet-5-5"
	DefaultMaxTurns  = 80
	DefaultTimeout   = 30 * time.Minute
	MaxVerify        = 20 // commands, also of those that are detected
	maxCommandBytes  = 4 << 10
	maxTextBytes     = 64 << 10
	maxPullRequestTo = 100 // labels, reviewers
)

// DefaultMaxCost bounds what an attempt with a model may spend: $2.
func DefaultMaxCost() Money { return USD(2) }

var modelPattern = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._:@/-]{0,127}$`)

// WithDefaults fills in what the spec leaves out.
func (s JobSpec) WithDefaults() JobSpec {
	if s.Agent.Type == "" {
		s.Agent.Type = AgentClaude
	}
	if s.Agent.Timeout == 0 {
		s.Agent.Timeout = DefaultTimeout
	}
	if s.Agent.Type.AsksModel() {
		if s.Agent.Model == "" {
			s.Agent.Model = DefaultModel
		}
		if s.Agent.MaxTurns == 0 {
			s.Agent.MaxTurns = DefaultMaxTurns
		}
		if s.Agent.MaxCost == nil {
			limit := DefaultMaxCost()
			s.Agent.MaxCost = &limit
		}
	}
	if s.PullRequest.Branch == "" {
		s.PullRequest.Branch = branchFor(s.Name)
	}
	if s.PullRequest.Title == "" {
		s.PullRequest.Title = s.Name
	}
	return s
}

// Validate returns a *ValidationError that lists every field that can't be
// accepted, or nil. It looks at the spec alone: whether the repositories exist
// and are allowed is for the service to find out. Branch and title of the pull
// request that WithDefaults made of the name are not blamed for the name.
func (s JobSpec) Validate() error {
	var v validator
	v.line("name", s.Name, MaxNameRunes, true)
	v.text("description", s.Description, maxTextBytes)
	v.agent(s)
	v.repositories(s.Repositories)
	v.verify(s.Verify)
	v.gates(s.Gates)
	v.judge(s)
	v.money("maxCostUsd", s.MaxCost)
	v.pullRequest(s)
	if len(v.fields) > 0 {
		return &ValidationError{Fields: v.fields}
	}
	return nil
}

// validNames are the repositories that can be asked for, each once.
func (s JobSpec) validNames() []RepositoryName {
	seen := map[string]bool{}
	var names []RepositoryName
	for _, name := range s.Repositories {
		if name.Valid() && !seen[name.Fold()] {
			seen[name.Fold()] = true
			names = append(names, name)
		}
	}
	return names
}

// Digest names what decides the result on a given commit: two tasks with the same
// digest, repository and base commit ask for the same work. Limits do not count, nor
// do the levels of gates: a known result is judged anew by them. The judge counts,
// because the model heard it.
func (j Job) Digest(engine string) string {
	parts := []any{"v1", engine, j.Prompt, j.Agent.Type, j.Agent.Model, j.Agent.Script, j.Verify}
	if j.Judge {
		parts = append(parts, "judge")
	}
	document, err := json.Marshal(parts)
	if err != nil {
		panic(err) // strings always marshal
	}
	sum := sha256.Sum256(document)
	return hex.EncodeToString(sum[:])
}

// validator collects what is wrong with a spec, by field.
type validator struct{ fields []FieldError }

func (v *validator) add(field, format string, args ...any) {
	v.fields = append(v.fields, FieldError{Field: field, Message: fmt.Sprintf(format, args...)})
}

// line checks a text of one line, for people.
func (v *validator) line(field, text string, maxRunes int, required bool) {
	switch {
	case required && strings.TrimSpace(text) == "":
		v.add(field, "must not be empty")
	case !utf8.ValidString(text):
		v.add(field, "is not valid UTF-8")
	case utf8.RuneCountInString(text) > maxRunes:
		v.add(field, "has %d characters; at most %d are possible", utf8.RuneCountInString(text), maxRunes)
	case strings.ContainsFunc(text, unicode.IsControl):
		v.add(field, "must not contain control characters")
	}
}

// text checks a text of any number of lines.
func (v *validator) text(field, text string, maxBytes int) {
	switch {
	case !utf8.ValidString(text):
		v.add(field, "is not valid UTF-8")
	case len(text) > maxBytes:
		v.add(field, "is %d bytes long; at most %d are possible", len(text), maxBytes)
	case strings.ContainsRune(text, 0):
		v.add(field, "must not contain NUL characters")
	}
}

func (v *validator) money(field string, amount *Money) {
	if amount != nil && *amount <= 0 {
		v.add(field, "must be more than 0; leave it out for no limit of its own")
	}
}

func (v *validator) agent(s JobSpec) {
	a := s.Agent
	switch a.Type {
	case AgentClaude, AgentClaudeCode:
		if strings.TrimSpace(s.Prompt) == "" {
			v.add("prompt", "must not be empty")
		}
		v.text("prompt", s.Prompt, MaxPromptBytes)
		if a.Script != "" {
			v.add("agent.script", "belongs to agent.type %q", AgentScript)
		}
		if !modelPattern.MatchString(a.Model) {
			v.add("agent.model", "%.40q is not the name of a model, such as %q", a.Model, DefaultModel)
		}
		if a.MaxTurns < 1 || a.MaxTurns > MaxTurnsLimit {
			v.add("agent.maxTurns", "must be from 1 to %d", MaxTurnsLimit)
		}
		v.money("agent.maxCostUsd", a.MaxCost)
	case AgentScript:
		if strings.TrimSpace(a.Script) == "" {
			v.add("agent.script", "must not be empty")
		}
		v.text("agent.script", a.Script, MaxPromptBytes)
		if s.Prompt != "" {
			v.add("prompt", "a job with agent.type %q takes agent.script instead of a prompt", AgentScript)
		}
		if a.Model != "" || a.MaxTurns != 0 || a.MaxCost != nil {
			v.add("agent", "model, maxTurns and maxCostUsd belong to agent.type %q and %q", AgentClaude, AgentClaudeCode)
		}
	default:
		v.add("agent.type", "%.40q is unknown; use %q, %q or %q", a.Type, AgentClaude, AgentClaudeCode, AgentScript)
	}
	if a.Timeout < time.Second || a.Timeout > MaxTimeout {
		v.add("agent.timeoutSeconds", "must be from 1 to %d", int(MaxTimeout.Seconds()))
	}
}

func (v *validator) verify(commands []string) {
	if len(commands) > MaxVerify {
		v.add("verify", "has %d commands; at most %d are possible", len(commands), MaxVerify)
	}
	first := slices.Index(commands, VerifyAuto)
	for i, command := range commands {
		field := fmt.Sprintf("verify[%d]", i)
		switch trimmed := strings.TrimSpace(command); {
		case trimmed == "":
			v.add(field, "is empty")
		case command == VerifyAuto && i != first:
			v.add(field, "is the same as verify[%d]; %q may appear once", first, VerifyAuto)
		case command != VerifyAuto && strings.EqualFold(trimmed, VerifyAuto):
			v.add(field, "would be run as a command; write %q for what is detected", VerifyAuto)
		}
		v.text(field, command, maxCommandBytes)
	}
}

func (v *validator) judge(s JobSpec) {
	if s.Judge && s.Agent.Type == AgentScript {
		v.add("judge", "needs a model to ask, and agent.type %q has none; leave it out, or use agent.type %q", s.Agent.Type, AgentClaude)
	}
}

func (v *validator) repositories(names []RepositoryName) {
	if len(names) == 0 {
		v.add("repositories", "name at least one repository, as owner/name")
		return
	}
	if len(names) > MaxRepositories {
		v.add("repositories", "has %d entries; at most %d are possible in one job", len(names), MaxRepositories)
		return
	}
	seen := make(map[string]int, len(names))
	for i, name := range names {
		field := fmt.Sprintf("repositories[%d]", i)
		if !name.Valid() {
			v.add(field, "%.80q is not a repository name; write owner/name with letters, digits, %q, %q and %q", name, "_", ".", "-")
			continue
		}
		if first, ok := seen[name.Fold()]; ok {
			v.add(field, "%q is the same repository as repositories[%d]; forges ignore case", name, first)
			continue
		}
		seen[name.Fold()] = i
	}
}

func (v *validator) pullRequest(s JobSpec) {
	p := s.PullRequest
	isOwnBranch := p.Branch != "" && p.Branch != branchFor(s.Name)
	if p.Title != s.Name {
		v.line("pullRequest.title", p.Title, 256, false)
	}
	v.text("pullRequest.body", p.Body, maxTextBytes)
	if isOwnBranch {
		v.branch("pullRequest.branch", p.Branch)
	}
	if p.Base != "" {
		v.branch("pullRequest.base", p.Base)
	}
	switch {
	case p.Base == "" || p.Base != p.Branch:
	case isOwnBranch:
		v.add("pullRequest.branch", "must differ from pullRequest.base")
	default:
		v.add("pullRequest.base", "must differ from %q, the branch that the change goes to; name another as pullRequest.branch", p.Branch)
	}
	v.list("pullRequest.labels", p.Labels)
	v.list("pullRequest.reviewers", p.Reviewers)
}

func (v *validator) branch(field, name string) {
	if err := CheckBranch(name); err != nil {
		v.add(field, "git refuses this branch name: it %v", err)
	}
}

func (v *validator) list(field string, entries []string) {
	if len(entries) > maxPullRequestTo {
		v.add(field, "has %d entries; at most %d are possible", len(entries), maxPullRequestTo)
	}
	for i, entry := range entries {
		v.line(fmt.Sprintf("%s[%d]", field, i), entry, 100, true)
	}
}
