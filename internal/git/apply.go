package git

import (
	"context"
	"fmt"
	"io"
)

// Apply applies a patch, as Diff wrote it, to the work tree and the index: all
// of it, or nothing and an *Error that names the first file that does not fit.
// An empty patch changes nothing.
func (w *Workspace) Apply(ctx context.Context, patch io.Reader) error {
	err := w.run(ctx, process{
		args:  []string{"apply", "--index", "--whitespace=nowarn", "--allow-empty"},
		stdin: patch,
	})
	if err != nil {
		return fmt.Errorf("apply the patch: %w", err)
	}
	return w.trustIndex()
}
