package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/httpapi"
)

func TestReport(t *testing.T) {
	t.Parallel()
	problem := func(status int, code string) error {
		return fmt.Errorf("ask: %w", &httpapi.Problem{Status: status, Code: code, Detail: "no"})
	}
	stoppedContext, stop := context.WithCancelCause(t.Context())
	stop(codybatch.ErrStopped)
	for name, c := range map[string]struct {
		ctx  context.Context
		err  error
		code int
		text string
	}{
		"success":                {t.Context(), nil, exitSucceeded, ""},
		"some failed":            {t.Context(), &jobError{status: codybatch.JobFailed}, exitFailed, ""},
		"canceled":               {t.Context(), &jobError{status: codybatch.JobCanceled}, exitCanceled, ""},
		"no agent without a key": {t.Context(), &codybatch.ValidationError{Fields: []codybatch.FieldError{{Field: "job.yaml:1: agent.type", Message: "set CLAUDE_API_KEY"}}}, exitSignIn, "codybatch: job.yaml:1: agent.type: set CLAUDE_API_KEY\n"},
		"any error":              {t.Context(), errors.New("clone: \x1b[31mno\nsecond"), exitError, "codybatch: clone: no\n  second\n"},
		"a hint":                 {t.Context(), withHint(errors.New("no"), "do %s", "this"), exitError, "codybatch: no\ndo this\n"},
		"no token":               {t.Context(), problem(401, "unauthorized"), exitSignIn, "codybatch: ask: no\n"},
		"forbidden":              {t.Context(), problem(403, ""), exitSignIn, "codybatch: ask: no\n"},
		"not allowed":            {t.Context(), problem(403, "repository_not_allowed"), exitError, "codybatch: ask: no\n"},
		"refused by the forge":   {t.Context(), problem(502, "forge_credentials_refused"), exitSignIn, "codybatch: ask: no\n"},
		"refused credentials":    {t.Context(), fmt.Errorf("list: %w", codybatch.ErrUnauthorized), exitSignIn, "codybatch: list: credentials refused\n"},
		"one field":              {t.Context(), &codybatch.ValidationError{Fields: []codybatch.FieldError{{Field: "name", Message: "is empty"}}}, exitError, "codybatch: name: is empty\n"},
		"a stop":                 {stoppedContext, context.Canceled, exitError, "codybatch: worker is shutting down\n"},
		"somebody else's cancel": {t.Context(), context.Canceled, exitError, "codybatch: context canceled\n"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var out strings.Builder
			if code := report(c.ctx, &out, c.err); code != c.code || out.String() != c.text {
				t.Errorf("got %d %q, want %d %q", code, out.String(), c.code, c.text)
			}
		})
	}
}

func TestEnding(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		status string
		tasks  []httpapi.Task
		code   int
	}{
		"all is well":        {"succeeded", []httpapi.Task{{Status: "succeeded", Outcome: "changed"}}, exitSucceeded},
		"some failed":        {"failed", []httpapi.Task{{Status: "failed", Outcome: "auth_error"}, {Status: "failed", Outcome: "stuck"}}, exitFailed},
		"only sign-in fails": {"failed", []httpapi.Task{{Status: "failed", Outcome: "auth_error"}, {Status: "succeeded", Outcome: "changed"}}, exitSignIn},
		"canceled":           {"canceled", []httpapi.Task{{Status: "canceled", Outcome: "canceled"}, {Status: "failed", Outcome: "auth_error"}}, exitCanceled},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if code := report(t.Context(), io.Discard, ending(httpapi.Job{Status: c.status}, c.tasks)); code != c.code {
				t.Errorf("got %d, want %d", code, c.code)
			}
		})
	}
}
