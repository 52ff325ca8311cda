package claude

import (
	"encoding/json"
	"testing"

	"github.com/anthropics/anthropic-sdk-go"
)

func TestSize_is_that_of_the_whole_request(t *testing.T) {
	t.Parallel()
	s := &session{params: anthropic.MessageNewParams{Model: "claude-sonnet-5-5", System: []anthropic.TextBlockParam{{Text: "Be brief."}}}}
	var messages []anthropic.MessageParam
	user := func(text string) anthropic.MessageParam {
		return anthropic.NewUserMessage(anthropic.NewTextBlock(text))
	}
	check := func(messages ...anthropic.MessageParam) {
		t.Helper()
		params := s.params
		params.Messages = messages
		if messages == nil {
			params.Messages = []anthropic.MessageParam{}
		}
		want, err := json.Marshal(params)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := s.size(messages); err != nil || got != int64(len(want)) {
			t.Errorf("%d messages: got %d, %v; want %d", len(messages), got, err, len(want))
		}
	}
	check()
	for _, text := range []string{"one", "<two> & \"three\"", "vier ü 🙂"} {
		messages = append(messages, user(text))
		check(messages...)
		check(append(messages[:len(messages):len(messages)], user("what is said next"))...)
	}
	check(messages[0], user("a summary stands for the rest")) // a conversation that started over
	check(messages...)
	check(messages[:1]...)
	more := messages[0]
	more.Content = append(more.Content[:1:1], anthropic.NewTextBlock("more"))
	check(more)
	check(anthropic.MessageParam{Role: "user"}, messages[1])
}
