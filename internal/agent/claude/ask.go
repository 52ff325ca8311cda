package claude

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"time"

	"github.com/anthropics/anthropic-sdk-go"

	"github.com/liamzdenek/cody-batch/internal/agent/admission"
	"github.com/liamzdenek/cody-batch/internal/agent/apierror"
	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

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
		if try == 1 && !s.isAside {
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

// try makes one call as soon as the key and the limiter let it. It returns the
// answer, or what to do about a call that failed, or the run's end.
func (s *session) try(ctx context.Context, params anthropic.MessageNewParams, size int64, n int) (reply, *verdict, *ending, error) {
	if err := s.breaker.Refuses(); err != nil {
		end, err := refused(err)
		return reply{}, nil, end, err
	}
	answered, err := s.sharePrefix(ctx, params)
	if err != nil {
		return reply{}, nil, nil, err
	}
	defer answered(false)
	place, err := s.limiter.Enter(ctx, s.ledger.fresh(size))
	if err != nil {
		return reply{}, nil, nil, err
	}
	defer place.Leave(admission.Unknown, 0)
	if err := s.tellWait(ctx, place); err != nil {
		return reply{}, nil, nil, err
	}
	pass, err := s.breaker.Enter(ctx)
	if err != nil {
		end, err := refused(err)
		return reply{}, nil, end, err
	}
	defer pass.Leave()
	r, err := s.agent.stream(ctx, s.messages, params, func(status int, header http.Header) error {
		place.Heed(status, header)
		if status == http.StatusOK {
			pass.Accepted()
			answered(true)
		}
		return s.thread.answered(ctx, status, header)
	})
	s.ledger.spend(r.usage, size, err == nil)
	if r.usage != (codybatch.Usage{}) {
		s.run.Spent(s.ledger.spent)
	}
	if err == nil {
		place.Leave(admission.Success, 0)
		return r, nil, nil, nil
	}
	v, err := s.judge(ctx, err, r, n)
	if err != nil {
		return reply{}, nil, nil, err
	}
	switch {
	case v.Limited:
		place.Leave(admission.Crowded, v.wait)
	case v.Crowded:
		place.Leave(admission.Crowded, 0)
	case v.Refused != "" && pass.Refused(admission.Refusal{Outcome: v.Outcome, Said: v.Refused, Advice: s.agent.advice()}):
		s.agent.log.Error("API key held back: it was refused again and again", "repository", s.run.Key.Repository, "outcome", v.Outcome)
		if err := pass.Held(); err != nil {
			return reply{}, nil, nil, err
		}
	}
	return r, v, nil, nil
}

// refused makes the breaker's refusal the run's end; an error that is none stays one.
func refused(err error) (*ending, error) {
	var refused *admission.RefusedError
	if errors.As(err, &refused) {
		return &ending{outcome: refused.Outcome, reason: refused.Reason}, nil
	}
	return nil, err
}

// sharePrefix lets the first call of a conversation wait while another task writes
// what both begin with into the API's cache.
func (s *session) sharePrefix(ctx context.Context, params anthropic.MessageNewParams) (func(answered bool), error) {
	if len(params.Messages) > 1 || s.isAside {
		return func(bool) {}, nil
	}
	answered, waited, err := s.warmth.enter(ctx)
	if err != nil || waited <= noticeableWait {
		return answered, err
	}
	if err := s.notice(ctx, fmt.Sprintf("Call 1 waited %s: another task wrote what both begin with into the API's cache.", waited.Round(100*time.Millisecond))); err != nil {
		answered(false)
		return nil, err
	}
	return answered, nil
}

// noticeableWait is how long a call may wait without a word in the thread.
const noticeableWait = 2 * time.Second

// tellWait says that a call waited, and why, but for what a retry has announced.
func (s *session) tellWait(ctx context.Context, p *admission.Place) error {
	announced := s.announced
	s.announced = 0
	if text := p.Notice(s.talk.calls+1, announced); text != "" {
		return s.notice(ctx, text)
	}
	return nil
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
	v := verdict{Verdict: classify(err, s.agent.now(), s.agent.advice(), s.key)}
	v.wait = v.Backoff(try)
	return &v, nil
}

// advice tells a person where to look when the key is refused.
func (a *Agent) advice() string {
	if a.bedrock != nil {
		return bedrockAdvice
	}
	return apierror.KeyAdvice
}

// afterFailure decides what comes after a call that failed: it waits until the
// next try is due, or gives the run's end.
func (s *session) afterFailure(ctx context.Context, v verdict, r reply, try int) (*ending, error) {
	if !v.Retry || try > maxRetries {
		if try > maxRetries {
			v.Reason = fmt.Sprintf("the API did not answer in %d tries; the last one: %s", try, v.Reason)
		}
		s.agent.log.Warn("model call given up", "repository", s.run.Key.Repository, "outcome", v.Outcome, "tries", try)
		return &ending{outcome: v.Outcome, reason: v.Reason, outgrown: v.Outgrown}, s.brokenOff(ctx, r)
	}
	event := codybatch.ThreadEvent{
		Type: codybatch.EventRetry, N: s.talk.calls + 1, RequestID: r.requestID,
		Reason: fmt.Sprintf("%s. Try %d of %d in %s.", v.Reason, try+1, maxRetries+1, v.wait.Round(10*time.Millisecond)),
	}
	if r.usage != (codybatch.Usage{}) { // a thrown-away answer is paid for like any other
		event.Usage, event.CostUSD = &r.usage, codybatch.CostUSD(r.usage)
	}
	s.agent.log.Info("model call tried again", "repository", s.run.Key.Repository, "try", try+1, "wait", v.wait)
	if err := s.thread.add(ctx, event); err != nil {
		return nil, err
	}
	if v.Limited { // the limiter waits
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
		RequestID: r.requestID, Usage: &r.usage, CostUSD: codybatch.CostUSD(r.usage),
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
