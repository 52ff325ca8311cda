package claude

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/packages/param"

	"github.com/liamzdenek/cody-batch/internal/agent/apierror"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// tool is one thing that the model can do. Its schema is sent as it stands, so a
// change of a word here empties the prompt caches of all running jobs.
type tool struct {
	name        string
	description string
	properties  map[string]any
	required    []string
	run         func(ctx context.Context, s *session, input json.RawMessage) (toolResult, error)
}

// toolResult is what goes back to the model. Tools return an error only when the
// whole run has to end: with the context's cause.
type toolResult struct {
	text      string
	isError   bool
	malformed bool // the call itself was wrong: no such tool, or not its input
	truncated bool
	exitCode  *int
	finish    *finishInput
}

func refusal(format string, args ...any) toolResult {
	return toolResult{text: fmt.Sprintf(format, args...), isError: true}
}

func malformed(format string, args ...any) toolResult {
	return toolResult{text: fmt.Sprintf(format, args...), isError: true, malformed: true}
}

// tools lists all there are, in the order in which the model reads them.
func tools() []tool {
	return []tool{bashTool(), readTool(), writeTool(), editTool(), globTool(), grepTool(), verifyTool(), finishTool()}
}

// toolParams describes the tools to the API. Strict makes the model's inputs fit
// the schemas; of a schema it takes no lengths and no ranges
// (https://platform.claude.com/docs/en/build-with-claude/structured-outputs), so
// those are in the descriptions and checked by the tools.
func toolParams(tools []tool) []anthropic.ToolUnionParam {
	params := make([]anthropic.ToolUnionParam, len(tools))
	for i, t := range tools {
		params[i] = anthropic.ToolUnionParam{OfTool: &anthropic.ToolParam{
			Name: t.name, Description: param.NewOpt(t.description), Strict: param.NewOpt(true),
			InputSchema: anthropic.ToolInputSchemaParam{
				Properties: t.properties, Required: t.required,
				ExtraFields: map[string]any{"additionalProperties": false},
			},
		}}
	}
	return params
}

// call runs one tool call that the model makes. The error is the context's cause.
func (s *session) call(ctx context.Context, name string, input json.RawMessage) (toolResult, error) {
	i := slices.IndexFunc(s.tools, func(t tool) bool { return t.name == name })
	if i < 0 {
		return malformed("there is no tool %q", apierror.Short(name)), nil
	}
	if complaint := checkInput(s.tools[i], input); complaint != "" {
		return malformed("%s: %s", name, complaint), nil
	}
	result, err := s.tools[i].run(ctx, s, input)
	if ctx.Err() != nil {
		return result, context.Cause(ctx)
	}
	return result, err
}

// checkInput looks for what the schema demands, for models and servers that do
// not hold to it.
func checkInput(t tool, input json.RawMessage) string {
	var fields map[string]json.RawMessage
	if json.Unmarshal(input, &fields) != nil || fields == nil {
		return "the input is no JSON object"
	}
	for _, name := range t.required {
		if value, ok := fields[name]; !ok || string(value) == "null" {
			return name + " is missing"
		}
	}
	return ""
}

// decode reads a tool's input.
func decode[T any](input json.RawMessage) (T, *toolResult) {
	var into T
	decoder := json.NewDecoder(bytes.NewReader(input))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&into); err != nil {
		result := malformed("the input does not fit the schema: %s", apierror.Short(strings.TrimPrefix(err.Error(), "json: ")))
		return into, &result
	}
	return into, nil
}

// fileProblem turns an error of the file tools into what the model reads.
func fileProblem(err error) toolResult {
	var refused *pathError
	if errors.As(err, &refused) {
		return refusal("%s", printable(refused.Error()))
	}
	return refusal("%s", printable(apierror.Short(err.Error())))
}

func property(kind, description string) map[string]any {
	return map[string]any{"type": kind, "description": description}
}

// toolEvent records a call and what went back.
func toolEvent(id, name string, input json.RawMessage, result toolResult, durationMs int64) codybatch.ThreadEvent {
	content, _ := json.Marshal([]map[string]string{{"type": "text", "text": result.text}}) // strings always marshal
	return codybatch.ThreadEvent{
		Type: codybatch.EventTool, ToolUseID: id, Name: name, Input: input, Content: content,
		IsError: result.isError, ExitCode: result.exitCode, Truncated: result.truncated, DurationMs: durationMs,
	}
}
