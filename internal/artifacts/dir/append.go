package dir

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// Append adds data to the end of a document. One that fails midway is taken back.
//
// A process that is killed midway can leave the beginning of the data, which
// readers see until somebody appends again. All documents that are appended to
// consist of lines; so a last line without an end, unless an Append of this Dir
// wrote it, counts as such a rest and is cut off first.
func (d *Dir) Append(ctx context.Context, key codybatch.ArtifactKey, data []byte) error {
	if err := check(ctx, key); err != nil {
		return fmt.Errorf("append to %q: %w", key, err)
	}
	lock := d.lock(key)
	lock.Lock()
	defer lock.Unlock()
	if err := d.append(key, data); err != nil {
		return fmt.Errorf("append to %q: %w", key, err)
	}
	return nil
}

func (d *Dir) append(key codybatch.ArtifactKey, data []byte) error {
	const flags = os.O_RDWR | os.O_APPEND | os.O_CREATE // reading, to look at the last line
	f, err := d.root.OpenFile(string(key), flags, 0o600)
	if errors.Is(err, os.ErrNotExist) {
		if err := d.root.MkdirAll(path.Dir(string(key)), 0o700); err != nil {
			return err
		}
		f, err = d.root.OpenFile(string(key), flags, 0o600)
	}
	if err != nil {
		return err
	}
	size, err := d.mend(key, f)
	if err == nil {
		err = writeOrNothing(f, size, data)
	}
	if err == nil {
		d.remember(key, size, data)
	}
	return errors.Join(err, f.Close())
}

// mend cuts off a last line that has no end and is not of our making, and
// returns the size.
func (d *Dir) mend(key codybatch.ArtifactKey, f *os.File) (int64, error) {
	info, err := f.Stat()
	if err != nil {
		return 0, err
	}
	size := info.Size()
	d.mu.Lock()
	ours, ok := d.unfinished[key]
	d.mu.Unlock()
	if ok && ours == size {
		return size, nil
	}
	end, err := endOfLines(f, size)
	if err != nil || end == size {
		return size, err
	}
	return end, f.Truncate(end)
}

// remember notes whether the document now ends in the middle of a line. Most do
// not, so that this takes little memory.
func (d *Dir) remember(key codybatch.ArtifactKey, size int64, data []byte) {
	d.mu.Lock()
	defer d.mu.Unlock()
	switch {
	case len(data) == 0:
	case data[len(data)-1] == '\n':
		delete(d.unfinished, key)
	default:
		d.unfinished[key] = size + int64(len(data))
	}
}

// endOfLines is the offset after the last "\n" of the first size bytes.
func endOfLines(r io.ReaderAt, size int64) (int64, error) {
	block := make([]byte, 1) // the usual case: it is the last byte
	for size > 0 {
		part := block[:min(int64(len(block)), size)]
		if _, err := r.ReadAt(part, size-int64(len(part))); err != nil {
			return 0, err
		}
		if i := bytes.LastIndexByte(part, '\n'); i >= 0 {
			return size - int64(len(part)) + int64(i) + 1, nil
		}
		size -= int64(len(part))
		block = make([]byte, 32<<10)
	}
	return 0, nil
}

// writeOrNothing takes back what was written if not all could be.
func writeOrNothing(f interface {
	io.Writer
	Truncate(size int64) error
}, size int64, data []byte) error {
	_, err := f.Write(data)
	if err != nil {
		return errors.Join(err, f.Truncate(size))
	}
	return nil
}
