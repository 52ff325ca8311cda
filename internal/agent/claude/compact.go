package claude

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/anthropics/anthropic-sdk-go"

	"github.com/liamzdenek/cody-batch/internal/agent/prices"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

const (
	maxCompactions    = 2     // of a run
	mostLeft          = 70    // percent of a conversation that may be left of it
	summaryOutput     = 8_000 // tokens of a summary, with the thinking before it
	maxFoldedResult   = 2_000 // bytes of a tool's result in a conversation that is too long already
	maxListedChanges  = 100   // files
	summaryOfThisSize = "the summary that a conversation of this length needs to go on"
)

// makeRoom compacts the conversation when the model has no room for it (outgrown
// then says how the run would end), or when its last request came over the soft
// limit. It does so between turns only, and at most maxCompactions times a run.
// After that, a conversation over the soft limit goes on for as long as the model
// takes it: the limit saves money, and the work so far is paid for.
//
// It returns the run's end if there is no other way.
func (s *session) makeRoom(ctx context.Context, outgrown *ending) (*ending, error) {
	switch {
	case outgrown != nil && s.compactions >= maxCompactions:
		end := *outgrown
		end.reason = fmt.Sprintf("after %d summaries, %s", s.compactions, outgrown.reason)
		return &end, nil
	case outgrown != nil:
		return s.compact(ctx, outgrown)
	case len(s.talk.pending) == 0, s.talk.tokens <= s.traits.softContext: // in the middle of a turn, or short enough
		return nil, nil
	case s.compactions < maxCompactions:
		return s.compact(ctx, nil)
	case !s.isLastTalk:
		s.isLastTalk = true
		s.say(nudgeFull)
		return nil, s.notice(ctx, fmt.Sprintf("The last request had %d tokens, more than %d, and the conversation was summarised %d times already. It goes on as it is, and the model is told to come to an end.",
			s.talk.tokens, s.traits.softContext, maxCompactions))
	default:
		return nil, nil
	}
}

// compact replaces the conversation by its first message, which stays as it is,
// and a summary that the model writes of the rest. Until there is one, nothing is
// given up. An answer that is no summary is asked for once more, if the run may.
func (s *session) compact(ctx context.Context, outgrown *ending) (*ending, error) {
	whole, err := s.size(with(s.talk.messages, s.talk.pending))
	if err != nil {
		return nil, err
	}
	if can, err := s.canShrink(whole); err != nil || !can {
		return outgrown, err // over the soft limit alone, it goes on as it is
	}
	s.checkpoint(ctx)() // of the new conversation, nothing shows what was done before
	if err := s.notice(ctx, s.whyCompact(outgrown)); err != nil {
		return nil, err
	}
	isShort := outgrown != nil
	for s.compactions < maxCompactions {
		// The calls of the last turn are answered in the request for the summary.
		said := append(folded(s.talk.pending, isShort), anthropic.NewTextBlock(summaryPrompt))
		sent, err := s.size(with(s.talk.messages, said))
		if err != nil {
			return nil, err
		}
		r, end, err := s.ask(ctx, said, min(summaryOutput, s.traits.maxOutput), summaryOfThisSize)
		if err == nil && end == nil {
			s.compactions++
			end, err = s.recordAnswer(ctx, r)
		}
		switch {
		case err == nil && end != nil && end.outgrown && !isShort: // what the last turn read was too much
			isShort = true
			continue
		case err != nil || end != nil:
			return end, err
		}
		if err := s.refuseCalls(ctx, r); err != nil {
			return nil, err
		}
		if summary := summaryIn(r); summary != "" {
			return s.startOver(ctx, summary, prices.PromptTokens(r.usage)*whole/sent, whole)
		}
	}
	return &ending{outcome: codybatch.OutcomeBlocked, reason: "the conversation has outgrown the model, and the model gave no summary to go on with; what was done is kept. Ask for less in one job, or take a model with a larger context"}, nil
}

// canShrink reports whether the first message alone is short enough: no summary
// is paid for that can't help.
func (s *session) canShrink(whole int64) (bool, error) {
	if len(s.talk.messages) < 2 { // nothing was answered yet
		return false, nil
	}
	least, err := s.size(s.talk.messages[:1])
	return shrinks(least, whole), err
}

func shrinks(after, before int64) bool { return after*100 <= before*mostLeft }

func (s *session) whyCompact(outgrown *ending) string {
	why := "The conversation no longer fits into the model's context."
	if outgrown == nil {
		why = fmt.Sprintf("The last request had %d tokens, more than the %d that one with %s should have.", s.talk.tokens, s.traits.softContext, s.ledger.model)
	}
	return why + " The model is asked for a summary, and goes on with that."
}

// folded is what the user's side says next. Where there is no room, of long
// results the start is kept: the model can make the call again.
func folded(pending []anthropic.ContentBlockParamUnion, isShort bool) []anthropic.ContentBlockParamUnion {
	said := make([]anthropic.ContentBlockParamUnion, 0, len(pending)+1)
	for _, block := range pending {
		if result := block.OfToolResult; isShort && result != nil {
			var text strings.Builder
			for _, content := range result.Content {
				if content.OfText != nil {
					text.WriteString(content.OfText.Text)
				}
			}
			if left := text.Len() - maxFoldedResult; left > 0 {
				block = anthropic.NewToolResultBlock(result.ToolUseID,
					fmt.Sprintf("%s\n(about %d bytes left out: the conversation became too long)", cut(text.String(), maxFoldedResult), left), result.IsError.Value)
			}
		}
		said = append(said, block)
	}
	return said
}

// refuseCalls records that the calls in an answer that was to be a summary were
// not run. The answer is no part of the new conversation, and neither are they.
func (s *session) refuseCalls(ctx context.Context, r reply) error {
	for _, block := range r.message.Content {
		if block.Type != "tool_use" {
			continue
		}
		if err := s.thread.add(ctx, toolEvent(block.ID, block.Name, block.Input, refusal("%s", summaryOnly), 0)); err != nil {
			return err
		}
	}
	return nil
}

// summaryIn is the answer's text. One that was cut off is none: what remains to
// be done stands at its end.
func summaryIn(r reply) string {
	if r.message.StopReason == anthropic.StopReasonMaxTokens {
		return ""
	}
	var text strings.Builder
	for _, block := range r.message.Content {
		if block.Type == "text" {
			text.WriteString(block.Text)
		}
	}
	return strings.TrimSpace(sandbox.Clean(text.String()))
}

// startOver begins the new conversation: the task, the summary, what is changed,
// and what the worker has to say besides, such as the feedback that the run mends.
// Answers to tool calls are not in it: neither are the calls.
func (s *session) startOver(ctx context.Context, summary string, tokensBefore, bytesBefore int64) (*ending, error) {
	changed, err := s.changedSoFar(ctx)
	if err != nil {
		return nil, err
	}
	first := s.talk.messages[:1:1]
	said := []anthropic.ContentBlockParamUnion{anthropic.NewTextBlock(summaryHead + summary + changed + summaryEnd)}
	pending := texts(s.talk.pending)
	if text := feedbackPrompt(s.run.Feedback); s.run.Feedback != "" && !isSaid(pending, text) { // it was said earlier
		said = append(said, anthropic.NewTextBlock(text))
	}
	if s.talk.remark != "" && !isSaid(pending, s.talk.remark) {
		said = append(said, anthropic.NewTextBlock(s.talk.remark))
	}
	said = append(said, pending...)
	bytesAfter, err := s.size(with(first, said))
	if err != nil {
		return nil, err
	}
	tokensAfter := tokensBefore * bytesAfter / bytesBefore // at the rate that the API counted
	if !shrinks(bytesAfter, bytesBefore) {
		return &ending{outcome: codybatch.OutcomeBlocked, reason: fmt.Sprintf(
			"the conversation has outgrown the model, and its summary is not short enough: about %d tokens would be left of %d, and more than %d %% is too much. What was done is kept. Ask for less in one job, or take a model with a larger context",
			tokensAfter, tokensBefore, mostLeft)}, nil
	}
	s.talk.messages, s.talk.pending, s.talk.tokens = first, said, tokensAfter
	s.ledger.warned = false // the model does not remember it
	s.agent.log.Info("conversation compacted", "repository", s.run.Key.Repository, "before", tokensBefore, "after", tokensAfter)
	return nil, s.thread.add(ctx, codybatch.ThreadEvent{
		Type: codybatch.EventCompaction, TokensBefore: tokensBefore, TokensAfter: tokensAfter, Summary: summary,
		Reason: fmt.Sprintf("The conversation goes on with the task and a summary: about %d tokens in the place of %d.", tokensAfter, tokensBefore),
	})
}

func isSaid(said []anthropic.ContentBlockParamUnion, text string) bool {
	return slices.ContainsFunc(said, func(block anthropic.ContentBlockParamUnion) bool {
		return block.OfText != nil && block.OfText.Text == text
	})
}

// changedSoFar lists what differs from the base commit, as "git diff --stat"
// does; nothing when that can't be known. The error is the context's cause.
func (s *session) changedSoFar(ctx context.Context) (string, error) {
	if s.run.Changes == nil {
		return "", nil
	}
	changes, err := s.run.Changes(ctx)
	switch {
	case ctx.Err() != nil:
		return "", context.Cause(ctx)
	case err != nil:
		s.agent.log.Warn("changes not listed in a summary", "repository", s.run.Key.Repository, "error", err)
		return "", nil
	case len(changes) == 0:
		return "\n\nNothing is changed in the repository so far.", nil
	}
	var list strings.Builder
	list.WriteString("\n\nChanged in the repository so far:\n")
	for _, c := range changes[:min(len(changes), maxListedChanges)] {
		name := quoted(c.Path)
		if c.OldPath != "" {
			name = quoted(c.OldPath) + " => " + name
		}
		size := fmt.Sprintf("+%d -%d", c.Additions, c.Deletions)
		if c.Binary {
			size = "binary"
		}
		fmt.Fprintf(&list, "%c %s | %s\n", cmp.Or(c.Status, 'M'), name, size)
	}
	if more := len(changes) - maxListedChanges; more > 0 {
		fmt.Fprintf(&list, "and %d more files\n", more)
	}
	return strings.TrimSuffix(list.String(), "\n"), nil
}
