package rehearsal

import (
	"bytes"
	"encoding/json"
	"fmt"
)

// Say is a turn of text that ends the conversation.
func Say(text string) Turn { return Turn{Text: text} }

// Call is a turn that calls one tool; a nil input is the empty object. It panics
// if the input does not become JSON, which is a mistake in the script.
func Call(tool string, input any) Turn { return Turn{}.AndCall(tool, input) }

// AndCall is the turn with one more tool call.
func (t Turn) AndCall(tool string, input any) Turn {
	call := ToolCall{Name: tool}
	if input != nil {
		var data bytes.Buffer
		encoder := json.NewEncoder(&data)
		encoder.SetEscapeHTML(false) // the model does not escape < and &
		if err := encoder.Encode(input); err != nil {
			panic(fmt.Sprintf("rehearsal: input of %s: %v", tool, err))
		}
		call.Input = bytes.TrimSpace(data.Bytes())
	}
	t.Tools = append(t.Tools[:len(t.Tools):len(t.Tools)], call)
	return t
}

// AndThink is the turn with thinking before its content.
func (t Turn) AndThink(thinking string) Turn {
	t.Thinking = thinking
	return t
}

// AndFail is the turn with faults before it is played as written.
func (t Turn) AndFail(faults ...Fault) Turn {
	t.Faults = append(t.Faults[:len(t.Faults):len(t.Faults)], faults...)
	return t
}

// Finish is a turn that calls the tool "finish" of our agents.
func Finish(status, summary, title, body string) Turn {
	return Call("finish", map[string]string{"status": status, "summary": summary, "pr_title": title, "pr_body": body})
}

// Judge is a turn that answers the request of our judge. A verdict other than
// "accept" says that the change does not follow the task.
func Judge(verdict string, reasons ...string) Turn {
	data, err := json.Marshal(map[string]any{
		"followsTask": verdict == "accept", "outOfScope": []string{}, "weakensTests": false, "suspicious": false,
		"verdict": verdict, "reasons": append([]string{}, reasons...),
	})
	if err != nil {
		panic(fmt.Sprintf("rehearsal: judgement: %v", err)) // strings always marshal
	}
	return Say(string(data))
}

// Play is a scenario of one act, for every conversation.
func Play(turns ...Turn) Scenario {
	return Scenario{Name: "test", Acts: []Act{{Name: "only", Turns: turns}}}
}
