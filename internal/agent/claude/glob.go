package claude

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/agent/apierror"
)

const (
	maxGlobResults = 500
	maxPattern     = 1_000 // bytes
)

type globInput struct {
	Pattern string `json:"pattern"`
	Path    string `json:"path"`
}

func globTool() tool {
	return tool{
		name: "glob",
		description: "List files by name, sorted by path, at most 500. * stands for anything inside a name, ** for any folders, " +
			"? for one character, {a,b} for either, [a-z] for one of. A pattern without a slash is looked for in all folders. " +
			".git and node_modules are left out.",
		properties: map[string]any{
			"pattern": property("string", "For example **/*.go or src/**/*.{ts,tsx}"),
			"path":    property("string", "The folder to look in, the repository's root if left out; the pattern is relative to it"),
		},
		required: []string{"pattern"},
		run:      runGlob,
	}
}

func runGlob(ctx context.Context, s *session, raw json.RawMessage) (toolResult, error) {
	input, complaint := decode[globInput](raw)
	if complaint != nil {
		return *complaint, nil
	}
	pattern, err := globPattern(input.Pattern)
	if err != nil {
		return refusal("pattern %q: %s", apierror.Short(input.Pattern), err), nil
	}
	start, err := s.workspace.resolve(orRoot(input.Path))
	if err != nil {
		return fileProblem(err), nil
	}
	var found []string
	err = s.workspace.walk(ctx, start, func(name string, _ fs.DirEntry) error {
		if !pattern.MatchString(below(start, name)) {
			return nil
		}
		if len(found) == maxGlobResults {
			return errEnough
		}
		found = append(found, printable(name))
		return nil
	})
	return searchResult(found, "no file matches", err)
}

// searchResult shows what a search found, and whether it came to its end.
func searchResult(found []string, nothing string, err error) (toolResult, error) {
	var refused *pathError
	text := strings.Join(found, "\n")
	if len(found) == 0 {
		text = "(" + nothing + ")"
	}
	switch {
	case err == nil:
		return toolResult{text: text}, nil
	case errors.Is(err, errEnough), errors.Is(err, errTooLong), errors.Is(err, errTooLarge):
		return toolResult{text: fmt.Sprintf("%s\n(%s; narrow it down with path or a closer pattern)", text, err), truncated: true}, nil
	case errors.As(err, &refused):
		return fileProblem(err), nil
	default:
		return refusal("(the run was ended)"), err
	}
}

func orRoot(name string) string {
	if name == "" {
		return "."
	}
	return name
}

// below is name relative to the folder (or the file) start.
func below(start, name string) string {
	if start == name {
		return path.Base(name)
	}
	if start == "." {
		return name
	}
	return strings.TrimPrefix(name, start+"/")
}

// globPattern turns a glob into a regular expression, which Go matches in linear
// time whatever the pattern is.
func globPattern(glob string) (*regexp.Regexp, error) {
	if glob == "" || len(glob) > maxPattern {
		return nil, fmt.Errorf("must have 1 to %d bytes", maxPattern)
	}
	glob = strings.TrimPrefix(glob, "./")
	if !strings.Contains(glob, "/") {
		glob = "**/" + glob
	}
	var re strings.Builder
	re.WriteString("^(?s:")
	braces := 0
	for i := 0; i < len(glob); i++ {
		switch c := glob[i]; {
		case strings.HasPrefix(glob[i:], "**/") && (i == 0 || glob[i-1] == '/'):
			re.WriteString("(?:.*/)?")
			i += 2
		case strings.HasPrefix(glob[i:], "**"):
			re.WriteString(".*")
			i++
		case c == '*':
			re.WriteString("[^/]*")
		case c == '?':
			re.WriteString("[^/]")
		case c == '{':
			re.WriteString("(?:")
			braces++
		case c == '}' && braces > 0:
			re.WriteString(")")
			braces--
		case c == ',' && braces > 0:
			re.WriteString("|")
		case c == '[':
			class, length := globClass(glob[i:])
			re.WriteString(class)
			i += length - 1
		case c == '\\' && i+1 < len(glob):
			i++
			re.WriteString(regexp.QuoteMeta(glob[i : i+1]))
		case c < 0x80:
			re.WriteString(regexp.QuoteMeta(string(c)))
		default:
			re.WriteByte(c) // a part of a character that means nothing to regexp
		}
	}
	re.WriteString(strings.Repeat(")", braces) + ")$")
	return regexp.Compile(re.String())
}

// globClass turns [abc] or [!abc] at the start of a glob into a class, and says
// how long it was. An open bracket that is never closed stands for itself.
func globClass(glob string) (string, int) {
	end := strings.IndexByte(glob[1:], ']')
	if end <= 0 {
		return `\[`, 1
	}
	inside := glob[1 : end+1]
	not := ""
	if inside[0] == '!' || inside[0] == '^' {
		not, inside = "^/", inside[1:]
	}
	return "[" + not + strings.NewReplacer(`\`, `\\`, "[", `\[`).Replace(inside) + "]", end + 2
}
