package sqlite

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"strings"

	driver "modernc.org/sqlite"
	lib "modernc.org/sqlite/lib"
)

// migrations holds files "0001_what_it_does.sql", numbered without gaps. One that
// has been released is never changed again. The number of the last one that a
// database has seen is its user_version.
//
//go:embed migrations/*.sql
var migrations embed.FS

// migrate applies what is missing, each file in a transaction of its own. Several
// processes may do so at once.
func migrate(ctx context.Context, writer *sql.DB, files fs.FS) error {
	if err := enableLog(ctx, writer); err != nil {
		return err
	}
	names, err := fs.Glob(files, "migrations/*.sql") // sorted by name
	if err != nil {
		return err
	}
	version, err := userVersion(ctx, writer)
	if err != nil {
		return err
	}
	if version > len(names) {
		return fmt.Errorf("it has version %d and this program knows versions up to %d: it was written by a newer codybatch; use that one", version, len(names))
	}
	for i, name := range names[version:] {
		number := version + i + 1
		if prefix, _, _ := strings.Cut(strings.TrimPrefix(name, "migrations/"), "_"); prefix != fmt.Sprintf("%04d", number) {
			return fmt.Errorf("migration %d is missing: found %s in its place", number, name)
		}
		if err := applyMigration(ctx, writer, files, name, number); err != nil {
			return fmt.Errorf("apply %s: %w", name, err)
		}
	}
	return nil
}

// enableLog turns on the write-ahead log, which a database remembers. When several
// processes do so to a new file, the switch may fail at once where a transaction
// would wait; then it waits by means of a transaction and tries again.
func enableLog(ctx context.Context, writer *sql.DB) error {
	for turn := 0; ; turn++ {
		var mode string
		err := writer.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode)
		switch {
		case err == nil && mode == "wal":
			return nil
		case err == nil: // some file systems can't
			return fmt.Errorf("turn on the write-ahead log: the journal mode stays %s", mode)
		case !isBusy(err) || turn == 100:
			return fmt.Errorf("turn on the write-ahead log: %w", err)
		}
		tx, err := writer.BeginTx(ctx, nil)
		if err == nil {
			err = tx.Rollback()
		}
		if err != nil {
			return fmt.Errorf("wait to turn on the write-ahead log: %w", err)
		}
	}
}

func isBusy(err error) bool {
	var failure *driver.Error
	return errors.As(err, &failure) && failure.Code()&0xff == lib.SQLITE_BUSY
}

func applyMigration(ctx context.Context, writer *sql.DB, files fs.FS, name string, number int) error {
	script, err := fs.ReadFile(files, name)
	if err != nil {
		return err
	}
	tx, err := writer.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after a commit there is nothing to roll back, and before it the first error counts
	version, err := userVersion(ctx, tx)
	if err != nil || version >= number { // another process was quicker
		return err
	}
	if _, err := tx.ExecContext(ctx, string(script)); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, "PRAGMA user_version = "+strconv.Itoa(number)); err != nil {
		return err
	}
	return tx.Commit()
}

func userVersion(ctx context.Context, q interface {
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}) (int, error) {
	var version int
	if err := q.QueryRowContext(ctx, "PRAGMA user_version").Scan(&version); err != nil {
		return 0, fmt.Errorf("read its version: %w", err)
	}
	return version, nil
}
