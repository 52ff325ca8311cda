package main

import (
	"fmt"
	"strings"
)

// ramble adds the n-th of endlessly many turns to a conversation: real enough to
// read, and different from the one before.
func (p plot) ramble(t *talk, n int) {
	f := p.change.files[n%len(p.change.files)]
	noun := domains[n%len(domains)]
	zero, one := 0, 1
	switch n % 7 {
	case 0:
		t.turn(turn{
			think: fmt.Sprintf("Step %d. The %s module comes next. It has its own wrapper around the call, so I have to see who uses it before I touch it.", n, noun),
			say:   fmt.Sprintf("Next is `%s`. I'll look for its callers first.", noun),
			tool:  "grep", input: map[string]any{"pattern": noun + `\.(call|send)`, "path": "src"},
			output: fmt.Sprintf("src/%s/index.ts:14:  return %s.call(input);\nsrc/%s/retry.ts:31:    await %s.send(event);", noun, noun, noun, noun),
		})
	case 1:
		t.turn(turn{tool: "read", input: map[string]any{"file_path": f.path}, output: numbered(f.before)})
	case 2:
		t.turn(turn{
			tool: "edit", input: map[string]any{"file_path": fmt.Sprintf("src/%s/index.ts", noun), "old_string": fmt.Sprintf("return %s.call(input);", noun), "new_string": fmt.Sprintf("return await %s.call(input, { signal });", noun)},
			output: fmt.Sprintf("Edited src/%s/index.ts: 1 replaced, in line 14.", noun),
		})
	case 3:
		t.turn(turn{
			say: "Does it still compile?", tool: "bash", input: map[string]any{"command": "npx tsc --noEmit"},
			output: fmt.Sprintf("src/%s/index.ts(14,45): error TS2304: Cannot find name 'signal'.\n\n(exit status 1)", noun), exit: &one,
		})
	case 4:
		t.turn(turn{
			say:  fmt.Sprintf("`signal` has to come from the caller:\n\n1. add it to `%sOptions`\n2. hand it on in `retry.ts`\n\n```ts\nexport interface %sOptions {\n  signal?: AbortSignal;\n}\n```", noun, noun),
			tool: "edit", input: map[string]any{"file_path": fmt.Sprintf("src/%s/retry.ts", noun), "old_string": "await " + noun + ".send(event);", "new_string": "await " + noun + ".send(event, { signal: options.signal });"},
			output: fmt.Sprintf("Edited src/%s/retry.ts: 1 replaced, in line 31.", noun),
		})
	case 5:
		t.turn(turn{
			tool: "edit", input: map[string]any{"file_path": fmt.Sprintf("src/%s/types.ts", noun), "old_string": "timeout: number;", "new_string": "signal?: AbortSignal;"},
			output: fmt.Sprintf("old_string is not in src/%s/types.ts; read the file again and copy the text with its exact spaces and tabs", noun), isError: true,
		})
	default:
		t.turn(turn{tool: "bash", input: map[string]any{"command": "npx vitest run src/" + noun}, output: testLog(600), exit: &zero})
	}
}

// testLog is what a test runner prints, of at least so many bytes.
func testLog(size int) string {
	var out strings.Builder
	for i := 0; out.Len() < size; i++ {
		noun := domains[i%len(domains)]
		fmt.Fprintf(&out, " ✓ src/%s/%s.test.ts > %s > handles case %d of its table (%d ms)\n", noun, kinds[i%len(kinds)].suffix, noun, i, 1+i*7%40)
	}
	out.WriteString("\n Test Files  12 passed (12)\n      Tests  88 passed (88)\n")
	return out.String()
}
