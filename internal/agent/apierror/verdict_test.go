package apierror

import (
	"net/http"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

func TestJudge(t *testing.T) {
	t.Parallel()
	failure := func(kind, message string) string {
		return `{"type":"error","error":{"type":"` + kind + `","message":"` + message + `"},"request_id":null}`
	}
	for _, test := range []struct {
		name     string
		status   int
		body     string
		retry    bool
		limited  bool
		crowded  bool
		refused  bool
		outgrown bool
		outcome  codybatch.Outcome
		says     string
	}{
		{"408", 408, failure("timeout_error", "slow"), true, false, false, false, false, codybatch.OutcomeAPIError, "slow"},
		{"409", 409, failure("api_error", "conflict"), true, false, false, false, false, codybatch.OutcomeAPIError, "conflict"},
		{"500", 500, failure("api_error", "oops"), true, false, false, false, false, codybatch.OutcomeAPIError, "oops"},
		{"502 of a proxy", 502, "<html>", true, false, false, false, false, codybatch.OutcomeAPIError, "502"},
		{"529", 529, failure("overloaded_error", "busy"), true, false, true, false, false, codybatch.OutcomeAPIError, "busy"},
		{"429", 429, failure("rate_limit_error", "slower"), true, true, true, false, false, codybatch.OutcomeAPIError, "slower"},
		{"429 spend limit", 429, `{"type":"error","error":{"type":"rate_limit_error","message":"m","details":{"error_code":"enforced_spend_limit_reached"}}}`, false, false, false, true, false, codybatch.OutcomeAPIError, "spend limit"},
		{"400", 400, failure("invalid_request_error", "bad"), false, false, false, false, false, codybatch.OutcomeAPIError, "bad"},
		{"400 too long", 400, failure("invalid_request_error", "prompt is too long: 1 > 0"), false, false, false, false, true, codybatch.OutcomeBlocked, "context"},
		{"401", 401, failure("authentication_error", "invalid x-api-key"), false, false, false, true, false, codybatch.OutcomeAuthError, "CLAUDE_API_KEY"},
		{"402", 402, failure("billing_error", "no credit"), false, false, false, true, false, codybatch.OutcomeAPIError, "can't pay"},
		{"billing under another status", 400, failure("billing_error", "no credit"), false, false, false, true, false, codybatch.OutcomeAPIError, "can't pay"},
		{"403", 403, failure("permission_error", "not yours"), false, false, false, true, false, codybatch.OutcomeAuthError, "CLAUDE_API_KEY"},
		{"404", 404, failure("not_found_error", "model: x"), false, false, false, false, false, codybatch.OutcomeAPIError, "model"},
		{"413", 413, failure("request_too_large", "large"), false, false, false, false, true, codybatch.OutcomeBlocked, "context"},
		{"rate limit in the stream", 200, failure("rate_limit_error", "slower"), true, true, true, false, false, codybatch.OutcomeAPIError, "429"},
		{"overloaded in the stream", 200, failure("overloaded_error", "busy"), true, false, true, false, false, codybatch.OutcomeAPIError, "529"},
		{"key refused in the stream", 200, failure("authentication_error", "gone"), false, false, false, true, false, codybatch.OutcomeAuthError, "401"},
		{"permission in the stream", 200, failure("permission_error", "gone"), false, false, false, true, false, codybatch.OutcomeAuthError, "403"},
		{"billing in the stream", 200, failure("billing_error", "gone"), false, false, false, true, false, codybatch.OutcomeAPIError, "402"},
		{"not found in the stream", 200, failure("not_found_error", "gone"), false, false, false, false, false, codybatch.OutcomeAPIError, "404"},
		{"timeout in the stream", 200, failure("timeout_error", "slow"), true, false, false, false, false, codybatch.OutcomeAPIError, "504"},
		{"api_error in the stream", 200, failure("api_error", "oops"), true, false, false, false, false, codybatch.OutcomeAPIError, "500"},
		{"invalid_request in the stream", 200, failure("invalid_request_error", "bad"), false, false, false, false, false, codybatch.OutcomeAPIError, "400"},
		{"nonsense in the stream", 200, "nonsense", true, false, false, false, false, codybatch.OutcomeAPIError, "500"},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			header := http.Header{"Request-Id": {"req_1"}, "X-Api-Key": {"sk-in-a-header"}}
			v := Judge(test.status, header, Read(test.body, "sk-secret"), KeyAdvice, time.Now())
			if v.Retry != test.retry || v.Limited != test.limited || v.Crowded != test.crowded || (v.Refused != "") != test.refused ||
				v.Outgrown != test.outgrown || v.Outcome != test.outcome || !strings.Contains(v.Reason, test.says) {
				t.Errorf("got %+v", v)
			}
			if !test.outgrown && !strings.Contains(v.Reason, "req_1") {
				t.Errorf("the number of the request, which support asks for, is not in %q", v.Reason)
			}
			if strings.Contains(v.Reason, "sk-in-a-header") {
				t.Errorf("another header is in %q", v.Reason)
			}
		})
	}
}

func TestShortIsFitForAReason(t *testing.T) {
	t.Parallel()
	got := Short("  \x1b[31mred\x1b[0m\x00" + strings.Repeat("é", longestReason) + " ")
	if len(got) > longestReason+len("…") || !utf8.ValidString(got) || strings.ContainsAny(got, "\x1b\x00") || !strings.HasSuffix(got, "é…") {
		t.Errorf("got %d bytes: %.40q … %q", len(got), got, got[len(got)-8:])
	}
	if got := Short(" as it is "); got != "as it is" {
		t.Errorf("got %q", got)
	}
}
