package rehearsal

import (
	"regexp"
	"slices"
	"strings"
)

// noAct is the act of a conversation that the scenario does not know, and of
// one that goes on after its last turn.
const noAct = -1

// choose finds the act for a request, and the index of the message that it
// begins with.
func (s Scenario) choose(r *request) (int, int) {
	var opening []string
	for _, m := range r.Messages {
		if m.Role == "assistant" {
			break
		}
		opening = append(opening, textOf(m.blocks))
	}
	first := strings.Join(opening, "\n")
	last := len(r.Messages) - 1
	for i, act := range s.Acts {
		isMatch := act.When.Judge == r.wantsJSON() && containsAll(first, act.When.Contains) && containsAll(textOf(r.Messages[last].blocks), act.When.LastContains)
		if isMatch && act.When.Matches != "" {
			pattern, err := regexp.Compile(act.When.Matches)
			isMatch = err == nil && pattern.MatchString(first) // New refuses patterns that do not compile
		}
		switch {
		case isMatch && len(act.When.LastContains) > 0:
			return i, last
		case isMatch:
			return i, 0
		}
	}
	return noAct, 0
}

// stay keeps a conversation in an act that began in its middle until that has been
// played: only the act's first request holds what it begins with.
func (s Scenario) stay(act, start int, e *exchange) (int, int) {
	switch {
	case e == nil || e.act == noAct || act != noAct && len(s.Acts[act].When.LastContains) > 0:
		return act, start
	case len(s.Acts[e.act].When.LastContains) > 0 && e.next < len(s.Acts[e.act].Turns):
		return e.act, 0
	default:
		return act, start
	}
}

func containsAll(text string, parts []string) bool {
	return !slices.ContainsFunc(parts, func(part string) bool { return !strings.Contains(text, part) })
}

// turn finds the turn to play: the one after what the client kept.
func (s Scenario) turn(r *request, act, start int, e *exchange, at int) int {
	turn, after := 0, start
	if e != nil && e.act == act && at >= start {
		turn, after = e.next, at+1
	}
	for _, m := range r.Messages[after:] {
		if m.Role == "assistant" {
			turn++
		}
	}
	return turn
}

// pick returns the turn itself or what is to be played instead.
func (t Turn) pick(r *request) Turn {
	for _, other := range t.Instead {
		for _, b := range r.Messages[len(r.Messages)-1].blocks {
			if b.Type == "tool_result" && strings.Contains(b.resultText(), other.IfToolResultContains) {
				return other
			}
		}
	}
	return t
}

// unscripted is the answer to what the scenario has nothing for. It gives up the
// way our agents do, if the request lets it.
func unscripted(r *request, what string) Turn {
	text := "This is a rehearsal, not Claude, and " + what + "."
	if r.wantsJSON() {
		return Judge("reject", text)
	}
	if !slices.Contains(r.toolNames, "finish") && !slices.Contains(r.toolNames, "Bash") {
		return Say(text)
	}
	turn := Finish("blocked", text, "", "")
	turn.Text = text
	return turn
}
