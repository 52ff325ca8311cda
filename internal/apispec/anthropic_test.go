package apispec_test

import (
	"bytes"
	"compress/gzip"
	"io"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync"
	"testing"

	"github.com/liamzdenek/cody-batch/internal/apispec"
)

func anthropic(t testing.TB) *apispec.Description {
	t.Helper()
	d, err := apispec.Anthropic()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func unpack(t *testing.T, path string) []byte {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	reader, err := gzip.NewReader(file)
	if err != nil {
		t.Fatal(err)
	}
	data, err := io.ReadAll(reader)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func TestAnthropicIsWhatTheModuleShips(t *testing.T) {
	t.Parallel()
	source, err := os.ReadFile("anthropic.go")
	if err != nil {
		t.Fatal(err)
	}
	arguments := regexp.MustCompile(`(?m)^//go:generate .*-module (\S+) -in (\S+) .*-paths (\S+) -schemas (\S+)$`).FindSubmatch(source)
	if arguments == nil {
		t.Fatal("anthropic.go has no go:generate line that this test understands")
	}
	module, err := exec.CommandContext(t.Context(), "go", "list", "-m", "-f", "{{.Dir}}", string(arguments[1])).Output()
	if err != nil {
		t.Fatal(err)
	}
	whole := unpack(t, filepath.Join(strings.TrimSpace(string(module)), string(arguments[2])))
	want, err := apispec.Trim(bytes.NewReader(whole), strings.Split(string(arguments[3]), ","), strings.Split(string(arguments[4]), ","))
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(unpack(t, "anthropic.json.gz"), want) {
		t.Error("anthropic.json.gz is not what the module in go.mod gives; run: go generate ./internal/apispec")
	}
}

func TestAnthropicChecksRequests(t *testing.T) {
	t.Parallel()
	d := anthropic(t)
	header := http.Header{"Content-Type": {"application/json"}, "Anthropic-Version": {"2023-06-01"}}
	for name, test := range map[string]struct {
		body string
		want []string
	}{
		"a good request": {`{"model": "claude-sonnet-5-5", "max_tokens": 8, "messages": [{"role": "user", "content": "hi"}]}`, nil},
		"no max_tokens":  {`{"model": "m", "messages": []}`, []string{"POST /v1/messages", "missing property 'max_tokens'"}},
		"unknown field":  {`{"model": "m", "max_tokens": 8, "messages": [], "maxTokens": 1}`, []string{"'maxTokens' not allowed"}},
		"bad role":       {`{"model": "m", "max_tokens": 8, "messages": [{"role": "robot", "content": "x"}]}`, []string{"/messages/0/role", "'user'"}},
		"bad block":      {`{"model": "m", "max_tokens": 8, "messages": [{"role": "user", "content": [{"type": "txt", "text": "x"}]}]}`, []string{"/messages/0/content/0/type", "'text'"}},
		"no id":          {`{"model": "m", "max_tokens": 8, "messages": [{"role": "user", "content": [{"type": "tool_result"}]}]}`, []string{"/messages/0/content/0: missing property 'tool_use_id'"}},
		"bad tool name":  {`{"model": "m", "max_tokens": 8, "messages": [], "tools": [{"name": "a b", "input_schema": {"type": "object"}}]}`, []string{"/tools/0/name", "pattern"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			wantError(t, d.CheckRequest("POST", "/v1/messages", nil, header, []byte(test.body)), test.want...)
		})
	}
	t.Run("the beta of a path is another operation", func(t *testing.T) {
		t.Parallel()
		body := []byte(`{"model": "m", "max_tokens": 8, "messages": [], "context_management": {"edits": []}}`)
		wantError(t, d.CheckRequest("POST", "/v1/messages", url.Values{"beta": {"true"}}, header, body))
		wantError(t, d.CheckRequest("POST", "/v1/messages", nil, header, body), "context_management")
	})
}

func TestAnthropicChecksAnswers(t *testing.T) {
	t.Parallel()
	d := anthropic(t)
	wantError(t, d.CheckSchema("MessageStreamEvent", []byte(`{"type": "message_stop"}`)))
	wantError(t, d.CheckSchema("MessageStreamEvent", []byte(`{"type": "message_pause"}`)), "/type", "'message_stop'")
	naive := `{"type": "message_start", "message": {"id": "m", "type": "message", "role": "assistant", "content": [], "model": "m",
		"stop_reason": null, "stop_sequence": null, "usage": {"input_tokens": 1, "output_tokens": 1}}}`
	wantError(t, d.CheckSchema("MessageStreamEvent", []byte(naive)), "/message: missing properties", "'stop_details'", "/message/usage", "'cache_creation'")
	wantError(t, d.CheckSchema("ErrorResponse", []byte(`{"type": "error", "request_id": null, "error": {"type": "overloaded_error", "message": "x"}}`)))
	wantError(t, d.CheckSchema("ErrorResponse", []byte(`{"type": "error", "request_id": null, "error": {"type": "overloaded"}}`)), "/error/type")
	wantError(t, d.CheckResponse("POST", "/v1/messages", 529, "application/json", []byte(`{"type": "error", "request_id": null, "error": {"type": "overloaded_error", "message": "x"}}`)))
	wantError(t, d.CheckResponse("POST", "/v1/messages", 529, "application/json", []byte(`{"type": "error"}`)), "response 529 to POST /v1/messages", "'error'")
	wantError(t, d.CheckResponse("POST", "/v1/messages", 418, "application/json", []byte(`{}`)), "not described")
}

func TestDescriptionIsSafeForConcurrentUse(t *testing.T) {
	t.Parallel()
	d := load(t, shop)
	var group sync.WaitGroup
	for range 8 {
		group.Go(func() {
			wantError(t, d.CheckResponse("GET", "/repos/me/x/issues", 200, "application/json", []byte(`[{"title": 1}]`)), "/0/title")
			wantError(t, d.CheckSchema("issue", []byte(`{"title": "a"}`)))
		})
	}
	group.Wait()
}

func BenchmarkAnthropicRequest(b *testing.B) {
	d := anthropic(b)
	turn := `{"role": "assistant", "content": [{"type": "thinking", "thinking": "t", "signature": "s"}, {"type": "tool_use", "id": "toolu_1", "name": "bash", "input": {"command": "ls"}}]},
		{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "toolu_1", "content": [{"type": "text", "text": "README.md"}]}]}`
	body := []byte(`{"model": "claude-sonnet-5-5", "max_tokens": 8, "stream": true, "messages": [{"role": "user", "content": "hi"}` +
		strings.Repeat(","+turn, 40) + `], "tools": [` + strings.TrimSuffix(strings.Repeat(`{"name": "bash", "input_schema": {"type": "object", "properties": {"command": {"type": "string"}}}},`, 8), ",") + `]}`)
	header := http.Header{"Content-Type": {"application/json"}}
	check := func() {
		if err := d.CheckRequest("POST", "/v1/messages", nil, header, body); err != nil {
			b.Fatal(err)
		}
	}
	check()
	for b.Loop() {
		check()
	}
}
