package httpapi_test

import (
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

func TestGatesOfAJobComeBack(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(t, job(`{"gates": {"protected_path": "allow", "deleted_tests": "block"}, "judge": true}`))
	got := get[httpapi.Job](t, w, "/jobs/"+string(id))
	if len(got.Gates) != 2 || got.Gates["protected_path"] != "allow" || got.Gates["deleted_tests"] != "block" || !got.Judge {
		t.Errorf("got gates %v, judge %v", got.Gates, got.Judge)
	}
}

func TestWhatAJobAllowsIsNoObjection(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.create(t, job(`{}`))
	k := key(id, "acme/site")
	result := w.change(t, k, patch)
	result.Gates = []codybatch.GateFinding{
		{Rule: codybatch.RuleBinary, Level: codybatch.GateAllow, Message: "adds or changes binary files"},
		{Rule: codybatch.RuleDeletedTests, Level: codybatch.GateWarn, Message: "deletes tests"},
	}
	result.Judgement = &codybatch.Judgement{Verdict: codybatch.VerdictAccept, FollowsTask: true, Reasons: []string{"Fine."}, LeftOut: 7}
	w.finish(t, k, result)
	task := get[httpapi.Task](t, w, "/jobs/"+string(id)+"/repositories/acme/site")
	if len(task.Gates) != 1 || task.Gates[0].Rule != codybatch.RuleDeletedTests {
		t.Errorf("got %+v", task.Gates)
	}
	if j := task.Judgement; j == nil || j.Verdict != "accept" || !j.FollowsTask || len(j.Reasons) != 1 || j.OutOfScope == nil || j.LeftOutBytes != 7 {
		t.Errorf("got %+v", j)
	}
}

// The description, the form's rules and what is accepted are made of one list.
func TestTheDescriptionKnowsEveryRule(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(descriptionFile)
	if err != nil {
		t.Fatal(err)
	}
	var description struct {
		Components struct {
			Schemas map[string]struct {
				Properties map[string]struct {
					Properties map[string]struct {
						Enum        []string `json:"enum"`
						Description string   `json:"description"`
					} `json:"properties"`
				} `json:"properties"`
			} `json:"schemas"`
		} `json:"components"`
	}
	if err := json.Unmarshal(text, &description); err != nil {
		t.Fatal(err)
	}
	described := description.Components.Schemas["JobRequest"].Properties["gates"].Properties
	for _, rule := range codybatch.GateRules() {
		got := described[rule.Name]
		if len(got.Enum) != len(rule.Levels()) || !strings.Contains(got.Description, rule.Description) {
			t.Errorf("%s is described as %+v", rule.Name, got)
		}
	}
	if len(described) != len(codybatch.GateRules()) {
		t.Errorf("%d rules are described", len(described))
	}
}
