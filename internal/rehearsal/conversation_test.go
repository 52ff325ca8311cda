package rehearsal_test

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

// start serves a scenario, and stops it at the end of the test.
func start(t *testing.T, scenario rehearsal.Scenario, opts rehearsal.Options) (*rehearsal.Server, string) {
	t.Helper()
	server, err := rehearsal.New(scenario, opts)
	if err != nil {
		t.Fatal(err)
	}
	url, stop, err := server.Start(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		if err := stop(ctx); err != nil {
			t.Error(err)
		}
	})
	return server, url
}

func client(t *testing.T, url string) anthropic.Client {
	t.Helper()
	transport := &http.Transport{}
	t.Cleanup(transport.CloseIdleConnections)
	return anthropic.NewClient(option.WithoutEnvironmentDefaults(), option.WithAPIKey("key"), option.WithBaseURL(url),
		option.WithMaxRetries(0), option.WithHTTPClient(&http.Client{Transport: transport}))
}

func tool(name string) anthropic.ToolUnionParam {
	return anthropic.ToolUnionParam{OfTool: &anthropic.ToolParam{Name: name, InputSchema: anthropic.ToolInputSchemaParam{
		Properties: map[string]any{"command": map[string]any{"type": "string"}},
	}}}
}

// params is the opening of a conversation as our loop makes it.
func params(prompt string) anthropic.MessageNewParams {
	return anthropic.MessageNewParams{
		Model: "claude-sonnet-5-5", MaxTokens: 4096,
		System: []anthropic.TextBlockParam{{
			Text:         strings.Repeat("You edit a repository. ", 400),
			CacheControl: anthropic.CacheControlEphemeralParam{TTL: anthropic.CacheControlEphemeralTTLTTL1h},
		}},
		CacheControl: anthropic.NewCacheControlEphemeralParam(),
		Thinking:     anthropic.ThinkingConfigParamUnion{OfAdaptive: &anthropic.ThinkingConfigAdaptiveParam{}},
		Tools:        []anthropic.ToolUnionParam{tool("bash"), tool("finish")},
		Messages:     []anthropic.MessageParam{anthropic.NewUserMessage(anthropic.NewTextBlock(prompt))},
	}
}

// ask streams one answer. isWhole tells whether message_stop came.
func ask(t *testing.T, c anthropic.Client, p anthropic.MessageNewParams) (anthropic.Message, bool, error) {
	t.Helper()
	var message anthropic.Message
	isWhole := false
	stream := c.Messages.NewStreaming(t.Context(), p)
	defer stream.Close()
	for stream.Next() {
		if err := message.Accumulate(stream.Current()); err != nil {
			return message, false, err
		}
		isWhole = stream.Current().Type == "message_stop"
	}
	return message, isWhole, stream.Err()
}

// answered is the conversation with an answer and the results of its tools.
func answered(p anthropic.MessageNewParams, m anthropic.Message, result string) anthropic.MessageNewParams {
	p.Messages = append(p.Messages, m.ToParam())
	var results []anthropic.ContentBlockParamUnion
	for _, b := range m.Content {
		if b.Type == "tool_use" {
			results = append(results, anthropic.NewToolResultBlock(b.ID, result, false))
		}
	}
	if len(results) > 0 {
		p.Messages = append(p.Messages, anthropic.NewUserMessage(results...))
	}
	return p
}

// post sends a body as it is, and returns status and answer.
func post(t *testing.T, url, body string, header map[string]string) (int, string) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodPost, url+"/v1/messages", bytes.NewBufferString(body))
	if err != nil {
		t.Fatal(err)
	}
	for name, value := range map[string]string{"Content-Type": "application/json", "X-Api-Key": "secret-key", "Anthropic-Version": "2023-06-01"} {
		req.Header.Set(name, value)
	}
	for name, value := range header {
		req.Header.Set(name, value)
		if value == "" {
			req.Header.Del(name)
		}
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if res.Header.Get(rehearsal.Header) != "true" {
		t.Error("the answer does not say that it is a rehearsal")
	}
	data, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	return res.StatusCode, string(data)
}
