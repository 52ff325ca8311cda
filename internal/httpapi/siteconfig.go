package httpapi

import (
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// siteConfig is /config.json: what the dashboard must know before it can ask.
// Whoever can connect may read it: it holds no secret, and nothing about the machine.
type siteConfig struct {
	APIBaseURL    string      `json:"apiBaseUrl"`
	Live          string      `json:"live"` // "auto", or "poll" where the server can't stream
	Version       string      `json:"version"`
	Authorization string      `json:"authorization"` // "token": the API wants one; "none": it does not
	Rehearsal     bool        `json:"rehearsal"`     // a script answers in the model's place
	Defaults      jobDefaults `json:"defaults"`
	Limits        jobLimits   `json:"limits"`
	GateRules     []gateRule  `json:"gateRules"`
	PricesAsOf    Text        `json:"pricesAsOf"` // the month of the prices, such as 2026-11; null: no prices are known
	Models        []Model     `json:"models"`
}

// jobDefaults is what a job gets that does not say.
type jobDefaults struct {
	Model          string  `json:"model"`
	MaxTurns       int     `json:"maxTurns"`
	MaxCostUSD     float64 `json:"maxCostUsd"`
	TimeoutSeconds int64   `json:"timeoutSeconds"`
}

// jobLimits is the most that a job may ask for.
type jobLimits struct {
	Repositories   int   `json:"repositories"`
	NameCharacters int   `json:"nameCharacters"`
	PromptBytes    int   `json:"promptBytes"`
	MaxTurns       int   `json:"maxTurns"`
	TimeoutSeconds int64 `json:"timeoutSeconds"`
}

// Model is one that jobs can name, with what it costs.
type Model struct {
	Name string `json:"name"`
	// Prices in rising order of UpToTokens: the first that fits prices the whole
	// request.
	Prices []ModelPrice `json:"prices"`
}

// ModelPrice is what a million tokens cost in US dollars, by the kinds that are
// priced differently, for requests whose prompt has at most so many tokens.
type ModelPrice struct {
	UpToTokens      *int64  `json:"upToTokens"` // null: without a bound
	InputUSD        float64 `json:"inputUsd"`
	OutputUSD       float64 `json:"outputUsd"`
	CacheReadUSD    float64 `json:"cacheReadUsd"`
	CacheWrite5mUSD float64 `json:"cacheWrite5mUsd"`
	CacheWrite1hUSD float64 `json:"cacheWrite1hUsd"`
}

func (a *api) config() siteConfig {
	config := siteConfig{
		APIBaseURL: a.BasePath, Live: "auto", Version: a.Version,
		Authorization: "none", Rehearsal: a.AgentStatus == agentRehearsal,
		Defaults: jobDefaults{
			Model: codybatch.DefaultModel, MaxTurns: codybatch.DefaultMaxTurns,
			MaxCostUSD: codybatch.DefaultMaxCost().Dollars(), TimeoutSeconds: int64(codybatch.DefaultTimeout / time.Second),
		},
		Limits: jobLimits{
			Repositories: codybatch.MaxRepositories, NameCharacters: codybatch.MaxNameRunes, PromptBytes: codybatch.MaxPromptBytes,
			MaxTurns: codybatch.MaxTurnsLimit, TimeoutSeconds: int64(codybatch.MaxTimeout / time.Second),
		},
		GateRules:  gateRules(),
		PricesAsOf: Text(a.PricesAsOf), Models: list(a.Models),
	}
	if config.APIBaseURL == "" {
		config.APIBaseURL = "." // beside this document, whatever a gateway puts before both
	}
	if !a.LongEvents {
		config.Live = "poll"
	}
	if a.needsToken() {
		config.Authorization = "token"
	}
	return config
}
