package rehearsal

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// answer is one message of the rehearsal's assistant, before it is put on the
// wire.
type answer struct {
	id    string
	model string
	parts []part
	stop  string
	usage wireUsage
	beta  bool // asked for with ?beta=true, whose schema has a few fields more
}

// part is one content block.
type part struct {
	kind      string // "thinking", "text" or "tool_use"
	text      string
	signature string
	id        string
	name      string
	input     string // JSON; may be broken on purpose
}

type wireUsage struct {
	InputTokens         int64         `json:"input_tokens"`
	OutputTokens        int64         `json:"output_tokens"`
	CacheRead           int64         `json:"cache_read_input_tokens"`
	CacheCreation       int64         `json:"cache_creation_input_tokens"`
	CacheCreationByTTL  cacheCreation `json:"cache_creation"`
	OutputTokensDetails *struct{}     `json:"output_tokens_details"`
	ServerToolUse       *struct{}     `json:"server_tool_use"`
	ServiceTier         string        `json:"service_tier"`
	InferenceGeo        *string       `json:"inference_geo"`
	Speed               *string       `json:"speed"`
	betaUsage
}

type cacheCreation struct {
	FiveMinutes int64 `json:"ephemeral_5m_input_tokens"`
	OneHour     int64 `json:"ephemeral_1h_input_tokens"`
}

// betaUsage is what only the beta's schema asks for; the stable one allows it.
type betaUsage struct {
	FallbackCredit *struct{} `json:"fallback_credit"`
	Iterations     *struct{} `json:"iterations"`
}

// deltaUsage is the usage of the event message_delta.
type deltaUsage struct {
	InputTokens         int64     `json:"input_tokens"`
	OutputTokens        int64     `json:"output_tokens"`
	CacheRead           int64     `json:"cache_read_input_tokens"`
	CacheCreation       int64     `json:"cache_creation_input_tokens"`
	OutputTokensDetails *struct{} `json:"output_tokens_details"`
	ServerToolUse       *struct{} `json:"server_tool_use"`
	betaUsage
}

// compose makes the answer of a turn. The fault bends it, if it is one that does.
func compose(turn Turn, fault Fault, r *request, count tokens, newID func() string) answer {
	a := answer{id: "msg_rehearsal_" + newID(), model: r.Model, stop: turn.StopReason}
	isThinking := r.Thinking.Type != "" && r.Thinking.Type != "disabled"
	if turn.Thinking != "" && isThinking {
		a.parts = append(a.parts, part{kind: "thinking", text: turn.Thinking, signature: "signature_rehearsal_" + newID()})
	}
	if turn.Text != "" {
		a.parts = append(a.parts, part{kind: "text", text: turn.Text})
	}
	for _, call := range turn.Tools {
		input := string(call.Input)
		if call.Input == nil {
			input = "{}"
		}
		a.parts = append(a.parts, part{kind: "tool_use", id: "toolu_rehearsal_" + newID(), name: call.Name, input: input})
	}
	if a.stop == "" {
		a.stop = "end_turn"
		if len(turn.Tools) > 0 {
			a.stop = "tool_use"
		}
	}
	a.bend(fault)
	a.count(count, turn.Usage)
	return a
}

// bend makes the answer one that is not what was hoped for.
func (a *answer) bend(fault Fault) {
	last := len(a.parts) - 1
	switch fault.Kind {
	case FaultRefusal:
		a.parts, a.stop = nil, "refusal"
	case FaultMaxTokens:
		a.stop = "max_tokens"
		if last >= 0 {
			a.parts[last].text = half(a.parts[last].text)
			a.parts[last].input = half(a.parts[last].input)
		}
	case FaultPauseTurn:
		a.stop = "pause_turn"
		for len(a.parts) > 0 && a.parts[len(a.parts)-1].kind == "tool_use" {
			a.parts = a.parts[:len(a.parts)-1]
		}
		if len(a.parts) == 0 {
			a.parts = []part{{kind: "text", text: "One moment."}}
		}
	case FaultMalformedToolJSON:
		for i := range a.parts {
			if a.parts[i].kind == "tool_use" {
				a.parts[i].input = half(a.parts[i].input)
			}
		}
	default: // the others happen on the way
	}
}

// half cuts a text in the middle, between two characters. Something is left of
// the text, and something is cut.
func half(text string) string {
	runes := []rune(text)
	return string(runes[:(len(runes)+1)/2])
}

func (a *answer) count(count tokens, override *Usage) {
	size := 0
	for _, p := range a.parts {
		size += len(p.text) + len(p.name) + len(p.input) + 8
	}
	output := int64(size/bytesPerToken) + 1
	if override != nil {
		set(&count.input, override.InputTokens)
		set(&count.read, override.CacheReadTokens)
		set(&count.write5m, override.CacheWrite5m)
		set(&count.write1h, override.CacheWrite1h)
		set(&output, override.OutputTokens)
	}
	a.usage = wireUsage{
		InputTokens: count.input, OutputTokens: output, CacheRead: count.read,
		CacheCreation:      count.write5m + count.write1h,
		CacheCreationByTTL: cacheCreation{FiveMinutes: count.write5m, OneHour: count.write1h},
		ServiceTier:        "standard",
	}
}

func set(field, value *int64) {
	if value != nil {
		*field = *value
	}
}

// block is a content block as the wire has it.
func (p part) block() map[string]any {
	switch p.kind {
	case "thinking":
		return map[string]any{"type": p.kind, "thinking": p.text, "signature": p.signature}
	case "tool_use":
		input := json.RawMessage(p.input)
		if !json.Valid(input) {
			input = json.RawMessage("{}") // the whole message can't hold broken JSON; the stream can
		}
		return map[string]any{"type": p.kind, "id": p.id, "name": p.name, "input": input, "caller": map[string]string{"type": "direct"}}
	default:
		return map[string]any{"type": p.kind, "text": p.text, "citations": nil}
	}
}

// empty is the block as content_block_start has it.
func (p part) empty() map[string]any {
	bare := p
	bare.text, bare.signature, bare.input = "", "", "{}"
	return bare.block()
}

// deltas cuts the block into what its content_block_delta events carry.
func (p part) deltas() []map[string]any {
	var all []map[string]any
	add := func(kind, field, text string) {
		for _, piece := range pieces(text) {
			all = append(all, map[string]any{"type": kind, field: piece})
		}
	}
	switch p.kind {
	case "thinking":
		add("thinking_delta", "thinking", p.text)
		all = append(all, map[string]any{"type": "signature_delta", "signature": p.signature})
	case "tool_use":
		all = append(all, map[string]any{"type": "input_json_delta", "partial_json": ""}) // the API begins so
		add("input_json_delta", "partial_json", p.input)
	default:
		add("text_delta", "text", p.text)
	}
	return all
}

// pieces cuts a text into at most four, between characters.
func pieces(text string) []string {
	runes := []rune(text)
	size := max(1, (len(runes)+3)/4)
	var all []string
	for len(runes) > 0 {
		n := min(size, len(runes))
		all = append(all, string(runes[:n]))
		runes = runes[n:]
	}
	return all
}

func (a answer) stopDetails() any {
	if a.stop != "refusal" {
		return nil
	}
	details := map[string]any{"type": "refusal", "category": nil, "explanation": "A rehearsed refusal."}
	if a.beta {
		for _, name := range []string{"fallback_credit_token", "fallback_has_prefill_claim", "recommended_model"} {
			details[name] = nil
		}
	}
	return details
}

// message is the answer as one body. For message_start it has no content yet.
func (a answer) message(isStart bool) map[string]any {
	content := []map[string]any{}
	usage := a.usage
	var stop, details any
	if isStart {
		usage.OutputTokens = 1
	} else {
		stop, details = a.stop, a.stopDetails()
		for _, p := range a.parts {
			content = append(content, p.block())
		}
	}
	m := map[string]any{
		"id": a.id, "type": "message", "role": "assistant", "model": a.model, "content": content,
		"stop_reason": stop, "stop_sequence": nil, "stop_details": details, "usage": usage,
		"diagnostics": nil, "container": nil,
	}
	if a.beta {
		m["context_management"] = nil
	}
	return m
}

// event is one server-sent event.
type event struct {
	name string
	data []byte
}

// events is the answer as a stream.
func (a answer) events() []event {
	var all []event
	add := func(name string, fields map[string]any) {
		fields["type"] = name
		data, err := json.Marshal(fields)
		if err != nil {
			panic(fmt.Sprintf("rehearsal: event %s: %v", name, err)) // all fields are made here
		}
		all = append(all, event{name, data})
	}
	add("message_start", map[string]any{"message": a.message(true)})
	add("ping", map[string]any{})
	for i, p := range a.parts {
		add("content_block_start", map[string]any{"index": i, "content_block": p.empty()})
		for _, delta := range p.deltas() {
			if a.beta && delta["type"] == "thinking_delta" {
				delta["estimated_tokens"] = nil // the beta's schema asks for it
			}
			add("content_block_delta", map[string]any{"index": i, "delta": delta})
		}
		add("content_block_stop", map[string]any{"index": i})
	}
	last := map[string]any{
		"delta": map[string]any{"stop_reason": a.stop, "stop_sequence": nil, "stop_details": a.stopDetails(), "container": nil},
		"usage": deltaUsage{
			InputTokens: a.usage.InputTokens, OutputTokens: a.usage.OutputTokens,
			CacheRead: a.usage.CacheRead, CacheCreation: a.usage.CacheCreation,
		},
	}
	if a.beta {
		last["context_management"] = nil
	}
	add("message_delta", last)
	add("message_stop", map[string]any{})
	return all
}

// cut returns the index of the event before which a stream breaks: in the last
// tool call, before the end of its JSON, else in the middle.
func cut(events []event) int {
	at := len(events) / 2
	for i, e := range events {
		if e.name == "content_block_delta" && bytes.Contains(e.data, []byte(`"input_json_delta"`)) {
			at = i
		}
	}
	return at
}
