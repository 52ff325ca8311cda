package claude

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"strings"

	"github.com/anthropics/anthropic-sdk-go"

	"github.com/liamzdenek/cody-batch/internal/agent/apierror"
	"github.com/liamzdenek/cody-batch/internal/agent/prices"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// maxCutOff is how many answers in a row may be too long and go on.
const maxCutOff = 2

// maxCalls is how many calls of one answer are run: their results are held together.
const maxCalls = 100

// loop lets the model work, turn by turn, until it finishes or a limit is
// reached. The error is the context's cause, or that the thread can't be kept.
func (s *session) loop(ctx context.Context) (ending, error) {
	var outgrown *ending // of the turn before: how the run ends if nothing can be left out
	for range s.maxTurns {
		if end, err := s.makeRoom(ctx, outgrown); err != nil || end != nil {
			return orZero(end), err
		}
		if s.ledger.shouldWarn() {
			s.say(nudgeBudget)
		}
		kept := s.checkpoint(ctx)
		r, end, err := s.ask(ctx, s.talk.pending, s.traits.maxOutput, "another turn")
		kept()
		if err == nil && end == nil {
			end, err = s.take(ctx, r)
		}
		outgrown = nil
		switch {
		case err == nil && end != nil && end.outgrown:
			outgrown = end
		case err != nil || end != nil:
			return orZero(end), err
		}
	}
	if outgrown != nil {
		return *outgrown, nil
	}
	return ending{outcome: codybatch.OutcomeMaxTurns, reason: fmt.Sprintf("the limit of %d turns is reached", s.maxTurns)}, nil
}

func orZero(end *ending) ending {
	if end == nil {
		return ending{}
	}
	return *end
}

// say adds to the next user message.
func (s *session) say(text string) {
	s.talk.pending = append(s.talk.pending, anthropic.NewTextBlock(text))
}

// take records an answer, adds it to the conversation and does what it asks for.
func (s *session) take(ctx context.Context, r reply) (*ending, error) {
	if end, err := s.recordAnswer(ctx, r); err != nil || end != nil {
		return end, err
	}
	s.remember(r)
	called, end, err := s.answerCalls(ctx, r)
	if err != nil || end != nil {
		return end, err
	}
	switch {
	case r.message.StopReason == anthropic.StopReasonMaxTokens:
		return s.cutOff(r), nil
	case called, r.message.StopReason == anthropic.StopReasonPauseTurn:
		s.habits.cutOff, s.habits.idle = 0, 0
		return nil, nil
	}
	s.habits.idle++
	if s.habits.idle > 1 {
		return &ending{outcome: codybatch.OutcomeStuck, reason: "the model ended its turn twice without calling finish"}, nil
	}
	s.say(nudgeFinish)
	return nil, nil
}

// recordAnswer records an answer that came whole, and gives the run's end if it
// is one that nothing comes of.
func (s *session) recordAnswer(ctx context.Context, r reply) (*ending, error) {
	s.talk.calls++
	s.talk.tokens = prices.PromptTokens(r.usage)
	err := s.thread.add(ctx, codybatch.ThreadEvent{
		Type: codybatch.EventAssistant, MessageID: r.message.ID, RequestID: r.requestID, Model: r.message.Model,
		StopReason: string(r.message.StopReason), Content: r.content(), Usage: &r.usage, CostUSD: codybatch.CostUSD(r.usage),
		DurationMs: r.duration.Milliseconds(), TTFTMs: r.ttft.Milliseconds(),
	})
	if err != nil {
		return nil, err
	}
	switch r.message.StopReason {
	case anthropic.StopReasonRefusal:
		reason := "the model refuses this task"
		if why := r.message.StopDetails.Explanation; why != "" {
			reason += ": " + apierror.Short(why)
		}
		return &ending{outcome: codybatch.OutcomeRefused, reason: reason}, nil
	case anthropic.StopReasonModelContextWindowExceeded:
		return &ending{outcome: codybatch.OutcomeBlocked, reason: apierror.Outgrown, outgrown: true}, nil
	default: // there is something to go on with
		return nil, nil
	}
}

// cutOff asks the model to go on after an answer that was too long.
func (s *session) cutOff(r reply) *ending {
	s.habits.cutOff++
	if s.habits.cutOff <= maxCutOff {
		s.say(nudgeGoOn)
		return nil
	}
	if r.maxTokens < s.traits.maxOutput {
		return &ending{outcome: codybatch.OutcomeBudgetExhausted, reason: fmt.Sprintf(
			"the rest of %s pays for answers of %d tokens only, and the model needs longer ones", s.ledger.limit, r.maxTokens)}
	}
	return &ending{outcome: codybatch.OutcomeStuck, reason: fmt.Sprintf("%d answers in a row were longer than %d tokens", s.habits.cutOff, r.maxTokens)}
}

// remember makes the turn a part of the conversation: what was said, and the
// answer as it came, thinking and all. Left out is what the API gives but does
// not take back: blank text, and input that is no JSON object.
func (s *session) remember(r reply) {
	if len(s.talk.pending) > 0 {
		s.talk.messages = append(s.talk.messages, anthropic.NewUserMessage(s.talk.pending...))
		s.talk.pending = nil
	}
	var blocks []anthropic.ContentBlockParamUnion
	for i, block := range r.message.Content {
		if block.Type == "text" && strings.TrimSpace(block.Text) == "" {
			continue
		}
		back := block.ToParam()
		if _, bad := r.malformed[i]; bad {
			back.OfToolUse.Input = json.RawMessage("{}")
		}
		blocks = append(blocks, back)
	}
	if len(blocks) > 0 {
		s.talk.messages = append(s.talk.messages, anthropic.NewAssistantMessage(blocks...))
	}
}

// answerCalls runs the answer's tool calls, one after the other, and puts one
// result for each of them into the next user message, also for those that are
// not run: a call that the answer was cut off in, and what comes after finish.
// It reports whether there was a call at all.
func (s *session) answerCalls(ctx context.Context, r reply) (bool, *ending, error) {
	var end *ending
	called, wellFormed, bad, stuck, ran := false, false, false, false, 0
	for i, block := range r.message.Content {
		if block.Type != "tool_use" {
			continue
		}
		called = true
		var result toolResult
		var stop error
		started := s.agent.now()
		switch broken, isBroken := r.malformed[i]; {
		case end != nil:
			result = refusal("%s", afterFinish)
		case r.message.StopReason == anthropic.StopReasonMaxTokens && i == len(r.message.Content)-1:
			result = refusal("%s", cutOffCall)
		case isBroken:
			result = malformed("the input of %s was no JSON object: %s", apierror.Short(block.Name), apierror.Short(printable(broken)))
		case ran == maxCalls:
			result = refusal("%s", tooManyCalls)
		default:
			ran++
			result, stop = s.call(ctx, block.Name, block.Input)
			s.touched = s.touched || mayChange(block.Name)
		}
		s.talk.pending = append(s.talk.pending, anthropic.NewToolResultBlock(block.ID, result.text, result.isError))
		event := toolEvent(block.ID, block.Name, block.Input, result, s.agent.now().Sub(started).Milliseconds())
		if err := errors.Join(stop, s.thread.add(ctx, event)); err != nil {
			return called, nil, err
		}
		if result.finish != nil {
			end = result.finish.ending()
		}
		bad = bad || result.malformed
		wellFormed = wellFormed || !result.malformed
		stuck = s.habits.repeats(block.Name, block.Input, result) || stuck
	}
	if end == nil {
		end = s.checkHabits(wellFormed, bad, stuck)
	}
	return called, end, nil
}
