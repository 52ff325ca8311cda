package claude

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
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

func TestClassify(t *testing.T) {
	t.Parallel()
	failure := func(kind, message string) string {
		return `{"type":"error","error":{"type":"` + kind + `","message":"` + message + `"},"request_id":null}`
	}
	for _, test := range []struct {
		name    string
		status  int
		body    string
		retry   bool
		limited bool
		crowded bool
		refused bool
		outcome codybatch.Outcome
		says    string
	}{
		{"408", 408, failure("timeout_error", "slow"), true, false, false, false, codybatch.OutcomeAPIError, "slow"},
		{"409", 409, failure("api_error", "conflict"), true, false, false, false, codybatch.OutcomeAPIError, "conflict"},
		{"500", 500, failure("api_error", "oops"), true, false, false, false, codybatch.OutcomeAPIError, "oops"},
		{"502 of a proxy", 502, "<html>", true, false, false, false, codybatch.OutcomeAPIError, "502"},
		{"529", 529, failure("overloaded_error", "busy"), true, false, true, false, codybatch.OutcomeAPIError, "busy"},
		{"429", 429, failure("rate_limit_error", "slower"), true, true, true, false, codybatch.OutcomeAPIError, "slower"},
		{"429 spend limit", 429, `{"type":"error","error":{"type":"rate_limit_error","message":"m","details":{"error_code":"enforced_spend_limit_reached"}}}`, false, false, false, true, codybatch.OutcomeAPIError, "spend limit"},
		{"400", 400, failure("invalid_request_error", "bad"), false, false, false, false, codybatch.OutcomeAPIError, "bad"},
		{"400 too long", 400, failure("invalid_request_error", "prompt is too long: 1 > 0"), false, false, false, false, codybatch.OutcomeBlocked, "context"},
		{"401", 401, failure("authentication_error", "invalid x-api-key"), false, false, false, true, codybatch.OutcomeAuthError, "CLAUDE_API_KEY"},
		{"402", 402, failure("billing_error", "no credit"), false, false, false, true, codybatch.OutcomeAPIError, "can't pay"},
		{"403", 403, failure("permission_error", "not yours"), false, false, false, true, codybatch.OutcomeAuthError, "CLAUDE_API_KEY"},
		{"404", 404, failure("not_found_error", "model: x"), false, false, false, false, codybatch.OutcomeAPIError, "model"},
		{"413", 413, failure("invalid_request_error", "large"), false, false, false, false, codybatch.OutcomeBlocked, "context"},
		{"overloaded in the stream", 200, failure("overloaded_error", "busy"), true, false, true, false, codybatch.OutcomeAPIError, "529"},
		{"api_error in the stream", 200, failure("api_error", "oops"), true, false, false, false, codybatch.OutcomeAPIError, "500"},
		{"invalid_request in the stream", 200, failure("invalid_request_error", "bad"), false, false, false, false, codybatch.OutcomeAPIError, "400"},
		{"nonsense in the stream", 200, "nonsense", true, false, false, false, codybatch.OutcomeAPIError, "500"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			v := classify(apiFailure(t, test.status, test.body, nil), time.Now(), apierror.KeyAdvice, testKey)
			if v.Retry != test.retry || v.Limited != test.limited || v.Crowded != test.crowded || (v.Refused != "") != test.refused || v.Outcome != test.outcome || !strings.Contains(v.Reason, test.says) {
				t.Errorf("got %+v", v)
			}
			if strings.Contains(v.Reason, "api.example") {
				t.Errorf("the address is in %q", v.Reason)
			}
		})
	}
	for _, err := range []error{errTruncated, errIdle, io.ErrUnexpectedEOF, errors.New("connection reset by peer")} {
		if v := classify(err, time.Now(), apierror.KeyAdvice, testKey); !v.Retry || v.Outcome != codybatch.OutcomeAPIError {
			t.Errorf("%v: got %+v", err, v)
		}
	}
}

func TestBackoff(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	for value, want := range map[string]time.Duration{
		"7": 7 * time.Second, "0.5": 500 * time.Millisecond, "3600": apierror.LongestAsked, "1e300": apierror.LongestAsked,
		"Sun, 01 Nov 2026 12:00:30 GMT": 30 * time.Second, "Sun, 01 Nov 2026 11:00:00 GMT": 0, "-1": 0, "soon": 0, "NaN": 0, "": 0,
	} {
		v := classify(apiFailure(t, 429, `{}`, http.Header{"Retry-After": {value}}), now, apierror.KeyAdvice, testKey)
		if v.Asked != want {
			t.Errorf("Retry-After %q: got %s, want %s", value, v.Asked, want)
		}
		if want > 0 && v.Backoff(3) != want {
			t.Errorf("Retry-After %q: waits %s", value, v.Backoff(3))
		}
	}
	for n, longest := range map[int]time.Duration{1: time.Second, 2: 2 * time.Second, 6: 32 * time.Second, 7: time.Minute, 8: time.Minute} {
		seen := map[time.Duration]bool{}
		for range 200 {
			wait := apierror.Verdict{}.Backoff(n)
			if wait <= 0 || wait > longest {
				t.Fatalf("retry %d waits %s", n, wait)
			}
			seen[wait] = true
		}
		if len(seen) < 100 {
			t.Errorf("retry %d has no jitter", n)
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
