package httpapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"net/http"
	"reflect"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

const (
	// apiVersion is the version of the contract, not of the program.
	apiVersion   = "1.0.0"
	schemaPrefix = "#/components/schemas/"
	typeJSON     = "application/json"
	typeProblem  = "application/problem+json"
)

// The tags that group the routes.
const (
	tagJobs         = "Jobs"
	tagTasks        = "Repositories of a job"
	tagRepositories = "Repositories"
	tagHealth       = "Health"
)

// OpenAPI is the description of the API as the server hands it out below /api, as
// indented JSON; the same bytes every time.
func OpenAPI() ([]byte, error) {
	a := &api{Options: Options{BasePath: "/api"}, routes: http.NewServeMux()}
	document, err := json.Marshal(a.register())
	if err != nil {
		return nil, fmt.Errorf("encode description: %w", err)
	}
	var indented bytes.Buffer
	if err := json.Indent(&indented, document, "", "  "); err != nil {
		return nil, fmt.Errorf("indent description: %w", err)
	}
	indented.WriteByte('\n')
	return indented.Bytes(), nil
}

// newDescription is the description before any route is added.
func newDescription(basePath string) *huma.OpenAPI {
	if basePath == "" {
		basePath = "/"
	}
	description := &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title:   "Cody Batch",
			Version: apiVersion,
			Description: "One prompt, many repositories, one reviewed pull request in each.\n\n" +
				"Repositories are named owner/name; in addresses owner%2Fname works, too. Lists come in pages: pass " +
				"`nextCursor` as `cursor` until it is null. Times are RFC 3339 in UTC, amounts are US dollars. Errors are " +
				"RFC 9457 problems with a stable `code`, every field that can't be accepted, and the id of the request in the server's log.",
			License: &huma.License{Name: "MIT", Identifier: "MIT"},
		},
		Servers: []*huma.Server{{URL: basePath, Description: "The server that this description comes from."}},
		Components: &huma.Components{
			Schemas:   huma.NewMapRegistry(schemaPrefix, huma.DefaultSchemaNamer),
			Responses: map[string]*huma.Response{},
			SecuritySchemes: map[string]*huma.SecurityScheme{"token": {
				Type: "http", Scheme: "bearer",
				Description: "The server's API_TOKEN. A server that listens on its own machine only, without an API_TOKEN, needs none.",
			}},
		},
		Security: []map[string][]string{{"token": {}}},
		Tags: []*huma.Tag{
			{Name: tagJobs, Description: "One prompt (or script) over many repositories."},
			{Name: tagTasks, Description: "A task: the job in one repository, with its diff, its conversation and its pull request."},
			{Name: tagRepositories, Description: "What the forge shows and the server may work on."},
			{Name: tagHealth, Description: "How the server is."},
		},
	}
	for _, status := range problemStatuses() {
		description.Components.Responses[problemName(status)] = &huma.Response{
			Description: problemText(status),
			Content:     map[string]*huma.MediaType{typeProblem: {Schema: &huma.Schema{Ref: schemaPrefix + "Problem"}}},
		}
	}
	return description
}

// operation describes a route. Statuses are the problems that it can answer with,
// besides those that every route can.
func operation(id, method, path, tag, summary, description string, statuses ...int) huma.Operation {
	op := huma.Operation{
		OperationID: id, Method: method, Path: path, Tags: []string{tag},
		Summary: summary, Description: description, Responses: map[string]*huma.Response{},
	}
	everywhere := []int{
		http.StatusUnauthorized, http.StatusForbidden, http.StatusUnprocessableEntity,
		http.StatusTooManyRequests, http.StatusInternalServerError, http.StatusServiceUnavailable,
	}
	for _, status := range slices.Concat(statuses, everywhere) {
		op.Responses[strconv.Itoa(status)] = &huma.Response{Ref: "#/components/responses/" + problemName(status)}
	}
	return op
}

func problemStatuses() []int {
	return []int{400, 401, 403, 404, 409, 410, 413, 415, 422, 429, 500, 502, 503}
}

func problemName(status int) string {
	return strings.ReplaceAll(http.StatusText(status), " ", "")
}

func problemText(status int) string {
	switch status {
	case http.StatusBadRequest:
		return "The body is not JSON (`malformed_json`, with line and column), or the cursor is not one of the list's (`invalid_cursor`)."
	case http.StatusUnauthorized:
		return "The token is missing or wrong (`unauthorized`)."
	case http.StatusForbidden:
		return "A repository is not in the allow-list (`repository_not_allowed`), or a foreign web page asked (`forbidden`)."
	case http.StatusNotFound:
		return "There is no such thing, or not yet: the detail says which (`not_found`)."
	case http.StatusConflict:
		return "The request does not fit the present state (`conflict`)."
	case http.StatusGone:
		return "The job has not come to this sequence number (`cursor_gone`); start again with 0."
	case http.StatusRequestEntityTooLarge:
		return "The body is larger than 1 MiB (`body_too_large`)."
	case http.StatusUnsupportedMediaType:
		return "The body is not sent as application/json (`unsupported_media_type`)."
	case http.StatusUnprocessableEntity:
		return "Fields or parameters can't be accepted (`validation_failed`, all of them in errors), or the Idempotency-Key belongs to another request (`idempotency_key_reused`)."
	case http.StatusTooManyRequests:
		return "Too many requests; Retry-After says how many seconds to wait."
	case http.StatusBadGateway:
		return "The forge can't be reached (`forge_unreachable`) or refuses the server's credentials (`forge_credentials_refused`)."
	case http.StatusServiceUnavailable:
		return "The server can't reach its database (`store_unreachable`) or its documents (`artifacts_unreachable`); Retry-After says how many seconds to wait."
	default:
		return "Something went wrong inside the server (`internal_error`); its log has the details under the request id."
	}
}

// describeBody adds the body of a route that reads it by itself, see document.
func describeBody[T any](h huma.API, op huma.Operation, isRequired bool) {
	t := reflect.TypeFor[T]()
	media := &huma.MediaType{Schema: h.OpenAPI().Components.Schemas.Schema(t, true, t.Name())}
	switch t {
	case reflect.TypeFor[JobRequest]():
		media.Example = jobExample()
	case reflect.TypeFor[RetryRequest]():
		media.Example = RetryRequest{Include: []string{"canceled"}}
	case reflect.TypeFor[PublishRequest]():
		media.Example = PublishRequest{Repositories: []string{"acme/site"}}
	case reflect.TypeFor[CancelTasksRequest]():
		media.Example = CancelTasksRequest{Repositories: []string{"acme/site"}}
	case reflect.TypeFor[ReviewRequest]():
		media.Example = ReviewRequest{Decision: "approved", Note: "Reads well."}
	case reflect.TypeFor[ReviewTasksRequest]():
		media.Example = ReviewTasksRequest{Decision: "approved", Note: "All the same.", Repositories: []string{"acme/site", "acme/api"}}
	case reflect.TypeFor[FeedbackRequest]():
		media.Example = FeedbackRequest{Message: "Keep the old name as an alias."}
	case reflect.TypeFor[FeedbackTasksRequest]():
		media.Example = FeedbackTasksRequest{Message: "Keep the old name as an alias.", Repositories: []string{"acme/site", "acme/api"}}
	}
	h.OpenAPI().Paths[op.Path].Post.RequestBody = &huma.RequestBody{
		Required: isRequired, Content: map[string]*huma.MediaType{typeJSON: media},
	}
}

func jobExample() JobRequest {
	perTask, perJob := 2.0, 50.0
	return JobRequest{
		Name: "Replace io/ioutil", Prompt: "Replace every use of io/ioutil by its successor in os and io.",
		Repositories: []string{"acme/site", "acme/api"},
		Agent:        AgentRequest{Type: "claude", Model: codybatch.DefaultModel, MaxTurns: 80, MaxCostUSD: &perTask, TimeoutSeconds: 1800},
		Verify:       []string{"go build ./...", "go test ./..."}, MaxCostUSD: &perJob,
		PullRequest: &PullRequestRequest{Title: "Replace io/ioutil", Branch: "cody-batch/replace-io-ioutil"},
	}
}

// describeStream describes an answer that is a document.
func describeStream(op *huma.Operation, text, contentType string) {
	op.Responses["200"] = &huma.Response{
		Description: text,
		Content:     map[string]*huma.MediaType{contentType: {Schema: &huma.Schema{Type: huma.TypeString}}},
	}
	describeLink(op)
}

// describeLink describes what stands for a document that is too large for an answer.
func describeLink(op *huma.Operation) {
	op.Responses["307"] = &huma.Response{
		Description: "On AWS, of a large document: its address in the bucket, good for five minutes. Follow it without the token.",
		Headers:     map[string]*huma.Param{"Location": {Schema: &huma.Schema{Type: huma.TypeString, Format: "uri"}}},
	}
}

func describeThread(h huma.API, op *huma.Operation) {
	op.Responses["200"] = &huma.Response{
		Description: "A page of messages, or all stored events.",
		Content: map[string]*huma.MediaType{
			typeJSON:  {Schema: h.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Thread](), true, "")},
			typeLines: {Schema: &huma.Schema{Type: huma.TypeString, Description: "One JSON object a line."}},
		},
	}
	describeLink(op)
}

func describeEvents(h huma.API, op *huma.Operation) {
	op.Responses["200"] = &huma.Response{
		Description: "Events, in the way that Content-Type tells.",
		Content: map[string]*huma.MediaType{
			typeJSON: {Schema: h.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[EventPage](), true, "")},
			"text/event-stream": {Schema: &huma.Schema{
				Type: huma.TypeString, Description: "Server-sent events: id is seq, event is type, data is an Event.",
			}},
		},
	}
	op.Responses["204"] = &huma.Response{Description: "The job has finished and nothing more will come."}
}

func describeHealth(h huma.API, op *huma.Operation) {
	op.Responses = map[string]*huma.Response{
		"403": op.Responses["403"], "429": op.Responses["429"], "500": op.Responses["500"],
		"503": {
			Description: "The store can't be reached.",
			Content: map[string]*huma.MediaType{
				typeJSON: {Schema: h.OpenAPI().Components.Schemas.Schema(reflect.TypeFor[Health](), true, "")},
			},
		},
	}
}

// Schema is what the description says about Text.
func (Text) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Nullable: true}
}

// finishDescription mends what can't be said in the wire structs.
func finishDescription(description *huma.OpenAPI) {
	registry := description.Components.Schemas
	registry.Schema(reflect.TypeFor[Problem](), true, "")
	schemas := registry.Map()
	delete(schemas, "ErrorModel") // huma's own errors become problems before they are sent
	delete(schemas, "ErrorDetail")
	requests := []string{
		"JobRequest", "AgentRequest", "PullRequestRequest", "RetryRequest", "PublishRequest",
		"CancelTasksRequest", "ReviewRequest", "ReviewTasksRequest", "FeedbackRequest", "FeedbackTasksRequest",
	}
	for name, schema := range schemas {
		if !slices.Contains(requests, name) {
			schema.AdditionalProperties = nil // answers may gain fields
		}
		for field, property := range schema.Properties {
			if property.Type == huma.TypeArray {
				property.Nullable = false // lists are never null on the wire
				property.Items.Enum = enumOf(name, field)
				continue
			}
			if values := enumOf(name, field); values != nil {
				property.Enum = values
				if property.Nullable {
					property.Enum = append(property.Enum, nil)
				}
			}
		}
	}
	for name, fields := range map[string][]string{"Task": {"review", "feedback", "pullRequest", "judgement", "error"}, "Message": {"usage"}} {
		for _, field := range fields {
			property := schemas[name].Properties[field]
			schemas[name].Properties[field] = &huma.Schema{
				Description: property.Description,
				AnyOf:       []*huma.Schema{{Ref: property.Ref}, {Type: "null"}},
			}
		}
	}
}

// enumOf lists the values of a field that has few, nil for all others.
func enumOf(schema, field string) []any {
	switch schema + "." + field {
	case "Job.status":
		return values(codybatch.JobStatuses())
	case "Task.status":
		return values(codybatch.TaskStatuses())
	case "Task.outcome", "FailureGroup.outcome":
		return values(codybatch.Outcomes())
	case "Task.phase":
		return values(codybatch.Phases())
	case "AgentRequest.type", "AgentLimits.type":
		return values(codybatch.AgentTypes())
	case "Review.decision":
		return values([]codybatch.ReviewDecision{codybatch.ReviewApproved, codybatch.ReviewRejected})
	case "ReviewRequest.decision", "ReviewTasksRequest.decision":
		return values([]codybatch.ReviewDecision{codybatch.ReviewApproved, codybatch.ReviewRejected, codybatch.ReviewWithdrawn})
	case "PullRequest.state":
		return values([]codybatch.PullRequestState{codybatch.PullRequestOpen, codybatch.PullRequestMerged, codybatch.PullRequestClosed})
	case "Gate.level":
		return values(codybatch.GateLevels())
	case "Judgement.verdict":
		return values(codybatch.Verdicts())
	case "Message.role":
		return values([]codybatch.Role{codybatch.RoleUser, codybatch.RoleAssistant, codybatch.RoleSystem})
	case "Block.type":
		return values([]codybatch.BlockType{codybatch.BlockText, codybatch.BlockThinking, codybatch.BlockToolUse, codybatch.BlockToolResult})
	case "Task.availableActions":
		return values(codybatch.AllActions())
	case "RetryRequest.include":
		return []any{string(codybatch.TaskCanceled)}
	case "Event.type":
		return []any{"task", "job"}
	case "Health.status":
		return []any{"ok", "degraded", "down"}
	case "Dependency.status":
		return []any{"ok", "down"}
	default:
		return nil
	}
}

func values[T ~string](list []T) []any {
	out := make([]any, len(list))
	for i, v := range list {
		out[i] = string(v)
	}
	return out
}
