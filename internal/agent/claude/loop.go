package claude

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/anthropics/anthropic-sdk-go"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// maxCutOff is how many answers in a row may be too long and go on.
const maxCutOff = 2

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
		r, end, err := s.ask(ctx, s.talk.pending, s.traits.maxOutput, "another turn")
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

// ask calls the model with the conversation and what the user's side says next,
// again and again while that may help. Before every try, what it costs at most is
// reserved, for an answer of so many tokens if there is the money; after it, what
// it cost is reported, also when the answer is thrown away. The conversation stays
// as it is. The purpose is what the money does not pay for, if it doesn't.
func (s *session) ask(ctx context.Context, said []anthropic.ContentBlockParamUnion, maxTokens int64, purpose string) (reply, *ending, error) {
	params := s.params
	params.Messages = with(s.talk.messages, said)
	size, err := s.size(params.Messages)
	if err != nil {
		return reply{}, nil, err
	}
	for try := 1; ; try++ {
		var paid bool
		params.MaxTokens, paid = s.ledger.reserve(size, maxTokens)
		if !paid {
			return reply{}, &ending{outcome: codybatch.OutcomeBudgetExhausted, reason: fmt.Sprintf(
				"%s of %s is spent, and the rest does not pay for %s", s.ledger.spent.Cost, s.ledger.limit, purpose)}, nil
		}
		if try == 1 {
			if err := s.recordRequest(ctx, said, params.MaxTokens); err != nil {
				return reply{}, nil, err
			}
		}
		r, v, end, err := s.try(ctx, params, size, try)
		if end == nil && err == nil && v == nil {
			r.maxTokens = params.MaxTokens
			return r, nil, nil
		}
		if end == nil && err == nil {
			end, err = s.afterFailure(ctx, *v, r, try)
		}
		if end != nil || err != nil {
			return reply{}, end, err
		}
	}
}

// with is the conversation and what the user's side says next.
func with(messages []anthropic.MessageParam, said []anthropic.ContentBlockParamUnion) []anthropic.MessageParam {
	if len(said) == 0 {
		return messages
	}
	return append(messages[:len(messages):len(messages)], anthropic.NewUserMessage(said...))
}

// size is how many bytes a request with these messages has.
func (s *session) size(messages []anthropic.MessageParam) (int64, error) {
	params := s.params
	params.Messages = messages
	body, err := json.Marshal(params)
	if err != nil {
		return 0, fmt.Errorf("encode the request: %w", err)
	}
	return int64(len(body)), nil
}

// try makes one call as soon as the key and the limiter let it. It returns the
// answer, or what to do about a call that failed, or the run's end.
func (s *session) try(ctx context.Context, params anthropic.MessageNewParams, size int64, n int) (reply, *verdict, *ending, error) {
	if end := s.breaker.refuses(); end != nil {
		return reply{}, nil, end, nil
	}
	place, err := s.limiter.enter(ctx, s.ledger.fresh(size))
	if err != nil {
		return reply{}, nil, nil, err
	}
	defer place.leave(endUnknown, 0)
	if err := s.tellWait(ctx, place); err != nil {
		return reply{}, nil, nil, err
	}
	pass, end, err := s.breaker.enter(ctx)
	if end != nil || err != nil {
		return reply{}, nil, end, err
	}
	defer pass.leave()
	r, err := s.agent.stream(ctx, s.client, params, func(status int, header http.Header) error {
		place.heed(status, header)
		if status == http.StatusOK {
			pass.accepted()
		}
		return s.thread.answered(ctx, status, header)
	})
	s.ledger.spend(r.usage, size, err == nil)
	if r.usage != (codybatch.Usage{}) {
		s.run.Spent(s.ledger.spent)
	}
	if err == nil {
		place.leave(endSuccess, 0)
		return r, nil, nil, nil
	}
	v, err := s.judge(ctx, err, r, n)
	if err != nil {
		return reply{}, nil, nil, err
	}
	switch {
	case v.limited:
		place.leave(endRefused, v.wait)
	case v.crowded:
		place.leave(endRefused, 0)
	case v.refused != "" && pass.refused(*v):
		s.agent.log.Error("API key held back: it was refused again and again", "repository", s.run.Key.Repository, "outcome", v.outcome)
	}
	return r, v, nil, nil
}

// noticeableWait is how long a call may wait without a word in the thread.
const noticeableWait = 2 * time.Second

// tellWait says that a call waited, and why, but for what a retry has announced.
func (s *session) tellWait(ctx context.Context, p *place) error {
	announced := s.announced
	s.announced = 0
	if p.waited-announced <= noticeableWait {
		return nil
	}
	return s.notice(ctx, fmt.Sprintf("Call %d waited %s: %s.", s.talk.calls+1, p.waited.Round(100*time.Millisecond), p.why))
}

// judge says what to do about a call that failed. The error is what ends the run
// whatever the call's failure was.
func (s *session) judge(ctx context.Context, err error, r reply, try int) (*verdict, error) {
	var unrecorded *recordError
	switch {
	case errors.As(err, &unrecorded):
		return nil, unrecorded
	case ctx.Err() != nil:
		return nil, errors.Join(context.Cause(ctx), s.brokenOff(ctx, r))
	}
	v := classify(err, s.agent.now())
	v.wait = v.backoff(try)
	v.reason = strings.ReplaceAll(v.reason, s.key, "[redacted]") // some servers quote what they refuse
	v.refused = strings.ReplaceAll(v.refused, s.key, "[redacted]")
	return &v, nil
}

// afterFailure decides what comes after a call that failed: it waits until the
// next try is due, or gives the run's end.
func (s *session) afterFailure(ctx context.Context, v verdict, r reply, try int) (*ending, error) {
	if !v.retry || try > maxRetries {
		if try > maxRetries {
			v.reason = fmt.Sprintf("the API did not answer in %d tries; the last one: %s", try, v.reason)
		}
		s.agent.log.Warn("model call given up", "repository", s.run.Key.Repository, "outcome", v.outcome, "tries", try)
		return &ending{outcome: v.outcome, reason: v.reason, outgrown: v.outgrown}, s.brokenOff(ctx, r)
	}
	event := codybatch.ThreadEvent{
		Type: codybatch.EventRetry, N: s.talk.calls + 1, RequestID: r.requestID,
		Reason: fmt.Sprintf("%s. Try %d of %d in %s.", v.reason, try+1, maxRetries+1, v.wait.Round(10*time.Millisecond)),
	}
	if r.usage != (codybatch.Usage{}) { // a thrown-away answer is paid for like any other
		event.Usage, event.CostUSD = &r.usage, costUSD(r.usage)
	}
	s.agent.log.Info("model call tried again", "repository", s.run.Key.Repository, "try", try+1, "wait", v.wait)
	if err := s.thread.add(ctx, event); err != nil {
		return nil, err
	}
	if v.limited { // the limiter waits
		s.announced = v.wait
		return nil, nil
	}
	return nil, sleep(ctx, v.wait)
}

// brokenOff records what an answer cost that nothing comes of.
func (s *session) brokenOff(ctx context.Context, r reply) error {
	if r.usage == (codybatch.Usage{}) {
		return nil
	}
	return s.thread.add(ctx, codybatch.ThreadEvent{
		Type: codybatch.EventNotice, Reason: "An answer was broken off. What came of it is paid for, and thrown away.",
		RequestID: r.requestID, Usage: &r.usage, CostUSD: costUSD(r.usage),
	})
}

// recordRequest records what the user's side says that is new, but for the
// answers to tool calls, which have events of their own.
func (s *session) recordRequest(ctx context.Context, said []anthropic.ContentBlockParamUnion, maxTokens int64) error {
	said = texts(said)
	event := codybatch.ThreadEvent{Type: codybatch.EventRequest, N: s.talk.calls + 1, PrefixSHA: s.prefixSHA, MaxTokens: maxTokens}
	if len(said) > 0 {
		content, err := json.Marshal(said)
		if err != nil {
			return fmt.Errorf("encode the request: %w", err)
		}
		event.Content = content
	}
	return s.thread.add(ctx, event)
}

// texts leaves out the answers to tool calls.
func texts(said []anthropic.ContentBlockParamUnion) []anthropic.ContentBlockParamUnion {
	return slices.DeleteFunc(slices.Clone(said), func(block anthropic.ContentBlockParamUnion) bool { return block.OfToolResult != nil })
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
	s.talk.tokens = promptTokens(r.usage)
	err := s.thread.add(ctx, codybatch.ThreadEvent{
		Type: codybatch.EventAssistant, MessageID: r.message.ID, RequestID: r.requestID, Model: r.message.Model,
		StopReason: string(r.message.StopReason), Content: r.content(), Usage: &r.usage, CostUSD: costUSD(r.usage),
		DurationMs: r.duration.Milliseconds(), TTFTMs: r.ttft.Milliseconds(),
	})
	if err != nil {
		return nil, err
	}
	switch r.message.StopReason {
	case anthropic.StopReasonRefusal:
		reason := "the model refuses this task"
		if why := r.message.StopDetails.Explanation; why != "" {
			reason += ": " + short(why)
		}
		return &ending{outcome: codybatch.OutcomeRefused, reason: reason}, nil
	case anthropic.StopReasonModelContextWindowExceeded:
		return &ending{outcome: codybatch.OutcomeBlocked, reason: tooLong, outgrown: true}, nil
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
	called, wellFormed, bad, stuck := false, false, false, false
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
			result = malformed("the input of %s was no JSON object: %s", short(block.Name), short(printable(broken)))
		default:
			result, stop = s.call(ctx, block.Name, block.Input)
		}
		s.talk.pending = append(s.talk.pending, anthropic.NewToolResultBlock(block.ID, result.text, result.isError))
		event := toolEvent(block.ID, block.Name, block.Input, result, s.agent.now().Sub(started).Milliseconds())
		if err := errors.Join(stop, s.thread.add(ctx, event)); err != nil {
			return called, nil, err
		}
		if result.finish != nil {
			outcome, _ := result.finish.outcome() // was checked by the tool
			end = &ending{outcome: outcome, finish: result.finish}
			if outcome == codybatch.OutcomeBlocked {
				end.reason = cmp.Or(result.finish.Summary, "the model says that it can't be done, and not why")
			}
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

// costUSD is a usage's cost for the thread, nil when it is not known.
func costUSD(u codybatch.Usage) *string {
	if u.CostUnknown {
		return nil
	}
	text := strconv.FormatFloat(u.Cost.Dollars(), 'f', -1, 64)
	return &text
}
