package worker

import (
	"context"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// maxConversation bounds what an agent keeps of a conversation besides the thread, in
// bytes. A longer one is not kept, and so can't be gone on with in another attempt.
const maxConversation = 16 << 20

// keepConversation keeps what the agent needs to go on with the conversation in another
// attempt, without secrets, also when the context has ended. It is not worth an attempt.
func (a *attempt) keepConversation(ctx context.Context, conversation []byte) {
	if conversation == nil || errors.Is(context.Cause(ctx), errLost) {
		return
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), a.Keep)
	defer cancel()
	if err := a.putConversation(ctx, conversation); err != nil {
		a.Log.WarnContext(ctx, "a conversation could not be kept for an attempt that goes on with it", "task", a.task.Key().String(), "error", err)
	}
}

func (a *attempt) putConversation(ctx context.Context, conversation []byte) error {
	if len(conversation) > maxConversation {
		return fmt.Errorf("keep the agent's conversation: it is larger than %d MiB", maxConversation>>20)
	}
	text := strings.NewReader(a.redact.Replace(string(conversation)))
	if err := a.Artifacts.Put(ctx, codybatch.ConversationKey(a.task.Key(), a.task.Attempt), text); err != nil {
		return fmt.Errorf("store the agent's conversation: %w", err)
	}
	return nil
}

// readConversation reads what the agent kept of the attempt's conversation; nil if
// there is nothing.
func (a *attempt) readConversation(ctx context.Context) ([]byte, error) {
	document, err := a.Artifacts.Open(ctx, codybatch.ConversationKey(a.task.Key(), a.task.Attempt))
	if errors.Is(err, codybatch.ErrNotFound) {
		return nil, nil
	}
	if err != nil {
		return nil, fmt.Errorf("read the agent's conversation: %w", err)
	}
	defer document.Close()
	conversation, err := io.ReadAll(document)
	if err != nil {
		return nil, fmt.Errorf("read the agent's conversation: %w", err)
	}
	return conversation, nil
}
