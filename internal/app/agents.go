package app

import (
	"context"
	"fmt"
	"time"

	"github.com/liamzdenek/cody-batch/internal/agent/admission"
	"github.com/liamzdenek/cody-batch/internal/agent/claude"
	"github.com/liamzdenek/cody-batch/internal/agent/claudecode"
	"github.com/liamzdenek/cody-batch/internal/agent/script"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/config"
)

// agents opens those that can run here, with the judges that go with them, and says
// of the others why not.
func (a *App) agents(ctx context.Context, o Options) (map[codybatch.AgentType]codybatch.Agent, map[codybatch.AgentType]codybatch.Judge, map[codybatch.AgentType]string, error) {
	agents := map[codybatch.AgentType]codybatch.Agent{codybatch.AgentScript: script.New(script.Options{Confinement: Confinement(o.Config)})}
	unavailable := map[codybatch.AgentType]string{}
	key := o.Config.ClaudeAPIKey
	options := claude.Options{
		APIKey:  func(context.Context) (string, error) { return key.Reveal(), nil },
		BaseURL: o.Config.AnthropicBaseURL, Prices: a.prices.List, Confinement: Confinement(o.Config), Now: o.Now, Log: o.Log,
		Admission: admissionFor(o),
	}
	switch {
	case a.stage != nil: // even with a key: it was asked for
		options.APIKey, options.BaseURL, options.Rehearsal = nil, a.stage.url, true
	case o.Config.Bedrock:
		unavailable[codybatch.AgentClaudeCode] = fmt.Sprintf("%q asks Anthropic's own API with a key; unset %s and set %s",
			codybatch.AgentClaudeCode, config.ClaudeProvider, config.ClaudeAPIKey)
		agent, err := claude.NewBedrock(ctx, options, claude.Bedrock{Region: o.Config.AWSRegion})
		if err != nil {
			unavailable[codybatch.AgentClaude] = fmt.Sprintf("%q can't ask Bedrock: %v; give this process AWS credentials, or unset %s",
				codybatch.AgentClaude, err, config.ClaudeProvider)
			return agents, nil, unavailable, nil
		}
		agents[codybatch.AgentClaude] = agent
		return agents, judgesWith(agent), unavailable, nil
	case !key.IsSet():
		for _, name := range []codybatch.AgentType{codybatch.AgentClaude, codybatch.AgentClaudeCode} {
			unavailable[name] = fmt.Sprintf(
				"%q needs an API key; set %s, or start with --rehearsal to try everything but the model", name, config.ClaudeAPIKey)
		}
		return agents, nil, unavailable, nil
	}
	agent, err := claude.New(options)
	if err != nil {
		return nil, nil, nil, err
	}
	agents[codybatch.AgentClaude] = agent
	reason, err := a.claudeCode(o, options, agents)
	if reason != "" {
		unavailable[codybatch.AgentClaudeCode] = reason
	}
	return agents, judgesWith(agent), unavailable, err
}

// elsewhere says of the agents that workers on AWS Batch can't run why not. What they
// have is the image's and the job definition's; here is known what the environment
// says.
func elsewhere(c config.Config) map[codybatch.AgentType]string {
	unavailable := map[codybatch.AgentType]string{
		codybatch.AgentClaudeCode: fmt.Sprintf("%q is a program that the image of AWS Batch's workers does not have; use %q", codybatch.AgentClaudeCode, codybatch.AgentClaude),
	}
	if !c.Bedrock && !c.ClaudeAPIKey.IsSet() && c.Parameters.ClaudeAPIKey == "" {
		unavailable[codybatch.AgentClaude] = fmt.Sprintf("%q needs an API key; deploy with its parameter (%s%s), or with Bedrock",
			codybatch.AgentClaude, config.ClaudeAPIKey, config.ParameterSuffix)
	}
	return unavailable
}

// judgesWith has Claude judge whatever Claude did, by either engine.
func judgesWith(agent *claude.Agent) map[codybatch.AgentType]codybatch.Judge {
	return map[codybatch.AgentType]codybatch.Judge{codybatch.AgentClaude: agent, codybatch.AgentClaudeCode: agent}
}

// engines names what really answers for an agent.
func (a *App) engines() map[codybatch.AgentType]string {
	if a.stage == nil {
		return nil
	}
	return map[codybatch.AgentType]string{codybatch.AgentClaude: "rehearsal", codybatch.AgentClaudeCode: "rehearsal"}
}

// claudeCode adds the engine that runs the Claude Code CLI, or says why it can't.
func (a *App) claudeCode(o Options, like claude.Options, agents map[codybatch.AgentType]codybatch.Agent) (string, error) {
	if like.Confinement.NoNetwork {
		return fmt.Sprintf("%q is a program that asks the model itself, by a gateway on this machine, and %s=off takes the way there from it; use %q, or unset %s",
			codybatch.AgentClaudeCode, config.SandboxNetwork, codybatch.AgentClaude, config.SandboxNetwork), nil
	}
	program, err := claudecode.Find(o.Config.ClaudeCodePath)
	if err != nil {
		return fmt.Sprintf("%q can't run here: %v; install Claude Code where the server runs, or set %s to it",
			codybatch.AgentClaudeCode, err, config.ClaudeCodePath), nil // it is told, and the rest of the server runs
	}
	agents[codybatch.AgentClaudeCode], err = claudecode.New(claudecode.Options{
		Program: program, APIKey: like.APIKey, BaseURL: like.BaseURL, Rehearsal: like.Rehearsal, Prices: like.Prices,
		Confinement: like.Confinement, Admission: like.Admission, Now: o.Now, Log: o.Log,
	})
	return "", err
}

// admissionFor makes what all engines of the process ask before a call.
func admissionFor(o Options) *admission.Control {
	now := o.Now
	if now == nil {
		now = time.Now
	}
	if o.OwnJobsOnly { // whoever waits for a job in the foreground wants to hear that the key is refused
		return admission.NewControl(now, 0)
	}
	return admission.NewControl(now, longestPause)
}

// ClaudeCodeVersion finds the Claude Code CLI and asks it for its version. The error
// says why jobs with agent.type claude-code can't run.
func ClaudeCodeVersion(ctx context.Context, c config.Config) (string, error) {
	program, err := claudecode.Find(c.ClaudeCodePath)
	if err != nil {
		return "", err
	}
	return claudecode.Version(ctx, program, Confinement(c))
}
