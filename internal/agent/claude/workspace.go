package claude

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"strings"
	"syscall"
)

const maxLinks = 40 // symbolic links in one path, as on Linux

// workspace is the checkout that the tools work in, and nothing around it.
type workspace struct {
	root *os.Root
	dir  string // absolute
}

func openWorkspace(dir string) (*workspace, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the workspace: %w", err)
	}
	return &workspace{root: root, dir: dir}, nil
}

func (w *workspace) close() { _ = w.root.Close() } // nothing was buffered

// pathError is a path that the tools refuse, for the model to read.
type pathError struct{ path, reason string }

func (e *pathError) Error() string { return e.path + ": " + e.reason }

// resolve turns a path that the model names into one without links, relative to
// the workspace. It refuses what leads out of the workspace and everything in a
// folder called .git, also by way of a link. The path need not exist. [os.Root]
// guards the way out once more, when the path is used.
func (w *workspace) resolve(name string) (string, error) {
	if name == "" || strings.ContainsRune(name, 0) {
		return "", &pathError{fmt.Sprintf("%q", name), "is no path"}
	}
	relative, err := w.relative(name)
	if err != nil {
		return "", err
	}
	var done []string
	todo := strings.Split(filepath.ToSlash(relative), "/")
	for links := 0; len(todo) > 0; {
		part := todo[0]
		todo = todo[1:]
		switch {
		case part == "" || part == ".":
			continue
		case part == "..":
			if len(done) == 0 {
				return "", &pathError{name, "leads out of the workspace"}
			}
			done = done[:len(done)-1]
			continue
		case strings.EqualFold(part, ".git"):
			return "", &pathError{name, "git's own files are not for reading or writing"}
		}
		here := path.Join(path.Join(done...), part)
		info, err := w.root.Lstat(here)
		if err != nil || info.Mode()&fs.ModeSymlink == 0 {
			done = append(done, part) // what does not exist has no links
			continue
		}
		if links++; links > maxLinks {
			return "", &pathError{name, "has too many symbolic links"}
		}
		target, err := w.root.Readlink(here)
		if err != nil {
			return "", fmt.Errorf("follow %s: %w", name, err)
		}
		if filepath.IsAbs(target) {
			return "", &pathError{name, "is a symbolic link that leads out of the workspace"}
		}
		todo = append(strings.Split(filepath.ToSlash(target), "/"), todo...)
	}
	if len(done) == 0 {
		return ".", nil
	}
	return path.Join(done...), nil
}

// relative takes the workspace's own folder off an absolute path: models tend to
// name files as their shell does.
func (w *workspace) relative(name string) (string, error) {
	if !filepath.IsAbs(name) {
		return name, nil
	}
	relative, err := filepath.Rel(w.dir, name)
	if err != nil || relative == ".." || strings.HasPrefix(relative, ".."+string(filepath.Separator)) {
		return "", &pathError{name, "lies outside of the workspace; use paths relative to it"}
	}
	return relative, nil
}

// open opens a regular file for reading. A pipe or device that somebody put in
// its place is refused, and never waited for.
func (w *workspace) open(name string) (*os.File, fs.FileInfo, error) {
	f, err := w.root.OpenFile(name, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return nil, nil, plainPathError(name, err)
	}
	info, err := f.Stat()
	switch {
	case err != nil:
	case info.IsDir():
		err = &pathError{name, "is a folder; use glob to list it"}
	case !info.Mode().IsRegular():
		err = &pathError{name, "is no regular file"}
	default:
		return f, info, nil
	}
	_ = f.Close() // opened for reading
	return nil, nil, err
}

// readAll reads a file of at most limit bytes.
func (w *workspace) readAll(name string, limit int64) ([]byte, error) {
	f, _, err := w.open(name)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }() // opened for reading
	data, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(len(data)) > limit {
		return nil, &pathError{name, fmt.Sprintf("is larger than %d bytes; use bash for it", limit)}
	}
	return data, nil
}

// replace writes a file anew beside the old one and renames it, so that a file
// is old or new and never half. Missing folders are made. An old file's
// permissions are kept.
func (w *workspace) replace(name string, data []byte) error {
	mode := fs.FileMode(0o644)
	if info, err := w.root.Lstat(name); err == nil {
		if !info.Mode().IsRegular() {
			return &pathError{name, "is no regular file"}
		}
		mode = info.Mode().Perm()
	}
	if err := w.root.MkdirAll(path.Dir(name), 0o755); err != nil {
		return plainPathError(name, err)
	}
	temporary := path.Join(path.Dir(name), ".codybatch-"+rand.Text())
	f, err := w.root.OpenFile(temporary, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return plainPathError(name, err)
	}
	_, err = f.Write(data)
	err = errors.Join(err, f.Chmod(mode), f.Close()) // the umask has no say in an old file's mode
	if err == nil {
		err = w.root.Rename(temporary, name)
	}
	if err != nil {
		_ = w.root.Remove(temporary) // the first error tells more
		return plainPathError(name, err)
	}
	return nil
}

// plainPathError says in the tools' words what the system says in its own.
func plainPathError(name string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return &pathError{name, "does not exist"}
	case errors.Is(err, fs.ErrPermission):
		return &pathError{name, "permission denied"}
	case errors.Is(err, syscall.ENOTDIR), errors.Is(err, fs.ErrExist):
		return &pathError{name, "a part of the path is a file, not a folder"}
	case errors.Is(err, syscall.EISDIR):
		return &pathError{name, "is a folder"}
	default:
		return fmt.Errorf("%s: %w", name, err)
	}
}

// isBinary takes everything with a NUL byte for no text, as git does.
func isBinary(data []byte) bool {
	return strings.IndexByte(string(data[:min(len(data), 8_000)]), 0) >= 0
}

// printable is text as JSON can carry it.
func printable(text string) string {
	return strings.ReplaceAll(strings.ToValidUTF8(text, "\uFFFD"), "\x00", "\uFFFD")
}
