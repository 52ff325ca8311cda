package git

import (
	"context"
	"fmt"
)

// Restore makes the work tree what a tree or commit says: changed files are
// written again, untracked ones removed, but for those that .gitignore names.
// The lent .git stays as it is.
func (w *Workspace) Restore(ctx context.Context, tree string) error {
	if !isObjectID(tree) {
		return fmt.Errorf("restore: %q is not an object id", tree)
	}
	if err := w.run(ctx, process{args: []string{"read-tree", "--reset", "-u", tree}}); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	if err := w.trustIndex(); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	// Twice -f: what calls itself a repository is removed, too.
	if err := w.run(ctx, process{args: []string{"clean", "-ffdq"}}); err != nil {
		return fmt.Errorf("restore: %w", err)
	}
	return nil
}
