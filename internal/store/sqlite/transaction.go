package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
)

// transaction is a short piece of work on one connection. It sees one state of
// the database, and what it writes is seen whole or not at all.
type transaction struct {
	ctx        context.Context // of the call that it belongs to, and lives no longer
	tx         *sql.Tx
	statements map[string]*sql.Stmt
	bound      map[string]*sql.Stmt // of statements, those that were used in tx
}

// write runs f holding the database's write lock. An error of f undoes
// everything and comes back as it is.
func (s *Store) write(ctx context.Context, f func(transaction) error) error {
	return run(ctx, s.writer, s.writing, f)
}

// read runs f on one state of the database.
func (s *Store) read(ctx context.Context, f func(transaction) error) error {
	return run(ctx, s.reader, s.reading, f)
}

func run(ctx context.Context, pool *sql.DB, statements map[string]*sql.Stmt, f func(transaction) error) error {
	tx, err := pool.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin transaction: %w", err)
	}
	if err := f(transaction{ctx: ctx, tx: tx, statements: statements, bound: map[string]*sql.Stmt{}}); err != nil {
		if undo := tx.Rollback(); undo != nil && !errors.Is(undo, sql.ErrTxDone) {
			return errors.Join(err, fmt.Errorf("roll back: %w", undo))
		}
		return err
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

// stmt is a prepared statement, which ends with the transaction. A job of 10,000
// tasks must not bind 10,000 of them.
func (t transaction) stmt(statement string) *sql.Stmt {
	if t.bound[statement] == nil {
		t.bound[statement] = t.tx.StmtContext(t.ctx, t.statements[statement])
	}
	return t.bound[statement]
}

func (t transaction) exec(statement string, args ...any) error {
	_, err := t.stmt(statement).ExecContext(t.ctx, args...) //nolint:sqlclosecheck // ends with the transaction
	return err
}

func (t transaction) row(statement string, args ...any) *sql.Row {
	return t.stmt(statement).QueryRowContext(t.ctx, args...) //nolint:sqlclosecheck // ends with the transaction
}

// each calls take for every row, until it fails.
func (t transaction) each(statement string, args []any, take func(*sql.Rows) error) error {
	rows, err := t.stmt(statement).QueryContext(t.ctx, args...) //nolint:sqlclosecheck // ends with the transaction
	if err != nil {
		return err
	}
	for err == nil && rows.Next() {
		err = take(rows)
	}
	return errors.Join(err, rows.Err(), rows.Close()) //nolint:sqlclosecheck // its error counts, and take does not panic
}
