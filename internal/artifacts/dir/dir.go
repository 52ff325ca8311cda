// Package dir keeps artifacts as files in a folder: the document with the key
// "jobs/1/log.txt" is the file of that name. One process at a time owns the
// folder.
package dir

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"hash/maphash"
	"io"
	"io/fs"
	"os"
	"path"
	"sync"
	"syscall"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// tempDir holds documents that are not whole yet. No key has a "~" in it.
const tempDir = "~tmp"

// tempAge is when a temporary file is a left-over of a crash.
const tempAge = time.Hour

// Dir implements codybatch.Artifacts. All access goes through an os.Root, so
// that no symbolic link leads out of the folder. Files are for their owner only.
//
// A Put survives a crash of the machine whole or not at all; whether it survives
// is up to the file system. An Append survives a crash of the process.
type Dir struct {
	root *os.Root

	// locks keep Open from seeing half an Append. Keys share them by hash, so
	// that they need not be counted.
	locks [64]sync.RWMutex
	seed  maphash.Seed

	mu sync.Mutex
	// unfinished has the size of documents that this process appended to and
	// whose last line has no end, see mend.
	unfinished map[codybatch.ArtifactKey]int64
}

// Open opens the folder, making it if needed, and removes what a crash left
// behind more than an hour ago. The caller closes it.
func Open(folder string) (*Dir, error) {
	if err := os.MkdirAll(folder, 0o700); err != nil {
		return nil, fmt.Errorf("make the folder for artifacts: %w", err)
	}
	root, err := os.OpenRoot(folder)
	if err != nil {
		return nil, fmt.Errorf("open the folder for artifacts: %w", err)
	}
	d := &Dir{root: root, seed: maphash.MakeSeed(), unfinished: map[codybatch.ArtifactKey]int64{}}
	if err := d.cleanTemp(time.Now().Add(-tempAge)); err != nil {
		_ = root.Close()
		return nil, err
	}
	return d, nil
}

func (d *Dir) cleanTemp(before time.Time) error {
	if err := d.root.MkdirAll(tempDir, 0o700); err != nil {
		return fmt.Errorf("make the folder for temporary files: %w", err)
	}
	entries, err := fs.ReadDir(d.root.FS(), tempDir)
	if err != nil {
		return fmt.Errorf("list temporary files: %w", err)
	}
	for _, entry := range entries {
		info, err := entry.Info()
		if err != nil || info.ModTime().After(before) {
			continue // gone meanwhile, or in use
		}
		if err := d.root.Remove(path.Join(tempDir, entry.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove a temporary file: %w", err)
		}
	}
	return nil
}

// Close frees the folder. Open documents stay readable.
func (d *Dir) Close() error { return d.root.Close() }

// Ping reports whether the folder is there.
func (d *Dir) Ping(context.Context) error {
	if _, err := d.root.Stat(tempDir); err != nil {
		return fmt.Errorf("look at the folder for artifacts: %w", err)
	}
	return nil
}

// Put writes a temporary file, has the disk take it, and renames it.
func (d *Dir) Put(ctx context.Context, key codybatch.ArtifactKey, r io.Reader) error {
	if err := check(ctx, key); err != nil {
		return fmt.Errorf("put %q: %w", key, err)
	}
	temp := path.Join(tempDir, rand.Text())
	if err := d.writeTemp(temp, cancelable{ctx, r}); err != nil {
		_ = d.root.Remove(temp) // else the next Open does it
		return fmt.Errorf("put %q: %w", key, err)
	}
	lock := d.lock(key)
	lock.Lock()
	defer lock.Unlock()
	err := d.root.MkdirAll(path.Dir(string(key)), 0o700)
	if err == nil {
		err = d.root.Rename(temp, string(key))
	}
	if err != nil {
		_ = d.root.Remove(temp)
		return fmt.Errorf("put %q: %w", key, err)
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	delete(d.unfinished, key)
	return nil
}

func (d *Dir) writeTemp(name string, r io.Reader) error {
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = io.Copy(f, r)
	if err == nil {
		err = f.Sync() // a renamed file may be empty after a crash otherwise
	}
	return errors.Join(err, f.Close())
}

// Open opens a document as it is now: a later Put makes another file, and what a
// later Append adds is beyond the size.
func (d *Dir) Open(ctx context.Context, key codybatch.ArtifactKey) (codybatch.Artifact, error) {
	if err := check(ctx, key); err != nil {
		return codybatch.Artifact{}, fmt.Errorf("open %q: %w", key, err)
	}
	lock := d.lock(key)
	lock.RLock()
	defer lock.RUnlock()
	f, err := d.root.Open(string(key))
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, syscall.ENOTDIR) {
		return codybatch.Artifact{}, fmt.Errorf("open %q: %w", key, codybatch.ErrNotFound)
	}
	if err != nil {
		return codybatch.Artifact{}, fmt.Errorf("open %q: %w", key, err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = codybatch.ErrNotFound // the folder of other documents
	}
	if err != nil {
		_ = f.Close()
		return codybatch.Artifact{}, fmt.Errorf("open %q: %w", key, err)
	}
	return codybatch.Artifact{ReadCloser: document{io.NewSectionReader(f, 0, info.Size()), f}, Size: info.Size()}, nil
}

// document reads a file up to the size that it had.
type document struct {
	*io.SectionReader
	io.Closer
}

func (d *Dir) lock(key codybatch.ArtifactKey) *sync.RWMutex {
	return &d.locks[maphash.String(d.seed, string(key))%uint64(len(d.locks))]
}

func check(ctx context.Context, key codybatch.ArtifactKey) error {
	if err := key.Validate(); err != nil {
		return err
	}
	return context.Cause(ctx)
}

// cancelable is a reader that fails when its context is over.
type cancelable struct {
	ctx context.Context
	r   io.Reader
}

func (c cancelable) Read(p []byte) (int, error) {
	if c.ctx.Err() != nil {
		return 0, context.Cause(c.ctx)
	}
	return c.r.Read(p)
}
