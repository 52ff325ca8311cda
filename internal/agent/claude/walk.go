package claude

import (
	"context"
	"errors"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"
)

const (
	searchTime = 20 * time.Second // of one glob or grep
	maxVisits  = 500_000          // files that one search looks at
)

// Ways in which a search ends early; the model is told, and gets what was found.
var (
	errEnough   = errors.New("there is more")
	errTooLong  = errors.New("the search took too long")
	errTooLarge = errors.New("there are too many files")
)

// walk visits all regular files and links below a folder (or the one file that
// start is), sorted within each folder. It goes into no link, no .git and no
// node_modules, and skips folders that it may not read. It returns what visit
// returns, the context's cause, errTooLong or errTooLarge.
func (w *workspace) walk(ctx context.Context, start string, visit func(name string, entry fs.DirEntry) error) error {
	ctx, cancel := context.WithTimeoutCause(ctx, searchTime, errTooLong)
	defer cancel()
	visits := 0
	var descend func(dir string) error
	descend = func(dir string) error {
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
		folder, err := w.root.Open(dir)
		if err != nil {
			return nil //nolint:nilerr // a folder that can't be read is passed over
		}
		entries, err := folder.ReadDir(maxVisits)
		_ = folder.Close()
		if err != nil {
			return nil //nolint:nilerr // as above, and at the end of an empty folder
		}
		slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
		for _, entry := range entries {
			name := path.Join(dir, entry.Name())
			if visits++; visits > maxVisits {
				return errTooLarge
			}
			switch {
			case strings.EqualFold(entry.Name(), ".git"), entry.IsDir() && entry.Name() == "node_modules":
				continue
			case entry.IsDir():
				err = descend(name)
			case entry.Type().IsRegular(), entry.Type()&fs.ModeSymlink != 0:
				err = visit(name, entry)
			}
			if err != nil {
				return err
			}
			if ctx.Err() != nil {
				return context.Cause(ctx)
			}
		}
		return nil
	}
	info, err := w.root.Lstat(start)
	if err != nil {
		return plainPathError(start, err)
	}
	if !info.IsDir() {
		return visit(start, fs.FileInfoToDirEntry(info))
	}
	return descend(start)
}
