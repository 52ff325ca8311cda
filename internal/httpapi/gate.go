package httpapi

import (
	"fmt"

	"github.com/danielgtaylor/huma/v2"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// GateSettings are levels of gates, by the names of the rules.
type GateSettings map[string]string

// Schema is what the description says about GateSettings, made of the one list of
// rules.
func (GateSettings) Schema(huma.Registry) *huma.Schema {
	schema := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false, Properties: map[string]*huma.Schema{}}
	for _, rule := range codybatch.GateRules() {
		text := fmt.Sprintf("The change %s. Default: %s", rule.Description, rule.Default)
		switch {
		case rule.Fixed:
			text += ", which no job can change"
		case rule.Script != rule.Default:
			text += fmt.Sprintf("; %s with agent.type script", rule.Script)
		}
		schema.Properties[rule.Name] = &huma.Schema{Type: huma.TypeString, Enum: values(rule.Levels()), Description: text + "."}
	}
	return schema
}

func (s GateSettings) domain() codybatch.GateSettings {
	if len(s) == 0 {
		return nil
	}
	settings := codybatch.GateSettings{}
	for rule, level := range s {
		settings[rule] = codybatch.GateLevel(level)
	}
	return settings
}

// newGateSettings is never nil: on the wire it is {} where a job sets nothing.
func newGateSettings(settings codybatch.GateSettings) GateSettings {
	s := GateSettings{}
	for rule, level := range settings {
		s[rule] = string(level)
	}
	return s
}

// gateRule is one rule for the dashboard's form.
type gateRule struct {
	Name          string   `json:"name"`
	Description   string   `json:"description"` // what the change does: "skips tests"
	Levels        []string `json:"levels"`
	Default       string   `json:"default"`
	ScriptDefault string   `json:"scriptDefault"`
}

func gateRules() []gateRule {
	return mapped(codybatch.GateRules(), func(r codybatch.GateRule) gateRule {
		return gateRule{
			Name: r.Name, Description: r.Description,
			Levels:  mapped(r.Levels(), func(l codybatch.GateLevel) string { return string(l) }),
			Default: string(r.Default), ScriptDefault: string(r.Script),
		}
	})
}
