package git

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"strconv"
	"strings"
)

// Change is one path that differs between the base commit and a tree.
type Change struct {
	Path             string // as git has it: any bytes but NUL
	OldPath          string // of a renamed file; else empty
	OldMode, NewMode Mode   // zero: not there
	Status           byte   // 'A'dded, 'M'odified, 'D'eleted, 'R'enamed, 'T'ype changed
	Additions        int    // lines; 0 if Binary
	Deletions        int
	Binary           bool
}

// diffOptions make the same two trees give the same bytes wherever it runs, and
// a patch that "git apply" takes.
func diffOptions() []string {
	return []string{
		"diff-tree", "-r", "--raw", "--numstat", "-z", "-M", "--no-ext-diff", "--no-textconv",
		"--no-color", "--no-relative", "--src-prefix=a/", "--dst-prefix=b/", "--unified=3",
		"--diff-algorithm=histogram", "--indent-heuristic", "--submodule=short", "--ignore-submodules=none",
	}
}

// Diff writes the patch from the base commit to a tree: unified, binary content
// included, renames as such. It streams; memory use does not grow with it.
func (w *Workspace) Diff(ctx context.Context, tree string, out io.Writer) error {
	changes, err := w.diff(ctx, tree, out, "--patch", "--binary", "--full-index")
	if err != nil {
		return fmt.Errorf("diff: %w", err)
	}
	w.diffed, w.changes = tree, changes
	return nil
}

// Changes lists the paths that differ between the base commit and a tree. After
// Diff of the same tree it starts no process.
func (w *Workspace) Changes(ctx context.Context, tree string) ([]Change, error) {
	if w.diffed == tree {
		return w.changes, nil
	}
	changes, err := w.diff(ctx, tree, io.Discard)
	if err != nil {
		return nil, fmt.Errorf("list changes: %w", err)
	}
	w.diffed, w.changes = tree, changes
	return changes, nil
}

func (w *Workspace) diff(ctx context.Context, tree string, out io.Writer, options ...string) ([]Change, error) {
	if !isObjectID(tree) {
		return nil, fmt.Errorf("%q is not a tree id", tree)
	}
	args := append(diffOptions(), options...)
	// Git looks for .gitattributes where it runs: not where a pipe may be one.
	running, err := w.start(ctx, process{workTree: w.gitDir, args: append(args, "--end-of-options", w.layout.commit, tree), piped: true})
	if err != nil {
		return nil, err
	}
	changes, err := splitDiff(bufio.NewReaderSize(running.out, 64<<10), out)
	if err != nil {
		running.kill() // it may wait for a reader that is gone
	}
	if failed := running.wait(); failed != nil && (err == nil || ctx.Err() != nil || errors.Is(err, io.ErrUnexpectedEOF)) {
		err = failed
	}
	return changes, err
}

// splitDiff reads "--raw --numstat -z" and copies the patch that follows.
func splitDiff(in *bufio.Reader, out io.Writer) ([]Change, error) {
	field := func() (string, error) {
		text, err := in.ReadString(0)
		if errors.Is(err, io.EOF) {
			err = io.ErrUnexpectedEOF
		}
		return strings.TrimSuffix(text, "\x00"), err
	}
	var changes []Change
	for {
		next, err := in.Peek(1)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return nil, err
		}
		if next[0] != ':' {
			break
		}
		c, err := readRaw(field)
		if err != nil {
			return nil, fmt.Errorf("read a changed path: %w", err)
		}
		changes = append(changes, c)
	}
	for i := range changes {
		if err := readNumstat(field, &changes[i]); err != nil {
			return nil, fmt.Errorf("read the lines changed in %q: %w", changes[i].Path, err)
		}
	}
	if next, err := in.Peek(1); err == nil && next[0] == 0 { // separates the patch
		_, _ = in.Discard(1)
	}
	if _, err := io.Copy(out, in); err != nil {
		return nil, fmt.Errorf("write the patch: %w", err)
	}
	return changes, nil
}

// readRaw reads ":oldmode newmode oldid newid status", path, and for a rename
// the new path.
func readRaw(field func() (string, error)) (Change, error) {
	head, err := field()
	if err != nil {
		return Change{}, err
	}
	parts := strings.Fields(strings.TrimPrefix(head, ":"))
	if len(parts) != 5 {
		return Change{}, fmt.Errorf("unexpected %q", head)
	}
	oldMode, err1 := strconv.ParseUint(parts[0], 8, 32)
	newMode, err2 := strconv.ParseUint(parts[1], 8, 32)
	if err := errors.Join(err1, err2); err != nil {
		return Change{}, err
	}
	c := Change{OldMode: Mode(oldMode), NewMode: Mode(newMode), Status: parts[4][0]}
	if c.Path, err = field(); err == nil && c.Status == 'R' {
		c.OldPath = c.Path
		c.Path, err = field()
	}
	return c, err
}

// readNumstat reads "added\tdeleted\tpath", the path empty for a rename and
// followed by both; "-" stands for binary content.
func readNumstat(field func() (string, error), c *Change) error {
	line, err := field()
	if err != nil {
		return err
	}
	added, rest, _ := strings.Cut(line, "\t")
	deleted, path, _ := strings.Cut(rest, "\t")
	if c.Status == 'R' && path == "" {
		for range 2 {
			if path, err = field(); err != nil {
				return err
			}
		}
	}
	if path != c.Path {
		return fmt.Errorf("unexpected %q", path)
	}
	if added == "-" {
		c.Binary = true
		return nil
	}
	var err1, err2 error
	c.Additions, err1 = strconv.Atoi(added)
	c.Deletions, err2 = strconv.Atoi(deleted)
	return errors.Join(err1, err2)
}

// Blob returns a file's content, or a symbolic link's target, in a tree. More
// than limit bytes are ErrTooLarge; a path that is not there is an *Error.
func (w *Workspace) Blob(ctx context.Context, tree, path string, limit int64) ([]byte, error) {
	content := boundedBuffer{limit: limit}
	err := w.CopyBlob(ctx, tree, path, &content)
	if content.exceeded {
		return nil, fmt.Errorf("read %q, which has more than %d bytes: %w", path, limit, ErrTooLarge)
	}
	return content.content.Bytes(), err
}

// CopyBlob writes a file's content in a tree, however long it is. Memory use does
// not grow with it. A path that is not there is an *Error.
func (w *Workspace) CopyBlob(ctx context.Context, tree, path string, out io.Writer) error {
	if !isObjectID(tree) {
		return fmt.Errorf("read %q: %q is not a tree id", path, tree)
	}
	if err := w.run(ctx, process{args: []string{"cat-file", "blob", tree + ":" + path}, stdout: out}); err != nil {
		return fmt.Errorf("read %q: %w", path, err)
	}
	return nil
}

// boundedBuffer refuses to grow over a limit.
type boundedBuffer struct {
	content  bytes.Buffer // not embedded: its ReadFrom knows no limit
	limit    int64
	exceeded bool
}

// Write fails when the limit would be passed.
func (b *boundedBuffer) Write(p []byte) (int, error) {
	if int64(b.content.Len()+len(p)) > b.limit {
		b.exceeded = true
		return 0, ErrTooLarge
	}
	return b.content.Write(p)
}
