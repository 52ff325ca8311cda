package httpapi

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// maxDollars bounds amounts on the wire, so that no sum can overflow.
const maxDollars = 1e9

// MalformedError says where a document stops being JSON.
type MalformedError struct {
	Offset int64 // bytes read until then
	Line   int   // from 1
	Column int   // from 1, in bytes
	Reason string
}

// Error names the place and the reason.
func (e *MalformedError) Error() string {
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Reason)
}

// DecodeJob reads the JSON document of a job, that of POST /jobs and of job.yaml.
// It is strict: what is not JSON is a *MalformedError with the place; unknown
// fields and values of the wrong type are a *codybatch.ValidationError that names
// every one by its path ("agent.maxCostUsd"), and with them the values elsewhere
// in the document that make no sense. Whether the values of a document without
// such a fault make sense is for JobSpec.Validate to say.
func DecodeJob(data []byte) (codybatch.JobSpec, error) {
	var request JobRequest
	if err := checkSyntax(data); err != nil {
		return codybatch.JobSpec{}, err
	}
	faults := shapeOf(data, &request)
	if err := json.Unmarshal(data, &request); err != nil && len(faults) == 0 {
		return codybatch.JobSpec{}, &MalformedError{Line: 1, Column: 1, Reason: err.Error()}
	} // else it has gone on behind what the faults are about
	spec, outOfBounds := request.spec()
	faults = append(faults, outOfBounds...)
	if len(faults) == 0 {
		return spec, nil
	}
	return codybatch.JobSpec{}, &codybatch.ValidationError{Fields: append(faults, valueFaults(spec, faults)...)}
}

// valueFaults lists what makes no sense in what could be read of a document with
// faults, but for what may only follow from them.
func valueFaults(spec codybatch.JobSpec, faults []codybatch.FieldError) []codybatch.FieldError {
	var invalid *codybatch.ValidationError
	if !errors.As(spec.WithDefaults().Validate(), &invalid) {
		return nil
	}
	return slices.DeleteFunc(invalid.Fields, func(value codybatch.FieldError) bool {
		return slices.ContainsFunc(faults, func(fault codybatch.FieldError) bool { return follows(value.Field, fault, spec) })
	})
}

// follows reports whether a field may only be wrong because of a fault: at the same
// place, around or inside it. And without a type of the agent, nothing says what
// belongs to it.
func follows(field string, fault codybatch.FieldError, spec codybatch.JobSpec) bool {
	if fault.Field == wholeBody || isWithin(field, fault.Field) || isWithin(fault.Field, field) {
		return true
	}
	mayHideType := fault.Field == "agent" || fault.Field == "agent.type" ||
		spec.Agent.Type == "" && isWithin(fault.Field, "agent") && strings.HasPrefix(fault.Message, isUnknown)
	return mayHideType && (field == "prompt" || isWithin(field, "agent"))
}

// isWithin reports whether a path is that of an outer one, or of a part of it.
func isWithin(path, outer string) bool {
	rest, ok := strings.CutPrefix(path, outer)
	return ok && (rest == "" || rest[0] == '.' || rest[0] == '[')
}

// EncodeJob writes the JSON document that DecodeJob reads as the given spec.
func EncodeJob(spec codybatch.JobSpec) ([]byte, error) {
	document, err := json.Marshal(jobRequest(spec))
	if err != nil {
		return nil, fmt.Errorf("encode job %q: %w", spec.Name, err)
	}
	return document, nil
}

// decodeStrict reads one JSON object into the struct that target points to.
func decodeStrict(data []byte, target any) error {
	if err := checkSyntax(data); err != nil {
		return err
	}
	if fields := shapeOf(data, target); len(fields) > 0 {
		return &codybatch.ValidationError{Fields: fields}
	}
	if err := json.Unmarshal(data, target); err != nil {
		return &MalformedError{Line: 1, Column: 1, Reason: err.Error()}
	}
	return nil
}

// checkSyntax returns a *MalformedError unless data is exactly one JSON value.
func checkSyntax(data []byte) error {
	if len(bytes.TrimSpace(data)) == 0 {
		return &MalformedError{Line: 1, Column: 1, Reason: "the document is empty; want a JSON object"}
	}
	if !utf8.Valid(data) {
		offset := 0
		for r, size := utf8.DecodeRune(data); r != utf8.RuneError || size != 1; r, size = utf8.DecodeRune(data[offset:]) {
			offset += size
		}
		return malformed(data, int64(offset), "the text is not valid UTF-8")
	}
	var raw json.RawMessage
	err := json.Unmarshal(data, &raw)
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return malformed(data, syntax.Offset-1, syntax.Error())
	}
	return err
}

func malformed(data []byte, offset int64, reason string) *MalformedError {
	offset = min(max(offset, 0), int64(len(data)))
	before := data[:offset]
	return &MalformedError{
		Offset: offset,
		Line:   1 + bytes.Count(before, []byte("\n")),
		Column: len(before) - bytes.LastIndexByte(before, '\n'),
		Reason: reason,
	}
}

// spec turns the request into the domain's. Only what can't be said in the
// domain's types is listed as wrong here.
func (r JobRequest) spec() (codybatch.JobSpec, []codybatch.FieldError) {
	invalid := &codybatch.ValidationError{}
	spec := codybatch.JobSpec{
		Name: r.Name, Description: r.Description, Prompt: r.Prompt,
		Verify: r.Verify, Gates: r.Gates.domain(), Judge: r.Judge, CreatePullRequests: r.CreatePullRequests,
		MaxCost: moneyOf("maxCostUsd", r.MaxCostUSD, invalid),
		Agent: codybatch.AgentSpec{
			Type: codybatch.AgentType(r.Agent.Type), Model: r.Agent.Model, Script: r.Agent.Script,
			MaxTurns: r.Agent.MaxTurns, MaxCost: moneyOf("agent.maxCostUsd", r.Agent.MaxCostUSD, invalid),
			Timeout: seconds(r.Agent.TimeoutSeconds),
		},
	}
	for _, name := range r.Repositories {
		spec.Repositories = append(spec.Repositories, codybatch.RepositoryName(name))
	}
	if p := r.PullRequest; p != nil {
		spec.PullRequest = codybatch.PullRequestSpec{
			Title: p.Title, Body: p.Body, Branch: p.Branch, Base: p.Base,
			Draft: p.Draft, Labels: p.Labels, Reviewers: p.Reviewers,
		}
	}
	return spec, invalid.Fields
}

func jobRequest(spec codybatch.JobSpec) JobRequest {
	request := JobRequest{
		Name: spec.Name, Description: spec.Description, Prompt: spec.Prompt,
		Repositories: names(spec.Repositories), Verify: spec.Verify, Gates: newGateSettings(spec.Gates), Judge: spec.Judge,
		MaxCostUSD: dollars(spec.MaxCost), CreatePullRequests: spec.CreatePullRequests,
		Agent: AgentRequest{
			Type: string(spec.Agent.Type), Model: spec.Agent.Model, Script: spec.Agent.Script,
			MaxTurns: spec.Agent.MaxTurns, MaxCostUSD: dollars(spec.Agent.MaxCost),
			TimeoutSeconds: int64(spec.Agent.Timeout / time.Second),
		},
	}
	p := spec.PullRequest
	request.PullRequest = &PullRequestRequest{
		Title: p.Title, Body: p.Body, Branch: p.Branch, Base: p.Base,
		Draft: p.Draft, Labels: p.Labels, Reviewers: p.Reviewers,
	}
	return request
}

func moneyOf(field string, amount *float64, invalid *codybatch.ValidationError) *codybatch.Money {
	if amount == nil {
		return nil
	}
	if math.Abs(*amount) > maxDollars {
		invalid.Fields = append(invalid.Fields, codybatch.FieldError{
			Field: field, Message: fmt.Sprintf("must be at most %d", int64(maxDollars)),
		})
		return nil
	}
	money := codybatch.USD(*amount)
	return &money
}

// seconds keeps what is out of bounds out of bounds, where a multiplication could
// bring it back in.
func seconds(n int64) time.Duration {
	limit := int64(codybatch.MaxTimeout/time.Second) + 1
	return time.Duration(min(max(n, -1), limit)) * time.Second
}

func dollars(amount *codybatch.Money) *float64 {
	if amount == nil {
		return nil
	}
	value := amount.Dollars()
	return &value
}

func names(list []codybatch.RepositoryName) []string {
	texts := make([]string, len(list))
	for i, name := range list {
		texts[i] = string(name)
	}
	return texts
}
