package claude

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/anthropics/anthropic-sdk-go"

	"github.com/liamzdenek/cody-batch/internal/agent/apierror"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func apiFailure(t *testing.T, status int, body string, header http.Header) error {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "https://api.example/v1/messages", nil)
	if err != nil {
		t.Fatal(err)
	}
	failure := &anthropic.Error{StatusCode: status, Request: req, Response: &http.Response{StatusCode: status, Header: header}, RequestID: "req_1"}
	if err := json.Unmarshal([]byte(body), failure); err != nil && json.Valid([]byte(body)) {
		t.Fatal(err)
	}
	return failure
}

// What an error of the API means is apierror's to say, and tested there.
func TestClassify(t *testing.T) {
	t.Parallel()
	v := classify(apiFailure(t, http.StatusTooManyRequests, `{"type":"error","error":{"type":"rate_limit_error","message":"slower, `+testKey+`"}}`,
		http.Header{"Retry-After": {"7"}}), time.Now(), apierror.KeyAdvice, testKey)
	if !v.Retry || !v.Limited || v.Asked != 7*time.Second || !strings.Contains(v.Reason, "slower, "+apierror.Redacted) || strings.Contains(v.Reason, "api.example") {
		t.Errorf("an error of the SDK's: got %+v", v)
	}
	for _, err := range []error{errTruncated, apierror.ErrIdle, io.ErrUnexpectedEOF, errors.New("connection reset by peer")} {
		if v := classify(err, time.Now(), apierror.KeyAdvice, testKey); !v.Retry || v.Outcome != codybatch.OutcomeAPIError {
			t.Errorf("%v: got %+v", err, v)
		}
	}
	for _, err := range []error{errEndless, errNotRehearsal, apierror.ErrRedirect} {
		wrapped := &url.Error{Op: "Post", URL: "https://api.example", Err: err}
		if v := classify(wrapped, time.Now(), apierror.KeyAdvice, testKey); v.Retry || v.Reason != err.Error() {
			t.Errorf("%v: got %+v", err, v)
		}
	}
}

func TestSleep_ends_with_the_cause(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		ctx, cancel := context.WithTimeoutCause(t.Context(), time.Second, codybatch.ErrTimeout)
		defer cancel()
		start := time.Now()
		if err := sleep(ctx, time.Hour); !errors.Is(err, codybatch.ErrTimeout) || time.Since(start) != time.Second {
			t.Errorf("got %v after %s", err, time.Since(start))
		}
	})
}
