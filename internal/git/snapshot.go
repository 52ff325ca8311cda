package git

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"unicode"
)

// Snapshot stores every change of the work tree as a tree object, and returns
// its id. Untracked files that .gitignore names stay out, and so does every
// ".git" at any depth: a repository that an agent made inside the work tree
// counts as the files that it holds. A submodule stays at its commit unless its
// folder is gone or became something else. Sockets, pipes and devices count as
// nothing; those that git would read as .gitignore or .gitattributes are removed.
func (w *Workspace) Snapshot(ctx context.Context) (string, error) {
	idx, err := w.readIndex(ctx)
	if err != nil {
		return "", fmt.Errorf("snapshot: %w", err)
	}
	if err := w.layout.restore(w.gitDir); err != nil {
		return "", fmt.Errorf("snapshot: %w", err)
	}
	store, err := w.openObjects()
	if err != nil {
		return "", fmt.Errorf("snapshot: %w", err)
	}
	defer store.close()
	s := snapshot{ctx: ctx, top: w.workTree, idx: idx, objects: store, ignorer: &ignorer{w: w}}
	err = s.folder("")
	if closed := s.ignorer.close(); err == nil {
		err = closed
	}
	if err != nil {
		return "", fmt.Errorf("snapshot: %w", err)
	}
	slices.SortFunc(s.found, func(a, b entry) int { return strings.Compare(a.path, b.path) })
	tree, err := store.writeTree(s.found, idx.trees)
	if err != nil {
		return "", fmt.Errorf("snapshot: %w", err)
	}
	return tree, nil
}

// readIndex reads the index, and makes it anew if it is not the one that our own
// process left: then every file is read again.
func (w *Workspace) readIndex(ctx context.Context) (index, error) {
	path := filepath.Join(w.gitDir, "index")
	now, err := identify(path)
	if err != nil {
		return index{}, err
	}
	if now != w.index || !now.exists {
		if err := os.RemoveAll(path); err != nil {
			return index{}, fmt.Errorf("remove a foreign index: %w", err)
		}
		if err := w.readTree(ctx); err != nil {
			return index{}, err
		}
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return index{}, fmt.Errorf("read the index: %w", err)
	}
	return parseIndex(data, w.index.mtime, len(w.layout.commit)/2)
}

// snapshot is one walk over the work tree.
type snapshot struct {
	ctx     context.Context //nolint:containedctx // lives as long as the walk
	top     string
	idx     index
	objects *objects
	ignorer *ignorer
	found   []entry
}

// folder takes in what a folder holds; dir is "" or ends in "/".
func (s *snapshot) folder(dir string) error {
	if s.ctx.Err() != nil {
		return context.Cause(s.ctx)
	}
	entries, err := readFolder(filepath.Join(s.top, dir))
	if err != nil {
		return err
	}
	if err := disarm(filepath.Join(s.top, dir), entries); err != nil {
		return err
	}
	for _, e := range entries {
		if IsDotGit(e.Name()) {
			continue
		}
		if err := s.visit(dir+e.Name(), e); err != nil {
			return err
		}
	}
	return nil
}

func (s *snapshot) visit(path string, e fs.DirEntry) error {
	known, isKnown := s.idx.find(path)
	if e.IsDir() {
		if isKnown && known.mode == ModeSubmodule {
			s.found = append(s.found, known)
			return nil
		}
		if !s.idx.holdsBelow(path + "/") {
			if ignored, err := s.ignorer.ignored(s.ctx, path); err != nil || ignored {
				return err
			}
		}
		return s.folder(path + "/")
	}
	if !e.Type().IsRegular() && e.Type() != fs.ModeSymlink {
		return nil
	}
	info, err := e.Info()
	if err != nil {
		return err
	}
	now := entry{path: path, mode: modeOf(info), seen: statOf(info)}
	if isKnown {
		if s.idx.untouched(known, now) {
			s.found = append(s.found, known)
			return nil
		}
	} else if ignored, err := s.ignorer.ignored(s.ctx, path); err != nil || ignored {
		return err
	}
	if now.id, err = s.store(path, info, known.id); err != nil {
		return fmt.Errorf("read %q: %w", path, err)
	}
	s.found = append(s.found, now)
	return nil
}

// untouched reports whether a file is as the index saw it. One that was written
// in the clock tick of the index itself may have changed since ("racily clean").
func (idx index) untouched(known, now entry) bool {
	return known.mode == now.mode && known.seen == now.seen && known.seen.mtime.before(idx.written)
}

// inMemory is up to which size a file is read at once, in bytes.
const inMemory = 1 << 20

// store stores a file's content, or a symbolic link's target, unless it is the
// object that is known.
func (s *snapshot) store(path string, info fs.FileInfo, known string) (string, error) {
	full := filepath.Join(s.top, path)
	if info.Mode().Type() == fs.ModeSymlink {
		target, err := os.Readlink(full)
		if err != nil {
			return "", err
		}
		return s.objects.write("blob", []byte(target))
	}
	file, err := openFile(full, info)
	if err != nil {
		return "", err
	}
	defer file.Close()
	if info.Size() <= inMemory {
		content, err := io.ReadAll(io.LimitReader(file, inMemory+1))
		if err != nil {
			return "", err
		}
		if id := s.objects.name("blob", content); id == known {
			return id, nil
		}
		return s.objects.write("blob", content)
	}
	id, err := s.objects.nameOf("blob", file, info.Size())
	if err != nil || id == known {
		return id, err
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return "", err
	}
	return id, s.objects.store(id, "blob", file, info.Size())
}

// openFile opens a regular file, also one whose mode keeps its owner out.
func openFile(path string, info fs.FileInfo) (*os.File, error) {
	const flags = os.O_RDONLY | syscall.O_NOFOLLOW | syscall.O_NONBLOCK
	file, err := os.OpenFile(path, flags, 0)
	if errors.Is(err, fs.ErrPermission) && os.Chmod(path, info.Mode().Perm()|0o400) == nil {
		file, err = os.OpenFile(path, flags, 0)
		_ = os.Chmod(path, info.Mode().Perm())
	}
	if err != nil {
		return nil, err
	}
	if opened, err := file.Stat(); err != nil || !os.SameFile(opened, info) {
		_ = file.Close()
		return nil, errors.New("file is replaced while it is read")
	}
	return file, nil
}

// readFolder lists a folder, also one whose mode keeps its owner out: that mode
// is not part of a tree, so it is given up.
func readFolder(path string) ([]fs.DirEntry, error) {
	entries, err := os.ReadDir(path)
	if errors.Is(err, fs.ErrPermission) && os.Chmod(path, 0o700) == nil { //nolint:gosec // a folder
		entries, err = os.ReadDir(path)
	}
	return entries, err
}

func modeOf(info fs.FileInfo) Mode {
	switch {
	case info.Mode().Type() == fs.ModeSymlink:
		return ModeSymlink
	case info.Mode()&0o100 != 0:
		return ModeExecutable
	default:
		return ModeFile
	}
}

func (idx index) find(path string) (entry, bool) {
	i, ok := idx.search(path)
	if !ok {
		return entry{}, false
	}
	return idx.entries[i], true
}

// holdsBelow reports whether a path begins with prefix.
func (idx index) holdsBelow(prefix string) bool {
	i, _ := idx.search(prefix)
	return i < len(idx.entries) && strings.HasPrefix(idx.entries[i].path, prefix)
}

func (idx index) search(path string) (int, bool) {
	return slices.BinarySearchFunc(idx.entries, path, func(e entry, path string) int { return strings.Compare(e.path, path) })
}

// IsDotGit reports whether some file system takes the name for ".git". Git
// refuses to check out such paths (verify_path in its read-cache.c), so no tree
// may hold them.
func IsDotGit(name string) bool {
	name = FoldName(name)
	return name == ".git" || name == "git~1"
}

// FoldName is the name of a file as the most forgiving file system takes it:
// names that it can't tell from each other are folded to the same.
func FoldName(name string) string {
	name = strings.Map(func(r rune) rune {
		if unicode.Is(unicode.Cf, r) { // HFS+ ignores them
			return -1
		}
		return unicode.ToLower(r)
	}, name)
	name, _, _ = strings.Cut(name, ":") // NTFS streams
	return strings.TrimRight(name, " .")
}
