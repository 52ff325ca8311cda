package git

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// ignorer answers whether .gitignore files keep an untracked path out. It asks
// one "git check-ignore" process, started by the first question.
type ignorer struct {
	w       *Workspace
	running *running
	answers *bufio.Reader
}

// ignored asks about a path that exists, relative to the work tree.
func (i *ignorer) ignored(ctx context.Context, path string) (bool, error) {
	if i.running == nil {
		if err := i.open(ctx); err != nil {
			return false, err
		}
	}
	// "./" keeps a name that begins with ":" from being a path specification.
	if _, err := io.WriteString(i.running.in, "./"+path+"\x00"); err != nil {
		return false, i.failed(err)
	}
	// The answer is source, line, pattern and path, each ended by NUL; no
	// pattern means that none matches, and "!" that one takes the path back in.
	var pattern string
	for field := range 4 {
		text, err := i.answers.ReadString(0)
		if err != nil {
			return false, i.failed(err)
		}
		if field == 2 {
			pattern = strings.TrimSuffix(text, "\x00")
		}
	}
	return pattern != "" && !strings.HasPrefix(pattern, "!"), nil
}

func (i *ignorer) open(ctx context.Context) error {
	running, err := i.w.start(ctx, process{
		globs: true, piped: true, asked: true,
		args: []string{"check-ignore", "--stdin", "-z", "--no-index", "--verbose", "--non-matching"},
	})
	if err != nil {
		return err
	}
	i.running, i.answers = running, bufio.NewReader(running.out)
	return nil
}

// failed prefers what git said over a broken pipe.
func (i *ignorer) failed(err error) error {
	i.running.kill()
	if ended := i.running.wait(); ended != nil {
		err = ended
	}
	i.running = nil
	return fmt.Errorf("ask for ignored paths: %w", err)
}

// close ends the process and waits for it.
func (i *ignorer) close() error {
	if i.running == nil {
		return nil
	}
	_ = i.running.in.Close()
	err := i.running.wait()
	i.running = nil
	// Status 1 says that no path was ignored.
	if failed := (*Error)(nil); errors.As(err, &failed) && failed.ExitCode == 1 {
		return nil
	}
	return err
}

// disarm removes from a folder what git would open, and then wait for: pipes,
// sockets and devices in the place of .gitignore and .gitattributes. It has to be
// called before git is asked about anything inside. Symbolic links of these names
// stay: git has not followed them since 2.32.
func disarm(dir string, entries []fs.DirEntry) error {
	for _, e := range entries {
		if e.IsDir() || e.Type().IsRegular() || e.Type() == fs.ModeSymlink {
			continue
		}
		if name := FoldName(e.Name()); name != ".gitignore" && name != ".gitattributes" {
			continue
		}
		if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return fmt.Errorf("remove what is no file: %w", err)
		}
	}
	return nil
}
