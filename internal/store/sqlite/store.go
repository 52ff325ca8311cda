// Package sqlite keeps jobs and tasks in one SQLite file, by a driver in pure Go.
// Any number of processes on one machine may open the same file; it must not
// lie on a network file system, whose locks SQLite can't trust
// (https://www.sqlite.org/wal.html).
//
// All writes of a process go through one connection and begin with BEGIN
// IMMEDIATE, so a transaction that has begun never has to be done over. Reads
// have connections of their own, and neither side waits for the other.
package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/liamzdenek/cody-batch/internal/codybatch"
)

var _ codybatch.Store = (*Store)(nil)

const (
	defaultBusyTimeout = 10 * time.Second
	// readConnections bounds the memory that page caches take (2 MB each).
	readConnections = 4
)

// Options adjust a Store. The zero Options are right for all but tests.
type Options struct {
	// BusyTimeout is how long a call waits for the writer of another process
	// before it fails; zero means 10 seconds.
	BusyTimeout time.Duration
}

// Store is a codybatch.Store in a file. Its methods may be called at once.
type Store struct {
	path             string
	writer, reader   *sql.DB
	writing, reading map[string]*sql.Stmt // by the text of the statement
}

// Open opens the database at path, makes it and its folder if there is none, for
// this user only, and brings its tables up to date. A file that a newer version
// of the program has written is an error that says so, and is left alone.
func Open(ctx context.Context, path string, opts Options) (*Store, error) {
	if opts.BusyTimeout == 0 {
		opts.BusyTimeout = defaultBusyTimeout
	}
	s := &Store{path: path}
	if err := s.open(ctx, opts); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), s.Close())
	}
	return s, nil
}

func (s *Store) open(ctx context.Context, opts Options) error {
	path, err := createFile(s.path)
	if err != nil {
		return err
	}
	if s.writer, err = openPool(path, opts.BusyTimeout, forWriting); err != nil {
		return err
	}
	if err := migrate(ctx, s.writer, migrations); err != nil {
		return err
	}
	if s.reader, err = openPool(path, opts.BusyTimeout, forReading); err != nil {
		return err
	}
	if s.writing, err = prepare(ctx, s.writer, writeStatements()); err != nil {
		return err
	}
	s.reading, err = prepare(ctx, s.reader, readStatements())
	return err
}

// Close waits for the calls under way and closes the file. What was written
// stays.
func (s *Store) Close() error {
	var errs []error
	for _, pool := range []*sql.DB{s.reader, s.writer} {
		if pool != nil {
			errs = append(errs, pool.Close())
		}
	}
	if err := errors.Join(errs...); err != nil {
		return fmt.Errorf("close database %s: %w", s.path, err)
	}
	return nil
}

// Ping reads a page of the file.
func (s *Store) Ping(ctx context.Context) error {
	var one int
	err := s.reading[selectOne].QueryRowContext(ctx).Scan(&one)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return fmt.Errorf("read database %s: %w", s.path, err)
	}
	return nil
}

func prepare(ctx context.Context, pool *sql.DB, statements []string) (map[string]*sql.Stmt, error) {
	prepared := make(map[string]*sql.Stmt, len(statements))
	for _, statement := range statements {
		stmt, err := pool.PrepareContext(ctx, statement) //nolint:sqlclosecheck // ends when the pool is closed
		if err != nil {
			return nil, fmt.Errorf("prepare %q: %w", statement, err)
		}
		prepared[statement] = stmt
	}
	return prepared, nil
}
