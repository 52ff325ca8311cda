package rehearsal

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// maxBreakpoints is the API's limit of cache_control marks in a request:
// https://platform.claude.com/docs/en/build-with-claude/prompt-caching
const maxBreakpoints = 4

// checkHeaders checks what every request carries.
func checkHeaders(header http.Header) error {
	switch {
	case header.Get("X-Api-Key") == "" && header.Get("Authorization") == "":
		return errors.New("there is no API key: the header x-api-key is missing")
	case header.Get("Anthropic-Version") == "":
		return errors.New("the header anthropic-version is missing")
	}
	return nil
}

// check checks what the schema can't say about one request by itself.
func (r *request) check() error {
	switch {
	case r.Temperature != nil:
		return errors.New("temperature: current models refuse it")
	case r.TopP != nil:
		return errors.New("top_p: current models refuse it")
	case r.TopK != nil:
		return errors.New("top_k: current models refuse it")
	case len(r.Messages) == 0:
		return errors.New("messages: at least one message is required")
	case r.Messages[0].Role != "user":
		return errors.New("messages[0].role: the first message is the user's")
	}
	return errors.Join(r.checkTools(), r.checkBreakpoints(), r.checkToolResults())
}

func (r *request) checkTools() error {
	seen := map[string]bool{}
	for i, name := range r.toolNames {
		if seen[name] {
			return fmt.Errorf("tools[%d].name: %q is there twice", i, name)
		}
		seen[name] = true
	}
	return nil
}

func (r *request) checkBreakpoints() error {
	count := 0
	has5m := false
	for _, s := range r.breakpoints() {
		count++
		is1h := s.breakpoint.TTL == "1h"
		if is1h && has5m {
			return errors.New("cache_control: a breakpoint of 1h comes after one of 5m")
		}
		has5m = has5m || !is1h
	}
	if count > maxBreakpoints {
		return fmt.Errorf("cache_control: %d breakpoints, at most %d are allowed", count, maxBreakpoints)
	}
	return nil
}

// breakpoints lists the segments that end with a breakpoint, in order. The
// top-level cache_control stands for one at the end.
func (r *request) breakpoints() []segment {
	var marked []segment
	for _, s := range r.segments {
		if s.breakpoint != nil {
			marked = append(marked, s)
		}
	}
	if r.CacheControl != nil {
		marked = append(marked, segment{breakpoint: r.CacheControl})
	}
	return marked
}

// checkToolResults checks that every tool_use is answered once, in the message
// after it, and before any text there.
func (r *request) checkToolResults() error {
	var waiting []string
	seen := map[string]bool{}
	for i, m := range r.Messages {
		if len(waiting) > 0 && m.Role != "user" {
			return fmt.Errorf("messages[%d]: tool_use %s is not answered in the next message", i, waiting[0])
		}
		hasOther := false
		for j, b := range m.blocks {
			if b.Type != "tool_result" {
				hasOther = true
				continue
			}
			at := slices.Index(waiting, b.ToolUseID)
			switch {
			case at < 0:
				return fmt.Errorf("messages[%d].content[%d]: tool_result for %s, which the message before did not ask for or which is answered already", i, j, b.ToolUseID)
			case hasOther:
				return fmt.Errorf("messages[%d].content[%d]: tool_result stands after other content", i, j)
			}
			waiting = slices.Delete(waiting, at, at+1)
		}
		if len(waiting) > 0 {
			return fmt.Errorf("messages[%d]: tool_use %s has no tool_result", i, waiting[0])
		}
		for j, b := range m.blocks {
			if m.Role != "assistant" || b.Type != "tool_use" {
				continue
			}
			if seen[b.ID] {
				return fmt.Errorf("messages[%d].content[%d]: tool_use id %s is there twice", i, j, b.ID)
			}
			seen[b.ID] = true
			waiting = append(waiting, b.ID)
		}
	}
	if len(waiting) > 0 {
		return fmt.Errorf("messages: tool_use %s at the end has no tool_result", waiting[0])
	}
	return nil
}
