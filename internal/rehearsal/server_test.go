package rehearsal_test

import (
	"context"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/anthropics/anthropic-sdk-go"
	"github.com/anthropics/anthropic-sdk-go/option"

	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

func TestServerPlaysAConversation(t *testing.T) {
	t.Parallel()
	server, url := start(t, rehearsal.Play(
		rehearsal.Call("bash", map[string]string{"command": "echo ünïcode && ls <dir>"}).AndThink("I look around."),
		rehearsal.Turn{Text: "Two things."}.AndCall("bash", map[string]string{"command": "a"}).AndCall("bash", nil),
		rehearsal.Finish("changed", "done", "Title", "Body"),
	), rehearsal.Options{})
	c := client(t, url)
	p := params("Rename it.")

	var response *http.Response
	stream := c.Messages.NewStreaming(t.Context(), p, option.WithResponseInto(&response))
	var first anthropic.Message
	for stream.Next() {
		if err := first.Accumulate(stream.Current()); err != nil {
			t.Fatal(err)
		}
	}
	if err := stream.Err(); err != nil {
		t.Fatal(err)
	}
	if response.Header.Get(rehearsal.Header) != "true" || !strings.HasPrefix(response.Header.Get("Request-Id"), "req_rehearsal_") || !strings.HasPrefix(first.ID, "msg_rehearsal_") {
		t.Errorf("the answer does not say that it is a rehearsal: %v, id %s", response.Header, first.ID)
	}
	if len(first.Content) != 2 || first.Content[0].Thinking != "I look around." || first.Content[0].Signature == "" ||
		string(first.Content[1].Input) != `{"command":"echo ünïcode && ls <dir>"}` || first.StopReason != "tool_use" {
		t.Errorf("first answer: %s", first.RawJSON())
	}
	p = answered(p, first, "README.md")
	second, isWhole, err := ask(t, c, p)
	if err != nil || !isWhole || len(second.Content) != 3 || second.Content[0].Text != "Two things." {
		t.Fatalf("second answer: %v, %v, %s", err, isWhole, second.RawJSON())
	}
	p = answered(p, second, "ok")
	third, err := c.Messages.New(t.Context(), p) // the last one is no stream
	if err != nil || third.Content[0].Name != "finish" {
		t.Fatalf("third answer: %v, %+v", err, third)
	}
	if v := server.Violations(); len(v) > 0 {
		t.Errorf("violations: %q", v)
	}
	requests := server.Requests()
	if len(requests) != 3 || requests[2].Turn != 2 || requests[2].Act != "only" || requests[0].Header.Get("X-Api-Key") != "[redacted]" {
		t.Errorf("requests: %d, last %+v", len(requests), requests[len(requests)-1].Turn)
	}
}

func TestServerCountsLikeACache(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)
	_, url := start(t, rehearsal.Play(rehearsal.Call("bash", nil), rehearsal.Call("bash", nil), rehearsal.Say("done")),
		rehearsal.Options{Now: func() time.Time { return now }})
	c := client(t, url)
	p := params("Rename it.")
	first, _, err := ask(t, c, p)
	if err != nil {
		t.Fatal(err)
	}
	u := first.Usage
	if u.CacheReadInputTokens != 0 || u.CacheCreation.Ephemeral1hInputTokens < 2000 || u.CacheCreation.Ephemeral5mInputTokens == 0 ||
		u.CacheCreationInputTokens != u.CacheCreation.Ephemeral1hInputTokens+u.CacheCreation.Ephemeral5mInputTokens || u.InputTokens > 10 {
		t.Errorf("the first request writes: %s", u.RawJSON())
	}
	written := u.CacheCreationInputTokens
	p = answered(p, first, strings.Repeat("x", 400))
	second, _, err := ask(t, c, p)
	if err != nil {
		t.Fatal(err)
	}
	if u = second.Usage; u.CacheReadInputTokens != written || u.CacheCreation.Ephemeral5mInputTokens < 100 || u.CacheCreation.Ephemeral1hInputTokens != 0 {
		t.Errorf("the second request reads %d and writes the rest: %s", written, u.RawJSON())
	}
	another, _, err := ask(t, c, params("Another repository."))
	if err != nil {
		t.Fatal(err)
	}
	if u = another.Usage; u.CacheReadInputTokens < 2000 || u.CacheReadInputTokens >= written {
		t.Errorf("another conversation reads tools and system only: %s", u.RawJSON())
	}
	now = now.Add(10 * time.Minute)
	late, _, err := ask(t, c, answered(p, second, "y"))
	if err != nil {
		t.Fatal(err)
	}
	if u = late.Usage; u.CacheReadInputTokens != another.Usage.CacheReadInputTokens {
		t.Errorf("after ten minutes only the hour's part is read: %s", u.RawJSON())
	}
}

func TestServerKeepsEqualConversationsApart(t *testing.T) {
	t.Parallel()
	server, url := start(t, rehearsal.Play(
		rehearsal.Call("bash", nil).AndThink("One."), rehearsal.Say("two"), rehearsal.Call("bash", nil), rehearsal.Say("done"),
	), rehearsal.Options{})
	c := client(t, url)
	var group sync.WaitGroup
	for i := range 6 {
		group.Go(func() {
			p := params("Rename it.") // the same in each
			for turn := range 4 {
				m, isWhole, err := ask(t, c, p)
				if err != nil || !isWhole || turn == 3 && m.Content[0].Text != "done" {
					t.Errorf("conversation %d, turn %d: %v, %s", i, turn, err, m.RawJSON())
					return
				}
				p = answered(p, m, fmt.Sprint("result ", i))
				if turn == 1 {
					p.Messages = append(p.Messages, anthropic.NewUserMessage(anthropic.NewTextBlock(fmt.Sprint("Go on, ", i))))
				}
			}
		})
	}
	group.Wait()
	if v := server.Violations(); len(v) > 0 {
		t.Errorf("violations: %q", v)
	}
}

func TestServerWarmsTheCache(t *testing.T) {
	t.Parallel()
	server, url := start(t, rehearsal.Play(rehearsal.Say("hello")), rehearsal.Options{})
	c := client(t, url)
	p := params("Rename it.")
	p.MaxTokens = 0
	warm, err := c.Messages.New(t.Context(), p)
	if err != nil || len(warm.Content) != 0 || warm.StopReason != "max_tokens" || warm.Usage.OutputTokens != 0 {
		t.Fatalf("warming: %v, %+v", err, warm)
	}
	p.MaxTokens = 100
	message, _, err := ask(t, c, p)
	if err != nil || message.Usage.CacheReadInputTokens != warm.Usage.CacheCreationInputTokens || message.Content[0].Text != "hello" {
		t.Errorf("after warming: %v, %s", err, message.RawJSON())
	}
	count, err := c.Messages.CountTokens(t.Context(), anthropic.MessageCountTokensParams{Model: p.Model, Messages: p.Messages})
	if err != nil || count.InputTokens == 0 {
		t.Errorf("count: %v, %+v", err, count)
	}
	if v := server.Violations(); len(v) > 0 {
		t.Errorf("violations: %q", v)
	}
}

func TestServerKnowsTheBeta(t *testing.T) {
	t.Parallel()
	server, url := start(t, rehearsal.Play(rehearsal.Call("bash", nil).AndThink("Hm.")), rehearsal.Options{})
	c := client(t, url)
	stream := c.Beta.Messages.NewStreaming(t.Context(), anthropic.BetaMessageNewParams{
		Model: "claude-sonnet-5-5", MaxTokens: 100, Messages: []anthropic.BetaMessageParam{anthropic.NewBetaUserMessage(anthropic.NewBetaTextBlock("hi"))},
	})
	for stream.Next() {
		_ = stream.Current()
	}
	if err := stream.Err(); err != nil {
		t.Error(err)
	}
	if v := server.Violations(); len(v) > 0 {
		t.Errorf("violations: %q", v)
	}
}

func TestServerSaysWhatItIsWithoutAnAct(t *testing.T) {
	t.Parallel()
	scenario := rehearsal.Play(rehearsal.Say("hello"))
	scenario.Acts[0].When.Contains = []string{"Rename"}
	_, url := start(t, scenario, rehearsal.Options{})
	c := client(t, url)
	t.Run("no act matches", func(t *testing.T) {
		t.Parallel()
		message, _, err := ask(t, c, params("Write a poem."))
		if err != nil || len(message.Content) != 2 || !strings.Contains(message.Content[0].Text, "rehearsal, not Claude") ||
			!strings.Contains(string(message.Content[1].Input), `"status":"blocked"`) {
			t.Errorf("%v, %s", err, message.RawJSON())
		}
	})
	t.Run("the act is over", func(t *testing.T) {
		t.Parallel()
		p := params("Rename it.")
		message, _, err := ask(t, c, p)
		if err != nil {
			t.Fatal(err)
		}
		p = answered(p, message, "")
		p.Messages = append(p.Messages, anthropic.NewUserMessage(anthropic.NewTextBlock("Go on.")))
		message, _, err = ask(t, c, p)
		if err != nil || !strings.Contains(message.Content[0].Text, "no more turns") {
			t.Errorf("%v, %s", err, message.RawJSON())
		}
	})
	t.Run("no tool to finish with", func(t *testing.T) {
		t.Parallel()
		p := params("Write a poem.")
		p.Tools = nil
		message, _, err := ask(t, c, p)
		if err != nil || message.StopReason != "end_turn" {
			t.Errorf("%v, %s", err, message.RawJSON())
		}
	})
}

func TestServerRefusesABrokenRequest(t *testing.T) {
	t.Parallel()
	const opening = `{"role": "user", "content": "hi"}`
	use := func(id string) string {
		return `{"role": "assistant", "content": [{"type": "tool_use", "id": "` + id + `", "name": "bash", "input": {}}]}`
	}
	result := func(id string) string { return `{"type": "tool_result", "tool_use_id": "` + id + `"}` }
	user := func(blocks ...string) string {
		return `{"role": "user", "content": [` + strings.Join(blocks, ",") + `]}`
	}
	const text = `{"type": "text", "text": "x"}`
	const mark = `{"type": "text", "text": "x", "cache_control": {"type": "ephemeral"}}`
	const mark1h = `{"type": "text", "text": "x", "cache_control": {"type": "ephemeral", "ttl": "1h"}}`
	for name, test := range map[string]struct {
		messages []string
		extra    string
		header   map[string]string
		want     string
	}{
		"no key":                 {header: map[string]string{"X-Api-Key": ""}, want: "x-api-key"},
		"no version":             {header: map[string]string{"Anthropic-Version": ""}, want: "anthropic-version"},
		"against the schema":     {extra: `"maxTokens": 1`, want: "'maxTokens' not allowed"},
		"no JSON":                {extra: `,`, want: "not JSON"},
		"no content type":        {header: map[string]string{"Content-Type": ""}, want: "Content-Type"},
		"temperature":            {extra: `"temperature": 0.5`, want: "temperature"},
		"top_p":                  {extra: `"top_p": 0.5`, want: "top_p"},
		"top_k":                  {extra: `"top_k": 5`, want: "top_k"},
		"no message":             {messages: []string{}, want: "at least one message"},
		"assistant first":        {messages: []string{`{"role": "assistant", "content": "x"}`, opening}, want: "messages[0].role"},
		"prefill":                {messages: []string{opening, `{"role": "assistant", "content": "x"}`}, want: "no prefill"},
		"the same tool twice":    {extra: `"tools": [{"name": "a", "input_schema": {"type": "object"}}, {"name": "a", "input_schema": {"type": "object"}}]`, want: "tools[1].name"},
		"five breakpoints":       {messages: []string{user(mark, mark, mark, mark)}, extra: `"cache_control": {"type": "ephemeral"}`, want: "5 breakpoints"},
		"nested breakpoints":     {messages: []string{opening, use("a"), user(`{"type": "tool_result", "tool_use_id": "a", "content": [`+mark+`]}`, mark, mark, mark)}, extra: `"cache_control": {"type": "ephemeral"}`, want: "5 breakpoints"},
		"1h after 5m":            {messages: []string{user(mark, mark1h)}, want: "1h comes after one of 5m"},
		"no result":              {messages: []string{opening, use("a"), user(text)}, want: "tool_use a has no tool_result"},
		"no next message":        {messages: []string{opening, use("a")}, want: "tool_use a at the end"},
		"a result twice":         {messages: []string{opening, use("a"), user(result("a"), result("a"))}, want: "answered already"},
		"a result nobody wants":  {messages: []string{user(result("b"))}, want: "tool_result for b"},
		"a result too late":      {messages: []string{opening, use("a"), user(result("a")), user(result("a"))}, want: "messages[3].content[0]"},
		"text before the result": {messages: []string{opening, use("a"), user(text, result("a"))}, want: "after other content"},
		"the same id twice":      {messages: []string{opening, use("a"), user(result("a")), use("a"), user(result("a"))}, want: "is there twice"},
		"assistant in between":   {messages: []string{opening, use("a"), use("b"), user(result("a"), result("b"))}, want: "not answered in the next message"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, err := rehearsal.New(rehearsal.Play(rehearsal.Say("hello")), rehearsal.Options{})
			if err != nil {
				t.Fatal(err)
			}
			url, stop, err := server.Start(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			defer stop(context.Background())
			if test.messages == nil {
				test.messages = []string{opening}
			}
			if test.extra != "" {
				test.extra = "," + test.extra
			}
			body := `{"model": "m", "max_tokens": 9, "messages": [` + strings.Join(test.messages, ",") + `]` + test.extra + `}`
			status, answer := post(t, url, body, test.header)
			if status != 400 || !strings.Contains(answer, "invalid_request_error") || !strings.Contains(answer, test.want) {
				t.Errorf("%d %s, want 400 that says %q", status, answer, test.want)
			}
			if v := server.Violations(); len(v) != 1 || !strings.Contains(v[0], test.want) || strings.Contains(v[0], "secret-key") {
				t.Errorf("violations: %q", v)
			}
		})
	}
	t.Run("a good one is not refused", func(t *testing.T) {
		t.Parallel()
		server, url := start(t, rehearsal.Play(rehearsal.Say("hello")), rehearsal.Options{})
		status, answer := post(t, url, `{"model": "m", "max_tokens": 9, "messages": [`+strings.Join([]string{opening, use("a"), user(result("a"), mark1h, mark, text)}, ",")+`]}`, nil)
		if v := server.Violations(); status != 200 || len(v) > 0 {
			t.Errorf("%d %s, violations %q", status, answer, v)
		}
	})
}

func TestServerNoticesAChangedPrefix(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		change func(p *anthropic.MessageNewParams)
		want   string
	}{
		"system":           {func(p *anthropic.MessageNewParams) { p.System[0].Text += " It is noon." }, "tools and system are not the same"},
		"order of tools":   {func(p *anthropic.MessageNewParams) { p.Tools[0], p.Tools[1] = p.Tools[1], p.Tools[0] }, "tools and system"},
		"first message":    {func(p *anthropic.MessageNewParams) { p.Messages[0].Content[0].OfText.Text = "Other." }, "messages[0]"},
		"input of a call":  {func(p *anthropic.MessageNewParams) { p.Messages[2].Content[0].OfToolResult.IsError.Value = true }, "messages[2]"},
		"thinking dropped": {func(p *anthropic.MessageNewParams) { p.Messages[3].Content = p.Messages[3].Content[1:] }, "thinking blocks"},
		"thinking changed": {func(p *anthropic.MessageNewParams) { p.Messages[3].Content[0].OfThinking.Thinking += "!" }, "thinking blocks"},
		"a message put in": {func(p *anthropic.MessageNewParams) { p.Messages = append(p.Messages[:1:1], p.Messages...) }, "messages[1]"},
		"breakpoints may move": {func(p *anthropic.MessageNewParams) {
			p.CacheControl = anthropic.CacheControlEphemeralParam{}
			p.Messages[0].Content[0].OfText.CacheControl = anthropic.NewCacheControlEphemeralParam()
		}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, url := start(t, rehearsal.Play(
				rehearsal.Call("bash", nil).AndThink("One."), rehearsal.Call("bash", nil).AndThink("Two."), rehearsal.Say("done"),
			), rehearsal.Options{})
			c := client(t, url)
			p := params("Rename it.")
			for range 2 {
				message, _, err := ask(t, c, p)
				if err != nil {
					t.Fatal(err)
				}
				p = answered(p, message, "ok")
			}
			test.change(&p)
			_, _, err := ask(t, c, p)
			violations := strings.Join(server.Violations(), "\n")
			switch {
			case test.want == "" && (err != nil || violations != ""):
				t.Errorf("%v, violations: %s", err, violations)
			case test.want != "" && (err == nil || !strings.Contains(err.Error(), "400") || !strings.Contains(violations, test.want)):
				t.Errorf("%v, violations: %q, want %q", err, violations, test.want)
			}
		})
	}
}

func TestServerAnswersUnknownPaths(t *testing.T) {
	t.Parallel()
	_, url := start(t, rehearsal.Play(rehearsal.Say("hello")), rehearsal.Options{})
	_, err := func() (any, error) {
		c := client(t, url)
		return c.Models.List(t.Context(), anthropic.ModelListParams{})
	}()
	if err == nil || !strings.Contains(err.Error(), "404") {
		t.Errorf("error is %v", err)
	}
}

// benchmark asks for the 41st answer of a conversation of about 100 KB.
func benchmark(b *testing.B, server *rehearsal.Server) {
	b.Helper()
	var body strings.Builder
	body.WriteString(`{"model": "m", "max_tokens": 9, "cache_control": {"type": "ephemeral"}, "messages": [{"role": "user", "content": "hi"}`)
	for i := range 40 {
		fmt.Fprintf(&body, `,{"role": "assistant", "content": [{"type": "tool_use", "id": "t%d", "name": "bash", "input": {}}]}`, i)
		fmt.Fprintf(&body, `,{"role": "user", "content": [{"type": "tool_result", "tool_use_id": "t%d", "content": %q}]}`, i, strings.Repeat("x", 2500))
	}
	body.WriteString(`]}`)
	serve := func() {
		req := httptest.NewRequest(http.MethodPost, "/v1/messages", strings.NewReader(body.String()))
		req.Header.Set("Content-Type", "application/json")
		req.Header.Set("X-Api-Key", "key")
		req.Header.Set("Anthropic-Version", "2023-06-01")
		w := httptest.NewRecorder()
		server.ServeHTTP(w, req)
		if w.Code != http.StatusOK {
			b.Fatal(w.Body)
		}
	}
	serve()
	for b.Loop() {
		serve()
	}
}
