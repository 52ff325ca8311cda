package httpapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// maxProblemFields bounds the errors[] of a problem.
const maxProblemFields = 100

// The stable codes of problems.
const (
	codeMalformed       = "malformed_json"
	codeValidation      = "validation_failed"
	codeNotAllowed      = "repository_not_allowed"
	codeNotFound        = "not_found"
	codeConflict        = "conflict"
	codeIdempotency     = "idempotency_key_reused"
	codeInvalidCursor   = "invalid_cursor"
	codeCursorGone      = "cursor_gone"
	codeUnauthorized    = "unauthorized"
	codeForbidden       = "forbidden"
	codeMethod          = "method_not_allowed"
	codeTooLarge        = "body_too_large"
	codeMediaType       = "unsupported_media_type"
	codeForgeRefused    = "forge_credentials_refused"
	codeForgeDown       = "forge_unreachable"
	codeStoreDown       = "store_unreachable"
	codeArtifactsDown   = "artifacts_unreachable"
	codeRequestCanceled = "request_canceled"
	codeInternal        = "internal_error"
)

// Error is the detail and the fields, on one line.
func (p *Problem) Error() string {
	text := p.Detail
	if text == "" {
		text = p.Title
	}
	if len(p.Errors) > 0 && p.Code == codeValidation {
		parts := make([]string, len(p.Errors))
		for i, e := range p.Errors {
			parts[i] = e.Field + ": " + e.Message
		}
		text = strings.Join(parts, "; ")
	}
	if p.Status >= http.StatusInternalServerError && p.RequestID != "" {
		text += " (request " + p.RequestID + ")"
	}
	return text
}

// GetStatus is the status that huma answers with.
func (p *Problem) GetStatus() int { return p.Status }

// ContentType is RFC 9457's.
func (*Problem) ContentType(string) string { return "application/problem+json" }

// GetHeaders are the headers that go with the problem.
func (p *Problem) GetHeaders() http.Header {
	header := http.Header{}
	if p.retryAfter > 0 {
		header.Set("Retry-After", strconv.Itoa(int((p.retryAfter+time.Second-1)/time.Second)))
	}
	if p.Status == http.StatusUnauthorized {
		header.Set("WWW-Authenticate", `Bearer realm="codybatch"`)
	}
	return header
}

// newProblem makes a problem of a status, a code and a text for people.
func newProblem(status int, code, detail string) *Problem {
	return &Problem{Type: "about:blank", Title: http.StatusText(status), Status: status, Code: code, Detail: detail, Errors: []FieldProblem{}}
}

// invalidField is the problem of one field.
func invalidField(name, message string) *Problem {
	return validation([]codybatch.FieldError{{Field: name, Message: message}})
}

func validation(fields []codybatch.FieldError) *Problem {
	noun := "fields"
	if len(fields) == 1 {
		noun = "field"
	}
	detail := fmt.Sprintf("%d %s can't be accepted: %v", len(fields), noun, (&codybatch.ValidationError{Fields: fields}).Error())
	problem := newProblem(http.StatusUnprocessableEntity, codeValidation, detail)
	for _, f := range fields[:min(len(fields), maxProblemFields)] {
		problem.Errors = append(problem.Errors, FieldProblem{Field: f.Field, Message: f.Message})
	}
	return problem
}

// forgeError marks a failure of a request that had to ask the forge.
type forgeError struct{ error }

// Unwrap is the failure itself.
func (e forgeError) Unwrap() error { return e.error }

// askedError goes with the failure of a request over repositories, so that those
// that are refused can be named by their places in it.
type askedError struct {
	error
	repositories []codybatch.RepositoryName
}

// Unwrap is the failure itself.
func (e askedError) Unwrap() error { return e.error }

func refusal(notAllowed *codybatch.NotAllowedError, err error) *Problem {
	problem := newProblem(http.StatusForbidden, codeNotAllowed, notAllowed.Error())
	var asked askedError
	errors.As(err, &asked) // else there are no places to name
	for _, name := range notAllowed.Repositories[:min(len(notAllowed.Repositories), maxProblemFields)] {
		field := "repositories"
		if i := slices.Index(asked.repositories, name); i >= 0 {
			field = indexed(field, i)
		}
		problem.Errors = append(problem.Errors, FieldProblem{Field: field, Message: string(name) + " is not in ALLOWED_REPOSITORIES"})
	}
	return problem
}

// problem turns any error into what the client is told. What it does not know is
// logged in full, and told as no more than a request id.
func (a *api) problem(ctx context.Context, err error) *Problem {
	problem := a.knownProblem(err)
	if problem == nil {
		problem = a.failure(ctx, err)
		a.Log.ErrorContext(ctx, "request failed", "request", requestID(ctx), "code", problem.Code, "error", err)
	}
	problem.RequestID = requestID(ctx)
	return problem
}

// knownProblem is the answer to errors that have a meaning for the client, or nil.
func (*api) knownProblem(err error) *Problem {
	var (
		problem    *Problem
		malformed  *MalformedError
		invalid    *codybatch.ValidationError
		notAllowed *codybatch.NotAllowedError
		missing    *codybatch.MissingError
		tooLarge   *http.MaxBytesError
	)
	switch {
	case errors.As(err, &problem):
		return problem
	case errors.As(err, &malformed):
		return newProblem(http.StatusBadRequest, codeMalformed, "the body is not valid JSON: "+malformed.Error())
	case errors.As(err, &invalid):
		return validation(invalid.Fields)
	case errors.As(err, &notAllowed):
		return refusal(notAllowed, err)
	case errors.As(err, &missing):
		return newProblem(http.StatusNotFound, codeNotFound, missing.Error())
	case errors.Is(err, codybatch.ErrNotFound):
		return newProblem(http.StatusNotFound, codeNotFound, "what this address names is not there, or not any more")
	case errors.Is(err, codybatch.ErrIdempotencyMismatch):
		// 422 as draft-ietf-httpapi-idempotency-key-header-06 §2.7 has it.
		return newProblem(http.StatusUnprocessableEntity, codeIdempotency,
			"this Idempotency-Key was used with a different request in the last 24 hours; use a new key")
	case errors.Is(err, codybatch.ErrConflict):
		return newProblem(http.StatusConflict, codeConflict, err.Error())
	case errors.Is(err, codybatch.ErrCursor):
		return newProblem(http.StatusBadRequest, codeInvalidCursor, "cursor is not one that this list has handed out; start again without it")
	case errors.As(err, &tooLarge):
		return newProblem(http.StatusRequestEntityTooLarge, codeTooLarge, fmt.Sprintf("the body is larger than %d bytes", tooLarge.Limit))
	case errors.Is(err, codybatch.ErrUnauthorized):
		return newProblem(http.StatusBadGateway, codeForgeRefused, "the forge refuses the server's credentials; whoever runs the server has to renew GITHUB_TOKEN (or the forge's own) and start it again")
	default:
		return nil
	}
}

// failure is the answer to an error of the machinery: which part is down, if one is.
func (a *api) failure(ctx context.Context, err error) *Problem {
	if ctx.Err() != nil {
		return newProblem(http.StatusServiceUnavailable, codeRequestCanceled, "the request was given up before it was answered")
	}
	ctx, cancel := context.WithTimeout(ctx, pingTimeout)
	defer cancel()
	health := a.service.Health(ctx)
	var forge forgeError
	var problem *Problem
	switch {
	case health["store"] != nil:
		problem = newProblem(http.StatusServiceUnavailable, codeStoreDown, "the server can't reach its database; try again in a moment")
	case health["artifacts"] != nil:
		problem = newProblem(http.StatusServiceUnavailable, codeArtifactsDown, "the server can't reach its documents; try again in a moment")
	case errors.As(err, &forge):
		problem = newProblem(http.StatusBadGateway, codeForgeDown, "the forge does not answer as it should; try again in a moment")
	default:
		return newProblem(http.StatusInternalServerError, codeInternal, "something went wrong inside the server; its log has the details under the request id")
	}
	problem.retryAfter = 5 * time.Second
	return problem
}

// fromHuma turns the errors that huma makes by itself, for parameters that don't
// fit the description, into a problem of our shape.
func fromHuma(ctx huma.Context, _ string, body any) (any, error) {
	model, ok := body.(*huma.ErrorModel)
	if !ok {
		return body, nil
	}
	problem := newProblem(model.Status, codeValidation, model.Detail)
	if model.Status == http.StatusUnprocessableEntity {
		var fields []codybatch.FieldError
		for _, detail := range model.Errors {
			fields = append(fields, codybatch.FieldError{Field: fieldOf(detail.Location), Message: detail.Message})
		}
		problem = validation(fields)
	} else {
		problem.Code = codeInternal
	}
	problem.RequestID = requestID(ctx.Context())
	return problem, nil
}

// fieldOf drops the place that huma puts before a name: "query.limit", "header.Idempotency-Key".
func fieldOf(location string) string {
	for _, place := range []string{"query.", "header.", "path.", "body."} {
		if name, ok := strings.CutPrefix(location, place); ok {
			return name
		}
	}
	return location
}

// writeProblem answers outside of huma: in the middleware, and where there is no route.
func writeProblem(w http.ResponseWriter, r *http.Request, log *slog.Logger, problem *Problem) {
	problem.RequestID = requestID(r.Context())
	for name, values := range problem.GetHeaders() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", problem.ContentType(""))
	w.Header().Set("Cache-Control", "no-store")
	writeJSON(w, r, log, problem.Status, problem)
}
