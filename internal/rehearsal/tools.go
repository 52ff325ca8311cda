package rehearsal

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// inToolsOf says a turn in terms of the tools that the request offers. Scenarios are
// written for our own agent's tools; Claude Code offers others, which do the same:
// bash, read and edit have the same meaning under other names, and what it has no
// tool for is a command. How finish would end the work is said in the last message.
func (t Turn) inToolsOf(r *request) Turn {
	if !slices.Contains(r.toolNames, "Bash") || slices.Contains(r.toolNames, "bash") {
		return t
	}
	calls := t.Tools
	t.Tools = nil
	for _, call := range calls {
		var input toolInput
		if json.Unmarshal(call.Input, &input) != nil && call.Input != nil {
			t.Tools = append(t.Tools, call) // whatever it is, it is meant
			continue
		}
		switch call.Name {
		case "bash":
			t = t.command(input.Command)
		case "read":
			t = t.AndCall("Read", map[string]any{"file_path": input.FilePath})
		case "edit":
			edit := map[string]any{"file_path": input.FilePath, "old_string": input.OldString, "new_string": input.NewString}
			if input.ReplaceAll {
				edit["replace_all"] = true
			}
			t = t.AndCall("Edit", edit)
		case "write":
			t = t.command(fmt.Sprintf("mkdir -p -- \"$(dirname -- %[1]s)\" && printf %%s %[2]s >%[1]s", shellQuoted(input.FilePath), shellQuoted(input.Content)))
		case "grep":
			t = t.command(fmt.Sprintf("grep -rnE --exclude-dir=.git -e %s -- %s || true", shellQuoted(input.Pattern), shellQuoted(orHere(input.Path))))
		case "glob":
			t = t.command(fmt.Sprintf("cd -- %s && bash -O globstar -O nullglob -c 'printf \"%%s\\n\" '%s", shellQuoted(orHere(input.Path)), shellQuoted(input.Pattern)))
		case "verify": // is no tool of the program; it looks at its work instead
			t = t.command("git diff --stat")
		case "finish":
			t = t.saying(input)
		default:
			t.Tools = append(t.Tools, call)
		}
	}
	return t
}

// toolInput is the input of any of our agent's tools.
type toolInput struct {
	Command    string `json:"command"`
	FilePath   string `json:"file_path"`
	OldString  string `json:"old_string"`
	NewString  string `json:"new_string"`
	ReplaceAll bool   `json:"replace_all"`
	Content    string `json:"content"`
	Pattern    string `json:"pattern"`
	Path       string `json:"path"`
	Status     string `json:"status"`
	Summary    string `json:"summary"`
}

func (t Turn) command(line string) Turn {
	return t.AndCall("Bash", map[string]any{"command": line})
}

// saying is the turn with the end of the work in words.
func (t Turn) saying(finish toolInput) Turn {
	if finish.Status == "blocked" {
		t.Text = "BLOCKED: " + finish.Summary // what else was said would hide the word
		return t
	}
	t.Text = strings.TrimSpace(fmt.Sprintf("%s\n\n%s", t.Text, finish.Summary))
	return t
}

func orHere(path string) string {
	if path == "" {
		return "."
	}
	return path
}

// shellQuoted is a word of a shell, whatever is in it.
func shellQuoted(s string) string {
	return fmt.Sprintf("'%s'", strings.ReplaceAll(s, "'", `'\''`))
}
