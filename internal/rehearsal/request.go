package rehearsal

import (
	"bytes"
	"crypto/sha256"
	"encoding/json"
	"slices"
	"strings"
)

// request is the part of CreateMessageParams that the rules look at. It is
// parsed after the schema was checked.
type request struct {
	Model        string            `json:"model"`
	MaxTokens    int               `json:"max_tokens"`
	Stream       bool              `json:"stream"`
	System       json.RawMessage   `json:"system"`
	Tools        []json.RawMessage `json:"tools"`
	Messages     []message         `json:"messages"`
	CacheControl *cacheControl     `json:"cache_control"`
	Thinking     struct {
		Type string `json:"type"`
	} `json:"thinking"`
	OutputConfig struct {
		Format struct {
			Type string `json:"type"`
		} `json:"format"`
	} `json:"output_config"`
	Temperature json.RawMessage `json:"temperature"`
	TopP        json.RawMessage `json:"top_p"`
	TopK        json.RawMessage `json:"top_k"`

	segments  []segment // tools, system and messages, as the cache sees them
	preamble  digest    // of tools and system
	hashes    []digest  // of messages
	toolNames []string
	isProgram bool // Claude Code's
}

// beginsSession reports whether Claude Code goes on with a conversation, or begins one:
// it writes its folder and the date into the system prompt, so that its prefix is another
// one in another place or on another day.
func (r *request) beginsSession() bool {
	last := r.Messages[len(r.Messages)-1]
	return r.isProgram && !slices.ContainsFunc(last.blocks, func(b block) bool { return b.Type == "tool_result" })
}

// wantsJSON reports whether the answer is to be JSON by a schema.
func (r *request) wantsJSON() bool { return r.OutputConfig.Format.Type == "json_schema" }

type cacheControl struct {
	TTL string `json:"ttl"` // "", "5m" or "1h"
}

type message struct {
	Role    string          `json:"role"`
	Content json.RawMessage `json:"content"`
	blocks  []block
}

// block is a content block of any kind.
type block struct {
	Type         string          `json:"type"`
	Text         string          `json:"text"`
	ID           string          `json:"id"`
	Name         string          `json:"name"`
	ToolUseID    string          `json:"tool_use_id"`
	Thinking     string          `json:"thinking"`
	Signature    string          `json:"signature"`
	Content      json.RawMessage `json:"content"`
	CacheControl *cacheControl   `json:"cache_control"`
}

// segment is a part of the prompt that a cache breakpoint can end.
type segment struct {
	hash       digest // of this segment alone
	bytes      int    // without cache_control
	breakpoint *cacheControl
}

type digest [16]byte

func digestOf(data []byte) digest {
	sum := sha256.Sum256(data)
	return digest(sum[:16])
}

func parseRequest(body []byte) (*request, error) {
	var r request
	if err := json.Unmarshal(body, &r); err != nil {
		return nil, err
	}
	for _, tool := range r.Tools {
		var named block
		if err := json.Unmarshal(tool, &named); err != nil {
			return nil, err
		}
		r.toolNames = append(r.toolNames, named.Name)
		r.addSegment("tool", tool, named.CacheControl)
	}
	system, raws, err := parseBlocks(r.System)
	if err != nil {
		return nil, err
	}
	for i := range system {
		r.addSegment("system", raws[i], system[i].CacheControl)
	}
	r.preamble = combine(r.segments)
	for i := range r.Messages {
		m := &r.Messages[i]
		if m.blocks, raws, err = parseBlocks(m.Content); err != nil {
			return nil, err
		}
		start := len(r.segments)
		for j := range m.blocks {
			r.addSegment(m.Role, raws[j], m.blocks[j].breakpoint())
		}
		r.hashes = append(r.hashes, combine(r.segments[start:]))
	}
	return &r, nil
}

func (r *request) addSegment(role string, raw json.RawMessage, breakpoint *cacheControl) {
	bare := withoutCacheControl(raw)
	r.segments = append(r.segments, segment{
		hash: digestOf(append([]byte(role+" "), bare...)), bytes: len(bare), breakpoint: breakpoint,
	})
}

func combine(segments []segment) digest {
	var all bytes.Buffer
	for _, s := range segments {
		all.Write(s.hash[:])
	}
	return digestOf(all.Bytes())
}

// parseBlocks reads content that is text or a list of blocks. Text stands for a
// list of one block, and clients may say now the one and now the other.
func parseBlocks(content json.RawMessage) ([]block, []json.RawMessage, error) {
	if len(content) == 0 || string(content) == "null" {
		return nil, nil, nil
	}
	if content[0] == '"' {
		var text string
		if err := json.Unmarshal(content, &text); err != nil {
			return nil, nil, err
		}
		same := slices.Concat([]byte(`{"type":"text","text":`), content, []byte("}"))
		return []block{{Type: "text", Text: text}}, []json.RawMessage{same}, nil
	}
	var raws []json.RawMessage
	if err := json.Unmarshal(content, &raws); err != nil {
		return nil, nil, err
	}
	blocks := make([]block, len(raws))
	for i, raw := range raws {
		if err := json.Unmarshal(raw, &blocks[i]); err != nil {
			return nil, nil, err
		}
	}
	return blocks, raws, nil
}

// breakpoint is the block's own, or the one of a block inside of its content.
func (b block) breakpoint() *cacheControl {
	if b.CacheControl != nil || b.Type != "tool_result" {
		return b.CacheControl
	}
	inner, _, err := parseBlocks(b.Content)
	if err != nil {
		return nil
	}
	for _, block := range inner {
		if block.CacheControl != nil {
			return block.CacheControl
		}
	}
	return nil
}

// resultText is the text of a tool_result block.
func (b block) resultText() string {
	inner, _, err := parseBlocks(b.Content)
	if err != nil {
		return ""
	}
	return textOf(inner)
}

func textOf(blocks []block) string {
	var texts []string
	for _, b := range blocks {
		if b.Type == "text" {
			texts = append(texts, b.Text)
		}
	}
	return strings.Join(texts, "\n")
}

// withoutCacheControl returns the JSON without white space between its tokens
// and without cache_control of blocks, which may move from turn to turn. What is
// inside a tool's input or schema is kept as it is, and so is the order of
// members: the model sees it, and the cache too.
func withoutCacheControl(raw json.RawMessage) []byte {
	var compact bytes.Buffer
	if json.Compact(&compact, raw) != nil {
		return raw
	}
	if !bytes.Contains(compact.Bytes(), []byte(`"cache_control"`)) {
		return compact.Bytes()
	}
	s := stripper{in: compact.Bytes()}
	s.value(true)
	return s.out
}

// stripper copies valid, compact JSON.
type stripper struct {
	in  []byte
	pos int
	out []byte
}

func (s *stripper) value(isStripping bool) {
	switch s.in[s.pos] {
	case '{':
		s.members(isStripping)
	case '[':
		s.take(1)
		for s.in[s.pos] != ']' {
			s.value(isStripping)
			if s.in[s.pos] == ',' {
				s.take(1)
			}
		}
		s.take(1)
	default:
		s.take(scalarLength(s.in[s.pos:]))
	}
}

func (s *stripper) members(isStripping bool) {
	s.take(1)
	isFirst := true
	for s.in[s.pos] != '}' {
		if s.in[s.pos] == ',' {
			s.pos++
		}
		before := len(s.out)
		if !isFirst {
			s.out = append(s.out, ',')
		}
		key := string(s.in[s.pos : s.pos+scalarLength(s.in[s.pos:])])
		s.take(len(key) + 1) // and the colon
		s.value(isStripping && key != `"input"` && key != `"input_schema"`)
		if isStripping && key == `"cache_control"` {
			s.out = s.out[:before]
			continue
		}
		isFirst = false
	}
	s.take(1)
}

func (s *stripper) take(n int) {
	s.out = append(s.out, s.in[s.pos:s.pos+n]...)
	s.pos += n
}

// scalarLength is the length of the string, number or literal at the start.
func scalarLength(in []byte) int {
	if in[0] != '"' {
		if end := bytes.IndexAny(in, ",]}"); end >= 0 {
			return end
		}
		return len(in)
	}
	for i := 1; ; i++ {
		switch in[i] {
		case '\\':
			i++
		case '"':
			return i + 1
		}
	}
}
