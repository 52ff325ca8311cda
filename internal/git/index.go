package git

import (
	"bytes"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"syscall"
)

// Mode says what a path in a tree is.
type Mode uint32

// The modes that git knows. The zero Mode means that there is nothing.
const (
	ModeFile       Mode = 0o100644
	ModeExecutable Mode = 0o100755
	ModeSymlink    Mode = 0o120000
	ModeSubmodule  Mode = 0o160000
	modeTree       Mode = 0o040000
)

// entry is a path of a tree, and as what the index last saw it.
type entry struct {
	path string
	mode Mode
	id   string // hex
	seen fileStat
}

// timestamp is cut to 32 bits, as the index keeps it.
type timestamp struct{ seconds, nanoseconds uint32 }

func (t timestamp) before(u timestamp) bool {
	return t.seconds < u.seconds || t.seconds == u.seconds && t.nanoseconds < u.nanoseconds
}

// fileStat is what tells an untouched file without reading it. The change time
// can't be set by anyone but the kernel.
type fileStat struct {
	mtime, ctime timestamp
	inode, size  uint32
}

func statOf(info fs.FileInfo) fileStat {
	s, ok := info.Sys().(*syscall.Stat_t)
	if !ok {
		return fileStat{}
	}
	mtime, ctime := times(s)
	return fileStat{mtime: mtime, ctime: ctime, inode: uint32(s.Ino), size: uint32(info.Size())} //nolint:gosec // cut as git does
}

// fileIdentity is that of an index file. The zero value is that of no file.
type fileIdentity struct {
	fileStat
	exists bool
}

func identify(path string) (fileIdentity, error) {
	info, err := os.Lstat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return fileIdentity{}, nil
	}
	if err != nil {
		return fileIdentity{}, fmt.Errorf("look at the index: %w", err)
	}
	return fileIdentity{statOf(info), info.Mode().IsRegular()}, nil
}

// trustIndex remembers the index that our own process has just written.
func (w *Workspace) trustIndex() error {
	now, err := identify(filepath.Join(w.gitDir, "index"))
	w.index = now
	return err
}

// index is the content of an index file.
type index struct {
	entries []entry         // by path
	trees   map[string]bool // ids of trees that are stored already
	written timestamp
}

// parseIndex reads version 2 or 3 of git's index
// (https://git-scm.com/docs/index-format) with ids of idSize bytes.
func parseIndex(data []byte, written timestamp, idSize int) (index, error) {
	malformed := errors.New("the index is malformed")
	idx := index{trees: map[string]bool{}, written: written}
	if len(data) < 12+idSize || string(data[:4]) != "DIRC" {
		return idx, malformed
	}
	version, count := binary.BigEndian.Uint32(data[4:]), binary.BigEndian.Uint32(data[8:])
	if version != 2 && version != 3 {
		return idx, fmt.Errorf("the index has version %d", version)
	}
	rest := data[12 : len(data)-idSize] // without the checksum
	fixed := 40 + idSize + 2
	if uint64(count)*uint64(fixed) > uint64(len(rest)) {
		return idx, malformed
	}
	idx.entries = make([]entry, 0, count)
	for range count {
		if len(rest) < fixed {
			return idx, malformed
		}
		word := func(i int) uint32 { return binary.BigEndian.Uint32(rest[4*i:]) }
		e := entry{mode: Mode(word(6)), id: hex.EncodeToString(rest[40 : 40+idSize])}
		e.seen = fileStat{
			ctime: timestamp{word(0), word(1)}, mtime: timestamp{word(2), word(3)},
			inode: word(5), size: word(9),
		}
		flags, at := binary.BigEndian.Uint16(rest[40+idSize:]), fixed
		if version == 3 && flags&0x4000 != 0 {
			at += 2
		}
		end := bytes.IndexByte(rest[min(at, len(rest)):], 0)
		if end < 0 || flags&0x3000 != 0 { // a stage other than 0: a merge that never is
			return idx, malformed
		}
		e.path = string(rest[at : at+end])
		next := (at + end + 8) &^ 7
		if next > len(rest) {
			return idx, malformed
		}
		rest = rest[next:]
		idx.entries = append(idx.entries, e)
	}
	return idx, idx.parseExtensions(rest, idSize)
}

// parseExtensions looks for the cache of trees: what it names is stored.
func (idx *index) parseExtensions(rest []byte, idSize int) error {
	for len(rest) >= 8 {
		name, size := string(rest[:4]), binary.BigEndian.Uint32(rest[4:])
		if uint64(size) > uint64(len(rest)-8) {
			return errors.New("the index is malformed")
		}
		body := rest[8 : 8+size]
		rest = rest[8+size:]
		if name != "TREE" {
			continue
		}
		for len(body) > 0 {
			_, line, ok := bytes.Cut(body, []byte{0})
			counts, after, ok2 := bytes.Cut(line, []byte{'\n'})
			covered, _, ok3 := bytes.Cut(counts, []byte{' '})
			n, err := strconv.Atoi(string(covered))
			if !ok || !ok2 || !ok3 || err != nil {
				return errors.New("the index is malformed")
			}
			if body = after; n < 0 {
				continue // changed since; not stored
			}
			if len(body) < idSize {
				return errors.New("the index is malformed")
			}
			idx.trees[hex.EncodeToString(body[:idSize])] = true
			body = body[idSize:]
		}
	}
	return nil
}
