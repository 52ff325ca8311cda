// Package localgit makes a folder of git repositories a forge: DIR/<owner>/<name>
// with a work tree, or DIR/<owner>/<name>.git without one. Its host in allow-list
// patterns is "local".
//
// Beside a repository lie <name>.pulls.json, the pull requests that were opened,
// and, if somebody made it, <name>.archived, an empty file that makes the
// repository read-only for jobs. Both may be edited by hand.
//
// Symbolic links that lead out of the folder are not followed: a repository
// behind one does not exist. What may be worked on is decided by name, and a
// link would make a name stand for a place that nobody allowed.
package localgit

import (
	"context"
	"fmt"
	"os"
	"path/filepath"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

var _ codybatch.Forge = (*Forge)(nil)

// Forge is a folder of repositories. All methods may be called at once, also
// from several processes.
type Forge struct{ dir string }

// New returns the forge in the folder root, which must exist.
func New(root string) (*Forge, error) {
	dir, err := filepath.Abs(root)
	if err != nil {
		return nil, fmt.Errorf("forge root: %w", err)
	}
	forge := &Forge{dir: dir}
	if err := forge.Ping(context.Background()); err != nil {
		return nil, err
	}
	return forge, nil
}

// Host is "local".
func (f *Forge) Host() string { return "local" }

// Ping tells whether the folder is there.
func (f *Forge) Ping(context.Context) error {
	root, err := f.open()
	if err != nil {
		return err
	}
	return root.Close()
}

// open opens the folder, through which everything is read: no link leads out.
func (f *Forge) open() (*os.Root, error) {
	root, err := os.OpenRoot(f.dir)
	if err != nil {
		return nil, fmt.Errorf("forge root: %w", err)
	}
	return root, nil
}

// Remote is the repository's folder. Git takes no credential there. A push to
// the checked-out branch of a repository with a work tree is refused by git.
func (f *Forge) Remote(_ context.Context, name codybatch.RepositoryName) (codybatch.Remote, error) {
	root, err := f.open()
	if err != nil {
		return codybatch.Remote{}, err
	}
	defer root.Close() //nolint:errcheck // only read
	r, err := locate(root, name)
	if err != nil {
		return codybatch.Remote{}, err
	}
	return codybatch.Remote{URL: filepath.Join(f.dir, r.folder)}, nil
}
