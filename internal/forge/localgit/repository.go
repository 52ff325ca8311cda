package localgit

import (
	"context"
	"encoding/base64"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// repository is one that is there.
type repository struct {
	name   codybatch.RepositoryName // as its folders are spelled
	folder string                   // relative to the forge's folder
	gitDir string                   // the same, of what git keeps; "" if only git can tell
}

// beside is the path of a file that belongs to the repository.
func (r repository) beside(suffix string) string {
	return filepath.Join(r.name.Owner(), r.name.Name()+suffix)
}

// locate finds a repository as it is spelled, else in another case. It is
// ErrNotFound if there is none.
func locate(root *os.Root, name codybatch.RepositoryName) (repository, error) {
	if name.Valid() {
		if r, ok := inspect(root, "", name.Owner(), name.Name()); ok {
			return r, nil
		}
		shelves := newShelves(root)
		defer shelves.close()
		if r, ok := shelves.find(name); ok {
			return r, nil
		}
	}
	return repository{}, fmt.Errorf("repository %q: %w", string(name), codybatch.ErrNotFound)
}

// inspect looks for a repository in the folders owner/name and owner/name.git.
// Root is the forge's folder, or the owner's if above is the owner.
func inspect(root *os.Root, above, owner, name string) (repository, bool) {
	if strings.HasSuffix(strings.ToLower(name), ".git") {
		return repository{}, false // the folder of another name
	}
	r := repository{name: codybatch.RepositoryName(owner + "/" + name)}
	for _, file := range []string{name, name + ".git"} {
		r.folder = filepath.Join(owner, file)
		at := file // as seen from root
		if above == "" {
			at = r.folder
		}
		// A work tree may hold anything, also files that look like git's: its
		// .git comes first. A folder whose name ends in .git is rarely one.
		if file == name && hasDotGit(root, at, &r) {
			return r, true
		}
		if info, err := root.Stat(filepath.Join(at, "HEAD")); err == nil && !info.IsDir() {
			if _, err := root.Stat(filepath.Join(at, "objects")); err == nil {
				r.gitDir = r.folder
				return r, true
			}
		}
		if file != name && hasDotGit(root, at, &r) {
			return r, true
		}
	}
	return repository{}, false
}

// hasDotGit reports whether there is a work tree, and notes its git folder.
func hasDotGit(root *os.Root, at string, r *repository) bool {
	info, err := root.Stat(filepath.Join(at, ".git"))
	if err == nil && info.IsDir() { // else a linked work tree: only git can tell
		r.gitDir = filepath.Join(r.folder, ".git")
	}
	return err == nil
}

// Lookup reads each owner's folder once, so that any number of names costs a few
// file operations each.
func (f *Forge) Lookup(ctx context.Context, names []codybatch.RepositoryName) ([]codybatch.Repository, error) {
	root, err := f.open()
	if err != nil {
		return nil, err
	}
	defer root.Close() //nolint:errcheck // only read
	shelves := newShelves(root)
	defer shelves.close()
	var found []codybatch.Repository
	for _, name := range names {
		if ctx.Err() != nil {
			return nil, fmt.Errorf("look up repositories: %w", context.Cause(ctx))
		}
		if !name.Valid() {
			continue
		}
		if r, ok := shelves.find(name); ok {
			found = append(found, f.describe(r, shelves))
		}
	}
	return found, nil
}

// Repositories lists what is in the folder, by name without regard to case.
func (f *Forge) Repositories(ctx context.Context, q codybatch.RepositoryQuery) (codybatch.RepositoryPage, error) {
	after, err := base64.RawURLEncoding.DecodeString(q.Cursor)
	if err != nil {
		return codybatch.RepositoryPage{}, fmt.Errorf("list repositories: %w", codybatch.ErrCursor)
	}
	root, err := f.open()
	if err != nil {
		return codybatch.RepositoryPage{}, err
	}
	defer root.Close() //nolint:errcheck // only read
	shelves := newShelves(root)
	defer shelves.close()
	filter := strings.ToLower(q.Filter)
	var page codybatch.RepositoryPage
	for _, name := range shelves.all() {
		if ctx.Err() != nil {
			return codybatch.RepositoryPage{}, fmt.Errorf("list repositories: %w", context.Cause(ctx))
		}
		if name.Fold() <= string(after) || !strings.Contains(name.Fold(), filter) {
			continue
		}
		r, ok := shelves.of(name.Owner()).inspect(name.Name())
		if !ok {
			continue
		}
		if n := len(page.Repositories); n == q.Limit {
			last := page.Repositories[n-1].Name.Fold()
			page.NextCursor = base64.RawURLEncoding.EncodeToString([]byte(last))
			break
		}
		described := f.describe(r, shelves)
		described.Description = readDescription(root, r)
		page.Repositories = append(page.Repositories, described)
	}
	return page, nil
}

// describe tells what costs next to nothing to know.
func (f *Forge) describe(r repository, shelves *shelves) codybatch.Repository {
	owner := shelves.of(r.name.Owner())
	described := codybatch.Repository{
		Name:     r.name,
		URL:      "file://" + filepath.ToSlash(filepath.Join(f.dir, r.folder)),
		Archived: owner.has(r.name.Name() + ".archived"),
	}
	if below, err := filepath.Rel(r.name.Owner(), r.gitDir); err == nil && r.gitDir != "" {
		described.DefaultBranch, _ = readHead(owner.root, below)
	}
	return described
}

// readDescription reads the line that git keeps for gitweb.
func readDescription(root *os.Root, r repository) string {
	if r.gitDir == "" {
		return ""
	}
	text, err := root.ReadFile(filepath.Join(r.gitDir, "description"))
	line, _, _ := strings.Cut(string(text), "\n")
	if err != nil || strings.HasPrefix(line, "Unnamed repository") { // what "git init" puts there
		return ""
	}
	return strings.ToValidUTF8(line, "\uFFFD")
}
