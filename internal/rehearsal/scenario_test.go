package rehearsal_test

import (
	"strings"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"

	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

const example = `
name: example
acts:
  - name: summary
    when: {lastContains: ["Summarize"]}
    turns: [{text: "So far: nothing."}]
  - name: rename
    when: {contains: ["Rename", "acme/api"], matches: '(?i)\bfoo\b'}
    turns:
      - thinking: I look where it is used.
        text: I search.
        tools:
          - {name: bash, input: {command: "grep -rn Foo ."}}
        usage: {outputTokens: 77, cacheReadTokens: 5}
        faults: [{kind: overloaded}, {kind: slow, delayMs: 1}]
      - text: Found.
        tools: [{name: bash, input: {command: "sed -i s/Foo/Bar/ a.go"}}]
        instead:
          - ifToolResultContains: no such file
            tools: [{name: finish, input: {status: blocked}}]
  - name: rest
    turns: [{text: "Any other.", stopReason: stop_sequence}]
`

func TestScenario(t *testing.T) {
	t.Parallel()
	scenario, err := rehearsal.ParseScenario([]byte(example))
	if err != nil {
		t.Fatal(err)
	}
	server, url := start(t, scenario, rehearsal.Options{})
	c := client(t, url)
	next := func(p anthropic.MessageNewParams) anthropic.Message {
		t.Helper()
		m, isWhole, err := ask(t, c, p)
		if err != nil || !isWhole {
			t.Fatalf("%v, %s", err, m.RawJSON())
		}
		return m
	}
	p := params("Rename foo in acme/api.")
	if _, _, err := ask(t, c, p); status(err) != 529 {
		t.Fatalf("first comes the fault: %v", err)
	}
	first := next(p)
	if first.Content[0].Thinking == "" || first.Usage.OutputTokens != 77 || first.Usage.CacheReadInputTokens != 5 {
		t.Errorf("first turn: %s", first.RawJSON())
	}
	if m := next(answered(p, first, "a.go:1: Foo")); m.Content[0].Text != "Found." {
		t.Errorf("second turn: %s", m.RawJSON())
	}
	if m := next(answered(p, first, "grep: no such file")); m.Content[0].Name != "finish" {
		t.Errorf("second turn after that result: %s", m.RawJSON())
	}
	summary := answered(p, first, "a.go:1: Foo")
	summary.Messages[2].Content = append(summary.Messages[2].Content, anthropic.NewTextBlock("Summarize."))
	if m := next(summary); m.Content[0].Text != "So far: nothing." {
		t.Errorf("act for the last message: %s", m.RawJSON())
	}
	if m := next(params("Rename baz in acme/api.")); m.Content[0].Text != "Any other." || m.StopReason != "stop_sequence" {
		t.Errorf("act for the rest: %s", m.RawJSON())
	}
	plain := params("Rename foo in acme/api. Again.")
	plain.Thinking = anthropic.ThinkingConfigParamUnion{}
	_, _, _ = ask(t, c, plain)
	if m := next(plain); m.Content[0].Type != "text" {
		t.Errorf("without thinking asked for: %s", m.RawJSON())
	}
	if v := server.Violations(); len(v) > 0 {
		t.Errorf("violations: %q", v)
	}
}

func TestParseScenarioNamesWhatIsWrong(t *testing.T) {
	t.Parallel()
	turn := func(text string) string { return "acts: [{name: a, turns: [" + text + "]}]" }
	for name, test := range map[string]struct{ text, want string }{
		"unknown field":       {turn("{txt: hi}"), `"txt"`},
		"field twice":         {"name: a\nname: b\n", `"name"`},
		"no YAML":             {"acts: [", "parse scenario"},
		"no act":              {"name: a", "acts: there is none"},
		"no name":             {"acts: [{turns: [{text: a}]}]", "acts[0].name"},
		"no turn":             {"acts: [{name: a}]", "acts[0].turns"},
		"bad pattern":         {"acts: [{name: a, when: {matches: '('}, turns: [{text: a}]}]", "acts[0].when.matches"},
		"unknown stop reason": {turn("{stopReason: done}"), `acts[0].turns[0].stopReason: "done" is none of end_turn`},
		"negative delay":      {turn("{delayMs: -1}"), "acts[0].turns[0].delayMs"},
		"tool without a name": {turn("{tools: [{input: {}}]}"), "acts[0].turns[0].tools[0].name"},
		"input is a list":     {turn("{tools: [{name: a, input: []}]}"), "acts[0].turns[0].tools[0].input"},
		"input is null":       {turn("{tools: [{name: a}, {name: b, input: 7}]}"), "tools[1].input"},
		"unknown fault":       {turn("{faults: [{kind: flood}]}"), `acts[0].turns[0].faults[0].kind: "flood" is none of rateLimit`},
		"negative times":      {turn("{faults: [{kind: slow, times: -1}]}"), "faults[0].times"},
		"condition up front":  {turn("{ifToolResultContains: a}"), "acts[0].turns[0].ifToolResultContains"},
		"no condition inside": {turn("{instead: [{text: a}]}"), "acts[0].turns[0].instead[0].ifToolResultContains"},
		"fault inside":        {turn("{instead: [{ifToolResultContains: a, faults: [{kind: x}]}]}"), "instead[0].faults[0].kind"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := rehearsal.ParseScenario([]byte(test.text))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error is %v, want it to say %s", err, test.want)
			}
		})
	}
	if _, err := rehearsal.New(rehearsal.Scenario{}, rehearsal.Options{}); err == nil {
		t.Error("New takes a scenario without acts")
	}
}

func BenchmarkLateTurn(b *testing.B) {
	server, err := rehearsal.New(rehearsal.Play(rehearsal.Say("done")), rehearsal.Options{})
	if err != nil {
		b.Fatal(err)
	}
	benchmark(b, server)
}
