package claudecode

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// request is the body of a call, as far as the gateway looks at it.
type request struct {
	fields    []field
	model     string
	maxTokens int64
	thinking  int64 // tokens of the answer that are meant for thoughts; 0: the model decides
	stream    bool
}

// mostTokens is more than any model's answer has. Sums of money with it do not overflow.
const mostTokens = 1_000_000

// field is a member of the body; its value stays as it came.
type field struct {
	name  string
	value json.RawMessage
}

// passedOn are the members of a body that a conversation needs. The others are left
// out: servers that the API connects to, containers, tiers and places that cost
// more, and whatever comes next.
func passedOn() []string {
	return []string{
		"model", "messages", "system", "tools", "tool_choice", "max_tokens", "stream", "stop_sequences",
		"thinking", "output_config", "context_management", "cache_control", "metadata", "temperature", "top_p", "top_k",
	}
}

// passedBetas is what is passed on of the features that a request asks for: those of
// the program's version that tests run, of any date. Others could make a call cost more
// than was set aside for it (a longer context does), or reach further.
func passedBetas(header http.Header) string {
	var passed []string
	for beta := range strings.SplitSeq(strings.Join(header.Values("Anthropic-Beta"), ","), ",") {
		beta = strings.TrimSpace(beta)
		dated := len(beta) - len("-2006-01-02")
		if strings.HasPrefix(beta, "claude-code-") {
			dated = len("claude-code")
		}
		if dated > 0 && slices.Contains([]string{
			"claude-code", "interleaved-thinking", "context-management", "per-turn-control", "thinking-token-count", "effort", "thinking-display-updates",
		}, beta[:dated]) {
			passed = append(passed, beta)
		}
	}
	return strings.Join(passed, ",")
}

// parseRequest reads a body and leaves out what is not passed on. The errors are for
// the caller's eyes.
func parseRequest(body []byte) (*request, error) {
	fields, err := members(body)
	if err != nil {
		return nil, fmt.Errorf("the body is no JSON object: %w", err)
	}
	r := &request{fields: fields}
	read := func(name string, into any) error {
		for _, f := range r.fields {
			if f.name != name {
				continue
			}
			if err := json.Unmarshal(f.value, into); err != nil {
				return fmt.Errorf("%s: %w", name, err)
			}
		}
		return nil
	}
	var tools []struct {
		Type string `json:"type"`
		Name string `json:"name"`
	}
	var thinking struct {
		Budget int64 `json:"budget_tokens"`
	}
	if err := errors.Join(read("model", &r.model), read("max_tokens", &r.maxTokens), read("stream", &r.stream), read("tools", &tools), read("thinking", &thinking)); err != nil {
		return nil, err
	}
	for _, tool := range tools {
		// The API itself runs those that have a type, and bills them apart.
		if tool.Type != "" && tool.Type != "custom" {
			return nil, fmt.Errorf("tools: %q is of type %q, which the gateway does not pass on", tool.Name, tool.Type)
		}
	}
	switch r.thinking = thinking.Budget; {
	case r.model == "" || r.maxTokens < 0:
		return nil, errors.New("the body names no model, or no number of tokens")
	case r.maxTokens > mostTokens:
		return nil, fmt.Errorf("max_tokens: %d is more than any model gives", r.maxTokens)
	}
	for _, f := range r.fields {
		if f.name != "messages" && f.name != "system" {
			continue
		}
		kind, err := fetched(json.NewDecoder(bytes.NewReader(f.value)))
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.name, err)
		}
		if kind != "" {
			return nil, fmt.Errorf("%s: a source of type %q is not passed on; what the model is to see must come with the request", f.name, kind)
		}
	}
	return r, nil
}

// fetched finds, in a value of content, what the API would fetch from elsewhere: its
// size is not known, so that the money for it can't be set aside, and it is a way to
// any address. Every member of a name counts, for readers differ in which of two they
// see. What tools are called with is not content. The depth of a value that was read
// before is bounded by encoding/json.
func fetched(d *json.Decoder) (string, error) {
	token, err := d.Token()
	if err != nil {
		return "", err
	}
	delim, isDelim := token.(json.Delim)
	if !isDelim {
		return "", nil
	}
	found := ""
	for d.More() {
		if delim == '{' {
			name, err := d.Token()
			if err != nil {
				return "", err
			}
			if name == "input" || name == "type" {
				var value any
				if err := d.Decode(&value); err != nil {
					return "", err
				}
				if kind, _ := value.(string); name == "type" && (kind == "url" || kind == "file" || kind == "container_upload") {
					found = kind
				}
				continue
			}
		}
		inside, err := fetched(d)
		if err != nil {
			return "", err
		}
		found = cmp.Or(found, inside)
	}
	_, err = d.Token() // the end
	return found, err
}

// results are the ids of the calls that the last message answers.
func (r *request) results() []string {
	var messages []struct {
		Content json.RawMessage `json:"content"`
	}
	for _, f := range r.fields {
		if f.name == "messages" && json.Unmarshal(f.value, &messages) != nil {
			return nil // the API says what is wrong with them
		}
	}
	if len(messages) == 0 {
		return nil
	}
	var blocks []toolResult
	if json.Unmarshal(messages[len(messages)-1].Content, &blocks) != nil {
		return nil // plain text
	}
	var ids []string
	for _, b := range blocks {
		if b.Type == "tool_result" {
			ids = append(ids, b.ToolUseID)
		}
	}
	return ids
}

// members lists the members of a JSON object in their order, without those that are
// not passed on. A name that is there twice is an error: two readers would not see
// the same.
func members(body []byte) ([]field, error) {
	decoder := json.NewDecoder(bytes.NewReader(body))
	start, err := decoder.Token()
	if err != nil {
		return nil, err
	}
	if start != json.Delim('{') {
		return nil, errors.New("it does not begin with a brace")
	}
	var fields []field
	seen := map[string]bool{}
	for decoder.More() {
		token, err := decoder.Token()
		if err != nil {
			return nil, err
		}
		name, _ := token.(string) // a key always is
		f := field{name: name}
		if err := decoder.Decode(&f.value); err != nil {
			return nil, err
		}
		if seen[name] {
			return nil, fmt.Errorf("%q is there twice", name)
		}
		seen[name] = true
		if slices.Contains(passedOn(), name) {
			fields = append(fields, f)
		}
	}
	if _, err := decoder.Token(); err != nil {
		return nil, err
	}
	return fields, nil
}

// body is what is passed on, with another number of tokens if that is not 0.
func (r *request) body(maxTokens int64) []byte {
	var b bytes.Buffer
	b.WriteByte('{')
	for i, f := range r.fields {
		if i > 0 {
			b.WriteByte(',')
		}
		name, _ := json.Marshal(f.name) // a string always becomes JSON
		b.Write(name)
		b.WriteByte(':')
		if f.name == "max_tokens" && maxTokens != 0 {
			fmt.Fprintf(&b, "%d", maxTokens)
			continue
		}
		b.Write(f.value)
	}
	b.WriteByte('}')
	return b.Bytes()
}
