package claude

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/agent/apierror"
	"github.com/liamzdenek/cody-batch/internal/sandbox"
)

func verifyTool() tool {
	return tool{
		name: "verify",
		description: "Run the commands that will judge the change, just as they are run after you finish. " +
			"Use it before you call finish with status changed.",
		properties: map[string]any{},
		required:   []string{},
		run:        runVerify,
	}
}

func runVerify(ctx context.Context, s *session, raw json.RawMessage) (toolResult, error) {
	if _, complaint := decode[struct{}](raw); complaint != nil {
		return *complaint, nil
	}
	if s.run.Verify == nil {
		return toolResult{text: "No verification commands are set for this job. Use bash to build and test as the repository does."}, nil
	}
	results, err := s.run.Verify(ctx)
	switch {
	case ctx.Err() != nil:
		return refusal("(the run was ended)"), context.Cause(ctx)
	case err != nil:
		return refusal("the verification could not be run: %s", printable(apierror.Short(err.Error()))), nil
	case len(results) == 0:
		return toolResult{text: "No verification commands are set for this job. Use bash to build and test as the repository does."}, nil
	}
	var text strings.Builder
	code := 0
	for _, r := range results {
		verdict := "passed"
		if !r.Passed() {
			verdict = fmt.Sprintf("FAILED with exit status %d", r.ExitCode)
			if code == 0 {
				code = r.ExitCode
			}
		}
		fmt.Fprintf(&text, "$ %s\n%s\n", sandbox.Clean(r.Command), verdict)
		if tail := sandbox.Clean(r.Tail); tail != "" && !r.Passed() {
			text.WriteString(strings.TrimRight(tail, "\n") + "\n")
		}
	}
	return toolResult{text: text.String(), exitCode: &code}, nil
}
