package s3

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

// tailLimit is how many documents a Bucket remembers that were appended to. Each
// takes up to 5 MiB of memory, so that an Append need not read. One that was
// forgotten is read again.
const tailLimit = 16

// tail is a document as this Bucket's last Append left it. Its lock is held while
// an Append is under way.
type tail struct {
	mu      sync.Mutex
	known   bool
	at      condition // what the document is
	size    int64
	content []byte   // if it is smaller than heldSize
	doubts  []string // writes of which nobody knows whether they were made

	lost atomic.Bool // somebody else wrote to it; no Append until it is read

	used int64 // Bucket.uses at its last use; the Bucket's lock guards it
}

// Append adds data to the end of a document: it writes it anew, with the data, on
// the condition that it is still what this Bucket's last Append left or read. One of
// more than 5 MiB is not sent again: S3 copies it.
//
// If somebody else wrote to the document meanwhile, nothing is added and the error is
// codybatch.ErrConflict: two callers at a time must not append. All further Appends
// of this Bucket to it fail in the same way until the document is opened or put.
func (b *Bucket) Append(ctx context.Context, key codybatch.ArtifactKey, data []byte) error {
	err := check(ctx, key)
	if err == nil {
		t := b.tail(key)
		t.mu.Lock()
		defer t.mu.Unlock()
		err = b.append(ctx, key, t, data)
	}
	if err != nil {
		return fmt.Errorf("append to %q: %w", key, err)
	}
	return nil
}

func (b *Bucket) append(ctx context.Context, key codybatch.ArtifactKey, t *tail, data []byte) error {
	for try := 1; ; try++ {
		if t.lost.Load() {
			return fmt.Errorf("somebody else writes to it: %w", codybatch.ErrConflict)
		}
		if !t.known {
			if err := b.load(ctx, key, t); err != nil {
				return err
			}
		}
		if len(data) == 0 && !t.at.none {
			return nil
		}
		write := rand.Text()
		etag, err := b.add(ctx, key, t, data, write)
		if err == nil {
			t.grow(etag, data)
			return nil
		}
		if !isUnmet(err) {
			if !isRefused(err) {
				t.doubts = append(t.doubts, write)
			}
			return err
		}
		// It is not what it was: either by a write of ours that was thought to have
		// failed, or by somebody else's. S3 also says so of two writes at once.
		if err := b.examine(ctx, key, t); err != nil {
			return err
		}
		if try == tries {
			return err
		}
		if err := b.pause(ctx, try); err != nil {
			return err
		}
	}
}

// load reads what an Append goes on from.
func (b *Bucket) load(ctx context.Context, key codybatch.ArtifactKey, t *tail) error {
	found, err := b.read(ctx, key)
	if errors.Is(err, codybatch.ErrNotFound) {
		t.known, t.at, t.size, t.content = true, condition{none: true}, 0, nil
		return nil
	}
	if err != nil {
		return err
	}
	if found.rest != nil {
		_ = found.rest.Close()
	}
	t.known, t.at, t.size, t.content = true, condition{etag: found.etag}, found.size, found.content
	return nil
}

// add writes the document with data at its end.
func (b *Bucket) add(ctx context.Context, key codybatch.ArtifactKey, t *tail, data []byte, write string) (string, error) {
	if t.size < heldSize {
		return b.putWhole(ctx, key, slices.Concat(t.content, data), write, t.at)
	}
	parts := []*partInput{{copyOfETag: t.at.etag}, {data: data}, nil}
	return b.putParts(ctx, key, t.at, func(n int32) (*partInput, error) { return parts[n-1], nil }, write)
}

// grow is after a write.
func (t *tail) grow(etag string, data []byte) {
	t.at = condition{etag: etag}
	t.size += int64(len(data))
	t.doubts = nil
	if t.size < heldSize {
		t.content = append(t.content, data...)
	} else {
		t.content = nil
	}
}

// examine looks whose write it was that an Append met. If it is nobody's or ours,
// the Append can be tried again.
func (b *Bucket) examine(ctx context.Context, key codybatch.ArtifactKey, t *tail) error {
	before := t.at
	found, err := b.read(ctx, key)
	switch {
	case errors.Is(err, codybatch.ErrNotFound):
		if before.none {
			return nil
		}
	case err != nil:
		return err
	default:
		if found.rest != nil {
			_ = found.rest.Close()
		}
		if found.etag == before.etag {
			return nil
		}
		if slices.Contains(t.doubts, found.write) {
			t.known, t.doubts = false, nil
			return nil
		}
	}
	t.lost.Store(true)
	t.content = nil
	return fmt.Errorf("somebody else wrote to it: %w", codybatch.ErrConflict)
}

// isUnmet reports whether a write's condition was not met: 412, 404 if the document
// is gone, or 409 if S3 was just then taking another write.
func isUnmet(err error) bool {
	return isStatus(err, http.StatusPreconditionFailed) || isStatus(err, http.StatusConflict) || errors.Is(err, codybatch.ErrNotFound)
}

// isRefused reports whether S3 surely did not make a write.
func isRefused(err error) bool {
	for _, status := range []int{http.StatusBadRequest, http.StatusForbidden, http.StatusMovedPermanently} {
		if isStatus(err, status) {
			return true
		}
	}
	return false
}

// tail is what is remembered of a document; the one that was used longest ago goes
// if there are too many.
func (b *Bucket) tail(key codybatch.ArtifactKey) *tail {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.uses++
	t := b.tails[key]
	if t == nil {
		if len(b.tails) >= tailLimit {
			var oldest codybatch.ArtifactKey
			for other := range b.tails {
				if oldest == "" || b.tails[other].used < b.tails[oldest].used {
					oldest = other
				}
			}
			delete(b.tails, oldest)
		}
		t = &tail{}
		b.tails[key] = t
	}
	t.used = b.uses
	return t
}

// regain lets a document be appended to again that was lost to somebody else: it has
// been read since.
func (b *Bucket) regain(key codybatch.ArtifactKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if t := b.tails[key]; t != nil && t.lost.Load() {
		delete(b.tails, key)
	}
}

func (b *Bucket) forget(key codybatch.ArtifactKey) {
	b.mu.Lock()
	defer b.mu.Unlock()
	delete(b.tails, key)
}
