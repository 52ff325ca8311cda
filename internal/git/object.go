package git

import (
	"bytes"
	"compress/zlib"
	"crypto/sha1" //nolint:gosec // git's own names for objects
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// objects writes loose objects (https://git-scm.com/book/en/v2/Git-Internals-Git-Objects)
// into the git folder of a workspace. No symbolic link leads it out of there.
type objects struct {
	root   *os.Root
	sha256 bool
	wrote  map[string]bool
}

func (w *Workspace) openObjects() (*objects, error) {
	root, err := os.OpenRoot(filepath.Join(w.gitDir, "objects"))
	if err != nil {
		return nil, fmt.Errorf("open the objects: %w", err)
	}
	return &objects{root: root, sha256: len(w.layout.commit) == 64, wrote: map[string]bool{}}, nil
}

func (o *objects) close() { _ = o.root.Close() }

func (o *objects) newHash() hash.Hash {
	if o.sha256 {
		return sha256.New()
	}
	return sha1.New() //nolint:gosec // as above
}

// name is the id of an object with this content.
func (o *objects) name(kind string, content []byte) string {
	h := o.newHash()
	fmt.Fprintf(h, "%s %d\x00", kind, len(content))
	_, _ = h.Write(content) // a hash never fails
	return hex.EncodeToString(h.Sum(nil))
}

// nameOf is name for content that is read; it must be size bytes long.
func (o *objects) nameOf(kind string, content io.Reader, size int64) (string, error) {
	h := o.newHash()
	fmt.Fprintf(h, "%s %d\x00", kind, size)
	n, err := io.Copy(h, content)
	if err == nil && n != size {
		err = errors.New("content changes while it is read")
	}
	return hex.EncodeToString(h.Sum(nil)), err
}

// write stores an object and returns its id.
func (o *objects) write(kind string, content []byte) (string, error) {
	id := o.name(kind, content)
	return id, o.store(id, kind, bytes.NewReader(content), int64(len(content)))
}

// store writes an object whose id is known. Memory use does not grow with it.
func (o *objects) store(id, kind string, content io.Reader, size int64) error {
	if o.wrote[id] {
		return nil
	}
	path := filepath.Join(id[:2], id[2:])
	if err := o.root.Mkdir(id[:2], 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return fmt.Errorf("store an object: %w", err)
	}
	// The folder is one process's own and thrown away after a crash, so there is
	// no need to write elsewhere and rename. What lies there may not be ours.
	const flags = os.O_WRONLY | os.O_CREATE | os.O_EXCL
	file, err := o.root.OpenFile(path, flags, 0o444)
	if errors.Is(err, fs.ErrExist) && o.root.Remove(path) == nil {
		file, err = o.root.OpenFile(path, flags, 0o444)
	}
	if err != nil {
		return fmt.Errorf("store an object: %w", err)
	}
	err = o.deflate(file, id, kind, content, size)
	if closed := file.Close(); err == nil {
		err = closed
	}
	if err != nil {
		_ = o.root.Remove(path)
		return fmt.Errorf("store an object: %w", err)
	}
	o.wrote[id] = true
	return nil
}

func (o *objects) deflate(to io.Writer, id, kind string, content io.Reader, size int64) error {
	z, err := zlib.NewWriterLevel(to, zlib.BestSpeed)
	if err != nil {
		return err
	}
	h := o.newHash()
	both := io.MultiWriter(z, h)
	if _, err := fmt.Fprintf(both, "%s %d\x00", kind, size); err != nil {
		return err
	}
	if _, err := io.Copy(both, content); err != nil {
		return err
	}
	if hex.EncodeToString(h.Sum(nil)) != id {
		return errors.New("content changes while it is read")
	}
	return z.Close()
}
