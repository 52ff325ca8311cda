package rehearsal_test

import (
	"context"
	"encoding/json"
	"errors"
	"net"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/anthropics/anthropic-sdk-go"

	"github.com/liamzdenek/cody-batch/internal/rehearsal"
)

func status(err error) int {
	var apiErr *anthropic.Error
	if errors.As(err, &apiErr) {
		return apiErr.StatusCode
	}
	return 0
}

func TestFaultsWithAStatus(t *testing.T) {
	t.Parallel()
	for kind, want := range map[rehearsal.FaultKind]struct {
		status int
		says   string
	}{
		rehearsal.FaultRateLimit:    {429, "rate_limit_error"},
		rehearsal.FaultSpendLimit:   {429, `"error_code":"enforced_spend_limit_reached"`},
		rehearsal.FaultOverloaded:   {529, "overloaded_error"},
		rehearsal.FaultServerError:  {500, "api_error"},
		rehearsal.FaultBadGateway:   {502, "502"},
		rehearsal.FaultUnauthorized: {401, "authentication_error"},

		rehearsal.FaultPromptTooLong:   {400, "prompt is too long"},
		rehearsal.FaultRequestTooLarge: {413, "maximum size"},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			server, url := start(t, rehearsal.Play(rehearsal.Say("hello").AndFail(rehearsal.Fault{Kind: kind, Times: 2, RetryAfterSeconds: 7})), rehearsal.Options{})
			c := client(t, url)
			for range 2 {
				_, _, err := ask(t, c, params("Rename it."))
				if status(err) != want.status || !strings.Contains(err.Error(), want.says) {
					t.Fatalf("error is %v, want %d that says %s", err, want.status, want.says)
				}
				var apiErr *anthropic.Error
				retryAfter := ""
				if errors.As(err, &apiErr) {
					retryAfter = apiErr.Response.Header.Get("Retry-After")
				}
				if (retryAfter == "7") != (kind == rehearsal.FaultRateLimit) {
					t.Errorf("Retry-After is %q", retryAfter)
				}
			}
			message, isWhole, err := ask(t, c, params("Rename it."))
			if err != nil || !isWhole || message.Content[0].Text != "hello" {
				t.Errorf("after the faults: %v, %s", err, message.RawJSON())
			}
			if v := server.Violations(); len(v) > 0 {
				t.Errorf("violations: %q", v)
			}
			if r := server.Requests(); len(r) != 3 || r[1].Fault != kind || r[1].Status != want.status || r[2].Fault != "" {
				t.Errorf("requests: %+v", r)
			}
		})
	}
}

// run is a turn that calls a tool, with one fault first.
func run(kind rehearsal.FaultKind) rehearsal.Scenario {
	return rehearsal.Play(
		rehearsal.Turn{Text: "I run it."}.AndCall("bash", map[string]string{"command": "go test ./..."}).AndFail(rehearsal.Fault{Kind: kind}),
		rehearsal.Say("done"))
}

func TestFaultsOnTheWay(t *testing.T) {
	t.Parallel()
	for kind, check := range map[rehearsal.FaultKind]func(t *testing.T, m anthropic.Message, isWhole bool, err error){
		rehearsal.FaultStreamError: func(t *testing.T, _ anthropic.Message, isWhole bool, err error) {
			if isWhole || err == nil || !strings.Contains(err.Error(), "overloaded_error") {
				t.Errorf("whole %v, error %v", isWhole, err)
			}
		},
		rehearsal.FaultTruncated: func(t *testing.T, m anthropic.Message, isWhole bool, err error) {
			if isWhole || err != nil || m.StopReason != "" || json.Valid(m.Content[1].Input) || len(m.Content[1].Input) == 0 {
				t.Errorf("whole %v, error %v, stop %q, input %q", isWhole, err, m.StopReason, m.Content[1].Input)
			}
		},
		rehearsal.FaultReset: func(t *testing.T, _ anthropic.Message, isWhole bool, err error) {
			if isWhole || !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("whole %v, error %v", isWhole, err)
			}
		},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			server, url := start(t, run(kind), rehearsal.Options{})
			c := client(t, url)
			m, isWhole, err := ask(t, c, params("Test it."))
			check(t, m, isWhole, err)
			m, isWhole, err = ask(t, c, params("Test it."))
			if err != nil || !isWhole || m.StopReason != "tool_use" {
				t.Fatalf("the same again: %v, %s", err, m.RawJSON())
			}
			if m, _, err = ask(t, c, answered(params("Test it."), m, "ok")); err != nil || m.Content[0].Text != "done" {
				t.Errorf("the next turn: %v, %s", err, m.RawJSON())
			}
			if v := server.Violations(); len(v) > 0 {
				t.Errorf("violations: %q", v)
			}
		})
	}
}

func TestFaultsOfAnAnswerThatIsNoStream(t *testing.T) {
	t.Parallel()
	for kind, check := range map[rehearsal.FaultKind]func(error) bool{
		rehearsal.FaultStreamError: func(err error) bool { return status(err) == 529 },
		rehearsal.FaultReset:       func(err error) bool { var op *net.OpError; return errors.As(err, &op) },
		rehearsal.FaultSlow:        func(err error) bool { return err == nil },
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			_, url := start(t, run(kind), rehearsal.Options{})
			c := client(t, url)
			if _, err := c.Messages.New(t.Context(), params("Test it.")); !check(err) {
				t.Errorf("error is %v", err)
			}
		})
	}
}

func TestSilenceEndsWithItsClient(t *testing.T) {
	t.Parallel()
	server, url := start(t, run(rehearsal.FaultSilence), rehearsal.Options{})
	c := client(t, url)
	ctx, cancel := context.WithCancelCause(t.Context())
	stream := c.Messages.NewStreaming(ctx, params("Test it."))
	if !stream.Next() || stream.Current().Type != "message_start" {
		t.Fatalf("no message_start: %v", stream.Err())
	}
	cancel(errors.New("nothing came"))
	if stream.Next() || stream.Err() == nil {
		t.Error("the silence was broken")
	}
	if m, _, err := ask(t, c, params("Test it.")); err != nil || m.StopReason != "tool_use" {
		t.Errorf("the same again: %v, %s", err, m.RawJSON())
	}
	if v := server.Violations(); len(v) > 0 {
		t.Errorf("violations: %q", v)
	}
}

func TestStopEndsSilenceAndDelay(t *testing.T) {
	t.Parallel()
	for name, scenario := range map[string]rehearsal.Scenario{
		"silence": run(rehearsal.FaultSilence),
		"delay":   rehearsal.Play(rehearsal.Turn{Text: "late", DelayMS: 600_000}),
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			server, err := rehearsal.New(scenario, rehearsal.Options{})
			if err != nil {
				t.Fatal(err)
			}
			url, stop, err := server.Start(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			c := client(t, url)
			stream := c.Messages.NewStreaming(t.Context(), params("Test it."))
			if !stream.Next() {
				t.Fatal(stream.Err())
			}
			ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
			defer cancel()
			if err := stop(ctx); err != nil {
				t.Error(err)
			}
			for stream.Next() {
				t.Errorf("after the stop: %s", stream.Current().Type)
			}
		})
	}
}

func TestFaultsThatAreAnswers(t *testing.T) {
	t.Parallel()
	p := params("Test it.")
	goOn := func(p anthropic.MessageNewParams, m anthropic.Message, text string) anthropic.MessageNewParams {
		p = answered(p, m, "that was no JSON")
		if text != "" {
			p.Messages = append(p.Messages, anthropic.NewUserMessage(anthropic.NewTextBlock(text)))
		}
		return p
	}
	for kind, test := range map[rehearsal.FaultKind]struct {
		stop  anthropic.StopReason
		check func(m anthropic.Message) bool
		next  func(m anthropic.Message) anthropic.MessageNewParams
	}{
		rehearsal.FaultRefusal: {"refusal", func(m anthropic.Message) bool { return len(m.Content) == 0 && m.StopDetails.Type == "refusal" }, nil},
		rehearsal.FaultMaxTokens: {"max_tokens", func(m anthropic.Message) bool { return string(m.Content[1].Input) == "{}" }, // the SDK puts {} for broken JSON
			func(m anthropic.Message) anthropic.MessageNewParams {
				m.Content = m.Content[:1] // a cut-off call is not run
				return goOn(p, m, "Go on.")
			}},
		rehearsal.FaultPauseTurn: {"pause_turn", func(m anthropic.Message) bool { return len(m.Content) == 1 },
			func(m anthropic.Message) anthropic.MessageNewParams { return goOn(p, m, "") }},
		rehearsal.FaultMalformedToolJSON: {"tool_use", func(m anthropic.Message) bool { return string(m.Content[1].Input) == "{}" },
			func(m anthropic.Message) anthropic.MessageNewParams { return goOn(p, m, "") }},
	} {
		t.Run(string(kind), func(t *testing.T) {
			t.Parallel()
			server, url := start(t, run(kind), rehearsal.Options{})
			c := client(t, url)
			m, isWhole, err := ask(t, c, p)
			if err != nil || !isWhole || m.StopReason != test.stop || !test.check(m) {
				t.Fatalf("%v, whole %v, %s", err, isWhole, m.RawJSON())
			}
			if test.next != nil {
				next := test.next(m)
				m, isWhole, err = ask(t, c, next)
				if err != nil || !isWhole || m.StopReason != "tool_use" || !strings.Contains(string(m.Content[1].Input), "go test") {
					t.Fatalf("the turn as written: %v, %s", err, m.RawJSON())
				}
				m, _, err = ask(t, c, answered(next, m, "ok"))
				if err != nil || m.Content[0].Text != "done" {
					t.Errorf("the next turn: %v, %s", err, m.RawJSON())
				}
			}
			if v := server.Violations(); len(v) > 0 {
				t.Errorf("violations: %q", v)
			}
		})
	}
}

// TestMalformedToolJSONIsOnTheWire shows what the SDK's Accumulate hides.
func TestMalformedToolJSONIsOnTheWire(t *testing.T) {
	t.Parallel()
	_, url := start(t, run(rehearsal.FaultMalformedToolJSON), rehearsal.Options{})
	c := client(t, url)
	stream := c.Messages.NewStreaming(t.Context(), params("Test it."))
	var input strings.Builder
	for stream.Next() {
		input.WriteString(stream.Current().Delta.PartialJSON)
	}
	if stream.Err() != nil || json.Valid([]byte(input.String())) || !strings.HasPrefix(input.String(), `{"command":`) {
		t.Errorf("%v, input %q", stream.Err(), input.String())
	}
}
