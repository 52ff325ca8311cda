package cli

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"os"
	"strconv"
	"strings"

	"github.com/spf13/cobra"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// createFlags describe a job without a file, or change what a file says.
type createFlags struct {
	file           string
	idempotencyKey string
	name           string
	prompt         string
	promptFile     string
	script         string
	repositories   []string
	repositoryFile string
	verify         []string
	agent          string
	gates          []string
	judge          bool
	model          string
	maxCost        dollarsFlag
	branch         string
	createPRs      bool
}

// The flags that several places name.
const (
	flagName           = "name"
	flagPrompt         = "prompt"
	flagPromptFile     = "prompt-file"
	flagScript         = "script"
	flagRepository     = "repo"
	flagRepositoryFile = "repo-file"
	flagVerify         = "verify"
	flagAgent          = "agent"
	flagGate           = "gate"
	flagJudge          = "judge"
	flagModel          = "model"
	flagMaxCost        = "max-cost"
	flagBranch         = "branch"
	flagCreatePRs      = "create-prs"
)

func (flags *createFlags) add(c *cobra.Command) {
	f := c.Flags()
	f.StringVarP(&flags.file, "file", "f", "", "the job's `file`, - for standard input")
	f.StringVar(&flags.idempotencyKey, "idempotency-key", "", "create the job once, however often the command is run within 24 hours with this `key`")
	f.StringVar(&flags.name, flagName, "", "what people call the job")
	f.StringVar(&flags.prompt, flagPrompt, "", "what the agent is to do in every repository")
	f.StringVar(&flags.promptFile, flagPromptFile, "", "the `file` that holds the prompt, - for standard input")
	f.StringVar(&flags.script, flagScript, "", "a shell script in the agent's place; run in every repository")
	f.StringSliceVar(&flags.repositories, flagRepository, nil, "a repository, `owner/name`; may be given again, or several with commas")
	f.StringVar(&flags.repositoryFile, flagRepositoryFile, "", "a `file` of repositories, one a line, - for standard input")
	f.StringArrayVar(&flags.verify, flagVerify, nil, "a `command` that must pass after the change, or auto for what each repository's files tell; may be given again")
	f.StringVar(&flags.agent, flagAgent, "", "which agent does the work: claude (the default) or claude-code")
	f.StringArrayVar(&flags.gates, flagGate, nil, "what a `rule` about the diff does, as rule=level: allow, warn or block; may be given again. "+gateHelp())
	f.BoolVar(&flags.judge, flagJudge, false, "have the model take a second look at every change")
	f.StringVar(&flags.model, flagModel, "", "the model")
	f.Var(&flags.maxCost, flagMaxCost, "the most that the job may cost, in US `dollars`")
	f.StringVar(&flags.branch, flagBranch, "", "the branch that is pushed")
	f.BoolVar(&flags.createPRs, flagCreatePRs, false, "publish every succeeded change at once")
}

// check refuses flags that contradict each other.
func (flags *createFlags) check(given func(string) bool) error {
	switch {
	case given(flagScript) && (given(flagPrompt) || given(flagPromptFile)):
		return errors.New("--script runs a program in the agent's place, and --prompt tells the agent what to do: give one of them")
	case given(flagScript) && given(flagAgent):
		return errors.New("--script runs a program in the agent's place, and --agent says which agent: give one of them")
	case given(flagScript) && given(flagJudge) && flags.judge:
		return errors.New("--judge asks a model, and --script runs without one: give one of them")
	case given(flagPrompt) && given(flagPromptFile):
		return errors.New("--prompt and --prompt-file both give the prompt: give one of them")
	}
	if _, err := flags.gateSettings(); err != nil {
		return err
	}
	stdin := ""
	for _, from := range []struct{ flag, value string }{
		{"-f", flags.file}, {"--" + flagPromptFile, flags.promptFile}, {"--" + flagRepositoryFile, flags.repositoryFile},
	} {
		switch {
		case from.value != "-":
		case stdin != "":
			return fmt.Errorf("%s - and %s - both want standard input: give one of them a file", stdin, from.flag)
		default:
			stdin = from.flag
		}
	}
	return nil
}

// jobSpec joins file and flags.
func (p *program) jobSpec(c *cobra.Command, flags *createFlags) (codybatch.JobSpec, jobFile, error) {
	var file jobFile
	var err error
	if err := flags.check(c.Flags().Changed); err != nil {
		return file.spec, file, withHint(err, "%s --help tells the flags", c.CommandPath())
	}
	if flags.file == "" && !c.Flags().Changed(flagName) {
		return file.spec, file, withHint(errors.New("there is no job: neither -f nor --name is given"), "%s --help tells the flags", c.CommandPath())
	}
	if flags.file != "" {
		if file, err = readJobFile(flags.file, p.in); err != nil {
			return file.spec, file, err
		}
	}
	if flags.promptFile != "" {
		if flags.prompt, err = p.readText("the prompt", flags.promptFile); err != nil {
			return file.spec, file, err
		}
	}
	if flags.repositoryFile != "" {
		text, err := p.readText("the repositories", flags.repositoryFile)
		if err != nil {
			return file.spec, file, err
		}
		flags.repositories = append(flags.repositories, strings.Fields(text)...)
	}
	spec := file.spec
	file.flags = flags.apply(&spec, c.Flags().Changed)
	return spec, file, nil
}

// apply sets what flags give, and returns the flags by the fields that they set.
func (flags *createFlags) apply(spec *codybatch.JobSpec, given func(string) bool) map[string]string {
	set := map[string]string{}
	is := func(field string, names ...string) bool {
		for _, name := range names {
			if given(name) {
				set[field] = "--" + name
				return true
			}
		}
		return false
	}
	if is("name", flagName) {
		spec.Name = flags.name
	}
	if is("prompt", flagPrompt, flagPromptFile) {
		spec.Prompt = flags.prompt
	}
	if is("agent.script", flagScript) {
		spec.Agent.Type, spec.Agent.Script = codybatch.AgentScript, flags.script
	}
	if is("repositories", flagRepository, flagRepositoryFile) {
		spec.Repositories = nil
		for _, name := range flags.repositories {
			spec.Repositories = append(spec.Repositories, codybatch.RepositoryName(name))
		}
	}
	if is("verify", flagVerify) {
		spec.Verify = flags.verify
	}
	if is("agent.type", flagAgent) {
		spec.Agent.Type = codybatch.AgentType(flags.agent)
	}
	if given(flagGate) { // the file's other levels stay
		settings := codybatch.GateSettings{}
		maps.Copy(settings, spec.Gates)
		levels, _ := flags.gateSettings() // an error was found by check
		maps.Copy(settings, levels)
		spec.Gates = settings
		for rule := range levels {
			set["gates."+rule] = "--" + flagGate
		}
	}
	if is("judge", flagJudge) {
		spec.Judge = flags.judge
	}
	if is("agent.model", flagModel) {
		spec.Agent.Model = flags.model
	}
	if is("maxCostUsd", flagMaxCost) {
		limit := codybatch.USD(float64(flags.maxCost))
		spec.MaxCost = &limit
	}
	if is("pullRequest.branch", flagBranch) {
		spec.PullRequest.Branch = flags.branch
	}
	if is("createPullRequests", flagCreatePRs) {
		spec.CreatePullRequests = flags.createPRs
	}
	return set
}

// gateSettings are the levels that flags give. Names and levels are checked with
// the rest of the job.
func (flags *createFlags) gateSettings() (codybatch.GateSettings, error) {
	settings := codybatch.GateSettings{}
	for _, text := range flags.gates {
		rule, level, ok := strings.Cut(text, "=")
		if !ok || rule == "" || level == "" {
			return nil, fmt.Errorf("--%s %q: want rule=level, for example deleted_tests=block", flagGate, oneLine(text))
		}
		if before, twice := settings[rule]; twice && string(before) != level {
			return nil, fmt.Errorf("--%s gives %s two levels, %s and %s", flagGate, oneLine(rule), before, oneLine(level))
		}
		settings[rule] = codybatch.GateLevel(level)
	}
	return settings, nil
}

// gateHelp names the rules that can be set.
func gateHelp() string {
	var names []string
	for _, rule := range codybatch.GateRules() {
		if !rule.Fixed {
			names = append(names, rule.Name)
		}
	}
	return "The rules: " + strings.Join(names, ", ")
}

// readText reads a file that a flag names, or standard input for "-".
func (p *program) readText(what, path string) (string, error) {
	in := p.in
	if path != "-" {
		file, err := os.Open(path)
		if err != nil {
			return "", fmt.Errorf("read %s: %w", what, err)
		}
		defer file.Close()
		in = file
	}
	text, err := io.ReadAll(io.LimitReader(in, maxJobFile+1))
	if err != nil {
		return "", fmt.Errorf("read %s: %w", what, err)
	}
	if len(text) > maxJobFile {
		return "", fmt.Errorf("read %s: %s is larger than %d bytes, which no job is", what, path, maxJobFile)
	}
	return string(text), nil
}

// dollarsFlag is an amount as people type it: 5, 0.25, or $5.
type dollarsFlag float64

// Set takes the flag's value.
func (f *dollarsFlag) Set(value string) error {
	amount, err := strconv.ParseFloat(strings.TrimPrefix(value, "$"), 64)
	if err != nil || math.IsNaN(amount) || math.IsInf(amount, 0) {
		return errors.New("want an amount in US dollars, for example 5 or 0.25")
	}
	*f = dollarsFlag(amount)
	return nil
}

// String is the flag's value; empty for none, so that help texts show no default.
func (f *dollarsFlag) String() string {
	if *f == 0 {
		return ""
	}
	return strconv.FormatFloat(float64(*f), 'f', -1, 64)
}

// Type names the value in help texts.
func (f *dollarsFlag) Type() string { return "dollars" }
