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
	"time"

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
func migrate(ctx context.Context, writer *sql.DB, patience time.Duration) error {
	if err := enableLog(ctx, writer, patience); err != nil {
		return err
	}
	names, err := fs.Glob(migrations, "migrations/*.sql") // sorted by name
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
		if err := applyMigration(ctx, writer, name, number); err != nil {
			return fmt.Errorf("apply %s: %w", name, err)
		}
	}
	return nil
}

// enableLog turns on the write-ahead log, which a database remembers. The switch
// wants the file for itself and, unlike a transaction, gives up at once when
// another process is just doing the same.
func enableLog(ctx context.Context, writer *sql.DB, patience time.Duration) error {
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	for {
		var mode string
		err := writer.QueryRowContext(ctx, "PRAGMA journal_mode = WAL").Scan(&mode)
		if err == nil && mode != "wal" {
			return fmt.Errorf("turn on the write-ahead log: the journal mode stays %s", mode)
		}
		if failure := (*driver.Error)(nil); errors.As(err, &failure) && failure.Code()&0xff == lib.SQLITE_BUSY && ctx.Err() == nil {
			continue
		}
		if err != nil {
			return fmt.Errorf("turn on the write-ahead log: %w", err)
		}
		return nil
	}
}

func applyMigration(ctx context.Context, writer *sql.DB, name string, number int) error {
	script, err := fs.ReadFile(migrations, name)
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
